//! What the shared types promise, one file per module.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod brand;
mod card;
mod checkout;
mod currency;
mod customer;
mod decline;
mod format;
mod money;
mod payment;
mod secrets;
