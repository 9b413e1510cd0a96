//! Wake-up by NOTIFY. It makes delivery prompt and is never the truth: whatever is missed, the poll
//! finds.

use std::sync::Arc;
use std::time::Duration;

use domain::jitter::jittered;
use domain::models::outbox_message::CHANNEL;
use domain::service::Context;
use domain::settings::Secret;
use futures::{StreamExt, stream};
use slog::{Logger, debug, info, warn};
use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, NoTls};

/// Between two tries to listen again, at most.
const LONGEST_RECONNECT_WAIT: Duration = Duration::from_secs(10);

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Listens until the context is cancelled and passes each notification on. Several at once become
/// one wake-up.
pub(crate) async fn listen(context: Context, url: Secret, wake: Arc<Notify>) {
    let mut failures = 0_u32;
    loop {
        let listening = listen_once(&context.log, &url, &wake, &mut failures);
        let ended = tokio::select! {
            ended = listening => ended,
            () = context.shutdown.cancelled() => return,
        };
        failures += 1;
        if failures == 1 {
            let reason =
                ended.err().map_or_else(|| "connection closed".to_owned(), |e| e.to_string());
            warn!(context.log, "lost the wake-up connection; polling meanwhile"; "error" => reason);
        }
        let wait = Duration::from_millis(100)
            .saturating_mul(2_u32.saturating_pow(failures.min(10)))
            .min(LONGEST_RECONNECT_WAIT);
        tokio::select! {
            () = tokio::time::sleep(jittered(wait, 0.5..=1.0, rand::random())) => {}
            () = context.shutdown.cancelled() => return,
        }
    }
}

async fn listen_once(
    log: &Logger,
    url: &Secret,
    wake: &Notify,
    failures: &mut u32,
) -> Result<(), tokio_postgres::Error> {
    let mut config: tokio_postgres::Config = url.expose().parse()?;
    config
        .application_name("claimsync-relay-listen")
        .connect_timeout(CONNECT_TIMEOUT)
        .keepalives_idle(Duration::from_secs(5))
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(2);
    let (client, mut connection) = config.connect(NoTls).await?;
    let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
    // The connection only moves while its stream is polled, so both run side by side.
    let statement = format!("LISTEN {CHANNEL}");
    let mut listen = std::pin::pin!(client.batch_execute(&statement));
    loop {
        tokio::select! {
            result = &mut listen => { result?; break; }
            message = messages.next() => match message {
                Some(message) => drop(message?),
                None => return Ok(()),
            },
        }
    }
    if *failures > 0 {
        info!(log, "wake-up connection is back");
    }
    *failures = 0;
    // What was committed while nobody listened.
    wake.notify_one();
    while let Some(message) = messages.next().await {
        if let AsyncMessage::Notification(_) = message? {
            debug!(log, "woken");
            wake.notify_one();
        }
    }
    Ok(())
}
