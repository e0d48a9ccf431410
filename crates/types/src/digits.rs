//! Digits as people type and paste them, the check digit, and what never belongs into a text field.

use crate::card::Pan;

/// One character of a typed number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A digit, by value.
    Digit(u8),
    /// Something that people put between digits.
    Separator,
    /// Neither.
    Other,
}

/// What a character means inside a number.
///
/// Digits: ASCII, Arabic-Indic (Arabic keyboards), extended Arabic-Indic (Persian, Urdu) and full-width (Japanese and Chinese input
/// methods). Source: The Unicode Standard 16.0, blocks Basic Latin, Arabic, Halfwidth and Fullwidth Forms.
pub(crate) fn read(c: char) -> Typed {
    let from = |zero: u32| u8::try_from(u32::from(c) - zero).map_or(Typed::Other, Typed::Digit);
    match c {
        '0'..='9' => from(0x30),
        '\u{660}'..='\u{669}' => from(0x660),
        '\u{6f0}'..='\u{6f9}' => from(0x6f0),
        '\u{ff10}'..='\u{ff19}' => from(0xff10),
        _ if c.is_whitespace() || is_dash_or_point(c) || is_invisible(c) => Typed::Separator,
        _ => Typed::Other,
    }
}

fn is_dash_or_point(c: char) -> bool {
    matches!(c, '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Marks that a copied text carries without showing them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}') || is_direction_mark(c)
}

/// Directional embeddings, overrides and isolates: Unicode Standard Annex 9, section 2.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What no text field may hold: control characters and line separators would break lines of logs and headers, a bar would blur the
/// fields of a signed text, and direction marks make a text look like another one.
pub(crate) fn cannot_be_sent(c: char) -> bool {
    c.is_control() || c == '|' || matches!(c, '\u{2028}' | '\u{2029}') || is_direction_mark(c)
}

/// The Luhn formula, ISO/IEC 7812-1, annex B, over digits that come one by one from the left.
///
/// Which digits are doubled depends on how many there will be, so both sums are kept.
#[derive(Clone, Copy, Default)]
pub(crate) struct Luhn {
    doubled_even: u32,
    doubled_odd: u32,
    len: usize,
}

impl Luhn {
    /// Takes the next digit, 0 to 9.
    pub(crate) fn push(&mut self, digit: u8) {
        let plain = u32::from(digit);
        let doubled = if plain > 4 { plain * 2 - 9 } else { plain * 2 };
        let even = self.len.is_multiple_of(2);
        self.doubled_even += if even { doubled } else { plain };
        self.doubled_odd += if even { plain } else { doubled };
        self.len += 1;
    }

    /// Whether the last digit is the check digit of those before.
    pub(crate) fn is_valid(self) -> bool {
        let sum = if self.len.is_multiple_of(2) { self.doubled_even } else { self.doubled_odd };
        self.len > 1 && sum.is_multiple_of(10)
    }
}

/// The shortest run of digits that counts as a card number in a text.
const MIN_CARD_DIGITS: usize = 13;

/// Whether somewhere in the text 13 to 19 digits, with or without separators between them, pass the Luhn formula: a card number that
/// was typed into the wrong field would be stored and logged like any name.
pub(crate) fn holds_card_number(text: &str) -> bool {
    let mut rest = text.chars();
    loop {
        let start = rest.clone();
        match rest.next() {
            None => return false,
            Some(c) => {
                if matches!(read(c), Typed::Digit(_)) && starts_with_card_number(start) {
                    return true;
                }
            }
        }
    }
}

fn starts_with_card_number(chars: std::str::Chars<'_>) -> bool {
    let mut luhn = Luhn::default();
    for c in chars {
        match read(c) {
            Typed::Digit(digit) => luhn.push(digit),
            Typed::Separator => continue,
            Typed::Other => return false,
        }
        if luhn.len > Pan::MAX_LEN {
            return false;
        }
        if luhn.len >= MIN_CARD_DIGITS && luhn.is_valid() {
            return true;
        }
    }
    false
}
