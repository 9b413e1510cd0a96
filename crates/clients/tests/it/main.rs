//! The store on a real MongoDB, whose URL `TEST_MONGODB_URL` gives.

mod batch;
mod candidates;
mod changes;
mod fence;
mod fields;
mod guard;
mod outage;
mod support;
