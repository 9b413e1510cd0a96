//! `devstack reset`: an empty stack again.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use devstack::{mongo, postgres};

use super::up::UpLock;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let dev = root.join(".dev");
    let (postgres_dir, mongodb_dir) = (dev.join("postgres"), dev.join("mongodb"));
    if !postgres_dir.exists() && !mongodb_dir.exists() {
        println!("Nothing to empty: the stack has no data here.");
        return Ok(ExitCode::SUCCESS);
    }
    let _lock = UpLock::take(&dev)?;
    if !arguments.yes && !is_confirmed()? {
        println!("Nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    postgres::remove_data(&postgres_dir)?;
    mongo::remove_data(&mongodb_dir)?;
    println!("The stack's databases are gone; the next `up` makes empty ones.");
    Ok(ExitCode::SUCCESS)
}

fn is_confirmed() -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("reset removes all data of the stack: confirm with --yes");
    }
    print!("Remove all data of the stack in .dev? [y/N] ");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
