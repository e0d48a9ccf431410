//! What the live form promises to someone who types into it, in a real browser with real input events.
//!
//! `cargo xtask test` runs these headless. The components are drawn by the browser (feature `csr`); the same code takes over the
//! server's page under `hydrate`, which the stories drive.

#![cfg(all(target_arch = "wasm32", feature = "csr"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    missing_docs
)]

mod errors;
mod formatting;
mod page;
mod submit;
mod wallets;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
