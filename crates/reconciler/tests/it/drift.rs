//! Every kind of drift, each in a client of its own, in one state and one run.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use mongodb::bson::{Bson, doc};
use serde_json::Value;

use crate::world::{TARGETS, World, count};

#[tokio::test(flavor = "multi_thread")]
async fn a_state_in_sync_is_found_clean_and_left_as_it_is() {
    let world = World::seeded().await;
    let report = world.run().await;
    assert_eq!(report.status, "completed");
    assert_eq!(report.error_message, None);
    assert_eq!((report.records_checked, report.mismatches_found), (3_000, 0));
    let checked = &report.details.as_ref().unwrap()["checked"];
    assert_eq!(checked["in_sync"], TARGETS);
    assert_eq!(checked["superseded"], 3_000 - TARGETS);
    assert_eq!(outbox_rows(&world), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_drift_is_told_apart_and_only_what_is_safe_is_repaired() {
    let world = World::seeded().await;
    let seed = world.seed;
    // Client and entry gone: three targets of the one, one of the other.
    world.clients.delete_one(doc! { "_id": "c0" }).await.unwrap();
    let pull = doc! { "$pull": { "final_creditor_list": { "id": "c1-e0" } } };
    world.clients.update_one(doc! { "_id": "c1" }, pull).await.unwrap();
    // A person's amounts: under the fence, with the fence removed, with a source of their own.
    world.set_entry(2, 0, doc! { "current_debt_amount": 4_711.0 }).await;
    world.set_entry(3, 0, doc! { "current_debt_amount": 4_711.0 }).await;
    world.unset_entry(3, 0, &["sync"]).await;
    let manual = doc! { "current_debt_amount": 4_711.0, "amount_source": "manual" };
    world.set_entry(4, 0, manual).await;
    // A person's too: an amount typed as a text, a date corrected under the fence.
    world.set_entry(14, 0, doc! { "current_debt_amount": "950,00" }).await;
    world.set_entry(15, 0, doc! { "response_received_at": bson_now() }).await;
    let persons = [2, 3, 4, 14, 15];
    let untouchable = futures::future::join_all(persons.map(|client| world.entry(client, 0))).await;
    // What may be repaired: a field missing, a wrong type, a write lost to nothing and to an older
    // mail (in a client of either order), the mark lost.
    world.unset_entry(5, 0, &["creditor_response_amount"]).await;
    world.set_entry(6, 0, doc! { "current_debt_amount": "siehe Akte" }).await;
    world.lose_write(7, 0, None).await;
    world.lose_write(8, 0, Some(seed.oldest(8, 0))).await;
    world.lose_write(9, 0, Some(seed.oldest(9, 0))).await;
    world.unset_entry(10, 0, &["sync"]).await;
    world.unset_entry(11, 0, &["amount_source"]).await;
    world.unset_entry(16, 0, &["extraction_confidence"]).await;
    let repairable = [5, 6, 7, 8, 9, 10, 11, 16];
    // Lost as well, but what is shown is more: the relay would hold it for review, and so it stays.
    world.lose_write(12, 0, Some(seed.oldest(12, 0))).await;
    world.sql(&format!(
        "UPDATE outbox_messages
            SET payload = (payload::jsonb || '{{\"new_debt_amount\": \"1.00\"}}')::json WHERE id = {}",
        seed.newest(12, 0)
    ));
    // No drift: in flight, dead, unreadable, and what is the portal's business.
    world.lose_write(20, 0, Some(seed.oldest(20, 0))).await;
    world.lose_write(21, 0, Some(seed.oldest(21, 0))).await;
    world.sql(&format!(
        "UPDATE outbox_messages SET processed_at = NULL, next_attempt_at = now() + interval '1 h'
          WHERE id = {};
         UPDATE outbox_messages SET processed_at = NULL, dead_at = now(),
                error_message = 'review:downgrade' WHERE id = {};
         UPDATE outbox_messages SET payload = '{{\"creditor_email\": \"a@b.example\", \"amount\": 1}}'
          WHERE id = {}",
        seed.newest(20, 0),
        seed.newest(21, 0),
        seed.newest(22, 0),
    ));
    world.set_entry(23, 0, doc! { "contact_status": "settled", "claim_amount": 1.0 }).await;
    // Entries without a mail.
    let nobodys = doc! { "$set": { "final_creditor_list.3": {
        "id": "c24-e3", "sender_email": "post@niemand.example", "current_debt_amount": 12.5,
        "amount_source": "creditor_response",
    } } };
    world.clients.update_one(doc! { "_id": "c24" }, nobodys).await.unwrap();
    let mut unknown = seed.written(1);
    unknown.insert("sync", doc! { "email_id": 999_999, "received_at": bson_now() });
    world.set_entry(25, 3, unknown).await;
    // Mails that nothing moves, and one that only waits for its delivery.
    world.sql(
        "INSERT INTO incoming_emails (id, zendesk_ticket_id, from_email, processing_status,
                                      sync_status, updated_at) VALUES
           (5001, '1', 'a@b.example', 'extracting', 'pending', now() - interval '2 h'),
           (5002, '2', 'a@b.example', 'completed', 'pending', now() - interval '2 h'),
           (5003, '3', 'a@b.example', 'matching', 'pending', now() - interval '2 h'),
           (5004, '4', 'a@b.example', 'extracting', 'pending', now() - interval '59 min');
         INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation, payload,
                                      idempotency_key, next_attempt_at)
         VALUES ('creditor_debt_update', '5003', 'UPDATE', '{}', 'waits', now() + interval '1 h')",
    );

    let report = world.run().await;
    let details = report.details.as_ref().unwrap();
    assert_eq!(report.status, "completed", "{:?}", report.error_message);
    assert_eq!(count(&report, "missing_in_mongo"), 4, "{details:#}");
    assert_eq!(count(&report, "manual_override"), 5, "{details:#}");
    assert_eq!(count(&report, "data_mismatch"), 9, "{details:#}");
    assert_eq!(count(&report, "extra_in_mongo"), 2, "{details:#}");
    assert_eq!(count(&report, "stalled"), 2, "{details:#}");
    assert_eq!((report.mismatches_found, report.auto_repaired, report.failed_repairs), (22, 8, 0));
    let checked = &details["checked"];
    assert_eq!((&checked["in_flight"], &checked["dead_lettered"]), (&1.into(), &1.into()));
    assert_eq!(checked["unreadable"], 1);
    assert_eq!(finding(details, seed.newest(2, 0))["found"], "4711.00");
    assert_eq!(finding(details, seed.newest(6, 0))["reason"], "wrong_type");
    assert_eq!(finding(details, seed.newest(7, 0))["reason"], "write_lost");
    assert_eq!(finding(details, seed.newest(7, 0))["repaired"], true);
    assert_eq!(finding(details, seed.newest(10, 0))["reason"], "mark_lost");
    assert_eq!(finding(details, seed.newest(12, 0))["reason"], "downgrade");
    assert_eq!(finding(details, seed.newest(12, 0))["repaired"], false);
    assert_eq!(finding(details, seed.newest(0, 2))["reason"], "client_not_found");
    assert!(!details.to_string().contains("Gesamtforderung"), "a report holds no mail text");

    for client in repairable {
        world.assert_shows_newest(&world.entry(client, 0).await, client, 0);
    }
    for (client, before) in persons.into_iter().zip(untouchable) {
        assert_eq!(world.entry(client, 0).await, before, "client {client} is a person's");
    }
    for client in [12, 20, 21] {
        let shown = world.entry(client, 0).await;
        let older = seed.amount(seed.oldest(client, 0));
        assert_eq!(shown.get("current_debt_amount"), Some(&Bson::from(older)));
    }
    assert_eq!(outbox_rows(&world), 3_000 + 1 + 8, "one row for each repair");

    let second = world.run().await;
    assert_eq!(count(&second, "data_mismatch"), 1, "{:#}", second.details.as_ref().unwrap());
    assert_eq!((second.mismatches_found, second.auto_repaired, second.failed_repairs), (14, 0, 0));
    assert_eq!(outbox_rows(&world), 3_000 + 1 + 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_entry_of_the_same_sender_does_not_inherit_a_mail_whose_entry_is_gone() {
    let world = World::seeded().await;
    let newest = world.seed.newest(6, 0);
    world.sql(&format!(
        "UPDATE outbox_messages
            SET payload = (payload::jsonb || '{{\"reference_numbers\": [\"MB-100200\"]}}')::json,
                match_reasons = '[\"creditor by e-mail\", \"told apart by reference\"]'
          WHERE id = {newest}"
    ));
    let other = doc! { "id": "other", "sender_email": "inkasso@bank0.example",
    "sender_name": "Bank 0", "reference_number": "QX9" };
    let filter = doc! { "_id": "c6", "final_creditor_list.id": "c6-e0" };
    let replace = doc! { "$set": { "final_creditor_list.$": other.clone() } };
    world.clients.update_one(filter, replace).await.unwrap();
    let report = world.run().await;
    assert_eq!(count(&report, "missing_in_mongo"), 1, "{:#}", report.details.as_ref().unwrap());
    assert_eq!((report.mismatches_found, report.auto_repaired), (1, 0));
    let client = world.clients.find_one(doc! { "_id": "c6" }).await.unwrap().unwrap();
    let entries = client.get_array("final_creditor_list").unwrap();
    assert!(entries.contains(&Bson::Document(other)), "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_never_moves_to_the_entry_of_another_creditor_of_the_same_agency() {
    let world = World::seeded().await;
    let newest = world.seed.newest(6, 0);
    world.sql(&format!(
        "UPDATE outbox_messages
            SET payload = (payload::jsonb || '{{\"creditor_name\": \"Bank 0\"}}')::json,
                match_reasons = '[\"creditor by e-mail\", \"told apart by the creditor''s name\"]'
          WHERE id = {newest}"
    ));
    // The agency's other entry shows an older mail, as it was written.
    let mut other = world.seed.untouched_entry(6, 0);
    other.extend(world.seed.written(world.seed.oldest(6, 0)));
    other.extend(doc! { "id": "other", "creditor_name": "Laden B" });
    let filter = doc! { "_id": "c6", "final_creditor_list.id": "c6-e0" };
    let replace = doc! { "$set": { "final_creditor_list.$": other.clone() } };
    world.clients.update_one(filter, replace).await.unwrap();
    let report = world.run().await;
    assert_eq!(count(&report, "missing_in_mongo"), 1, "{:#}", report.details.as_ref().unwrap());
    assert_eq!((report.mismatches_found, report.auto_repaired), (1, 0));
    let client = world.clients.find_one(doc! { "_id": "c6" }).await.unwrap().unwrap();
    let entries = client.get_array("final_creditor_list").unwrap();
    assert!(entries.contains(&Bson::Document(other)), "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_writes_the_whole_text_again_whatever_its_length_and_wherever_it_is_kept() {
    let world = World::seeded().await;
    let [cleaned_up, long] = [5, 6].map(|client| world.seed.newest(client, 0));
    // One mail's messages are cleaned up, and the other's text is too long for a page.
    world.sql(&format!(
        "UPDATE incoming_emails
            SET extracted_data = (SELECT payload::jsonb || jsonb_build_object('debt_amount',
                                           payload::jsonb -> 'new_debt_amount')
                                    FROM outbox_messages WHERE id = {cleaned_up})::json
          WHERE id = {cleaned_up};
         DELETE FROM outbox_messages WHERE id = {cleaned_up};
         UPDATE outbox_messages
            SET payload = (payload::jsonb
                           || jsonb_build_object('response_text', repeat('Lang. ', 5000)))::json
          WHERE id = {long}"
    ));
    for client in [5, 6] {
        world.unset_entry(client, 0, &["creditor_response_amount"]).await;
    }
    let report = world.run().await;
    let details = report.details.as_ref().unwrap();
    assert_eq!((report.mismatches_found, report.auto_repaired), (2, 2), "{details:#}");
    assert_eq!(details["checked"]["unreadable"], 0);
    for (client, text) in [(5, "Die Forderung".to_owned()), (6, "Lang. ".repeat(5000))] {
        let shown = world.entry(client, 0).await;
        world.assert_shows_newest(&shown, client, 0);
        assert_eq!(shown.get("creditor_response_text"), Some(&Bson::from(text)));
    }
    assert_eq!(world.run().await.mismatches_found, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_an_outage_held_up_is_compared_after_its_delivery() {
    let world = World::seeded().await;
    let [late, long_ago] = [5, 6].map(|client| world.seed.newest(client, 0));
    // Both are older than the lookback; one was delivered in it, and the other as it came.
    world.sql(&format!(
        "UPDATE incoming_emails SET received_at = now() - interval '10 days', matched_at = now()
          WHERE id = {late};
         UPDATE incoming_emails SET received_at = now() - interval '10 days',
                                    matched_at = now() - interval '10 days'
          WHERE id = {long_ago}"
    ));
    world.lose_write(5, 0, None).await;
    let report = world.run().await;
    let details = report.details.as_ref().unwrap();
    assert_eq!(report.records_checked, 2_999, "{details:#}");
    assert_eq!((report.mismatches_found, report.auto_repaired), (1, 1), "{details:#}");
    assert_eq!(finding(details, late)["reason"], "write_lost");
    world.assert_shows_newest(&world.entry(5, 0).await, 5, 0);
    assert_eq!(world.run().await.mismatches_found, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_mails_are_all_counted_until_somebody_acts() {
    let world = World::empty().await;
    world.sql(
        "INSERT INTO incoming_emails (id, zendesk_ticket_id, from_email, processing_status,
                                      sync_status, idempotency_key, updated_at)
         SELECT i, '1', 'a@b.example', 'extracting', 'pending', NULL, now() - interval '2 h'
           FROM generate_series(1, 12000) AS i
         UNION ALL VALUES
           (12001, '1', 'a@b.example', 'completed', 'pending', 'had-a-message',
            now() - interval '90 days'),
           (12002, '1', 'a@b.example', 'completed', 'pending', NULL, now() - interval '90 days'),
           (12003, '1', 'a@b.example', 'extracting', 'pending', NULL, now());
         ANALYZE incoming_emails",
    );
    let report = world.run().await;
    let details = report.details.as_ref().unwrap();
    assert_eq!((report.mismatches_found, count(&report, "stalled")), (12_001, 12_001));
    assert_eq!(details["mismatches"].as_array().unwrap().len(), 1_000);
    world.sql("DELETE FROM incoming_emails WHERE id <= 12000");
    let report = world.run().await;
    assert_eq!(finding(report.details.as_ref().unwrap(), 12_001)["type"], "stalled");
    assert_eq!(report.mismatches_found, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_without_a_mail_are_all_counted_and_what_was_adopted_is_not_among_them() {
    let world = World::empty().await;
    let entry = |id: String, sender: &str| {
        doc! { "id": id, "sender_email": sender, "amount_source": "creditor_response",
        "current_debt_amount": 12.5 }
    };
    let nobodys = (0..500).map(|client| {
        let entries = (0..25).map(|at| entry(format!("c{client}-e{at}"), "post@niemand.example"));
        doc! { "_id": client, "final_creditor_list": entries.collect::<Vec<_>>() }
    });
    world.clients.insert_many(nobodys).await.unwrap();
    // As the Python service without its saga left them: no mark, and mails that nobody synced.
    let senders = ["post@bank.example", "INKASSO@bank.example", "a@haus.example", "anna@gmx.de"];
    let adopted = senders.map(|sender| entry(sender.to_owned(), sender)).to_vec();
    let adopted = doc! { "_id": "adopted", "final_creditor_list": adopted };
    world.clients.insert_one(adopted).await.unwrap();
    world.sql(
        "INSERT INTO incoming_emails (zendesk_ticket_id, from_email, processing_status)
         SELECT '1', sender, 'completed' FROM unnest(ARRAY['post@bank.example',
           'Inkasso@Bank.example', 'b@mail.haus.example', 'berta@gmx.de']) AS sender",
    );
    let report = world.run().await;
    let details = report.details.as_ref().unwrap();
    assert_eq!(count(&report, "extra_in_mongo"), 500 * 25 + 1);
    assert_eq!(report.mismatches_found, 500 * 25 + 1);
    let listed = details["mismatches"].as_array().unwrap();
    assert_eq!(listed.len(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_processed_rows_and_expired_keys_are_deleted_and_dead_rows_stay() {
    let world = World::empty().await;
    world.sql(
        "INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation, payload,
                                      idempotency_key, processed_at, dead_at, error_message)
         SELECT 'creditor_debt_update', '1', 'UPDATE', '{}', 'k' || i,
                CASE WHEN i <= 2500 THEN now() - interval '31 days'
                     WHEN i <= 2600 THEN now() - interval '29 days' END,
                CASE WHEN i > 2600 THEN now() - interval '90 days' END,
                CASE WHEN i > 2600 THEN 'failed:x' END
           FROM generate_series(1, 2650) i;
         INSERT INTO idempotency_keys (key, expires_at)
         SELECT 'k' || i, now() + make_interval(hours => i - 1200) FROM generate_series(1, 1300) i",
    );
    let report = world.run().await;
    let deleted = &report.details.as_ref().unwrap()["cleaned_up"];
    assert_eq!(
        (&deleted["outbox_messages"], &deleted["idempotency_keys"]),
        (&2500.into(), &1200.into())
    );
    assert_eq!(outbox_rows(&world), 150);
}

fn finding(details: &Value, email_id: i32) -> &Value {
    let listed = details["mismatches"].as_array().unwrap();
    listed.iter().find(|finding| finding["email_id"] == email_id).unwrap()
}

fn outbox_rows(world: &World) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = diesel::sql_query("SELECT count(*) AS count FROM outbox_messages");
    query.get_result::<Row>(&mut world.connect()).unwrap().count
}

fn bson_now() -> mongodb::bson::DateTime {
    mongodb::bson::DateTime::now()
}
