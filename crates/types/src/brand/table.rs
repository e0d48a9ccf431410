//! The table. A row is one brand; its comment names where the facts are from.
//!
//! Sources, by short name:
//! - ISO: ISO/IEC 7812-1, Identification of issuers;
//! - Wikipedia: "Payment card number", issuer identification number table;
//! - Braintree: credit-card-type and card-validator (open source), card types and README;
//! - Adyen: Adyen Web (open source), card types; "Test card numbers".

use super::ranges::{CARTES_BANCAIRES, ELO, TROY};
use super::{Brand, Code};

/// What is known of a brand.
pub(super) struct Row {
    /// The name that people know.
    pub(super) label: &'static str,
    /// The first digits of its numbers.
    pub(super) ranges: &'static [Range],
    /// How many digits its numbers can have, ascending.
    pub(super) lengths: &'static [u8],
    /// After how many digits a space belongs.
    pub(super) gaps: &'static [u8],
    /// Its security code.
    pub(super) code: Code,
    /// Whether every number has a valid check digit.
    pub(super) luhn: bool,
}

/// Numbers whose first `digits` digits are `low` to `high`.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) low: u32,
    pub(super) high: u32,
    pub(super) digits: u8,
}

/// A range; both ends have the same number of digits.
pub(super) const fn range(low: u32, high: u32) -> Range {
    let mut digits = 1;
    let mut rest = low / 10;
    while rest > 0 {
        digits += 1;
        rest /= 10;
    }
    Range { low, high, digits }
}

/// A range of one.
pub(super) const fn prefix(prefix: u32) -> Range {
    range(prefix, prefix)
}

/// A code that every card carries.
const fn code(name: &'static str, len: u8) -> Code {
    Code { name, len, required: true }
}

/// A code that some cards carry.
const fn optional_code(name: &'static str, len: u8) -> Code {
    Code { name, len, required: false }
}

/// Groups of four, for sixteen digits.
const FOURS: &[u8] = &[4, 8, 12];
/// Groups of four, for up to nineteen digits.
const LONG_FOURS: &[u8] = &[4, 8, 12, 16];
/// Four, six and the rest.
const FOUR_SIX: &[u8] = &[4, 10];

/// Brands that share cards: one number, two logos. Everywhere else the longer range is right.
///
/// Sources: Groupement des Cartes Bancaires CB (every CB card is co-badged); Wikipedia (Dankort `4571`; UnionPay with Discover
/// 622126 to 622925); Adyen (Bancontact with Maestro and Visa).
pub(super) const PAIRS: &[(Brand, Brand)] = &[
    (Brand::CartesBancaires, Brand::Visa),
    (Brand::CartesBancaires, Brand::Mastercard),
    (Brand::CartesBancaires, Brand::Maestro),
    (Brand::Dankort, Brand::Visa),
    (Brand::Bancontact, Brand::Visa),
    (Brand::Bancontact, Brand::Maestro),
    (Brand::UnionPay, Brand::Discover),
];

/// The row of a brand.
pub(super) const fn row(brand: Brand) -> &'static Row {
    match brand {
        Brand::Visa => &VISA,
        Brand::Mastercard => &MASTERCARD,
        Brand::Amex => &AMEX,
        Brand::UnionPay => &UNION_PAY,
        Brand::Discover => &DISCOVER,
        Brand::Diners => &DINERS,
        Brand::Jcb => &JCB,
        Brand::Maestro => &MAESTRO,
        Brand::Uatp => &UATP,
        Brand::Mir => &MIR,
        Brand::Elo => &ELO_ROW,
        Brand::Hiper => &HIPER,
        Brand::Hipercard => &HIPERCARD,
        Brand::Troy => &TROY_ROW,
        Brand::Verve => &VERVE,
        Brand::RuPay => &RUPAY,
        Brand::Naranja => &NARANJA,
        Brand::Dankort => &DANKORT,
        Brand::CartesBancaires => &CARTES_BANCAIRES_ROW,
        Brand::Bancontact => &BANCONTACT,
    }
}

// Range, lengths 13, 16 and 19: Wikipedia, Adyen; length 18 and code: Braintree.
static VISA: Row = Row {
    label: "Visa",
    ranges: &[prefix(4)],
    lengths: &[13, 16, 18, 19],
    gaps: LONG_FOURS,
    code: code("CVV", 3),
    luhn: true,
};

// Both ranges and the length: Mastercard, "2-Series BIN Expansion" (2221 to 2720) and Wikipedia; code: Braintree.
static MASTERCARD: Row = Row {
    label: "Mastercard",
    ranges: &[range(51, 55), range(2221, 2720)],
    lengths: &[16],
    gaps: FOURS,
    code: code("CVC", 3),
    luhn: true,
};

