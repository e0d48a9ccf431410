//! Card data is read as people type it, and refused without a word of it.

use farthing_types::brand::Brands;
use farthing_types::card::{
    ExpiryError, HolderName, HolderNameError, PanError, Progress, SecurityCodeError,
};
use farthing_types::{Brand, Expiry, Pan, SecurityCode};
use proptest::prelude::*;

fn month_and_year(typed: &str) -> Result<(u8, u16), ExpiryError> {
    Expiry::parse(typed).map(|expiry| (expiry.expose_month(), expiry.expose_year()))
}

/// Appends the digit that makes the number pass the Luhn formula, written apart from the crate's own code.
fn with_check_digit(payload: &str) -> String {
    let sum: u32 = payload
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0') * if index % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    format!("{payload}{}", (10 - sum % 10) % 10)
}

#[test]
fn a_number_is_read_in_every_way_people_write_it() {
    for typed in [
        "4111111111111111",
        "4111 1111 1111 1111",
        "  4111-1111-1111-1111\t",
        "4111.1111.1111.1111",
        "4111\u{a0}1111\u{202f}1111\u{2009}1111\r\n",
        "4111\u{2011}1111\u{2013}1111\u{2212}1111",
        "\u{feff}4111\u{200e}1111\u{200b}1111\u{2060}1111\u{202c}",
        "٤١١١ ١١١١ ١١١١ ١١١١",
        "۴۱۱۱ ۱۱۱۱ ۱۱۱۱ ۱۱۱۱",
        "４１１１　１１１１　１１１１　１１１１",
    ] {
        let pan = Pan::parse(typed).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
        assert_eq!(pan.expose_digits(), "4111111111111111");
        assert_eq!(pan.last4().as_str(), "1111");
    }
}

#[test]
fn what_is_no_number_is_refused_with_the_reason() {
    for (typed, error) in [
        ("", PanError::Empty),
        ("   ", PanError::Empty),
        ("- -", PanError::Empty),
        ("4111111111111112", PanError::CheckDigit),
        ("4111111111111121", PanError::CheckDigit),
        ("378282246310006", PanError::CheckDigit),
        ("4", PanError::Length),
        ("41111111111", PanError::Length),
        ("41111111111111", PanError::Length),
        ("37828224631000", PanError::Length),
        ("3782822463100050", PanError::Length),
        ("55555555555544440", PanError::Length),
        ("41111111111111111111", PanError::Length),
        ("4111 1111 1111 111a", PanError::NotADigit),
        ("4111/1111/1111/1111", PanError::NotADigit),
        ("४१११११११११११११११", PanError::NotADigit),
        ("card", PanError::NotADigit),
    ] {
        assert_eq!(Pan::parse(typed).unwrap_err(), error, "{typed:?}");
    }
}

#[test]
fn a_number_of_no_known_brand_needs_only_a_check_digit() {
    let unknown = with_check_digit("900000000000000");
    assert!(Brand::possible(&unknown).is_empty());
    // Eleven digits with a valid check digit are too few for any card.
    assert_eq!(Pan::parse("90000427162").unwrap_err(), PanError::Length);
    assert_eq!(Pan::progress("90000427162"), Progress::Possible);
    assert!(Pan::parse(&unknown).is_ok());
    let wrong = format!("{}{}", &unknown[..15], (unknown.as_bytes()[15] - b'0' + 1) % 10);
    assert_eq!(Pan::parse(&wrong).unwrap_err(), PanError::CheckDigit);
}

#[test]
fn only_unionpay_numbers_may_lack_a_check_digit() {
    assert!(Pan::parse("6243030000000001").is_ok());
    assert!(Pan::parse("6243030000000002").is_ok());
    assert!(Pan::parse("8171999927660001").is_ok());
    let without: Brands = Brand::ALL.into_iter().filter(|brand| !brand.has_check_digit()).collect();
    assert_eq!(without.single(), Some(Brand::UnionPay));
    // RuPay's range begins where UnionPay's ends.
    assert_eq!(Pan::parse("8172000000000000").unwrap_err(), PanError::CheckDigit);
}

#[test]
fn while_typing_an_error_shows_only_when_no_digit_can_help() {
    for (typed, progress) in [
        ("", Progress::Empty),
        (" ", Progress::Empty),
        ("4", Progress::Possible),
        ("4111 1111 1111 111", Progress::Possible),
        ("4222222222222", Progress::Valid),
        ("4111111111111111", Progress::Valid),
        ("4111111111111112", Progress::Possible),
        ("4111111111111111112", Progress::Impossible(PanError::CheckDigit)),
        ("378282246310005", Progress::Valid),
        ("378282246310006", Progress::Impossible(PanError::CheckDigit)),
        ("3782822463100050", Progress::Impossible(PanError::Length)),
        ("5555555555554445", Progress::Impossible(PanError::CheckDigit)),
        ("x", Progress::Impossible(PanError::NotADigit)),
        ("4111111111111111111111", Progress::Impossible(PanError::Length)),
    ] {
        assert_eq!(Pan::progress(typed), progress, "{typed:?}");
    }
}

