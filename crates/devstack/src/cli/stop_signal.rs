//! SIGINT, SIGTERM and SIGHUP: the first asks to stop, the second ends this process at once, and
//! the kernel then kills its children.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The terminal, the recipe's runner and the kernel (when the runner dies) may all pass on one
/// and the same request.
const ONE_REQUEST: Duration = Duration::from_millis(300);

pub(crate) struct StopSignal {
    arrived: watch::Receiver<bool>,
}

impl StopSignal {
    pub(crate) fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("couldn't listen for signals");
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        let mut hang_up = listen(SignalKind::hangup())?;
        let (sender, arrived) = watch::channel(false);
        tokio::spawn(async move {
            let mut asked: Option<Instant> = None;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hang_up.recv() => {}
                }
                match asked {
                    None => asked = Some(Instant::now()),
                    Some(asked) if asked.elapsed() < ONE_REQUEST => {}
                    Some(_) => {
                        eprintln!("devstack: killed");
                        std::process::exit(130);
                    }
                }
                sender.send_replace(true);
            }
        });
        Ok(Self { arrived })
    }

    /// Returns when the first signal has arrived.
    pub(crate) async fn first(&mut self) {
        // The sender lives as long as the process.
        let _ = self.arrived.wait_for(|arrived| *arrived).await;
    }
}
