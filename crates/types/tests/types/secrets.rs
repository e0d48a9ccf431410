//! Secrets cannot be printed, copied, compared or serialised by accident, and are wiped.

use std::fmt::{Display, LowerHex};
use std::hash::Hash;

use farthing_types::card::HolderName;
use farthing_types::{Card, Customer, CustomerField, Expiry, Pan, SecurityCode};
use serde::de::DeserializeOwned;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use zeroize::{Zeroize, ZeroizeOnDrop};

assert_not_impl_any!(Pan: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(SecurityCode: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(Expiry: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(HolderName: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(Card: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned);
assert_not_impl_any!(Customer: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned);
assert_impl_all!(Pan: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(SecurityCode: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(Expiry: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(HolderName: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(Customer: ZeroizeOnDrop, Send, Sync);

fn card() -> Card {
    Card {
        pan: Pan::parse("4111111111111111").unwrap(),
        expiry: Expiry::parse("12/27").unwrap(),
        security_code: Some(SecurityCode::parse("123").unwrap()),
        holder: HolderName::parse("Ann Example").unwrap(),
    }
}

#[test]
fn debug_of_a_card_shows_nothing_of_it() {
    let shown = "Card { pan: Pan(..), expiry: Expiry(..), security_code: Some(SecurityCode(..)), holder: HolderName(..) }";
    assert_eq!(format!("{:?}", card()), shown);
    let pretty = format!("{:#?}", card());
    assert!(!pretty.contains(|c: char| c.is_ascii_digit()) && !pretty.contains("Ann"), "{pretty}");
}

#[test]
fn debug_of_a_customer_shows_nothing_of_them() {
    let mut customer = Customer::default();
    customer.set(CustomerField::Email, "ann@example.com").unwrap();
    assert_eq!(format!("{customer:?}"), "Customer(..)");
    assert_eq!(format!("{customer:#?}"), "Customer(..)");
}

#[test]
fn wiping_leaves_nothing_to_read() {
    let Card { mut pan, mut expiry, security_code, mut holder } = card();
    let mut code = security_code.unwrap();
    pan.zeroize();
    expiry.zeroize();
    code.zeroize();
    holder.zeroize();
    assert_eq!(pan.expose_digits(), "");
    assert_eq!(pan.last4().as_str(), "0000");
    assert_eq!((expiry.expose_year(), expiry.expose_month()), (0, 0));
    assert_eq!(code.expose_digits(), "");
    assert!(holder.expose().chars().all(|c| c == '\0'));

    let mut customer = Customer::default();
    customer.set(CustomerField::City, "Berlin").unwrap();
    customer.zeroize();
    assert!(customer.is_empty());
}
