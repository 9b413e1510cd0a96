//! What the sender wants to say.

/// Patterns for folded text, written in parts.
macro_rules! patterns {
    ($visibility:vis $name:ident, $($part:literal),+ $(,)?) => {
        $visibility static $name: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| $crate::pattern::pattern(concat!($($part),+)));
    };
}

mod machine;
mod questions;
mod said;
mod sale;
mod settlement;
mod spam;
mod speaker;
mod statement;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::extraction::{Doubt, Intent};
use domain::money::Money;
use regex::Regex;

use super::claim::correction::speaks_of_earlier;
use super::claim::{Account, Claim, Role, Strength};
use super::second_look::SecondLook;
use super::segments::Segment;
use super::unread;
use crate::clean::CleanedMail;
use crate::fold::fold;
use crate::pattern::pattern;
use crate::sentences::Tally;
use machine::{is_bounce, is_closed, is_read_receipt, is_receipt, is_surely_receipt};
use questions::{ASKS_FOR, asks_for_answer, cannot_assign, needs_fact, puts_off};
use said::{Said, said};
use sale::{is_sold, speaks_of_sale};
use settlement::{
    accepts, counters, grants_plan, names_plan, offers, refuses, waives, wishes_plan,
};
use spam::is_advert;
use speaker::{TALKS_TO_MACHINE, is_debtor, pays_for_debtor};
use statement::{ATTACHED, SPEAKS_OF_CLAIM, STATES_ACCOUNT, TAKES_BACK, is_draft};
pub(super) use statement::{is_price_of_plan, speaks_of_today};

/// What the mail wants, and whether a creditor wrote it about a claim.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) intent: Intent,
    pub(super) is_creditor_reply: bool,
    pub(super) doubts: BTreeSet<Doubt>,
}

/// What the readers before found in the mail.
#[derive(Clone, Copy)]
pub(super) struct Findings<'a> {
    pub(super) account: &'a Account,
    /// The segments of the body.
    pub(super) segments: &'a [Segment],
    /// What the model makes of them.
    pub(super) look: Option<&'a SecondLook>,
    /// One of our numbers stands in the mail.
    pub(super) names_case: bool,
}

/// Reads the intent of a mail whose amounts are already understood.
pub(super) fn read(mail: &CleanedMail, findings: Findings<'_>) -> Reading {
    let account = findings.account;
    let subject = fold(&mail.subject);
    let body = fold(&mail.body);
    let everything_new = format!("{subject}\n{body}\n{}", fold(&mail.signature));
    let joined = body.replace('\n', " ");
    let said = said(&joined, findings.segments, findings.look);
    let mut doubts = BTreeSet::new();
    if mail.reverses_direction || TALKS_TO_MACHINE.is_match(&everything_new) {
        doubts.insert(Doubt::Manipulation);
    }
    let claim = account.claim.as_ref().filter(|claim| claim.strength > Strength::Bare);
    let states_amounts =
        account.has(Role::Total) || account.has(Role::Sum) || account.has(Role::Claim);
    let done = |intent: Intent, is_creditor_reply: bool, doubts: BTreeSet<Doubt>| Reading {
        intent,
        is_creditor_reply,
        doubts,
    };

    let from = mail.from_email.to_lowercase();
    if is_bounce(&from, &subject, &body) {
        doubts.insert(Doubt::ThirdParty);
        return done(Intent::Other, false, doubts);
    }
    if mail.forwarded_from.is_some() && (claim.is_none() || mail.is_foreign) || is_debtor(&said) {
        doubts.insert(Doubt::ThirdParty);
        return done(Intent::Other, false, doubts);
    }
    if is_read_receipt(&subject, &body, &mail.quote) && doubts.is_empty() {
        return done(Intent::AutoReply, false, doubts);
    }
    let unread = unread::read(&mail.subject, tally(&body, &findings));
    // Whoever wrote nothing new may have written where nobody looked for it.
    let has_words = body.contains(char::is_alphanumeric);
    if has_words && doubts.is_empty() && !says_something(&said) {
        if !findings.names_case && is_advert(unread, &everything_new) {
            return done(Intent::Spam, false, doubts);
        }
        if is_receipt(unread) && !is_closed(&body) {
            let is_total = |claim: &&Claim| claim.strength >= Strength::Total && !claim.is_bare_sum;
            let states_claim = match is_surely_receipt(unread) {
                true => claim.filter(is_total).is_some(),
                false => claim.is_some() || states_amounts,
            };
            if !states_claim {
                return done(Intent::AutoReply, false, doubts);
            }
            // The figure is an echo of the office's letter, or a person must tell.
            doubts.insert(Doubt::ThirdParty);
        }
    }
    if pays_for_debtor(&said) {
        doubts.insert(Doubt::ThirdParty);
        return done(Intent::Other, false, doubts);
    }
    if is_draft(&subject, &said) {
        doubts.insert(Doubt::Conditional);
    }
    if is_sold(&said, claim.is_some()) {
        doubts.insert(Doubt::NotTheirClaim);
        return done(Intent::Other, true, doubts);
    }
    // What is taken back may be the mail that this one corrects.
    let takes_back = |sentence: &Said<'_>| {
        TAKES_BACK.is_match(sentence.text)
            && !(account.is_correction && speaks_of_earlier(sentence.text))
    };
    if said.iter().any(takes_back) {
        return done(Intent::Other, true, doubts);
    }
    let intent = creditors_intent(&subject, &joined, &said, account);
    done(intent, true, doubts)
}

