//! Test cards: what a number does, and what stays of it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::order::{CardFace, Plan, code};

/// Succeeds without a challenge: "SmartCore API", Test cards.
pub(crate) const FRICTIONLESS: &str = "4012000000003010";
/// Asks for a challenge, which succeeds or fails: "SmartCore API", Test cards.
pub(crate) const CHALLENGE: &str = "4003830171874018";
/// All other cards fail. These fail with a reason of their own, the rest with the issuer's denial.
const FAILING: &[(&str, &str)] =
    &[("5555555555554444", code::INSUFFICIENT_FUNDS), ("4111111111111111", code::DO_NOT_HONOUR)];

/// A card as it was sent, or as a wallet holds it; checked.
pub(crate) struct CardInput {
    /// Digits that pass [`luhn`].
    number: Zeroizing<String>,
    holder: String,
    source: Source,
}

/// Where a number comes from, and so what has to be asked.
enum Source {
    /// A wallet's device, with a cryptogram: nobody has to be asked.
    Device(Once),
    /// A card on file with Google: the issuer has to ask, whatever the number ("Google Pay", 3DS Authentication).
    OnFile(Once),
    /// The shopper has typed it: the number decides.
    Typed,
}

/// What no second token of the wallet has: Google's id of the message, or a cryptogram.
struct Once(Zeroizing<String>);

impl CardInput {
    /// Takes digits and a name; `None` if the number is not 12 to 19 digits with a valid check digit.
    pub(crate) fn new(number: Zeroizing<String>, holder: String) -> Option<Self> {
        let fits =
            (12..=19).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        (fits && luhn(&number)).then_some(Self { number, holder, source: Source::Typed })
    }

    /// The same of a wallet's device; `once` is what no other token has.
    pub(crate) fn of_device(self, once: Zeroizing<String>) -> Self {
        Self { source: Source::Device(Once(once)), ..self }
    }

    /// The same of a card on file with a wallet.
    pub(crate) fn on_file(self, once: Zeroizing<String>) -> Self {
        Self { source: Source::OnFile(Once(once)), ..self }
    }

    /// What the card will do. `fail_code` wins over the table.
    pub(crate) fn plan(&self, fail_code: Option<&str>) -> Plan {
        let code = match (fail_code, self.number.as_str()) {
            (Some(code), _) => Some(code),
            (None, FRICTIONLESS | CHALLENGE) => None,
            (None, other) => {
                let known = FAILING.iter().find(|(number, _)| *number == other);
                Some(known.map_or(code::EMITTER_DENIAL, |(_, code)| code))
            }
        };
        let asks = match self.source {
            Source::Device(_) => false,
            Source::OnFile(_) => true,
            Source::Typed => self.number.as_str() == CHALLENGE && code.is_none(),
        };
        match (asks, code.map(str::to_owned)) {
            (false, None) => Plan::Succeed,
            (false, Some(code)) => Plan::Fail(code),
            (true, None) => Plan::Challenge,
            (true, Some(code)) => Plan::ChallengeThenFail(code),
        }
    }

    /// Whether a cryptogram says who pays, so that no step is needed.
    pub(crate) fn is_proven(&self) -> bool {
        matches!(self.source, Source::Device(_))
    }

    /// First six digits.
    pub(crate) fn bin(&self) -> &str {
        self.number.get(..6).unwrap_or_default()
    }

    /// What may be told of it.
    pub(crate) fn face(&self) -> CardFace {
        let bin = self.bin().to_owned();
        let last = self.number.get(self.number.len().saturating_sub(4)..).unwrap_or_default();
        CardFace {
            masked: format!("{bin}******{last}"),
            brand: brand(&bin).to_owned(),
            bin,
            holder: self.holder.clone(),
        }
    }

    /// The card's name for the 60-second rule, useless without this process's key.
    pub(crate) fn fingerprint(&self, key: &[u8; 32]) -> [u8; 32] {
        fingerprint(&self.number, key)
    }

