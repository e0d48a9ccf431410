//! States of sessions and payments, as merchants and browsers see them, and the ways between them.

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

impl SessionStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Processing, Self::Complete, Self::Expired];
}

impl PaymentStatus {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::RequiresAction,
        Self::Processing,
        Self::Authorized,
        Self::Paid,
        Self::Failed,
        Self::Canceled,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::NeedsAttention,
    ];

    /// Whether the result is still to come: the order is locked, and nobody else may start to pay for it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::RequiresAction | Self::Processing)
    }

    /// Whether money was reserved or taken for the order, given back or not: nobody is asked to pay again.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Authorized | Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }

    /// Whether the result is known for good: only late money and refunds lead on from here.
    ///
    /// `authorized` waits for its capture and `needs_attention` for a person, so they are neither open nor final.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::Failed | Self::Canceled | Self::PartiallyRefunded | Self::Refunded
        )
    }

    /// Whether a payment may change from this state to the other. To stay is no change.
    ///
    /// Final states never go back. `failed` and `canceled` become `needs_attention` when money comes late; `paid` becomes
    /// `partially_refunded` and `refunded`. `needs_attention` is left when a person or the gateway's later word settles it.
    pub const fn may_become(self, next: Self) -> bool {
        use PaymentStatus::{
            Authorized, Canceled, Failed, NeedsAttention, Paid, PartiallyRefunded, Processing,
            Refunded, RequiresAction,
        };
        match self {
            RequiresAction => {
                matches!(next, Processing | Authorized | Paid | Failed | Canceled | NeedsAttention)
            }
            Processing => matches!(
                next,
                RequiresAction | Authorized | Paid | Failed | Canceled | NeedsAttention
            ),
            Authorized => matches!(next, Paid | Failed | Canceled | NeedsAttention),
            Paid => matches!(next, PartiallyRefunded | Refunded),
            PartiallyRefunded => matches!(next, Refunded),
            Refunded => false,
            Failed | Canceled => matches!(next, NeedsAttention),
            NeedsAttention => matches!(next, Paid | Failed | Canceled | Refunded),
        }
    }

    /// What the checkout's root carries as `data-state`: a shopper needs fewer states than a merchant.
    pub const fn data_state(self) -> &'static str {
        match self {
            Self::RequiresAction => "challenge",
            Self::Processing | Self::NeedsAttention => "processing",
            Self::Authorized | Self::Paid | Self::PartiallyRefunded | Self::Refunded => "paid",
            Self::Failed | Self::Canceled => "failed",
        }
    }
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
