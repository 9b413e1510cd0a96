//! The bulk write and the reading of its answer.

use std::collections::HashMap;
use std::ops::Range;

use bson::{Bson, Document, RawArrayBuf, RawDocumentBuf, doc, rawdoc};

use super::error::classify_code;
use super::statement::statement;
use super::{COLLECTION, ClientStore, ErrorClass, StoreError};
use crate::document::{ClientDocument, SyncState};
use crate::identity::bson_key;
use crate::plan::{OutcomeKind, PlannedWrite, admit_amount};

const ACTION: &str = "write to clients";

const REFUSED: &str = "mongodb_refused_the_write";

/// A command is one BSON document of at most 16 MiB; the rest is for its envelope.
const COMMAND_BYTES: usize = 15 * 1024 * 1024;

/// What an array adds to each element: a type byte, its index as text, a zero.
const ELEMENT_BYTES: usize = 16;

impl ClientStore {
    /// Applies the writes in one unordered `update` command (in several if one would exceed 16
    /// MiB) and says of each what became of it, in their order.
    ///
    /// An error of infrastructure concerns the whole batch: nothing is known about any of its
    /// writes, and applying all of them again is harmless. A statement that MongoDB refuses for
    /// its own sake ends as [`OutcomeKind::Failed`] and does not touch the others.
    pub async fn apply(&self, writes: &[PlannedWrite]) -> Result<Vec<OutcomeKind>, StoreError> {
        let mut outcomes = vec![None; writes.len()];
        let mut statements = Vec::with_capacity(writes.len());
        for (write, outcome) in writes.iter().zip(&mut outcomes) {
            match statement(write) {
                Ok(statement) if statement.as_bytes().len() <= COMMAND_BYTES => {
                    statements.push(statement);
                }
                // Keeps the place of the one that cannot be sent.
                _ => {
                    *outcome = Some(OutcomeKind::Failed("too_large"));
                    statements.push(RawDocumentBuf::new());
                }
            }
        }
        for chunk in chunks(&statements) {
            self.apply_chunk(&statements, chunk, &mut outcomes).await?;
        }
        self.read_back(writes, &mut outcomes).await?;
        Ok(outcomes.into_iter().map(|o| o.expect("read back gives one to each")).collect())
    }

