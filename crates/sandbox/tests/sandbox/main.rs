//! The sandbox from outside: real sockets on free ports, one module per part.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub
)]

mod adapter;
mod apple_host;
mod apple_pay;
mod callbacks;
mod common;
mod control;
mod documents;
mod google_pay;
mod issuers;
mod misbehaviour;
mod payments;
mod replies;
mod shoppers;
mod steps;
mod types;
mod vendor_pages;
mod vendors;
mod wallets;
