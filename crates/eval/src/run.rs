//! One case through the whole path, in process.

use anyhow::{Context, Result};
use chrono::DateTime;
use clients::document::EntryIdentity;
use clients::guard::GuardSettings;
use clients::matching::Candidates;
use clients::target::{TargetDecision, decide_among};
use domain::decision::{Decision, MailFacts, decide};
use domain::extraction::Extraction;
use domain::money::Money;
use extraction::{ExtractError, Extractor, clean, rules};

use crate::corpus::{Case, Corpus, Route};

/// What became of a case.
#[derive(Debug)]
pub struct Outcome {
    pub extraction: Extraction,
    pub route: Route,
    /// The client's Aktenzeichen and the entry's id where something would be written.
    pub written: Option<Written>,
    /// Why it is on this route.
    pub reasons: Vec<String>,
}

impl Outcome {
    /// Of a mail in which the extractor could read nothing.
    fn unread(reason: String) -> Self {
        let extraction = rules::extract(&clean::CleanedMail::default());
        Self { extraction, route: Route::Review, written: None, reasons: vec![reason] }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub aktenzeichen: Option<String>,
    pub creditor_id: Option<String>,
    pub amount: Money,
}

/// How an outcome stands to its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    CorrectWrite,
    /// Written though the label does not say so, or to another client, entry or amount.
    WrongWrite,
    MissedWrite,
    /// A write that went to review, and may.
    CautiousReview,
    CorrectReview,
    CorrectIgnore,
    /// Review and ignore exchanged.
    WrongRoute,
}

/// Runs all cases of a corpus, each against the clients as the file has them.
pub async fn run(corpus: &Corpus, extractor: &dyn Extractor) -> Result<Vec<Outcome>> {
    let candidates = Candidates::new(&corpus.clients);
    let mut outcomes = Vec::with_capacity(corpus.cases.len());
    for case in &corpus.cases {
        let outcome = run_case(case, &candidates, extractor).await;
        outcomes.push(outcome.with_context(|| format!("couldn't extract {}", case.name))?);
    }
    Ok(outcomes)
}

/// Runs several corpora, each against its own clients.
pub async fn run_all(corpora: &[Corpus], extractor: &dyn Extractor) -> Result<Vec<Vec<Outcome>>> {
    let mut outcomes = Vec::with_capacity(corpora.len());
    for corpus in corpora {
        outcomes.push(run(corpus, extractor).await?);
    }
    Ok(outcomes)
}

async fn run_case(
    case: &Case,
    candidates: &Candidates<'_>,
    extractor: &dyn Extractor,
) -> Result<Outcome> {
    let cleaned = clean::clean(&case.mail);
    let extraction = match extractor.extract(&cleaned).await {
        // Ingest sends such a mail to a person.
        Err(ExtractError::Rejected { reason }) => return Ok(Outcome::unread(reason)),
        extracted => extracted?,
    };
    let facts = MailFacts {
        from_email: &case.mail.from_email,
        received_at: DateTime::UNIX_EPOCH,
        cleaned_body: &cleaned.body,
    };
    let (route, written, reasons) = match decide(&extraction, facts) {
        Decision::NotCreditorReply => (Route::Ignore, None, Vec::new()),
        Decision::Review(code) => (Route::Review, None, vec![code.to_owned()]),
        Decision::Write(update) => {
            match decide_among(&update, candidates, GuardSettings::default()) {
                TargetDecision::Write { target, reasons } => {
                    let written = Written {
                        aktenzeichen: target.aktenzeichen.clone(),
                        creditor_id: entry_id(&target.identity),
                        amount: update.new_debt_amount,
                    };
                    (Route::Write, Some(written), reasons)
                }
                TargetDecision::NotFound(refusal) | TargetDecision::Review(refusal) => {
                    let mut reasons = refusal.reasons;
                    reasons.insert(0, refusal.code.to_owned());
                    (Route::Review, None, reasons)
                }
            }
        }
    };
    Ok(Outcome { extraction, route, written, reasons })
}

fn entry_id(identity: &EntryIdentity) -> Option<String> {
    match identity {
        EntryIdentity::Id(id) => id.as_str().map(str::to_owned),
        EntryIdentity::Sender(_) => None,
    }
}

/// Holds an outcome against the label.
pub fn judge(case: &Case, outcome: &Outcome) -> Verdict {
    let expect = &case.expect;
    match (expect.route, &outcome.written) {
        (Route::Write, Some(written)) => {
            let right = written.aktenzeichen == expect.client_aktenzeichen
                && written.creditor_id == expect.creditor_id
                && Some(written.amount) == expect.debt_amount;
            if right { Verdict::CorrectWrite } else { Verdict::WrongWrite }
        }
        (_, Some(_)) => Verdict::WrongWrite,
        (Route::Write, None) if outcome.route == Route::Review && case.may_be_reviewed() => {
            Verdict::CautiousReview
        }
        (Route::Write, None) => Verdict::MissedWrite,
        (Route::Review, None) if outcome.route == Route::Review => Verdict::CorrectReview,
        (Route::Ignore, None) if outcome.route == Route::Ignore => Verdict::CorrectIgnore,
        _ => Verdict::WrongRoute,
    }
}