    /// Sends those statements of the range that have no outcome yet, and gives them one if the
    /// answer says it.
    ///
    /// Should MongoDB refuse the command as a whole, the halves are sent apart, so that one
    /// statement that it cannot even read does not hold up the rest for ever.
    async fn apply_chunk(
        &self,
        statements: &[RawDocumentBuf],
        chunk: Range<usize>,
        outcomes: &mut [Option<OutcomeKind>],
    ) -> Result<(), StoreError> {
        let mut parts: Vec<Vec<usize>> = vec![chunk.filter(|at| outcomes[*at].is_none()).collect()];
        while let Some(part) = parts.pop() {
            match self.send(statements, &part).await {
                Ok(answer) => read_answer(&answer, &part, outcomes)?,
                Err(error) if error.is_infrastructure() => return Err(error),
                Err(_) => match part[..] {
                    [at] => outcomes[at] = Some(OutcomeKind::Failed(REFUSED)),
                    _ => {
                        let (left, right) = part.split_at(part.len() / 2);
                        parts.extend([left.to_vec(), right.to_vec()]);
                    }
                },
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        statements: &[RawDocumentBuf],
        part: &[usize],
    ) -> Result<Document, StoreError> {
        if part.is_empty() {
            return Ok(doc! { "nModified": 0 });
        }
        let updates: RawArrayBuf = part.iter().map(|at| statements[*at].as_ref()).collect();
        let timeout_ms = i64::try_from(self.settings.timeout.as_millis()).unwrap_or(i64::MAX);
        let command = rawdoc! {
            "update": COLLECTION,
            "updates": updates,
            "ordered": false,
            "maxTimeMS": timeout_ms,
            "writeConcern": { "w": "majority", "wtimeout": timeout_ms },
        };
        self.in_time(ACTION, self.database.run_raw_command(command)).await
    }

    /// Decides, by what the documents hold now, about the writes that the counts left open.
    async fn read_back(
        &self,
        writes: &[PlannedWrite],
        outcomes: &mut [Option<OutcomeKind>],
    ) -> Result<(), StoreError> {
        let open: Vec<usize> = (0..writes.len()).filter(|at| outcomes[*at].is_none()).collect();
        if open.is_empty() {
            return Ok(());
        }
        let mut ids: Vec<Bson> =
            open.iter().map(|at| writes[*at].target.client_id.clone()).collect();
        ids.dedup();
        let clients: HashMap<String, ClientDocument> = self
            .find_by_ids(&ids)
            .await?
            .into_iter()
            .map(|client| (bson_key(&client.id), client))
            .collect();
        for at in open {
            let client = clients.get(&bson_key(&writes[at].target.client_id));
            outcomes[at] = Some(decide_after(&writes[at], client));
        }
        Ok(())
    }
}

/// Reads counts and errors: `part` says which statements were sent, in their order.
fn read_answer(
    answer: &Document,
    part: &[usize],
    outcomes: &mut [Option<OutcomeKind>],
) -> Result<(), StoreError> {
    if let Ok(concern) = answer.get_document("writeConcernError") {
        return Err(StoreError::write_concern(ACTION, code_of(concern), name_of(concern)));
    }
    for error in write_errors(answer) {
        let code = code_of(error);
        if classify_code(code) == ErrorClass::Infrastructure {
            return Err(StoreError::code(ACTION, code, name_of(error)));
        }
        let index = error.get("index").and_then(whole_number);
        let at = index
            .and_then(|index| part.get(usize::try_from(index).ok()?))
            .ok_or_else(|| StoreError::unreadable(ACTION))?;
        outcomes[*at] = Some(OutcomeKind::Failed(failure(code)));
    }
    let modified = answer
        .get("nModified")
        .and_then(whole_number)
        .ok_or_else(|| StoreError::unreadable(ACTION))?;
    let unanswered: Vec<usize> =
        part.iter().copied().filter(|at| outcomes[*at].is_none()).collect();
    // Each statement modifies one document or none, so that the sum is enough when it is full.
    if usize::try_from(modified) == Ok(unanswered.len()) {
        for at in unanswered {
            outcomes[at] = Some(OutcomeKind::Applied);
        }
    }
    Ok(())
}

/// What became of a write, by the document as it is after the command.
fn decide_after(write: &PlannedWrite, client: Option<&ClientDocument>) -> OutcomeKind {
    let Some(client) = client else { return OutcomeKind::TryAgain("client_gone") };
    let Some(entry) = client.entry(&write.target.identity) else {
        return OutcomeKind::TryAgain("entry_moved");
    };
    if let SyncState::Marked(mark) = &entry.sync
        && mark.fence == write.fence
        && mark.outbox_id == Some(write.outbox_id)
    {
        return OutcomeKind::Applied;
    }
    let admitted = admit_amount(write.fence, write.operation, write.amount, entry, write.guard);
    match admitted {
        Err(kind) => kind,
        // It changed and changed back, or the list was no array for a moment.
        Ok(()) => OutcomeKind::TryAgain("entry_changed"),
    }
}

/// Ranges of statements that fit one command each.
fn chunks(statements: &[RawDocumentBuf]) -> Vec<Range<usize>> {
    let mut chunks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, statement) in statements.iter().enumerate() {
        let size = statement.as_bytes().len() + ELEMENT_BYTES;
        if bytes + size > COMMAND_BYTES && at > start {
            chunks.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    chunks.push(start..statements.len());
    chunks
}

fn write_errors(answer: &Document) -> impl Iterator<Item = &Document> {
    answer.get_array("writeErrors").into_iter().flatten().filter_map(Bson::as_document)
}

fn code_of(error: &Document) -> i32 {
    let code = error.get("code").and_then(whole_number).unwrap_or_default();
    i32::try_from(code).unwrap_or_default()
}

fn name_of(error: &Document) -> String {
    error.get_str("codeName").unwrap_or_default().to_owned()
}

/// The reason of a refused statement, by the server's code.
fn failure(code: i32) -> &'static str {
    match code {
        121 => "document_validation",
        10334 | 17419 | 17420 => "document_too_large",
        _ => REFUSED,
    }
}

fn whole_number(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) => Some(*number as i64),
        _ => None,
    }
}