// Ranges and length: Wikipedia, Braintree; gaps and code: Braintree.
static AMEX: Row = Row {
    label: "American Express",
    ranges: &[prefix(34), prefix(37)],
    lengths: &[15],
    gaps: FOUR_SIX,
    code: code("CID", 4),
    luhn: true,
};

// Range 62 and lengths: Wikipedia; range 81 and code: Braintree, Adyen. 817200 to 819899 is RuPay's. No check digit: Braintree's
// card-validator, README, "luhnValidateUnionPay": off, because issued numbers exist that fail.
static UNION_PAY: Row = Row {
    label: "UnionPay",
    ranges: &[prefix(62), range(810, 817)],
    lengths: &[16, 17, 18, 19],
    gaps: LONG_FOURS,
    code: code("CVN", 3),
    luhn: false,
};

// Ranges and lengths: Wikipedia, the range in 62 shared with UnionPay; code: Braintree.
static DISCOVER: Row = Row {
    label: "Discover",
    ranges: &[prefix(6011), range(644, 649), prefix(65), range(622_126, 622_925)],
    lengths: &[16, 17, 18, 19],
    gaps: LONG_FOURS,
    code: code("CID", 3),
    luhn: true,
};

// Ranges and lengths: Wikipedia (30, 36, 38, 39; 14 to 19 digits); gaps and code: Braintree.
static DINERS: Row = Row {
    label: "Diners Club",
    ranges: &[prefix(30), prefix(36), range(38, 39)],
    lengths: &[14, 15, 16, 17, 18, 19],
    gaps: FOUR_SIX,
    code: code("CVV", 3),
    luhn: true,
};

// Range and lengths: Wikipedia; code: Adyen ("CAV").
static JCB: Row = Row {
    label: "JCB",
    ranges: &[range(3528, 3589)],
    lengths: &[16, 17, 18, 19],
    gaps: LONG_FOURS,
    code: code("CAV", 3),
    luhn: true,
};

// Ranges: Mastercard's (500000 to 509999, 560000 to 589999, 600000 to 699999), of which other brands' longer ranges are cut out; the
// lengths: Wikipedia; code: Braintree, optional: Adyen.
static MAESTRO: Row = Row {
    label: "Maestro",
    ranges: &[prefix(50), range(56, 58), prefix(6)],
    lengths: &[12, 13, 14, 15, 16, 17, 18, 19],
    gaps: LONG_FOURS,
    code: optional_code("CVC", 3),
    luhn: true,
};

// Range and length: Wikipedia; optional code: Adyen; gaps: the shape that UATP's test numbers are printed in.
static UATP: Row = Row {
    label: "UATP",
    ranges: &[prefix(1)],
    lengths: &[15],
    gaps: &[4, 9],
    code: optional_code("CVC", 3),
    luhn: true,
};

// Range and lengths: Wikipedia; code: Braintree. Cards that Mir shares with JCB, Maestro or UnionPay carry the other brand's number.
static MIR: Row = Row {
    label: "Mir",
    ranges: &[range(2200, 2204)],
    lengths: &[16, 17, 18, 19],
    gaps: LONG_FOURS,
    code: code("CVP2", 3),
    luhn: true,
};

// Length and code: Braintree; ranges: see there.
static ELO_ROW: Row = Row {
    label: "Elo",
    ranges: ELO,
    lengths: &[16],
    gaps: FOURS,
    code: code("CVE", 3),
    luhn: true,
};

// Braintree.
static HIPER: Row = Row {
    label: "Hiper",
    ranges: &[
        prefix(637_095),
        prefix(63_737_423),
        prefix(63_743_358),
        prefix(637_568),
        prefix(637_599),
        prefix(637_609),
        prefix(637_612),
    ],
    lengths: &[16],
    gaps: FOURS,
    code: code("CVC", 3),
    luhn: true,
};

// Braintree, Adyen.
static HIPERCARD: Row = Row {
    label: "Hipercard",
    ranges: &[prefix(606_282)],
    lengths: &[16],
    gaps: FOURS,
    code: code("CVC", 3),
    luhn: true,
};

// Length and code: Braintree; ranges: see there.
static TROY_ROW: Row = Row {
    label: "Troy",
    ranges: TROY,
    lengths: &[16],
    gaps: FOURS,
    code: code("CVV", 3),
    luhn: true,
};

// Ranges: Wikipedia; lengths and code: Braintree. The range in 65 is leased from Discover.
static VERVE: Row = Row {
    label: "Verve",
    ranges: &[range(506_099, 506_198), range(507_865, 507_964), range(650_002, 650_027)],
    lengths: &[16, 18, 19],
    gaps: LONG_FOURS,
    code: code("CVV", 3),
    luhn: true,
};

