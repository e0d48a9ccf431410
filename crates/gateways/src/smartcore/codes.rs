//! The gateway's error codes as ours.
//!
//! Source: "SmartCore API", Dictionary, "Transaction Error codes", and "Check transaction status", the failed sample.

use farthing_types::DeclineCode;

/// Every code that a document names. The set is open: see [`decline`].
///
/// What would tell a thief that a card exists (funds, limits, fraud rules) is one with every other refusal.
pub const TABLE: &[(&str, DeclineCode)] = &[
    ("PROCESSING_ERROR", DeclineCode::Declined),
    ("AUTHENTICATION_PROCESSING_ERROR", DeclineCode::AuthenticationFailed),
    ("DO_NOT_HONOUR_PROCESSING_ERROR", DeclineCode::Declined),
    ("EMITTER_DENIAL_PROCESSING_ERROR", DeclineCode::Declined),
    ("FORM_TIMEOUT_PROCESSING_ERROR", DeclineCode::FormTimeout),
    ("INSUFFICIENT_FUNDS_PROCESSING_ERROR", DeclineCode::Declined),
    ("LIMIT_PROCESSING_ERROR", DeclineCode::Declined),
    ("PROCESSOR_DENIAL_PROCESSING_ERROR", DeclineCode::Declined),
    ("3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR", DeclineCode::AuthenticationTimeout),
    ("3DS_TIMEOUT_PROCESSING_ERROR", DeclineCode::AuthenticationTimeout),
    ("TECHNICAL_PROCESSING_ERROR", DeclineCode::Technical),
    ("VALIDATION_PROCESSING_ERROR", DeclineCode::Validation),
    (DUPLICATED_ORDER_ID, DeclineCode::Technical),
    ("PLATFORM_ERROR_ERROR_GATE_EXCHANGE_NOT_ALLOWED", DeclineCode::Technical),
    // The dictionary doubles a word in the line above; accepted without the repetition too.
    ("PLATFORM_ERROR_GATE_EXCHANGE_NOT_ALLOWED", DeclineCode::Technical),
    // The failed sample of `check` shows it as the sum of a fraud rule, a skipped gate and a brand that no gate takes:
    // another card may well pass, so it is not a fault of the configuration.
    (GATE_NOT_FOUND, DeclineCode::Declined),
    ("PLATFORM_ORDER_BILLING_ERROR", DeclineCode::Declined),
    (CARD_TIME_LIMIT, DeclineCode::CardTimeLimit),
    (REDIRECT_TIMEOUT_TEXT, DeclineCode::AuthenticationTimeout),
    ("3DS_CANCEL_PROCESSING_ERROR", DeclineCode::AuthenticationCanceled),
    ("PLATFORM_ERROR_ANTIFRAUD_RULES", DeclineCode::Declined),
    ("PLATFORM_ERROR_GATE_SKIPPED", DeclineCode::Declined),
    ("PLATFORM_ERROR_CARD_BRAND_UNAVAILABLE", DeclineCode::Declined),
];

/// A merchant's order id was used before.
pub const DUPLICATED_ORDER_ID: &str = "PLATFORM_ERROR_DUPLICATED_ORDER_ID";
/// No gate takes the payment.
pub const GATE_NOT_FOUND: &str = "PLATFORM_ERROR_GATE_NOT_FOUND";
/// The same card was used less than 60 seconds ago.
pub const CARD_TIME_LIMIT: &str = "CARD_TIME_LIMIT_PROCESSING_ERROR";
/// The one documented code that is a plain text.
pub const REDIRECT_TIMEOUT_TEXT: &str = "3DS Redirect Timeout";

/// Our code for the gateway's; what no document names is [`DeclineCode::Declined`].
pub fn decline(code: &str) -> DeclineCode {
    TABLE
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(DeclineCode::Declined, |(_, decline)| *decline)
}

/// The code as it may be kept and shown to the merchant: a free text could hold anything, also a card number.
pub fn keepable(code: &str) -> Option<String> {
    let is_code = code.len() <= MAX_CODE
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && code.bytes().any(|byte| byte.is_ascii_uppercase())
        && longest_run_of_digits(code) < MIN_CARD_DIGITS;
    (is_code || code == REDIRECT_TIMEOUT_TEXT).then(|| code.to_owned())
}

