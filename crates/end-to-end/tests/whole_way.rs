//! From the webhook to the client's document.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may end there")]

use std::time::{Duration, Instant};

use bson::{Document, doc};
use diesel::connection::SimpleConnection;
use domain::models::incoming_email::{self, EmailFilter};
use domain::models::outbox_message;
use end_to_end::System;
use serde_json::{Value, json};
use test_support::{TestPostgres, wait_until};

const LIMIT: Duration = Duration::from_secs(30);

/// A surname for each number.
fn surname(number: usize) -> String {
    const SYLLABLES: [&str; 8] = ["bach", "feld", "hof", "müller", "stein", "tal", "wald", "größ"];
    let [first, second] = [number / 8 % 8, number % 8].map(|at| SYLLABLES[at]);
    format!("Linden{first}{second}")
}

fn client(number: usize) -> Document {
    doc! {
        "aktenzeichen": format!("{}_26", 4000 + number),
        "firstName": "Jörg",
        "lastName": surname(number),
        "final_creditor_list": [{
            "id": format!("e-{number}"),
            "sender_name": "Sparbank Auental",
            "sender_email": "forderung@sparbank-auental.example",
            "claim_amount": 2000.0,
            "contact_status": "contacted",
        }],
    }
}

fn webhook(number: usize, amount: &str) -> Value {
    json!({
        "ticket_id": 7000 + number,
        "webhook_id": format!("wh-{number}"),
        "subject": format!("AW: Ihr Zeichen {}_26", 4000 + number),
        "from_email": "forderung@sparbank-auental.example",
        "body_text": format!(
            "Sehr geehrte Damen und Herren,\n\nin der Sache Jörg {}, Ihr Zeichen: {}_26, \
             teilen wir mit:\n\nDie Gesamtforderung beträgt {amount} EUR.\n\nMit freundlichen Grüßen\n\
             Sparbank Auental", surname(number), 4000 + number),
    })
}

async fn amount(system: &System, number: usize) -> Option<f64> {
    let filter = doc! { "lastName": surname(number) };
    let client = system.clients().await.find_one(filter).await.unwrap()?;
    let entry = client.get_array("final_creditor_list").unwrap()[0].as_document()?;
    entry.get_f64("current_debt_amount").ok()
}

/// Prints the figure and judges nothing: machines have slow days.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_from_the_answer_to_the_amount_on_an_idle_system() {
    const MAILS: usize = 41;
    let system = System::start(TestPostgres::create()).await;
    let clients = system.clients().await;
    clients.insert_many((0..=MAILS).map(client)).await.unwrap();
    let (status, _) = system.post(&webhook(MAILS, "1.234,56")).await;
    assert_eq!(status, 200);
    wait_until(LIMIT, || async { amount(&system, MAILS).await.is_some() }).await;

    let mut times = Vec::new();
    for number in 0..MAILS {
        let (status, answer) = system.post(&webhook(number, "1.234,56")).await;
        assert_eq!((status, &answer["status"]), (200, &json!("accepted")));
        let answered = Instant::now();
        let filter = doc! { "lastName": surname(number),
        "final_creditor_list.current_debt_amount": 1234.56 };
        while clients.find_one(filter.clone()).await.unwrap().is_none() {
            assert!(answered.elapsed() < LIMIT, "mail {number} did not arrive");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(answered.elapsed());
    }
    times.sort();
    println!(
        "webhook's 200 to the amount in MongoDB, {MAILS} mails one by one: median {:?}, slowest {:?}",
        times[MAILS / 2],
        times[MAILS - 1]
    );
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_webhooks_at_once_write_one_mail_and_one_amount() {
    let system = System::start(TestPostgres::create()).await;
    system.clients().await.insert_one(client(0)).await.unwrap();
    let mail = webhook(0, "1.234,56");
    let (a, b, c) = tokio::join!(system.post(&mail), system.post(&mail), system.post(&mail));
    let answers = [a.1, b.1, c.1];
    let mut statuses: Vec<&str> = answers.iter().map(|a| a["status"].as_str().unwrap()).collect();
    statuses.sort();
    assert_eq!(statuses, ["accepted", "duplicate", "duplicate"]);
    assert!(answers.iter().all(|answer| answer["email_id"] == answers[0]["email_id"]));
    wait_until(LIMIT, || async { amount(&system, 0).await == Some(1234.56) }).await;
    let mut conn = system.postgres.connect();
    wait_until(LIMIT, || {
        std::future::ready(outbox_message::figures(&mut conn).unwrap().pending == 0)
    })
    .await;
    let mails = incoming_email::list(&mut conn, &EmailFilter::default(), 10).unwrap();
    assert_eq!(mails.iter().map(|mail| mail.sync_status.as_str()).collect::<Vec<_>>(), ["synced"]);
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_office_gets_its_pending_message_delivered_and_its_waiting_mail_read() {
    let postgres = TestPostgres::create_empty();
    let mut conn = postgres.connect();
    conn.batch_execute(include_str!("../../migrate/tests/fixtures/python_service.sql")).unwrap();
    migrate::run_up(&mut conn).unwrap();
    let system = System::start(postgres).await;
    let adopted = doc! {
        "aktenzeichen": "88_26", "firstName": "Jörg", "lastName": "Größlein",
        "final_creditor_list": [{
            "id": "e-1", "sender_name": "Sparbank Auental",
            "sender_email": "forderung@sparbank-auental.example",
            "claim_amount": 2450.1, "contact_status": "contacted",
        }],
    };
    system.clients().await.insert_one(adopted).await.unwrap();
    wait_until(LIMIT, || async {
        let client = system.clients().await.find_one(doc! {}).await.unwrap().unwrap();
        let entry = client.get_array("final_creditor_list").unwrap()[0].as_document().unwrap();
        entry.get_f64("current_debt_amount").ok() == Some(2512.4)
    })
    .await;
    // The mail that the Python service had not read yet, without a status.
    wait_until(LIMIT, || {
        let mail = incoming_email::find(&mut conn, 4).unwrap().unwrap();
        std::future::ready(mail.processing_status.as_deref() == Some("completed"))
    })
    .await;
    system.stop().await;
}
