//! The log lines of all processes on one output, each with the name of who wrote it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, PipeReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result};

/// Wide enough for `reconciler-2`.
const NAME_WIDTH: usize = 12;

/// Foreground colours that can be read on light and on dark terminals.
const COLOURS: [u8; 6] = [36, 33, 32, 35, 34, 31];

/// Where the lines go. Cheap to clone.
#[derive(Clone)]
pub struct Logs {
    output: Arc<Mutex<Box<dyn Write + Send>>>,
    is_coloured: bool,
}

impl Logs {
    /// Standard output, coloured on a terminal.
    pub fn to_stdout() -> Self {
        let stdout = io::stdout();
        let is_coloured = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { output: Arc::new(Mutex::new(Box::new(stdout))), is_coloured }
    }

    /// A new file.
    pub fn to_file(path: &Path) -> Result<Self> {
        let file =
            File::create(path).with_context(|| format!("couldn't write {}", path.display()))?;
        Ok(Self { output: Arc::new(Mutex::new(Box::new(file))), is_coloured: false })
    }

    /// Writes one line for `name`. A reader that has gone away is no reason to stop.
    pub fn line(&self, name: &str, line: &str) {
        let Ok(mut output) = self.output.lock() else { return };
        let _ = if self.is_coloured {
            let colour = colour_of(name);
            writeln!(output, "\x1b[{colour}m{name:NAME_WIDTH$} |\x1b[0m {line}")
        } else {
            writeln!(output, "{name:NAME_WIDTH$} | {line}")
        };
        let _ = output.flush();
    }

    /// Passes on all lines of a pipe, until its last writer has closed it.
    pub(crate) fn follow(&self, name: &str, pipe: PipeReader) {
        let (logs, name) = (self.clone(), name.to_owned());
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                logs.line(&name, String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
        });
    }
}

fn colour_of(name: &str) -> u8 {
    let sum: usize = name.bytes().map(usize::from).sum();
    COLOURS[sum % COLOURS.len()]
}