    /// The name of a wallet's token, as useless without the key.
    pub(crate) fn token(&self, key: &[u8; 32]) -> Option<[u8; 32]> {
        match &self.source {
            Source::Device(Once(once)) | Source::OnFile(Once(once)) => Some(fingerprint(once, key)),
            Source::Typed => None,
        }
    }
}

fn fingerprint(secret: &str, key: &[u8; 32]) -> [u8; 32] {
    // A key of 32 bytes is a key of HMAC: the empty result cannot happen.
    Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mut mac| {
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().into()
    })
}

/// The Luhn formula over ASCII digits: ISO/IEC 7812-1, annex B.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(|(byte, doubled)| match (u32::from(byte.saturating_sub(b'0')), doubled) {
            (digit, false) => digit,
            (digit, true) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The brand as the documents write it. A rough guess is enough: nothing may depend on it.
pub(crate) fn brand(bin: &str) -> &'static str {
    match bin.get(..2).and_then(|two| two.parse::<u8>().ok()).unwrap_or_default() {
        40..=49 => "VISA",
        22..=27 | 51..=55 => "MASTERCARD",
        34 | 37 => "AMEX",
        62 => "UNIONPAY",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(number: &str) -> Option<CardInput> {
        CardInput::new(Zeroizing::new(number.to_owned()), "John Doe".to_owned())
    }

    #[test]
    fn the_documented_cards_do_what_the_document_says() {
        assert_eq!(card(FRICTIONLESS).unwrap().plan(None), Plan::Succeed);
        assert_eq!(card(CHALLENGE).unwrap().plan(None), Plan::Challenge);
        assert_eq!(
            card("4242424242424242").unwrap().plan(None),
            Plan::Fail(code::EMITTER_DENIAL.to_owned())
        );
    }

    #[test]
    fn a_device_is_asked_for_nothing_and_a_card_on_file_always() {
        let once = || Zeroizing::new("once".to_owned());
        let fail = |code: &str| Plan::Fail(code.to_owned());
        for (number, device, on_file) in [
            (FRICTIONLESS, Plan::Succeed, Plan::Challenge),
            (CHALLENGE, Plan::Succeed, Plan::Challenge),
            (
                "4111111111111111",
                fail(code::DO_NOT_HONOUR),
                Plan::ChallengeThenFail(code::DO_NOT_HONOUR.to_owned()),
            ),
        ] {
            let (of_device, of_file) =
                (card(number).unwrap().of_device(once()), card(number).unwrap().on_file(once()));
            assert_eq!((of_device.plan(None), of_file.plan(None)), (device, on_file));
            assert!(of_device.is_proven() && !of_file.is_proven());
            assert_eq!(of_device.plan(Some("X")), fail("X"));
            assert_eq!(of_file.plan(Some("X")), Plan::ChallengeThenFail("X".to_owned()));
            assert_eq!(of_device.token(&[1; 32]), of_file.token(&[1; 32]));
            assert_eq!(card(number).unwrap().token(&[1; 32]), None);
        }
    }

    #[test]
    fn a_wrong_check_digit_length_or_letter_is_no_card() {
        for number in [
            "4012000000003011",
            "4012",
            "40120000000030100000",
            "4012000000oo3010",
            "",
            "4003 8301 7187 4018",
        ] {
            assert!(card(number).is_none(), "{number}");
        }
    }

    #[test]
    fn the_face_is_written_as_in_the_documents() {
        let face = card(FRICTIONLESS).unwrap().face();
        assert_eq!(
            (face.masked.as_str(), face.bin.as_str(), face.brand.as_str()),
            ("401200******3010", "401200", "VISA")
        );
    }

    #[test]
    fn a_fingerprint_tells_cards_apart_and_depends_on_the_key() {
        let (one, two) = (card(FRICTIONLESS).unwrap(), card(CHALLENGE).unwrap());
        assert_eq!(one.fingerprint(&[1; 32]), card(FRICTIONLESS).unwrap().fingerprint(&[1; 32]));
        assert_ne!(one.fingerprint(&[1; 32]), two.fingerprint(&[1; 32]));
        assert_ne!(one.fingerprint(&[1; 32]), one.fingerprint(&[2; 32]));
    }
}
