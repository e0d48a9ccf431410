//! States of sessions and payments, as merchants and browsers see them.

use crate::named::named;

/// The state of a checkout session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

named! {
    /// The text is not the name of a session's state.
    SessionStatus, UnknownSessionStatus, "must be one of open, processing, complete, expired":
    Open => "open",
    Processing => "processing",
    Complete => "complete",
    Expired => "expired",
}

named! {
    /// The text is not the name of a payment's state.
    PaymentStatus, UnknownPaymentStatus,
    "must be one of requires_action, processing, authorized, paid, failed, canceled, partially_refunded, refunded, needs_attention":
    RequiresAction => "requires_action",
    Processing => "processing",
    Authorized => "authorized",
    Paid => "paid",
    Failed => "failed",
    Canceled => "canceled",
    PartiallyRefunded => "partially_refunded",
    Refunded => "refunded",
    NeedsAttention => "needs_attention",
}