/// How many digits stand together at most.
pub(super) fn longest_run_of_digits(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

/// Longest code that is kept, characters.
const MAX_CODE: usize = 64;
/// From here on, digits standing together could be part of a card number.
pub(super) const MIN_CARD_DIGITS: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as the documents list them, with what the shopper may do.
    const EXPECTED: &[(&str, DeclineCode, bool, u16)] = &[
        ("PROCESSING_ERROR", DeclineCode::Declined, true, 0),
        ("AUTHENTICATION_PROCESSING_ERROR", DeclineCode::AuthenticationFailed, true, 0),
        ("DO_NOT_HONOUR_PROCESSING_ERROR", DeclineCode::Declined, true, 0),
        ("EMITTER_DENIAL_PROCESSING_ERROR", DeclineCode::Declined, true, 0),
        ("FORM_TIMEOUT_PROCESSING_ERROR", DeclineCode::FormTimeout, true, 0),
        ("INSUFFICIENT_FUNDS_PROCESSING_ERROR", DeclineCode::Declined, true, 0),
        ("LIMIT_PROCESSING_ERROR", DeclineCode::Declined, true, 0),
        ("PROCESSOR_DENIAL_PROCESSING_ERROR", DeclineCode::Declined, true, 0),
        ("3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR", DeclineCode::AuthenticationTimeout, true, 0),
        ("3DS_TIMEOUT_PROCESSING_ERROR", DeclineCode::AuthenticationTimeout, true, 0),
        ("TECHNICAL_PROCESSING_ERROR", DeclineCode::Technical, true, 0),
        ("VALIDATION_PROCESSING_ERROR", DeclineCode::Validation, true, 0),
        ("PLATFORM_ERROR_DUPLICATED_ORDER_ID", DeclineCode::Technical, true, 0),
        ("PLATFORM_ERROR_ERROR_GATE_EXCHANGE_NOT_ALLOWED", DeclineCode::Technical, true, 0),
        ("PLATFORM_ERROR_GATE_NOT_FOUND", DeclineCode::Declined, true, 0),
        ("PLATFORM_ORDER_BILLING_ERROR", DeclineCode::Declined, true, 0),
        ("CARD_TIME_LIMIT_PROCESSING_ERROR", DeclineCode::CardTimeLimit, true, 60),
        ("3DS Redirect Timeout", DeclineCode::AuthenticationTimeout, true, 0),
        ("3DS_CANCEL_PROCESSING_ERROR", DeclineCode::AuthenticationCanceled, true, 0),
        ("PLATFORM_ERROR_ANTIFRAUD_RULES", DeclineCode::Declined, true, 0),
        ("PLATFORM_ERROR_GATE_SKIPPED", DeclineCode::Declined, true, 0),
        ("PLATFORM_ERROR_CARD_BRAND_UNAVAILABLE", DeclineCode::Declined, true, 0),
        ("PLATFORM_ERROR_GATE_EXCHANGE_NOT_ALLOWED", DeclineCode::Technical, true, 0),
    ];

    #[test]
    fn every_documented_code_has_its_decline_text_and_pause() {
        assert_eq!(EXPECTED.len(), 19 + 3 + 1);
        assert_eq!(TABLE.len(), EXPECTED.len());
        for (code, expected, may_retry, wait) in EXPECTED {
            let advice = decline(code).advice();
            assert_eq!(decline(code), *expected, "{code}");
            assert_eq!((advice.may_retry, advice.wait_seconds), (*may_retry, *wait), "{code}");
            assert!(!advice.text.is_empty(), "{code}");
            assert_eq!(keepable(code).as_deref(), Some(*code));
        }
    }

    #[test]
    fn a_code_that_nobody_documents_is_a_plain_decline_and_is_kept() {
        for code in ["GATE_ON_FIRE", "processing_error", ""] {
            assert_eq!(decline(code), DeclineCode::Declined);
        }
        assert_eq!(keepable("GATE_ON_FIRE").as_deref(), Some("GATE_ON_FIRE"));
    }

    #[test]
    fn only_the_shape_of_a_code_is_kept() {
        let long = "A".repeat(65);
        for text in [
            "",
            "0",
            "3ds redirect timeout",
            "Card 4012 declined",
            "4012000000003010",
            "CARD_4012000000003010",
            "A-B",
            "ÄB",
            "A\nB",
            long.as_str(),
        ] {
            assert_eq!(keepable(text), None, "{text:?}");
        }
        assert!(keepable(&"A".repeat(64)).is_some());
    }
}
