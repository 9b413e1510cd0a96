//! The relay on a real Postgres and a real MongoDB, from outside: rows in, documents and statuses
//! out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may end there")]

mod delivery;
mod operators;
mod outages;
mod support;
