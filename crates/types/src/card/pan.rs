//! The card number.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::brand::{Brand, Head};
use crate::digits::{self, Luhn, Typed};

/// A primary account number (PAN): 12 to 19 digits, as many as its brand has, with a valid check digit where its brand has one.
///
/// Deliberately not `Clone`, `Display`, `PartialEq` or `Serialize`.
///
/// ```
/// let pan = farthing_types::Pan::parse("4111 1111 1111 1111")?;
/// assert_eq!(format!("{pan:?}, ends in {}", pan.last4().as_str()), "Pan(..), ends in 1111");
/// # Ok::<(), farthing_types::card::PanError>(())
/// ```
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
    /// Something other than digits, spaces, hyphens and the like.
    #[error("the card number has something other than digits")]
    NotADigit,
}

/// How far a number has come that is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Nothing is typed yet.
    Empty,
    /// Not valid, but more digits can make it so: not the moment for an error.
    Possible,
    /// Valid as it stands.
    Valid,
    /// No further digit can make it valid.
    Impossible(PanError),
}

impl Pan {
    /// The longest number: ISO/IEC 7812-1.
    pub const MAX_LEN: usize = 19;
    /// The shortest number of any brand in the table.
    pub const MIN_LEN: usize = 12;

    /// Parses what a shopper typed or pasted.
    ///
    /// Digits may be ASCII, Arabic-Indic, Persian or full-width. Spaces of every kind, tabs, hyphens, dashes, points and invisible
    /// marks between them are skipped. Which lengths are right, and whether there is a check digit, is the brand's: see
    /// [`Brand::lengths`] and [`Brand::has_check_digit`]. A number of no known brand may have any length and needs a check digit.
    pub fn parse(typed: &str) -> Result<Self, PanError> {
        let pan = Self::read(typed)?;
        pan.check()?;
        Ok(pan)
    }

    /// How far a number has come that is being typed: an error is worth showing only when it is [`Progress::Impossible`], or when the
    /// shopper leaves the field.
    pub fn progress(typed: &str) -> Progress {
        let pan = match Self::read(typed) {
            Ok(pan) => pan,
            Err(PanError::Empty) => return Progress::Empty,
            Err(error) => return Progress::Impossible(error),
        };
        match pan.check() {
            Ok(()) => Progress::Valid,
            Err(_) if pan.may_grow() => Progress::Possible,
            Err(error) => Progress::Impossible(error),
        }
    }

    /// The digits, one or more, without a look at what they mean.
    fn read(typed: &str) -> Result<Self, PanError> {
        let mut pan = Self { digits: Box::new([0; Self::MAX_LEN]), len: 0 };
        for c in typed.chars() {
            match digits::read(c) {
                Typed::Digit(digit) => {
                    *pan.digits.get_mut(pan.len).ok_or(PanError::Length)? = b'0' + digit;
                    pan.len += 1;
                }
                Typed::Separator => {}
                Typed::Other => return Err(PanError::NotADigit),
            }
        }
        if pan.len == 0 { Err(PanError::Empty) } else { Ok(pan) }
    }

    /// Length, then check digit. Where several brands are possible, one that accepts the number is enough.
    fn check(&self) -> Result<(), PanError> {
        let brands = Head::of(self).brands_of_any_len();
        let fitting = brands.with_len(self.len);
        if self.len < Self::MIN_LEN || (fitting.is_empty() && !brands.is_empty()) {
            return Err(PanError::Length);
        }
        let may_lack_check_digit = fitting.iter().any(|brand| !brand.has_check_digit());
        if may_lack_check_digit || self.has_check_digit() {
            Ok(())
        } else {
            Err(PanError::CheckDigit)
        }
    }

    /// Whether a longer number that starts like this one can be valid. A last digit that fits exists for every length.
    fn may_grow(&self) -> bool {
        if self.len < Self::MIN_LEN {
            return true;
        }
        let brands = Head::of(self).brands_of_any_len();
        let longest =
            |brand: Brand| brand.lengths().last().copied().map_or(Self::MAX_LEN, usize::from);
        self.len < brands.iter().map(longest).max().unwrap_or(Self::MAX_LEN)
    }

    fn has_check_digit(&self) -> bool {
        let mut luhn = Luhn::default();
        for byte in self.expose_digits().bytes() {
            luhn.push(byte.wrapping_sub(b'0'));
        }
        luhn.is_valid()
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
