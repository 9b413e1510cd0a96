//! The sample clients and mails of the folder `samples/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use mongodb::bson::Document;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A mail, and what must become of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    pub(crate) title: String,
    #[serde(flatten)]
    pub(crate) input: Input,
    pub(crate) expect: Expectation,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Input {
    /// What Zendesk posts.
    Webhook(Value),
    /// A mail and its pending message as the Python service left them in PostgreSQL.
    Legacy { email: LegacyEmail, payload: Value },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegacyEmail {
    pub(crate) zendesk_ticket_id: String,
    pub(crate) zendesk_webhook_id: String,
    pub(crate) from_email: String,
    pub(crate) subject: String,
    pub(crate) raw_body_text: String,
    pub(crate) received_at: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    pub(crate) outcome: Outcome,
    /// The entry whose amount is shown, as Aktenzeichen and entry id, with what it shows in the
    /// end. No other entry may change.
    #[serde(flatten)]
    pub(crate) entry: Option<ExpectedEntry>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExpectedEntry {
    pub(crate) client: String,
    pub(crate) entry: String,
    pub(crate) amount: String,
}

/// How a mail ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Written,
    Duplicate,
    Superseded,
    Review,
    NotCreditorReply,
    Failed,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Outcome::Written => "written",
            Outcome::Duplicate => "duplicate",
            Outcome::Superseded => "superseded",
            Outcome::Review => "review",
            Outcome::NotCreditorReply => "not a creditor's reply",
            Outcome::Failed => "failed",
        }
    }
}

pub(crate) fn clients(root: &Path) -> Result<Vec<Document>> {
    read(&root.join("samples/clients.json"))
}

/// All samples in the order of their file names, which is the order of posting.
pub(crate) fn mails(root: &Path) -> Result<Vec<Sample>> {
    let folder = root.join("samples/mails");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("couldn't read {}", folder.display()))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .with_context(|| format!("couldn't read {}", folder.display()))?;
    files.sort();
    ensure!(!files.is_empty(), "there are no samples in {}", folder.display());
    files.iter().map(|file| read(file)).collect()
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text =
        fs::read_to_string(file).with_context(|| format!("couldn't read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is malformed", file.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    #[test]
    fn the_samples_cover_every_outcome_and_name_entries_that_exist() {
        let samples = mails(Path::new(ROOT)).unwrap();
        let outcomes: HashSet<_> =
            samples.iter().map(|sample| sample.expect.outcome.as_str()).collect();
        for outcome in ["written", "duplicate", "superseded", "review", "not a creditor's reply"] {
            assert!(outcomes.contains(outcome), "{outcome}");
        }
        assert!(samples.iter().any(|sample| matches!(sample.input, Input::Legacy { .. })));

        let clients = clients(Path::new(ROOT)).unwrap();
        for expected in samples.iter().filter_map(|sample| sample.expect.entry.as_ref()) {
            let client = clients
                .iter()
                .find(|client| client.get_str("aktenzeichen").unwrap() == expected.client)
                .unwrap();
            let entries = client.get_array("final_creditor_list").unwrap();
            let is_named = |entry: &&mongodb::bson::Bson| {
                entry.as_document().unwrap().get_str("id").unwrap() == expected.entry
            };
            assert_eq!(entries.iter().filter(is_named).count(), 1);
        }
    }
}
