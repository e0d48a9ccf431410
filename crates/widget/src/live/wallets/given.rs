//! What a wallet gave: its token as the server wants it, and what it tells of the shopper.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farthing_types::{CustomerField, Wallet};
use js_sys::{Array, JSON, Object};
use wasm_bindgen::JsValue;
use zeroize::Zeroizing;

use super::set;
use crate::live::wire::{member, text};
use crate::wallets::contact::split_name;

/// Puts the token into the fields of a submit. `None`: it is not of the documented shape.
pub(super) fn add_token(fields: &Object, wallet: Wallet, data: &JsValue) -> Option<()> {
    if wallet == Wallet::ApplePay {
        let token = member(data, "token").filter(JsValue::is_object)?;
        let token = JSON::stringify(&token).ok()?;
        set(fields, "apple_pay_token", &token);
        return Some(());
    }
    let method = member(data, "paymentMethodData")?;
    // The exact characters: Google has signed them. It need not even be JSON.
    let token = text(&member(&method, "tokenizationData")?, "token").map(Zeroizing::new)?;
    set(fields, "google_pay_token", &JsValue::from_str(&base64(token.as_bytes())?));
    set(fields, "google_pay_network", &member(&member(&method, "info")?, "cardNetwork")?);
    Some(())
}

/// Standard base64 with padding. Not by `encode`, whose last words, should it fail, are a tenth of all that is here.
fn base64(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let mut encoded = vec![0; bytes.len().div_ceil(3) * 4];
    STANDARD.encode_slice(bytes, &mut encoded).ok()?;
    String::from_utf8(encoded).ok().map(Zeroizing::new)
}

/// Names of the customer's fields in each wallet's contacts, in the order of [`CustomerField`].
///
/// Source: "Apple Pay on the Web", `ApplePayPaymentContact`; Google Pay API for the web, "Response objects", `Address`.
const NAMES: [[&str; 2]; 8] = [
    ["givenName", "name"],
    ["familyName", "name"],
    ["addressLines", "address1"],
    ["locality", "locality"],
    ["postalCode", "postalCode"],
    ["countryCode", "countryCode"],
    ["phoneNumber", "phoneNumber"],
    ["emailAddress", "email"],
];

/// What the wallet tells of one field of the customer's.
pub(super) fn told(wallet: Wallet, data: &JsValue, field: CustomerField) -> Option<String> {
    use CustomerField as F;
    let apple = wallet == Wallet::ApplePay;
    let [by_apple, by_google] = NAMES.get(field as usize)?;
    let contact = if apple {
        // Apple gives these two with the shipping contact alone.
        let shipping = matches!(field, F::Phone | F::Email);
        member(data, if shipping { "shippingContact" } else { "billingContact" })?
    } else if field == F::Email {
        data.clone()
    } else {
        member(&member(&member(data, "paymentMethodData")?, "info")?, "billingAddress")?
    };
    if field == F::Address {
        let lines = if apple {
            Array::from(&member(&contact, by_apple)?)
        } else {
            let line = |name| member(&contact, name).filter(JsValue::is_truthy);
            [*by_google, "address2", "address3"].into_iter().filter_map(line).collect()
        };
        return lines.join(", ").as_string();
    }
    let mut told = text(&contact, if apple { by_apple } else { by_google })?;
    match field {
        F::FirstName if !apple => told = split_name(&told).0.to_owned(),
        F::LastName if !apple => told = split_name(&told).1.to_owned(),
        // Small letters have been seen.
        F::Country => told.make_ascii_uppercase(),
        _ => {}
    }
    Some(told)
}
