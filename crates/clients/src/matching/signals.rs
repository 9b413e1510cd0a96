//! Whether anything in the mail points at another entry or another client.

use super::candidates::Candidates;
use super::client::FoundClient;
use super::creditor::FoundEntry;
use super::organisation::Organisation;
use super::reference::{Cited, same_make};
use super::{Doubt, Mail};

pub(super) fn check(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    client: &FoundClient,
    entry: &FoundEntry,
    reasons: &mut Vec<String>,
) -> Result<(), Doubt> {
    let code = pointing_elsewhere(candidates, mail, client.client, entry)
        .or(client.needs_reference.filter(|_| !entry.by_reference));
    match code {
        None => Ok(()),
        Some(code) => {
            reasons.push(explain(code).to_owned());
            Err(Doubt::Review(code))
        }
    }
}

fn pointing_elsewhere(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    client: usize,
    found: &FoundEntry,
) -> Option<&'static str> {
    let prepared = &candidates.prepared[client];
    let entry = &prepared.entries()[found.entry];
    let is_own = |cited: &&Cited| {
        let is_clients = cited
            .case_number
            .as_ref()
            .zip(prepared.case_number.as_ref())
            .is_some_and(|(cited, own)| cited.stripped == own.stripped);
        is_clients || entry.reference.as_ref() == Some(&cited.compact)
    };
    for cited in mail.references.iter().filter(|cited| !is_own(cited)) {
        let holders = candidates.by_reference().get(&cited.compact);
        let holders = holders.map(Vec::as_slice).unwrap_or_default();
        if holders.iter().any(|(holder, at)| *holder == client && *at != found.entry) {
            return Some("reference_of_other_entry");
        }
        if !holders.is_empty() {
            return Some("reference_of_other_client");
        }
        let names_another_client = cited
            .case_number
            .as_ref()
            .and_then(|number| candidates.by_exact.get(&number.exact))
            .is_some_and(|clients| clients.iter().any(|other| *other != client));
        if names_another_client {
            return Some("aktenzeichen_of_other_client");
        }
        let own = entry.reference.as_deref();
        let is_rival = match own.and_then(|own| mail.citation_of(own)) {
            // Beside the entry's own number another one must be spelled like it too: a ticket can
            // have as many digits as an account.
            Some(own) => own.is_spelled_like(cited),
            None => !found.by_reference && own.is_some_and(|own| same_make(own, &cited.compact)),
        };
        if is_rival {
            return Some("unknown_reference");
        }
    }
    if written_out_elsewhere(candidates, mail, client, found) {
        return Some("reference_of_other_entry");
    }
    if entry.reference.as_deref().is_some_and(|own| mail.writes_rival_of(own)) {
        return Some("unknown_reference");
    }
    name_elsewhere(candidates, mail, client, found)
}

/// Whether the text has the number of another entry of this client and sender, and not this
/// entry's: no extractor knows all the forms that creditors give their numbers. Other clients are
/// not asked, since those at hand depend on what else is matched with this mail.
fn written_out_elsewhere(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    client: usize,
    found: &FoundEntry,
) -> bool {
    let Some(sender) = mail.sender.as_ref().filter(|_| !found.by_reference) else { return false };
    let entries = candidates.prepared[client].entries();
    let own = entries[found.entry].reference.as_deref();
    entries
        .iter()
        .filter(|entry| entry.may_be_from(sender) && entry.reference.as_deref() != own)
        .any(|entry| entry.reference.as_deref().is_some_and(|number| mail.writes_out(number)))
}

/// Whether the creditor's name in the mail is that of another entry, or of a principal that the
/// agency's entry does not act for.
fn name_elsewhere(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    client: usize,
    found: &FoundEntry,
) -> Option<&'static str> {
    let name = Organisation::read(Some(mail.update.creditor_name.as_deref()?));
    let entries = candidates.prepared[client].entries();
    let entry = &entries[found.entry];
    if entry.is_called(&name) {
        return None;
    }
    let is_another =
        entries.iter().enumerate().any(|(at, other)| at != found.entry && other.is_called(&name));
    if is_another {
        return Some("creditor_name_of_other_entry");
    }
    let acts_for_another = entry.creditor.is_some() && !found.by_reference;
    acts_for_another.then_some("unknown_creditor_name")
}

fn explain(code: &str) -> &'static str {
    match code {
        "reference_of_other_entry" => "a cited reference belongs to another entry",
        "reference_of_other_client" => "a cited reference belongs to another client",
        "aktenzeichen_of_other_client" => "a cited number is another client's aktenzeichen",
        "unknown_reference" => "the sender cites a number of its own that the file does not have",
        "creditor_name_of_other_entry" => "the creditor's name is that of another entry",
        "unknown_creditor_name" => "the agency acts for a creditor that the entry does not name",
        _ => "no reference of the creditor confirms the client",
    }
}
