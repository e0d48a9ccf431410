//! The merchant's commands.

pub(crate) mod applepay;
pub(crate) mod callback;
pub(crate) mod link;
pub(crate) mod payment;
pub(crate) mod session;
mod show;
