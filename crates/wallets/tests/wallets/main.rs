//! What wallet tokens have to pass, one file per subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod flips;
mod forge;
mod google;
mod google_issuer;
mod issuer;
mod merchants;
mod orders;
mod parsers;
mod secrets;
mod signatures;
mod support;
mod vectors;