#[test]
fn a_security_code_has_as_many_digits_as_its_brand_says() {
    let three = SecurityCode::parse("123").unwrap();
    let four = SecurityCode::parse(" 1234 ").unwrap();
    assert_eq!(four.expose_digits(), "1234");
    assert_eq!(SecurityCode::parse("١٢٣").unwrap().expose_digits(), "123");
    assert_eq!(SecurityCode::parse("۰۱۲").unwrap().expose_digits(), "012");
    for brand in Brand::ALL {
        let (short, long) = (three.check_for(brand), four.check_for(brand));
        if brand == Brand::Amex {
            assert_eq!((short, long), (Err(SecurityCodeError::Length), Ok(())));
        } else {
            assert_eq!((short, long), (Ok(()), Err(SecurityCodeError::Length)), "{brand}");
        }
    }
}

#[test]
fn what_is_no_security_code_is_refused_with_the_reason() {
    for (typed, error) in [
        ("", SecurityCodeError::Empty),
        (" ", SecurityCodeError::Empty),
        ("12", SecurityCodeError::Length),
        ("12345", SecurityCodeError::Length),
        ("12a", SecurityCodeError::NotADigit),
        ("1-2", SecurityCodeError::NotADigit),
        ("1.23", SecurityCodeError::NotADigit),
        ("•••", SecurityCodeError::NotADigit),
    ] {
        assert_eq!(SecurityCode::parse(typed).unwrap_err(), error, "{typed:?}");
    }
}

#[test]
fn an_expiry_date_is_read_in_every_way_people_write_it() {
    for typed in [
        "1/27",
        "01/27",
        "01 / 27",
        "01 / 2027",
        "1/2027",
        "0127",
        "012027",
        "01 27",
        "1-27",
        "01-27",
        "01.27",
        "01–27",
        "2027-01",
        "\u{200e}01\u{200f}/27",
        " 01/27\n",
        "٠١/٢٧",
        "۰۱/۲۷",
        "۰۱۲۷",
        "０１／２７",
    ] {
        assert_eq!(month_and_year(typed), Ok((1, 2027)), "{typed:?}");
    }
    assert_eq!(month_and_year("12-27"), Ok((12, 2027)));
    assert_eq!(month_and_year("12/99"), Ok((12, 2099)));
}

#[test]
fn what_is_no_expiry_date_is_refused_with_the_reason() {
    for (typed, error) in [
        ("", ExpiryError::Empty),
        (" ", ExpiryError::Empty),
        ("/", ExpiryError::Syntax),
        ("1", ExpiryError::Syntax),
        ("12", ExpiryError::Syntax),
        ("127", ExpiryError::Syntax),
        ("12/", ExpiryError::Syntax),
        ("/27", ExpiryError::Syntax),
        ("12/2", ExpiryError::Syntax),
        ("12/202", ExpiryError::Syntax),
        ("12/20277", ExpiryError::Syntax),
        ("123/27", ExpiryError::Syntax),
        ("1/2/27", ExpiryError::Syntax),
        ("12//27", ExpiryError::Syntax),
        ("27/2012/1", ExpiryError::Syntax),
        ("12/+7", ExpiryError::Syntax),
        ("Jan 27", ExpiryError::Syntax),
        ("00/27", ExpiryError::Month),
        ("13/27", ExpiryError::Month),
        ("0027", ExpiryError::Month),
        ("2027-13", ExpiryError::Month),
    ] {
        assert_eq!(month_and_year(typed), Err(error), "{typed:?}");
    }
}

#[test]
fn a_card_is_valid_until_the_end_of_its_month_and_at_most_twenty_years() {
    for (typed, year, month, result) in [
        ("02/26", 2026, 2, Ok(())),
        ("02/26", 2026, 3, Err(ExpiryError::Past)),
        ("12/25", 2026, 1, Err(ExpiryError::Past)),
        ("01/27", 2026, 12, Ok(())),
        ("12/46", 2026, 1, Ok(())),
        ("01/47", 2026, 12, Err(ExpiryError::TooFar)),
        ("01/1927", 2026, 1, Err(ExpiryError::Past)),
        ("01/9999", u16::MAX, 1, Err(ExpiryError::Past)),
    ] {
        assert_eq!(
            Expiry::parse(typed).unwrap().check(year, month),
            result,
            "{typed} in {month}/{year}"
        );
    }
}

