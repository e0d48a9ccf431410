//! The security code.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::brand::Brand;
use crate::digits::{self, Typed};

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
    /// Parses what a shopper typed: digits in the scripts that [`crate::Pan::parse`] reads, with spaces around or between them.
    ///
    /// Three or four of them; whether that is right for the card, [`SecurityCode::check_for`] tells.
    pub fn parse(typed: &str) -> Result<Self, SecurityCodeError> {
        let mut code = Self { digits: Box::new([0; 4]), len: 0 };
        for c in typed.chars() {
            match digits::read(c) {
                Typed::Digit(digit) => {
                    *code.digits.get_mut(code.len).ok_or(SecurityCodeError::Length)? = b'0' + digit;
                    code.len += 1;
                }
                Typed::Separator if c != '.' && c != '-' => {}
                _ => return Err(SecurityCodeError::NotADigit),
            }
        }
        match code.len {
            0 => Err(SecurityCodeError::Empty),
            1 | 2 => Err(SecurityCodeError::Length),
            _ => Ok(code),
        }
    }

    /// Whether it has as many digits as the brand's codes: see [`Brand::code`].
    pub fn check_for(&self, brand: Brand) -> Result<(), SecurityCodeError> {
        if self.len == usize::from(brand.code().len) {
            Ok(())
        } else {
            Err(SecurityCodeError::Length)
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
