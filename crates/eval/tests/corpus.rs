//! The figures that the corpora must show.

use std::path::Path;

use eval::corpus::{Corpus, held_back_directory, own_directory, read_all, shared_directory};
use eval::report::Report;
use eval::run;
use extraction::RulesExtractor;

async fn report(directory: &Path) -> Report {
    report_of(&[Corpus::read(directory).expect("the corpus is readable")]).await
}

async fn report_of(corpora: &[Corpus]) -> Report {
    let outcomes = run::run_all(corpora, &RulesExtractor).await.expect("no network is needed");
    Report::new(corpora, &outcomes)
}

fn holds(report: &Report) {
    assert_eq!(report.wrong_writes, 0, "{report}");
    let writes = report.correct_writes + report.missed_writes;
    assert!(report.correct_writes as f64 >= 0.95 * writes as f64, "{report}");
    assert!(report.field("intent") >= 0.9, "{report}");
    let ignore = &report.routes["ignore"];
    assert_eq!((ignore["write"], ignore["review"]), (0, 0), "{report}");
    for expected in ["write", "review"] {
        assert_eq!(report.routes[expected]["ignore"], 0, "a mail would be lost: {report}");
    }
}

#[tokio::test]
async fn the_repositorys_corpus_is_read_without_a_wrong_write() {
    let report = report(&own_directory()).await;
    assert!(report.cases >= 40);
    holds(&report);
}

/// These are harder: every mail that a clerk would stop at must stop here, the others need not all
/// be understood.
#[tokio::test]
async fn the_mails_of_the_other_offices_are_read_without_a_wrong_write() {
    let corpora = read_all(&own_directory()).expect("the corpora are readable");
    let report = report_of(&corpora[1..]).await;
    assert!(report.cases >= 800);
    assert_eq!(report.wrong_writes, 0, "{report}");
    let writes = report.correct_writes + report.missed_writes;
    assert!(report.correct_writes as f64 >= 0.8 * writes as f64, "{report}");
    assert!(report.field("intent") >= 0.85, "{report}");
    for expected in ["write", "review"] {
        assert_eq!(report.routes[expected]["ignore"], 0, "a mail would be lost: {report}");
    }
}

/// What new mails meet: neither the rules nor the model were mended on these.
#[tokio::test]
async fn mails_that_nothing_was_mended_on_are_read_without_a_wrong_write() {
    let corpora = read_all(&held_back_directory()).expect("the corpora are readable");
    let report = report_of(&corpora).await;
    assert!(report.cases >= 600);
    assert_eq!(report.wrong_writes, 0, "{report}");
    let writes = report.correct_writes + report.missed_writes;
    assert!(report.correct_writes as f64 >= 0.75 * writes as f64, "{report}");
    for expected in ["write", "review"] {
        assert_eq!(report.routes[expected]["ignore"], 0, "a mail would be lost: {report}");
    }
}

#[tokio::test]
async fn the_shared_corpus_is_read_without_a_wrong_write() {
    let Some(directory) = shared_directory() else {
        eprintln!("skipped: there is no shared corpus beside the repository");
        return;
    };
    holds(&report(&directory).await);
}

/// Fewer answers say nothing about a share.
const FEWEST_ANSWERS: usize = 20;

#[tokio::test]
async fn the_confidence_says_how_often_an_answer_is_right() {
    let report = report(&own_directory()).await;
    let measured = report.calibration.iter().filter(|(_, share)| share.of >= FEWEST_ANSWERS);
    let mut levels = 0;
    for (confidence, share) in measured {
        let said: f64 = confidence.parse().expect("the keys are numbers");
        assert!((said - share.value()).abs() <= 0.05, "{confidence}: {share:?}");
        levels += 1;
    }
    assert!(levels >= 2, "{:?}", report.calibration);
}
