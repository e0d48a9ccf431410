//! What the server tells the checkout page, and what the page's form is called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wallet::WalletOffer;
use crate::{Currency, CustomerField, DeclineCode, PaymentStatus, SessionStatus, StepWay};

/// Everything the checkout page shows. Never holds what the merchant sent about the customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutView {
    /// The merchant's name, from configuration.
    pub merchant: String,
    /// What is being paid for.
    pub purpose: Option<String>,
    /// Integer minor units.
    pub amount: u64,
    /// Currency of `amount`.
    pub currency: Currency,
    /// `amount` as the shopper reads it, such as `€10.00`: pages and scripts show it and never format money themselves.
    pub total: String,
    /// The session's version; a form that carries another one is refused with `session-changed`.
    pub version: u32,
    /// Where cards are typed.
    pub card_entry: CardEntry,
    /// Customer data that the gateway requires and the merchant did not send.
    pub ask: Vec<CustomerField>,
    /// `/checkout/{cst}` on the page that may pay; `None` on the result view of `/return/{rt}`.
    pub checkout_path: Option<String>,
    /// The server-made key of the next attempt: back, refresh and double submit repeat it.
    pub attempt: String,
    /// What to show.
    #[serde(flatten)]
    pub state: CheckoutState,
    /// The last attempt, `pay_…`, if there was one.
    pub payment_id: Option<String>,
    /// The last attempt's status.
    pub payment_status: Option<PaymentStatus>,
    /// How `{checkout_path}/step` is shown, while the payment waits for it.
    #[serde(default)]
    pub step: Option<StepWay>,
    /// The wallets that this session may be paid with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallets: Option<WalletOffer>,
    /// The `applicationData` of an Apple Pay request, base64, which binds its token to `attempt`; where Apple Pay is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apple_pay_application_data: Option<String>,
    /// Where "back to the shop" leads, if the merchant said so.
    pub return_url: Option<String>,
    /// What a submit was refused for; empty on a fresh page.
    pub errors: Vec<FieldError>,
    /// What the shopper typed into fields that are not card data, given back after a refused submit.
    pub typed: Vec<(CustomerField, String)>,
}

impl fmt::Debug for CheckoutView {
    /// Its path opens the checkout, and what was typed is personal data: neither is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CheckoutView({:?}, version {}, {} errors)",
            self.state,
            self.version,
            self.errors.len()
        )
    }
}

/// What changes while a checkout is open: the answer of `GET /checkout/{cst}/status` and each `status` of its events.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CheckoutStatus {
    /// What to show.
    #[serde(flatten)]
    pub state: CheckoutState,
    /// Why the last attempt failed, in a sentence for the shopper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    /// The session's status.
    pub session_status: SessionStatus,
    /// The last attempt, `pay_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// The last attempt's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<PaymentStatus>,
    /// How `/checkout/{cst}/step` is shown, while the payment waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepWay>,
    /// The session's version: a submit has to carry it.
    pub version: u32,
    /// Integer minor units.
    pub amount: u64,
    /// ISO 4217.
    pub currency: Currency,
    /// `amount` as the shopper reads it.
    pub total: String,
    /// Whether a full page goes on to the shop by itself: loaded again, the server sends it there. Never in a frame.
    pub leaves: bool,
    /// The key of the next attempt, while one may start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
    /// Binds an Apple Pay token to `attempt`, as in [`CheckoutView`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apple_pay_application_data: Option<String>,
}

impl fmt::Debug for CheckoutStatus {
    /// The attempt's key stays unprinted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckoutStatus({:?}, version {})", self.state, self.version)
    }
}

/// Where card data is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardEntry {
    /// In our form: card data crosses the merchant's server (PCI SAQ D).
    Embedded,
    /// On the gateway's hosted form.
    Hosted,
}

/// The state of the checkout, as `data-state` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CheckoutState {
    /// The form waits; `declined` tells why the attempt before failed.
    Ready {
        /// The last attempt's decline, if there was one.
        declined: Option<DeclineCode>,
        /// Seconds until the gateway lets the same card be tried again.
        wait_seconds: u16,
    },
    /// The shopper has to go on at the bank: `{checkout_path}/step`.
    Challenge,
    /// The result is not known yet. Wording stays neutral.
    Processing,
    /// A person has to look; `data-state` says `processing`, for nothing is decided.
    Review,
    /// Paid or authorised.
    Paid,
    /// Failed for good: no further attempt in this session.
    Failed {
        /// Why.
        declined: DeclineCode,
    },
    /// The session is over without a payment.
    Expired,
}

/// A field of the form, for errors.
///
/// Travels as its [`Field::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `card_number`.
    CardNumber,
    /// `card_expiry`.
    CardExpiry,
    /// `card_code`.
    CardCode,
    /// `card_holder`.
    CardHolder,
    /// One of the customer fields.
    Customer(CustomerField),
    /// The whole form: shown at its top.
    Form,
}

impl Field {
    /// The input's `name`, and the `field` of problem+json.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CardNumber => "card_number",
            Self::CardExpiry => "card_expiry",
            Self::CardCode => "card_code",
            Self::CardHolder => "card_holder",
            Self::Customer(field) => field.name(),
            Self::Form => "form",
        }
    }
}

/// The text is not the name of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a field of the form")]
pub struct UnknownField;

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, UnknownField> {
        [Self::CardNumber, Self::CardExpiry, Self::CardCode, Self::CardHolder, Self::Form]
            .into_iter()
            .chain(CustomerField::ALL.into_iter().map(Self::Customer))
            .find(|field| field.name() == name)
            .ok_or(UnknownField)
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::named::deserialize(deserializer)
    }
}

/// What is wrong with one field. Never repeats what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Which field.
    pub field: Field,
    /// One sentence for the shopper.
    pub text: String,
}
