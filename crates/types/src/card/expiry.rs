//! The expiry date.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::digits::{self, Typed};

/// The month until whose end a card is valid. Wiped on drop and never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Expiry {
    /// Year and month; boxed so that moving an `Expiry` leaves no copy behind.
    year_month: Box<[u16; 2]>,
}

/// Why an expiry date was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ExpiryError {
    /// Nothing was typed.
    #[error("the expiry date is missing")]
    Empty,
    /// The month is not 1 to 12.
    #[error("the expiry month does not exist")]
    Month,
    /// The month is over.
    #[error("the card has expired")]
    Past,
    /// Not a month and a year.
    #[error("the expiry date is not a month and a year")]
    Syntax,
    /// More than 20 years ahead.
    #[error("the expiry year is too far ahead")]
    TooFar,
}

/// What an expiry date is made of at most: `012027`.
const MAX_DIGITS: usize = 6;

impl Expiry {
    /// Parses `12/27`, `1/27`, `01 / 2027`, `12-27`, `0127`, `012027` and the like, in the scripts that [`crate::Pan::parse`] reads,
    /// and `2027-01`, which browsers fill in (HTML, "Autofill", `cc-exp`). A year of two digits is in this century.
    ///
    /// Does not look at the calendar: see [`Expiry::check`].
    pub fn parse(typed: &str) -> Result<Self, ExpiryError> {
        let mut digits = Zeroizing::new([0_u8; MAX_DIGITS]);
        let mut len = 0;
        let mut mark = None;
        for c in typed.chars() {
            match digits::read(c) {
                Typed::Digit(digit) => {
                    *digits.get_mut(len).ok_or(ExpiryError::Syntax)? = digit;
                    len += 1;
                }
                _ if is_mark(c) => {
                    if mark.replace(len).is_some() {
                        return Err(ExpiryError::Syntax);
                    }
                }
                Typed::Separator => {}
                Typed::Other => return Err(ExpiryError::Syntax),
            }
        }
        let read = |from: usize, to: usize| {
            let part = digits.get(from..to).unwrap_or_default();
            part.iter().fold(0_u16, |number, digit| number * 10 + u16::from(*digit))
        };
        let (month, year) = match (mark, len) {
            (None, 0) => return Err(ExpiryError::Empty),
            (Some(1), 3) | (Some(2) | None, 4) => (read(0, len - 2), 2000 + read(len - 2, len)),
            (Some(1), 5) | (Some(2) | None, 6) => (read(0, len - 4), read(len - 4, len)),
            (Some(4), 6) => (read(4, 6), read(0, 4)),
            _ => return Err(ExpiryError::Syntax),
        };
        if !(1..=12).contains(&month) {
            return Err(ExpiryError::Month);
        }
        Ok(Self { year_month: Box::new([year, month]) })
    }

    /// Whether the card is still valid in the given month of the shopper's calendar, and not absurdly long.
    pub fn check(&self, year_now: u16, month_now: u8) -> Result<(), ExpiryError> {
        let [year, month] = *self.year_month;
        if (year, month) < (year_now, u16::from(month_now)) {
            return Err(ExpiryError::Past);
        }
        if year > year_now.saturating_add(20) {
            return Err(ExpiryError::TooFar);
        }
        Ok(())
    }

    /// 1 to 12.
    pub fn expose_month(&self) -> u8 {
        let [_, month] = *self.year_month;
        u8::try_from(month).unwrap_or_default()
    }

    /// Four digits.
    pub fn expose_year(&self) -> u16 {
        let [year, _] = *self.year_month;
        year
    }
}

/// What people put between month and year; spaces and invisible marks may stand around it.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(
        c,
        '/' | '\\' | '-' | '.' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{2044}' | '\u{2215}' | '\u{ff0f}'
    )
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year_month: _ } = self;
        f.write_str("Expiry(..)")
    }
}
