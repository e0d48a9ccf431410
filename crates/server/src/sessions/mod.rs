//! Checkout sessions.

pub mod create;
pub mod customer;
pub mod record;
