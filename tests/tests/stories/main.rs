//! Stories: real processes, a real browser. One file per story; one program for all of them, so that they link once and wait together.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a panic with what was seen is how a story fails"
)]

mod accessibility;
mod applepay;
mod back_refresh_double_submit;
mod bad_input;
mod browser_memory;
mod bytes;
mod callbacks;
mod challenge;
mod crash_points;
mod decline_then_other_card;
mod demo_shop;
mod disk_full;
mod expired_session;
mod gateway_faults;
mod hang_up;
mod harness;
mod hosted_mode;
mod keyboard;
mod live_declined;
mod live_expired;
mod live_mounts;
mod live_once;
mod live_paid;
mod live_plain;
mod live_policy;
mod live_resume;
mod live_strangers;
mod live_typing;
mod loader;
mod locks;
mod malformed_replies;
mod paid_frictionless;
mod parallel_submits;
mod planted_get_refused;
mod processes;
mod soak_instruments;
mod steps;
mod wallet_buttons;
mod wallets;
mod webhooks;
