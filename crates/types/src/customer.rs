//! What a gateway wants to know of the customer.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::country;
use crate::digits::{self, Typed};
use crate::named::named;

/// One piece of customer data. `name()` is the key in JSON, in forms and in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

named! {
    /// The text is not the name of a customer field.
    CustomerField, UnknownCustomerField,
    "must be one of first_name, last_name, address, city, zip, country, phone, email":
    FirstName => "first_name",
    LastName => "last_name",
    Address => "address",
    City => "city",
    Zip => "zip",
    Country => "country",
    Phone => "phone",
    Email => "email",
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

    /// The longest value, characters.
    ///
    /// Sources: ITU-T E.164, 6.1 (15 digits, here with the plus sign); RFC 5321, 4.5.3.1, with RFC 3696, erratum 1690 (254); ISO
    /// 3166-1 (2). The others are ours: no document of a gateway names a limit.
    pub const fn max_chars(self) -> usize {
        match self {
            Self::FirstName | Self::LastName | Self::City => 100,
            Self::Address => 200,
            Self::Zip | Self::Phone => 16,
            Self::Country => 2,
            Self::Email => 254,
        }
    }
}

/// Why a piece of customer data was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CustomerError {
    /// Digits that could be a card number, which must not be stored.
    #[error("looks like a card number")]
    CardNumber,
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
    /// Checks, normalises and keeps one value; what was known before is wiped.
    ///
    /// Every value is trimmed. A country becomes capitals, a phone number loses everything but its plus sign and digits. Refused in
    /// every field: control characters, bars, direction marks, more than [`CustomerField::max_chars`] characters, and 13 to 19 digits
    /// that pass the check of a card number.
    pub fn set(&mut self, field: CustomerField, value: &str) -> Result<(), CustomerError> {
        let value = checked(field, value)?;
        if let Some(slot) = self.values.get_mut(field as usize)
            && let Some(mut old) = slot.replace(value)
        {
            old.zeroize();
        }
        Ok(())
    }

    /// One value, if known.
    pub fn expose(&self, field: CustomerField) -> Option<&str> {
        self.values.get(field as usize).and_then(|value| value.as_deref())
    }

    /// Every known value, in the order of a form: to seal them before they are stored.
    pub fn expose_all(&self) -> impl Iterator<Item = (CustomerField, &str)> {
        CustomerField::ALL.into_iter().filter_map(|field| Some((field, self.expose(field)?)))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
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

/// The value as it is kept, or why it is not.
fn checked(field: CustomerField, value: &str) -> Result<String, CustomerError> {
    let value = value.trim();
    if value.is_empty() {
        return Err(CustomerError::Empty);
    }
    if value.chars().any(digits::cannot_be_sent) {
        return Err(CustomerError::Character);
    }
    // A phone number has its own rule: one in ten passes the check of a card number by chance.
    if field == CustomerField::Phone {
        return phone(value);
    }
    if digits::holds_card_number(value) {
        return Err(CustomerError::CardNumber);
    }
    if field == CustomerField::Country {
        return country::find(value).map(str::to_owned).ok_or(CustomerError::Form);
    }
    if value.chars().count() > field.max_chars() {
        return Err(CustomerError::Length);
    }
    if field == CustomerField::Email && !is_email(value)
        || field == CustomerField::Zip && value.chars().count() < 2
    {
        return Err(CustomerError::Form);
    }
    Ok(value.to_owned())
}

/// A plus sign and 7 to 15 digits, the first not zero: ITU-T E.164, 6.2. Spaces, points, hyphens, slashes and brackets are dropped.
fn phone(typed: &str) -> Result<String, CustomerError> {
    let rest = typed.strip_prefix(['+', '\u{ff0b}']).ok_or(CustomerError::Form)?;
    // Reserved at once, and wiped if refused: a growing text would leave a copy behind.
    let mut phone = Zeroizing::new(String::with_capacity(typed.len()));
    phone.push('+');
    for c in rest.chars() {
        match digits::read(c) {
            Typed::Digit(digit) => phone.push(char::from(b'0' + digit)),
            Typed::Separator => {}
            Typed::Other if matches!(c, '(' | ')' | '/') => {}
            Typed::Other => return Err(CustomerError::Form),
        }
    }
    match phone.len() {
        17.. => Err(CustomerError::Length),
        8..=16 if !phone.starts_with("+0") => Ok(std::mem::take(&mut *phone)),
        _ => Err(CustomerError::Form),
    }
}

/// Whether a label of a host's name may hold it. Beyond ASCII everything passes but spaces: tables of all letters would be a weight
/// on every page, and the registries know better.
fn is_label_char(c: char) -> bool {
    if c.is_ascii() { c == '-' || c.is_ascii_alphanumeric() } else { !c.is_whitespace() }
}

/// The shape of an address: `local@domain.tld`. Whether it exists, only a letter can tell.
///
/// Narrower than RFC 5321: quoted local parts and addresses in brackets are refused. Letters of any script pass (RFC 6531).
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let dots_are_inside = |part: &str| part.split('.').all(|between| !between.is_empty());
    let local_is_plain = |c: char| {
        !c.is_whitespace()
            && !matches!(c, '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '@' | '[' | '\\' | ']')
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(is_label_char)
    };
    !local.is_empty()
        && local.len() <= 64
        && dots_are_inside(local)
        && local.chars().all(local_is_plain)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}
