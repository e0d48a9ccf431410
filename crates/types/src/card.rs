//! Card data: parsed once, wiped on drop, never printed, serialised or cloned.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A primary account number (PAN): 12 to 19 digits with a valid check digit.
///
/// Deliberately not `Clone`, `Display`, `PartialEq` or `Serialize`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Pan {
    /// ASCII digits, zero after `len`; boxed so that moving a `Pan` leaves no copy behind.
    digits: Box<[u8; Self::MAX_LEN]>,
    len: usize,
}

/// Why a number was refused. Never repeats a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PanError {
    /// The check digit does not fit: ISO/IEC 7812-1, annex B.
    #[error("the card number has a mistyped digit")]
    CheckDigit,
    /// Nothing was typed.
    #[error("the card number is missing")]
    Empty,
    /// Fewer or more digits than a number of its brand has.
    #[error("the card number has the wrong length")]
    Length,
    /// Something other than digits, spaces and hyphens.
    #[error("the card number has something other than digits")]
    NotADigit,
}

impl Pan {
    /// The longest number: ISO/IEC 7812-1.
    pub const MAX_LEN: usize = 19;
    /// The shortest number of any brand in the table.
    pub const MIN_LEN: usize = 12;

    /// Parses what a shopper typed; spaces and hyphens are skipped.
    pub fn parse(typed: &str) -> Result<Self, PanError> {
        let mut pan = Self { digits: Box::new([0; Self::MAX_LEN]), len: 0 };
        for byte in typed.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
            if !byte.is_ascii_digit() {
                return Err(PanError::NotADigit);
            }
            *pan.digits.get_mut(pan.len).ok_or(PanError::Length)? = byte;
            pan.len += 1;
        }
        match pan.len {
            0 => Err(PanError::Empty),
            len if len < Self::MIN_LEN => Err(PanError::Length),
            _ => Ok(pan),
        }
    }

    /// The digits as text: a way out, so that a search for `expose_` finds every reader.
    pub fn expose_digits(&self) -> &str {
        self.digits
            .get(..self.len)
            .and_then(|digits| str::from_utf8(digits).ok())
            .unwrap_or_default()
    }

    /// The last four digits, which may be stored and shown (PCI DSS 4.0.1, 3.4.1).
    pub fn last4(&self) -> Last4 {
        let digits = self.expose_digits().as_bytes();
        let mut last = [b'0'; 4];
        if let Some(tail) = digits.last_chunk::<4>() {
            last = *tail;
        }
        Last4(last)
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digits: _, len: _ } = self; // a new field will not compile until it is judged here
        f.write_str("Pan(..)")
    }
}

/// The last four digits of a card number: all that is ever stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Last4([u8; 4]);

impl Last4 {
    /// Four ASCII digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("0000")
    }
}

/// The card's security code: three or four digits, never stored anywhere at any time (PCI DSS 4.0.1, 3.3.1.2).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecurityCode {
    digits: Box<[u8; 4]>,
    len: usize,
}

/// Why a security code was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityCodeError {
    /// Nothing was typed.
    #[error("the security code is missing")]
    Empty,
    /// Not as many digits as the card's brand has.
    #[error("the security code has the wrong length")]
    Length,
    /// Something other than digits.
    #[error("the security code has something other than digits")]
    NotADigit,
}

impl SecurityCode {
    /// Parses what a shopper typed.
    pub fn parse(typed: &str) -> Result<Self, SecurityCodeError> {
        let mut code = Self { digits: Box::new([0; 4]), len: 0 };
        for byte in typed.trim().bytes() {
            if !byte.is_ascii_digit() {
                return Err(SecurityCodeError::NotADigit);
            }
            *code.digits.get_mut(code.len).ok_or(SecurityCodeError::Length)? = byte;
            code.len += 1;
        }
        match code.len {
            0 => Err(SecurityCodeError::Empty),
            1 | 2 => Err(SecurityCodeError::Length),
            _ => Ok(code),
        }
    }

    /// The digits as text.
    pub fn expose_digits(&self) -> &str {
        self.digits
            .get(..self.len)
            .and_then(|digits| str::from_utf8(digits).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for SecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digits: _, len: _ } = self;
        f.write_str("SecurityCode(..)")
    }
}

/// The month until whose end a card is valid. Wiped on drop and never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Expiry {
    month: u8,
    year: u16,
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

impl Expiry {
    /// Parses `12/27`, `1/27`, `01 / 2027`, `0127` and the like. Does not look at the calendar: see [`Expiry::check`].
    pub fn parse(typed: &str) -> Result<Self, ExpiryError> {
        let cleaned: Zeroizing<String> =
            Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace()).collect());
        let (month, year) = cleaned.split_once(['/', '-', '.']).ok_or(ExpiryError::Syntax)?;
        let month: u8 = month.parse().map_err(|_| ExpiryError::Syntax)?;
        let year: u16 = match year.len() {
            2 => 2000 + year.parse::<u16>().map_err(|_| ExpiryError::Syntax)?,
            4 => year.parse().map_err(|_| ExpiryError::Syntax)?,
            _ => return Err(ExpiryError::Syntax),
        };
        if !(1..=12).contains(&month) {
            return Err(ExpiryError::Month);
        }
        Ok(Self { month, year })
    }

    /// Whether the card is still valid in the given month of the shopper's calendar, and not absurdly long.
    pub fn check(&self, year_now: u16, month_now: u8) -> Result<(), ExpiryError> {
        if (self.year, self.month) < (year_now, month_now) {
            return Err(ExpiryError::Past);
        }
        if self.year > year_now.saturating_add(20) {
            return Err(ExpiryError::TooFar);
        }
        Ok(())
    }

    /// 1 to 12.
    pub fn expose_month(&self) -> u8 {
        self.month
    }

    /// Four digits.
    pub fn expose_year(&self) -> u16 {
        self.year
    }
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { month: _, year: _ } = self;
        f.write_str("Expiry(..)")
    }
}

/// A whole card as a gateway wants it.
#[derive(Debug)]
pub struct Card {
    /// The number.
    pub pan: Pan,
    /// The month until whose end it is valid.
    pub expiry: Expiry,
    /// The code on the card; `None` only for brands without one.
    pub security_code: Option<SecurityCode>,
    /// The name on the card.
    pub holder: HolderName,
}

/// The name on the card: personal data, so wiped and never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct HolderName(String);

/// Why a holder's name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HolderNameError {
    /// Nothing was typed.
    #[error("the name on the card is missing")]
    Empty,
    /// A control character, a bar, or what looks like a card number.
    #[error("the name on the card has a character that cannot be sent")]
    Character,
    /// More than 100 characters.
    #[error("the name on the card is too long")]
    Length,
}

impl HolderName {
    /// Trims and checks a name; digits in the shape of a card number are refused, for they land in logs elsewhere.
    pub fn parse(typed: &str) -> Result<Self, HolderNameError> {
        let name = typed.trim();
        if name.is_empty() {
            return Err(HolderNameError::Empty);
        }
        if name.chars().count() > 100 {
            return Err(HolderNameError::Length);
        }
        if name.chars().any(|c| c.is_control() || c == '|')
            || name.chars().filter(char::is_ascii_digit).count() >= 8
        {
            return Err(HolderNameError::Character);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("HolderName(..)")
    }
}
