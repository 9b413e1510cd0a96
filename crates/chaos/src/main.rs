//! `chaos`: faults under load, and the proof that nothing came of them. See `--help`.
#![doc = include_str!("../README.md")]

mod check;
mod fault;
mod inject;
mod journal;
mod mail;
mod observe;
mod office;
mod plan;
mod portal;
mod provider;
mod proxy;
mod report;
mod run;
mod sender;
mod snapshot;
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use devstack::RunDir;
use devstack::stack::programs_beside_this_one;
use tokio::signal::unix::{SignalKind, signal};

use crate::plan::Plan;
use crate::run::Outcome;

/// Breaks a private stack in every way it can, while mails come in, and checks that each promise
/// was kept
///
/// Starts PostgreSQL, MongoDB, 2 ingests, 3 relays and 2 reconcilers on free ports. All that
/// happens follows from the seed: the mails (in and out of order, twice, unreadable, ambiguous),
/// the portal's edits, and the faults (kills, freezes, restarts, cut and held connections, a
/// failing model provider). Afterwards the stack has 60 s to settle by itself; then both databases
/// are compared with the journal of what was sent and answered.
///
/// Exit codes: 0 every promise was kept, 1 at least one was not, 2 the trial itself failed.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// What everything is drawn from; without one it is drawn, too, and printed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How long faults are injected, in minutes
    #[arg(long, value_name = "M", default_value_t = 2.0, value_parser = minutes)]
    minutes: f64,
    /// Print the plan as JSON and do nothing
    #[arg(long)]
    plan: bool,
    /// The folder of the repository; the run's files are under its `.dev/`
    #[arg(long, default_value = ".", value_name = "DIR")]
    root: PathBuf,
    /// Where the services' programs are, if not beside this one
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples (the recipe builds the services first):
  ./justw chaos                        two minutes from a random seed
  ./justw chaos --seed 7               the same plan as every other run of seed 7
  ./justw chaos --seed 7 --minutes 60  an hour of it, about 2,000 faults
  ./justw chaos --seed 7 --plan        what would be done, as JSON

A run with a violation keeps its journal, the services' log lines and both databases' final state
under .dev/chaos.kept/, and says where.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => return failed(&error.into()),
    };
    let result = tokio::select! {
        result = try_out(&arguments) => result,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow::anyhow!("told to stop")),
    };
    result.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("chaos: {error:#}");
    ExitCode::from(2)
}

async fn try_out(arguments: &Arguments) -> Result<ExitCode> {
    let seed = arguments.seed.unwrap_or_else(|| rand::random_range(1..1_000_000));
    let plan = Plan::new(seed, (arguments.minutes * 60_000.0) as u64);
    if arguments.plan {
        println!("{}", serde_json::to_string_pretty(&plan)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "seed {seed}, plan {}: {} faults, {} mails, {} portal edits in {} min",
        plan.hash(),
        plan.faults.len(),
        plan.mails.len(),
        plan.edits.len(),
        arguments.minutes
    );
    let dev = arguments.root.join(".dev");
    let run_dir = RunDir::create(&dev, "chaos")?;
    let programs = match &arguments.programs {
        Some(programs) => programs.clone(),
        None => programs_beside_this_one()?,
    };
    let outcome = run::run(&plan, &run_dir, programs).await;
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let kept = keep(&dev, &run_dir, seed, None);
            return Err(error.context(format!("seed {seed}; {}", kept_line(kept.as_deref()))));
        }
    };
    print(&plan, &outcome);
    if outcome.violations.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let kept = keep(&dev, &run_dir, seed, Some(&outcome));
    eprintln!("chaos: seed {seed}; {}", kept_line(kept.as_deref()));
    Ok(ExitCode::FAILURE)
}

fn print(plan: &Plan, outcome: &Outcome) {
    let Outcome { journal, snapshot, violations, settled } = outcome;
    for violation in violations.iter().take(50) {
        println!("{:?}: {}", violation.class, violation.what);
    }
    if violations.len() > 50 {
        println!("… and {} more", violations.len() - 50);
    }
    println!("{}", report::table(plan, journal, snapshot, violations));
    match settled {
        Some(took) => println!("settled {:.1} s after the last fault and mail", took.as_secs_f64()),
        None => println!("did not settle"),
    }
    if let Some((median, longest)) = report::delivery(plan, journal, snapshot) {
        let (median, longest) = (median as f64 / 1000.0, longest as f64 / 1000.0);
        println!("from first sending to delivery: p50 {median:.2} s, max {longest:.1} s");
    }
    println!("{}", report::last_line(journal, violations));
}

/// Copies what a person needs to find out what happened. `None` if even that failed.
fn keep(dev: &Path, run_dir: &RunDir, seed: u64, outcome: Option<&Outcome>) -> Option<PathBuf> {
    let stamp = chrono::Utc::now().format("%Y%m%dT%H%M%S");
    let kept = dev.join("chaos.kept").join(format!("seed-{seed}-{stamp}"));
    let copy = || -> Result<()> {
        fs::create_dir_all(&kept).with_context(|| format!("couldn't make {}", kept.display()))?;
        for file in [run::journal_file(run_dir.path()), run::log_file(run_dir.path())] {
            let name = file.file_name().context("a file has a name")?;
            if file.exists() {
                fs::copy(&file, kept.join(name))?;
            }
        }
        if let Some(outcome) = outcome {
            let write = |name: &str, json: String| fs::write(kept.join(name), json);
            write("violations.json", serde_json::to_string_pretty(&outcome.violations)?)?;
            write("snapshot.json", serde_json::to_string_pretty(&outcome.snapshot)?)?;
        }
        Ok(())
    };
    copy().ok().map(|()| kept)
}

fn kept_line(kept: Option<&Path>) -> String {
    match kept {
        Some(kept) => format!("the journal is in {}", kept.display()),
        None => "the journal could not be kept".to_owned(),
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "is no number of minutes".to_owned())?;
    if (0.1..=1_440.0).contains(&minutes) {
        Ok(minutes)
    } else {
        Err("must be from 0.1 to 1440".to_owned())
    }
}
