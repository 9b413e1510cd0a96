//! The rules look over the model's shoulder: what they doubt stays doubted.

use domain::extraction::{Doubt, Extraction, Intent};
use domain::money::Money;

use crate::clean::CleanedMail;
use crate::{money, rules};

/// Adds the doubts of the rules to a model's extraction, and what it left out about the client;
/// where the two disagree, the more cautious reading stays. A model's own doubts all stay.
pub(super) fn veto(mut model: Extraction, by_rules: &Extraction, mail: &CleanedMail) -> Extraction {
    let doubts = &mut model.doubts;
    let mut add = |doubt| {
        if !doubts.contains(&doubt) {
            doubts.push(doubt);
        }
    };
    by_rules.doubts.iter().copied().for_each(&mut add);
    if mail.html_text_disagrees {
        add(Doubt::BodiesDisagree);
    }
    let amounts = (model.debt_amount, by_rules.debt_amount);
    if matches!(amounts, (Some(said), Some(found)) if said != found) {
        add(Doubt::ContradictingTotals);
    }
    if let Some(amount) = model.debt_amount
        && by_rules.debt_amount != Some(amount)
    {
        if takes_two_readers(amount, mail) {
            add(Doubt::Ungrounded);
        }
        let picked = by_rules.debt_amount.is_none() && stands_among_others(amount, mail);
        if picked || rules::denies(mail, amount) {
            add(Doubt::NoTotal);
        }
    }
    if let (Some(said), Some(found)) = (&model.client_aktenzeichen, &by_rules.client_aktenzeichen)
        && !same_number(said, found)
    {
        add(Doubt::SeveralClients);
    }
    complete_identity(&mut model, by_rules);
    if ignorable(model.intent) && !ignorable(by_rules.intent) && by_rules.debt_amount.is_some() {
        model.intent = Intent::Other;
    }
    if writable(model.intent) && asks_for_a_person(by_rules.intent) {
        model.intent = by_rules.intent;
    }
    model
}

/// What the model left out is taken from the rules: the matching can see that a name and a number
/// belong to two clients only if it is given both.
fn complete_identity(model: &mut Extraction, by_rules: &Extraction) {
    let fill = |said: &mut Option<String>, found: &Option<String>| {
        if said.is_none() {
            said.clone_from(found);
        }
    };
    fill(&mut model.client_name, &by_rules.client_name);
    fill(&mut model.client_aktenzeichen, &by_rules.client_aktenzeichen);
    for found in &by_rules.reference_numbers {
        if !model.reference_numbers.iter().any(|said| same_number(said, found)) {
            model.reference_numbers.push(found.clone());
        }
    }
}

