//! The inbox in Postgres: schema gate, backlog limit, group commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::models::incoming_email::NewIncomingEmail;
use futures::future::BoxFuture;

use crate::acceptor::{Acceptor, NotAccepted};
use crate::backlog::Backlog;
use crate::webhook::problem::Problem;
use crate::webhook::{Inbox, Receipt};

/// Accepts mails into `incoming_emails`.
pub(crate) struct PostgresInbox {
    pub(crate) acceptor: Acceptor,
    pub(crate) backlog: Arc<Backlog>,
    /// Set once the schema is known to be this build's.
    pub(crate) is_open: Arc<AtomicBool>,
}

impl Inbox for PostgresInbox {
    fn accept(&self, mail: NewIncomingEmail) -> BoxFuture<'_, Result<Receipt, Problem>> {
        Box::pin(async move {
            if !self.is_open.load(Ordering::Acquire) {
                return Err(Problem::Unavailable("Postgres is away"));
            }
            if self.backlog.is_full() {
                return Err(Problem::Backlog);
            }
            self.acceptor.accept(mail).await.map(Receipt::from).map_err(|error| match error {
                NotAccepted::TooManyWaiting => Problem::Backlog,
                NotAccepted::PostgresAway => Problem::Unavailable("Postgres is away"),
                NotAccepted::Refused => Problem::Unavailable("Postgres refused the mail"),
                NotAccepted::Stopping => Problem::Unavailable("the service is stopping"),
            })
        })
    }
}
