//! `train`: see the crate's README.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use eval::corpus::Corpus;
use eval::train;

/// Makes the model of sentences from the labelled ones under corpus/sentences. Build with --release.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where the weights go; into the extraction by default.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave out corpus/sentences/NAME.tsv, to measure on its mails with `eval --weights`.
    #[arg(long, value_name = "NAME", requires = "out")]
    without: Vec<String>,
    /// Make nothing: print the sentences of a corpus directory, each once and without its code, to be labelled.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    unlabelled: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(directory) = arguments.unlabelled {
        for sentence in train::unlabelled(&Corpus::read(&directory)?) {
            println!("?\t{sentence}");
        }
        return Ok(());
    }
    let (examples, source) = train::read(&train::sentences_directory(), &arguments.without)?;
    let count = examples.len();
    let model = train::train(examples, source);
    let embedded =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../extraction/src/sentences/weights.bin");
    let path = arguments.out.unwrap_or(embedded);
    let bytes = model.to_bytes();
    std::fs::write(&path, &bytes).with_context(|| format!("couldn't write {}", path.display()))?;
    println!("{count} sentences, {} bytes of weights", bytes.len());
    Ok(())
}
