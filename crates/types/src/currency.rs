//! Currencies of ISO 4217 with their exponents.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A currency of ISO 4217, table A.1.
///
/// Written and read as its three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    alpha: [u8; 3],
    numeric: u16,
    exponent: u8,
}

/// The text is not the alphabetic code of a currency that can be paid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 4217 alphabetic code in capital letters")]
pub struct UnknownCurrency;

impl Currency {
    /// Three capital letters.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.alpha).unwrap_or("XXX")
    }

    /// The numeric code, 1 to 999.
    pub const fn numeric(self) -> u16 {
        self.numeric
    }

    /// How many decimal digits the minor unit has: 0, 2, 3 or 4.
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// Every currency of the table, by alphabetic code.
    pub fn all() -> &'static [Currency] {
        TABLE
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        TABLE.iter().find(|row| row.code() == code).copied().ok_or(UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

const fn row(alpha: &[u8; 3], numeric: u16, exponent: u8) -> Currency {
    Currency { alpha: *alpha, numeric, exponent }
}

/// Source: ISO 4217:2015, table A.1, as amended.
const TABLE: &[Currency] = &[
    row(b"EUR", 978, 2),
    row(b"GBP", 826, 2),
    row(b"JPY", 392, 0),
    row(b"KWD", 414, 3),
    row(b"KZT", 398, 2),
    row(b"USD", 840, 2),
];
