//! Parses the command line and prints what the checker found.

use std::process::ExitCode;

use clap::Parser;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use model::{Expected, Explanation, Guard, Scenario};

/// Checks claimsync's protocol exhaustively in small systems.
///
/// Without options: explores every reachable state of every scenario with all guards in place, then
/// takes out one guard at a time and looks for the shortest way in which the property that it
/// protects breaks. Exits 1 if a property breaks with all guards in place, or holds without one.
#[derive(Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Options {
    /// Check only this scenario, and no guard.
    #[arg(long, value_name = "NAME", value_parser = scenario_named, conflicts_with = "explain")]
    scenario: Option<&'static Scenario>,

    /// Take out this guard and tell step by step what goes wrong.
    #[arg(long, value_name = "GUARD")]
    explain: Option<Guard>,

    /// Threads that explore states.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
}

const AFTER_HELP: &str = "\
Examples:
  model                              everything; some minutes
  model --scenario relays            one scenario
  model --explain identity_in_filter why the write must name its entry";

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(guard) = options.explain {
        return explain(guard);
    }
    let scenarios: Vec<_> = match options.scenario {
        Some(scenario) => vec![scenario],
        None => model::scenario::ALL.to_vec(),
    };
    let mut as_expected = check(&scenarios, options.threads.into());
    if options.scenario.is_none() {
        as_expected &= take_guards_out();
    }
    if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check(scenarios: &[&'static Scenario], threads: usize) -> bool {
    println!("All guards in place\n");
    let mut table = table([
        "scenario",
        "system and faults",
        "states",
        "transitions",
        "time",
        "invariants held",
        "situations reached",
        "every path ends",
    ]);
    let mut unexpected = Vec::new();
    for &scenario in scenarios {
        eprintln!("checking {} …", scenario.name);
        let report = model::check(scenario, threads);
        table.add_row([
            scenario.name.to_owned(),
            scenario.to_string(),
            grouped(report.states),
            grouped(report.transitions),
            format!("{:.1} s", report.elapsed.as_secs_f64()),
            held(report.invariants, &report.violated),
            held(report.situations, &report.unreached),
            if report.every_path_ends { "yes" } else { "NO" }.to_owned(),
        ]);
        unexpected.extend(report.surprises());
    }
    println!("{table}\n");
    for line in &unexpected {
        println!("{line}");
    }
    unexpected.is_empty()
}

fn take_guards_out() -> bool {
    println!("One guard taken out\n");
    let mut table = table(["without", "scenario", "what breaks", "in steps", "states seen"]);
    let mut as_expected = true;
    for guard in Guard::all() {
        let Expected { scenario, property } = Expected::of(guard);
        let found = model::counterexample(guard);
        as_expected &= found.is_some();
        table.add_row([
            guard.to_string(),
            scenario.name.to_owned(),
            property.to_owned(),
            found.as_ref().map_or("NOT FOUND".to_owned(), |it| it.steps().to_string()),
            found.as_ref().map_or(String::new(), |it| grouped(it.states)),
        ]);
    }
    println!("{table}\n\n`model --explain GUARD` tells the steps.");
    as_expected
}

fn explain(guard: Guard) -> ExitCode {
    let Expected { scenario, property } = Expected::of(guard);
    println!("{guard}: {}", guard.purpose());
    println!("Without it, in scenario `{}` ({scenario}):\n", scenario.name);
    match model::counterexample(guard) {
        Some(found) => {
            print!("{}", Explanation(&found));
            println!("\nBroken: {property}.");
            ExitCode::SUCCESS
        }
        None => {
            println!("NOT FOUND: {property} holds all the same.");
            ExitCode::FAILURE
        }
    }
}

fn scenario_named(name: &str) -> Result<&'static Scenario, String> {
    let names = || model::scenario::ALL.map(|scenario| scenario.name).join(", ");
    let found = model::scenario::ALL.into_iter().find(|scenario| scenario.name == name);
    found.ok_or_else(|| format!("known are {}", names()))
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

fn held(all: usize, missing: &[&str]) -> String {
    format!("{} of {all}", all - missing.len())
}

/// `1234567` as `1 234 567`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(" ")
}
