//! `PaymentData`, as `loadPaymentData` resolves with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_types::Pan;
use farthing_wallets::google::gateway::GatewayKey;
use farthing_wallets::google::issuer::Issuer;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{changed, flip, network, number, unmade};
use crate::clock;
use crate::control::{GoogleAuthMethod, GoogleTokenFault, GoogleTokenRequest};
use crate::wallets::{GATEWAY, GATEWAY_MERCHANT_ID, Vendors};

/// What the networks of the brands that [`crate::smartcore::card`] tells apart are called by Google.
const NETWORKS: &[(&str, &str)] =
    &[("AMEX", "AMEX"), ("MASTERCARD", "MASTERCARD"), ("VISA", "VISA")];
/// What is called so that has a number of no brand of its own.
const OTHER_NETWORK: &str = "DISCOVER";
/// How long a message counts, and an intermediate key: about as long as Google's.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The encrypted message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Plaintext<'a> {
    gateway_merchant_id: &'a str,
    message_expiration: String,
    message_id: String,
    payment_method: &'static str,
    payment_method_details: Details<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    expiration_year: i16,
    expiration_month: i8,
    pan: &'a str,
    auth_method: GoogleAuthMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    cryptogram: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eci_indicator: Option<&'static str>,
}

/// The JSON of `PaymentData`.
pub(super) fn payment_data(
    vendors: &Vendors,
    wish: &GoogleTokenRequest,
    now: Timestamp,
) -> Result<Zeroizing<String>, String> {
    let has = |fault| wish.faults.contains(&fault);
    let number = number(wish.number.as_deref())?;
    let message = message(wish, &number, now)?;
    let issuer = if has(GoogleTokenFault::OtherRoot) {
        Issuer::new(now)
    } else if has(GoogleTokenFault::ExpiredIntermediate) {
        vendors.google(clock::add(now, -WEEK * 2))
    } else {
        vendors.google(now)
    };
    let other_key = has(GoogleTokenFault::OtherKey).then(GatewayKey::generate);
    let other_key = other_key.transpose().map_err(unmade)?;
    let key = other_key.as_ref().map_or(vendors.gateway_key(), GatewayKey::public_key);
    let gateway = if has(GoogleTokenFault::OtherRecipient) { "example" } else { GATEWAY };
    let token = issuer
        .and_then(|issuer| issuer.issue_plaintext(&message, &format!("gateway:{gateway}"), key))
        .map_err(unmade)?;
    let token = spoil(token, &wish.faults);
    let last4 = number.last4();
    let last4 = last4.as_str();
    let network = network(&number, NETWORKS).unwrap_or(OTHER_NETWORK);
    let data = json!({
        "apiVersion": 2,
        "apiVersionMinor": 0,
        "paymentMethodData": {
            "type": "CARD",
            "description": format!("{network} •••• {last4}"),
            "info": {"cardNetwork": network, "cardDetails": last4, "cardFundingSource": "DEBIT"},
            "tokenizationData": {"type": "PAYMENT_GATEWAY", "token": token.as_str()},
        },
    });
    Ok(Zeroizing::new(data.to_string()))
}

fn message(
    wish: &GoogleTokenRequest,
    number: &Pan,
    now: Timestamp,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut random = [0; 44];
    getrandom::fill(&mut random).map_err(unmade)?;
    let (id, cryptogram) = random.split_at(24);
    let is_device = wish.auth_method == GoogleAuthMethod::Cryptogram3ds;
    let valid = now.to_zoned(TimeZone::UTC).date().saturating_add(4.years());
    let expires = wish.expires.unwrap_or_else(|| clock::add(now, WEEK));
    let message = Plaintext {
        gateway_merchant_id: wish.gateway_merchant_id.as_deref().unwrap_or(GATEWAY_MERCHANT_ID),
        message_expiration: expires.as_millisecond().to_string(),
        message_id: hex::encode(id),
        payment_method: "CARD",
        payment_method_details: Details {
            expiration_year: valid.year(),
            expiration_month: valid.month(),
            pan: number.expose_digits(),
            auth_method: wish.auth_method,
            cryptogram: is_device.then(|| STANDARD.encode(cryptogram)),
            eci_indicator: is_device.then_some("05"),
        },
    };
    serde_json::to_vec(&message).map(Zeroizing::new).map_err(unmade)
}

/// Flaws of the finished token.
fn spoil(mut token: Zeroizing<String>, faults: &[GoogleTokenFault]) -> Zeroizing<String> {
    for fault in faults {
        let (pointer, change): (_, fn(&str) -> Value) = match fault {
            GoogleTokenFault::BrokenSignature => {
                ("/signature", |text| Value::from(flip(text, text.len() / 2)))
            }
            GoogleTokenFault::Rewritten => ("/signedMessage", |text| {
                let message: Value = serde_json::from_str(text).unwrap_or_default();
                Value::from(message.to_string())
            }),
            GoogleTokenFault::TamperedMessage => ("/signedMessage", |text| {
                let flipped = changed(text, "/encryptedMessage", |text| Value::from(flip(text, 0)));
                Value::from(flipped.as_str())
            }),
            _ => continue,
        };
        token = changed(&token, pointer, change);
    }
    token
}