#[test]
fn a_holders_name_is_trimmed_and_kept_as_written() {
    for (typed, name) in [
        (" Ann Example ", "Ann Example"),
        ("Zoë Łukasiewicz-Иванова", "Zoë Łukasiewicz-Иванова"),
        ("محمد علی\u{200c}زاده", "محمد علی\u{200c}زاده"),
        ("Louis XIV 14", "Louis XIV 14"),
    ] {
        assert_eq!(HolderName::parse(typed).unwrap().expose(), name);
    }
}

#[test]
fn a_holders_name_with_a_card_number_or_a_bar_is_refused() {
    let long = "a".repeat(101);
    for (typed, error) in [
        ("", HolderNameError::Empty),
        (" \t", HolderNameError::Empty),
        (long.as_str(), HolderNameError::Length),
        ("Ann|Example", HolderNameError::Character),
        ("Ann\nExample", HolderNameError::Character),
        ("Ann\0", HolderNameError::Character),
        ("Ann\u{202e}elpmaxE", HolderNameError::Character),
        ("4111 1111 1111 1111", HolderNameError::Character),
        ("Ann 41111111", HolderNameError::Character),
        ("۴۱۱۱۱۱۱۱", HolderNameError::Character),
    ] {
        assert_eq!(HolderName::parse(typed).unwrap_err(), error, "{typed:?}");
    }
    assert!(HolderName::parse(&"я".repeat(100)).is_ok());
}

/// Text in which digits of all scripts, separators and rubbish are frequent.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[0-9٠-٩۰-۹０-９ \\-./\u{a0}\u{200e}]{0,40}", "[0-9]{0,24}",]
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic_and_no_error_holds_a_digit(typed in typed()) {
        let errors = [
            Pan::parse(&typed).err().map(|error| format!("{error} {error:?}")),
            SecurityCode::parse(&typed).err().map(|error| format!("{error} {error:?}")),
            Expiry::parse(&typed).err().map(|error| format!("{error} {error:?}")),
            HolderName::parse(&typed).err().map(|error| format!("{error} {error:?}")),
            Some(format!("{:?}", Pan::progress(&typed))),
        ];
        for error in errors.into_iter().flatten() {
            prop_assert!(!error.contains(char::is_numeric), "{}", error);
        }
    }

    #[test]
    fn a_number_that_was_read_has_exactly_the_typed_digits(digits in "[0-9]{11,18}", gaps in prop::collection::vec(0_usize..4, 19)) {
        let number = with_check_digit(&digits);
        let mut typed = String::new();
        for (digit, gap) in number.chars().zip(&gaps) {
            typed.push(digit);
            typed.push_str(&" - "[..*gap]);
        }
        match Pan::parse(&typed) {
            Ok(pan) => prop_assert_eq!(pan.expose_digits(), &number),
            Err(error) => prop_assert_eq!(error, PanError::Length),
        }
        prop_assert_eq!(Pan::parse(&typed).is_ok(), Pan::parse(&number).is_ok());
    }

    #[test]
    fn one_mistyped_digit_is_always_noticed(payload in "(4[0-9]{14}|5[1-5][0-9]{13}|3[47][0-9]{12})", at in any::<prop::sample::Index>(), by in 1_u8..10) {
        let number = with_check_digit(&payload);
        prop_assert!(Pan::parse(&number).is_ok());
        // The first digits decide the brand and with it the length; the rest is the check digit's work.
        let at = 8 + at.index(number.len() - 8);
        let mut wrong = number.into_bytes();
        wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
        prop_assert_eq!(Pan::parse(std::str::from_utf8(&wrong).unwrap()).unwrap_err(), PanError::CheckDigit);
    }

    #[test]
    fn progress_never_gives_up_on_a_number_that_becomes_valid(payload in "[0-9]{11,18}") {
        let number = with_check_digit(&payload);
        let valid = Pan::parse(&number).is_ok();
        prop_assert_eq!(Pan::progress(&number) == Progress::Valid, valid);
        if valid {
            for end in 1..number.len() {
                let part = Pan::progress(&number[..end]);
                prop_assert!(matches!(part, Progress::Possible | Progress::Valid), "{:?}", part);
            }
        }
    }

    #[test]
    fn what_progress_gives_up_on_never_becomes_valid(digits in "[0-9]{12,19}", more in "[0-9]{0,7}") {
        if let Progress::Impossible(_) = Pan::progress(&digits) {
            let longer = digits + &more;
            prop_assert!(Pan::parse(&longer).is_err());
        }
    }

    #[test]
    fn every_month_and_year_is_read_back_from_every_spelling(month in 1_u8..=12, year in 2000_u16..2100) {
        let short = year % 100;
        for typed in [
            format!("{month:02}/{short:02}"),
            format!("{month}/{short:02}"),
            format!("{month:02}{short:02}"),
            format!("{month:02} / {year}"),
            format!("{month:02}{year}"),
            format!("{month}-{year}"),
            format!("{year}-{month:02}"),
        ] {
            prop_assert_eq!(month_and_year(&typed), Ok((month, year)), "{}", typed);
        }
    }
}
