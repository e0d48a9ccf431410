//! Amounts as wallets want them: decimal texts, made of digits alone.

/// `minor` units of a currency with `exponent` decimals: `1295` and 2 give `12.95`, `500` and 0 give `500`.
///
/// Exact for every value: the point is set between digits, nothing is divided.
pub fn decimal(minor: u64, exponent: u8) -> String {
    let exponent = usize::from(exponent);
    let mut digits = minor.to_string();
    if exponent > 0 {
        while digits.len() <= exponent {
            digits.insert(0, '0');
        }
        digits.insert(digits.len() - exponent, '.');
    }
    digits
}

/// The same as Google takes it, `^[0-9]+(\.[0-9][0-9])?$`; `None` for currencies that cannot be written so.
///
/// Source: Google Pay API for the web, "Request objects", `TransactionInfo.totalPrice`.
pub fn google(minor: u64, exponent: u8) -> Option<String> {
    matches!(exponent, 0 | 2).then(|| decimal(minor, exponent))
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_amounts_are_written_in_full() {
        for (minor, exponent, text) in [
            (1295, 2, "12.95"),
            (5, 2, "0.05"),
            (0, 2, "0.00"),
            (100, 2, "1.00"),
            (500, 0, "500"),
            (1, 3, "0.001"),
            (1234, 3, "1.234"),
            (u64::MAX, 2, "184467440737095516.15"),
            (u64::MAX, 0, "18446744073709551615"),
        ] {
            assert_eq!(decimal(minor, exponent), text);
        }
    }

    #[test]
    fn google_is_offered_no_amount_that_it_cannot_read() {
        assert_eq!(google(1295, 2).as_deref(), Some("12.95"));
        assert_eq!(google(500, 0).as_deref(), Some("500"));
        for exponent in [1, 3, 4] {
            assert_eq!(google(1234, exponent), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_digit_is_lost_and_the_point_stands_where_the_currency_has_it(minor: u64, exponent in 0_u8..5) {
            let text = decimal(minor, exponent);
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            proptest::prop_assert_eq!(fraction.len(), usize::from(exponent));
            proptest::prop_assert!(!whole.is_empty() && (whole == "0" || !whole.starts_with('0')));
            proptest::prop_assert_eq!([whole, fraction].concat().parse::<u64>().unwrap(), minor);
        }
    }
}
