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

/// A card as it was sent, checked.
pub(crate) struct CardInput {
    /// Digits that pass [`luhn`].
    number: Zeroizing<String>,
    holder: String,
}

impl CardInput {
    /// Takes digits and a name; `None` if the number is not 12 to 19 digits with a valid check digit.
    pub(crate) fn new(number: Zeroizing<String>, holder: String) -> Option<Self> {
        let fits =
            (12..=19).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        (fits && luhn(&number)).then_some(Self { number, holder })
    }

    /// What the card will do. `fail_code` wins over the table.
    pub(crate) fn plan(&self, fail_code: Option<&str>) -> Plan {
        if let Some(code) = fail_code {
            return Plan::Fail(code.to_owned());
        }
        match self.number.as_str() {
            FRICTIONLESS => Plan::Succeed,
            CHALLENGE => Plan::Challenge,
            other => {
                let code = FAILING
                    .iter()
                    .find(|(number, _)| *number == other)
                    .map_or(code::EMITTER_DENIAL, |(_, code)| code);
                Plan::Fail(code.to_owned())
            }
        }
    }

    /// What may be told of it.
    pub(crate) fn face(&self) -> CardFace {
        let bin = self.number.get(..6).unwrap_or_default().to_owned();
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
        // A key of 32 bytes is a key of HMAC: the empty result cannot happen.
        Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mut mac| {
            mac.update(self.number.as_bytes());
            mac.finalize().into_bytes().into()
        })
    }
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
