//! Which client a mail is about.

use domain::payload::DebtUpdate;

use super::candidates::{Candidates, compact_reference};
use super::person::{Agreement, PersonName};
use super::reference::Cited;
use super::{Doubt, Mail};

/// The client, and what still has to be confirmed by the creditor's reference.
pub(super) struct FoundClient {
    pub(super) client: usize,
    /// Set if the client stands only together with an exact reference: the code of the doubt
    /// that it would remove.
    pub(super) needs_reference: Option<&'static str>,
}

pub(super) fn find(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    reasons: &mut Vec<String>,
) -> Result<FoundClient, Doubt> {
    let by_number = by_case_number(candidates, mail);
    match by_number {
        Some((level, clients)) => confirm(candidates, mail, level, &clients, reasons),
        None => by_name(candidates, mail, reasons),
    }
}

/// The clients with the mail's Aktenzeichen, at the strictest level that has any.
fn by_case_number(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
) -> Option<(&'static str, Vec<usize>)> {
    if let Some(number) = &mail.case_number {
        let levels = [
            ("exact", candidates.by_exact.get(&number.exact)),
            ("without its label", candidates.by_bare.get(&number.bare)),
            ("but for leading zeros", candidates.by_stripped.get(&number.stripped)),
        ];
        return levels
            .into_iter()
            .find_map(|(level, found)| found.map(|clients| (level, clients.clone())));
    }
    // An extractor may list the office's number among the references only. Then the name must
    // stand in the mail too, since a creditor's own number can look the same.
    let mut among: Vec<usize> = mail
        .references
        .iter()
        .filter_map(|cited| cited.case_number.as_ref())
        .filter_map(|number| candidates.by_exact.get(&number.exact))
        .flatten()
        .copied()
        .collect();
    among.sort_unstable();
    among.dedup();
    among.retain(|at| {
        let name = candidates.prepared[*at].name();
        let agrees = |person: &PersonName| person.agreement(name) >= Agreement::Partly;
        mail.person.as_ref().is_some_and(agrees) || name.stands_in(mail.text())
    });
    (!among.is_empty()).then_some(("among the references", among))
}

/// Holds a client found by Aktenzeichen against the name in the mail.
fn confirm(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    level: &str,
    clients: &[usize],
    reasons: &mut Vec<String>,
) -> Result<FoundClient, Doubt> {
    let agreement = |at: usize| match &mail.person {
        Some(person) => person.agreement(candidates.prepared[at].name()),
        None => Agreement::Unknown,
    };
    let client = match clients {
        [client] => *client,
        several => {
            let named: Vec<usize> =
                several.iter().copied().filter(|at| agreement(*at) == Agreement::Fully).collect();
            let [client] = named[..] else {
                reasons.push(format!("aktenzeichen {level} fits {} clients", several.len()));
                return Err(Doubt::Review("ambiguous_client"));
            };
            client
        }
    };
    reasons.push(format!("client by aktenzeichen {level}"));
    let agreement = agreement(client);
    let name_is_another_clients =
        || namesakes(candidates, mail).iter().any(|other| *other != client);
    let was_renamed = |client: usize| {
        let name = candidates.prepared[client].name();
        mail.person.as_ref().is_some_and(|former| name.was_renamed_from(former, mail.text()))
    };
    match agreement {
        Agreement::Fully => reasons.push("name agrees".to_owned()),
        Agreement::Unknown if mail.person.is_none() => {
            reasons.push("no name in the mail".to_owned());
        }
        Agreement::Unknown => reasons.push("no name in the file".to_owned()),
        Agreement::Partly => reasons.push("name agrees in part".to_owned()),
        Agreement::Misspelt => reasons.push("name nearly agrees".to_owned()),
        Agreement::Contradicts => reasons.push("name disagrees".to_owned()),
    }
    match agreement {
        Agreement::Fully => Ok(FoundClient { client, needs_reference: None }),
        _ if name_is_another_clients() => {
            reasons.push("the name is another client's".to_owned());
            Err(Doubt::Review("aktenzeichen_contradicts_name"))
        }
        Agreement::Unknown | Agreement::Partly => Ok(FoundClient { client, needs_reference: None }),
        Agreement::Misspelt => {
            let needs_reference = Some("aktenzeichen_contradicts_name");
            Ok(FoundClient { client, needs_reference })
        }
        // What was taken for the client's name may be a noun, a clerk or a relative. A number of
        // the creditor must then say that the mail is about this client and nobody else.
        Agreement::Contradicts if candidates.prepared[client].name().stands_in(mail.text()) => {
            reasons.push("the client's own name stands in the text".to_owned());
            let needs_reference = Some("aktenzeichen_contradicts_name");
            Ok(FoundClient { client, needs_reference })
        }
        Agreement::Contradicts if was_renamed(client) => {
            reasons.push("the mail tells the client's former name".to_owned());
            let needs_reference = Some("aktenzeichen_contradicts_name");
            Ok(FoundClient { client, needs_reference })
        }
        Agreement::Contradicts => Err(Doubt::Review("aktenzeichen_contradicts_name")),
    }
}

