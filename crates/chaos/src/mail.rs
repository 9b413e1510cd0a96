//! The mails of the generator: what they say, and what must become of each.

use serde::Serialize;
use serde_json::{Value, json};

use crate::office::Office;

/// The date of rank 0, in seconds before the run began. Later ranks are younger.
const OLDEST_SECS: i64 = 30 * 3600;
/// Between the dates of two ranks.
const RANK_SECS: i64 = 120;

/// One mail of the plan. Its number is its ticket, which tells it from all others everywhere.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mail {
    pub(crate) number: usize,
    /// Milliseconds after the begin of the run.
    pub(crate) at_ms: u64,
    pub(crate) kind: MailKind,
    pub(crate) form: Form,
    /// Without one the services know a mail again by its content.
    pub(crate) has_webhook_id: bool,
    /// Who gets it first; a redelivery goes to the next.
    pub(crate) ingest: usize,
    /// Sent again after so many milliseconds each, though it was answered.
    pub(crate) copies_after_ms: Vec<u64>,
    /// How often it is sent if no answer is final; then the sender gives up.
    pub(crate) tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum MailKind {
    /// States an amount for a target; of a greater rank, a later date and a higher amount.
    Statement { target: usize, rank: u32 },
    /// Confirms the claim and names no amount: a person must look.
    NoAmount { target: usize },
    /// Out of office.
    AutoReply { target: usize },
    /// Two clients bear the name, and nothing else is said.
    Ambiguous { pair: usize },
    /// A right client, and a sender who is none of the client's creditors.
    UnknownSender { client: usize },
    /// A client whom the portal does not know (yet).
    UnknownClient,
    /// A body that nobody can read; answered 400.
    Malformed { form: MalformedBody },
    /// Signed with another secret; answered 401.
    BadSignature { target: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum MalformedBody {
    NotJson,
    NoTicket,
    NoSender,
}

/// How a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Form {
    Text,
    Html,
    Instalments,
}

/// What must become of a mail that ingest has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Written into its target, or superseded by a newer one.
    Delivered {
        target: usize,
        rank: u32,
    },
    /// A person must look; decided in ingest, so that no message is made.
    ReviewInIngest,
    NotCreditorReply,
    /// A dead message that cost no retry.
    ReviewInRelay,
    /// A dead message after all retries.
    ClientNotFound,
    /// Answered with this status for good.
    Refused(u16),
}

impl Mail {
    pub(crate) fn ticket(&self) -> String {
        format!("T{}", self.number)
    }

    pub(crate) fn fate(&self) -> Fate {
        match self.kind {
            MailKind::Statement { target, rank } => Fate::Delivered { target, rank },
            MailKind::NoAmount { .. } => Fate::ReviewInIngest,
            MailKind::AutoReply { .. } => Fate::NotCreditorReply,
            MailKind::Ambiguous { .. } | MailKind::UnknownSender { .. } => Fate::ReviewInRelay,
            MailKind::UnknownClient => Fate::ClientNotFound,
            MailKind::Malformed { .. } => Fate::Refused(400),
            MailKind::BadSignature { .. } => Fate::Refused(401),
        }
    }

    /// The date of the mail in whole seconds; `began` is the begin of the run.
    pub(crate) fn received_at_secs(&self, began_secs: i64) -> i64 {
        let age = match self.kind {
            MailKind::Statement { target, rank } => {
                OLDEST_SECS - i64::from(rank) * RANK_SECS - target as i64 % 60
            }
            _ => 3_600,
        };
        began_secs - age
    }