/// What the sentences of the body weigh for the mails that no clerk need read.
fn tally(body: &str, findings: &Findings<'_>) -> Tally {
    match findings.look {
        Some(look) => look.tally(),
        None => SecondLook::new(body, findings.segments).tally(),
    }
}

fn creditors_intent(subject: &str, body: &str, said: &[Said<'_>], account: &Account) -> Intent {
    let claim = account.claim.as_ref().filter(|claim| claim.strength > Strength::Bare);
    let firm = claim.is_some_and(|claim| claim.strength >= Strength::Total);
    let contradicting = account.doubts.contains(&Doubt::ContradictingTotals);
    // Beside a stated claim a pattern does not count where the model sees a harmless sentence.
    let believed = |sentence: &Said<'_>| claim.is_none() || !sentence.is_harmless();
    let believed_refusal = |sentence: &Said<'_>| claim.is_none() || !sentence.is_surely_harmless();
    let refuses = said.iter().any(|sentence| refuses(sentence) && believed_refusal(sentence));
    let offered = said.iter().any(offers);
    if refuses {
        return if offered && !firm { Intent::SettlementCounter } else { Intent::Rejection };
    }
    // Whatever total stands beside it, the office has to answer.
    if said.iter().any(counters) {
        return Intent::SettlementCounter;
    }
    let subject = Said::unseen(subject);
    let whole = || said.iter().chain([&subject]);
    // That nothing will be owed after a settlement is part of it.
    let is_nought = claim.is_some_and(|claim| claim.value == Money::ZERO);
    let believed_acceptance =
        |sentence: &Said<'_>| is_nought || claim.is_none() || !sentence.is_surely_harmless();
    if whole().any(|said| accepts(said) && !puts_off(said) && believed_acceptance(said)) {
        return Intent::SettlementAccept;
    }
    if is_nought {
        return Intent::DebtStatement;
    }
    let plans = whole().any(grants_plan)
        || account.has(Role::Rate) && whole().any(names_plan) && !said.iter().any(wishes_plan);
    if offered && claim.is_none() && !contradicting && (!plans || said.iter().any(waives)) {
        return Intent::SettlementCounter;
    }
    let unclear = said.iter().any(|sentence| cannot_assign(sentence) && believed(sentence));
    let needs = said.iter().any(needs_fact);
    if !firm && !contradicting && (unclear || (needs && claim.is_none())) {
        return Intent::ClarificationRequest;
    }
    let is_unsure = !account.doubts.is_empty()
        || !account.reservations.is_empty()
        || said.iter().any(Said::is_alarming);
    if is_unsure && said.iter().any(Said::asks) {
        return Intent::Inquiry;
    }
    if plans {
        return Intent::PaymentPlan;
    }
    if firm || contradicting {
        return Intent::DebtStatement;
    }
    let asks = said.iter().any(|sentence| sentence.is_question() && believed(sentence));
    let question = asks || said.iter().any(asks_for_answer);
    let announces_account = || whole().any(|sentence| STATES_ACCOUNT.is_match(sentence.text));
    match claim {
        Some(claim) if claim.strength == Strength::Claim && asks => Intent::Inquiry,
        Some(_) => Intent::DebtStatement,
        None if ATTACHED.is_match(body) && (announces_account() || !question) => {
            Intent::DebtStatement
        }
        None if account.has(Role::Former) || !account.doubts.is_empty() => Intent::DebtStatement,
        None if question => Intent::Inquiry,
        None if !account.readings.is_empty() || SPEAKS_OF_CLAIM.is_match(body) => {
            Intent::DebtStatement
        }
        None => Intent::Other,
    }
}

/// What no machine says that merely confirms a receipt: a lost answer is worse than a question
/// to a person.
fn says_something(said: &[Said<'_>]) -> bool {
    static PERSONAL_FACTS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:vollmacht|geburtsdatum|anschrift|legitimation|ausweis\w*|power of attorney|date of birth|schweigepflicht\w*)\b",
        )
    });
    said.iter().any(|sentence| {
        PERSONAL_FACTS.is_match(sentence.text) && ASKS_FOR.is_match(sentence.text)
            || cannot_assign(sentence)
            || refuses(sentence)
            || offers(sentence)
            || accepts(sentence)
            || speaks_of_sale(sentence)
    })
}
