//! Amounts of money.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Currency;

/// An amount in integer minor units of its currency. Never negative, never a float.
///
/// ```
/// use farthing_types::{Currency, Money};
///
/// let euro: Currency = "EUR".parse()?;
/// let amount = Money::new(1050, euro)?;
/// assert_eq!(amount.to_decimal(), "10.50");
/// assert_eq!(Money::parse_decimal("10.50", euro)?, amount);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A float does not become money, neither as minor units nor by conversion:
///
/// ```compile_fail,E0308
/// # let euro: farthing_types::Currency = "EUR".parse().unwrap();
/// let amount = farthing_types::Money::new(10.50, euro);
/// ```
///
/// ```compile_fail,E0277
/// let amount = farthing_types::Money::from(10.50_f64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: u64,
    currency: Currency,
}

/// Why an amount was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The two amounts are not of one currency.
    #[error("amounts of two currencies cannot be combined")]
    CurrencyMismatch,
    /// Below zero or above [`Money::MAX_MINOR`].
    #[error("amount is out of range")]
    OutOfRange,
    /// Not a plain decimal number with at most the currency's decimal digits.
    #[error("not a decimal amount of this currency")]
    Syntax,
}

impl Money {
    /// The largest amount: fifteen digits, which every JSON reader keeps exact (RFC 8259, section 6).
    pub const MAX_MINOR: u64 = 999_999_999_999_999;

    /// An amount of `minor` units.
    pub const fn new(minor: u64, currency: Currency) -> Result<Self, MoneyError> {
        if minor > Self::MAX_MINOR {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { minor, currency })
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads what [`Money::to_decimal`] writes, also with fewer decimal digits: `10`, `10.5` and `10.50` are one amount in euro.
    ///
    /// Strict, because a guess about an amount is worse than a refusal: ASCII digits and at most one point, no sign, no exponent,
    /// no grouping, no space, no superfluous zero in front, digits on both sides of the point, and no more decimal digits than
    /// the currency has, be they zeros.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(MoneyError::Syntax),
            Some(parts) => parts,
            None => (text, ""),
        };
        let superfluous_zero = whole.len() > 1 && whole.starts_with('0');
        let all_digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && !fraction.contains('.');
        let missing = usize::from(currency.exponent())
            .checked_sub(fraction.len())
            .ok_or(MoneyError::Syntax)?;
        if whole.is_empty() || superfluous_zero || !all_digits {
            return Err(MoneyError::Syntax);
        }
        let digits =
            whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing));
        let mut minor: u64 = 0;
        for digit in digits {
            minor = minor
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(u64::from(digit - b'0')))
                .ok_or(MoneyError::OutOfRange)?;
        }
        Self::new(minor, currency)
    }

    /// Integer minor units.
    pub const fn minor(self) -> u64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum, if both are of one currency and it is in range.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        Self::new(self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?, self.currency)
    }

    /// The difference, if both are of one currency and it is not negative.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        Self::new(self.minor.checked_sub(other.minor).ok_or(MoneyError::OutOfRange)?, self.currency)
    }

    /// Plain decimal text with exactly the currency's digits, a point and no grouping: `10.00`, `500`, `1.234`.
    pub fn to_decimal(self) -> String {
        let digits = usize::from(self.currency.exponent());
        let text = format!("{:0width$}", self.minor, width = digits + 1);
        match text.split_at_checked(text.len().saturating_sub(digits)) {
            Some((whole, fraction)) if !fraction.is_empty() => format!("{whole}.{fraction}"),
            _ => text,
        }
    }
}

impl fmt::Display for Money {
    /// Code, no-break space, decimal text: `EUR 10.00`. For people in a locale, the widget formats.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\u{a0}{}", self.currency, self.to_decimal())
    }
}

/// How an amount travels in JSON: `{"amount": 1000, "currency": "EUR"}`, often flattened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountFields {
    /// Integer minor units.
    pub amount: u64,
    /// ISO 4217 alphabetic code.
    pub currency: Currency,
}
