//! Google Pay and Apple Pay as server, checkout and the wallets' own frame speak of them.

use serde::{Deserialize, Serialize};

use crate::named::named;

/// A wallet whose button a checkout can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wallet {
    /// Apple Pay.
    ApplePay,
    /// Google Pay.
    GooglePay,
}

named! {
    /// The text is not the name of a wallet.
    Wallet, UnknownWallet, "must be `apple_pay` or `google_pay`":
    ApplePay => "apple_pay",
    GooglePay => "google_pay",
}

impl Wallet {
    /// Both, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::ApplePay, Self::GooglePay];
}

/// The wallets of one checkout: part of [`crate::checkout::CheckoutView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletOffer {
    /// Address of the document with the buttons, on the wallets' own origin. The same for every session: it holds nothing of one.
    pub frame: String,
    /// Which buttons it may show, in the order of [`Wallet::ALL`]; never empty.
    pub methods: Vec<Wallet>,
    /// Whether Apple Pay is there only in browsers that have it built in: then nothing is kept free for it in others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apple_pay_built_in_only: bool,
}

/// The name of the first member of the greeting with which the wallets' document begins.
pub const HELLO: &str = "farthing_wallets";
/// Its value: the version of what document and checkout say to each other.
pub const PROTOCOL: u32 = 1;

/// What the wallets' own document is told by the server: nothing of a session, and nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalletFrame {
    /// The origin of the checkout, the only one that the document speaks with.
    pub parent: String,
    /// What Apple Pay needs, where it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apple_pay: Option<ApplePayOffer>,
    /// What Google Pay needs, where it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub google_pay: Option<GooglePayOffer>,
}

/// What does not change from one Apple Pay request to the next.
///
/// Source: "Apple Pay on the Web", `ApplePayPaymentRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplePayOffer {
    /// Where Apple's JavaScript SDK is, which brings Apple Pay to browsers that do not have it; `None`: only where it is built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk: Option<String>,
    /// The shop's name, as it stands beside the total.
    pub label: String,
    /// The merchant's country, ISO 3166-1 alpha-2.
    pub country: String,
    /// `visa`, `masterCard` and so on, the preferred ones first.
    pub networks: Vec<String>,
}

/// What does not change from one Google Pay request to the next.
///
/// Source: Google Pay API for the web, "Request objects", version 2.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GooglePayOffer {
    /// Where Google's `pay.js` is.
    pub script: String,
    /// Whether real cards are asked for.
    pub environment: GoogleEnvironment,
    /// Google's id of the merchant: with real cards only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<String>,
    /// The shop's name, as it stands in the sheet.
    pub merchant_name: String,
    /// The gateway's name at Google.
    pub gateway: String,
    /// The merchant's id at the gateway.
    pub gateway_merchant_id: String,
    /// `PAN_ONLY`, `CRYPTOGRAM_3DS`.
    pub auth_methods: Vec<String>,
    /// `MASTERCARD`, `VISA` and so on.
    pub networks: Vec<String>,
    /// Where the transaction is processed, ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The two worlds of Google Pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoogleEnvironment {
    /// Dummy cards.
    Test,
    /// Real ones.
    Production,
}

named! {
    /// The text is not the name of an environment.
    GoogleEnvironment, UnknownGoogleEnvironment, "must be `TEST` or `PRODUCTION`":
    Test => "TEST",
    Production => "PRODUCTION",
}
