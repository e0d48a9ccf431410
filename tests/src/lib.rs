//! Harness of the stories: real processes, a real browser, and a search for card data in everything that they leave behind.
//!
//! The harness knows the product only from outside: its commands, its routes, its configuration file. It shares no code with it, so that
//! a misreading on one side cannot hide on the other.
#![allow(
    clippy::expect_used,
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::similar_names,
    clippy::unwrap_used,
    reason = "test code: a panic with what was seen is how a story fails"
)]

pub mod api;
pub mod axe;
pub mod books;
pub mod browser;
pub mod cards;
pub mod config;
pub mod form;
pub mod front;
pub mod hop;
pub mod html;
pub mod live;
pub mod pose;
pub mod process;
pub mod proxy;
pub mod purse;
pub mod receiver;
pub mod sandbox;
pub mod scan;
pub mod scenes;
pub mod shop;
pub mod signature;
pub mod thief;
pub mod wait;
pub mod wallets;
pub mod world;

pub use cards::Card;
pub use form::Shopper;
pub use shop::{Look, Site};
pub use wait::{DEADLINE, until};
pub use world::{World, WorldBuilder};
