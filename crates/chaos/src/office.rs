//! The office that the mails are about: clients, their creditors, and how amounts grow.
//!
//! Surprising rule: the amount of a target rises with the date of its mails, so that an older mail
//! that comes late is superseded in whatever order they arrive, and never a downgrade.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

const CLIENTS: usize = 40;
const TARGETS_PER_CLIENT: usize = 3;
/// Clients that share their full name with another one.
const TWIN_PAIRS: usize = 3;

const FIRST_NAMES: [&str; 10] =
    ["Anna", "Bernd", "Claudia", "Dieter", "Elke", "Frank", "Gisela", "Holger", "Ingrid", "Jochen"];
const LAST_NAMES: [&str; 9] = [
    "Ackermann",
    "Brandmeier",
    "Dornfeld",
    "Eichhorst",
    "Falkenberg",
    "Grünwald",
    "Hagedorn",
    "Köster",
    "Lindemann",
];
const TRADES: [&str; 8] = [
    "Stadtwerke",
    "Autohaus",
    "Versandhaus",
    "Sparkasse",
    "Energie",
    "Druckerei",
    "Wohnbau",
    "Baumarkt",
];
const TOWNS: [&str; 31] = [
    "Lindenau",
    "Auental",
    "Hainbuch",
    "Wiesengrund",
    "Erlenhof",
    "Birkenau",
    "Buchenrode",
    "Eschbach",
    "Falkenstein",
    "Grafental",
    "Hirschfeld",
    "Isenburg",
    "Kaltenbrunn",
    "Lerchenau",
    "Marienfeld",
    "Neuenkirch",
    "Oberstadt",
    "Pappelhain",
    "Quellental",
    "Rosenau",
    "Steinfurt",
    "Talheim",
    "Ulmenhof",
    "Vogelsang",
    "Weidenbach",
    "Zellerfeld",
    "Ahornberg",
    "Dachsbach",
    "Fuchsberg",
    "Igelsbach",
    "Krähenwald",
];
const AGENCIES: [(&str, &str); 3] = [
    ("Nordstern Inkasso GmbH", "fallservice@nordstern-inkasso.example"),
    ("Merkur Forderungsmanagement GmbH", "service@merkur-forderung.example"),
    ("Polaris Inkasso AG", "post@polaris-inkasso.example"),
];

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Office {
    pub(crate) clients: Vec<Client>,
    pub(crate) targets: Vec<Target>,
    /// Clients of the same name, by index.
    pub(crate) twins: Vec<[usize; 2]>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// As the portal stores it: `1001_25`.
    pub(crate) aktenzeichen: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    /// Its entries, by index into [`Office::targets`].
    pub(crate) targets: Vec<usize>,
}

/// One entry of a client's creditor list, which mails are about.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Target {
    /// The portal's own name of the entry, in a field that no service knows.
    pub(crate) key: String,
    pub(crate) client: usize,
    /// Whether the entry has an `id`; else sender and reference name it.
    pub(crate) has_id: bool,
    pub(crate) sender_name: String,
    pub(crate) sender_email: String,
    /// For whom an agency acts.
    pub(crate) creditor_name: Option<String>,
    pub(crate) reference: String,
    pub(crate) claim_cents: i64,
}

impl Office {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x0ff1_ce00);
        let mut names: Vec<(&str, &str)> = FIRST_NAMES
            .iter()
            .flat_map(|first| LAST_NAMES.iter().map(move |last| (*first, *last)))
            .collect();
        names.shuffle(&mut rng);
        let twins: Vec<[usize; 2]> = (0..TWIN_PAIRS).map(|pair| [2 * pair, 2 * pair + 1]).collect();
        for [first, second] in &twins {
            names[*second] = names[*first];
        }
        let mut office = Self { clients: Vec::new(), targets: Vec::new(), twins };
        for (at, (first, last)) in names.into_iter().take(CLIENTS).enumerate() {
            let targets = (0..TARGETS_PER_CLIENT)
                .map(|place| {
                    let number = office.targets.len();
                    office.targets.push(target(&mut rng, at, place, number));
                    number
                })
                .collect();
            office.clients.push(Client {
                id: format!("client-{at:03}"),
                aktenzeichen: format!("{}_25", 1001 + at),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                targets,
            });
        }
        office
    }

    /// What the mail of this rank states about a target.
    pub(crate) fn amount_cents(&self, target: usize, rank: u32) -> i64 {
        self.targets[target].claim_cents + 1_000 + i64::from(rank) * 137
    }
}

impl Client {
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// As mails spell it: `1001/25`.
    pub(crate) fn spelt_aktenzeichen(&self) -> String {
        self.aktenzeichen.replace('_', "/")
    }
}

/// The second and third entry of every other client come from one agency, so that only the
/// reference tells them apart.
fn target(rng: &mut StdRng, client: usize, place: usize, number: usize) -> Target {
    let (trade, town) = (TRADES[number % TRADES.len()], TOWNS[number * 7 % TOWNS.len()]);
    let own_name = format!("{trade} {town} GmbH");
    let is_agencys = place > 0 && client.is_multiple_of(2);
    let (sender_name, sender_email) = if is_agencys {
        let (name, email) = AGENCIES[client % AGENCIES.len()];
        (name.to_owned(), email.to_owned())
    } else {
        let domain = format!("{trade}-{town}").to_lowercase().replace('ä', "ae");
        (own_name.clone(), format!("forderung@{domain}.example"))
    };
    Target {
        key: format!("entry-{number:03}"),
        client,
        has_id: !number.is_multiple_of(4),
        sender_name,
        sender_email,
        creditor_name: is_agencys.then_some(own_name),
        reference: format!("NS-{}-{}", 800_000 + number * 211, rng.random_range(0..10)),
        claim_cents: rng.random_range(30_000..300_000),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_target_can_be_told_from_every_other() {
        let office = Office::new(1);
        let identity: HashSet<_> =
            office.targets.iter().map(|t| (t.client, &t.sender_email, &t.reference)).collect();
        assert_eq!(identity.len(), office.targets.len());
        let references: HashSet<_> = office.targets.iter().map(|t| &t.reference).collect();
        assert_eq!(references.len(), office.targets.len());
        let [one, other] = office.twins[0];
        assert_eq!(office.clients[one].full_name(), office.clients[other].full_name());
    }

    #[test]
    fn amounts_rise_with_the_rank_and_stay_credible() {
        let office = Office::new(2);
        for target in 0..office.targets.len() {
            let claim = office.targets[target].claim_cents;
            assert!(office.amount_cents(target, 4) > office.amount_cents(target, 3));
            assert!(office.amount_cents(target, 1_000) < 20 * claim);
        }
    }
}
