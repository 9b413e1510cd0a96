//! The plan of a run, all of it from the seed: mails, portal edits, faults.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::fault::{Database, Fault, FaultKind, INGESTS, LinkFault, SERVICES};
use crate::mail::{Form, Mail, MailKind, MalformedBody};
use crate::office::Office;
use crate::portal::{Edit, EditKind};

/// Between two mails, two edits and two faults on average, in milliseconds.
const MAIL_EVERY_MS: u64 = 180;
const EDIT_EVERY_MS: u64 = 1_500;
const FAULT_EVERY_MS: u64 = 1_750;
/// The stack runs undisturbed at first.
const FIRST_FAULT_MS: u64 = 2_000;
/// Mails go on for so long after the last fault, so that its recovery can be seen.
const MAILS_AFTER_MS: u64 = 5_000;
/// At most this share of the targets is removed in the portal.
const REMOVED_SHARE: usize = 15;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) office: Office,
    pub(crate) mails: Vec<Mail>,
    pub(crate) edits: Vec<Edit>,
    pub(crate) faults: Vec<Fault>,
}

impl Plan {
    /// `lasts_ms` is how long faults are injected.
    pub(crate) fn new(seed: u64, lasts_ms: u64) -> Self {
        let office = Office::new(seed);
        let stream = |number: u64| StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9) ^ number);
        let mails = mails(&mut stream(1), &office, lasts_ms + MAILS_AFTER_MS);
        let edits = edits(&mut stream(2), &office, lasts_ms);
        let faults = faults(&mut stream(3), lasts_ms);
        Self { seed, office, mails, edits, faults }
    }

    /// Equal for equal plans: 16 hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        let json = serde_json::to_vec(self).expect("a plan has string keys and plain values only");
        Sha256::digest(json).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn mails(rng: &mut StdRng, office: &Office, lasts_ms: u64) -> Vec<Mail> {
    let mut kinds = Vec::new();
    let mut at_ms = 0;
    while at_ms < lasts_ms {
        kinds.push((at_ms, mail_kind(rng, office)));
        at_ms += rng.random_range(1..2 * MAIL_EVERY_MS);
    }
    rank_statements(rng, &mut kinds, office.targets.len());
    let number_of = |(number, (at_ms, kind)): (usize, (u64, MailKind))| (number, at_ms, kind);
    let numbered = kinds.into_iter().enumerate().map(number_of);
    numbered
        .map(|(number, at_ms, kind)| Mail {
            number,
            at_ms,
            kind,
            form: *[Form::Text, Form::Text, Form::Html, Form::Instalments]
                .choose(rng)
                .expect("there are forms"),
            has_webhook_id: rng.random_bool(0.8),
            ingest: rng.random_range(0..INGESTS),
            copies_after_ms: copies(rng),
            tries: if rng.random_bool(0.1) { 1 } else { 12 },
        })
        .collect()
}

fn mail_kind(rng: &mut StdRng, office: &Office) -> MailKind {
    let target = rng.random_range(0..office.targets.len());
    match rng.random_range(0..100) {
        0..4 => MailKind::NoAmount { target },
        4..7 => MailKind::AutoReply { target },
        7..9 => MailKind::Ambiguous { pair: rng.random_range(0..office.twins.len()) },
        9..11 => MailKind::UnknownSender { client: office.targets[target].client },
        11..13 => MailKind::UnknownClient,
        13..15 => MailKind::Malformed {
            form: *[MalformedBody::NotJson, MalformedBody::NoTicket, MalformedBody::NoSender]
                .choose(rng)
                .expect("there are forms"),
        },
        15 => MailKind::BadSignature { target },
        _ => MailKind::Statement { target, rank: 0 },
    }
}

/// Gives each target's statements ranks that rise but for neighbours out of order.
fn rank_statements(rng: &mut StdRng, kinds: &mut [(u64, MailKind)], targets: usize) {
    let mut of_target: Vec<Vec<usize>> = vec![Vec::new(); targets];
    for (at, (_, kind)) in kinds.iter().enumerate() {
        if let MailKind::Statement { target, .. } = kind {
            of_target[*target].push(at);
        }
    }
    for (target, places) in of_target.iter().enumerate() {
        let mut ranks: Vec<u32> = (0..).take(places.len()).collect();
        for window in ranks.chunks_mut(4) {
            if rng.random_bool(0.5) {
                window.shuffle(rng);
            }
        }
        for (place, rank) in places.iter().zip(ranks) {
            kinds[*place].1 = MailKind::Statement { target, rank };
        }
    }
}

