//! The decrypted payment data: reference 5.7, and what of 5.8 it is checked for.

use std::fmt;

use farthing_types::card::Last4;
use farthing_types::{Currency, Money, Pan};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Refusal;
use super::cipher::Plaintext;
use crate::json::{self, Object};
use crate::wire;

/// The payment data of an accepted token, exactly as Apple wrote it: JSON with the device's account number and a one-time cryptogram.
///
/// Cardholder data. Wiped on drop; deliberately not `Clone`, `Display` or `Serialize`. It goes to the gateway and nowhere else.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DevicePan(Box<[u8]>);

/// What is read of the payment data. Unknown keys are ignored; a known one that comes twice is an error. Everything is borrowed, so nothing
/// of it is copied: hence an escape in a number, a date or a code is an error too.
///
/// Source: reference 5.7; "Payment token format reference" (Apple).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload<'a> {
    application_primary_account_number: &'a str,
    application_expiration_date: &'a str,
    currency_code: &'a str,
    transaction_amount: u64,
    payment_data_type: &'a str,
    #[serde(borrow)]
    payment_data: Object<Cryptogram<'a>>,
    #[serde(default, deserialize_with = "present")]
    authentication_responses: bool,
    #[serde(default, deserialize_with = "present")]
    cardholder_name: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cryptogram<'a> {
    #[serde(borrow)]
    online_payment_cryptogram: Option<&'a RawValue>,
    #[serde(borrow)]
    eci_indicator: Option<&'a RawValue>,
}

/// How many bytes a cryptogram may have: 20 in practice (reference 5.8).
const CRYPTOGRAM_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

impl<'a> Payload<'a> {
    pub(super) fn read(plaintext: &'a Plaintext) -> Result<Self, Refusal> {
        // serde_json's message may quote the number, so it is dropped.
        let Object(payload): Object<Self> =
            serde_json::from_slice(plaintext.expose_bytes()).map_err(|_| Refusal::Plaintext)?;
        let number = payload.number();
        let is_number = (Pan::MIN_LEN..=Pan::MAX_LEN).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(payload) } else { Err(Refusal::Plaintext) }
    }

    /// The device's account number: 12 to 19 ASCII digits.
    pub(super) fn number(&self) -> &'a str {
        self.application_primary_account_number
    }

    /// Steps 1 and 2: currency and amount are the order's.
    pub(super) fn check_amount(&self, expected: Money) -> Result<Money, Refusal> {
        // Three digits with leading zeros: `036`.
        if self.currency_code != format!("{:03}", expected.currency().numeric()) {
            return Err(Refusal::Currency);
        }
        if self.transaction_amount != expected.minor() {
            return Err(Refusal::Amount);
        }
        Ok(expected)
    }

    /// Currency and amount as the token says them, of no order.
    pub(super) fn amount(&self) -> Result<Money, Refusal> {
        let code = self.currency_code;
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
        let numeric = code.parse().ok().filter(|_| is_code).ok_or(Refusal::Currency)?;
        let currency = Currency::from_numeric(numeric).ok_or(Refusal::Currency)?;
        Money::new(self.transaction_amount, currency).map_err(|_| Refusal::Amount)
    }

    /// Step 5: not expired, until the end of the day in UTC.
    pub(super) fn check_expiry(&self, now: Timestamp) -> Result<Date, Refusal> {
        let expires = read_date(self.application_expiration_date).ok_or(Refusal::Plaintext)?;
        if now.to_zoned(TimeZone::UTC).date() > expires {
            return Err(Refusal::Expired);
        }
        Ok(expires)
    }

    /// Step 6: the kind of data that the gateway takes, with a cryptogram. Returns how many bytes that has.
    pub(super) fn check_cryptogram(&self) -> Result<usize, Refusal> {
        if self.payment_data_type != "3DSecure" {
            return Err(Refusal::PaymentDataType);
        }
        let cryptogram =
            self.payment_data.0.online_payment_cryptogram.ok_or(Refusal::Cryptogram)?;
        let text = json::text(cryptogram).ok_or(Refusal::Cryptogram)?;
        let bytes = wire::from_base64(&text).map(Zeroizing::new).ok_or(Refusal::Cryptogram)?;
        if CRYPTOGRAM_BYTES.contains(&bytes.len()) {
            Ok(bytes.len())
        } else {
            Err(Refusal::Cryptogram)
        }
    }

    /// Step 7: no tokens for several merchants, since none were asked for.
    pub(super) fn check_single_merchant(&self) -> Result<(), Refusal> {
        if self.authentication_responses { Err(Refusal::AuthenticationResponses) } else { Ok(()) }
    }

    /// The electronic commerce indicator, if it is one: one or two digits.
    pub(super) fn eci(&self) -> Option<String> {
        let text = json::text(self.payment_data.0.eci_indicator?)?;
        let is_eci = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_eci.then(|| text.to_string())
    }

    /// Whether there is a name.
    pub(super) fn has_cardholder_name(&self) -> bool {
        self.cardholder_name
    }

    /// The last four digits as the types of the product have them. `None` for a number that no brand of its table has.
    pub(super) fn last4(&self) -> Option<Last4> {
        Pan::parse(self.number()).ok().map(|pan| pan.last4())
    }
}

impl DevicePan {
    pub(super) fn new(mut plaintext: Plaintext) -> Self {
        Self(plaintext.take())
    }

    /// The bytes as they were decrypted, never written anew.
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Their base64, standard alphabet with padding: the value of `apple_pay_dpan` (reference 1.2).
    pub fn expose_base64(&self) -> Zeroizing<String> {
        wire::secret_to_base64(&self.0, true)
    }
}

impl fmt::Debug for DevicePan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("DevicePan(..)")
    }
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload(..)")
    }
}

/// Whether a key is there at all, with whatever value.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// `YYMMDD`, in this century.
fn read_date(text: &str) -> Option<Date> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| text.get(from..from + 2).and_then(|digits| digits.parse::<i8>().ok());
    Date::new(2000 + i16::from(part(0)?), part(2)?, part(4)?).ok()
}
