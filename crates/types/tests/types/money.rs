//! Money is exact: what goes in comes out, and what is not an amount is refused.

use farthing_types::money::{AmountFields, MoneyError};
use farthing_types::{Currency, Money};
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all())
}

fn any_money() -> impl Strategy<Value = Money> {
    (0..=Money::MAX_MINOR, any_currency())
        .prop_map(|(minor, currency)| Money::new(minor, currency).unwrap())
}

#[test]
fn decimal_text_has_exactly_the_currencys_digits() {
    for (minor, code, text) in [
        (1000, "EUR", "10.00"),
        (1, "EUR", "0.01"),
        (0, "EUR", "0.00"),
        (500, "JPY", "500"),
        (0, "JPY", "0"),
        (1234, "KWD", "1.234"),
        (12, "KWD", "0.012"),
        (12_345, "CLF", "1.2345"),
        (Money::MAX_MINOR, "EUR", "9999999999999.99"),
    ] {
        let money = Money::new(minor, currency(code)).unwrap();
        assert_eq!(money.to_decimal(), text);
        assert_eq!(money.to_string(), format!("{code}\u{a0}{text}"));
    }
}

#[test]
fn fewer_decimal_digits_mean_the_same_amount_and_more_are_refused() {
    for text in ["10", "10.5", "10.50"] {
        assert!(Money::parse_decimal(text, currency("EUR")).is_ok(), "{text}");
    }
    assert_eq!(Money::parse_decimal("10.5", currency("EUR")).unwrap().minor(), 1050);
    assert_eq!(Money::parse_decimal("10.5", currency("KWD")).unwrap().minor(), 10_500);
    for (text, code) in [("10.500", "EUR"), ("10.0", "JPY"), ("1.00000", "CLF"), ("1.2345", "KWD")]
    {
        assert_eq!(Money::parse_decimal(text, currency(code)), Err(MoneyError::Syntax), "{text}");
    }
}

#[test]
fn what_is_not_a_plain_decimal_number_is_refused() {
    for text in [
        "",
        ".",
        ".5",
        "5.",
        "-1",
        "+1",
        "1e3",
        "1E3",
        "0x10",
        "1,5",
        "1 000",
        "1_000",
        " 1",
        "1 ",
        "1.2.3",
        "1..2",
        "00",
        "01",
        "007.00",
        "NaN",
        "inf",
        "١٢",
        "１",
        "1\u{a0}000",
        "1\n",
        "1.-5",
        "1.+5",
        "--",
    ] {
        assert_eq!(
            Money::parse_decimal(text, currency("EUR")),
            Err(MoneyError::Syntax),
            "{text:?}"
        );
    }
}

#[test]
fn too_large_amounts_are_refused_and_never_wrap() {
    let euro = currency("EUR");
    assert!(Money::new(Money::MAX_MINOR, euro).is_ok());
    assert_eq!(Money::new(Money::MAX_MINOR + 1, euro), Err(MoneyError::OutOfRange));
    assert_eq!(Money::new(u64::MAX, euro), Err(MoneyError::OutOfRange));
    assert!(Money::parse_decimal("9999999999999.99", euro).is_ok());
    for text in [
        "10000000000000.00",
        "10000000000000",
        "184467440737095516.16",
        "99999999999999999999999999",
    ] {
        assert_eq!(Money::parse_decimal(text, euro), Err(MoneyError::OutOfRange), "{text}");
    }
}

#[test]
fn amounts_of_two_currencies_are_never_combined() {
    let euro = Money::new(1, currency("EUR")).unwrap();
    let dollar = Money::new(1, currency("USD")).unwrap();
    assert_eq!(euro.checked_add(dollar), Err(MoneyError::CurrencyMismatch));
    assert_eq!(euro.checked_sub(dollar), Err(MoneyError::CurrencyMismatch));
}

#[test]
fn an_amount_in_json_is_an_integer_and_nothing_else() {
    let fields: AmountFields = serde_json::from_str(r#"{"amount":1000,"currency":"EUR"}"#).unwrap();
    assert_eq!(fields, AmountFields { amount: 1000, currency: currency("EUR") });
    assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"amount":1000,"currency":"EUR"}"#);
    for json in [
        r#"{"amount":10.5,"currency":"EUR"}"#,
        r#"{"amount":1e3,"currency":"EUR"}"#,
        r#"{"amount":-1,"currency":"EUR"}"#,
        r#"{"amount":"1000","currency":"EUR"}"#,
        r#"{"amount":18446744073709551616,"currency":"EUR"}"#,
    ] {
        assert!(serde_json::from_str::<AmountFields>(json).is_err(), "{json}");
    }
}

proptest! {
    #[test]
    fn decimal_text_is_read_back_as_the_same_amount(money in any_money()) {
        prop_assert_eq!(Money::parse_decimal(&money.to_decimal(), money.currency()), Ok(money));
    }

    #[test]
    fn no_digit_is_lost_or_added_in_decimal_text(money in any_money()) {
        let text = money.to_decimal();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        prop_assert_eq!(digits.parse::<u64>().unwrap(), money.minor());
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        prop_assert_eq!(decimals, usize::from(money.currency().exponent()));
    }

    #[test]
    fn what_was_added_can_be_taken_away_again(money in any_money(), other in 0..=Money::MAX_MINOR) {
        let other = Money::new(other, money.currency()).unwrap();
        match money.checked_add(other) {
            Ok(sum) => {
                prop_assert_eq!(sum.minor(), money.minor() + other.minor());
                prop_assert_eq!(sum.checked_sub(other), Ok(money));
                prop_assert_eq!(sum.checked_sub(money), Ok(other));
            }
            Err(error) => {
                prop_assert_eq!(error, MoneyError::OutOfRange);
                prop_assert!(money.minor() + other.minor() > Money::MAX_MINOR);
            }
        }
    }

    #[test]
    fn an_amount_never_goes_below_zero(money in any_money(), other in 0..=Money::MAX_MINOR) {
        let other = Money::new(other, money.currency()).unwrap();
        prop_assert_eq!(money.checked_sub(other).is_ok(), money.minor() >= other.minor());
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in any::<String>(), currency in any_currency()) {
        let _ = Money::parse_decimal(&text, currency);
    }

    #[test]
    fn any_digits_and_points_are_exact_or_refused(text in "[0-9.]{0,24}", currency in any_currency()) {
        if let Ok(money) = Money::parse_decimal(&text, currency) {
            let written = money.to_decimal();
            let padded = written.strip_prefix(text.as_str());
            prop_assert!(padded.is_some_and(|rest| rest.bytes().all(|byte| byte == b'0' || byte == b'.')), "{} {}", text, written);
        }
    }
}
