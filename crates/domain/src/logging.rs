//! Logs: slog to standard error, JSON for machines, lines for people. What libraries log through
//! the `log` crate ends up in the same place.

use std::io::IsTerminal;

use slog::{Drain, Level, LevelFilter, Logger, o};

use crate::settings::{LogFormat, LogLevel, LogSettings};

/// Lines held while standard error is slow; beyond it they are dropped and counted, so that a full
/// pipe never stops a service.
const BUFFERED_LINES: usize = 4096;

/// Keeps the log's writer alive; dropping it writes what is buffered.
pub struct LogGuard {
    // Dropped in this order: libraries lose the logger before the writer ends.
    _bridge: slog_scope::GlobalLoggerGuard,
    _writer: slog_async::AsyncGuard,
}

/// Starts logging for one service and bridges the `log` crate into it.
pub fn start(settings: &LogSettings, service: &'static str) -> (Logger, LogGuard) {
    let terminal = match settings.log_format {
        LogFormat::Terminal => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let level = level(settings.log_level);
    let (drain, guard) = if terminal {
        let decorator = slog_term::TermDecorator::new().stderr().build();
        asynchronous(
            slog_term::FullFormat::new(decorator).use_utc_timestamp().build().fuse(),
            level,
        )
    } else {
        asynchronous(
            slog_json::Json::new(std::io::stderr()).add_default_keys().build().fuse(),
            level,
        )
    };
    let log = Logger::root(drain, o!("service" => service));
    let bridge = bridge_log_crate(&log);
    (log, LogGuard { _bridge: bridge, _writer: guard })
}

type Filtered = slog::Fuse<LevelFilter<slog::Fuse<slog_async::Async>>>;

/// The level is filtered outermost, so that what nobody reads costs no formatting and no buffer.
fn asynchronous<D>(drain: D, level: Level) -> (Filtered, slog_async::AsyncGuard)
where
    D: Drain<Err = slog::Never, Ok = ()> + Send + 'static,
{
    let (drain, guard) = slog_async::Async::new(drain)
        .chan_size(BUFFERED_LINES)
        .thread_name("log".to_owned())
        .build_with_guard();
    (LevelFilter::new(drain.fuse(), level).fuse(), guard)
}

/// Libraries are capped at warnings: below that they log request bodies and addresses.
///
/// A second start in one process keeps the first bridge, which only matters to tests.
fn bridge_log_crate(log: &Logger) -> slog_scope::GlobalLoggerGuard {
    let guard = slog_scope::set_global_logger(log.clone());
    slog_stdlog::init_with_level(log::Level::Warn).ok();
    guard
}

const fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Trace => Level::Trace,
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warning => Level::Warning,
        LogLevel::Error => Level::Error,
    }
}

/// An error with all its causes on one line, for the one place that logs it.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
