//! The other side of each gateway: stateful, offline, with fault switches.
//!
//! [`Sandbox::start`] opens one listener that plays the SmartCore pair of hosts, the hosted form, the issuer's page, the vendors of
//! wallets and a control interface; Apple's host, which wants TLS, has a listener of its own. Everything is in memory, but for the
//! vendors' keys if a directory is to keep them; no card number survives the request that brought it. `docs/sandbox.md` lists routes,
//! test cards and switches.

mod callbacks;
mod chance;
mod clock;
pub mod control;
mod log;
mod net;
mod order;
mod pages;
mod reply;
mod routes;
mod sandbox;
mod smartcore;
mod state;
mod three_ds;
mod wallets;

pub use sandbox::{Sandbox, Settings};
