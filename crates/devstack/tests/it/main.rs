//! The stack over stand-ins for the services: what it starts, starts again, and leaves behind.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod stand_ins;
mod up;
