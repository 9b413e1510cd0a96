//! Measures cleaning and rules: mails per second on one core, the longest corpus mail, and
//! hostile mails of 2 MiB. Exits 1 if a target is missed.
//!
//! Time is that of the processor where Linux tells it, so that other work on the machine does
//! not count.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use eval::corpus::{self, Corpus};
use eval::hostile;
use extraction::{Mail, clean, ground, rules};

const MAILS_PER_SECOND: f64 = 3_000.0;
const LONGEST_MAIL: Duration = Duration::from_millis(5);
const HOSTILE_MAIL: Duration = Duration::from_millis(200);

/// Measures cleaning, rules and grounding. Build with --release.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A corpus directory; the repository's own by default.
    dir: Option<PathBuf>,
    /// How long to run over the corpus, in seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let corpus = Corpus::read(&arguments.dir.unwrap_or_else(corpus::own_directory))?;
    let mut met = true;
    let mut check = |name: &str, shown: String, good: bool| {
        println!("{name}: {shown}{}", if good { "" } else { "  MISSED" });
        met &= good;
    };

    let per_second = throughput(&corpus, Duration::from_secs(arguments.seconds));
    check("mails per second and core", format!("{per_second:.0}"), per_second >= MAILS_PER_SECOND);

    let longest = corpus.cases.iter().map(|case| (average_of(200, &case.mail), &case.name)).max();
    if let Some((time, name)) = longest {
        check("slowest corpus mail", format!("{time:.2?} ({name})"), time < LONGEST_MAIL);
    }
    for (name, mail) in hostile::mails() {
        let time = average_of(1, &mail);
        check(&format!("hostile: {name}"), format!("{time:.1?}"), time < HOSTILE_MAIL);
    }
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn throughput(corpus: &Corpus, time: Duration) -> f64 {
    // The first round compiles the patterns.
    corpus.cases.iter().for_each(|case| read(&case.mail));
    let start = Clock::start();
    let mut mails = 0;
    while start.elapsed() < time {
        corpus.cases.iter().for_each(|case| read(&case.mail));
        mails += corpus.cases.len();
    }
    mails as f64 / start.elapsed().as_secs_f64()
}

fn average_of(rounds: u32, mail: &Mail) -> Duration {
    let start = Clock::start();
    (0..rounds).for_each(|_| read(mail));
    start.elapsed() / rounds
}

/// This thread's time on the processor, to the scheduler's tick; wall time elsewhere.
struct Clock {
    wall: Instant,
    processor: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: Self::processor_time() }
    }

    fn elapsed(&self) -> Duration {
        match (self.processor, Self::processor_time()) {
            (Some(start), Some(now)) => now.saturating_sub(start),
            _ => self.wall.elapsed(),
        }
    }

    fn processor_time() -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }
}

fn read(mail: &Mail) {
    let cleaned = clean::clean(mail);
    std::hint::black_box(ground::ground(rules::extract(&cleaned), &cleaned));
}
