//! The rules by example, on clients that resemble each other.

mod examples;
mod properties;

use bson::{Document, doc};
use domain::money::Money;
use domain::payload::{DebtUpdate, PAYLOAD_VERSION};

use super::{MatchDecision, match_update};
use crate::document::ClientDocument;

/// `(id, e-mail, sender, acts for, reference)`.
type Entry<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>);

fn client(aktenzeichen: &str, first: &str, last: &str, entries: &[Entry<'_>]) -> ClientDocument {
    let entries: Vec<Document> = entries
        .iter()
        .map(|(id, email, sender, acts_for, reference)| {
            doc! {
                "id": *id, "sender_email": *email, "sender_name": *sender,
                "creditor_name": *acts_for, "reference_number": *reference,
            }
        })
        .collect();
    ClientDocument::from_bson(&doc! {
        "_id": format!("{aktenzeichen} {first}"), "aktenzeichen": aktenzeichen,
        "firstName": first, "lastName": last, "final_creditor_list": entries,
    })
}

fn update(aktenzeichen: Option<&str>, name: Option<&str>, email: &str) -> DebtUpdate {
    DebtUpdate {
        version: PAYLOAD_VERSION,
        client_name: name.map(str::to_owned),
        client_aktenzeichen: aktenzeichen.map(str::to_owned),
        creditor_email: email.to_owned(),
        creditor_name: None,
        new_debt_amount: Money::from_cents(100),
        response_text: None,
        reference_numbers: vec![],
        extraction_confidence: None,
        received_at: None,
    }
}

/// `client entry` of a match, or the code of a refusal.
fn decided(update: &DebtUpdate, clients: &[ClientDocument]) -> String {
    match match_update(update, clients) {
        MatchDecision::Matched(found) => {
            let client = &clients[found.client];
            let entry = client.entry(&found.identity).expect("the identity is the entry's");
            assert_eq!(entry, &client.creditors[found.entry]);
            let id = entry.id.as_ref().and_then(bson::Bson::as_str).unwrap_or("?");
            format!("{} {id}", client.aktenzeichen.as_deref().unwrap_or("?"))
        }
        MatchDecision::NotFound(refusal) => format!("not found: {}", refusal.code),
        MatchDecision::Review(refusal) => format!("review: {}", refusal.code),
    }
}
