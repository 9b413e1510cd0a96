//! MongoDB away or slow.

use std::time::{Duration, Instant};

use clients::guard::GuardSettings;
use clients::plan::OutcomeKind;
use clients::store::{ClientStore, StoreSettings};
use test_support::PrivateMongo;

use crate::support::{Letter, max};

const LIMIT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_mongod_that_is_killed_or_frozen_is_infrastructure_within_the_limit() {
    let mut mongo = PrivateMongo::start().await;
    let database = mongo.database().await;
    database.collection("clients").insert_one(max()).await.unwrap();
    let store = ClientStore::new(database, StoreSettings { timeout: LIMIT });
    let letter = Letter::new(5, 7, "1341.17");
    let deliver = async || store.deliver(&[letter.message()], GuardSettings::default()).await;

    mongo.server.pause();
    let started = Instant::now();
    let error = deliver().await.expect_err("frozen");
    assert!(error.is_infrastructure(), "{error:?}");
    assert!(started.elapsed() < LIMIT * 2);
    mongo.server.resume();

    mongo.server.kill();
    let started = Instant::now();
    let error = deliver().await.expect_err("killed");
    assert!(error.is_infrastructure(), "{error:?}");
    assert!(started.elapsed() < LIMIT * 2);
    assert!(store.ping().await.expect_err("killed").is_infrastructure());

    mongo.server.restart().await.unwrap();
    let back = async || store.ping().await.is_ok();
    test_support::wait_until(Duration::from_secs(60), back).await;
    let outcomes = deliver().await.unwrap();
    assert_eq!(outcomes[0].kind, OutcomeKind::Applied);
}
