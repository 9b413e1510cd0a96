//! From the webhook sent to the amount visible in MongoDB.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bson::Document;
use devstack::service::Kind;
use futures::StreamExt;
use mongodb::options::FullDocumentType;

use crate::place::{Place, http_client};
use crate::report::{Report, percentile};
use crate::webhook::{Zendesk, mail};
use crate::{Scale, data};

const MAILS_PER_SECOND: u64 = 50;

pub(crate) async fn measure(place: &mut Place, scale: Scale, report: &mut Report) -> Result<()> {
    let mails = scale.of(60) * usize::try_from(MAILS_PER_SECOND)?;
    let clients = place.clients().await?;
    data::insert_clients(&clients, mails).await?;
    place.start(Kind::Ingest, 1).await?;
    place.start(Kind::Relay, 1).await?;
    let url = place.services(Kind::Ingest).next().map(|service| service.url()).unwrap_or_default();
    let zendesk = Zendesk {
        http: http_client()?,
        url: format!("{url}/api/v1/zendesk/webhook"),
        secret: place.secret.clone(),
    };

    // A change stream says when a write has become visible to a majority reader.
    let mut changes = clients.watch().full_document(FullDocumentType::UpdateLookup).await?;
    let seen: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let watcher = {
        let seen = seen.clone();
        tokio::spawn(async move {
            while let Some(Ok(change)) = changes.next().await {
                if let Some(number) = change.full_document.as_ref().and_then(client_number) {
                    let mut seen = seen.lock().expect("no holder panics");
                    seen.entry(number).or_insert_with(Instant::now);
                }
            }
        })
    };

    let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / MAILS_PER_SECOND));
    let mut posts = Vec::with_capacity(mails);
    for number in 0..mails {
        ticks.tick().await;
        let (zendesk, sent) = (zendesk.clone(), Instant::now());
        posts.push(tokio::spawn(async move {
            let accepted =
                zendesk.post(mail(number, &format!("latency-{number}"), "1.234,56")).await;
            (number, sent, accepted)
        }));
    }
    let mut sent = Vec::with_capacity(mails);
    for post in posts {
        let (number, at, accepted) = post.await?;
        ensure!(accepted, "webhook {number} was not accepted");
        sent.push((format!("{}_26", 10_000 + number), at));
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    while seen.lock().expect("no holder panics").len() < mails && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    watcher.abort();
    let seen = std::mem::take(&mut *seen.lock().expect("no holder panics"));
    let mut times: Vec<f64> = sent
        .iter()
        .filter_map(|(number, at)| Some((*seen.get(number)? - *at).as_secs_f64() * 1_000.0))
        .collect();
    ensure!(times.len() == mails, "{} of {mails} mails did not arrive", mails - times.len());
    times.sort_by(f64::total_cmp);
    report.add(format!("latency: p50 of {mails} mails at 50/s"), percentile(&times, 0.50), "ms");
    report.add("latency: p99", percentile(&times, 0.99), "ms");
    report.add("latency: slowest", percentile(&times, 1.0), "ms");
    place.end(Kind::Relay).await;
    place.end(Kind::Ingest).await;
    Ok(())
}

fn client_number(client: &Document) -> Option<String> {
    client.get_str("aktenzeichen").ok().map(str::to_owned)
}
