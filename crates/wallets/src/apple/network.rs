//! The network that the browser claims, against the number: reference 3.

/// Networks whose numbers begin in a way of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    AmEx,
    MasterCard,
    Visa,
}

/// How the numbers of a network begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// In this way.
    Begins(Scheme),
    /// In none of those ways.
    BeginsOtherwise,
    /// Its cards may carry a second brand, and so that one's number; never American Express's.
    SecondBrand,
}

/// The names of `paymentMethod.network`, in small letters.
///
/// Source: reference 3; of its names, `Visa` and `MasterCard` were seen in real tokens, the others are PassKit's.
const NETWORKS: [(&str, Rule); 20] = [
    ("amex", Rule::Begins(Scheme::AmEx)),
    ("bancontact", Rule::SecondBrand),
    ("cartesbancaires", Rule::SecondBrand),
    ("chinaunionpay", Rule::SecondBrand),
    ("dankort", Rule::SecondBrand),
    ("discover", Rule::BeginsOtherwise),
    ("eftpos", Rule::SecondBrand),
    ("electron", Rule::SecondBrand),
    ("elo", Rule::SecondBrand),
    ("girocard", Rule::SecondBrand),
    ("interac", Rule::SecondBrand),
    ("jcb", Rule::BeginsOtherwise),
    ("mada", Rule::SecondBrand),
    ("maestro", Rule::SecondBrand),
    ("mastercard", Rule::Begins(Scheme::MasterCard)),
    ("mir", Rule::SecondBrand),
    ("pagobancomat", Rule::SecondBrand),
    ("privatelabel", Rule::SecondBrand),
    ("visa", Rule::Begins(Scheme::Visa)),
    ("vpay", Rule::SecondBrand),
];

/// Whether a network of this name, in any letter case, can have issued the number. An unknown name cannot: it comes from the browser and
/// would go to the gateway.
pub(super) fn fits(network: &str, number: &str) -> bool {
    let known = NETWORKS.iter().find(|(name, _)| network.eq_ignore_ascii_case(name));
    let actual = Scheme::of(number);
    match known {
        None => false,
        Some((_, Rule::Begins(scheme))) => actual == Some(*scheme),
        Some((_, Rule::BeginsOtherwise)) => actual.is_none(),
        Some((_, Rule::SecondBrand)) => actual != Some(Scheme::AmEx),
    }
}

impl Scheme {
    /// Source: reference 3: 4 Visa; 51 to 55 or 2221 to 2720 MasterCard; 34, 37 AmEx.
    fn of(number: &str) -> Option<Self> {
        let first = |digits| number.get(..digits)?.parse::<u16>().ok();
        match (first(1)?, first(2)?, first(4)?) {
            (4, ..) => Some(Self::Visa),
            (_, 51..=55, _) | (.., 2221..=2720) => Some(Self::MasterCard),
            (_, 34 | 37, _) => Some(Self::AmEx),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_numbers_that_begin_its_way() {
        for (network, number, good) in [
            ("Visa", "4012000000003010", true),
            ("VISA", "4012000000003010", true),
            ("Visa", "5200000000001005", false),
            ("MasterCard", "5100000000000000", true),
            ("MasterCard", "5599999999999999", true),
            ("MasterCard", "5000000000000000", false),
            ("MasterCard", "5600000000000000", false),
            ("masterCard", "2221000000000000", true),
            ("MasterCard", "2720999999999999", true),
            ("MasterCard", "2220999999999999", false),
            ("MasterCard", "2721000000000000", false),
            ("AmEx", "340000000000000", true),
            ("AmEx", "370000000000000", true),
            ("AmEx", "360000000000000", false),
            ("Visa", "340000000000000", false),
            ("Discover", "6011000000000000", true),
            ("Discover", "4012000000003010", false),
            ("JCB", "5200000000001005", false),
            ("CartesBancaires", "4970000000000000", true),
            ("Maestro", "340000000000000", false),
        ] {
            assert_eq!(fits(network, number), good, "{network} {number}");
        }
    }

    #[test]
    fn an_unknown_name_fits_no_number() {
        for network in ["", "Visa ", "visa\u{0}", "4012", "Vi\u{17f}a"] {
            assert!(!fits(network, "4012000000003010"), "{network:?}");
        }
    }
}
