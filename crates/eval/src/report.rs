//! What a run over a corpus shows.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use domain::extraction::{Extraction, Intent};
use serde::Serialize;

use crate::corpus::{Case, Corpus, Route};
use crate::run::{Outcome, Verdict, judge};

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub cases: usize,
    pub wrong_writes: usize,
    pub missed_writes: usize,
    pub correct_writes: usize,
    pub cautious_reviews: usize,
    /// All cases that went to a person.
    pub reviews: usize,
    /// Mails to be ignored that were not, or the other way round.
    pub wrong_ignores: usize,
    /// Share of cases on the right route; writes to the right place only.
    pub accuracy: f64,
    pub fields: BTreeMap<&'static str, Share>,
    /// Expected × got.
    pub routes: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
    pub wrong_cases: Vec<WrongCase>,
    /// Of the answers with this confidence that leave no doubt, how many carry the right amount.
    pub calibration: BTreeMap<String, Share>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    pub right: usize,
    pub of: usize,
}

impl Share {
    fn count(&mut self, right: bool) {
        self.of += 1;
        self.right += usize::from(right);
    }

    pub fn value(self) -> f64 {
        if self.of == 0 { 1.0 } else { self.right as f64 / self.of as f64 }
    }
}

#[derive(Debug, Serialize)]
pub struct WrongCase {
    pub name: String,
    pub verdict: String,
    pub expected: String,
    pub got: String,
    pub reasons: Vec<String>,
    pub why: String,
}

impl Report {
    /// Of the outcomes of each corpus, in the order of its cases.
    pub fn new(corpora: &[Corpus], outcomes: &[Vec<Outcome>]) -> Report {
        let cases = corpora.iter().zip(outcomes);
        let cases =
            || cases.clone().flat_map(|(corpus, outcomes)| corpus.cases.iter().zip(outcomes));
        let mut report = Report::empty(cases().count());
        for (case, outcome) in cases() {
            report.add(case, outcome);
        }
        let right = cases().filter(|(case, outcome)| is_right(judge(case, outcome))).count();
        report.accuracy = Share { right, of: report.cases }.value();
        report
    }

    fn empty(cases: usize) -> Report {
        let row = || Route::ALL.iter().map(|route| (route.as_str(), 0)).collect();
        Report {
            cases,
            wrong_writes: 0,
            missed_writes: 0,
            correct_writes: 0,
            cautious_reviews: 0,
            reviews: 0,
            wrong_ignores: 0,
            accuracy: 0.0,
            fields: BTreeMap::new(),
            routes: Route::ALL.iter().map(|route| (route.as_str(), row())).collect(),
            wrong_cases: Vec::new(),
            calibration: BTreeMap::new(),
        }
    }

    fn add(&mut self, case: &Case, outcome: &Outcome) {
        let verdict = judge(case, outcome);
        match verdict {
            Verdict::CorrectWrite => self.correct_writes += 1,
            Verdict::WrongWrite => self.wrong_writes += 1,
            Verdict::MissedWrite => self.missed_writes += 1,
            Verdict::CautiousReview => self.cautious_reviews += 1,
            Verdict::WrongRoute => self.wrong_ignores += 1,
            Verdict::CorrectReview | Verdict::CorrectIgnore => {}
        }
        self.reviews += usize::from(outcome.route == Route::Review);
        if let Some(row) = self.routes.get_mut(case.expect.route.as_str())
            && let Some(count) = row.get_mut(outcome.route.as_str())
        {
            *count += 1;
        }
        let fields = self.compare_fields(case, outcome);
        if is_sure(&outcome.extraction) {
            let share = format!("{:.2}", outcome.extraction.confidence);
            // Whose amount it is, matching decides; beside `review` the label notes the amount.
            let right = outcome.extraction.debt_amount == case.expect.debt_amount;
            self.calibration.entry(share).or_default().count(right);
        }
        if !is_right(verdict) || !fields.is_empty() {
            self.wrong_cases.push(wrong_case(case, outcome, verdict, fields));
        }
    }

