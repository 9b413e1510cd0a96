//! What all services of claimsync share: the words of the domain and how they are stored.

pub mod decision;
pub mod extraction;
pub mod fence;
pub mod idempotency;
pub mod money;
pub mod payload;