/// Joints and case aside; one of the two may go on where the other ends (`AZ-2026-42/Wi`).
fn same_number(one: &str, other: &str) -> bool {
    let plain = |number: &str| -> String {
        let kept = number.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let (one, other) = (plain(one), plain(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// That nothing is owed, since words like "bezahlt" stand in many mails; and an amount from outside
/// the body, where prices, share capitals and the office's own figures stand.
fn takes_two_readers(amount: Money, mail: &CleanedMail) -> bool {
    amount == Money::ZERO || !money::scan(&mail.body).iter().any(|found| found.value == amount)
}

/// Where the rules see no claim, a model may name the only amount, but not pick one of several.
fn stands_among_others(amount: Money, mail: &CleanedMail) -> bool {
    money::scan(&mail.body).iter().any(|found| found.value != amount)
}

fn writable(intent: Intent) -> bool {
    matches!(intent, Intent::DebtStatement | Intent::PaymentPlan)
}

/// [`Intent::Other`] is not among them: it may only mean that the rules understood nothing.
fn asks_for_a_person(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Rejection
            | Intent::Inquiry
            | Intent::ClarificationRequest
            | Intent::SettlementAccept
            | Intent::SettlementCounter
    )
}

fn ignorable(intent: Intent) -> bool {
    matches!(intent, Intent::AutoReply | Intent::Spam)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saying(body: &str) -> CleanedMail {
        CleanedMail { body: body.to_owned(), ..CleanedMail::default() }
    }

    fn stating(cents: i64) -> Extraction {
        let mut extraction = rules::extract(&CleanedMail::default());
        extraction.intent = Intent::DebtStatement;
        extraction.debt_amount = Some(Money::from_cents(cents));
        extraction.doubts.clear();
        extraction
    }

    #[test]
    fn the_rules_doubts_are_added_once_and_the_models_stay() {
        let (mut model, mut rules) = (stating(100), stating(100));
        model.doubts = vec![Doubt::Manipulation, Doubt::Conditional];
        rules.doubts = vec![Doubt::Manipulation, Doubt::ForeignCurrency];
        let doubts = veto(model, &rules, &CleanedMail::default()).doubts;
        assert_eq!(doubts, [Doubt::Manipulation, Doubt::Conditional, Doubt::ForeignCurrency]);
    }

    #[test]
    fn two_readers_with_two_amounts_are_a_doubt() {
        let mail = saying("1,00 EUR und 2,00 EUR");
        let doubts = |model, rules| veto(stating(model), &stating(rules), &mail).doubts;
        assert_eq!(doubts(100, 200), [Doubt::ContradictingTotals]);
        assert_eq!(doubts(100, 100), []);
    }

    #[test]
    fn that_nothing_is_owed_takes_two_readers() {
        let mail = saying("Offener Betrag: 0,00 EUR");
        let unsure = Extraction { debt_amount: None, ..stating(0) };
        assert_eq!(veto(stating(0), &unsure, &mail).doubts, [Doubt::Ungrounded]);
        assert_eq!(veto(stating(0), &stating(0), &mail).doubts, []);
    }

    #[test]
    fn an_amount_from_outside_the_body_takes_two_readers() {
        let unsure = Extraction { debt_amount: None, ..stating(0) };
        let mut mail = saying("Guten Tag");
        mail.subject = "Stand 25.000,00 EUR".to_owned();
        mail.signature = "Stammkapital 25.000,00 EUR".to_owned();
        let doubts = |rules| veto(stating(2_500_000), rules, &mail).doubts;
        assert_eq!(doubts(&unsure), [Doubt::Ungrounded]);
        assert_eq!(doubts(&stating(2_500_000)), []);

        let mail = saying("Die Forderung beträgt 25.000,00 EUR.");
        assert_eq!(veto(stating(2_500_000), &unsure, &mail).doubts, []);
    }

    #[test]
    fn bodies_that_disagree_are_a_doubt() {
        let mail = CleanedMail { html_text_disagrees: true, ..CleanedMail::default() };
        assert_eq!(veto(stating(1), &stating(1), &mail).doubts, [Doubt::BodiesDisagree]);
    }

    #[test]
    fn what_the_model_leaves_out_about_the_client_is_taken_from_the_rules() {
        let mut rules = stating(0);
        rules.client_name = Some("Stephan Meier".to_owned());
        rules.client_aktenzeichen = Some("312/26".to_owned());
        rules.reference_numbers = vec!["312/26".to_owned(), "R7-22".to_owned()];
        let mut model = stating(0);
        model.client_name = Some("Stefan Meyer".to_owned());
        model.reference_numbers = vec!["312_26".to_owned()];
        let both = veto(model, &rules, &saying("0,00 EUR"));
        assert_eq!(both.client_name.as_deref(), Some("Stefan Meyer"));
        assert_eq!(both.client_aktenzeichen.as_deref(), Some("312/26"));
        assert_eq!(both.reference_numbers, ["312_26", "R7-22"]);
        assert_eq!(both.doubts, []);
    }

    #[test]
    fn two_case_numbers_are_a_doubt() {
        let numbered = |number: &str| Extraction {
            client_aktenzeichen: Some(number.to_owned()),
            ..stating(0)
        };
        let mail = saying("0,00 EUR");
        let doubts = |said, found| veto(numbered(said), &numbered(found), &mail).doubts;
        assert_eq!(doubts("312/26", "313/26"), [Doubt::SeveralClients]);
        assert_eq!(doubts("az-2026-42/Wi", "AZ-2026-42"), []);
    }

    #[test]
    fn a_model_does_not_pick_one_of_several_amounts_in_which_the_rules_see_no_claim() {
        let unsure = Extraction { debt_amount: None, ..stating(0) };
        let doubts = |body| veto(stating(8_900), &unsure, &saying(body)).doubts;
        assert_eq!(doubts("Router 89,00 EUR, Kabel 12,00 EUR"), [Doubt::NoTotal]);
        assert_eq!(doubts("Wir hätten gern 89,00 EUR"), []);
    }

    #[test]
    fn an_instalment_is_not_taken_for_the_claim() {
        let mail = saying("Die monatliche Rate beträgt 30,00 EUR.");
        let unsure = Extraction { debt_amount: None, ..stating(0) };
        assert_eq!(veto(stating(3_000), &unsure, &mail).doubts, [Doubt::NoTotal]);
    }

    #[test]
    fn an_offer_or_a_refusal_that_the_rules_see_is_no_statement_of_a_claim() {
        let mail = saying("1,00 EUR");
        for intent in [Intent::SettlementCounter, Intent::Rejection, Intent::Inquiry] {
            let rules = Extraction { intent, debt_amount: None, ..stating(0) };
            assert_eq!(veto(stating(100), &rules, &mail).intent, intent);
        }
        let lost = Extraction { intent: Intent::Other, debt_amount: None, ..stating(0) };
        assert_eq!(veto(stating(100), &lost, &mail).intent, Intent::DebtStatement);
    }

    #[test]
    fn a_mail_with_an_amount_is_not_put_aside_on_the_models_word_alone() {
        let mail = CleanedMail::default();
        for intent in [Intent::Spam, Intent::AutoReply] {
            let model = || Extraction { intent, debt_amount: None, ..stating(0) };
            assert_eq!(veto(model(), &stating(100), &mail).intent, Intent::Other);
            let nothing = Extraction { debt_amount: None, ..stating(0) };
            assert_eq!(veto(model(), &nothing, &mail).intent, intent);
        }
    }
}
