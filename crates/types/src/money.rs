//! Amounts of money.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Currency;

/// An amount in integer minor units of its currency. Never negative, never a float.
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
        if digits == 0 {
            return text;
        }
        let (whole, fraction) = text.split_at(text.len() - digits);
        format!("{whole}.{fraction}")
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
