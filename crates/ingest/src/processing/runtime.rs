//! The workers' own threads, which give way to those that answer webhooks.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// Added to the niceness of the workers' threads. A mail that is committed can wait, its sender
/// cannot: while both want the processor, the workers get about a tenth of what an equal would
/// (`man 7 sched`: a step is a factor of 1.25). On an idle machine nothing changes.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// A runtime whose threads, also those of its blocking calls, run at a lower priority. It is apart
/// from the service's for a second reason: the rules read a mail in one go, and a long mail must
/// not hold up a commit.
pub(super) struct BackgroundRuntime(Option<Runtime>);

impl BackgroundRuntime {
    /// # Errors
    ///
    /// The system gives no more threads.
    pub(super) fn start() -> io::Result<Self> {
        Builder::new_multi_thread()
            .enable_all()
            .thread_name("ingest-worker")
            .on_thread_start(give_way)
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    pub(super) fn handle(&self) -> &Handle {
        self.0.as_ref().expect("it ends only when dropped").handle()
    }
}

impl Drop for BackgroundRuntime {
    /// Without waiting, as a drop in an asynchronous function must: a blocking call that hangs on a
    /// dead connection ends with the process.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Where the system refuses, the workers compete on equal terms.
fn give_way() {
    // Linux keeps the niceness for each thread, although POSIX says process.
    #[cfg(target_os = "linux")]
    rustix::process::nice(NICENESS).ok();
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::getpriority_process(None).expect("one may ask for one's own")
    }

    #[tokio::test]
    async fn the_workers_give_way_and_nobody_else_does() {
        let before = niceness();
        let runtime = BackgroundRuntime::start().unwrap();
        let of_task = runtime.handle().spawn(async { niceness() }).await.unwrap();
        let of_blocking = runtime.handle().spawn_blocking(niceness).await.unwrap();
        // Nobody is nicer than 19.
        let lower = (before + NICENESS).min(19);
        assert_eq!((of_task, of_blocking), (lower, lower));
        assert_eq!(niceness(), before);
    }
}
