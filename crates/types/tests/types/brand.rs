//! The brand table answers as published test numbers say.

use std::collections::HashSet;

use farthing_types::brand::{Brands, group_digits};
use farthing_types::{Brand, Pan};
use proptest::prelude::*;

use Brand::{
    Amex, Bancontact, CartesBancaires, Dankort, Diners, Discover, Elo, Hiper, Hipercard, Jcb,
    Maestro, Mastercard, Mir, Naranja, RuPay, Troy, Uatp, UnionPay, Verve, Visa,
};

/// Test numbers that gateways and schemes publish, with their brands in order.
const PUBLISHED: &[(&str, &[Brand])] = &[
    // SmartCore, test cards.
    ("4012000000003010", &[Visa]),
    ("4003830171874018", &[Visa]),
    // PayPal, Stripe, PAYONE: 13, 16 and 19 digits.
    ("4222222222222", &[Visa]),
    ("4242424242424242", &[Visa]),
    ("4111141011111111116", &[Visa]),
    // Adyen, Braintree, PAYONE: both ranges, and both ends of the second.
    ("5555341244441115", &[Mastercard]),
    ("5105105105105100", &[Mastercard]),
    ("2222400070000005", &[Mastercard]),
    ("2223000048400011", &[Mastercard]),
    ("2720990000000015", &[Mastercard]),
    ("378282246310005", &[Amex]),
    ("370000000000002", &[Amex]),
    ("340000000000009", &[Amex]),
    ("6011111111111117", &[Discover]),
    ("6445644564456445", &[Discover]),
    ("30569309025904", &[Diners]),
    ("36006666333344", &[Diners]),
    ("38520000023237", &[Diners]),
    ("3056930009020004", &[Diners]),
    ("3530111333300000", &[Jcb]),
    ("3569990010095841", &[Jcb]),
    ("6243030000000001", &[UnionPay]),
    ("6250947000000014", &[UnionPay]),
    ("6205500000000000004", &[UnionPay]),
    ("8171999927660000", &[UnionPay]),
    ("6221261111117766", &[UnionPay, Discover]),
    ("6771798021000008", &[Maestro]),
    ("6759649826438453", &[Maestro]),
    ("630490017740292441", &[Maestro]),
    ("50339619890917", &[Maestro]),
    ("135410014004955", &[Uatp]),
    // YooKassa.
    ("2202474301322987", &[Mir]),
    ("2200000000000004", &[Mir]),
    ("5066991111111118", &[Elo]),
    // Braintree.
    ("6370950000000005", &[Hiper]),
    ("6062820524845321", &[Hipercard]),
    ("6062828888666688", &[Hipercard]),
    // PayTR.
    ("9792030394440796", &[Troy]),
    // Flutterwave, Paystack.
    ("5061460410120223210", &[Verve]),
    ("6073849700004947", &[RuPay]),
    ("5895626746595650", &[Naranja]),
    ("5019555544445555", &[Dankort]),
    ("5019717010103742", &[Dankort]),
    ("4571000000000001", &[Visa, Dankort]),
    ("4035501000000008", &[Visa, CartesBancaires]),
    ("4360000001000005", &[Visa, CartesBancaires]),
    ("4977949494949497", &[Visa, CartesBancaires]),
    ("6703444444444449", &[Maestro, Bancontact]),
];

#[test]
fn published_test_numbers_have_their_brands() {
    for (number, brands) in PUBLISHED {
        let pan = Pan::parse(number).unwrap_or_else(|error| panic!("{number}: {error}"));
        assert_eq!(Brand::all_of(&pan).iter().collect::<Vec<_>>(), *brands, "{number}");
        assert_eq!(Brand::of(&pan), Some(brands[0]), "{number}");
    }
}

#[test]
fn the_published_numbers_leave_no_brand_out() {
    let seen: HashSet<Brand> =
        PUBLISHED.iter().flat_map(|(_, brands)| brands.iter().copied()).collect();
    assert_eq!(seen.len(), Brand::ALL.len());
}

#[test]
fn every_beginning_of_a_number_still_allows_its_brands() {
    for (number, brands) in PUBLISHED {
        for end in 0..=number.len() {
            let possible = Brand::possible(&number[..end]);
            assert!(
                brands.iter().all(|brand| possible.contains(*brand)),
                "{number} up to {end}: {possible:?}"
            );
        }
    }
}

