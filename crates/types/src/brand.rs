//! Card brands as data.

use serde::{Deserialize, Serialize};

/// A card brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Brand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
}

impl Brand {
    /// The stable name in JSON, rows and `data-brand`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
        }
    }

    /// The one brand of a complete number, the national co-badge first lost to the international one; `None` if unknown.
    pub fn of(pan: &crate::Pan) -> Option<Self> {
        match pan.expose_digits().as_bytes().first() {
            Some(b'4') => Some(Self::Visa),
            Some(b'2' | b'5') => Some(Self::Mastercard),
            _ => None,
        }
    }
}
