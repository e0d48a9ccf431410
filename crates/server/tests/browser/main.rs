//! What browsers get: pages in frames and out of them, the answers to scripts, and the news of an open page.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop where it fails"
)]

mod events;
mod pages;
mod submit;
mod support;
mod wallets;
