//! From a batch of messages to the writes that carry it out: pure.
//!
//! Messages for one entry are put in order first. Only the newest that the guard lets through is
//! written, and the older ones follow its fate: they are superseded if it is.

use std::collections::HashMap;

use bson::Bson;
use domain::fence::Fence;
use domain::money::Money;
use domain::payload::DebtUpdate;

use crate::document::{ClientDocument, CreditorEntry, DecidedOn, EntryIdentity};
use crate::fence::{Operation, Standing, standing};
use crate::guard::{self, GuardSettings};
use crate::identity::bson_key;
use crate::matching::{Candidates, MatchDecision};

/// One outbox row, read.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub outbox_id: i64,
    /// The payload's `received_at` (the e-mail's own in the older form) and the e-mail's id.
    pub fence: Fence,
    pub operation: Operation,
    pub update: &'a DebtUpdate,
}

/// What became of a message, why, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub kind: OutcomeKind,
    /// Readable, without amounts and mail text; stored with the row.
    pub reasons: Vec<String>,
    /// The entry that was found, as it was before.
    pub target: Option<Box<Target>>,
}

/// What became of a message. The codes fit behind `review:` and `failed:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Written now, acknowledged by a majority.
    Applied,
    /// The entry shows this mail already.
    AlreadyApplied,
    /// The entry shows a newer mail, or another message of the batch was newer.
    Superseded,
    /// The client is not there yet: retry with back-off.
    NotFound(&'static str),
    /// The entry changed between read and write, or the message waits for another one that could
    /// not be written: try again soon.
    TryAgain(&'static str),
    /// A person must decide.
    Review(&'static str),
    /// MongoDB refuses this write and always will.
    Failed(&'static str),
}

/// The entry that a message is for, as it was read before the write.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub client_id: Bson,
    pub client_name: String,
    pub aktenzeichen: Option<String>,
    pub identity: EntryIdentity,
    /// Sender's name, with the creditor that it acts for.
    pub creditor_name: String,
    pub ticket_id: Option<String>,
    pub amount_before: Option<Money>,
    pub claim_amount: Option<Money>,
    /// What the entry held when it was read; the write happens only if it still does.
    pub(crate) decided_on: DecidedOn,
    /// The row whose write the entry showed. With [`OutcomeKind::AlreadyApplied`] and the
    /// message's own row here, an earlier attempt wrote it and could not record that: what
    /// follows a write is still to be done.
    pub shown_outbox_id: Option<i64>,
}

/// One statement of the bulk write.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedWrite {
    pub outbox_id: i64,
    pub fence: Fence,
    pub operation: Operation,
    pub guard: GuardSettings,
    pub amount: Money,
    pub response_text: Option<String>,
    pub reference_numbers: Vec<String>,
    pub extraction_confidence: Option<f64>,
    pub target: Target,
}

/// The writes of a batch, and how each message depends on them.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub writes: Vec<PlannedWrite>,
    verdicts: Vec<Verdict>,
}

#[derive(Clone, Debug)]
enum Verdict {
    Settled(Outcome),
    Write {
        write: usize,
        reasons: Vec<String>,
    },
    /// Ends as `after` once the write has put a version at least as new in place.
    Follow {
        write: usize,
        after: OutcomeKind,
        reasons: Vec<String>,
    },
}

