//! Customer data is checked field by field, normalised, and never holds a card number.

use farthing_types::customer::CustomerError;
use farthing_types::{Customer, CustomerField, country};
use proptest::prelude::*;

use CustomerField::{Address, City, Country, Email, FirstName, LastName, Phone, Zip};

/// What is kept of a value.
fn kept(field: CustomerField, value: &str) -> Result<String, CustomerError> {
    let mut customer = Customer::default();
    customer.set(field, value)?;
    Ok(customer.expose(field).unwrap().to_owned())
}

#[test]
fn good_values_are_kept_trimmed() {
    for (field, value, expected) in [
        (FirstName, " Ann ", "Ann"),
        (FirstName, "Łukasz-Иван", "Łukasz-Иван"),
        (LastName, "O’Neill-van der Berg", "O’Neill-van der Berg"),
        (Address, "1600 Pennsylvania Ave NW, Apt. 12/3", "1600 Pennsylvania Ave NW, Apt. 12/3"),
        (City, "東京", "東京"),
        (Zip, "SW1A 1AA", "SW1A 1AA"),
        (Zip, "20500-0003", "20500-0003"),
        (Country, "kz", "KZ"),
        (Country, " De\t", "DE"),
        (Email, "ann+shop@mail.example.com", "ann+shop@mail.example.com"),
        (Email, "жанна@пример.рф", "жанна@пример.рф"),
    ] {
        assert_eq!(kept(field, value).as_deref(), Ok(expected), "{value:?}");
    }
}

#[test]
fn a_phone_number_keeps_its_plus_sign_and_digits_alone() {
    for (typed, kept_as) in [
        ("+77011234567", "+77011234567"),
        ("+7 (701) 123-45-67", "+77011234567"),
        ("+44.113.000.0000", "+441130000000"),
        ("+49 30/123456", "+4930123456"),
        ("\u{202f}+353\u{a0}100\u{2011}000000", "+353100000000"),
        ("+٩٧١٥٠١٢٣٤٥٦٧", "+971501234567"),
        ("＋８１３１２３４５６７８", "+81312345678"),
        ("+1234567", "+1234567"),
        ("+123456789012345", "+123456789012345"),
    ] {
        assert_eq!(kept(Phone, typed).as_deref(), Ok(kept_as), "{typed:?}");
    }
    for (typed, error) in [
        ("77011234567", CustomerError::Form),
        ("0049 30 123456", CustomerError::Form),
        ("+123456", CustomerError::Form),
        ("+1234567890123456", CustomerError::Length),
        ("+0123456789", CustomerError::Form),
        ("+", CustomerError::Form),
        ("++4930123456", CustomerError::Form),
        ("+49 30 123456 ext. 7", CustomerError::Form),
        ("+49x30123456", CustomerError::Form),
        ("4111 1111 1111 1111", CustomerError::Form),
        ("+4111111111111111", CustomerError::Length),
    ] {
        assert_eq!(kept(Phone, typed), Err(error), "{typed:?}");
    }
    // One number in ten passes the check of a card number; it is a phone number all the same.
    assert_eq!(kept(Phone, "+4222222222222").as_deref(), Ok("+4222222222222"));
}

#[test]
fn a_country_is_a_code_of_the_standard() {
    let codes: Vec<_> = country::all().collect();
    assert_eq!(codes.len(), 249);
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    for code in codes {
        assert_eq!(kept(Country, code).as_deref(), Ok(code));
        assert_eq!(kept(Country, &code.to_lowercase()).as_deref(), Ok(code));
    }
    for text in ["UK", "EU", "XX", "ZZ", "D", "DEU", "Germany", "DÉ", "дe", "E E", "DA", "EA"] {
        assert_eq!(kept(Country, text), Err(CustomerError::Form), "{text}");
    }
}

#[test]
fn an_email_address_has_the_shape_of_one() {
    for address in ["a@b.co", "a.b-c_d'e@x-y.example", "1@2.co", "user%tag/x=y@sub.sub.example.org"]
    {
        assert!(kept(Email, address).is_ok(), "{address}");
    }
    for address in [
        "a",
        "@",
        "a@",
        "@b.co",
        "a@b",
        "a@b.",
        "a@.co",
        "a@b..co",
        "a b@c.co",
        "a@b c.co",
        "a@@b.co",
        "a@b@c.co",
        ".a@b.co",
        "a.@b.co",
        "a..b@c.co",
        "a@-b.co",
        "a@b-.co",
        "a@b_c.co",
        "\"a\"@b.co",
        "a@[127.0.0.1]",
        "Ann <a@b.co>",
        "a,b@c.co",
    ] {
        assert_eq!(kept(Email, address), Err(CustomerError::Form), "{address}");
    }
    assert_eq!(kept(Email, &format!("{}@b.co", "a".repeat(65))), Err(CustomerError::Form));
    assert_eq!(kept(Email, &format!("a@{}.co", "b".repeat(64))), Err(CustomerError::Form));
}

