//! `apple_pay_dpan`: payment data that the merchant has decrypted.
//!
//! Source: "Payment token format reference" (Apple), "Payment data keys".

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_types::Money;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::card::CardInput;

/// `paymentMethod.network`, in capital letters: PassKit's names.
pub(super) const NETWORKS: &[&str] = &[
    "AMEX",
    "BANCONTACT",
    "CARTESBANCAIRES",
    "CHINAUNIONPAY",
    "DANKORT",
    "DISCOVER",
    "EFTPOS",
    "ELECTRON",
    "ELO",
    "GIROCARD",
    "INTERAC",
    "JCB",
    "MADA",
    "MAESTRO",
    "MASTERCARD",
    "MIR",
    "PAGOBANCOMAT",
    "PRIVATELABEL",
    "VISA",
    "VPAY",
];

/// How many bytes a cryptogram may have: 20 in practice.
const CRYPTOGRAM_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// The number is borrowed, so that no copy of it is left behind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    application_primary_account_number: Option<&'a str>,
    application_expiration_date: Option<&'a str>,
    currency_code: Option<&'a str>,
    transaction_amount: Option<u64>,
    #[serde(borrow)]
    cardholder_name: Option<Cow<'a, str>>,
    payment_data_type: Option<&'a str>,
    #[serde(borrow)]
    payment_data: Option<Cryptogram<'a>>,
    /// Only a token that is still encrypted has one.
    header: Option<IgnoredAny>,
    /// The same, with what is around it.
    transaction_identifier: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cryptogram<'a> {
    /// Apple's writer escapes the slash of base64.
    #[serde(borrow)]
    online_payment_cryptogram: Option<Cow<'a, str>>,
    /// Inside of a token that is still encrypted.
    header: Option<IgnoredAny>,
}

/// The device's number, if the data is for this order and not past. The error is the rule that is broken.
pub(super) fn read(
    payload: &[u8],
    order: Option<Money>,
    now: Timestamp,
) -> Result<CardInput, &'static str> {
    let is_object = payload.first() == Some(&b'{');
    let data: Payload<'_> = serde_json::from_slice(payload)
        .ok()
        .filter(|_| is_object)
        .ok_or("must be base64 of the decrypted payment data, a JSON object")?;
    let cryptogram = data.payment_data.as_ref();
    let is_encrypted = data.header.is_some()
        || data.transaction_identifier.is_some()
        || cryptogram.is_some_and(|inner| inner.header.is_some());
    if is_encrypted {
        return Err("must be the decrypted payment data: this is the encrypted token");
    }
    let number = data.application_primary_account_number.unwrap_or_default();
    let holder = data.cardholder_name.as_deref().unwrap_or_default().to_owned();
    let card = CardInput::new(Zeroizing::new(number.to_owned()), holder).ok_or(
        "must have an applicationPrimaryAccountNumber of 12 to 19 digits with a valid check digit",
    )?;
    // An order that is wrong itself has been blamed already.
    if let Some(order) = order {
        let numeric = format!("{:03}", order.currency().numeric());
        if data.currency_code != Some(numeric.as_str()) {
            return Err("must have the order's currency as its currencyCode, three digits");
        }
        if data.transaction_amount != Some(order.minor()) {
            return Err("must have the order's amount as its transactionAmount, minor units");
        }
    }
    let expires = data.application_expiration_date.and_then(date);
    let today = now.to_zoned(TimeZone::UTC).date();
    if expires.is_none_or(|expires| today > expires) {
        return Err("must have an applicationExpirationDate, YYMMDD, that is not past");
    }
    if data.payment_data_type != Some("3DSecure") {
        return Err("must be of the paymentDataType 3DSecure");
    }
    let cryptogram = cryptogram
        .and_then(|inner| inner.online_payment_cryptogram.as_deref())
        .filter(|text| STANDARD.decode(text).is_ok_and(|it| CRYPTOGRAM_BYTES.contains(&it.len())))
        .ok_or("must have an onlinePaymentCryptogram, base64 of 16 to 64 bytes")?;
    Ok(card.of_device(Zeroizing::new(cryptogram.to_owned())))
}

/// `YYMMDD`, in this century.
fn date(text: &str) -> Option<Date> {
    let is_digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = |from: usize| text.get(from..from + 2)?.parse::<i8>().ok().filter(|_| is_digits);
    Date::new(2000 + i16::from(part(0)?), part(2)?, part(4)?).ok()
}
