//! Waiting for a condition instead of a fixed time.

use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Polls `condition` until it holds.
///
/// # Panics
/// When it does not hold within `limit`.
#[track_caller]
pub fn wait_until<C, F>(limit: Duration, mut condition: C) -> impl Future<Output = ()>
where
    C: FnMut() -> F,
    F: Future<Output = bool>,
{
    let caller = std::panic::Location::caller();
    async move {
        let deadline = Instant::now() + limit;
        while !condition().await {
            assert!(
                Instant::now() < deadline,
                "the condition at {caller} did not come true within {limit:?}"
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_returns_as_soon_as_the_condition_holds() {
        let mut left = 3;
        let began = Instant::now();
        wait_until(Duration::from_secs(60), || {
            left -= 1;
            std::future::ready(left == 0)
        })
        .await;
        assert_eq!(left, 0);
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[tokio::test]
    #[should_panic(expected = "did not come true within 20ms")]
    async fn it_gives_up_after_the_limit() {
        wait_until(Duration::from_millis(20), || std::future::ready(false)).await;
    }
}
