//! A checkout session as it is stored.

use farthing_types::{Currency, SessionStatus, Wallet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// At most this many attempts in one session.
pub const MAX_ATTEMPTS: u32 = 5;

/// A session: an amount that a merchant fixed, for an order, until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `ses_…`.
    pub id: String,
    /// The merchant's order.
    pub order_id: String,
    /// Raised by every change of the amount or the purpose.
    pub version: u32,
    /// Integer minor units.
    pub amount: u64,
    /// Currency of `amount`.
    pub currency: Currency,
    /// Where it stands.
    pub status: SessionStatus,
    /// Attempts so far.
    pub attempts: u32,
    /// What is being paid for, and where to go afterwards.
    pub terms: Terms,
    /// The customer as the merchant described it: sealed.
    pub customer: Option<Vec<u8>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether an attempt may begin now.
    pub fn may_be_paid(&self, now: Timestamp) -> bool {
        self.status == SessionStatus::Open && now < self.expires_at
    }

    /// Whether the merchant takes this wallet for it.
    pub fn takes(&self, wallet: Wallet) -> bool {
        self.terms.wallets.as_ref().is_none_or(|wanted| wanted.contains(&wallet))
    }
}

/// What a merchant may say of a session besides its amount; stored as JSON. Holds no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What is being paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The wallets beside the card, if the merchant chose among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallets: Option<Vec<Wallet>>,
    /// Whether later payments may be made from this one.
    #[serde(default)]
    pub recurrent: bool,
    /// Minimum days between two later payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recur_freq: Option<u32>,
    /// RFC 3339 time of the last later payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recur_exp: Option<String>,
    /// Where a full page goes after success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_url: Option<String>,
    /// Where a full page goes after failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_url: Option<String>,
    /// Where a full page goes otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// Where this session's events go, instead of the configured endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// The shop page's origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The merchant's own notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}
