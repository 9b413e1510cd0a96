//! A state in sync, of any size, made fast: mails and messages by one statement each, clients in
//! bulk.
//!
//! Every client has the same number of targets and one entry more, to which nobody has written;
//! every target has the same number of mails. In odd clients the mail with the smallest id is the
//! newest of its target, in even ones that with the greatest.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamptz};
use mongodb::Collection;
use mongodb::bson::{self, Document, doc};

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) clients: i32,
    pub(crate) targets_per_client: i32,
    pub(crate) mails_per_target: i32,
}

/// What was seeded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed {
    pub(crate) shape: Shape,
    base: DateTime<Utc>,
}

impl Seed {
    pub(crate) fn new(shape: Shape) -> Self {
        // MongoDB keeps milliseconds.
        let base = (Utc::now() - TimeDelta::hours(30)).timestamp_millis();
        Self { shape, base: DateTime::from_timestamp_millis(base).unwrap() }
    }

    pub(crate) fn mails(&self) -> i32 {
        self.shape.clients * self.shape.targets_per_client * self.shape.mails_per_target
    }

    /// The mail that the entry shows.
    pub(crate) fn newest(&self, client: i32, entry: i32) -> i32 {
        let last = if client % 2 == 0 { self.shape.mails_per_target - 1 } else { 0 };
        self.first_mail(client, entry) + last
    }

    /// The oldest mail of the entry.
    pub(crate) fn oldest(&self, client: i32, entry: i32) -> i32 {
        let last = if client % 2 == 0 { 0 } else { self.shape.mails_per_target - 1 };
        self.first_mail(client, entry) + last
    }

    /// Greater with each mail of a target.
    pub(crate) fn amount(&self, mail: i32) -> f64 {
        let (target, age) = self.target_and_age(mail);
        f64::from(100_000 + target * 7 + age * 3) / 100.0
    }

    pub(crate) fn received_at(&self, mail: i32) -> DateTime<Utc> {
        let (target, age) = self.target_and_age(mail);
        let spread = i64::from(target) * 7_919 % 86_000_000;
        self.base + TimeDelta::milliseconds(spread + i64::from(age) * 1_000)
    }

    /// The target's number, and the mail's among those of its target by date.
    fn target_and_age(&self, mail: i32) -> (i32, i32) {
        let per_target = self.shape.mails_per_target;
        let (target, version) = ((mail - 1) / per_target, (mail - 1) % per_target);
        let is_even = target / self.shape.targets_per_client % 2 == 0;
        (target, if is_even { version } else { per_target - 1 - version })
    }

    fn first_mail(&self, client: i32, entry: i32) -> i32 {
        (client * self.shape.targets_per_client + entry) * self.shape.mails_per_target + 1
    }

