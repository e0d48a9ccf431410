//! Sans-I/O adapters to payment gateways: our operations as their requests, their answers as our outcomes.
//!
//! Nothing here opens a socket or reads a clock: recorded bytes test the adapters, and the sandbox plays the other side.

pub mod gateway;
pub mod smartcore;
pub mod wire;

pub use gateway::{
    BuildError, CallbackError, CardSummary, CheckAnswer, CheckedState, Gateway, NextStep, Notice,
    Order, PayAnswer, PayState, Recurrence, Refusal, Unclear, WalletToken,
};
pub use wire::{RawCallback, WireRequest, WireResponse};
