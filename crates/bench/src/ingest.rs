//! Webhooks accepted per second.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use devstack::service::Kind;

use crate::place::{Place, http_client};
use crate::report::{Report, percentile};
use crate::webhook::{Zendesk, mail};
use crate::{Scale, data};

const CONNECTIONS: usize = 64;
const FLOOR_CONNECTIONS: usize = 16;
const UNIT: &str = "webhooks/s";

pub(crate) async fn measure(place: &mut Place, scale: Scale, report: &mut Report) -> Result<()> {
    let time = Duration::from_secs(u64::try_from(scale.of(20))?);
    let floor = floor(place, time).await?;
    let postgres = place.postgres().await?;
    data::empty(&postgres).await?;
    place.start(Kind::Ingest, 1).await?;
    data::checkpoint(&postgres).await?;
    let peak = load(place, time, None).await?;
    report.add_beside(
        format!("ingest: {CONNECTIONS} connections, {} s", time.as_secs()),
        peak.rate,
        UNIT,
        floor,
    );
    report.add("ingest: p50 at the peak", percentile(&peak.times, 0.50), "ms");
    report.add("ingest: p99 at the peak", percentile(&peak.times, 0.99), "ms");
    report.add("ingest: refused at the peak", peak.refused as f64, "webhooks");
    data::checkpoint(&postgres).await?;
    let half = load(place, time, Some(peak.rate / 2.0)).await?;
    report.add("ingest: rate at half the peak", half.rate, UNIT);
    report.add("ingest: p50 at half the peak", percentile(&half.times, 0.50), "ms");
    report.add("ingest: p99 at half the peak", percentile(&half.times, 0.99), "ms");
    place.end(Kind::Ingest).await;
    Ok(())
}

struct Outcome {
    rate: f64,
    /// Milliseconds, sorted.
    times: Vec<f64>,
    refused: usize,
}

/// Posts over keep-alive connections, as fast as answers come or at `pace` per second over all.
async fn load(place: &mut Place, time: Duration, pace: Option<f64>) -> Result<Outcome> {
    let url = place.services(Kind::Ingest).next().map(|service| service.url()).unwrap_or_default();
    let zendesk = Zendesk {
        http: http_client()?,
        url: format!("{url}/api/v1/zendesk/webhook"),
        secret: place.secret.clone(),
    };
    let next = Arc::new(AtomicUsize::new(0));
    let run = format!("{:?}", Instant::now());
    let (began, until) = (Instant::now(), Instant::now() + time);
    let mut senders = Vec::new();
    for _ in 0..CONNECTIONS {
        let (zendesk, next, run) = (zendesk.clone(), next.clone(), run.clone());
        senders.push(tokio::spawn(async move {
            let (mut times, mut refused) = (Vec::new(), 0);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let due = pace.map(|pace| began + Duration::from_secs_f64(number as f64 / pace));
                if let Some(due) = due {
                    tokio::time::sleep_until(due.into()).await;
                }
                if Instant::now() >= until {
                    return (times, refused);
                }
                let body = mail(number % 5_000, &format!("{run}-{number}"), "1.234,56");
                // From when it was due: waiting for a free connection counts.
                let sent = due.unwrap_or_else(Instant::now);
                if zendesk.post(body).await {
                    times.push(sent.elapsed().as_secs_f64() * 1_000.0);
                } else {
                    refused += 1;
                }
            }
        }));
    }
    let (mut times, mut refused) = (Vec::new(), 0);
    for sender in senders {
        let (own, own_refused) = sender.await?;
        times.extend(own);
        refused += own_refused;
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    Ok(Outcome { rate, times, refused })
}

/// Single-row inserts of the same data, a commit each.
async fn floor(place: &Place, time: Duration) -> Result<f64> {
    let until = Instant::now() + time;
    let mut writers = Vec::new();
    for connection in 0..FLOOR_CONNECTIONS {
        let postgres = place.postgres().await?;
        writers.push(tokio::spawn(async move {
            let insert = postgres
                .prepare(
                    "INSERT INTO incoming_emails (zendesk_ticket_id, zendesk_webhook_id, from_email,
                                                  subject, raw_body_text, processing_status)
                     VALUES ($1, $2, $3, $4, $5, 'received')",
                )
                .await?;
            let mut inserted = 0_usize;
            while Instant::now() < until {
                let id = format!("floor-{connection}-{inserted}");
                let body = mail(inserted % 5_000, &id, "1.234,56");
                postgres
                    .execute(&insert, &[&"1", &id, &"post@glaeubiger0.example", &"AW", &body])
                    .await?;
                inserted += 1;
            }
            Ok::<_, tokio_postgres::Error>(inserted)
        }));
    }
    let mut inserted = 0;
    for writer in writers {
        inserted += writer.await??;
    }
    Ok(inserted as f64 / time.as_secs_f64())
}
