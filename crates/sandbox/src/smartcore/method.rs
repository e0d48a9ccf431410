//! What a payment is made with: one of the three groups of fields of `initPaymentHost2Host`.
//!
//! Source: "SmartCore API", Request parameters of "Direct card payment", "Direct ApplePay DPan payment" and "Direct GooglePay DPan
//! payment".

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use farthing_gateways::smartcore::wire::{METHOD_APPLE_PAY, METHOD_CARD, METHOD_GOOGLE_PAY, field};
use farthing_wallets::google::gateway::Opener;
use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroizing;

use super::card::{self, CardInput};
use super::request::{Fields, is_digits, is_short};
use super::{apple_pay, google_pay};
use crate::control::{ApplePayFaults, GooglePayFaults, LetterCase, Padding, PaymentMethod};

/// What wallets' tokens are judged by.
pub(super) struct WalletTerms<'a> {
    pub(super) now: Timestamp,
    pub(super) opener: &'a Opener,
    pub(super) apple_pay: ApplePayFaults,
    pub(super) google_pay: GooglePayFaults,
}

impl Fields {
    /// The method, and the card behind it. `None` if a field is wrong, which then stands among the problems.
    pub(super) fn method(&mut self, terms: &WalletTerms<'_>) -> Option<(PaymentMethod, CardInput)> {
        let rule = "must be card, applePayDPan or googlePayDPan";
        self.check(field::PAYMENT_METHOD, false, rule, |text| {
            [METHOD_CARD, METHOD_APPLE_PAY, METHOD_GOOGLE_PAY].contains(&text)
        });
        match self.text(field::PAYMENT_METHOD).as_deref() {
            Some(METHOD_APPLE_PAY) => Some((PaymentMethod::ApplePay, self.apple_pay(terms)?)),
            Some(METHOD_GOOGLE_PAY) => Some((PaymentMethod::GooglePay, self.google_pay(terms)?)),
            _ => Some((PaymentMethod::Card, self.card()?)),
        }
    }

    fn card(&mut self) -> Option<CardInput> {
        self.check(field::CARD_HOLDER, true, "must be a text of at most 1024 characters", is_short);
        self.check(field::CARD_EXP_MONTH, true, "must be a month of two digits", |text| {
            is_digits(text, 2..=2) && matches!(text.parse::<u8>(), Ok(1..=12))
        });
        self.check(field::CARD_EXP_YEAR, true, "must be a year of two digits", |text| {
            is_digits(text, 2..=2)
        });
        self.check(field::CARD_CVV, true, "must be 3 or 4 digits", |text| is_digits(text, 3..=4));
        let number = self.take_secret(field::CARD_NUMBER)?;
        let card = CardInput::new(number, self.text(field::CARD_HOLDER).unwrap_or_default());
        if card.is_none() {
            self.blame(
                field::CARD_NUMBER,
                "must be a text of 12 to 19 digits with a valid check digit",
            );
        }
        card
    }

    fn apple_pay(&mut self, terms: &WalletTerms<'_>) -> Option<CardInput> {
        let ApplePayFaults { network_case, padding, .. } = terms.apple_pay;
        let network = self.network(
            field::APPLE_PAY_PAYMENT_METHOD_NETWORK,
            apple_pay::NETWORKS,
            network_case,
        );
        let text = self.take_secret(field::APPLE_PAY_DPAN)?;
        let order = self.money();
        let card =
            decode(&text, padding).and_then(|payload| apple_pay::read(&payload, order, terms.now));
        self.wallet(field::APPLE_PAY_DPAN, field::APPLE_PAY_PAYMENT_METHOD_NETWORK, card, network)
    }

    fn google_pay(&mut self, terms: &WalletTerms<'_>) -> Option<CardInput> {
        let GooglePayFaults { network_case, padding, .. } = terms.google_pay;
        let network = self.network(
            field::GOOGLE_PAY_PAYMENT_METHOD_NETWORK,
            google_pay::NETWORKS,
            network_case,
        );
        let text = self.take_secret(field::GOOGLE_PAY_DPAN)?;
        let card = decode(&text, padding)
            .and_then(|token| google_pay::open(&token, terms.opener, terms.now));
        self.wallet(field::GOOGLE_PAY_DPAN, field::GOOGLE_PAY_PAYMENT_METHOD_NETWORK, card, network)
    }