// Ranges: National Payments Corporation of India, RuPay BIN ranges, as Hyperswitch's web client (open source) has them; length:
// Wikipedia. The range in 65 is leased from Discover.
static RUPAY: Row = Row {
    label: "RuPay",
    ranges: &[
        range(508_500, 508_999),
        range(606_985, 607_984),
        range(608_001, 608_500),
        range(652_150, 653_149),
        range(817_200, 819_899),
    ],
    lengths: &[16],
    gaps: FOURS,
    code: code("CVV", 3),
    luhn: true,
};

// Braintree.
static NARANJA: Row = Row {
    label: "Naranja",
    ranges: &[prefix(402_918), prefix(527_572), prefix(589_562)],
    lengths: &[16],
    gaps: FOURS,
    code: code("CVV", 3),
    luhn: true,
};

// Wikipedia, Adyen ("dankort" 5019, "visadankort" 4571).
static DANKORT: Row = Row {
    label: "Dankort",
    ranges: &[prefix(5019), prefix(4571)],
    lengths: &[16],
    gaps: FOURS,
    code: code("CVV", 3),
    luhn: true,
};

// Length: Adyen; ranges: see there.
static CARTES_BANCAIRES_ROW: Row = Row {
    label: "Cartes Bancaires",
    ranges: CARTES_BANCAIRES,
    lengths: &[16],
    gaps: FOURS,
    code: code("CVV", 3),
    luhn: true,
};

// Adyen ("bcmc"): ranges, lengths, and that most cards carry no code.
static BANCONTACT: Row = Row {
    label: "Bancontact",
    ranges: &[prefix(6703), prefix(479_658), prefix(606_005)],
    lengths: &[16, 17, 18, 19],
    gaps: LONG_FOURS,
    code: optional_code("CVC", 3),
    luhn: true,
};

#[cfg(test)]
mod tests {
    use super::super::detect::{Brands, Head};
    use super::*;

    /// The first and last number of each range, in sixteen digits.
    fn ends() -> impl Iterator<Item = (Brand, Range, String)> {
        Brand::ALL.into_iter().flat_map(|brand| {
            row(brand).ranges.iter().flat_map(move |range| {
                [
                    (brand, *range, format!("{:0<16}", range.low)),
                    (brand, *range, format!("{:9<16}", range.high)),
                ]
            })
        })
    }

    fn brands(digits: &str) -> Brands {
        Head::read(digits).unwrap().brands_of_any_len()
    }

    #[test]
    fn every_range_goes_up_and_has_ends_of_one_length() {
        for (brand, range, _) in ends() {
            assert!(range.low <= range.high, "{brand} {}", range.low);
            assert_eq!(range.low.to_string().len(), usize::from(range.digits), "{brand}");
            assert_eq!(range.high.to_string().len(), usize::from(range.digits), "{brand}");
            assert!(range.digits <= 8, "{brand}");
        }
    }

    #[test]
    fn every_ranges_numbers_are_its_brands_unless_a_longer_range_of_another_claims_them() {
        for (brand, range, digits) in ends() {
            let claimed_by_longer = Brand::ALL.into_iter().any(|rival| {
                let claims =
                    |other: &Range| other.digits > range.digits && digits.starts_with_any(other);
                rival != brand
                    && !brand.is_paired_with(rival)
                    && row(rival).ranges.iter().any(claims)
            });
            assert_eq!(brands(&digits).contains(brand), !claimed_by_longer, "{brand} {digits}");
        }
    }

    #[test]
    fn no_two_brands_share_a_number_but_declared_pairs() {
        for (_, _, digits) in ends() {
            let found = brands(&digits);
            assert!(!found.is_empty(), "{digits}");
            for one in found {
                for other in found {
                    assert!(one == other || one.is_paired_with(other), "{digits}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn the_numbers_just_outside_a_range_are_not_in_it() {
        for (brand, range, _) in ends() {
            for outside in [range.low - 1, range.high + 1] {
                let in_another =
                    row(brand).ranges.iter().any(|other| other.covers(outside, range.digits));
                let head = Head::read(&format!("{outside:0<16}")).unwrap();
                if outside.to_string().len() == usize::from(range.digits) && !in_another {
                    assert!(!head.brands_of_any_len().contains(brand), "{brand} {outside}");
                }
            }
        }
    }

    trait StartsWith {
        fn starts_with_any(&self, range: &Range) -> bool;
    }

    impl StartsWith for String {
        fn starts_with_any(&self, range: &Range) -> bool {
            let head: u32 = self[..usize::from(range.digits)].parse().unwrap();
            (range.low..=range.high).contains(&head)
        }
    }

    impl Range {
        /// Whether some number that starts with these digits lies in the range.
        fn covers(&self, digits: u32, count: u8) -> bool {
            let first = format!("{digits:0<8}").parse::<u32>().unwrap();
            let last = first + 10_u32.pow(8 - u32::from(count)) - 1;
            let unit = 10_u32.pow(8 - u32::from(self.digits));
            self.low * unit <= last && first < (self.high + 1) * unit
        }
    }
}
