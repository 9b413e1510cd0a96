//! The migrations on real databases: empty, and those of the Python service.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may end there")]

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use migrate::SchemaState;
use test_support::TestPostgres;

/// Above it is an office without the saga (variant B); the whole file is one with it (variant A).
const MARKER: &str = "\n-- saga tables\n";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Every column, constraint, index and sequence, as Postgres itself describes them.
fn described_schema(conn: &mut PgConnection) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(
        "SELECT format('column %s.%s %s %s %s', c.relname, a.attname,
                       format_type(a.atttypid, a.atttypmod), a.attnotnull,
                       coalesce(pg_get_expr(d.adbin, d.adrelid), '')) AS line
           FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
            AND NOT a.attisdropped AND c.relname NOT LIKE '\\_\\_diesel%'
         UNION ALL
         SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            AND conrelid::regclass::text NOT LIKE '\\_\\_diesel%'
         UNION ALL
         SELECT format('index %s', indexdef) FROM pg_indexes
          WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%'
         UNION ALL
         SELECT format('sequence %s %s', sequencename, data_type) FROM pg_sequences
          WHERE schemaname = 'public'
         ORDER BY line",
    )
    .load(conn)
    .unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// The rows of all tables in the columns that they have, as JSON texts.
fn rows(conn: &mut PgConnection) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for table in ["creditor_inquiries", "incoming_emails", "outbox_messages"] {
        let lines: Result<Vec<Line>, _> = diesel::sql_query(format!(
            "SELECT row_to_json(t)::text AS line FROM {table} t ORDER BY id"
        ))
        .load(conn);
        if let Ok(lines) = lines {
            all.insert(table.to_owned(), lines.into_iter().map(|line| line.line).collect());
        }
    }
    all
}

