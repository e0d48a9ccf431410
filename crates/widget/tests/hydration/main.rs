//! What taking a page over promises: the server's page stays as it is, node by node, and whatever was typed stays with it.
//!
//! Two halves of one test. On the host (feature `ssr`) the pages are rendered and compared with the files in `pages/`; with
//! `FARTHING_BLESS=1` the files are written. In a browser (feature `hydrate`) these files are taken over.

#![cfg(any(all(target_arch = "wasm32", feature = "hydrate"), feature = "ssr"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[cfg(all(target_arch = "wasm32", feature = "hydrate"))]
mod browser;
#[cfg(all(not(target_arch = "wasm32"), feature = "ssr"))]
mod host;
