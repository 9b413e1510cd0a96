//! `eval`: see the crate's README.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, ValueEnum};
use domain::settings::Secret;
use eval::corpus::{self, Corpus};
use eval::report::Report;
use eval::run;
use extraction::providers::{Api, ModelConfig, ModelExtractor};
use extraction::sentences::Model;
use extraction::{Extractor, RulesExtractor};

/// Measures cleaning, extraction, matching and guard on a labelled corpus.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A corpus directory with clients.json and emails/, and more of the kind under offices/; the
    /// repository's own by default.
    dir: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Who reads the mails.
    #[arg(long, value_enum, default_value_t = Provider::Rules)]
    provider: Provider,
    /// Read sentences by these weights, made by `train --out`.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Print how one case was read: its number or name begins with this.
    #[arg(long, value_name = "CASE")]
    show: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Provider {
    Rules,
    /// With the ANTHROPIC_… variables of ingest; costs tokens.
    Claude,
    /// With the OPENAI_… variables of ingest; costs tokens.
    Openai,
}

impl Provider {
    fn extractor(self) -> Result<Box<dyn Extractor>> {
        match self {
            Provider::Rules => Ok(Box::new(RulesExtractor)),
            Provider::Claude => model(Api::Claude, "ANTHROPIC"),
            Provider::Openai => model(Api::OpenAi, "OPENAI"),
        }
    }
}

fn model(api: Api, prefix: &str) -> Result<Box<dyn Extractor>> {
    let variable = |name| env::var(format!("{prefix}_{name}")).ok().filter(|set| !set.is_empty());
    let mut config = ModelConfig::new(api, variable("API_KEY").map(Secret::new));
    config.base_url = variable("BASE_URL").unwrap_or(config.base_url);
    config.model = variable("MODEL").unwrap_or(config.model);
    Ok(Box::new(ModelExtractor::new(config)?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(path) = &arguments.weights {
        install_weights(path)?;
    }
    let directory = arguments.dir.unwrap_or_else(corpus::own_directory);
    let corpora = corpus::read_all(&directory)?;
    let extractor = arguments.provider.extractor()?;
    if let Some(wanted) = arguments.show {
        for corpus in &corpora {
            show(corpus, &wanted, &*extractor).await?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let outcomes = run::run_all(&corpora, &*extractor).await?;
    let report = Report::new(&corpora, &outcomes);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.wrong_writes > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn install_weights(path: &Path) -> Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("couldn't read {}", path.display()))?;
    let model = Model::from_bytes(&bytes)
        .with_context(|| format!("{} is no file of weights", path.display()))?;
    model.install().map_err(|_| anyhow!("the weights are in use already"))
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
