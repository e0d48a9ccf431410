//! `ApplePayPaymentToken`, as the page gets it in `event.payment.token`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_types::{Currency, Money, Pan};
use farthing_wallets::apple::ProcessingCertificate;
use farthing_wallets::apple::issuer::{Claim, Issuer};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{changed, flip, network, number, unmade};
use crate::clock;
use crate::control::{AppleTokenFault, AppleTokenRequest};
use crate::wallets::{Vendors, user_id};

/// What the networks of the brands that [`crate::smartcore::card`] tells apart are called by PassKit.
const NETWORKS: &[(&str, &str)] = &[
    ("AMEX", "AmEx"),
    ("MASTERCARD", "MasterCard"),
    ("UNIONPAY", "ChinaUnionPay"),
    ("VISA", "Visa"),
];
/// What is called so that has a number of no brand of its own.
const OTHER_NETWORK: &str = "PrivateLabel";

/// More than the five minutes that a merchant allows.
const STALE: SignedDuration = SignedDuration::from_mins(6);

/// The decrypted payment data, in the order of Apple's keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    application_primary_account_number: &'a str,
    application_expiration_date: String,
    currency_code: String,
    transaction_amount: u64,
    device_manufacturer_identifier: &'static str,
    payment_data_type: &'static str,
    payment_data: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_responses: Option<Value>,
}

/// The JSON of a token.
pub(super) fn token(
    vendors: &Vendors,
    wish: &AppleTokenRequest,
    now: Timestamp,
) -> Result<Zeroizing<String>, String> {
    let has = |fault| wish.faults.contains(&fault);
    let number = number(wish.number.as_deref())?;
    let plaintext = plaintext(wish, &number, now)?;
    let merchant_id = user_id(&wish.certificate)
        .ok_or("certificate must be a certificate in PEM with a merchant id as its UID")?;
    let recipient = |certificate: &str| {
        ProcessingCertificate::from_pem(&merchant_id, certificate.as_bytes())
            .map_err(|error| format!("certificate: {error}"))
    };
    let own = recipient(&wish.certificate)?;
    let recipient = if has(AppleTokenFault::OtherKey) {
        recipient(&vendors.apple.processing_files(&merchant_id).map_err(unmade)?.certificate)?
    } else {
        own
    };
    let other_root = has(AppleTokenFault::OtherRoot).then(|| Issuer::new(now));
    let other_root = other_root.transpose().map_err(unmade)?;
    let issuer = other_root.as_ref().unwrap_or(&vendors.apple);
    let application_data = wish.application_data.as_deref().map(|text| STANDARD.decode(text));
    let application_data =
        application_data.transpose().map_err(|_| "application_data must be base64")?;
    let application_data = if has(AppleTokenFault::OtherApplicationData) {
        Some(b"of another order".to_vec())
    } else {
        application_data
    };
    let signed_at = wish.signed_at.unwrap_or(now);
    let signed_at =
        if has(AppleTokenFault::Stale) { clock::add(signed_at, -STALE) } else { signed_at };
    let own_network = network(&number, NETWORKS).unwrap_or(OTHER_NETWORK);
    let network = wish.network.as_deref().unwrap_or(own_network);
    let display_name = format!("{network} {}", number.last4().as_str());
    let claim = Claim { display_name: &display_name, network, kind: "debit" };
    let token = issuer
        .issue_plaintext(&plaintext, claim, application_data.as_deref(), &recipient, signed_at)
        .map_err(unmade)?;
    Ok(spoil(token, &wish.faults))
}

fn plaintext(
    wish: &AppleTokenRequest,
    number: &Pan,
    now: Timestamp,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let has = |fault| wish.faults.contains(&fault);
    let amount = Money::new(wish.amount, wish.currency)
        .map_err(|_| "amount must be a number of minor units")?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let expires = match wish.expires {
        _ if has(AppleTokenFault::Expired) => today.saturating_sub(1.day()),
        Some(expires) => expires,
        None => today.saturating_add(4.years()).last_of_month(),
    };
    let currency = if has(AppleTokenFault::WrongCurrency) {
        Currency::all().iter().copied().find(|other| *other != wish.currency)
    } else {
        None
    };
    let mut cryptogram = [0; 20];
    getrandom::fill(&mut cryptogram).map_err(unmade)?;
    let cryptogram = STANDARD.encode(cryptogram);
    let is_emv = has(AppleTokenFault::Emv);
    let data = Payload {
        application_primary_account_number: number.expose_digits(),
        application_expiration_date: expires.strftime("%y%m%d").to_string(),
        currency_code: format!("{:03}", currency.unwrap_or(wish.currency).numeric()),
        transaction_amount: amount.minor() + u64::from(has(AppleTokenFault::WrongAmount)),
        device_manufacturer_identifier: "040010030273",
        payment_data_type: if is_emv { "EMV" } else { "3DSecure" },
        payment_data: if is_emv {
            json!({"emvData": cryptogram})
        } else if has(AppleTokenFault::NoCryptogram) {
            json!({"eciIndicator": "7"})
        } else {
            json!({"onlinePaymentCryptogram": cryptogram, "eciIndicator": "7"})
        },
        authentication_responses: has(AppleTokenFault::SeveralMerchants).then(|| json!([])),
    };
    serde_json::to_vec(&data).map(Zeroizing::new).map_err(unmade)
}

/// Flaws of the finished token.
fn spoil(mut token: Zeroizing<String>, faults: &[AppleTokenFault]) -> Zeroizing<String> {
    for fault in faults {
        let (pointer, change): (_, fn(&str) -> Value) = match fault {
            AppleTokenFault::BrokenSignature => {
                ("/paymentData/signature", |text| Value::from(flip(text, last_byte(text))))
            }
            AppleTokenFault::Simulator => ("/paymentData", |_| json!({})),
            AppleTokenFault::SwappedTransactionId => {
                ("/transactionIdentifier", |text| Value::from("0".repeat(text.len())))
            }
            AppleTokenFault::TamperedData => {
                ("/paymentData/data", |text| Value::from(flip(text, 0)))
            }
            _ => continue,
        };
        token = changed(&token, pointer, change);
    }
    token
}

/// The last byte of a CMS signature that is not one of the zeros which end its indefinite lengths: one of the signature proper.
fn last_byte(signature: &str) -> usize {
    let bytes = STANDARD.decode(signature).unwrap_or_default();
    bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default()
}
