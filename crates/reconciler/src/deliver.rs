//! Step A: pending and overdue outbox rows, through the relay's own code path.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::logging::chain;
use relay::batch::{BatchError, Delivery};
use serde::Serialize;
use slog::{Logger, warn};

use crate::halt::Halt;
use crate::run::RunError;

/// However full the outbox is, the comparison shall have its turn; what is left is the relay's.
const LONGEST: Duration = Duration::from_secs(300);

/// Batches in a row that may roll back before the step gives up.
const MOST_FAILURES: u32 = 3;

/// What became of the rows that were due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Delivered {
    pub messages: u64,
    /// By the outcomes' labels of the relay's metrics.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Why rows that were due are left, in words.
    #[serde(skip)]
    pub note: Option<String>,
}

/// Delivers until nothing with this id or a higher one is due. MongoDB being away is a note and no
/// error.
pub async fn deliver_due(
    delivery: &Delivery,
    from_id: i64,
    largest_batch: u32,
    halt: &Halt,
    log: &Logger,
) -> Result<Delivered, RunError> {
    let mut delivered = Delivered::default();
    let (mut batch_size, mut failures) = (largest_batch, 0);
    let began = Instant::now();
    loop {
        halt.check()?;
        if began.elapsed() > LONGEST {
            delivered.note = Some("outbox rows were left to the relay: time was up".to_owned());
            return Ok(delivered);
        }
        match delivery.relay_batch_from(from_id, batch_size).await {
            Ok(report) if report.claimed == 0 => return Ok(delivered),
            Ok(report) => {
                failures = 0;
                delivered.messages += report.claimed as u64;
                for (label, count) in report.outcomes {
                    *delivered.outcomes.entry(label).or_default() += count;
                }
            }
            Err(BatchError::Database(error)) => return Err(error.into()),
            Err(error) => {
                failures += 1;
                // A slow MongoDB gets batches that it can finish within the write timeout.
                batch_size = (batch_size / 4).max(1);
                if failures >= MOST_FAILURES {
                    warn!(log, "outbox rows are left to the relay"; "error" => chain(&error));
                    let note = format!("outbox rows were left to the relay: {error}");
                    delivered.note = Some(note);
                    return Ok(delivered);
                }
            }
        }
    }
}
