//! What the server wrote into the wallets' document, as the document hands it on.

use farthing_types::wallet::{ApplePayOffer, GooglePayOffer};
use wasm_bindgen::JsValue;

use crate::live::wire::{list, member, text};

/// The wallets' own settings.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub(super) apple_pay: Option<ApplePayOffer>,
    pub(super) google_pay: Option<GooglePayOffer>,
}

impl Offers {
    pub(super) fn read(value: &JsValue) -> Self {
        Self {
            apple_pay: member(value, "apple_pay").and_then(|offer| apple_pay(&offer)),
            google_pay: member(value, "google_pay").and_then(|offer| google_pay(&offer)),
        }
    }
}

fn apple_pay(value: &JsValue) -> Option<ApplePayOffer> {
    Some(ApplePayOffer {
        sdk: None,
        label: text(value, "label")?,
        country: text(value, "country")?,
        networks: texts(value, "networks")?,
    })
}

fn google_pay(value: &JsValue) -> Option<GooglePayOffer> {
    Some(GooglePayOffer {
        script: String::new(),
        environment: text(value, "environment")?.parse().ok()?,
        merchant_id: text(value, "merchant_id"),
        merchant_name: text(value, "merchant_name")?,
        gateway: text(value, "gateway")?,
        gateway_merchant_id: text(value, "gateway_merchant_id")?,
        auth_methods: texts(value, "auth_methods")?,
        networks: texts(value, "networks")?,
        country: text(value, "country"),
    })
}

fn texts(value: &JsValue, name: &str) -> Option<Vec<String>> {
    list(value, name, JsValue::as_string)
}