    /// Blames the token or its network, if one of them is wrong.
    fn wallet(
        &mut self,
        token_field: &str,
        network_field: &str,
        card: Result<CardInput, &'static str>,
        network: Option<String>,
    ) -> Option<CardInput> {
        let card = card.map_err(|rule| self.blame(token_field, rule)).ok()?;
        if !has_network(card.bin(), &network?) {
            self.blame(network_field, "must be the network of the number");
            return None;
        }
        Some(card)
    }

    /// The network's name in capital letters.
    fn network(&mut self, name: &str, known: &[&str], case: LetterCase) -> Option<String> {
        let is_known = |text: &str| known.contains(&text.to_ascii_uppercase().as_str());
        self.check(name, true, "must be a network that the wallet has", is_known);
        let given = self.text(name).filter(|text| is_known(text))?;
        if !case.fits(&given) {
            self.blame(name, "must have other letters: the switch network_case says which");
            return None;
        }
        Some(given.to_ascii_uppercase())
    }

    /// A text that must be there. It leaves the fields, so that it is wiped when it has been read.
    fn take_secret(&mut self, name: &str) -> Option<Zeroizing<String>> {
        match self.take(name) {
            None | Some(Value::Null) => {
                self.blame(name, "is required");
                None
            }
            Some(Value::String(text)) => Some(Zeroizing::new(text)),
            Some(_) => Some(Zeroizing::default()),
        }
    }
}

/// Whether a number that begins so can be of the network. Those with numbers of their own are told apart; the others may be a second brand.
fn has_network(bin: &str, network: &str) -> bool {
    match network {
        "VISA" | "MASTERCARD" | "AMEX" => card::brand(bin) == network,
        _ => true,
    }
}

/// Base64 of the standard or the URL-safe alphabet. Documents show it both with padding and without.
fn decode(text: &str, padding: Padding) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let (mode, rule) = match padding {
        Padding::Any => (DecodePaddingMode::Indifferent, "must be base64"),
        Padding::Padded => (DecodePaddingMode::RequireCanonical, "must be base64 with padding"),
        Padding::Unpadded => (DecodePaddingMode::RequireNone, "must be base64 without padding"),
    };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(mode);
    [STANDARD, URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(&alphabet, config).decode(text).ok())
        .map(Zeroizing::new)
        .filter(|bytes| !bytes.is_empty())
        .ok_or(rule)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::wallets::Vendors;

    static VENDORS: LazyLock<Vendors> = LazyLock::new(|| Vendors::open(None, now()).unwrap());

    fn now() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    proptest! {
        #[test]
        fn noise_is_no_token_of_either_wallet(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[{}\"a-zA-Z:,0-9]{0,60}") {
            for noise in [bytes.as_slice(), text.as_bytes()] {
                prop_assert!(apple_pay::read(noise, None, now()).is_err());
                prop_assert!(google_pay::open(noise, &VENDORS.opener, now()).is_err());
            }
            let decoded = decode(&text, Padding::Any);
            prop_assert!(decoded.is_err() || text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn base64_is_taken_in_every_form_that_the_switch_allows() {
        for (text, padded, unpadded) in [
            ("e30", false, true),
            ("e30=", true, false),
            ("e30K", true, true),
            ("Pz8_Pg==", true, false),
            ("Pz8/Pg", false, true),
        ] {
            assert!(decode(text, Padding::Any).is_ok(), "{text}");
            assert_eq!(decode(text, Padding::Padded).is_ok(), padded, "{text}");
            assert_eq!(decode(text, Padding::Unpadded).is_ok(), unpadded, "{text}");
        }
        for text in ["", "=", "e30==", "e3=", "e31", "e30\n", " e30", "{}", "Pz8/Pz8_"] {
            assert!(decode(text, Padding::Any).is_err(), "{text}");
        }
    }

    #[test]
    fn a_network_has_its_own_numbers() {
        for (bin, network, good) in [
            ("401200", "VISA", true),
            ("401200", "MASTERCARD", false),
            ("555555", "MASTERCARD", true),
            ("341111", "AMEX", true),
            ("341111", "VISA", false),
            ("401200", "CARTESBANCAIRES", true),
        ] {
            assert_eq!(has_network(bin, network), good, "{bin} {network}");
        }
    }
}
