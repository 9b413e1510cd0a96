//! The store on a real MongoDB, whose URL `TEST_MONGODB_URL` gives.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may end there")]

mod batch;
mod candidates;
mod changes;
mod fence;
mod fields;
mod guard;
mod outage;
mod support;
