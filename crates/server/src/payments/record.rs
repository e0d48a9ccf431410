//! A payment as it is stored.

use farthing_types::{Currency, DeclineCode, Money, PaymentStatus, StepKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One attempt to pay, as stored. Holds nothing of the card but its brand, last four digits and month of expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// `pay_…`.
    pub id: String,
    /// `ses_…`.
    pub session_id: String,
    /// The merchant's order.
    pub order_id: String,
    /// The adapter's name.
    pub gateway: String,
    /// The id sent to the gateway: unique per attempt, stored before the call.
    pub gateway_order_id: String,
    /// The gateway's own id, once known.
    pub processing_id: Option<String>,
    /// The attempt's number within its session, from 1.
    pub number: u32,
    /// How it is paid.
    pub method: Method,
    /// Where it stands in our order of writes.
    pub phase: Phase,
    /// Where it stands for the merchant.
    pub status: PaymentStatus,
    /// Integer minor units.
    pub amount: u64,
    /// Currency of the amounts.
    pub currency: Currency,
    /// What the gateway says was taken, where it says so.
    pub final_amount: Option<u64>,
    /// What may be kept of the card.
    pub card: Option<CardOnFile>,
    /// Why it failed; while it is open, the reason that the gateway's first answer gave.
    pub decline: Option<Decline>,
    /// Why a person has to look.
    pub attention: Option<Attention>,
    /// Whether it holds the lock of its order.
    pub holds_order: bool,
    /// Whether the gateway has ever confirmed that it knows this payment.
    pub acknowledged: bool,
    /// What the shopper's browser has to do, while there is something.
    pub step: Option<Step>,
    /// When a check first found nothing, in a row of such answers.
    pub not_found_since: Option<Timestamp>,
    /// When to check next.
    pub next_check_at: Option<Timestamp>,
    /// The number of events so far.
    pub events: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
}

impl Payment {
    /// The amount with its currency.
    pub fn money(&self) -> Option<Money> {
        Money::new(self.amount, self.currency).ok()
    }

    /// Why it failed, once it has.
    pub fn final_decline(&self) -> Option<&Decline> {
        self.decline.as_ref().filter(|_| !self.is_open())
    }

    /// Whether its result is still to come.
    pub fn is_open(&self) -> bool {
        matches!(self.status, PaymentStatus::RequiresAction | PaymentStatus::Processing)
    }
}

/// A next step as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What kind of step it is.
    pub kind: StepKind,
    /// Where it leads and what is posted there, sealed.
    pub sealed: Vec<u8>,
    /// How far the shopper has come with it.
    pub stage: Stage,
    /// When the gateway asked for it.
    pub since: Timestamp,
}

/// How far a shopper has come with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its page was not handed out yet.
    Offered,
    /// Its page was handed out, which happens once.
    Opened,
    /// The shopper came back from it.
    Returned,
}

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A card, typed into our form.
    Card,
    /// The gateway's hosted form.
    Hosted,
    /// A token of Apple Pay.
    ApplePay,
    /// A token of Google Pay.
    GooglePay,
}

impl Method {
    /// The name in JSON and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Hosted => "hosted",
            Self::ApplePay => "apple_pay",
            Self::GooglePay => "google_pay",
        }
    }
}

/// Where a payment stands in the order of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The intent is stored; a call of this process is under way.
    Sending,
    /// The call's outcome is not known: only checks can tell.
    Unresolved,
    /// The shopper has somewhere to go.
    Step,
    /// The gateway is working on it.
    Pending,
    /// The result is known.
    Settled,
}

impl Phase {
    /// The name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Unresolved => "unresolved",
            Self::Step => "step",
            Self::Pending => "pending",
            Self::Settled => "settled",
        }
    }
}

/// What may be kept of a card (PCI DSS 4.0.1, 3.4.1: at most BIN and last four; we keep the last four).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardOnFile {
    /// The brand's stable name.
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// Month and year, `12/27`.
    pub exp: Option<String>,
}

/// Why a payment failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// Our code.
    pub code: DeclineCode,
    /// The gateway's own code, for the merchant.
    pub raw: Option<String>,
}

/// Why a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// The gateway took another amount than the session's.
    AmountDiffers,
    /// Money arrived after the payment had failed.
    LateMoney,
    /// The gateway gave no result for 72 hours.
    NoResult,
}

impl Attention {
    /// The name in JSON and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AmountDiffers => "amount_differs",
            Self::LateMoney => "late_money",
            Self::NoResult => "no_result",
        }
    }
}

/// One line of a payment's history. Holds no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What: a short, stable word.
    pub what: String,
    /// The status after it.
    pub status: PaymentStatus,
}

/// The kinds of events about payments, as webhooks name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// `payment.failed`.
    Failed,
    /// `payment.needs_attention`.
    NeedsAttention,
    /// `payment.paid`.
    Paid,
}

impl EventKind {
    /// The event's `type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "payment.failed",
            Self::NeedsAttention => "payment.needs_attention",
            Self::Paid => "payment.paid",
        }
    }
}
