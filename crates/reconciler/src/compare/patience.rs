//! Reads of MongoDB that a slow moment or a failover does not end.

use std::time::Duration;

use clients::store::StoreError;

use super::StepError;
use crate::halt::Halt;

/// Below this, less would not be quicker.
const SMALLEST_SLICE: usize = 20;

/// Items to read about, in their order. What MongoDB does not answer in time is asked for in halves:
/// many long documents at once may take longer than one read has.
pub(super) struct Slices<'a, T> {
    rest: &'a [T],
    size: usize,
}

impl<'a, T> Slices<'a, T> {
    pub(super) fn of(items: &'a [T]) -> Self {
        Self { rest: items, size: items.len() }
    }

    /// The items to ask for next.
    pub(super) fn next(&self) -> Option<&'a [T]> {
        let slice = &self.rest[..self.size.min(self.rest.len())];
        (!slice.is_empty()).then_some(slice)
    }

    /// Asks for them. `None` if that took too long; then fewer are next.
    pub(super) async fn read<R, F>(
        &mut self,
        halt: &Halt,
        read: impl FnMut() -> F,
    ) -> Result<Option<R>, StepError>
    where
        F: Future<Output = Result<R, StoreError>>,
    {
        let length = self.size.min(self.rest.len());
        let is_too_long = |error: &StoreError| length > SMALLEST_SLICE && error.is_timeout();
        match with_patience_unless(halt, is_too_long, read).await {
            Ok(answer) => {
                self.rest = &self.rest[length..];
                Ok(Some(answer))
            }
            Err(StepError::Store(error)) if is_too_long(&error) => {
                self.size = (length / 2).max(SMALLEST_SLICE);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Tries a read again for a while, so that a failover does not cost the whole comparison.
pub(super) async fn with_patience<T, F>(
    halt: &Halt,
    read: impl FnMut() -> F,
) -> Result<T, StepError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    with_patience_unless(halt, |_| false, read).await
}

/// As [`with_patience`], but for errors of which the caller makes something.
pub(super) async fn with_patience_unless<T, F>(
    halt: &Halt,
    is_callers: impl Fn(&StoreError) -> bool,
    mut read: impl FnMut() -> F,
) -> Result<T, StepError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    const WAITS_MS: [u64; 6] = [100, 300, 1_000, 2_000, 3_000, 4_000];
    for wait in WAITS_MS {
        match read().await {
            Ok(read) => return Ok(read),
            Err(error) if !error.is_infrastructure() || is_callers(&error) => {
                return Err(error.into());
            }
            Err(_) => halt.pause(Duration::from_millis(wait)).await?,
        }
    }
    Ok(read().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout() -> StoreError {
        StoreError::timeout("read clients", Duration::from_secs(4))
    }

    #[tokio::test]
    async fn what_takes_too_long_is_read_in_halves_and_nothing_is_left_out_or_read_twice() {
        let items: Vec<u32> = (0..1_000).collect();
        let (mut asked, mut taken) = (Vec::new(), Vec::new());
        let mut slices = Slices::of(&items);
        while let Some(slice) = slices.next() {
            asked.push(slice.len());
            let read = || async { if slice.len() > 300 { Err(timeout()) } else { Ok(slice) } };
            taken.extend(slices.read(&Halt::default(), read).await.unwrap().unwrap_or_default());
        }
        assert_eq!(taken.into_iter().copied().collect::<Vec<_>>(), items);
        assert_eq!(asked, [1_000, 500, 250, 250, 250, 250]);
    }

    #[tokio::test]
    async fn the_smallest_slice_is_tried_again_before_mongodb_counts_as_away() {
        let mut slices = Slices::of(&[1, 2, 3]);
        let mut tries = 0;
        let read = || {
            tries += 1;
            std::future::ready(if tries < 3 { Err(timeout()) } else { Ok(()) })
        };
        assert_eq!(slices.read(&Halt::default(), read).await.unwrap(), Some(()));
        assert_eq!((tries, slices.next()), (3, None));
    }
}
