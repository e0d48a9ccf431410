//! What is wrong with one field: the rules and the sentences that the server has too.

use farthing_types::card::HolderName;
use farthing_types::checkout::Field;
use farthing_types::{Brand, Customer, Expiry, Pan, SecurityCode};

use crate::errors;

/// A month of the shopper's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) year: u16,
    /// 1 to 12.
    pub(super) month: u8,
}

impl Month {
    /// Of the browser's clock.
    pub(super) fn now() -> Self {
        let date = js_sys::Date::new_0();
        Self {
            year: u16::try_from(date.get_full_year()).unwrap_or(u16::MAX),
            month: u8::try_from(date.get_month() + 1).unwrap_or(1),
        }
    }
}

/// What is wrong with what stands in a field, or nothing. `brand` is the card's, as far as it is known.
pub(super) fn check(field: Field, typed: &str, brand: Option<Brand>, now: Month) -> Option<String> {
    match field {
        Field::CardNumber => Pan::parse(typed).err().map(errors::card_number).map(str::to_owned),
        Field::CardExpiry => Expiry::parse(typed)
            .and_then(|expiry| expiry.check(now.year, now.month))
            .err()
            .map(errors::card_expiry)
            .map(str::to_owned),
        Field::CardCode => SecurityCode::parse(typed)
            .and_then(|code| brand.map_or(Ok(()), |brand| code.check_for(brand)))
            .err()
            .map(|error| errors::card_code(error, brand)),
        Field::CardHolder => {
            HolderName::parse(typed).err().map(errors::card_holder).map(str::to_owned)
        }
        Field::Customer(field) => {
            Customer::default().set(field, typed).err().map(|error| errors::customer(field, error))
        }
        Field::Form => None,
    }
}

/// The brand of a number that may not be complete: known as soon as all brands that are left share their cards, as Visa and
/// Cartes Bancaires do. The first of them is the international one.
pub(super) fn brand_of(typed: &str) -> Option<Brand> {
    let possible = Brand::possible(typed);
    let first = possible.iter().next()?;
    possible.iter().all(|other| other == first || other.is_paired_with(first)).then_some(first)
}
