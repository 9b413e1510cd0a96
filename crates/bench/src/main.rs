#![doc = include_str!("../README.md")]

mod backlog;
mod data;
mod floor;
mod idle;
mod ingest;
mod latency;
mod machine;
mod place;
mod plot;
mod relay;
mod report;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use crate::machine::Machine;
use crate::place::Place;
use crate::report::Report;

/// Measures a private stack under load, each figure beside a floor from the same run.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// What to measure; everything if nothing is named
    #[arg(value_enum)]
    what: Vec<What>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write figures.json and figures.svg into this folder
    #[arg(long, value_name = "DIR")]
    publish: Option<PathBuf>,
    /// A tenth of the load: for trying it out, not for figures
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// 50,000 pending messages with 1, 2 and 4 relays, and under hardships
    Relay,
    /// Signed webhooks over 64 connections for 20 s
    Ingest,
    /// 50 mails a second for 60 s, webhook to document
    Latency,
    /// 60 s without work
    Idle,
    /// The relay's cost beside 1,000 to 1,000,000 pending messages
    Backlog,
    /// Row locks held over the write against a committed lease
    Hold,
}

/// How much load.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    divisor: usize,
}

impl Scale {
    pub(crate) fn of(self, full: usize) -> usize {
        full / self.divisor
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => return failed(&error.into()),
    };
    // Dropping the run takes its stack down.
    let result = tokio::select! {
        result = run(&arguments) => result,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow::anyhow!("told to stop")),
    };
    match result.and_then(|report| report.publish(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("bench: {error:#}");
    ExitCode::from(2)
}

async fn run(arguments: &Arguments) -> Result<Report> {
    if let Some(folder) = &arguments.publish {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("couldn't make {}", folder.display()))?;
    }
    let scale = Scale { divisor: if arguments.quick { 10 } else { 1 } };
    let wants = |what: What| arguments.what.is_empty() || arguments.what.contains(&what);
    let mut report = Report::default();
    for what in What::value_variants().iter().filter(|what| wants(**what)) {
        let mut place = Place::prepare().await?;
        report.machine = Some(Machine::of(&place).await?);
        match what {
            What::Relay => relay::measure(&mut place, scale, &mut report).await?,
            What::Ingest => ingest::measure(&mut place, scale, &mut report).await?,
            What::Latency => latency::measure(&mut place, scale, &mut report).await?,
            What::Idle => idle::measure(&mut place, scale, &mut report).await?,
            What::Backlog => backlog::measure(&mut place, scale, &mut report).await?,
            What::Hold => relay::compare_holds(&mut place, scale, &mut report).await?,
        }
        place.stop().await;
    }
    Ok(report)
}

impl Report {
    /// Prints the figures and writes the files that were asked for.
    fn publish(&self, arguments: &Arguments) -> Result<()> {
        if let Some(folder) = &arguments.publish {
            std::fs::write(folder.join("figures.json"), self.to_json() + "\n")?;
            plot::draw(self, &folder.join("figures.svg"))?;
        }
        match arguments.json {
            true => println!("{}", self.to_json()),
            false => self.print(),
        }
        Ok(())
    }
}
