//! What a comparison can find.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// How Postgres and MongoDB can differ. The names are those of the reports and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// The client or the entry of a synced mail is gone.
    MissingInMongo,
    /// A field of the entry is not what the mail's message wrote.
    DataMismatch,
    /// An entry shows a creditor's response, and no mail is behind it.
    ExtraInMongo,
    /// A person chose the amount. Reported, never repaired over.
    ManualOverride,
    /// A mail has stood between two statuses for over an hour.
    Stalled,
}

impl MismatchKind {
    pub const ALL: [MismatchKind; 5] = [
        MismatchKind::MissingInMongo,
        MismatchKind::DataMismatch,
        MismatchKind::ExtraInMongo,
        MismatchKind::ManualOverride,
        MismatchKind::Stalled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            MismatchKind::MissingInMongo => "missing_in_mongo",
            MismatchKind::DataMismatch => "data_mismatch",
            MismatchKind::ExtraInMongo => "extra_in_mongo",
            MismatchKind::ManualOverride => "manual_override",
            MismatchKind::Stalled => "stalled",
        }
    }

    /// Whether it is about what a target shows, and counts for the guard against mass repair.
    pub const fn is_about_a_target(self) -> bool {
        matches!(self, Self::MissingInMongo | Self::DataMismatch | Self::ManualOverride)
    }
}

/// One difference, confirmed by a second read. Holds ids, statuses and amounts, and no mail text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    #[serde(rename = "type")]
    pub kind: MismatchKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_id: Option<i32>,
    /// The newest outbox message of the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbox_id: Option<i64>,
    /// The portal's `_id`, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The entry's `id`, or how many of its fields name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The document's field, or the mail's.
    pub field: &'static str,
    pub expected: Option<String>,
    pub found: Option<String>,
    /// Why, as a code.
    pub reason: &'static str,
    /// A repair by the relay's code path would be safe.
    pub repairable: bool,
    pub repaired: bool,
    /// What became of the repair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

/// The most findings that a report lists; it counts all.
pub const MOST_LISTED: usize = 1_000;

/// Counted all, listed some.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub by_kind: BTreeMap<MismatchKind, u64>,
    pub listed: Vec<Finding>,
    /// Mails whose repair is safe, listed or not.
    pub repairable: Vec<i32>,
}

impl Findings {
    pub fn add(&mut self, finding: Finding) {
        *self.by_kind.entry(finding.kind).or_default() += 1;
        if finding.repairable {
            self.repairable.extend(finding.email_id);
        }
        if self.listed.len() < MOST_LISTED {
            self.listed.push(finding);
        }
    }

    /// Counts findings that no report would list.
    pub fn add_unlisted(&mut self, kind: MismatchKind, count: u64) {
        *self.by_kind.entry(kind).or_default() += count;
    }

    /// As the reports have it: all counted by type, some listed.
    pub fn to_json(&self) -> serde_json::Map<String, Value> {
        let by_type: serde_json::Map<String, Value> = MismatchKind::ALL
            .into_iter()
            .map(|kind| (kind.as_str().to_owned(), json!(self.count(kind))))
            .collect();
        serde_json::Map::from_iter([
            ("by_type".to_owned(), Value::Object(by_type)),
            ("mismatches_total".to_owned(), json!(self.total())),
            ("mismatches_listed".to_owned(), json!(self.listed.len())),
            ("mismatches".to_owned(), json!(self.listed)),
        ])
    }

    pub fn total(&self) -> u64 {
        self.by_kind.values().sum()
    }

    pub fn count(&self, kind: MismatchKind) -> u64 {
        self.by_kind.get(&kind).copied().unwrap_or_default()
    }

    /// How many targets do not show what they should.
    pub fn differing_targets(&self) -> u64 {
        MismatchKind::ALL
            .into_iter()
            .filter(|kind| kind.is_about_a_target())
            .map(|kind| self.count(kind))
            .sum()
    }
}
