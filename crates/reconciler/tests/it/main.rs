//! The reconciler on real databases, from a seeded office of 500 clients and 3,000 mails.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may end there")]

mod admin;
mod audit;
mod drift;
mod leader;
mod mass;
mod outage;
mod repair;
mod seed;
mod traffic;
mod world;
