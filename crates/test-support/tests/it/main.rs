//! What the tests of all crates build on: databases of their own, and servers that come back.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use mongodb::bson::{Document, doc};
use test_support::{PrivateMongo, PrivatePostgres, TestMongo, TestPostgres, wait_until};

const LIMIT: Duration = Duration::from_secs(30);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}

fn count(connection: &mut PgConnection, from: &str) -> i64 {
    let query = format!("SELECT count(*) AS count FROM {from}");
    sql_query(query).get_result::<Count>(connection).expect("the table is there").count
}

#[test]
fn each_test_has_a_migrated_database_which_goes_even_while_connections_are_open() {
    let (one, other) = (TestPostgres::create(), TestPostgres::create());
    let mut open = one.connect();
    open.batch_execute("INSERT INTO idempotency_keys (key, expires_at) VALUES ('k', now())")
        .unwrap();
    assert_eq!(count(&mut open, "idempotency_keys"), 1);
    assert_eq!(count(&mut other.connect(), "idempotency_keys"), 0);
    let url = one.url();
    drop(one);
    assert!(PgConnection::establish(&url).is_err());
}

#[tokio::test]
async fn each_test_has_a_mongo_database_which_goes_with_it() {
    let (one, other) = (TestMongo::create(), TestMongo::create());
    let database = one.database().await;
    database.collection::<Document>("clients").insert_one(doc! {"a": 1}).await.unwrap();
    let other_clients = other.database().await.collection::<Document>("clients");
    assert_eq!(other_clients.count_documents(doc! {}).await.unwrap(), 0);
    let name = one.name().to_owned();
    drop(one);
    assert!(!database.client().list_database_names().await.unwrap().contains(&name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_comes_back_on_its_port_with_what_it_acknowledged() {
    let mut postgres = PrivatePostgres::start().await;
    let url = postgres.url();
    let mut before = PgConnection::establish(&url).unwrap();
    before.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)").unwrap();
    postgres.server.kill();
    assert!(!postgres.server.is_running());
    assert!(before.batch_execute("SELECT 1").is_err());
    assert!(PgConnection::establish(&url).is_err());
    postgres.server.restart().await.unwrap();
    assert_eq!(count(&mut PgConnection::establish(&url).unwrap(), "kept"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_postgres_answers_only_after_it_is_thawed() {
    let postgres = PrivatePostgres::start().await;
    let mut connection = PgConnection::establish(&postgres.url()).unwrap();
    postgres.server.pause();
    let asked = tokio::task::spawn_blocking(move || connection.batch_execute("SELECT 1"));
    // The freeze has to be seen to last: nothing but time can show that no answer comes.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!asked.is_finished());
    postgres.server.resume();
    tokio::time::timeout(LIMIT, asked).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_killed_mongo_comes_back_as_primary_with_what_it_acknowledged() {
    let mut mongo = PrivateMongo::start().await;
    let clients = mongo.database().await.collection::<Document>("clients");
    clients.insert_one(doc! {"a": 1}).await.unwrap();
    let port = mongo.server.port();
    mongo.server.kill();
    assert!(!mongo.server.is_running());
    mongo.server.restart().await.unwrap();
    assert_eq!(mongo.server.port(), port);
    wait_until(LIMIT, async || clients.count_documents(doc! {}).await.is_ok_and(|n| n == 1)).await;
}

#[tokio::test]
async fn a_frozen_mongo_answers_only_after_it_is_thawed_and_stops_even_when_frozen() {
    let mut mongo = PrivateMongo::start().await;
    let database = mongo.database().await;
    database.run_command(doc! {"ping": 1}).await.unwrap();
    mongo.server.pause();
    let ping = tokio::spawn(async move { database.run_command(doc! {"ping": 1}).await });
    // The freeze has to be seen to last: nothing but time can show that no answer comes.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!ping.is_finished());
    mongo.server.resume();
    tokio::time::timeout(LIMIT, ping).await.unwrap().unwrap().unwrap();
    mongo.server.pause();
    let began = Instant::now();
    drop(mongo);
    assert!(began.elapsed() < LIMIT);
}
