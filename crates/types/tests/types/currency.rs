//! The currency table says what ISO 4217 says.

use std::collections::HashSet;

use farthing_types::Currency;
use proptest::prelude::*;

#[test]
fn the_table_is_sorted_and_every_code_is_used_once() {
    let all = Currency::all();
    assert!(all.windows(2).all(|pair| pair[0].code() < pair[1].code()));
    assert_eq!(all.iter().map(|row| row.numeric()).collect::<HashSet<_>>().len(), all.len());
    assert_eq!(all.len(), 158);
}

#[test]
fn every_row_has_the_shape_of_the_standard_and_is_found_by_both_its_codes() {
    for row in Currency::all() {
        assert!(
            row.code().len() == 3 && row.code().bytes().all(|byte| byte.is_ascii_uppercase()),
            "{row}"
        );
        assert!((1..=999).contains(&row.numeric()), "{row}");
        assert!(matches!(row.exponent(), 0 | 2 | 3 | 4), "{row}");
        assert_eq!(row.code().parse::<Currency>().unwrap(), *row);
        assert_eq!(Currency::from_numeric(row.numeric()), Some(*row));
        let json = serde_json::to_string(row).unwrap();
        assert_eq!(json, format!("\"{row}\""));
        assert_eq!(serde_json::from_str::<Currency>(&json).unwrap(), *row);
    }
}

#[test]
fn currencies_without_two_decimal_digits_are_exactly_those_of_the_standard() {
    let with = |exponent: u8| -> Vec<&str> {
        let rows = Currency::all().iter().filter(|row| row.exponent() == exponent);
        rows.map(Currency::code).collect()
    };
    assert_eq!(
        with(0),
        [
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF",
        ]
    );
    assert_eq!(with(3), ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);
    assert_eq!(with(4), ["CLF", "UYW"]);
}

#[test]
fn well_known_rows_are_right() {
    for (code, numeric, exponent) in [
        ("AED", 784, 2),
        ("ALL", 8, 2),
        ("AUD", 36, 2),
        ("BRL", 986, 2),
        ("CHF", 756, 2),
        ("CNY", 156, 2),
        ("DZD", 12, 2),
        ("EUR", 978, 2),
        ("GBP", 826, 2),
        ("HUF", 348, 2),
        ("IDR", 360, 2),
        ("INR", 356, 2),
        ("JPY", 392, 0),
        ("KWD", 414, 3),
        ("KZT", 398, 2),
        ("MGA", 969, 2),
        ("MRU", 929, 2),
        ("NGN", 566, 2),
        ("PLN", 985, 2),
        ("RUB", 643, 2),
        ("SLE", 925, 2),
        ("TRY", 949, 2),
        ("TWD", 901, 2),
        ("UAH", 980, 2),
        ("USD", 840, 2),
        ("XCG", 532, 2),
        ("XOF", 952, 0),
        ("ZAR", 710, 2),
        ("ZWG", 924, 2),
    ] {
        let row: Currency = code.parse().unwrap();
        assert_eq!((row.numeric(), row.exponent()), (numeric, exponent), "{code}");
    }
}

#[test]
fn withdrawn_codes_metals_tests_and_units_of_account_are_refused() {
    for code in [
        "ANG", "BGN", "CUC", "DEM", "HRK", "SLL", "ZWL", "XAU", "XAG", "XPT", "XPD", "XTS", "XXX",
        "XDR", "XAD", "XUA", "BOV", "CHE", "USN", "", "EU", "EURO", "eur", "Eur", " EUR", "EUR ",
        "978",
    ] {
        assert!(code.parse::<Currency>().is_err(), "{code:?}");
    }
    for numeric in [0, 975, 959, 963, 999, 1000, u16::MAX] {
        assert_eq!(Currency::from_numeric(numeric), None, "{numeric}");
    }
}

#[test]
fn a_refused_code_is_never_repeated() {
    for json in [
        r#""4012000000003010""#,
        "4012000000003010",
        "-4012000000003010",
        "4012000000003010.5",
        "40120000000030104012000000003010",
        "true",
        "null",
        r#"{"4012000000003010":1}"#,
        r#"["4012000000003010"]"#,
    ] {
        let error = serde_json::from_str::<Currency>(json).unwrap_err().to_string();
        assert!(!error.contains("4012") && !error.contains("true"), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_currency_only_if_it_is_its_code(text in any::<String>()) {
        if let Ok(currency) = text.parse::<Currency>() {
            prop_assert_eq!(currency.code(), text);
        }
    }

    #[test]
    fn three_capitals_are_found_exactly_when_they_are_in_the_table(text in "[A-Z]{3}") {
        let listed = Currency::all().iter().any(|row| row.code() == text);
        prop_assert_eq!(text.parse::<Currency>().is_ok(), listed);
    }
}
