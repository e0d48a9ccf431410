//! An accepted token: reference 5.8.

use std::fmt;

use farthing_types::card::Last4;
use farthing_types::{Currency, Money};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::cipher::Plaintext;
use super::payload::{DevicePan, Payload};
use super::signature::Signed;
use super::{Refusal, network};

/// What the order says that the token has to say too. From the server's record, never from the browser.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// What the shopper was asked to pay.
    pub amount: Money,
    /// What the payment request carried as `applicationData`, decoded from its base64; `None` if it carried none.
    pub application_data: Option<&'a [u8]>,
}

/// A token that passed every check, opened: what the gateway gets.
///
/// That it has not been used before is not known here. Write [`Payment::transaction_id`] behind a unique constraint before the gateway is
/// called; a token must never reach it twice.
pub struct Payment {
    device_pan: DevicePan,
    last4: Option<Last4>,
    summary: Summary,
}

/// What may be shown of an accepted token: nothing that could be charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// `EC_v1` or `RSA_v1`.
    pub version: &'static str,
    /// 64 small hexadecimal digits.
    pub transaction_id: String,
    /// When Apple signed it.
    pub signed_at: Timestamp,
    /// As the browser said it; it fits the number.
    pub network: String,
    /// The device's account number but for its last four digits masked: `************3010`.
    pub number: String,
    /// The last day on which that number is valid.
    pub expires: Date,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Integer minor units.
    pub amount: u64,
    /// `3DSecure`.
    pub payment_data_type: &'static str,
    /// How many bytes the one-time cryptogram has.
    pub cryptogram_bytes: usize,
    /// The electronic commerce indicator, if there is one.
    pub eci: Option<String>,
    /// Whether the data holds the cardholder's name.
    pub has_cardholder_name: bool,
    /// Whether the token is bound to data of the merchant.
    pub has_application_data: bool,
}

impl Payment {
    /// Steps 1 to 8, in their order; without an amount any will do.
    pub(super) fn check(
        signed: &Signed<'_>,
        plaintext: Plaintext,
        amount: Option<Money>,
        application_data: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let token = signed.token();
        let payload = Payload::read(&plaintext)?;
        let amount = match amount {
            Some(amount) => payload.check_amount(amount)?, // 1, 2
            None => payload.amount()?,
        };
        if token.transaction_id() != token.transaction_identifier() {
            return Err(Refusal::TransactionId); // 3
        }
        if !has_application_data(token.application_data(), application_data) {
            return Err(Refusal::ApplicationData); // 4
        }
        let expires = payload.check_expiry(now)?; // 5
        let cryptogram_bytes = payload.check_cryptogram()?; // 6
        payload.check_single_merchant()?; // 7
        if !network::fits(token.network(), payload.number()) {
            return Err(Refusal::Network); // 8
        }
        let summary = Summary {
            version: token.version().as_str(),
            transaction_id: hex::encode(token.transaction_id()),
            signed_at: signed.signed_at(),
            network: token.network().to_owned(),
            number: mask(payload.number()),
            expires,
            currency: amount.currency(),
            amount: amount.minor(),
            payment_data_type: "3DSecure",
            cryptogram_bytes,
            eci: payload.eci(),
            has_cardholder_name: payload.has_cardholder_name(),
            has_application_data: token.application_data().is_some(),
        };
        let last4 = payload.last4();
        Ok(Self { device_pan: DevicePan::new(plaintext), last4, summary })
    }

    /// The decrypted payment data, for the gateway.
    pub fn device_pan(&self) -> &DevicePan {
        &self.device_pan
    }

    /// The same, and the rest is forgotten.
    pub fn into_device_pan(self) -> DevicePan {
        self.device_pan
    }

    /// 64 small hexadecimal digits that Apple gives to one token only.
    pub fn transaction_id(&self) -> &str {
        &self.summary.transaction_id
    }

    /// `paymentMethod.network` as the browser said it, which is how the gateway wants it (reference 1.2). It fits the number.
    pub fn network(&self) -> &str {
        &self.summary.network
    }

    /// The last four digits of the device's account number, which may be stored and shown (PCI DSS 4.0.1, 3.4.1).
    ///
    /// `None` for a number that no brand of the product's table has. The card's own last digits are others: see `paymentMethod.displayName`.
    pub fn last4(&self) -> Option<Last4> {
        self.last4
    }

    /// The last day on which the device's account number is valid.
    pub fn expires(&self) -> Date {
        self.summary.expires
    }

    /// What may be shown.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }
}

impl fmt::Debug for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device_pan: _, last4: _, summary } = self; // a new field will not compile until it is judged here
        write!(f, "Payment({}, ..)", summary.transaction_id)
    }
}

/// What was asked for has to be there, hashed; what was not must not.
fn has_application_data(hash: Option<&[u8; 32]>, expected: Option<&[u8]>) -> bool {
    match (hash, expected) {
        (None, None) => true,
        (Some(hash), Some(data)) => Sha256::digest(data).as_slice().ct_eq(hash).into(),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn mask(number: &str) -> String {
    let hidden = number.len().saturating_sub(4);
    "*".repeat(hidden) + number.get(hidden..).unwrap_or_default()
}
