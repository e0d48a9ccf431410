//! What is wrong with a field, in one sentence for the shopper: the server after a submit and the live form say the same.

use farthing_types::card::{ExpiryError, HolderNameError, PanError, SecurityCodeError};
use farthing_types::customer::CustomerError;
use farthing_types::{Brand, CustomerField};

/// The card number.
pub fn card_number(error: PanError) -> &'static str {
    match error {
        PanError::Empty => "Enter the card number.",
        PanError::CheckDigit => "Check the card number: a digit is wrong.",
        PanError::NotADigit => "The card number has only digits.",
        _ => "Check the card number: it is too short or too long.",
    }
}

/// The expiry date.
pub fn card_expiry(error: ExpiryError) -> &'static str {
    match error {
        ExpiryError::Empty => "Enter the expiry date.",
        ExpiryError::Month => "Check the month: 01 to 12.",
        ExpiryError::Past => "This card has expired.",
        ExpiryError::TooFar => "Check the year of the expiry date.",
        _ => "Enter month and year, like 04/28.",
    }
}

/// The security code; `brand` is the card's, if its number told.
pub fn card_code(error: SecurityCodeError, brand: Option<Brand>) -> String {
    match (error, brand) {
        (SecurityCodeError::Empty, _) => "Enter the security code.".to_owned(),
        (SecurityCodeError::NotADigit, _) => "The security code has only digits.".to_owned(),
        (_, Some(brand)) => {
            let code = brand.code();
            format!("The security code of {} has {} digits.", brand.label(), code.len)
        }
        (_, None) => "Check the security code: it is too short or too long.".to_owned(),
    }
}

/// The name on the card.
pub fn card_holder(error: HolderNameError) -> &'static str {
    match error {
        HolderNameError::Empty => "Enter the name on the card.",
        HolderNameError::Length => "The name on the card is too long.",
        _ => "The name on the card has a character that cannot be used.",
    }
}

/// One of the customer fields.
pub fn customer(field: CustomerField, error: CustomerError) -> String {
    let what = match field {
        CustomerField::FirstName => "first name",
        CustomerField::LastName => "last name",
        CustomerField::Address => "street address",
        CustomerField::City => "city",
        CustomerField::Zip => "postal code",
        CustomerField::Country => "country",
        CustomerField::Phone => "phone number",
        CustomerField::Email => "e-mail address",
    };
    match (error, field) {
        (CustomerError::Empty, CustomerField::Country) => "Choose the country.".to_owned(),
        (CustomerError::Empty, _) => format!("Enter the {what}."),
        (CustomerError::Length, _) => format!("The {what} is too long."),
        (CustomerError::Form, CustomerField::Phone) => {
            "Enter the phone number with + and the country code.".to_owned()
        }
        (CustomerError::Form, _) => format!("Check the {what}."),
        _ => format!("The {what} has a character that cannot be used."),
    }
}
