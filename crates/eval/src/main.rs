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
    let outcomes = run::run(&corpus, &*arguments.provider.extractor()).await?;
    let report = Report::new(&corpus, &outcomes);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.wrong_writes > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