fn variants(file: &str) -> [(&'static str, String); 2] {
    let (base, _) = file.split_once(MARKER).expect("the fixture has the marker");
    [("A", file.to_owned()), ("B", base.to_owned())]
}

fn own_fixture() -> String {
    include_str!("../fixtures/python_service.sql").to_owned()
}

/// Our own fixture, and the shared one where it lies beside the repository.
fn fixtures() -> Vec<String> {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/legacy/python_service.sql");
    let mut fixtures = vec![own_fixture()];
    fixtures.extend(std::fs::read_to_string(shared));
    fixtures
}

fn adopted(sql: &str) -> (TestPostgres, PgConnection) {
    let database = TestPostgres::create_empty();
    let mut conn = database.connect();
    conn.batch_execute(sql).unwrap();
    (database, conn)
}

#[test]
fn an_empty_database_and_both_variants_end_in_the_same_schema() {
    let empty = TestPostgres::create();
    let expected = described_schema(&mut empty.connect());
    assert!(expected.iter().any(|line| line.starts_with("column outbox_messages.id bigint")));
    assert!(expected.contains(&"sequence outbox_messages_id_seq bigint".to_owned()));
    for fixture in fixtures() {
        for (variant, sql) in variants(&fixture) {
            let (_database, mut conn) = adopted(&sql);
            migrate::run_up(&mut conn).unwrap();
            assert_eq!(described_schema(&mut conn), expected, "variant {variant}");
        }
    }
}

#[test]
fn adoption_keeps_every_row_and_every_value() {
    for fixture in fixtures() {
        for (variant, sql) in variants(&fixture) {
            let (_database, mut conn) = adopted(&sql);
            let before = rows(&mut conn);
            migrate::run_up(&mut conn).unwrap();
            let after = rows(&mut conn);
            for (table, before) in before {
                assert_eq!(before.len(), after[&table].len(), "variant {variant}: {table}");
                for (before, after) in before.iter().zip(&after[&table]) {
                    let before: BTreeMap<String, serde_json::Value> =
                        serde_json::from_str(before).unwrap();
                    let after: BTreeMap<String, serde_json::Value> =
                        serde_json::from_str(after).unwrap();
                    // The reason of what was given up on gets its code in front.
                    for (column, value) in
                        before.iter().filter(|(name, _)| *name != "error_message")
                    {
                        assert_eq!(value, &after[column], "variant {variant}: {table}.{column}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_pending_message_stays_pending_and_one_given_up_on_is_dead_with_its_reason() {
    let (_database, mut conn) = adopted(&own_fixture());
    migrate::run_up(&mut conn).unwrap();
    let due = domain::models::outbox_message::claim_due(&mut conn, 0, 10).unwrap();
    assert_eq!(due.iter().map(|m| m.aggregate_id.as_str()).collect::<Vec<_>>(), ["1"]);
    let dead = domain::models::outbox_message::list_dead(&mut conn, Some("failed:"), 10).unwrap();
    assert_eq!(
        dead[0].error_message.as_deref(),
        Some("failed:given_up_before_adoption: Client not found")
    );
}

#[test]
fn down_of_the_saga_returns_a_variant_b_database_to_what_it_was() {
    for fixture in fixtures() {
        let [_, (_, sql)] = variants(&fixture);
        let (_database, mut conn) = adopted(&sql);
        let (schema, content) = (described_schema(&mut conn), rows(&mut conn));
        migrate::run_up(&mut conn).unwrap();
        migrate::run_down(&mut conn).unwrap();
        assert_eq!(described_schema(&mut conn), schema);
        assert_eq!(rows(&mut conn), content);
        migrate::run_up(&mut conn).unwrap();
        assert_eq!(migrate::schema_state(&mut conn).unwrap(), SchemaState::UpToDate);
    }
}

#[test]
fn the_base_tables_are_not_dropped_while_they_hold_rows() {
    let (_database, mut conn) = adopted(&own_fixture());
    migrate::run_up(&mut conn).unwrap();
    migrate::run_down(&mut conn).unwrap();
    assert!(migrate::run_down(&mut conn).is_err());
    let mails: Count = diesel::sql_query("SELECT count(*) AS count FROM incoming_emails")
        .get_result(&mut conn)
        .unwrap();
    assert_eq!(mails.count, 4);

    let empty = TestPostgres::create();
    let mut conn = empty.connect();
    migrate::run_down(&mut conn).unwrap();
    migrate::run_down(&mut conn).unwrap();
    assert!(described_schema(&mut conn).is_empty());
    assert!(migrate::run_down(&mut conn).is_err());
}

#[test]
fn asking_for_the_state_changes_nothing() {
    let database = TestPostgres::create_empty();
    let mut conn = database.connect();
    assert!(
        matches!(migrate::schema_state(&mut conn).unwrap(), SchemaState::Behind(m) if m.len() == 2)
    );
    let tables: Count =
        diesel::sql_query("SELECT count(*) AS count FROM pg_tables WHERE schemaname = 'public'")
            .get_result(&mut conn)
            .unwrap();
    assert_eq!(tables.count, 0);
}

#[test]
fn two_migrations_at_once_take_turns() {
    let database = TestPostgres::create_empty();
    let ran: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| migrate::run_up(&mut database.connect()).unwrap().len()))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert_eq!(ran, 2);
}

#[test]
fn every_column_that_the_code_names_is_in_its_table() {
    use domain::schema::{
        idempotency_keys, incoming_emails, outbox_messages, reconciliation_reports,
    };
    let database = TestPostgres::create();
    let mut conn = database.connect();
    let conn = &mut conn;
    assert_eq!(incoming_emails::table.select(incoming_emails::all_columns).execute(conn), Ok(0));
    assert_eq!(outbox_messages::table.select(outbox_messages::all_columns).execute(conn), Ok(0));
    assert_eq!(idempotency_keys::table.select(idempotency_keys::all_columns).execute(conn), Ok(0));
    let reports = reconciliation_reports::table.select(reconciliation_reports::all_columns);
    assert_eq!(reports.execute(conn), Ok(0));
}
