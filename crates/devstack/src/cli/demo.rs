//! `devstack demo`: the sample mails from webhook to MongoDB, each checked against what must
//! become of it.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use devstack::logs::Logs;
use devstack::secrets::Secrets;
use devstack::stack::programs_beside_this_one;
use devstack::{Lifetime, Replicas, RunDir, Stack, StackOptions};

mod amounts;
mod delivery;

use super::samples::{self, Expectation, Sample};
use super::stop_signal::StopSignal;
use amounts::Amounts;
use delivery::{Delivery, Fate};

/// Where the services' log lines of the last demo are.
const LOG: &str = "demo.log";

pub(crate) async fn run(root: &Path) -> Result<ExitCode> {
    let dev = root.join(".dev");
    let mut stop_signal = StopSignal::listen()?;
    let run_dir = RunDir::create(&dev, "demo")?;
    let log = dev.join(LOG);
    let outcome = tokio::select! {
        outcome = deliver_all(root, &run_dir, &log) => outcome,
        () = stop_signal.first() => return Ok(ExitCode::from(130)),
    };
    let rows = outcome.inspect_err(|_| eprintln!("demo: the log is {}", log.display()))?;
    println!("{}", table(&rows));
    let differences: Vec<&str> = rows.iter().flat_map(Row::differences).collect();
    if differences.is_empty() {
        println!("All {} mails came out right.", rows.len());
        return Ok(ExitCode::SUCCESS);
    }
    for difference in differences {
        println!("WRONG: {difference}");
    }
    println!("The services' log is {}.", log.display());
    Ok(ExitCode::FAILURE)
}

/// One mail's line of the table.
struct Row {
    title: String,
    outcome: String,
    before: String,
    after: String,
    differences: Vec<String>,
}

impl Row {
    fn differences(&self) -> impl Iterator<Item = &str> {
        self.differences.iter().map(String::as_str)
    }
}

async fn deliver_all(root: &Path, run_dir: &RunDir, log: &Path) -> Result<Vec<Row>> {
    let samples = samples::mails(root)?;
    let secrets = Secrets::random();
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options = StackOptions {
        dir: run_dir.path().to_owned(),
        lifetime: Lifetime::Throwaway,
        programs: programs_beside_this_one()?,
        replicas: Replicas::default(),
        secrets: secrets.clone(),
        environment: vec![
            // A mail for an unknown client runs out of retries within seconds.
            setting("RELAY_RETRY_BASE_MS", "10"),
            setting("RELAY_POLL_INTERVAL_MS", "100"),
            setting("LLM_PROVIDER", "rules"),
        ],
        logs: Logs::to_file(log)?,
    };
    let began = Instant::now();
    eprintln!("demo: starting PostgreSQL, MongoDB and the services");
    let mut stack = Stack::prepare(options).await?;
    stack.clients().await?.insert_many(samples::clients(root)?).await?;
    stack.start_services().await?;
    eprintln!("demo: ready after {:.1} s", began.elapsed().as_secs_f32());

    let delivery = Delivery::new(&stack, &secrets).await?;
    let mut rows = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        eprintln!("demo: mail {} of {}: {}", number + 1, samples.len(), sample.title);
        rows.push(deliver(&stack, &delivery, sample).await?);
    }
    eprintln!("demo: stopping");
    stack.stop().await;
    Ok(rows)
}

async fn deliver(stack: &Stack, delivery: &Delivery, sample: &Sample) -> Result<Row> {
    let clients = stack.clients().await?;
    let before = Amounts::read(&clients).await?;
    let fate = delivery.deliver(&sample.input).await?;
    let after = Amounts::read(&clients).await?;
    let shown = |amounts: &Amounts| {
        let expected = sample.expect.entry.as_ref();
        let amount = expected.and_then(|expected| amounts.get(&expected.client, &expected.entry));
        amount.unwrap_or("-").to_owned()
    };
    Ok(Row {
        title: sample.title.clone(),
        outcome: match &fate.reason {
            Some(reason) => format!("{} ({reason})", fate.outcome.as_str()),
            None => fate.outcome.as_str().to_owned(),
        },
        before: shown(&before),
        after: shown(&after),
        differences: differences(&sample.title, &sample.expect, &fate, &before, &after),
    })
}

/// What differs from the expectation, as sentences.
fn differences(
    title: &str,
    expect: &Expectation,
    fate: &Fate,
    before: &Amounts,
    after: &Amounts,
) -> Vec<String> {
    let mut found = Vec::new();
    if fate.outcome != expect.outcome {
        let (is, should) = (fate.outcome.as_str(), expect.outcome.as_str());
        found.push(format!("\"{title}\" ended as {is}, not as {should}"));
    }
    if let Some(expected) = &expect.entry {
        let shown = after.get(&expected.client, &expected.entry);
        if shown != Some(expected.amount.as_str()) {
            let is = shown.unwrap_or("no amount");
            found.push(format!("\"{title}\" shows {is}, not {}", expected.amount));
        }
    }
    for (client, entry) in before.changed_to(after) {
        let is_expected = expect
            .entry
            .as_ref()
            .is_some_and(|expected| (expected.client == client) && (expected.entry == entry));
        if !is_expected {
            found.push(format!("\"{title}\" changed entry {entry} of client {client}"));
        }
    }
    found
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["mail", "outcome", "amount before", "amount after", ""]);
    for row in rows {
        let verdict = if row.differences.is_empty() { "ok" } else { "WRONG" };
        table.add_row([&row.title, &row.outcome, &row.before, &row.after, verdict]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::samples::{ExpectedEntry, Outcome};

    fn found(outcome: Outcome, before: &Amounts, after: &Amounts) -> Vec<String> {
        let entry = ExpectedEntry {
            client: "1_25".to_owned(),
            entry: "a".to_owned(),
            amount: "10.00".to_owned(),
        };
        let expect = Expectation { outcome: Outcome::Written, entry: Some(entry) };
        differences("mail", &expect, &Fate { outcome, reason: None }, before, after)
    }

    #[test]
    fn an_amount_in_the_right_entry_is_right_and_everything_else_is_named() {
        let none = Amounts::of(&[]);
        let right = Amounts::of(&[("1_25", "a", "10.00")]);
        assert!(found(Outcome::Written, &none, &right).is_empty());
        assert_eq!(
            found(Outcome::Review, &none, &none),
            ["\"mail\" ended as review, not as written", "\"mail\" shows no amount, not 10.00"]
        );
        let elsewhere = Amounts::of(&[("1_25", "a", "10.00"), ("2_25", "b", "10.00")]);
        assert_eq!(
            found(Outcome::Written, &right, &elsewhere),
            ["\"mail\" changed entry b of client 2_25"]
        );
        assert_eq!(
            found(Outcome::Written, &elsewhere, &right),
            ["\"mail\" changed entry b of client 2_25"]
        );
    }
}