#[test]
fn empty_and_long_values_are_refused_in_every_field() {
    for field in CustomerField::ALL {
        assert_eq!(kept(field, ""), Err(CustomerError::Empty), "{field}");
        assert_eq!(kept(field, " \u{a0}\t"), Err(CustomerError::Empty), "{field}");
    }
    for field in [FirstName, LastName, Address, City, Zip] {
        assert!(kept(field, &"я".repeat(field.max_chars())).is_ok(), "{field}");
        assert_eq!(
            kept(field, &"я".repeat(field.max_chars() + 1)),
            Err(CustomerError::Length),
            "{field}"
        );
    }
    let long_address =
        format!("{}@{}.example", "a".repeat(64), ["b"; 4].map(|label| label.repeat(60)).join("."));
    assert_eq!(kept(Email, &long_address), Err(CustomerError::Length));
    assert_eq!(kept(Zip, "1"), Err(CustomerError::Form));
}

#[test]
fn bars_control_characters_and_direction_marks_are_refused_in_every_field() {
    for field in CustomerField::ALL {
        for bad in [
            "a|b",
            "a\nb",
            "a\rb",
            "a\0b",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{202e}b",
            "a\u{2066}b",
        ] {
            assert_eq!(kept(field, bad), Err(CustomerError::Character), "{field} {bad:?}");
        }
    }
}

#[test]
fn a_card_number_is_refused_in_every_field() {
    for field in CustomerField::ALL {
        for number in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "Flat 7, 4111-1111-1111-1111",
            "x4012000000003010y",
            "9994111111111111111",
            "4222222222222",
            // No part of these two passes the check, only the whole.
            "96264219054684274",
            "9309925698805868386",
            "۴۱۱۱ ۱۱۱۱ ۱۱۱۱ ۱۱۱۱",
            "411111111111\u{200b}1111",
        ] {
            let expected =
                if field == Phone { CustomerError::Form } else { CustomerError::CardNumber };
            assert_eq!(kept(field, number), Err(expected), "{field} {number}");
        }
    }
    assert_eq!(kept(Email, "4111111111111111@example.com"), Err(CustomerError::CardNumber));
    for harmless in ["4222222222223", "4111 1111 1111", "12 Street 411111, 1111 1111"] {
        assert!(kept(Address, harmless).is_ok(), "{harmless}");
    }
}

#[test]
fn a_refused_value_leaves_the_one_before() {
    let mut customer = Customer::default();
    customer.set(City, "Berlin").unwrap();
    customer.set(City, "a|b").unwrap_err();
    assert_eq!(customer.expose(City), Some("Berlin"));
    customer.set(City, "Bonn").unwrap();
    assert_eq!(customer.expose(City), Some("Bonn"));
}

#[test]
fn what_is_known_and_what_is_missing_come_in_the_order_of_a_form() {
    let mut customer = Customer::default();
    assert!(customer.is_empty());
    assert_eq!(customer.missing(&[Country, FirstName]), [FirstName, Country]);
    customer.set(Country, "kz").unwrap();
    customer.set(FirstName, "Ann").unwrap();
    customer.set(Email, "ann@example.com").unwrap();
    assert!(!customer.is_empty());
    assert_eq!(
        customer.expose_all().collect::<Vec<_>>(),
        [(FirstName, "Ann"), (Email, "ann@example.com"), (Country, "KZ")]
    );
    assert_eq!(customer.missing(&CustomerField::ALL), [LastName, Phone, Address, Zip, City]);
    assert!(customer.missing(&[]).is_empty());
}

#[test]
fn field_names_are_stable_and_read_back() {
    for (field, name) in [
        (FirstName, "first_name"),
        (LastName, "last_name"),
        (Address, "address"),
        (City, "city"),
        (Zip, "zip"),
        (Country, "country"),
        (Phone, "phone"),
        (Email, "email"),
    ] {
        assert_eq!(field.name(), name);
        assert_eq!(name.parse::<CustomerField>().unwrap(), field);
        assert_eq!(serde_json::to_value(field).unwrap(), name);
        assert_eq!(serde_json::from_value::<CustomerField>(name.into()).unwrap(), field);
    }
    let error = serde_json::from_str::<CustomerField>("4111111111111111").unwrap_err().to_string();
    assert!(!error.contains("4111"), "{error}");
}

fn any_field() -> impl Strategy<Value = CustomerField> {
    prop::sample::select(CustomerField::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_text_makes_a_check_panic_and_no_error_repeats_it(field in any_field(), text in any::<String>()) {
        if let Err(error) = kept(field, &text) {
            let error = format!("{error} {error:?}");
            prop_assert!(!error.contains(char::is_numeric), "{}", error);
        }
    }

    #[test]
    fn what_is_kept_is_kept_the_same_again(field in any_field(), text in "[A-Za-zé0-9+@. ()-]{0,24}") {
        if let Ok(once) = kept(field, &text) {
            prop_assert_eq!(kept(field, &once), Ok(once.clone()));
            prop_assert!(once.chars().count() <= field.max_chars());
        }
    }

    #[test]
    fn every_number_of_e164_is_accepted(digits in "[1-9][0-9]{6,14}") {
        let phone = format!("+{digits}");
        prop_assert_eq!(kept(Phone, &phone), Ok(phone.clone()));
    }
}
