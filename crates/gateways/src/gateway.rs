//! What every gateway can be asked, and what it can answer.

use std::fmt;
use std::net::IpAddr;

use farthing_types::{
    BrowserInfo, Card, Currency, Customer, CustomerField, DeclineCode, Money, StepKind,
};

use crate::wire::{RawCallback, WireRequest, WireResponse};

/// One gateway's dialect.
///
/// Implementations do no I/O and read no clock. `read_*` never fails: what cannot be understood is an
/// [`Unclear`] answer, which leaves a payment unresolved and polled, never paid and never failed.
pub trait Gateway: Send + Sync + fmt::Debug {
    /// Stable name used in routes, configuration, metrics and stored rows.
    fn name(&self) -> &'static str;

    /// Whether an account is configured for the currency.
    fn takes(&self, currency: Currency) -> bool;

    /// Customer data without which a payment cannot be built.
    fn required_customer(&self) -> &'static [CustomerField];

    /// Builds the call that charges a card. The order's id must be stored before the result is sent.
    fn pay_card(
        &self,
        order: &Order<'_>,
        card: &Card,
        browser: &BrowserInfo,
    ) -> Result<WireRequest, BuildError>;

    /// Builds the call that charges a wallet's token. It counts once: whatever the answer is, the same token is never sent again.
    ///
    /// The order's id must be stored before the result is sent, and so must whatever tells the token from others.
    fn pay_wallet(
        &self,
        order: &Order<'_>,
        wallet: &WalletToken<'_>,
        browser: &BrowserInfo,
    ) -> Result<WireRequest, BuildError>;

    /// Builds the call that opens the gateway's hosted form. `prefilled_phone`: digits for mobile commerce.
    fn hosted_form(
        &self,
        order: &Order<'_>,
        prefilled_phone: Option<&str>,
    ) -> Result<WireRequest, BuildError>;

    /// Reads the answer of [`Gateway::pay_card`], [`Gateway::pay_wallet`] or [`Gateway::hosted_form`].
    fn read_pay(&self, gateway_order_id: &str, answer: &WireResponse) -> PayAnswer;

    /// Builds the question for a payment's state. `id` is our `gateway_order_id` or the gateway's processing id.
    fn check(&self, id: &str) -> Result<WireRequest, BuildError>;

    /// Reads the answer of [`Gateway::check`]; `known_ids` are the ids that the answer may carry.
    fn read_check(&self, known_ids: &[&str], answer: &WireResponse) -> CheckAnswer;

    /// Checks a callback's signature over the raw bytes, and only then parses. A notice is a hint to check, no more.
    fn read_callback(&self, raw: &RawCallback<'_>) -> Result<Notice, CallbackError>;
}

/// What is to be paid, by whom, and where the gateway sends people and news.
#[derive(Debug)]
pub struct Order<'a> {
    /// Unique per attempt, stored before the call, never reused.
    pub gateway_order_id: &'a str,
    /// The amount, fixed by the merchant's session.
    pub amount: Money,
    /// What is being paid for.
    pub purpose: Option<&'a str>,
    /// The shop's URL.
    pub merchant_site: &'a str,
    /// The customer, complete by [`Gateway::required_customer`].
    pub customer: &'a Customer,
    /// The shopper's true address.
    pub customer_ip: IpAddr,
    /// Our `/return/{rt}`, for every way back.
    pub return_url: &'a str,
    /// Our `/callbacks/{gateway}/{path-token}`.
    pub callback_url: &'a str,
    /// Whether later payments may be made from this one.
    pub recurrent: Option<Recurrence<'a>>,
}

/// What a wallet gave for one payment, as it is sent. Whoever has it can charge it once: never printed, and deliberately not `Clone`,
/// `Display` or `Serialize`. It only borrows; whoever owns the texts wipes them.
pub enum WalletToken<'a> {
    /// Apple Pay: the payment data, which the server has verified and decrypted.
    ApplePay {
        /// Base64 of the decrypted bytes as Apple wrote them: cardholder data. From `apple::DevicePan::expose_base64` of the crate
        /// `farthing-wallets`.
        dpan: &'a str,
        /// `paymentMethod.network` of the token, verbatim: `Visa`, `MasterCard`. Apple does not sign it.
        network: &'a str,
    },
    /// Google Pay: the token, still encrypted to the gateway.
    GooglePay {
        /// Base64 of `tokenizationData.token`, byte for byte. From `google::EncryptedToken::expose_base64` of the crate
        /// `farthing-wallets`, which can leave out the padding.
        dpan: &'a str,
        /// `paymentMethodData.info.cardNetwork`, verbatim: `VISA`, `MASTERCARD`. Google does not sign it.
        network: &'a str,
    },
}

impl fmt::Debug for WalletToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApplePay { dpan: _, network: _ } => "ApplePay(..)",
            Self::GooglePay { dpan: _, network: _ } => "GooglePay(..)",
        })
    }
}

/// Consent to later payments.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence<'a> {
    /// Minimum days between two payments.
    pub frequency_days: Option<u32>,
    /// RFC 3339 time after which none is made.
    pub until: Option<&'a str>,
}

