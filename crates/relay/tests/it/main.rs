//! The relay on a real Postgres and a real MongoDB, from outside: rows in, documents and statuses
//! out.

mod delivery;
mod operators;
mod outages;
mod support;
