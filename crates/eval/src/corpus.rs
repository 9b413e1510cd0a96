//! A corpus directory: `clients.json` and labelled mails under `emails/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use clients::document::ClientDocument;
use domain::extraction::Intent;
use domain::money::Money;
use extraction::Mail;
use extraction::dates::parse_date;
use serde::Deserialize;

/// The repository's own corpus, seen from where this crate was built.
pub fn own_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

/// Its mails that neither rules nor model were mended on.
pub fn held_back_directory() -> PathBuf {
    own_directory().join("held-back")
}

/// The name of the corpus that lies in the directory itself.
pub const FIRST: &str = "first";

/// Where the corpora of a directory are, with their names: its own `clients.json` and `emails/`, unless
/// there are only others, and those of each office under `offices/`.
pub fn directories(directory: &Path) -> Result<Vec<(String, PathBuf)>> {
    let offices = directory.join("offices");
    let mut found = Vec::new();
    if directory.join("clients.json").is_file() || !offices.is_dir() {
        found.push((FIRST.to_owned(), directory.to_owned()));
    }
    if offices.is_dir() {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.extend(listed(&offices)?.into_iter().map(|path| (name(&path), path)));
    }
    Ok(found)
}

/// What a directory holds, in the order of the names.
fn listed(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .with_context(|| format!("couldn't list {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

/// The files of a directory with this ending, in the order of their names.
pub(crate) fn files(directory: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut paths = listed(directory)?;
    paths.retain(|path| path.extension().is_some_and(|own| own == ending));
    Ok(paths)
}

pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("couldn't read {}", path.display()))
}

/// The corpora of a directory; the cases of an office are named after it.
pub fn read_all(directory: &Path) -> Result<Vec<Corpus>> {
    let read = |(office, path): (String, PathBuf)| {
        let mut corpus = Corpus::read(&path)?;
        if office != FIRST {
            for case in &mut corpus.cases {
                case.name = format!("{office}/{}", case.name);
            }
        }
        Ok(corpus)
    };
    directories(directory)?.into_iter().map(read).collect()
}

/// A second corpus beside the repository, where there is one.
pub fn shared_directory() -> Option<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    directory.join("clients.json").is_file().then_some(directory)
}

#[derive(Debug)]
pub struct Corpus {
    pub clients: Vec<ClientDocument>,
    pub cases: Vec<Case>,
}

#[derive(Debug)]
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    pub mail: Mail,
    pub expect: Expectation,
    pub tags: Vec<String>,
}

/// What a careful clerk would do.
#[derive(Clone, Debug, Deserialize)]
pub struct Expectation {
    pub intent: Intent,
    pub is_creditor_reply: bool,
    pub client_aktenzeichen: Option<String>,
    pub creditor_id: Option<String>,
    pub debt_amount: Option<Money>,
    #[serde(default)]
    pub reference_numbers: Vec<String>,
    pub route: Route,
    #[serde(default)]
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    Write,
    Review,
    Ignore,
}

impl Route {
    pub const ALL: [Route; 3] = [Route::Write, Route::Review, Route::Ignore];

    pub const fn as_str(self) -> &'static str {
        match self {
            Route::Write => "write",
            Route::Review => "review",
            Route::Ignore => "ignore",
        }
    }
}

/// A date as the webhook may have it, a number or a text.
fn date(value: &serde_json::Value) -> Option<DateTime<Utc>> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    parse_date(&text)
}

impl Case {
    /// A write that may go to review without blame.
    pub fn may_be_reviewed(&self) -> bool {
        self.tags.iter().any(|tag| tag == "cautious-review-ok")
    }
}

#[derive(Deserialize)]
struct CaseFile {
    webhook: Webhook,
    expect: Expectation,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Webhook {
    subject: Option<String>,
    from_email: String,
    from_name: Option<String>,
    body_html: Option<String>,
    body_text: Option<String>,
    #[serde(default)]
    received_at: serde_json::Value,
}

impl Corpus {
    pub fn read(directory: &Path) -> Result<Corpus> {
        let path = directory.join("clients.json");
        let text = read_text(&path)?;
        let documents: Vec<serde_json::Value> = serde_json::from_str(&text)
            .with_context(|| format!("couldn't parse {}", path.display()))?;
        let clients = documents
            .iter()
            .map(|json| ClientDocument::from_json(json).context("a client is not a JSON object"))
            .collect::<Result<_>>()?;
        let paths = files(&directory.join("emails"), "json")?;
        let cases = paths.iter().map(|path| Case::read(path)).collect::<Result<_>>()?;
        Ok(Corpus { clients, cases })
    }
}

impl Case {
    fn read(path: &Path) -> Result<Case> {
        let text = read_text(path)?;
        let file: CaseFile = serde_json::from_str(&text)
            .with_context(|| format!("couldn't parse {}", path.display()))?;
        let webhook = file.webhook;
        Ok(Case {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            mail: Mail {
                subject: webhook.subject,
                from_email: webhook.from_email,
                from_name: webhook.from_name,
                body_html: webhook.body_html,
                body_text: webhook.body_text,
                received_at: date(&webhook.received_at),
            },
            expect: file.expect,
            tags: file.tags,
        })
    }
}