/// Why a request could not be built: our own fault, nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A piece of customer data is missing.
    #[error("customer data is missing: {}", .0.name())]
    Customer(CustomerField),
    /// No account is configured for the currency.
    #[error("no account is configured for the currency")]
    NoAccount,
    /// The phone number for the hosted form is not 1 to 15 digits.
    #[error("the prefilled phone is not 1 to 15 digits")]
    PrefilledPhone,
    /// The operation does not exist in the configured version of the gateway's protocol.
    #[error("the configured profile of the gateway has no such operation")]
    Unsupported,
}

/// The answer to a payment call.
#[derive(Debug)]
pub struct PayAnswer {
    /// The gateway's own id of the payment, if the answer carried one.
    pub processing_id: Option<String>,
    /// Whether it carried an order id that is neither ours nor a processing id: worth a metric, no more, since the
    /// exchange itself binds the answer to the order.
    pub foreign_order_id: bool,
    /// What it says.
    pub state: PayState,
}

/// What the answer to a payment call says. Success and failure are hints until a check agrees.
#[derive(Debug)]
#[non_exhaustive]
pub enum PayState {
    /// The gateway says that it is over, one way or the other, or refuses: ask it by a check now.
    CheckNow {
        /// Why, if the answer named a reason: it counts once a check agrees that nothing was taken.
        refusal: Option<Refusal>,
    },
    /// Our credentials were refused: the payment did not start, and none will.
    Misconfigured,
    /// Accepted; nothing to do but to wait.
    Pending,
    /// The shopper's browser has something to do.
    Step(NextStep),
    /// Not understood.
    Unclear(Unclear),
}

/// Why the gateway refused, in its own answer to the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Our code.
    pub decline: DeclineCode,
    /// The gateway's own code, capital letters, digits and underscores only.
    pub raw: Option<String>,
}

/// What the shopper's browser has to do next.
#[derive(Clone, PartialEq, Eq)]
pub struct NextStep {
    /// What kind of step it is.
    pub kind: StepKind,
    /// Where it leads. A redirect's host is on the allow-list; an issuer's page cannot be listed, and is https with a name.
    pub target: url::Url,
    /// The fields of the form that is posted there; none for a redirect, which is a GET.
    pub fields: Vec<(&'static str, String)>,
}

impl fmt::Debug for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path and the fields open the shopper's payment to whoever holds them.
        let Self { kind, target, fields: _ } = self;
        write!(f, "{kind}({})", target.host_str().unwrap_or_default())
    }
}

/// Why an answer could not be used. Its name is a metric's label; it holds nothing of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unclear {
    /// A success without an amount, or with one that is not whole minor units.
    Amount,
    /// The answer names another order, or is about a refund or payout.
    ForeignOrder,
    /// The next step leads to a host that is not on the allow-list.
    ForeignHost,
    /// Not JSON, cut, nested too deeply, with doubled keys, or not UTF-8.
    Malformed,
    /// A next step that cannot be taken: it leads nowhere, to an address that is none of a bank, or its way back is missing.
    Step,
    /// Rate limit or server error: HTTP 429 and 5xx, or another code that means nothing here.
    Status,
    /// A status outside the documented ones.
    UnknownStatus,
}

impl Unclear {
    /// The metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::ForeignOrder => "foreign_order",
            Self::ForeignHost => "foreign_host",
            Self::Malformed => "malformed",
            Self::Step => "step",
            Self::Status => "status",
            Self::UnknownStatus => "unknown_status",
        }
    }
}

/// The answer to a check.
#[derive(Clone, Debug)]
pub struct CheckAnswer {
    /// What it says.
    pub state: CheckedState,
    /// The card, if the answer described one.
    pub card: Option<CardSummary>,
    /// What the shopper has to do now, if the payment is under way and the answer says so.
    pub step: Option<NextStep>,
}

/// What an authenticated check says about the payment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckedState {
    /// Failed, finally. `raw` is the gateway's code if it is one of the documented shape, for the merchant only.
    Failed {
        /// Our code.
        decline: DeclineCode,
        /// The gateway's own code: at most 64 capital letters, digits and underscores, or a documented text.
        raw: Option<String>,
    },
    /// Our credentials were refused.
    Misconfigured,
    /// The gateway does not know the payment.
    NotFound,
    /// Under way.
    Pending,
    /// The money was taken: minor units as the gateway states them, to be compared by the caller.
    Succeeded {
        /// The amount that the payment was made for.
        amount: u64,
        /// The amount that was taken, where stated.
        final_amount: Option<u64>,
    },
    /// Not understood.
    Unclear(Unclear),
}

/// What may be kept of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardSummary {
    /// The gateway's word for the brand, at most 32 printable ASCII characters.
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
}

/// A callback whose signature held: a hint to check now.
#[derive(Debug, PartialEq, Eq)]
pub struct Notice {
    /// The order that it talks about.
    pub gateway_order_id: String,
}

/// Why a callback was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// Not a form (or JSON object) of unique keys with an order id, or too large.
    #[error("the callback is malformed")]
    Malformed,
    /// The signature is missing or does not fit any accepted secret.
    #[error("the callback's signature is wrong")]
    Signature,
}
