//! Mutates corpus mails for a while and checks what must hold for every input: no panic, linear
//! time, places that exist. Works with the stable toolchain; a failure prints its seed.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Parser, ValueEnum};
use domain::payload::DebtUpdate;
use eval::corpus::{self, Corpus};
use eval::mutate::{Random, mutate};
use extraction::{Mail, clean, ground, money, rules};

/// Fuzzes cleaning, money or payload parsing. Build with --release.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[arg(value_enum)]
    target: Target,
    /// A corpus directory; the repository's own by default.
    dir: Option<PathBuf>,
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Where to start; the same seed gives the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// Cleaning, rules and grounding of whole mails.
    Clean,
    /// The scanner for amounts.
    Money,
    /// The outbox payload.
    Payload,
}

/// Slower inputs are reported; the machine may be busy, so they are no failures.
const SLOW: Duration = Duration::from_millis(250);

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let corpus = Corpus::read(&arguments.dir.unwrap_or_else(corpus::own_directory))?;
    let end = Instant::now() + Duration::from_secs(arguments.minutes * 60);
    let (mut inputs, mut failures, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    let mut seed = arguments.seed;
    while Instant::now() < end && failures < 20 {
        let mut random = Random::new(seed);
        let start = Instant::now();
        // What a panic leaves behind is the corpus, which nobody changes.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| match arguments.target {
            Target::Clean => fuzz_clean(&corpus, &mut random),
            Target::Money => fuzz_money(&corpus, &mut random),
            Target::Payload => fuzz_payload(&corpus, &mut random),
        }));
        let time = start.elapsed();
        if time > SLOW {
            println!("seed {seed}: {time:.0?}");
        }
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(what)) => {
                failures += 1;
                println!("seed {seed}: {what}");
            }
            Err(_) => {
                failures += 1;
                println!("seed {seed}: panicked");
            }
        }
        slowest = slowest.max(time);
        inputs += 1;
        seed += 1;
    }
    println!("inputs={inputs} failures={failures} slowest={slowest:.1?}");
    Ok(if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn fuzz_clean(corpus: &Corpus, random: &mut Random) -> Result<(), String> {
    let mail = mutated_mail(corpus, random);
    let cleaned = clean::clean(&mail);
    let extraction = ground::ground(rules::extract(&cleaned), &cleaned);
    for (field, evidence) in &extraction.evidence {
        let source = match evidence.source.as_str() {
            "subject" => &cleaned.subject,
            "body" => &cleaned.body,
            _ => &cleaned.quote,
        };
        if source.get(evidence.start..evidence.end).is_none() {
            return Err(format!("the evidence of {field} stands nowhere"));
        }
    }
    if cleaned.body.starts_with('<') {
        // A mail that shows markup as its text would be read as markup the second time.
        return Ok(());
    }
    let again = Mail { body_html: None, body_text: Some(cleaned.body.clone()), ..mail };
    let twice = clean::clean(&again);
    let words = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let kept = words(&twice.body) + words(&twice.signature) + words(&twice.quote);
    if words(&cleaned.body) > 0 && kept == 0 {
        return Err("cleaning a clean text loses all of it".to_owned());
    }
    Ok(())
}

fn fuzz_money(corpus: &Corpus, random: &mut Random) -> Result<(), String> {
    let mail = mutated_mail(corpus, random);
    for text in [mail.body_text, mail.body_html, mail.subject].into_iter().flatten() {
        let mut last_end = 0;
        for amount in money::scan(&text) {
            if text.get(amount.range.clone()).is_none() {
                return Err("an amount stands outside the text".to_owned());
            }
            if !amount.misread && amount.range.start < last_end {
                return Err("two amounts overlap".to_owned());
            }
            last_end = last_end.max(amount.range.end);
        }
    }
    Ok(())
}

fn fuzz_payload(corpus: &Corpus, random: &mut Random) -> Result<(), String> {
    let case = &corpus.cases[random.below(corpus.cases.len())];
    let amount = case.expect.debt_amount.map_or("0.00".to_owned(), |amount| amount.to_string());
    let json = serde_json::json!({
        "version": 1,
        "client_name": case.mail.from_name,
        "client_aktenzeichen": case.expect.client_aktenzeichen,
        "creditor_email": case.mail.from_email,
        "creditor_name": case.mail.from_name,
        "new_debt_amount": amount,
        "response_text": case.mail.subject,
        "reference_numbers": case.expect.reference_numbers,
        "extraction_confidence": 0.9,
        "received_at": "2026-03-11T09:14:22Z",
    });
    let text = mutate(&json.to_string(), random);
    let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) else { return Ok(()) };
    if let Ok(update) = DebtUpdate::from_json(&json) {
        // The older form has no date, which version 1 must have.
        let written =
            DebtUpdate { received_at: update.received_at.or(Some(Default::default())), ..update };
        match DebtUpdate::from_json(&written.to_json()) {
            Ok(read) if read == written => {}
            Ok(_) => return Err("a payload changes when it is written and read".to_owned()),
            Err(error) => return Err(format!("a written payload is unreadable: {error}")),
        }
    }
    Ok(())
}

fn mutated_mail(corpus: &Corpus, random: &mut Random) -> Mail {
    let mail = &corpus.cases[random.below(corpus.cases.len())].mail;
    let mut part = |text: &Option<String>| text.as_deref().map(|text| mutate(text, random));
    Mail {
        subject: part(&mail.subject),
        from_name: part(&mail.from_name),
        body_html: part(&mail.body_html),
        body_text: part(&mail.body_text),
        from_email: mail.from_email.clone(),
        received_at: mail.received_at,
    }
}
