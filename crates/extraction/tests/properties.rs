//! What holds for every mail, not only for those of a corpus.

use chrono::DateTime;
use domain::decision::{Decision, MailFacts, decide};
use domain::extraction::{Doubt, Extraction, Intent};
use domain::money::Money;
use extraction::clean::{CleanedMail, clean};
use extraction::{Mail, ground, money, rules};
use proptest::prelude::*;

const IDENTITY: &str = "Herr Max Muster, Ihr Zeichen AZ-2026-17, unser Zeichen NL-884213-7.";

fn mail(body: &str) -> Mail {
    Mail {
        subject: Some("Forderungsauskunft".to_owned()),
        from_email: "inkasso@bank.example".to_owned(),
        from_name: Some("Bank Inkasso".to_owned()),
        received_at: None,
        body_html: None,
        body_text: Some(format!(
            "Guten Tag,\n\n{IDENTITY}\n\n{body}\n\nFreundliche Grüße\nBank Inkasso"
        )),
    }
}

fn html(body: &str) -> Mail {
    let body_html = Some(format!("<p>Guten Tag,</p><p>{IDENTITY}</p>{body}<p>Bank Inkasso</p>"));
    Mail { body_html, body_text: None, ..mail("") }
}

fn read(mail: &Mail) -> (CleanedMail, Extraction, Decision) {
    let cleaned = clean(mail);
    let extraction = ground::ground(rules::extract(&cleaned), &cleaned);
    let facts = MailFacts {
        from_email: &mail.from_email,
        received_at: DateTime::UNIX_EPOCH,
        cleaned_body: &cleaned.body,
    };
    let decision = decide(&extraction, facts);
    (cleaned, extraction, decision)
}

fn written(mail: &Mail) -> Option<Money> {
    match read(mail).2 {
        Decision::Write(update) => Some(update.new_debt_amount),
        _ => None,
    }
}

fn cents() -> impl Strategy<Value = i64> {
    prop_oneof![100..100_000_i64, 100_000..49_000_000_i64]
}

/// All ways in which one amount is written; whole euros have some of their own.
fn forms(cents: i64) -> Vec<String> {
    let (euros, rest) = (cents / 100, cents % 100);
    let grouped = |mark: &str| {
        let digits = euros.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at) % 3 == 0 {
                text.push_str(mark);
            }
            text.push(digit);
        }
        text
    };
    let mut forms = vec![
        format!("{},{rest:02} EUR", grouped(".")),
        format!("EUR {},{rest:02}", grouped(".")),
        format!("{euros},{rest:02}€"),
        format!("{euros},{rest:02} Euro"),
        format!("{},{rest:02} €", grouped(" ")),
        format!("{},{rest:02} EUR", grouped("\u{a0}")),
        format!("{},{rest:02}\u{202f}EUR", grouped("\u{202f}")),
        format!("EUR {}.{rest:02}", grouped("'")),
        format!("EUR {}.{rest:02}", grouped(",")),
        format!("{}\u{200b},{rest:02} EUR", grouped(".")),
    ];
    if rest == 0 {
        forms.push(format!("{},- €", grouped(".")));
        forms.push(format!("{},-- EUR", grouped(".")));
        forms.push(format!("{} Euro", grouped(".")));
        forms.push(format!("{euros} EUR"));
    }
    forms
}

fn a_form(cents: i64) -> impl Strategy<Value = String> {
    prop::sample::select(forms(cents))
}

const TOTALS: [&str; 10] = [
    "Die Gesamtforderung beträgt {}.",
    "Gesamtforderung: {}",
    "Unsere Forderung beläuft sich auf {}.",
    "Es sind insgesamt {} offen.",
    "Der offene Betrag beträgt {}.",
    "Gesamtbetrag | {}",
    "Restforderung  {}",
    "Der Rückstand beträgt derzeit {}.",
    "Saldo: {}",
    "The total outstanding is {}.",
];

/// Ways to name a total in passing.
const STATED: [&str; 7] = [
    "Die Gesamtforderung beläuft sich auf {}.",
    "Unsere Mandantin ist bereit, auf ihre Gesamtforderung von {} Raten anzunehmen.",
    "Wir teilen mit, dass insgesamt {} zurückzuzahlen sind.",
    "Wir melden für unsere Mandantin {} an; das ist der heutige Gesamtbetrag.",
    "Heute schuldet uns Herr Muster alles in allem {}.",
    "Der offene Gesamtbetrag lautet {}.",
    "Zur Zahlung offen sind heute noch {}.",
];

