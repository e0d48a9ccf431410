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

/// The amount was changed while the page was open.
pub const SESSION_CHANGED: &str = "The order has changed. Check the new total, then pay.";
/// The form could not be sent at all.
pub const NOT_SENT: &str =
    "The payment could not be started. You have not been charged. Try again in a moment.";
/// No answer came, and the server shows no payment either: sent again, the same attempt is not charged twice.
pub const INTERRUPTED: &str =
    "The connection was interrupted. Try again: you will not be charged twice.";

/// Why a submit was not taken; `problem` is the `type` of the problem, with or without `urn:farthing:problem:`.
///
/// The server sends this sentence with the problem, and says it on the plain page: a script shows what it was sent.
pub fn refusal(problem: &str) -> &'static str {
    match problem.strip_prefix("urn:farthing:problem:").unwrap_or(problem) {
        "idempotency-mismatch" => {
            "This form was already sent with another card or wallet. To try once more, pay again."
        }
        "not-found" => "This page is not available. Go back to the shop to start again.",
        "order-already-open" => {
            "This order is being paid in another window. Finish or close it first."
        }
        "order-already-paid" => "This order is already paid. You have not been charged again.",
        "session-changed" => SESSION_CHANGED,
        "session-expired" => {
            "This checkout has expired. No payment was made. Go back to the shop to start again."
        }
        "too-many-attempts" => "There were too many attempts. Go back to the shop and start again.",
        "wallet-refused" => {
            "Your wallet's payment could not be used. Try again, or pay another way."
        }
        _ => NOT_SENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_the_same_words_under_both_spellings_and_every_other_problem_the_general_ones()
    {
        assert_eq!(refusal("urn:farthing:problem:session-changed"), refusal("session-changed"));
        assert_ne!(refusal("session-changed"), refusal("session-expired"));
        let general = refusal("unavailable");
        assert!(general.contains("You have not been charged"), "{general}");
        for other in ["internal", "", "urn:farthing:problem:", "session-changed "] {
            assert_eq!(refusal(other), general, "{other:?}");
        }
    }
}