/// Matches and guards a batch.
pub fn plan(messages: &[Message<'_>], clients: &[ClientDocument], guard: GuardSettings) -> Plan {
    let candidates = Candidates::new(clients);
    let mut verdicts: Vec<Option<Verdict>> = vec![None; messages.len()];
    let mut by_entry: HashMap<(String, String), Vec<Matched<'_>>> = HashMap::new();
    for (position, message) in messages.iter().enumerate() {
        match candidates.match_update(message.update) {
            MatchDecision::Matched(found) => {
                let client = &clients[found.client];
                let entry = &client.creditors[found.entry];
                by_entry.entry((bson_key(&client.id), found.identity.key())).or_default().push(
                    Matched {
                        position,
                        client,
                        entry,
                        identity: found.identity,
                        reasons: found.reasons,
                    },
                );
            }
            MatchDecision::NotFound(refusal) => {
                let kind = OutcomeKind::NotFound(refusal.code);
                verdicts[position] = Some(settled(kind, refusal.reasons, None));
            }
            MatchDecision::Review(refusal) => {
                let kind = OutcomeKind::Review(refusal.code);
                verdicts[position] = Some(settled(kind, refusal.reasons, None));
            }
        }
    }
    let mut writes = Vec::new();
    for mut matched in by_entry.into_values() {
        // Newest first; for one mail the repair first, since it may replace what it wrote.
        matched.sort_by_key(|matched| {
            let message = &messages[matched.position];
            std::cmp::Reverse((message.fence, message.operation == Operation::Repair))
        });
        let mut newest: Option<(usize, Fence)> = None;
        for matched in matched {
            let message = &messages[matched.position];
            let verdict = match newest {
                Some((write, fence)) => Verdict::Follow {
                    write,
                    after: if message.fence == fence {
                        OutcomeKind::AlreadyApplied
                    } else {
                        OutcomeKind::Superseded
                    },
                    reasons: matched.reasons,
                },
                None => match admit(message, matched.entry, guard) {
                    Err(kind) => {
                        let target = matched.target();
                        settled(kind, matched.reasons, Some(target))
                    }
                    Ok(()) => {
                        newest = Some((writes.len(), message.fence));
                        writes.push(matched.write(message, guard));
                        Verdict::Write { write: writes.len() - 1, reasons: matched.reasons }
                    }
                },
            };
            verdicts[matched.position] = Some(verdict);
        }
    }
    let verdicts = verdicts.into_iter().map(|v| v.expect("each message was given one")).collect();
    Plan { writes, verdicts }
}

impl Plan {
    /// The outcome of each message, in their order, from the outcome of each write.
    ///
    /// A message that gave way to a newer one is superseded only if that one arrived; else it has
    /// its own turn in a later batch.
    pub fn settle(self, write_outcomes: &[OutcomeKind]) -> Vec<Outcome> {
        let Plan { writes, verdicts } = self;
        verdicts
            .into_iter()
            .map(|verdict| match verdict {
                Verdict::Settled(outcome) => outcome,
                Verdict::Write { write, reasons } => Outcome {
                    kind: write_outcomes[write],
                    reasons,
                    target: Some(Box::new(writes[write].target.clone())),
                },
                Verdict::Follow { write, after, reasons } => Outcome {
                    kind: match write_outcomes[write] {
                        OutcomeKind::Applied | OutcomeKind::AlreadyApplied => after,
                        OutcomeKind::Superseded => OutcomeKind::Superseded,
                        _ => OutcomeKind::TryAgain("newer_message_not_written"),
                    },
                    reasons,
                    target: Some(Box::new(writes[write].target.clone())),
                },
            })
            .collect()
    }
}

/// Whether a message may be written over what the entry shows: fence first, then the guard. The
/// same conditions stand in the update itself, for what changes after this read.
pub fn admit(
    message: &Message<'_>,
    entry: &CreditorEntry,
    guard: GuardSettings,
) -> Result<(), OutcomeKind> {
    admit_amount(message.fence, message.operation, message.update.new_debt_amount, entry, guard)
}

pub(crate) fn admit_amount(
    fence: Fence,
    operation: Operation,
    amount: Money,
    entry: &CreditorEntry,
    guard: GuardSettings,
) -> Result<(), OutcomeKind> {
    match standing(&entry.sync, fence, operation) {
        Standing::Applies => {}
        Standing::AlreadyApplied => return Err(OutcomeKind::AlreadyApplied),
        Standing::Superseded => return Err(OutcomeKind::Superseded),
        Standing::Unreadable => return Err(OutcomeKind::Review("fence_unreadable")),
    }
    if operation == Operation::Repair
        && (guard::is_set_by_a_person(entry) || !guard::is_replaceable(entry, amount))
    {
        return Err(OutcomeKind::Review("manual_override"));
    }
    let own_version = entry.sync.mark().is_some_and(|mark| mark.fence == fence);
    let checked = if own_version {
        guard::check_own_version(entry, amount, guard)
    } else {
        guard::check(entry, amount, guard)
    };
    checked.map_err(|refusal| OutcomeKind::Review(refusal.code()))
}

/// A message with the entry that it is for.
struct Matched<'a> {
    position: usize,
    client: &'a ClientDocument,
    entry: &'a CreditorEntry,
    identity: EntryIdentity,
    reasons: Vec<String>,
}

impl Matched<'_> {
    fn target(&self) -> Target {
        Target::new(self.client, self.entry, self.identity.clone())
    }

    fn write(&self, message: &Message<'_>, guard: GuardSettings) -> PlannedWrite {
        let update = message.update;
        PlannedWrite {
            outbox_id: message.outbox_id,
            fence: message.fence,
            operation: message.operation,
            guard,
            amount: update.new_debt_amount,
            response_text: update.response_text.clone(),
            reference_numbers: update.reference_numbers.clone(),
            extraction_confidence: update.extraction_confidence,
            target: self.target(),
        }
    }
}

