//! The name on the card.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::{self, Typed};

/// The name on the card: personal data, so wiped and never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct HolderName(Box<str>);

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

/// Longest name, characters.
const MAX_CHARS: usize = 100;
/// From here on, digits in a name are more likely part of a card number.
const TOO_MANY_DIGITS: usize = 8;

impl HolderName {
    /// Trims and checks a name; digits in the shape of a card number are refused, for they land in logs elsewhere.
    pub fn parse(typed: &str) -> Result<Self, HolderNameError> {
        let name = typed.trim();
        if name.is_empty() {
            return Err(HolderNameError::Empty);
        }
        if name.chars().count() > MAX_CHARS {
            return Err(HolderNameError::Length);
        }
        let digits = name.chars().filter(|c| matches!(digits::read(*c), Typed::Digit(_))).count();
        if digits >= TOO_MANY_DIGITS || name.chars().any(digits::cannot_be_sent) {
            return Err(HolderNameError::Character);
        }
        Ok(Self(name.into()))
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