#[test]
fn a_partial_number_yields_every_brand_still_possible() {
    for (typed, brands) in [
        ("1", &[Uatp][..]),
        ("2", &[Mastercard, Mir]),
        ("22", &[Mastercard, Mir]),
        ("220", &[Mir]),
        ("222", &[Mastercard]),
        ("2220", &[]),
        ("2221", &[Mastercard]),
        ("2720", &[Mastercard]),
        ("2721", &[]),
        ("3", &[Amex, Diners, Jcb]),
        ("35", &[Jcb]),
        ("3527", &[]),
        ("3528", &[Jcb]),
        ("37", &[Amex]),
        ("4", &[Visa, Elo, Naranja, Dankort, CartesBancaires, Bancontact]),
        ("4571", &[Visa, Dankort]),
        ("45717", &[Visa, Dankort]),
        ("403550", &[Visa, CartesBancaires]),
        ("411111", &[Visa]),
        ("401178", &[Elo]),
        ("50", &[Maestro, Elo, Verve, RuPay, Dankort, CartesBancaires]),
        ("5019", &[Dankort]),
        ("51", &[Mastercard, CartesBancaires]),
        ("60", &[Discover, Maestro, Hipercard, RuPay, Bancontact]),
        ("6011", &[Discover]),
        ("606282", &[Hipercard]),
        ("62", &[UnionPay, Discover, Elo]),
        ("622126", &[UnionPay, Discover]),
        ("622125", &[UnionPay]),
        ("622926", &[UnionPay]),
        ("65", &[Discover, Elo, Troy, Verve, RuPay]),
        ("650031", &[Elo]),
        ("650052", &[Troy]),
        ("650010", &[Verve]),
        ("65990000", &[Discover]),
        ("6703", &[Maestro, Bancontact]),
        ("67", &[Maestro, Bancontact]),
        ("81", &[UnionPay, RuPay]),
        ("9792", &[Troy]),
        ("7", &[]),
        ("4a", &[]),
    ] {
        assert_eq!(Brand::possible(typed).iter().collect::<Vec<_>>(), brands, "{typed:?}");
    }
    assert_eq!(Brand::possible("").len(), Brand::ALL.len());
    assert_eq!(Brand::possible("۶۰ ۱۱").single(), Some(Discover));
}

#[test]
fn a_number_too_long_for_a_brand_is_not_of_it() {
    assert_eq!(Brand::possible("3782822463100050").iter().count(), 0);
    assert_eq!(Brand::possible("4571000000000001").iter().collect::<Vec<_>>(), [Visa, Dankort]);
    assert_eq!(Brand::possible("45710000000000010").single(), Some(Visa));
}

#[test]
fn names_are_stable_and_read_back() {
    let names: Vec<_> = Brand::ALL.iter().map(|brand| brand.name()).collect();
    assert_eq!(
        names,
        [
            "visa",
            "mastercard",
            "amex",
            "unionpay",
            "discover",
            "diners",
            "jcb",
            "maestro",
            "uatp",
            "mir",
            "elo",
            "hiper",
            "hipercard",
            "troy",
            "verve",
            "rupay",
            "naranja",
            "dankort",
            "cartes_bancaires",
            "bancontact",
        ]
    );
    for brand in Brand::ALL {
        assert_eq!(brand.name().parse::<Brand>().unwrap(), brand);
        assert_eq!(serde_json::to_value(brand).unwrap(), brand.name());
        assert_eq!(serde_json::from_value::<Brand>(brand.name().into()).unwrap(), brand);
    }
    assert!("Visa".parse::<Brand>().is_err());
}

