//! The companion backend: sessions, payments, callbacks, webhooks.

pub mod app;
pub mod assets;
pub mod auth;
pub mod background;
pub mod checkout;
pub mod clock;
pub mod config;
mod crash;
pub mod encoding;
pub mod headers;
pub mod json;
mod keyed_hash;
pub mod listen;
pub mod payments;
pub mod problem;
pub mod routes;
pub mod seal;
mod server;
pub mod sessions;
pub mod store;
pub mod target;
pub mod telemetry;
pub mod token;
pub mod transport;
pub mod views;
pub mod wallets;
pub mod webhook;

pub use server::{Server, StartError};
