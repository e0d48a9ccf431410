//! The JSON of a token and of what is encrypted in it, in the order of keys that Apple uses: reference 3 and 5.7.

use farthing_types::Money;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{DeviceCard, IssueError, base64, random};

/// `paymentData.header`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ephemeral_public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wrapped_key: Option<String>,
    pub(super) public_key_hash: String,
    pub(super) transaction_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) application_data: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    application_primary_account_number: &'a str,
    application_expiration_date: &'a str,
    currency_code: &'a str,
    transaction_amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cardholder_name: Option<&'a str>,
    device_manufacturer_identifier: &'a str,
    payment_data_type: &'a str,
    payment_data: Cryptogram<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cryptogram<'a> {
    online_payment_cryptogram: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    eci_indicator: Option<&'a str>,
}

/// The payment data of a purchase, with a cryptogram of random bytes: only a network could tell it from a real one.
pub(super) fn payment_data(
    card: &DeviceCard<'_>,
    amount: Money,
) -> Result<Zeroizing<Vec<u8>>, IssueError> {
    let cryptogram: [u8; 20] = random()?;
    let data = Payload {
        application_primary_account_number: card.number.expose_digits(),
        application_expiration_date: &card.expires.strftime("%y%m%d").to_string(),
        currency_code: &format!("{:03}", amount.currency().numeric()),
        transaction_amount: amount.minor(),
        cardholder_name: card.cardholder_name,
        device_manufacturer_identifier: "040010030273",
        payment_data_type: "3DSecure",
        payment_data: Cryptogram {
            online_payment_cryptogram: &base64(&cryptogram),
            eci_indicator: card.eci,
        },
    };
    serde_json::to_vec(&data).map(Zeroizing::new).map_err(|_| IssueError)
}
