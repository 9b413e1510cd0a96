//! What the operators' commands share: tables, a question before something is destroyed, and the
//! way to Postgres.

use std::io::{IsTerminal, Write};

use anyhow::{Result, bail};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use diesel::{Connection, PgConnection};

use crate::settings::PostgresSettings;

/// A table that fits the terminal; without one it is as wide as it needs to be.
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// Asks on the terminal; anything but `y` is an error that says that nothing was done.
///
/// Without a terminal it refuses and names `--yes`. `what` is a phrase such as `discard 3 messages`.
pub fn confirm(what: &str) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("this would {what}; give --yes to do it without asking");
    }
    eprint!("{what}? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if !answer.trim().eq_ignore_ascii_case("y") {
        bail!("nothing was done");
    }
    Ok(())
}

/// One connection for a command. The error is one line and names the variable.
pub fn connect(settings: &PostgresSettings) -> Result<PgConnection> {
    let url = settings.required_url()?;
    PgConnection::establish(url.expose()).map_err(|error| {
        let error = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        anyhow::anyhow!("couldn't connect to Postgres; check DATABASE_URL ({error})")
    })
}