/// By full name: exactly one, or the only namesake whose file holds the cited reference under
/// this sender.
fn by_name(
    candidates: &Candidates<'_>,
    mail: &Mail<'_>,
    reasons: &mut Vec<String>,
) -> Result<FoundClient, Doubt> {
    if mail.case_number.is_some() {
        reasons.push("aktenzeichen unknown".to_owned());
    }
    let Some(person) = &mail.person else {
        return Err(match mail.case_number {
            Some(_) => Doubt::NotFound("client_not_found"),
            None => Doubt::Review("no_client"),
        });
    };
    let clients = namesakes(candidates, mail);
    let client = match clients[..] {
        [] if person.is_full() || mail.case_number.is_some() => {
            reasons.push("name unknown".to_owned());
            return Err(Doubt::NotFound("client_not_found"));
        }
        [] => {
            reasons.push("a surname alone names nobody".to_owned());
            return Err(Doubt::Review("client_name_incomplete"));
        }
        [client] => client,
        ref several => {
            reasons.push(format!("name fits {} clients", several.len()));
            let holders: Vec<usize> = several
                .iter()
                .copied()
                .filter(|at| holds_reference(candidates, mail, *at))
                .collect();
            let [client] = holders[..] else { return Err(Doubt::Review("ambiguous_client")) };
            reasons.push("client by name and creditor's reference".to_owned());
            return Ok(FoundClient { client, needs_reference: Some("ambiguous_client") });
        }
    };
    reasons.push("client by name".to_owned());
    // An Aktenzeichen that belongs to nobody is either misread or that of a namesake who is not
    // in the database yet.
    let own = &candidates.prepared[client].case_number;
    let needs_reference = match (&mail.case_number, own) {
        (Some(cited), Some(own)) if cited.as_scanned() == own.as_scanned() => {
            reasons.push("aktenzeichen agrees as a scanner reads it".to_owned());
            None
        }
        (Some(_), Some(_)) => Some("aktenzeichen_contradicts_name"),
        _ => None,
    };
    Ok(FoundClient { client, needs_reference })
}

fn namesakes(candidates: &Candidates<'_>, mail: &Mail<'_>) -> Vec<usize> {
    let Some(person) = &mail.person else { return Vec::new() };
    let mut clients: Vec<usize> =
        person.keys().filter_map(|key| candidates.by_name().get(&key)).flatten().copied().collect();
    clients.sort_unstable();
    clients.dedup();
    clients
}

fn holds_reference(candidates: &Candidates<'_>, mail: &Mail<'_>, client: usize) -> bool {
    let Some(sender) = &mail.sender else { return false };
    candidates.prepared[client].entries().iter().any(|entry| {
        entry.may_be_from(sender) && entry.reference.as_ref().is_some_and(|own| mail.cites(own))
    })
}

impl Candidates<'_> {
    /// Whether these clients suffice to say whom a payload means: its Aktenzeichen is here, and
    /// the name, if there is one, is that client's in full.
    pub(crate) fn is_settled_by_case_number(&self, update: &DebtUpdate) -> bool {
        !matches!(self.settled(&Mail::read(update)), Settled::Open)
    }

    /// The cited references by which other clients may still come into play. Those that the one
    /// client of the Aktenzeichen holds say nothing against it, whoever else holds them.
    pub(crate) fn open_references(&self, update: &DebtUpdate) -> Vec<Cited> {
        let mail = Mail::read(update);
        let own = match self.settled(&mail) {
            Settled::One(client) => Some(client),
            Settled::Several | Settled::Open => None,
        };
        let is_open = |cited: &Cited| own.is_none_or(|client| !self.holds(client, cited));
        mail.references.into_iter().filter(is_open).collect()
    }

    fn settled(&self, mail: &Mail<'_>) -> Settled {
        match by_case_number(self, mail).as_ref().map(|(_, clients)| &clients[..]) {
            None => Settled::Open,
            Some([client]) => {
                let name = self.prepared[*client].name();
                let agrees = |person: &PersonName| person.agreement(name) == Agreement::Fully;
                if mail.person.as_ref().is_none_or(agrees) {
                    Settled::One(*client)
                } else {
                    Settled::Open
                }
            }
            Some(_) => Settled::Several,
        }
    }

    /// Whether a number is the client's own or that of one of its entries.
    fn holds(&self, client: usize, cited: &Cited) -> bool {
        let own = self.prepared[client].case_number.as_ref();
        let is_own = cited
            .case_number
            .as_ref()
            .zip(own)
            .is_some_and(|(cited, own)| cited.stripped == own.stripped);
        let entries = &self.clients()[client].creditors;
        is_own
            || entries.iter().any(|entry| compact_reference(entry).as_ref() == Some(&cited.compact))
    }
}

/// What an Aktenzeichen, with the name beside it, says of a client.
enum Settled {
    One(usize),
    /// More names or numbers would not tell them apart.
    Several,
    Open,
}