    /// The words of the mail about whom and what, in the order that a reader would see them.
    pub(crate) fn words(&self, office: &Office) -> Words {
        let about = |client: usize| {
            let client = &office.clients[client];
            (Some(client.full_name()), Some(client.spelt_aktenzeichen()))
        };
        match self.kind {
            MailKind::Statement { target: number, rank } => {
                let target = &office.targets[number];
                let (client, aktenzeichen) = about(target.client);
                Words {
                    client,
                    aktenzeichen,
                    sender_name: target.sender_name.clone(),
                    sender_email: target.sender_email.clone(),
                    reference: Some(target.reference.clone()),
                    creditor: target.creditor_name.clone(),
                    amount_cents: Some(office.amount_cents(number, rank)),
                }
            }
            MailKind::NoAmount { target }
            | MailKind::AutoReply { target }
            | MailKind::BadSignature { target } => {
                let target = &office.targets[target];
                let (client, aktenzeichen) = about(target.client);
                Words {
                    client,
                    aktenzeichen,
                    sender_name: target.sender_name.clone(),
                    sender_email: target.sender_email.clone(),
                    reference: None,
                    creditor: None,
                    amount_cents: None,
                }
            }
            MailKind::Ambiguous { pair } => {
                let client = office.twins[pair][0];
                let target = &office.targets[office.clients[client].targets[0]];
                Words {
                    client: Some(office.clients[client].full_name()),
                    aktenzeichen: None,
                    sender_name: target.sender_name.clone(),
                    sender_email: target.sender_email.clone(),
                    reference: None,
                    creditor: None,
                    amount_cents: Some(self.odd_amount()),
                }
            }
            MailKind::UnknownSender { client } => {
                let (client, aktenzeichen) = about(client);
                Words { client, aktenzeichen, ..self.stranger() }
            }
            MailKind::UnknownClient => Words {
                client: Some("Renate Unbekannt".to_owned()),
                aktenzeichen: Some(format!("{}/24", 9_000 + self.number % 900)),
                ..self.stranger()
            },
            MailKind::Malformed { .. } => self.stranger(),
        }
    }

    fn stranger(&self) -> Words {
        Words {
            client: None,
            aktenzeichen: None,
            sender_name: "Buchclub Sonnenhof GmbH".to_owned(),
            sender_email: "mahnung@buchclub-sonnenhof.example".to_owned(),
            reference: None,
            creditor: None,
            amount_cents: Some(self.odd_amount()),
        }
    }

    /// An amount that no statement can have, so that it is noticed wherever it turns up.
    fn odd_amount(&self) -> i64 {
        10_000_000 + self.number as i64
    }