    /// Counts each field and names those that are wrong.
    fn compare_fields(&mut self, case: &Case, outcome: &Outcome) -> Vec<String> {
        let (expect, got) = (&case.expect, &outcome.extraction);
        let mut wrong = Vec::new();
        let mut field = |name: &'static str, right: bool, shown: String| {
            self.fields.entry(name).or_default().count(right);
            if !right {
                wrong.push(format!("{name}: {shown}"));
            }
        };
        field(
            "intent",
            expect.intent == got.intent,
            format!("{} instead of {}", got.intent.as_str(), expect.intent.as_str()),
        );
        field(
            "is_creditor_reply",
            expect.is_creditor_reply == got.is_creditor_reply,
            got.is_creditor_reply.to_string(),
        );
        if expect.route == Route::Write {
            field(
                "debt_amount",
                expect.debt_amount == got.debt_amount,
                format!("{:?} instead of {:?}", got.debt_amount, expect.debt_amount),
            );
            let same = |number: &Option<String>| number.as_deref().map(key);
            field(
                "client_aktenzeichen",
                got.client_aktenzeichen.is_none()
                    || same(&expect.client_aktenzeichen) == same(&got.client_aktenzeichen),
                format!("{:?}", got.client_aktenzeichen),
            );
        }
        let found = |wanted: &String| got.reference_numbers.iter().any(|n| key(n) == key(wanted));
        let complete = expect.reference_numbers.iter().all(found);
        field(
            "reference_numbers",
            complete,
            format!("{:?} instead of {:?}", got.reference_numbers, expect.reference_numbers),
        );
        let expected = |number: &String| {
            expect.reference_numbers.iter().any(|wanted| key(number) == key(wanted))
        };
        self.fields
            .entry("reference_numbers_without_extras")
            .or_default()
            .count(complete && got.reference_numbers.iter().all(expected));
        wrong
    }

    pub fn field(&self, name: &str) -> f64 {
        self.fields.get(name).copied().unwrap_or_default().value()
    }
}

/// On the right route, and written to the right place.
fn is_right(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::CorrectWrite | Verdict::CorrectReview | Verdict::CorrectIgnore)
}

/// An answer that the decision would write if its confidence suffices.
fn is_sure(extraction: &Extraction) -> bool {
    extraction.debt_amount.is_some()
        && extraction.doubts.is_empty()
        && matches!(extraction.intent, Intent::DebtStatement | Intent::PaymentPlan)
}

fn wrong_case(case: &Case, outcome: &Outcome, verdict: Verdict, fields: Vec<String>) -> WrongCase {
    let got = match &outcome.written {
        Some(written) => format!(
            "write {} to {}",
            written.amount,
            written.creditor_id.as_deref().unwrap_or("an entry without id")
        ),
        None => outcome.route.as_str().to_owned(),
    };
    let mut reasons = outcome.reasons.clone();
    reasons.extend(fields);
    reasons
        .extend(outcome.extraction.doubts.iter().map(|doubt| format!("doubt: {}", doubt.as_str())));
    let doubted = outcome.extraction.evidence.get("doubts");
    reasons.extend(doubted.map(|sentence| format!("doubted: {}", sentence.text)));
    WrongCase {
        name: case.name.clone(),
        verdict: format!("{verdict:?}"),
        expected: case.expect.route.as_str().to_owned(),
        got,
        reasons,
        why: case.expect.why.clone(),
    }
}

/// Letters and digits of a number: spelling with `/`, `_` or spaces makes no difference.
fn key(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Table::new();
        fields.load_style(UTF8_FULL_CONDENSED).set_header(["field", "right", "of", "share"]);
        for (name, share) in &self.fields {
            fields.add_row([
                (*name).to_owned(),
                share.right.to_string(),
                share.of.to_string(),
                format!("{:.3}", share.value()),
            ]);
        }
        writeln!(f, "{fields}\n")?;

        let mut routes = Table::new();
        routes.load_style(UTF8_FULL_CONDENSED).set_header([
            "expected \\ got",
            "write",
            "review",
            "ignore",
        ]);
        for expected in Route::ALL {
            let row = &self.routes[expected.as_str()];
            let count = |got: Route| row[got.as_str()].to_string();
            routes.add_row([
                expected.as_str().to_owned(),
                count(Route::Write),
                count(Route::Review),
                count(Route::Ignore),
            ]);
        }
        writeln!(f, "{routes}\n")?;

        writeln!(f, "confidence and how often the amount was right:")?;
        for (confidence, share) in &self.calibration {
            writeln!(f, "  {confidence}: {} of {}", share.right, share.of)?;
        }
        writeln!(f)?;
        for case in &self.wrong_cases {
            writeln!(
                f,
                "{}: {}, expected {}, got {}",
                case.name, case.verdict, case.expected, case.got
            )?;
            for reason in &case.reasons {
                writeln!(f, "    {reason}")?;
            }
            if !case.why.is_empty() {
                writeln!(f, "    label: {}", case.why)?;
            }
        }
        writeln!(f)?;
        write!(
            f,
            "wrong_writes={} missed_writes={} correct_writes={} reviews={} accuracy={:.3}",
            self.wrong_writes, self.missed_writes, self.correct_writes, self.reviews, self.accuracy
        )
    }
}
