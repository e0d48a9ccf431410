//! The wallets' document with vendors that do what they are told, in a real browser.
//!
//! The fakes here record every call; those of the sandbox, whose sheets are windows, are met in the stories.

#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod apple;
mod google;
mod stage;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
