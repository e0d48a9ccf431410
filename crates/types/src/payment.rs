//! States of sessions and payments, as merchants and browsers see them.

use serde::{Deserialize, Serialize};

/// The state of a checkout session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// A payment may be started.
    Open,
    /// A payment is under way, or its result is not known yet.
    Processing,
    /// Paid or authorised.
    Complete,
    /// Over without a payment.
    Expired,
}

/// The state of a payment, which is one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The shopper has to do something at the bank or the gateway.
    RequiresAction,
    /// Sent, or being sent, or its result is not known.
    Processing,
    /// Reserved, not captured.
    Authorized,
    /// The money was taken.
    Paid,
    /// Nothing was taken.
    Failed,
    /// Voided before capture, or canceled by the shopper.
    Canceled,
    /// Part of the money was given back.
    PartiallyRefunded,
    /// All of the money was given back.
    Refunded,
    /// A person has to look.
    NeedsAttention,
}
