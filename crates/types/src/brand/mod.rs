//! Card brands as data: what a number's first digits tell.
//!
//! The table says which brand a number can belong to; it does not say that the card exists. Issuers' ranges move and some schemes
//! publish none, so an unknown brand is no reason to refuse a card, and a known one is no promise.

mod detect;
mod ranges;
mod table;

pub use crate::format::group_digits;
pub use detect::{Brands, Iter};

pub(crate) use detect::Head;

use crate::named::named;
use table::Row;

/// A card brand. International brands come first: see [`Brand::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Brand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    Amex,
    /// China UnionPay.
    UnionPay,
    /// Discover.
    Discover,
    /// Diners Club International.
    Diners,
    /// JCB.
    Jcb,
    /// Maestro.
    Maestro,
    /// Universal Air Travel Plan.
    Uatp,
    /// Mir, Russia.
    Mir,
    /// Elo, Brazil.
    Elo,
    /// Hiper, Brazil.
    Hiper,
    /// Hipercard, Brazil.
    Hipercard,
    /// Troy, Türkiye.
    Troy,
    /// Verve, Nigeria.
    Verve,
    /// RuPay, India.
    RuPay,
    /// Naranja, Argentina.
    Naranja,
    /// Dankort, Denmark; with Visa on `4571`.
    Dankort,
    /// Cartes Bancaires, France; with Visa, Mastercard or Maestro on every card.
    CartesBancaires,
    /// Bancontact, Belgium; with Visa or Maestro.
    Bancontact,
}

named! {
    /// The text is not the name of a brand in the table.
    Brand, UnknownBrand, "must be the name of a card brand":
    Visa => "visa",
    Mastercard => "mastercard",
    Amex => "amex",
    UnionPay => "unionpay",
    Discover => "discover",
    Diners => "diners",
    Jcb => "jcb",
    Maestro => "maestro",
    Uatp => "uatp",
    Mir => "mir",
    Elo => "elo",
    Hiper => "hiper",
    Hipercard => "hipercard",
    Troy => "troy",
    Verve => "verve",
    RuPay => "rupay",
    Naranja => "naranja",
    Dankort => "dankort",
    CartesBancaires => "cartes_bancaires",
    Bancontact => "bancontact",
}

/// The security code of a brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// What the brand calls it: `CVV`, `CVC`, `CID` and so on.
    pub name: &'static str,
    /// How many digits it has.
    pub len: u8,
    /// False where cards of the brand exist that carry none.
    pub required: bool,
}

impl Brand {
    /// Every brand of the table, international ones first.
    pub const ALL: [Self; 20] = [
        Self::Visa,
        Self::Mastercard,
        Self::Amex,
        Self::UnionPay,
        Self::Discover,
        Self::Diners,
        Self::Jcb,
        Self::Maestro,
        Self::Uatp,
        Self::Mir,
        Self::Elo,
        Self::Hiper,
        Self::Hipercard,
        Self::Troy,
        Self::Verve,
        Self::RuPay,
        Self::Naranja,
        Self::Dankort,
        Self::CartesBancaires,
        Self::Bancontact,
    ];

    /// The one brand of a complete number, the national co-badge first lost to the international one; `None` if unknown.
    pub fn of(pan: &crate::Pan) -> Option<Self> {
        Self::all_of(pan).iter().next()
    }

    /// Every brand of a complete number: two or more for a co-badged card, none if unknown.
    pub fn all_of(pan: &crate::Pan) -> Brands {
        Head::of(pan).brands().with_len(pan.expose_digits().len())
    }

    /// Every brand that a number can still have of which only the first digits are typed; separators are skipped.
    ///
    /// All brands for an empty text, none for a text with something other than digits. More digits only narrow the set. It says
    /// nothing about the check digit: see [`crate::Pan::progress`].
    pub fn possible(typed: &str) -> Brands {
        Head::read(typed).map_or(Brands::NONE, Head::brands)
    }

    /// The brands between which the shopper may choose, once eight digits are typed; none where there is no choice.
    ///
    /// A co-badged card carries a national brand and an international one, and whoever pays decides which of them is used (Regulation
    /// (EU) 2015/751, article 8). UnionPay's numbers that Discover's network takes carry one logo: no choice.
    pub fn choices(typed: &str) -> Brands {
        let Some(head) = Head::read(typed) else { return Brands::NONE };
        let brands = head.brands();
        let national = brands.contains(Self::Dankort)
            || brands.contains(Self::CartesBancaires)
            || brands.contains(Self::Bancontact);
        if head.digits() >= usize::from(Head::MAX) && national && brands.len() > 1 {
            brands
        } else {
            Brands::NONE
        }
    }

    /// The name that people know.
    pub const fn label(self) -> &'static str {
        self.row().label
    }

    /// The security code: its name, length, and whether every card has one.
    pub const fn code(self) -> Code {
        self.row().code
    }

    /// After how many digits a space belongs, ascending: `[4, 10]` shows `3700 000000 00002`.
    pub const fn gaps(self) -> &'static [u8] {
        self.row().gaps
    }

    /// How many digits a number can have, ascending.
    pub const fn lengths(self) -> &'static [u8] {
        self.row().lengths
    }

    /// Whether every number ends with the check digit of ISO/IEC 7812-1, annex B.
    pub const fn has_check_digit(self) -> bool {
        self.row().luhn
    }

    /// Whether a card can carry both brands under one number.
    pub fn is_paired_with(self, other: Self) -> bool {
        table::PAIRS.iter().any(|pair| *pair == (self, other) || *pair == (other, self))
    }

    const fn row(self) -> &'static Row {
        table::row(self)
    }
}