fn copies(rng: &mut StdRng) -> Vec<u64> {
    match rng.random_range(0..20) {
        // At the same moment, to the other process.
        0 => vec![0],
        1 => vec![rng.random_range(100..5_000)],
        2 => vec![0, rng.random_range(100..5_000)],
        _ => vec![],
    }
}

fn edits(rng: &mut StdRng, office: &Office, lasts_ms: u64) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut removed = Vec::new();
    let mut at_ms = 500;
    while at_ms < lasts_ms {
        let target = rng.random_range(0..office.targets.len());
        let client = office.targets[target].client;
        let number = edits.len();
        let kind = match rng.random_range(0..20) {
            0..6 => EditKind::Reorder { dice: rng.random() },
            6..9 => EditKind::NoteOnEntry { target, text: format!("note {number}") },
            9..11 => EditKind::NoteOnClient { text: format!("note {number}") },
            11..17 => EditKind::AmountByHand { target, cents: 20_000_000 + number as i64 },
            17..19 => EditKind::Add { key: format!("added-{number:04}") },
            _ if removed.len() < office.targets.len() / REMOVED_SHARE
                && !removed.contains(&target) =>
            {
                removed.push(target);
                EditKind::Remove { target }
            }
            _ => EditKind::Reorder { dice: rng.random() },
        };
        edits.push(Edit { number, at_ms, client, kind });
        at_ms += rng.random_range(1..2 * EDIT_EVERY_MS);
    }
    edits
}

/// Something that one fault at a time may hold.
#[derive(PartialEq, Eq, Hash)]
enum Resource {
    Service(usize),
    Database(Database),
    Link(Database, usize),
    Horizon,
    Provider,
}

fn faults(rng: &mut StdRng, lasts_ms: u64) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut busy: HashMap<Resource, u64> = HashMap::new();
    let mut deck: Vec<FaultKind> = Vec::new();
    let mut at_ms = FIRST_FAULT_MS;
    while at_ms < lasts_ms {
        if deck.is_empty() {
            deck = shuffled_deck(rng);
        }
        let is_free = |fault: &Fault| {
            let free = |held: &Resource| busy.get(held).is_none_or(|end| *end <= at_ms);
            resources(fault).iter().all(free)
        };
        let found = (0..deck.len()).rev().find_map(|place| {
            let drawn = fault(rng, deck[place], at_ms);
            is_free(&drawn).then_some((place, drawn))
        });
        if let Some((place, drawn)) = found {
            deck.remove(place);
            let end = at_ms + drawn.lasts_ms + time_to_recover(drawn.kind);
            busy.extend(resources(&drawn).into_iter().map(|held| (held, end)));
            faults.push(drawn);
        }
        at_ms += rng.random_range(1..2 * FAULT_EVERY_MS);
    }
    faults
}

/// Every kind once, the cheap ones more often.
fn shuffled_deck(rng: &mut StdRng) -> Vec<FaultKind> {
    let mut deck = FaultKind::all();
    let often = deck.clone().into_iter().filter(|kind| {
        matches!(kind, FaultKind::Kill(_) | FaultKind::TerminateBackends | FaultKind::Terminate(_))
    });
    deck.extend(often.collect::<Vec<_>>());
    deck.shuffle(rng);
    deck
}

