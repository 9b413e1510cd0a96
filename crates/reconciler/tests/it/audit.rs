//! `reconciler audit`, as the program.

use serde_json::Value;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_clean() {
    let world = World::empty().await;
    let output = world.output(&["audit", "--lookback-days", "30", "--format", "json"]).await;
    assert_eq!(output.status.code(), Some(0));
    let audit: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(audit["health_score"], 1.0);
    assert_eq!(audit["mismatches_total"], 0);
    let output = world.output(&["audit"]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1.0000 (healthy)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_percent_of_drift_is_unhealthy_until_it_is_fixed() {
    let world = World::seeded().await;
    world.lose_writes(75).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let output = world.output(&["audit", "--json", "--output", path]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let audit: Value = serde_json::from_reader(file.reopen().unwrap()).unwrap();
    assert_eq!(audit["recovery_plan"]["re-sync"], 75);
    assert_eq!(audit["mismatches"][0]["severity"], "high");
    assert_eq!(audit["mismatches"][0]["action"], "re-sync");
    assert_eq!(audit["health_score"], 0.9);
    assert_eq!(audit["statuses"][0]["mails"], 3_000);

    let unasked = world.output(&["audit", "--fix"]).await;
    assert_eq!(unasked.status.code(), Some(2), "nobody is there to ask");
    assert!(String::from_utf8_lossy(&unasked.stderr).contains("--yes"));
    assert!(!world.entry(0, 0).await.contains_key("sync"));

    let fixed = world.output(&["audit", "--fix", "--yes", "--json"]).await;
    assert_eq!(fixed.status.code(), Some(0), "{}", String::from_utf8_lossy(&fixed.stderr));
    let audit: Value = serde_json::from_slice(&fixed.stdout).unwrap();
    assert_eq!((&audit["health_score"], &audit["health_score_before"]), (&1.0.into(), &0.9.into()));
    assert_eq!(audit["fix"]["auto_repaired"], 75);
    world.assert_shows_newest(&world.entry(74, 0).await, 74, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_shows_all_of_its_plan_and_keeps_the_limits_until_a_person_lifts_them() {
    let world = World::seeded().await;
    world.lose_writes(1_100).await;
    let refused = world.output(&["audit", "--fix", "--yes"]).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("and 100 mails that the list has no room for: "), "{said}");
    assert!(said.contains("NOTHING WAS REPAIRED: 1100 targets differ of 1500"), "{said}");
    assert!(said.contains("`reconciler audit --fix --repair-all`"), "{said}");
    assert!(!world.entry(0, 0).await.contains_key("sync"));
    let reports = world.output(&["reports"]).await;
    assert_eq!(String::from_utf8_lossy(&reports.stdout), "no reports\n", "no run began");

    let fixed = world.output(&["audit", "--fix", "--repair-all", "--yes", "--json"]).await;
    assert_eq!(fixed.status.code(), Some(0), "{}", String::from_utf8_lossy(&fixed.stderr));
    let audit: Value = serde_json::from_slice(&fixed.stdout).unwrap();
    assert_eq!((&audit["fix"]["planned"], &audit["health_score"]), (&1_100.into(), &1.0.into()));
    assert_eq!(audit["fix"]["auto_repaired"], 1_100);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_takes_its_span_in_days_and_no_option_that_it_would_ignore() {
    let world = World::empty().await;
    let output = world.output(&["audit", "--lookback-hours", "3"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--lookback-hours"));
    let without_fix = world.output(&["audit", "--repair-all"]).await;
    assert_eq!(without_fix.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_finds_the_same_and_changes_nothing() {
    let world = World::seeded().await;
    world.lose_writes(3).await;
    let output = world.output(&["run", "--dry-run", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["mismatches_total"], 3);
    assert!(!world.entry(0, 0).await.contains_key("sync"));
    let output = world.output(&["reports"]).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "no reports\n");
    let output = world.output(&["run"]).await;
    assert_eq!(output.status.code(), Some(0));
    let output = world.output(&["reports", "1"]).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("current_debt_amount"));
}
