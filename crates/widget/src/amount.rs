//! Amounts as a shopper reads them.

use farthing_types::Currency;

/// The sign of a currency that most shoppers know by its sign, placed before the number.
///
/// Signs that several currencies share carry their country, as English outside the United States writes them.
/// Source: Unicode CLDR 46, `en_001`, currency symbols.
const SIGNS: &[(&str, &str)] = &[
    ("AUD", "A$"),
    ("BRL", "R$"),
    ("CAD", "CA$"),
    ("CNY", "CN¥"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("HKD", "HK$"),
    ("ILS", "₪"),
    ("INR", "₹"),
    ("JPY", "¥"),
    ("KRW", "₩"),
    ("MXN", "MX$"),
    ("NZD", "NZ$"),
    ("PHP", "₱"),
    ("TWD", "NT$"),
    ("UAH", "₴"),
    ("USD", "US$"),
    ("VND", "₫"),
];

/// `minor` units of `currency` for people who read English: `€1,234.50`, or `KWD 1.234` where no sign is well known.
///
/// Exact for every value: digits are grouped as text, nothing is divided.
pub fn format_amount(minor: u64, currency: Currency) -> String {
    let exponent = usize::from(currency.exponent());
    let digits = format!("{minor:0width$}", width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(exponent));
    let mut out = String::with_capacity(digits.len() + 12);
    if let Some((_, sign)) = SIGNS.iter().find(|(code, _)| *code == currency.code()) {
        out.push_str(sign);
    } else {
        out.push_str(currency.code());
        out.push('\u{a0}');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn well_known_currencies_get_their_sign_and_others_their_code() {
        assert_eq!(format_amount(1000, currency("EUR")), "€10.00");
        assert_eq!(format_amount(123_456_789, currency("GBP")), "£1,234,567.89");
        assert_eq!(format_amount(5, currency("USD")), "US$0.05");
        assert_eq!(format_amount(500, currency("JPY")), "¥500");
        assert_eq!(format_amount(1234, currency("KWD")), "KWD\u{a0}1.234");
        assert_eq!(format_amount(0, currency("KZT")), "KZT\u{a0}0.00");
    }

    proptest::proptest! {
        #[test]
        fn the_digits_of_an_amount_are_never_changed(minor: u64, index in 0_usize..10_000) {
            let all = Currency::all();
            let currency = all[index % all.len()];
            let shown = format_amount(minor, currency);
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            proptest::prop_assert_eq!(digits.parse::<u64>().unwrap(), minor);
            let fraction = shown.rsplit_once('.').map_or(0, |(_, fraction)| fraction.len());
            proptest::prop_assert_eq!(fraction, usize::from(currency.exponent()));
        }
    }
}
