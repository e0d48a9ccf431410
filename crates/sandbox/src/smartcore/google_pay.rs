//! `google_pay_dpan`: a token that only the gateway can open.
//!
//! Source: "Payment data cryptography" (Google Pay API), ECv2.

use farthing_wallets::google::gateway::{Auth, Opener};
use farthing_wallets::google::{EncryptedToken, Refusal};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::card::CardInput;
use crate::wallets::GATEWAY_MERCHANT_ID;

/// `info.cardNetwork`: "Request objects" (Google Pay API), `allowedCardNetworks`.
pub(super) const NETWORKS: &[&str] = &[
    "AMEX",
    "DISCOVER",
    "ELECTRON",
    "ELO",
    "ELO_DEBIT",
    "INTERAC",
    "JCB",
    "MAESTRO",
    "MASTERCARD",
    "VISA",
];

/// The card that Google has signed and encrypted for this gateway's merchant. The error is the rule that is broken.
pub(super) fn open(
    token: &[u8],
    opener: &Opener,
    now: Timestamp,
) -> Result<CardInput, &'static str> {
    let text = str::from_utf8(token).map_err(|_| rule(Refusal::Malformed))?;
    let message =
        EncryptedToken::parse(text).and_then(|token| opener.open(&token, now)).map_err(rule)?;
    if message.gateway_merchant_id.as_deref() != Some(GATEWAY_MERCHANT_ID) {
        return Err("must be for this merchant: its gatewayMerchantId is another's");
    }
    let number = Zeroizing::new(message.pan.expose_digits().to_owned());
    let card = CardInput::new(number, String::new()).ok_or(rule(Refusal::Plaintext))?;
    let once = Zeroizing::new(message.message_id);
    Ok(match message.auth {
        Auth::Cryptogram3ds { .. } => card.of_device(once),
        Auth::PanOnly => card.on_file(once),
    })
}

/// What a token has to be, by the step that it failed.
fn rule(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::IntermediateExpired
        | Refusal::IntermediateKey
        | Refusal::IntermediateSignature => {
            "must be signed under a root key of Google that is valid now"
        }
        Refusal::MessageSignature => {
            "must be signed by Google for gateway:primepay, and not have been written anew"
        }
        Refusal::EphemeralKey | Refusal::Tag => "must be encrypted to this gateway",
        Refusal::MessageExpired => "must not have expired",
        Refusal::Plaintext => "must hold a card",
        _ => "must be base64 of tokenizationData.token, still encrypted, ECv2",
    }
}
