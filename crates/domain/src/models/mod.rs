//! One module per table. Functions return [`diesel::QueryResult`], and the caller owns the
//! transaction, but where one function exists to keep two rows together.

pub mod comparison;
pub mod idempotency_key;
pub mod incoming_email;
pub mod outbox_message;
pub mod reconciliation_report;
