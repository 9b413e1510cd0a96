//! Which entry of a client a mail is about.

use super::candidates::{Candidates, PreparedEntry};
use super::evidence::{REFERENCE_AGREES, TOLD_APART_BY_NAME, TOLD_APART_BY_REFERENCE};
use super::organisation::Organisation;
use super::sender::Address;
use super::{Doubt, Mail};

/// The entry, and how sure its number makes it.
pub(super) struct FoundEntry {
    pub(super) entry: usize,
    pub(super) by_reference: bool,
}

pub(super) fn find(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    client: usize,
    reasons: &mut Vec<String>,
) -> Result<FoundEntry, Doubt> {
    let entries = candidates.prepared[client].entries();
    let Some(sender) = &mail.sender else {
        reasons.push("no sender address".to_owned());
        return Err(Doubt::Review("unknown_sender"));
    };
    let of_sender = entries_of(entries, sender, reasons);
    if of_sender.is_empty() {
        return Err(Doubt::Review(refuse_sender(candidates, entries, sender, reasons)));
    }
    let by_reference = by_reference(entries, mail, &of_sender);
    match (&of_sender[..], &by_reference[..]) {
        ([entry], _) => {
            if !by_reference.is_empty() {
                reasons.push(REFERENCE_AGREES.to_owned());
            }
            Ok(FoundEntry { entry: *entry, by_reference: !by_reference.is_empty() })
        }
        (_, [entry]) => {
            reasons.push(TOLD_APART_BY_REFERENCE.to_owned());
            Ok(FoundEntry { entry: *entry, by_reference: true })
        }
        (_, []) => {
            let entry = by_creditor_name(entries, mail, &of_sender).ok_or_else(|| {
                reasons.push(format!("{} entries of this sender", of_sender.len()));
                Doubt::Review("ambiguous_creditor")
            })?;
            reasons.push(TOLD_APART_BY_NAME.to_owned());
            Ok(FoundEntry { entry, by_reference: false })
        }
        (_, several) => {
            reasons.push(format!("references of {} entries", several.len()));
            Err(Doubt::Review("ambiguous_creditor"))
        }
    }
}

/// The entries whose number the mail cites. The text is asked only where no cited number is any
/// entry's: what the extractor left out, because the mail sets it aside, stands there too.
fn by_reference(entries: &[PreparedEntry<'_>], mail: &Mail<'_>, of_sender: &[usize]) -> Vec<usize> {
    let with = |holds: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let fits = |at: &usize| entries[*at].reference.as_deref().is_some_and(holds);
        of_sender.iter().copied().filter(fits).collect()
    };
    let cited = with(&|own| mail.cites(own));
    if cited.is_empty() { with(&|own| mail.writes_out(own)) } else { cited }
}

/// By exact address, else by organisation.
fn entries_of(
    entries: &[PreparedEntry<'_>],
    sender: &Address,
    reasons: &mut Vec<String>,
) -> Vec<usize> {
    let positions = |fits: &dyn Fn(&PreparedEntry<'_>) -> bool| -> Vec<usize> {
        entries.iter().enumerate().filter(|(_, entry)| fits(entry)).map(|(at, _)| at).collect()
    };
    let exact = positions(&|entry| entry.has_address(sender));
    if !exact.is_empty() {
        reasons.push("creditor by e-mail".to_owned());
        return exact;
    }
    let by_domain = positions(&|entry| entry.has_organisation(sender));
    if !by_domain.is_empty() {
        reasons.push("creditor by domain".to_owned());
    }
    by_domain
}

/// Why a sender that fits no entry is refused.
fn refuse_sender(
    candidates: &Candidates<'_>,
    entries: &[PreparedEntry<'_>],
    sender: &Address,
    reasons: &mut Vec<String>,
) -> &'static str {
    let imitated =
        |entry: &PreparedEntry<'_>| entry.addresses.iter().any(|own| sender.imitates(own));
    if entries.iter().any(imitated) {
        reasons.push("the sender's domain imitates a creditor's".to_owned());
        return "lookalike_sender";
    }
    let known_elsewhere = candidates
        .prepared
        .iter()
        .flat_map(|client| client.entries())
        .any(|entry| entry.may_be_from(sender));
    if known_elsewhere {
        reasons.push("the sender is a creditor of other clients only".to_owned());
        return "sender_of_other_clients";
    }
    reasons.push("the sender fits no entry of this client".to_owned());
    "unknown_sender"
}

/// The one entry whose creditor the mail names, in the extracted field or else in its text.
fn by_creditor_name(
    entries: &[PreparedEntry<'_>],
    mail: &Mail<'_>,
    of_sender: &[usize],
) -> Option<usize> {
    let only = |found: Vec<usize>| match found[..] {
        [entry] => Some(entry),
        _ => None,
    };
    let named: Vec<usize> = match &mail.update.creditor_name {
        Some(name) => {
            let name = Organisation::read(Some(name));
            let is_named = |at: &usize| {
                entries[*at]
                    .creditor
                    .as_ref()
                    .is_some_and(|creditor| creditor.folded().agrees(&name))
            };
            of_sender.iter().copied().filter(is_named).collect()
        }
        None => Vec::new(),
    };
    if !named.is_empty() {
        return only(named);
    }
    let in_text = |at: &usize| {
        let creditor = entries[*at].creditor.as_ref();
        creditor.is_some_and(|creditor| creditor.folded().is_named_in(mail.text()))
    };
    only(of_sender.iter().copied().filter(in_text).collect())
}
