//! What a gateway wants to know of the customer.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// One piece of customer data. `name()` is the key in JSON, in forms and in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerField {
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Street and number.
    Address,
    /// City.
    City,
    /// Postal code.
    Zip,
    /// ISO 3166-1 alpha-2 code.
    Country,
    /// E.164 with the plus sign.
    Phone,
    /// E-mail address.
    Email,
}

impl CustomerField {
    /// All of them, in the order in which a form asks.
    pub const ALL: [Self; 8] = [
        Self::FirstName,
        Self::LastName,
        Self::Email,
        Self::Phone,
        Self::Address,
        Self::Zip,
        Self::City,
        Self::Country,
    ];

    /// The key in JSON, forms and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Address => "address",
            Self::City => "city",
            Self::Zip => "zip",
            Self::Country => "country",
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }
}

/// Why a piece of customer data was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CustomerError {
    /// A control character or a bar, which would blur signatures (see the gateways' notes).
    #[error("has a character that cannot be sent")]
    Character,
    /// Nothing was given.
    #[error("is missing")]
    Empty,
    /// Not of the form that this field needs.
    #[error("is not of the right form")]
    Form,
    /// Too long.
    #[error("is too long")]
    Length,
}

/// The customer as far as known: personal data, wiped and never printed. Every value has passed [`Customer::set`].
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub struct Customer {
    values: [Option<String>; 8],
}

impl Customer {
    /// Checks, normalises (trim; country in capitals) and keeps one value.
    pub fn set(&mut self, field: CustomerField, value: &str) -> Result<(), CustomerError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(CustomerError::Empty);
        }
        if value.chars().count() > 200 {
            return Err(CustomerError::Length);
        }
        if value.chars().any(|c| c.is_control() || c == '|') {
            return Err(CustomerError::Character);
        }
        if let Some(slot) = self.values.get_mut(field as usize) {
            *slot = Some(value.to_owned());
        }
        Ok(())
    }

    /// One value, if known.
    pub fn expose(&self, field: CustomerField) -> Option<&str> {
        self.values.get(field as usize).and_then(|value| value.as_deref())
    }

    /// Which of `required` are not known, in the order of a form.
    pub fn missing(&self, required: &[CustomerField]) -> Vec<CustomerField> {
        CustomerField::ALL
            .into_iter()
            .filter(|field| required.contains(field) && self.expose(*field).is_none())
            .collect()
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { values: _ } = self;
        f.write_str("Customer(..)")
    }
}