    /// The bytes that are posted.
    pub(crate) fn body(&self, office: &Office, began_secs: i64) -> String {
        if let MailKind::Malformed { form: MalformedBody::NotJson } = self.kind {
            return format!("{{\"ticket_id\": \"{}\", \"from_email\":", self.ticket());
        }
        let words = self.words(office);
        let received_at = chrono::DateTime::from_timestamp(self.received_at_secs(began_secs), 0)
            .expect("a date of these days is in range");
        let mut body = json!({
            "ticket_id": self.ticket(),
            "from_email": words.sender_email,
            "from_name": words.sender_name,
            "subject": self.subject(&words),
            "received_at": received_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
        if self.has_webhook_id {
            body["webhook_id"] = Value::String(format!("chaos-{}", self.number));
        }
        let (field, text) = self.text(&words);
        body[field] = Value::String(text);
        match self.kind {
            MailKind::Malformed { form: MalformedBody::NoTicket } => {
                body.as_object_mut().map(|fields| fields.remove("ticket_id"));
            }
            MailKind::Malformed { form: MalformedBody::NoSender } => {
                body.as_object_mut().map(|fields| fields.remove("from_email"));
            }
            _ => {}
        }
        body.to_string()
    }

    fn subject(&self, words: &Words) -> String {
        match (&self.kind, &words.aktenzeichen, &words.client) {
            (MailKind::AutoReply { .. }, Some(number), _) => {
                format!("Automatische Antwort: Ihre Anfrage, Ihr Aktenzeichen {number}")
            }
            (_, Some(number), _) => format!("AW: Ihre Anfrage, Ihr Aktenzeichen {number}"),
            (_, None, Some(client)) => format!("Forderung gegen {client}"),
            (_, None, None) => "Forderung".to_owned(),
        }
    }

    /// The body's field and its text.
    fn text(&self, words: &Words) -> (&'static str, String) {
        let client = words.client.as_deref().unwrap_or("Ihres Mandanten");
        let sender = &words.sender_name;
        let number = words.aktenzeichen.as_deref();
        let about = number.map_or(String::new(), |number| format!(", Ihr Aktenzeichen: {number}"));
        let reference = words.reference.as_deref();
        let ours = reference.map_or(String::new(), |own| format!(", unser Zeichen: {own}"));
        let acts_for = words.creditor.as_deref();
        let acts_for = acts_for.map_or(String::new(), |name| format!(", Gläubigerin: {name}"));
        let amount = words.amount_cents.map(german).unwrap_or_default();
        match (self.kind, self.form) {
            (MailKind::AutoReply { .. }, _) => (
                "body_text",
                "Vielen Dank für Ihre Nachricht.\n\nIch bin bis einschließlich 24.03.2025 nicht im \
                 Büro und habe keinen Zugriff auf meine E-Mails. Ihre Nachricht wird nicht \
                 weitergeleitet.\n\nDies ist eine automatisch erzeugte Antwort.\n"
                    .to_owned(),
            ),
            (MailKind::NoAmount { .. }, _) => (
                "body_text",
                format!(
                    "Sehr geehrte Damen und Herren,\n\nwir bestätigen, dass unsere Forderung gegen \
                     {client}{about}, weiterhin besteht. Eine Aufstellung senden wir Ihnen in den \
                     nächsten Tagen zu.\n\nMit freundlichen Grüßen\n{sender}\n"
                ),
            ),
            (MailKind::Statement { .. }, Form::Html) => (
                "body_html",
                format!(
                    "<html><body><p>Sehr geehrte Damen und Herren,</p><p>in der Angelegenheit Ihres \
                     Mandanten {client}{about}{acts_for}, teilen wir Ihnen den aktuellen \
                     Forderungsstand mit.</p><table><tr><td>Unser Zeichen</td><td>{}</td></tr><tr>\
                     <td>Gesamtforderung</td><td>{amount}&nbsp;&euro;</td></tr></table><p>Mit \
                     freundlichen Gr&uuml;&szlig;en<br>{sender}</p></body></html>",
                    reference.unwrap_or_default()
                ),
            ),
            (MailKind::Statement { .. }, Form::Instalments) => (
                "body_text",
                format!(
                    "Guten Tag,\n\nin Sachen {client}{about}{ours}{acts_for}, stimmen wir einer \
                     Ratenzahlung zu.\n\nDie Gesamtforderung beträgt {amount} EUR. Die monatliche \
                     Rate beträgt 25,00 EUR.\n\nMit freundlichen Grüßen\n{sender}\n"
                ),
            ),
            _ => (
                "body_text",
                format!(
                    "Sehr geehrte Damen und Herren,\n\nin der Angelegenheit Ihres Mandanten {client}\
                     {about}{ours}{acts_for}, teilen wir Ihnen den aktuellen Forderungsstand mit:\n\n\
                     Die Gesamtforderung beträgt {amount} EUR.\n\nMit freundlichen Grüßen\n{sender}\n"
                ),
            ),
        }
    }
}

/// What a mail says, before it is put into words.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) client: Option<String>,
    pub(crate) aktenzeichen: Option<String>,
    pub(crate) sender_name: String,
    pub(crate) sender_email: String,
    pub(crate) reference: Option<String>,
    pub(crate) creditor: Option<String>,
    pub(crate) amount_cents: Option<i64>,
}

/// `1.284,50`.
pub(crate) fn german(cents: i64) -> String {
    let (euros, rest) = (cents / 100, cents % 100);
    let digits = euros.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    format!("{grouped},{rest:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(kind: MailKind) -> Mail {
        Mail {
            number: 7,
            at_ms: 0,
            kind,
            form: Form::Text,
            has_webhook_id: true,
            ingest: 0,
            copies_after_ms: vec![],
            tries: 3,
        }
    }

    #[test]
    fn amounts_are_spelt_as_in_german() {
        assert_eq!(german(128_450), "1.284,50");
        assert_eq!(german(5), "0,05");
        assert_eq!(german(123_456_789), "1.234.567,89");
    }

    #[test]
    fn a_later_rank_has_a_later_date_and_its_amount_stands_in_the_mail() {
        let office = Office::new(1);
        let early = mail(MailKind::Statement { target: 5, rank: 1 });
        let late = mail(MailKind::Statement { target: 5, rank: 2 });
        let began = 1_750_000_000;
        assert!(early.received_at_secs(began) < late.received_at_secs(began));
        for form in [Form::Text, Form::Html, Form::Instalments] {
            let body = Mail { form, ..late.clone() }.body(&office, began);
            assert!(body.contains(&german(office.amount_cents(5, 2))), "{body}");
        }
    }

    #[test]
    fn what_is_malformed_lacks_just_what_it_is_named_for() {
        let office = Office::new(1);
        let body = |form| mail(MailKind::Malformed { form }).body(&office, 1_750_000_000);
        assert!(serde_json::from_str::<Value>(&body(MalformedBody::NotJson)).is_err());
        let no_ticket: Value = serde_json::from_str(&body(MalformedBody::NoTicket)).unwrap();
        assert!(no_ticket.get("ticket_id").is_none() && no_ticket.get("from_email").is_some());
        let no_sender: Value = serde_json::from_str(&body(MalformedBody::NoSender)).unwrap();
        assert!(no_sender.get("from_email").is_none() && no_sender.get("ticket_id").is_some());
    }
}