fn fault(rng: &mut StdRng, kind: FaultKind, at_ms: u64) -> Fault {
    let one_of = |rng: &mut StdRng, range: std::ops::Range<usize>| Some(rng.random_range(range));
    // The shorter of two, so that long freezes are there but rare.
    let freeze =
        |rng: &mut StdRng| rng.random_range(1_000..=20_000).min(rng.random_range(1_000..=20_000));
    let (service, lasts_ms) = match kind {
        FaultKind::Kill(role) | FaultKind::Terminate(role) => (one_of(rng, role.services()), 0),
        FaultKind::Freeze(role) => (one_of(rng, role.services()), freeze(rng)),
        FaultKind::RestartDatabase(_) | FaultKind::TerminateBackends => (None, 0),
        FaultKind::KillDatabase(_) => (None, rng.random_range(0..3_000)),
        FaultKind::FreezeDatabase(_) => (None, freeze(rng)),
        FaultKind::Link(_, fault) => {
            let service = if rng.random_bool(0.5) { one_of(rng, 0..SERVICES) } else { None };
            let longest = if fault == LinkFault::Delay { 10_000 } else { 8_000 };
            (service, rng.random_range(500..longest))
        }
        FaultKind::PinHorizon => (None, rng.random_range(5_000..30_000)),
        FaultKind::Provider(_) => (None, rng.random_range(2_000..10_000)),
    };
    Fault { at_ms, kind, service, lasts_ms, dice: rng.random() }
}

fn resources(fault: &Fault) -> Vec<Resource> {
    match fault.kind {
        FaultKind::Kill(_) | FaultKind::Terminate(_) | FaultKind::Freeze(_) => {
            fault.service.map(Resource::Service).into_iter().collect()
        }
        FaultKind::RestartDatabase(database)
        | FaultKind::KillDatabase(database)
        | FaultKind::FreezeDatabase(database) => vec![Resource::Database(database)],
        FaultKind::TerminateBackends => vec![],
        FaultKind::Link(database, _) => match fault.service {
            Some(service) => vec![Resource::Link(database, service)],
            None => (0..SERVICES).map(|service| Resource::Link(database, service)).collect(),
        },
        FaultKind::PinHorizon => vec![Resource::Horizon],
        FaultKind::Provider(_) => vec![Resource::Provider],
    }
}

/// What a fault blocks beyond its own length, in milliseconds.
fn time_to_recover(kind: FaultKind) -> u64 {
    match kind {
        FaultKind::Terminate(_) => 12_000,
        FaultKind::Kill(_) => 3_000,
        FaultKind::RestartDatabase(_) | FaultKind::KillDatabase(_) => 5_000,
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
        assert_eq!(Plan::new(7, 120_000).hash(), Plan::new(7, 120_000).hash());
        assert_ne!(Plan::new(7, 120_000).hash(), Plan::new(8, 120_000).hash());
    }

    #[test]
    fn two_minutes_hold_every_kind_of_fault_of_mail_and_of_edit() {
        let plan = Plan::new(1, 120_000);
        let injected: HashSet<FaultKind> = plan.faults.iter().map(|fault| fault.kind).collect();
        for kind in FaultKind::all() {
            assert!(injected.contains(&kind), "{}", kind.name());
        }
        let mails: HashSet<_> =
            plan.mails.iter().map(|mail| std::mem::discriminant(&mail.kind)).collect();
        assert_eq!(mails.len(), 8);
        let edits: HashSet<_> =
            plan.edits.iter().map(|edit| std::mem::discriminant(&edit.kind)).collect();
        assert_eq!(edits.len(), 6);
    }

    #[test]
    fn an_hour_holds_two_thousand_faults_and_no_two_on_one_thing_at_once() {
        let plan = Plan::new(3, 3_600_000);
        assert!(plan.faults.len() >= 1_900, "{}", plan.faults.len());
        let mut busy: HashMap<Resource, u64> = HashMap::new();
        for fault in &plan.faults {
            for held in resources(fault) {
                assert!(busy.get(&held).is_none_or(|end| *end <= fault.at_ms));
                busy.insert(held, fault.at_ms + fault.lasts_ms);
            }
        }
    }

    #[test]
    fn mails_of_a_target_have_all_ranks_once_and_some_come_out_of_order() {
        let plan = Plan::new(5, 600_000);
        let mut ranks: HashMap<usize, Vec<u32>> = HashMap::new();
        for mail in &plan.mails {
            if let MailKind::Statement { target, rank } = mail.kind {
                ranks.entry(target).or_default().push(rank);
            }
        }
        assert!(ranks.values().any(|ranks| !ranks.is_sorted()));
        for ranks in ranks.values_mut() {
            ranks.sort_unstable();
            assert!(ranks.iter().copied().eq(0..ranks.len() as u32));
        }
    }
}
