//! Cards to pay with. Every number is a published test number or made for one story, so that a leak can be told from chance.

use std::sync::atomic::{AtomicU32, Ordering};

/// A card as a shopper would type it.
#[derive(Clone, Debug)]
pub struct Card {
    /// The digits.
    pub number: String,
    /// `MM / YY`.
    pub expiry: String,
    /// Three digits.
    pub code: String,
    /// The name on the card.
    pub holder: String,
}

/// Security codes that stand for themselves: none is a round number, a port, a status or an amount of the stories.
const CODES: [&str; 6] = ["837", "739", "973", "593", "379", "957"];

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Card {
    /// Succeeds without a challenge: SmartCore API, Test cards.
    pub fn frictionless() -> Self {
        Self::with("4012000000003010")
    }

    /// Succeeds or fails after a challenge: SmartCore API, Test cards.
    pub fn challenge() -> Self {
        Self::with("4003830171874018")
    }

    /// Fails, as all other cards do: a number that no other story uses.
    pub fn declined() -> Self {
        let serial = COUNT.fetch_add(1, Ordering::Relaxed) + std::process::id() % 100_000 * 1_000;
        Self::with(&with_check_digit(&format!("52759{serial:010}")))
    }

    /// Fails for want of money: docs/sandbox.md, Test cards.
    pub fn without_funds() -> Self {
        Self::with("5555555555554444")
    }

    /// Fails because its issuer says no: docs/sandbox.md, Test cards.
    pub fn not_honoured() -> Self {
        Self::with("4111111111111111")
    }

    fn with(number: &str) -> Self {
        let turn = COUNT.fetch_add(1, Ordering::Relaxed) as usize;
        Self {
            number: number.to_owned(),
            expiry: "12 / 31".to_owned(),
            code: CODES[turn % CODES.len()].to_owned(),
            holder: "Zephyrine Quillfeather".to_owned(),
        }
    }
}

/// Adds the digit that makes a number valid: ISO/IEC 7812-1, annex B.
pub fn with_check_digit(digits: &str) -> String {
    let digit =
        (0..=9).find(|digit| luhn(format!("{digits}{digit}").as_bytes())).expect("one of ten fits");
    format!("{digits}{digit}")
}

/// Whether ASCII digits pass the Luhn formula: ISO/IEC 7812-1, annex B.
pub fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}