/// The last row of a table, and the others.
const FEET: [&str; 6] = [
    "Gesamtforderung",
    "Summe",
    "zusammen",
    "Gesamtbetrag der Erstattung",
    "Rückstand gesamt",
    "mithin zu zahlen",
];
const ITEMS: [&str; 4] = ["Hauptforderung", "Zinsen", "Mahnkosten", "Auslagen"];

const HIDDEN: [&str; 8] = [
    "<div style=\"display:none\">{}</div>",
    "<p style=\"visibility:hidden\">{}</p>",
    "<span style=\"font-size:0\">{}</span>",
    "<p style=\"color:#ffffff\">{}</p>",
    "<p><font color=\"white\">{}</font></p>",
    "<!-- {} -->",
    "<style>.h{display:none}</style><div class=\"h\">{}</div>",
    "<table hidden><tr><td>{}</td></tr></table>",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_amount_in_all_its_forms_gives_the_same_cents(cents in cents()) {
        let value = Money::from_cents(cents);
        for form in forms(cents) {
            let cleaned = clean(&mail(&format!("Gesamtforderung: {form}")));
            let found: Vec<Money> =
                money::scan(&cleaned.body).iter().map(|amount| amount.value).collect();
            prop_assert_eq!(found, vec![value], "{}", form);
            prop_assert_eq!(written(&mail(&format!("Gesamtforderung: {form}"))), Some(value), "{}", form);
        }
    }

    #[test]
    fn a_stated_total_is_written_as_it_stands(
        (cents, form) in cents().prop_flat_map(|cents| (Just(cents), a_form(cents))),
        total in prop::sample::select(&TOTALS[..]),
    ) {
        prop_assert_eq!(written(&mail(&total.replace("{}", &form))), Some(Money::from_cents(cents)));
    }

    #[test]
    fn two_different_totals_are_never_written(
        (one, one_form) in cents().prop_flat_map(|cents| (Just(cents), a_form(cents))),
        (other, other_form) in cents().prop_flat_map(|cents| (Just(cents), a_form(cents))),
        first in prop::sample::select(&TOTALS[..]),
        second in prop::sample::select(&TOTALS[..]),
        between in prop::sample::select(&["\n", "\n\n", "\n\nBitte beachten Sie unsere Bankverbindung.\n"][..]),
    ) {
        prop_assume!(one != other);
        let body =
            format!("{}{between}{}", first.replace("{}", &one_form), second.replace("{}", &other_form));
        prop_assert_eq!(written(&mail(&body)), None, "{}", body);
    }

    #[test]
    fn a_sentence_and_the_foot_of_a_table_that_differ_are_never_written(
        items in prop::collection::vec(1_000_i64..2_000_000, 2..5),
        stated in cents(),
        sentence in prop::sample::select(&STATED[..]),
        foot in prop::sample::select(&FEET[..]),
        table_first in any::<bool>(),
    ) {
        let sum: i64 = items.iter().sum();
        prop_assume!(sum != stated);
        let rows = items.iter().enumerate().map(|(at, cents)| {
            format!("{} | {}\n", ITEMS[at], forms(*cents)[0])
        });
        let table = format!("{}{foot} | {}", rows.collect::<String>(), forms(sum)[0]);
        let sentence = sentence.replace("{}", &forms(stated)[0]);
        let (first, second) =
            if table_first { (&table, &sentence) } else { (&sentence, &table) };
        let body = format!("{first}\n\n{second}");
        prop_assert_eq!(written(&mail(&body)), None, "{}", body);
    }

    #[test]
    fn an_amount_that_no_reader_sees_is_never_written(
        (hidden, form) in cents().prop_flat_map(|cents| (Just(cents), a_form(cents))),
        total in prop::sample::select(&TOTALS[..]),
        hide in prop::sample::select(&HIDDEN[..]),
        shown in prop::option::of(cents()),
    ) {
        let hidden_text = hide.replace("{}", &total.replace("{}", &form));
        let shown_text = shown.map_or(String::new(), |cents| {
            format!("<p>Gesamtforderung: {}</p>", forms(cents)[0])
        });
        let written = written(&html(&format!("{hidden_text}{shown_text}")));
        prop_assert_eq!(written, shown.map(Money::from_cents), "hidden: {}", hidden);
    }

    #[test]
    fn an_answer_with_an_amount_that_does_not_stand_there_is_never_written(
        stated in cents(),
        answered in cents(),
    ) {
        let mail = mail(&format!("Gesamtforderung: {}", forms(stated)[0]));
        let cleaned = clean(&mail);
        let mut extraction = rules::extract(&cleaned);
        extraction.debt_amount = Some(Money::from_cents(answered));
        extraction.intent = Intent::DebtStatement;
        let confidence = extraction.confidence;
        let grounded = ground::ground(extraction, &cleaned);
        if stated == answered {
            prop_assert_eq!(grounded.debt_amount, Some(Money::from_cents(stated)));
        } else {
            prop_assert_eq!(grounded.debt_amount, None);
            prop_assert!(grounded.doubts.contains(&Doubt::Ungrounded));
            prop_assert!(grounded.confidence < confidence);
        }
    }

    #[test]
    fn an_amount_of_our_quoted_letter_is_never_written(
        cents in cents(),
        total in prop::sample::select(&TOTALS[..]),
        quote in prop::sample::select(&[
            "Am 02.03.2026 um 11:05 schrieb Kanzlei <a@kanzlei.example>:\n> {}",
            "Von: Kanzlei <a@kanzlei.example>\nGesendet: Montag, 2. März 2026 11:05\nAn: Bank\nBetreff: Muster\n\n{}",
            "-----Ursprüngliche Nachricht-----\nVon: a@kanzlei.example\nGesendet: 02.03.2026\nAn: Bank\n\n{}",
            "On Mon, Mar 2, 2026 at 11:05 AM Kanzlei <a@kanzlei.example> wrote:\n\n> {}",
        ][..]),
    ) {
        let quoted = quote.replace("{}", &total.replace("{}", &forms(cents)[0]));
        let body = format!("vielen Dank für Ihr Schreiben.\n\n{quoted}");
        let mail = Mail { body_text: Some(format!("Guten Tag,\n\n{IDENTITY}\n\n{body}")), ..mail("") };
        prop_assert_eq!(written(&mail), None, "{}", quoted);
    }

    #[test]
    fn our_letter_below_the_answer_is_never_written(
        cents in cents(),
        total in prop::sample::select(&TOTALS[..]),
        closing in prop::sample::select(&["Gruß", "Mit freundlichem Gruß", "Sportliche Grüße", "Freundlich grüßt", "Kind regards"][..]),
        head in prop::sample::select(&[
            "",
            ">>> \"Kanzlei\" <a@kanzlei.example> 02.03.2026 11:05 >>>\n",
            "Kanzlei <a@kanzlei.example> 02.03.2026 11:05\n",
            "Ursprüngliche Nachricht\n",
        ][..]),
        salutation in prop::sample::select(&["Sehr geehrte Damen und Herren,", "Guten Tag,", "Hallo Herr Kern,", "Dear Sirs,"][..]),
    ) {
        let letter = format!("{salutation}\n{}", total.replace("{}", &forms(cents)[0]));
        let body = format!("wir prüfen Ihre Anfrage und melden uns.\n\n{closing}\nA. Kern\n\n{head}{letter}");
        let mail = Mail { body_text: Some(format!("Guten Tag,\n\n{IDENTITY}\n\n{body}")), ..mail("") };
        let cleaned = clean(&mail);
        prop_assert!(cleaned.body.ends_with("melden uns."), "{}", cleaned.body);
        prop_assert!(cleaned.quote.contains(&forms(cents)[0]), "{}", cleaned.quote);
        prop_assert_eq!(written(&mail), None);
    }

    #[test]
    fn an_amount_in_another_currency_is_never_written_wherever_that_is_named(
        cents in cents(),
        currency in prop::sample::select(&["CHF", "DKK", "USD", "Fr.", "PLN", "£"][..]),
        heading in prop::sample::select(&[
            "Alle Beträge in {}:\nGesamtforderung  #",
            "Position | {}\nGesamtforderung | #",
            "Währung: {}\n\nGesamtforderung: #",
            "Position  Betrag ({})\nGesamtforderung  #",
            "Gesamtforderung ({}): #",
            "Die Gesamtforderung beträgt {}\n#.",
            "Die Gesamtforderung beträgt #\n{}.",
            "Gesamtforderung {} ........ #",
        ][..]),
    ) {
        let number = forms(cents)[0].replace(" EUR", "");
        let body = heading.replace("{}", currency).replace('#', &number);
        prop_assert_eq!(written(&mail(&body)), None, "{}", body);
    }

    #[test]
    fn a_credit_is_never_written_as_a_debt(
        cents in cents(),
        credit in prop::sample::select(&["{} H", "{} | H", "./. {}", "{} EUR -", " - {}"][..]),
        total in prop::sample::select(&["Saldo  {}", "Gesamtbetrag | {}", "Gesamtforderung  {}"][..]),
    ) {
        let number = forms(cents)[0].replace(" EUR", "");
        let body = total.replace("{}", &credit.replace("{}", &number));
        prop_assert_eq!(written(&mail(&body)), None, "{}", body);
    }

    #[test]
    fn a_table_means_the_same_however_it_is_marked_up(euros in 10..400_000_i64, part in 1..100_i64) {
        let (first, second) = (euros * part, euros * (100 - part));
        let [first, second, total] = [first, second, euros * 100].map(|cents| forms(cents)[0].replace(" EUR", ""));
        let split = |amount: &str| amount.replace(',', "</td><td>");
        for html_body in [
            format!("<table><tr><th>Posten<th>EUR<tr><td>Hauptforderung<td>{first}<tr><td>Zinsen<td>{second}<tr><td>Gesamtforderung<td>{total}</table>"),
            format!("<table><tfoot><tr><td>Gesamtforderung<td>{total} €</tfoot><tr><td>Hauptforderung<td>{first} €<tr><td>Zinsen<td>{second} €</table>"),
            format!("<dl><dt>Hauptforderung<dd>{first} €<dt>Zinsen<dd>{second} €<dt>Gesamtforderung<dd>{total} €</dl>"),
            format!("<table><tr><td rowspan=2>Posten<td colspan=2>Betrag<tr><td>EUR</td><td>Ct</td><tr><td>Hauptforderung<td>{}</td><tr><td>Zinsen<td>{}</td><tr><td>Gesamtforderung<td>{}</td></table>", split(&first), split(&second), split(&total)),
        ] {
            prop_assert_eq!(written(&html(&html_body)), Some(Money::from_cents(euros * 100)), "{}", clean(&html(&html_body)).body);
        }
    }

    #[test]
    fn nothing_makes_it_panic_and_all_evidence_stands_in_the_text(
        subject in any::<Option<String>>(),
        text in any::<Option<String>>(),
        html in "(<[a-z]{1,5}( [a-z]{1,6}=\"[^\"]{0,12}\")?/?>|</[a-z]{1,5}>|&[a-z#0-9]{1,6};|[ -~äöü€\u{202e}\n]{0,9}){0,40}",
    ) {
        let mail = Mail { subject, body_text: text, body_html: Some(html), from_email: "x@y.example".to_owned(), from_name: None, received_at: None };
        let (cleaned, extraction, _) = read(&mail);
        for (field, evidence) in &extraction.evidence {
            let source = match evidence.source.as_str() {
                "subject" => &cleaned.subject,
                "body" => &cleaned.body,
                "quote" => &cleaned.quote,
                other => panic!("{field} from {other}"),
            };
            prop_assert!(source.get(evidence.start..evidence.end).is_some());
        }
        for text in [&cleaned.subject, &cleaned.body] {
            let mut end = 0;
            for amount in money::scan(text) {
                prop_assert!(amount.range.start >= end, "{}", text);
                end = amount.range.end;
                prop_assert!(text.get(amount.range).is_some());
            }
        }
    }

    #[test]
    fn amounts_never_overlap_however_they_are_written(
        text in "(in Worten:? |\\(|\\)|dreitausend|zwei |hundert| Euro|EUR ?|\n|5[.,]00|1\\.234,56|50/100| H| - |\\./\\. |Beträge in CHF|,-|lO,OO €| \\| |und fünf Cent){0,24}",
    ) {
        let found = money::scan(&text);
        prop_assert!(found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start), "{} {:?}", text, found);
        read(&mail(&text));
    }

    #[test]
    fn a_reply_is_never_lost(reply in "[A-ZÄÖÜ][a-zäöüß]{3,12}( [a-zäöüß]{2,12}){4,12}\\.") {
        for (before, after) in [
            ("", "\n\nAm 02.03.2026 schrieb a@kanzlei.example:\n> alt\n> neu"),
            ("Am 02.03.2026 um 11:05 schrieb a@kanzlei.example:\n> alt\n> neu\n\n", ""),
            ("> Frage eins?\n\n", "\n\n> Frage zwei?"),
            ("", "\n\nMit freundlichen Grüßen\nBank AG\nStammkapital 25.000 EUR"),
            ("", "\n\nVon: a@kanzlei.example\nGesendet: Montag\nAn: Bank\nBetreff: x\n\nalt"),
            ("Landkreis Muster, Zentrale Finanzen\nIm Auftrag\n\nGuten Tag,\n\n", "\n\nGruß\nA. Kern"),
            ("", "\n\nSportliche Grüße\nA. Kern\n\nSehr geehrte Damen und Herren,\nalt"),
            ("", "\n--\nBank AG\nDiese E-Mail ist vertraulich."),
        ] {
            let text = format!("{before}{reply}{after}");
            let mail = Mail { body_text: Some(text.clone()), ..mail("") };
            prop_assert!(clean(&mail).body.contains(reply.trim()), "{}", text);
        }
    }
}
