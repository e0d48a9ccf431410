//! Records as merchants see them, in answers and in webhooks.

use farthing_types::{Currency, PaymentStatus, SessionStatus};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::payments::record::{CardOnFile, Payment};
use crate::sessions::record::Session;

/// A payment, which is one attempt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    /// `pay_…`.
    pub id: String,
    /// The merchant's order.
    pub order_id: String,
    /// The id that the gateway knows.
    pub gateway_order_id: String,
    /// `ses_…`.
    pub session_id: String,
    /// The gateway's name.
    pub gateway: String,
    /// `card`, `hosted`, `apple_pay` or `google_pay`.
    pub method: &'static str,
    /// Where it stands.
    #[schema(value_type = String, example = "paid")]
    pub status: PaymentStatus,
    /// Integer minor units.
    pub amount: u64,
    /// What the gateway says was taken, minor units, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_amount: Option<u64>,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// What is known of the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CardView>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline: Option<DeclineView>,
    /// Why a person has to look: `amount_differs`, `late_money` or `no_result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attention: Option<&'static str>,
    /// Minor units given back so far.
    pub refunded_amount: u64,
    /// RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineView>,
}

/// What is known of a card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardSummary)]
pub struct CardView {
    /// The brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The last four digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
    /// Month and year of expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<String>,
}

/// Why a payment failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decline)]
pub struct DeclineView {
    /// Our code.
    pub code: &'static str,
    /// What the shopper was told.
    pub message: &'static str,
    /// The gateway's own code, for the merchant only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_code: Option<String>,
}

/// One line of a payment's history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct TimelineView {
    /// RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// A short, stable word.
    pub event: String,
    /// The status after it.
    #[schema(value_type = String)]
    pub status: PaymentStatus,
}

impl PaymentView {
    /// The merchant's view of a payment.
    pub fn of(payment: &Payment) -> Self {
        Self {
            id: payment.id.clone(),
            order_id: payment.order_id.clone(),
            gateway_order_id: payment.gateway_order_id.clone(),
            session_id: payment.session_id.clone(),
            gateway: payment.gateway.clone(),
            method: payment.method.name(),
            status: payment.status,
            amount: payment.amount,
            final_amount: payment.final_amount,
            currency: payment.currency,
            card: payment.card.clone().map(|CardOnFile { brand, last4, exp }| CardView {
                brand,
                last4,
                exp,
            }),
            decline: payment.final_decline().map(|decline| DeclineView {
                code: decline.code.name(),
                message: decline.code.advice().text,
                gateway_code: decline.raw.clone(),
            }),
            attention: payment.attention.map(crate::payments::record::Attention::name),
            // Refunds come with their own tables; until then nothing can have been given back through us.
            refunded_amount: 0,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
            timeline: payment
                .timeline
                .iter()
                .map(|entry| TimelineView {
                    at: entry.at,
                    event: entry.what.clone(),
                    status: entry.status,
                })
                .collect(),
        }
    }
}

/// A checkout session. Never shows what the merchant said of the customer, nor the token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// `ses_…`.
    pub id: String,
    /// The merchant's order.
    pub order_id: String,
    /// Where it stands.
    #[schema(value_type = String, example = "open")]
    pub status: SessionStatus,
    /// Raised by every change of amount or purpose.
    pub version: u32,
    /// Integer minor units.
    pub amount: u64,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// What is being paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What it may be paid with, if the merchant chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<&'static str>>,
    /// Attempts so far.
    pub attempts: u32,
    /// The merchant's own notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl SessionView {
    /// The merchant's view of a session.
    pub fn of(session: &Session) -> Self {
        Self {
            id: session.id.clone(),
            order_id: session.order_id.clone(),
            status: session.status,
            version: session.version,
            amount: session.amount,
            currency: session.currency,
            purpose: session.terms.purpose.clone(),
            methods: session.terms.wallets.as_ref().map(|wallets| {
                std::iter::once("card").chain(wallets.iter().map(|wallet| wallet.name())).collect()
            }),
            attempts: session.attempts,
            metadata: session.terms.metadata.clone(),
            created_at: session.created_at,
            expires_at: session.expires_at,
        }
    }
}

/// An event, as pulled from `/v1/events` and as pushed by webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// `evt_…`, the same on every delivery.
    pub id: String,
    /// For example `payment.paid`.
    pub r#type: String,
    /// RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Counts the events of one payment or session, from 1.
    pub sequence: u32,
    /// The payment or the session as it was then.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}
