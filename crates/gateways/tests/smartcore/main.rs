//! The SmartCore adapter against the documents' examples, hostile answers and forged callbacks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unnecessary_wraps,
    missing_docs
)]

mod answers;
mod callbacks;
mod fixtures;
mod requests;
mod secrets;
mod steps;
mod support;