impl Target {
    pub fn new(client: &ClientDocument, entry: &CreditorEntry, identity: EntryIdentity) -> Self {
        let names = [entry.sender_name.as_deref(), entry.creditor_name.as_deref()];
        Self {
            client_id: client.id.clone(),
            client_name: client.full_name(),
            aktenzeichen: client.aktenzeichen.clone(),
            identity,
            creditor_name: names.into_iter().flatten().collect::<Vec<_>>().join(" / "),
            ticket_id: entry.ticket_id.clone(),
            amount_before: entry.current_debt_amount.money().or(entry.claim_amount.money()),
            claim_amount: entry.claim_amount.money(),
            decided_on: entry.decided_on.clone(),
            shown_outbox_id: entry.sync.mark().and_then(|mark| mark.outbox_id),
        }
    }
}

fn settled(kind: OutcomeKind, reasons: Vec<String>, target: Option<Target>) -> Verdict {
    Verdict::Settled(Outcome { kind, reasons, target: target.map(Box::new) })
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use chrono::{DateTime, Utc};

    use super::*;

    fn clients() -> Vec<ClientDocument> {
        let client = doc! {
            "_id": 1, "aktenzeichen": "1/26", "firstName": "Max", "lastName": "Muster",
            "final_creditor_list": [{
                "id": "a", "sender_email": "a@bank.example", "sender_name": "Bank",
                "creditor_name": "Laden", "claim_amount": 100, "main_zendesk_ticket_id": "48102",
            }],
        };
        vec![ClientDocument::from_bson(&client)]
    }

    fn update(amount: i64) -> DebtUpdate {
        DebtUpdate {
            version: 1,
            client_name: None,
            client_aktenzeichen: Some("1/26".to_owned()),
            creditor_email: "a@bank.example".to_owned(),
            creditor_name: None,
            new_debt_amount: Money::from_cents(amount),
            response_text: None,
            reference_numbers: vec![],
            extraction_confidence: None,
            received_at: None,
        }
    }

    fn message(update: &DebtUpdate, seconds: i64, operation: Operation) -> Message<'_> {
        let received_at: DateTime<Utc> = DateTime::from_timestamp(seconds, 0).unwrap();
        Message { outbox_id: seconds, fence: Fence::new(received_at, 1), operation, update }
    }

    #[test]
    fn older_messages_share_the_fate_of_the_newest() {
        let update = update(5_000);
        let messages = [3, 1, 2].map(|at| message(&update, at, Operation::Update));
        for (written, expected) in [
            (OutcomeKind::Applied, OutcomeKind::Superseded),
            (OutcomeKind::AlreadyApplied, OutcomeKind::Superseded),
            (OutcomeKind::Superseded, OutcomeKind::Superseded),
            (OutcomeKind::Failed("x"), OutcomeKind::TryAgain("newer_message_not_written")),
            (OutcomeKind::Review("x"), OutcomeKind::TryAgain("newer_message_not_written")),
            (OutcomeKind::TryAgain("x"), OutcomeKind::TryAgain("newer_message_not_written")),
        ] {
            let plan = plan(&messages, &clients(), GuardSettings::default());
            assert_eq!(plan.writes.len(), 1);
            assert_eq!(plan.writes[0].outbox_id, 3);
            let kinds: Vec<_> = plan.settle(&[written]).into_iter().map(|o| o.kind).collect();
            assert_eq!(kinds, [written, expected, expected]);
        }
    }

    #[test]
    fn for_one_mail_the_repair_goes_first() {
        let update = update(5_000);
        let messages =
            [Operation::Update, Operation::Repair].map(|operation| message(&update, 1, operation));
        let plan = plan(&messages, &clients(), GuardSettings::default());
        assert_eq!(plan.writes[0].operation, Operation::Repair);
        let kinds: Vec<_> =
            plan.settle(&[OutcomeKind::Applied]).into_iter().map(|o| o.kind).collect();
        assert_eq!(kinds, [OutcomeKind::AlreadyApplied, OutcomeKind::Applied]);
    }

    #[test]
    fn the_outcome_tells_where_and_what_stood_there_before() {
        let update = update(5_000);
        let plan =
            plan(&[message(&update, 1, Operation::Update)], &clients(), GuardSettings::default());
        let outcome = plan.settle(&[OutcomeKind::Applied]).remove(0);
        let target = outcome.target.unwrap();
        assert_eq!(target.client_name, "Max Muster");
        assert_eq!(target.creditor_name, "Bank / Laden");
        assert_eq!(target.ticket_id.as_deref(), Some("48102"));
        assert_eq!(target.amount_before, Some(Money::from_cents(10_000)));
        assert!(outcome.reasons.contains(&"client by aktenzeichen exact".to_owned()));
    }
}
