//! `eval`: see the crate's README.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use eval::corpus::{self, Corpus};
use eval::report::Report;
use eval::run;
use extraction::{Extractor, RulesExtractor};

/// Measures cleaning, extraction, matching and guard on a labelled corpus.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A corpus directory with clients.json and emails/; the repository's own by default.
    dir: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Who reads the mails.
    #[arg(long, value_enum, default_value_t = Provider::Rules)]
    provider: Provider,
    /// Print how one case was read: its number or name begins with this.
    #[arg(long, value_name = "CASE")]
    show: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Provider {
    Rules,
}

impl Provider {
    fn extractor(self) -> Box<dyn Extractor> {
        match self {
            Provider::Rules => Box::new(RulesExtractor),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let directory = arguments.dir.unwrap_or_else(corpus::own_directory);
    let corpus = Corpus::read(&directory)?;
    if let Some(wanted) = arguments.show {
        show(&corpus, &wanted, &*arguments.provider.extractor()).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let outcomes = run::run(&corpus, &*arguments.provider.extractor()).await?;
    let report = Report::new(&corpus, &outcomes);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.wrong_writes > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn show(corpus: &Corpus, wanted: &str, extractor: &dyn Extractor) -> Result<()> {
    for case in corpus.cases.iter().filter(|case| case.name.starts_with(wanted)) {
        let cleaned = extraction::clean::clean(&case.mail);
        println!("{}\nsubject: {}", case.name, cleaned.subject);
        for (part, text) in
            [("body", &cleaned.body), ("signature", &cleaned.signature), ("quote", &cleaned.quote)]
        {
            println!("--- {part}\n{text}");
        }
        let extraction = extractor.extract(&cleaned).await?;
        println!("--- extraction\n{}", serde_json::to_string_pretty(&extraction)?);
    }
    Ok(())
}
