//! A progress bar on standard error, only on a terminal.

use std::time::Duration;

use domain::models::comparison;
use indicatif::{ProgressBar, ProgressStyle};

use crate::compare::{Progress, Scope};
use crate::run::Reconciler;

const REDRAW: Duration = Duration::from_millis(100);

/// Does the work beside a bar that follows `progress`.
pub(super) async fn beside_bar<T>(
    reconciler: &Reconciler,
    scope: Scope,
    progress: &Progress,
    work: impl Future<Output = T>,
) -> T {
    // Hidden where standard error is no terminal; then nobody needs the count either.
    let bar = ProgressBar::new(0);
    if bar.is_hidden() {
        return work.await;
    }
    let count =
        move |conn: &mut _| comparison::count_synced(conn, scope.received_since(), scope.since);
    let total = reconciler.database.query(count).await;
    bar.set_length(total.ok().and_then(|total| u64::try_from(total).ok()).unwrap_or_default());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} mails  {per_sec}  {eta}")
    {
        bar.set_style(style);
    }
    let drawing = async {
        loop {
            bar.set_position(progress.mails());
            tokio::time::sleep(REDRAW).await;
        }
    };
    let result = tokio::select! {
        result = work => result,
        () = drawing => unreachable!("the bar is drawn until the work ends"),
    };
    bar.finish_and_clear();
    result
}
