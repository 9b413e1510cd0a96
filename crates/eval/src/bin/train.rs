//! `train`: see the crate's README.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use eval::corpus::{self, Corpus};
use eval::train::{self, Material};

/// Makes the weights of the trained model from the labelled sentences and mails of corpus/. Build with --release.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where the weights go; into the extraction by default.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave out the sentences and mails of this office, to measure on its mails with `eval --weights`.
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
    let material = Material::read(&corpus::own_directory(), &arguments.without)?;
    let (sentences, mails) = material.counts();
    let model = train::train(&material);
    let embedded =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../extraction/src/sentences/weights.bin");
    let path = arguments.out.unwrap_or(embedded);
    let bytes = model.to_bytes();
    std::fs::write(&path, &bytes).with_context(|| format!("couldn't write {}", path.display()))?;
    println!("{sentences} sentences, {mails} mails, {} bytes of weights", bytes.len());
    Ok(())
}