    pub(crate) fn postgres(&self, conn: &mut PgConnection) {
        let mails = "
            SELECT id, target, client, entry, age,
                   $4 + make_interval(secs => (target::bigint * 7919 % 86000000 + age * 1000)
                                              / 1000.0) AS received_at
              FROM (SELECT i AS id, (i - 1) / $3 AS target,
                           (i - 1) / $3 / $2 AS client, (i - 1) / $3 % $2 AS entry,
                           CASE WHEN (i - 1) / $3 / $2 % 2 = 0 THEN (i - 1) % $3
                                ELSE $3 - 1 - (i - 1) % $3 END AS age
                      FROM generate_series(1, $1) AS i) AS numbered";
        let statements = [
            format!(
                "INSERT INTO incoming_emails
                   (id, zendesk_ticket_id, zendesk_webhook_id, from_email, subject, cleaned_body,
                    processing_status, match_status, sync_status, received_at, processed_at)
                 SELECT id, '7' || id, 'wh-' || id, 'inkasso@bank' || entry || '.example', 'AW',
                        'Die Forderung', 'completed', 'auto_matched', 'synced', received_at, now()
                   FROM ({mails}) AS m ORDER BY received_at"
            ),
            format!(
                "INSERT INTO outbox_messages
                   (id, aggregate_type, aggregate_id, operation, payload, idempotency_key,
                    created_at, processed_at)
                 SELECT id, 'creditor_debt_update', id::text, 'UPDATE', json_build_object(
                          'version', 1, 'client_name', NULL,
                          'client_aktenzeichen', (100000 + client) || '/25',
                          'creditor_email', 'inkasso@bank' || entry || '.example',
                          'creditor_name', NULL,
                          'new_debt_amount', to_char((100000 + target * 7 + age * 3) / 100.0,
                                                     'FM99999990.00'),
                          'response_text', repeat('Die Gesamtforderung besteht weiter. ', 10),
                          'reference_numbers', json_build_array(),
                          'extraction_confidence', 0.93,
                          'received_at', to_char(received_at AT TIME ZONE 'UTC',
                                                 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')),
                        'seed:' || id, received_at, received_at
                   FROM ({mails}) AS m ORDER BY received_at"
            ),
        ];
        for statement in statements {
            diesel::sql_query(statement)
                .bind::<Integer, _>(self.mails())
                .bind::<Integer, _>(self.shape.targets_per_client)
                .bind::<Integer, _>(self.shape.mails_per_target)
                .bind::<Timestamptz, _>(self.base)
                .execute(conn)
                .unwrap();
        }
        for table in ["incoming_emails", "outbox_messages"] {
            diesel::sql_query(format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            ))
            .execute(conn)
            .unwrap();
            diesel::sql_query(format!("ANALYZE {table}")).execute(conn).unwrap();
        }
    }

    pub(crate) async fn mongo(&self, clients: &Collection<Document>) {
        const BATCH: i32 = 1_000;
        for first in (0..self.shape.clients).step_by(BATCH as usize) {
            let last = (first + BATCH).min(self.shape.clients);
            clients.insert_many((first..last).map(|client| self.client(client))).await.unwrap();
        }
    }

    fn client(&self, client: i32) -> Document {
        let mut entries: Vec<Document> =
            (0..self.shape.targets_per_client).map(|entry| self.entry(client, entry)).collect();
        entries.push(self.untouched_entry(client, self.shape.targets_per_client));
        doc! {
            "_id": format!("c{client}"),
            "aktenzeichen": format!("{}_25", 100_000 + client),
            "firstName": "Erika",
            "lastName": format!("Mustermann{client}"),
            "portal": { "notes": ["ruft zurück"], "seen": 0 },
            "final_creditor_list": entries,
        }
    }

    /// As the relay leaves it behind.
    pub(crate) fn entry(&self, client: i32, entry: i32) -> Document {
        let mut document = self.untouched_entry(client, entry);
        document.extend(self.written(self.newest(client, entry)));
        document
    }

    /// As the portal made it.
    pub(crate) fn untouched_entry(&self, client: i32, entry: i32) -> Document {
        doc! {
            "id": format!("c{client}-e{entry}"),
            "sender_name": format!("Bank {entry}"),
            "sender_email": format!("inkasso@bank{entry}.example"),
            "claim_amount": 900_000.0,
            "contact_status": "contacted",
        }
    }

    /// The fields that the relay wrote for a mail.
    pub(crate) fn written(&self, mail: i32) -> Document {
        let received_at = bson::DateTime::from_millis(self.received_at(mail).timestamp_millis());
        doc! {
            "current_debt_amount": self.amount(mail),
            "creditor_response_amount": self.amount(mail),
            "amount_source": "creditor_response",
            "response_received_at": received_at,
            "last_contacted_at": received_at,
            "contact_status": "responded",
            "creditor_response_text": "Die Gesamtforderung besteht weiter. ".repeat(10),
            "response_reference_numbers": [],
            "extraction_confidence": 0.93,
            "sync": {
                "email_id": i64::from(mail),
                "outbox_id": i64::from(mail),
                "received_at": received_at,
                "applied_at": received_at,
            },
        }
    }
}