#[test]
fn every_row_is_complete_and_in_order() {
    assert!(Brand::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    for brand in Brand::ALL {
        assert!(!brand.label().is_empty());
        let ascending = |numbers: &[u8]| numbers.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(ascending(brand.lengths()) && ascending(brand.gaps()), "{brand}");
        let lengths = brand.lengths();
        assert!(
            lengths.iter().all(|len| (Pan::MIN_LEN..=Pan::MAX_LEN).contains(&usize::from(*len))),
            "{brand}"
        );
        assert!(brand.gaps().last() < lengths.last(), "{brand}");
        assert!(matches!(brand.code().len, 3 | 4) && brand.code().name.starts_with('C'), "{brand}");
        assert!(!brand.is_paired_with(brand), "{brand}");
    }
}

#[test]
fn codes_are_called_what_the_brands_call_them() {
    for (brand, name, len, required) in [
        (Visa, "CVV", 3, true),
        (Mastercard, "CVC", 3, true),
        (Amex, "CID", 4, true),
        (Discover, "CID", 3, true),
        (UnionPay, "CVN", 3, true),
        (Jcb, "CAV", 3, true),
        (Elo, "CVE", 3, true),
        (Mir, "CVP2", 3, true),
        (Maestro, "CVC", 3, false),
        (Bancontact, "CVC", 3, false),
        (Uatp, "CVC", 3, false),
    ] {
        let code = brand.code();
        assert_eq!((code.name, code.len, code.required), (name, len, required), "{brand}");
    }
}

#[test]
fn co_badges_lose_to_the_international_brand_and_keep_their_place_beside_it() {
    for (national, international) in [
        (CartesBancaires, Visa),
        (CartesBancaires, Mastercard),
        (Dankort, Visa),
        (Bancontact, Maestro),
    ] {
        assert!(national.is_paired_with(international) && international.is_paired_with(national));
        assert!(international < national);
    }
    assert!(!Visa.is_paired_with(Mastercard));
}

#[test]
fn digits_are_grouped_as_on_the_card() {
    for (digits, brand, shown) in [
        ("", Some(Visa), ""),
        ("4111", Some(Visa), "4111"),
        ("41111", Some(Visa), "4111 1"),
        ("4111111111111111", Some(Visa), "4111 1111 1111 1111"),
        ("4111141011111111116", Some(Visa), "4111 1410 1111 1111 116"),
        ("378282246310005", Some(Amex), "3782 822463 10005"),
        ("36006666333344", Some(Diners), "3600 666633 3344"),
        ("135410014004955", Some(Uatp), "1354 10014 004955"),
        ("9999 9999-9999\u{a0}9999 999", None, "9999 9999 9999 9999 999"),
        ("۴۱۱۱۱", None, "4111 1"),
    ] {
        assert_eq!(group_digits(digits, brand).as_str(), shown);
    }
    assert_eq!(group_digits("378282246310005", Amex).as_str(), "3782 822463 10005");
}

#[test]
fn a_set_of_brands_says_what_is_in_it() {
    let set: Brands = [Dankort, Visa].into_iter().collect();
    assert_eq!((set.len(), set.is_empty(), set.single()), (2, false, None));
    assert!(set.contains(Visa) && !set.contains(Amex));
    assert_eq!(format!("{set:?}"), "{Visa, Dankort}");
    assert!(
        Brands::NONE.is_empty()
            && Brands::NONE.is_subset_of(set)
            && !set.is_subset_of(Brands::NONE)
    );
}

fn any_brand() -> impl Strategy<Value = Option<Brand>> {
    prop::option::of(prop::sample::select(Brand::ALL.to_vec()))
}

/// Numbers that begin like a published one as often as like none.
fn any_digits() -> impl Strategy<Value = String> {
    let beginnings = PUBLISHED.iter().map(|(number, _)| &number[..6]).collect::<Vec<_>>();
    prop_oneof![
        "[0-9]{0,22}",
        (prop::sample::select(beginnings), "[0-9]{0,13}")
            .prop_map(|(head, rest)| head.to_owned() + &rest)
    ]
}

proptest! {
    #[test]
    fn more_digits_only_narrow_the_brands(digits in any_digits()) {
        for end in 0..digits.len() {
            let (fewer, more) = (Brand::possible(&digits[..end]), Brand::possible(&digits[..=end]));
            prop_assert!(more.is_subset_of(fewer), "{} up to {}: {:?} then {:?}", digits, end, fewer, more);
        }
    }

    #[test]
    fn a_complete_number_has_no_brand_that_was_not_possible_before(digits in any_digits()) {
        if let Ok(pan) = Pan::parse(&digits) {
            let brands = Brand::all_of(&pan);
            prop_assert!(brands.is_subset_of(Brand::possible(&digits)));
            prop_assert_eq!(Brand::of(&pan), brands.iter().next());
            prop_assert_eq!(brands.is_empty(), Brand::possible(&digits).is_empty());
        }
    }

    #[test]
    fn only_declared_pairs_share_a_complete_number(digits in any_digits()) {
        if let Ok(pan) = Pan::parse(&digits) {
            let brands = Brand::all_of(&pan);
            for one in brands {
                for other in brands {
                    prop_assert!(one == other || one.is_paired_with(other), "{}: {:?}", &digits[..6], brands);
                }
            }
        }
    }

    #[test]
    fn grouping_never_loses_adds_or_reorders_a_digit(digits in "[0-9]{0,30}", brand in any_brand()) {
        let grouped = group_digits(&digits, brand);
        prop_assert_eq!(grouped.replace(' ', ""), digits);
        prop_assert!(!grouped.starts_with(' ') && !grouped.ends_with(' ') && !grouped.contains("  "));
        // What was grouped once is grouped the same again.
        let again = group_digits(&grouped, brand);
        prop_assert_eq!(again.as_str(), grouped.as_str());
    }

    #[test]
    fn no_text_makes_detection_or_grouping_panic(text in any::<String>(), brand in any_brand()) {
        let _ = Brand::possible(&text);
        let grouped = group_digits(&text, brand);
        prop_assert!(grouped.chars().all(|c| c.is_ascii_digit() || c == ' '));
    }

    #[test]
    fn a_growing_text_leaves_no_copy_because_it_never_grows(digits in "[0-9]{0,30}", brand in any_brand()) {
        let gaps = brand.map_or(4, |brand| brand.gaps().len());
        prop_assert!(group_digits(&digits, brand).capacity() <= digits.len() + gaps);
    }
}

#[test]
fn the_page_has_a_mark_for_every_brand_by_its_stable_name_and_one_for_none() {
    let marks = include_str!("../../../../www/icons/brands.svg");
    for name in Brand::ALL.map(Brand::name).into_iter().chain(["unknown"]) {
        assert!(marks.contains(&format!("<view id=\"{name}\"")), "{name}");
    }
    assert_eq!(marks.matches("<view ").count(), Brand::ALL.len() + 1);
    // A style would need the page's nonce, and nothing is loaded from elsewhere.
    for kept_out in ["<style", " style=", "<script", "url(http", "href=\"http"] {
        assert!(!marks.contains(kept_out), "{kept_out}");
    }
}
