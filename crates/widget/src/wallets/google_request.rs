//! Google Pay's request objects, exactly as Google documents them.
//!
//! Source: Google Pay API for the web, version 2.0, "Request objects".

use farthing_types::CustomerField;
use farthing_types::wallet::{GoogleEnvironment, GooglePayOffer};
use serde::Serialize;

use super::contact::Wanted;
use super::price;

/// Version of the API, and of Google's type definitions.
const VERSION: (u8, u8) = (2, 0);

/// `PaymentDataRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequest<'a> {
    api_version: u8,
    api_version_minor: u8,
    merchant_info: MerchantInfo<'a>,
    allowed_payment_methods: [CardMethod<'a>; 1],
    transaction_info: TransactionInfo<'a>,
    #[serde(skip_serializing_if = "is_false")]
    email_required: bool,
}

impl<'a> PaymentRequest<'a> {
    /// For an amount in minor units of a currency with `exponent` decimals; `None` if Google cannot be told such an amount.
    pub fn new(
        offer: &'a GooglePayOffer,
        amount: u64,
        currency: &'a str,
        exponent: u8,
        ask: &[CustomerField],
    ) -> Option<Self> {
        let wanted = Wanted::of(ask);
        Some(Self {
            api_version: VERSION.0,
            api_version_minor: VERSION.1,
            merchant_info: MerchantInfo::new(offer),
            allowed_payment_methods: [CardMethod::new(offer, wanted)],
            transaction_info: TransactionInfo {
                currency_code: currency,
                country_code: offer.country.as_deref(),
                total_price_status: "FINAL",
                total_price: price::google(amount, exponent)?,
                // The sheet's button says "Pay": the price is final, and nothing is asked afterwards.
                checkout_option: "COMPLETE_IMMEDIATE_PURCHASE",
            },
            email_required: wanted.email,
        })
    }
}

/// The language of Google's button for a BCP 47 tag; one that Google has no texts for leaves the choice to Google.
pub fn button_locale(tag: &str) -> Option<&'static str> {
    let language = tag.split('-').next().unwrap_or_default();
    LOCALES.into_iter().find(|known| known.eq_ignore_ascii_case(language))
}

/// The languages of Google's button. Source: "Button options", `buttonLocale`.
const LOCALES: [&str; 31] = [
    "en", "ar", "bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hr", "id", "it", "ja",
    "ko", "ms", "nl", "no", "pl", "pt", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "zh",
];

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct MerchantInfo<'a> {
    /// Only with real cards: in the test environment there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_id: Option<&'a str>,
    merchant_name: &'a str,
    software_info: SoftwareInfo,
}

impl<'a> MerchantInfo<'a> {
    fn new(offer: &'a GooglePayOffer) -> Self {
        let real = offer.environment == GoogleEnvironment::Production;
        Self {
            merchant_id: offer.merchant_id.as_deref().filter(|_| real),
            merchant_name: &offer.merchant_name,
            software_info: SoftwareInfo { id: "farthing", version: env!("CARGO_PKG_VERSION") },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct SoftwareInfo {
    id: &'static str,
    version: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct CardMethod<'a> {
    r#type: &'static str,
    parameters: CardParameters<'a>,
    tokenization_specification: Tokenization<'a>,
}

impl<'a> CardMethod<'a> {
    /// Which cards are taken, who can read the token, and what is asked beside it. Part of the question whether Google is ready, and of
    /// the button, too.
    fn new(offer: &'a GooglePayOffer, wanted: Wanted) -> Self {
        // Phone numbers come with the address only.
        let address = wanted.name || wanted.address || wanted.region || wanted.phone;
        Self {
            r#type: "CARD",
            parameters: CardParameters {
                allowed_auth_methods: &offer.auth_methods,
                allowed_card_networks: &offer.networks,
                billing_address_required: address,
                billing_address_parameters: address.then_some(AddressParameters {
                    format: if wanted.address { "FULL" } else { "MIN" },
                    phone_number_required: wanted.phone,
                }),
            },
            tokenization_specification: Tokenization {
                r#type: "PAYMENT_GATEWAY",
                parameters: TokenizationParameters {
                    gateway: &offer.gateway,
                    gateway_merchant_id: &offer.gateway_merchant_id,
                },
            },
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct CardParameters<'a> {
    allowed_auth_methods: &'a [String],
    allowed_card_networks: &'a [String],
    #[serde(skip_serializing_if = "is_false")]
    billing_address_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address_parameters: Option<AddressParameters>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressParameters {
    format: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    phone_number_required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Tokenization<'a> {
    r#type: &'static str,
    parameters: TokenizationParameters<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenizationParameters<'a> {
    gateway: &'a str,
    gateway_merchant_id: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionInfo<'a> {
    currency_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'a str>,
    total_price_status: &'static str,
    total_price: String,
    checkout_option: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
