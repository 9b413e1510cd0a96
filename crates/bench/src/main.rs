#![doc = include_str!("../README.md")]

mod data;
mod floor;
mod idle;
mod ingest;
mod latency;
mod place;
mod relay;
mod report;
mod webhook;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};

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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    match runtime.block_on(run(&arguments)) {
        Ok(report) => {
            report.print(arguments.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<Report> {
    let scale = Scale { divisor: if arguments.quick { 10 } else { 1 } };
    let wants = |what| arguments.what.is_empty() || arguments.what.contains(&what);
    let mut report = Report::default();
    if wants(What::Relay) {
        let mut place = Place::prepare().await?;
        relay::measure(&mut place, scale, &mut report).await?;
        place.stop().await;
    }
    if wants(What::Ingest) {
        let mut place = Place::prepare().await?;
        ingest::measure(&mut place, scale, &mut report).await?;
        place.stop().await;
    }
    if wants(What::Latency) {
        let mut place = Place::prepare().await?;
        latency::measure(&mut place, scale, &mut report).await?;
        place.stop().await;
    }
    if wants(What::Idle) {
        let mut place = Place::prepare().await?;
        idle::measure(&mut place, scale, &mut report).await?;
        place.stop().await;
    }
    Ok(report)
}
