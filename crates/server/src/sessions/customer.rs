//! Customer data on its way in and into the store, where it lies sealed.

use std::collections::BTreeMap;

use farthing_types::{Customer, CustomerField};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::problem::FieldError;
use crate::seal::{SealError, Sealer};

/// The customer as a merchant describes it. Every field may be left out: the form then asks the shopper.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerInput {
    /// Given name.
    #[schema(value_type = Option<String>)]
    pub first_name: Option<SecretString>,
    /// Family name.
    #[schema(value_type = Option<String>)]
    pub last_name: Option<SecretString>,
    /// Street and number.
    #[schema(value_type = Option<String>)]
    pub address: Option<SecretString>,
    /// City.
    #[schema(value_type = Option<String>)]
    pub city: Option<SecretString>,
    /// Postal code.
    #[schema(value_type = Option<String>)]
    pub zip: Option<SecretString>,
    /// ISO 3166-1 alpha-2.
    #[schema(value_type = Option<String>)]
    pub country: Option<SecretString>,
    /// E.164.
    #[schema(value_type = Option<String>)]
    pub phone: Option<SecretString>,
    /// E-mail address.
    #[schema(value_type = Option<String>)]
    pub email: Option<SecretString>,
}

impl CustomerInput {
    /// The values that were given.
    pub fn given(&self) -> impl Iterator<Item = (CustomerField, &SecretString)> {
        [
            (CustomerField::FirstName, &self.first_name),
            (CustomerField::LastName, &self.last_name),
            (CustomerField::Address, &self.address),
            (CustomerField::City, &self.city),
            (CustomerField::Zip, &self.zip),
            (CustomerField::Country, &self.country),
            (CustomerField::Phone, &self.phone),
            (CustomerField::Email, &self.email),
        ]
        .into_iter()
        .filter_map(|(field, value)| value.as_ref().map(|value| (field, value)))
    }

    /// Checks every value; the errors name `customer.…` and repeat nothing.
    pub fn check(&self) -> Result<Customer, Vec<FieldError>> {
        let mut customer = Customer::default();
        let mut errors = Vec::new();
        for (field, value) in self.given() {
            if let Err(error) = customer.set(field, value.expose_secret()) {
                errors
                    .push(FieldError::new(format!("customer.{}", field.name()), error.to_string()));
            }
        }
        if errors.is_empty() { Ok(customer) } else { Err(errors) }
    }
}

/// Seals a customer for the store, bound to its session. `None` if nothing is known.
pub fn seal(
    sealer: &Sealer,
    session_id: &str,
    customer: &Customer,
) -> Result<Option<Vec<u8>>, SealError> {
    let known: BTreeMap<&str, &str> = CustomerField::ALL
        .into_iter()
        .filter_map(|field| customer.expose(field).map(|value| (field.name(), value)))
        .collect();
    if known.is_empty() {
        return Ok(None);
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(4096));
    // Strings as keys and values: writing them into memory cannot fail.
    let _ = serde_json::to_writer(&mut *plain, &known);
    sealer.seal(&context(session_id), &plain).map(Some)
}

/// Opens a sealed customer.
pub fn open(
    sealer: &Sealer,
    session_id: &str,
    stored: Option<&[u8]>,
) -> Result<Customer, SealError> {
    let mut customer = Customer::default();
    let Some(stored) = stored else { return Ok(customer) };
    let plain = sealer.open(&context(session_id), stored)?;
    let known: BTreeMap<String, SecretString> =
        serde_json::from_slice(&plain).map_err(|_| SealError::Broken)?;
    for field in CustomerField::ALL {
        if let Some(value) = known.get(field.name()) {
            // Checked before it was sealed.
            let _ = customer.set(field, value.expose_secret());
        }
    }
    Ok(customer)
}

fn context(session_id: &str) -> String {
    format!("customer:{session_id}")
}
