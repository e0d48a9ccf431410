//! What the sandbox knows: `GET /_control/ledger`. Card numbers are masked, `Authorization` is never repeated.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// Everything that happened since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Orders, oldest first.
    pub orders: Vec<LedgerOrder>,
    /// Requests per endpoint, under the last segment of its path.
    pub requests: BTreeMap<String, EndpointLog>,
    /// Requests for merchant sessions at Apple's host, oldest first; only the last 64.
    #[serde(default)]
    pub sessions: Vec<LedgerSession>,
    /// Sums.
    pub totals: Totals,
}

impl Ledger {
    /// The order with this merchant id.
    pub fn order(&self, order_id: &str) -> Option<&LedgerOrder> {
        self.orders.iter().find(|order| order.order_id == order_id)
    }
}

/// Sums over the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Orders in the ledger.
    pub orders: u64,
    /// Orders that were dropped because the ledger was full, oldest first.
    pub dropped: u64,
    /// Charges in the ledger.
    pub charges: u64,
    /// Minor units taken per currency.
    pub charged: BTreeMap<String, u64>,
}

/// One order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerOrder {
    /// The merchant's id.
    pub order_id: String,
    /// Ours: 24 hexadecimal digits, of which the first 8 are the second of creation.
    pub processing_id: String,
    /// Which call made it.
    pub kind: OrderKind,
    /// What it is paid with.
    pub method: PaymentMethod,
    /// The account.
    pub account: String,
    /// Minor units.
    pub amount: u64,
    /// ISO 4217 alphabetic code.
    pub currency: String,
    /// SmartCore's status: 0 waiting for redirect, 1 processing, 2 success, -1 fail.
    pub status: i8,
    /// Where the shopper is.
    pub phase: Phase,
    /// Why it failed.
    pub error: Option<String>,
    /// First six and last four digits.
    pub card: Option<String>,
    /// The `challengeWindowSize` that the merchant's page chose for a 3-D Secure 2 challenge: `01` to `05`.
    #[serde(default)]
    pub challenge_window: Option<String>,
    /// Money taken: none or one, ever.
    pub charges: Vec<Charge>,
    /// By the sandbox's clock.
    pub created_at: Timestamp,
    /// By the sandbox's clock.
    pub ended_at: Option<Timestamp>,
    /// Callbacks, oldest first; only the last 64.
    pub callbacks: Vec<LedgerCallback>,
}

/// Which call made an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// `initPayment`: the card is typed on our form.
    Form,
    /// `initPaymentHost2Host`.
    Host2host,
}

/// What an order is paid with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// `applePayDPan`.
    ApplePay,
    /// A card of `initPaymentHost2Host`.
    Card,
    /// A card that is typed on our form.
    Form,
    /// `googlePayDPan`.
    GooglePay,
}

/// Where the shopper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The hosted form waits for a card.
    AwaitingCard,
    /// Sent to the issuer's page, which was not opened yet.
    AwaitingChallenge,
    /// The device data step has not ended.
    AwaitingMethod,
    /// Back from the issuer's page, whose result has not arrived.
    AwaitingResult,
    /// `form_url` was not opened yet.
    AwaitingVisit,
    /// On the issuer's page.
    Challenge,
    /// Over.
    Ended,
}

/// Money taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Minor units.
    pub amount: u64,
    /// By the sandbox's clock.
    pub at: Timestamp,
}

/// One callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCallback {
    /// The status that it announces.
    pub status: i64,
    /// By the sandbox's clock.
    pub at: Timestamp,
    /// What the receiver answered; `None` if it did not, or if the callback was lost on purpose.
    pub http_status: Option<u16>,
    /// Lost on purpose.
    pub lost: bool,
}

/// One request for a merchant session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerSession {
    /// By the sandbox's clock.
    pub at: Timestamp,
    /// The merchant identifier of the client's certificate.
    pub merchant_id: String,
    /// `merchantIdentifier`.
    pub merchant_identifier: String,
    /// `initiativeContext`.
    pub domain: String,
    /// `displayName`.
    pub display_name: String,
    /// What the host answered; `None` if it was silent.
    pub http_status: Option<u16>,
}

/// What was asked of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointLog {
    /// Requests, refused ones included.
    pub count: u64,
    /// Requests without valid credentials.
    pub unauthorized: u64,
    /// Which fields requests had; at most 32 different sets.
    pub shapes: Vec<RequestShape>,
}

/// A set of fields that requests had. Names only, never values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestShape {
    /// How many requests.
    pub count: u64,
    /// Names that the documents know, sorted.
    pub fields: Vec<String>,
    /// How many names the documents do not know.
    pub unknown: u64,
}

/// Body of `POST /_control/clock`. Both may be given: the clock is set first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockChange {
    /// Moves the clock; negative values move it back.
    pub advance_seconds: i64,
    /// Sets the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    /// Stops the clock, or lets it run again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
}

/// Answer of `POST /_control/clock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// The sandbox's time.
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
}

/// Body of `POST /_control/callbacks/{order_id}`; may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResendCallback {
    /// Whether it is sent, or only made.
    pub send: bool,
    /// The status that it announces; the order's own unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
}

impl Default for ResendCallback {
    fn default() -> Self {
        Self { send: true, status: None }
    }
}

/// Answer of `POST /_control/callbacks/{order_id}`: all that a test needs to tamper with a callback and send it itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCallback {
    /// Where it goes.
    pub url: Url,
    /// `Content-Type`.
    pub content_type: String,
    /// The body, byte for byte.
    pub body: String,
    /// What the receiver answered, if it was sent and answered.
    pub http_status: Option<u16>,
}
