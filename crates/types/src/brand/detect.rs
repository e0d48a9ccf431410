//! From digits to brands.

use std::fmt;

use super::Brand;
use super::table::{self, Range};
use crate::digits::{self, Typed};

/// The first digits of a number and how many there are in all.
///
/// At most eight digits are kept, the longest issuer identification number (ISO/IEC 7812-1): what may be stored of a number anyway
/// (PCI DSS 4.0.1, 3.4.1).
#[derive(Clone, Copy)]
pub(crate) struct Head {
    value: u32,
    known: u8,
    len: usize,
}

impl Head {
    /// Digits of which the table's longest range is made.
    pub(crate) const MAX: u8 = 8;

    const fn new() -> Self {
        Self { value: 0, known: 0, len: 0 }
    }

    fn push(&mut self, digit: u8) {
        if self.known < Self::MAX {
            self.value = self.value * 10 + u32::from(digit);
            self.known += 1;
        }
        self.len += 1;
    }

    /// Of a complete number.
    pub(crate) fn of(pan: &crate::Pan) -> Self {
        let mut head = Self::new();
        for byte in pan.expose_digits().bytes() {
            head.push(byte.wrapping_sub(b'0'));
        }
        head
    }

    /// Of what is typed so far; `None` if it holds something other than digits and separators.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        let mut head = Self::new();
        for c in typed.chars() {
            match digits::read(c) {
                Typed::Digit(digit) => head.push(digit),
                Typed::Separator => {}
                Typed::Other => return None,
            }
        }
        Some(head)
    }

    /// Of the digits in a text, whatever else stands between them.
    pub(crate) fn of_digits_in(text: &str) -> Self {
        let mut head = Self::new();
        for c in text.chars() {
            if let Typed::Digit(digit) = digits::read(c) {
                head.push(digit);
            }
        }
        head
    }

    /// How many digits there are in all.
    pub(crate) const fn digits(self) -> usize {
        self.len
    }

    /// The first `digits` digits as a number; `digits` is at most what is known.
    const fn first(self, digits: u8) -> u32 {
        self.value / power_of_ten(self.known.saturating_sub(digits))
    }

    /// The brands that the digits allow and that are not too short for them.
    ///
    /// Where ranges lie inside one another the longer one is right: `6` is Maestro, but `6011` is Discover. So a brand is out once the
    /// digits are inside a longer range of a brand that it does not share cards with.
    pub(crate) fn brands(self) -> Brands {
        let mut brands = self.brands_of_any_len();
        for brand in brands {
            let longest = brand.lengths().last().copied().unwrap_or_default();
            if self.len > usize::from(longest) {
                brands.remove(brand);
            }
        }
        brands
    }

    /// The same without regard to how many digits there are.
    pub(crate) fn brands_of_any_len(self) -> Brands {
        let held = Brand::ALL.map(|brand| {
            let ranges = table::row(brand).ranges.iter().filter(|range| range.holds(self));
            (brand, ranges.map(|range| range.digits).max().unwrap_or_default())
        });
        let mut brands = Brands::NONE;
        for brand in Brand::ALL {
            let rivals =
                held.iter().filter(|(rival, _)| *rival != brand && !brand.is_paired_with(*rival));
            let longest_rival = rivals.map(|(_, digits)| *digits).max().unwrap_or_default();
            if table::row(brand)
                .ranges
                .iter()
                .any(|range| range.digits >= longest_rival && range.may_hold(self))
            {
                brands.insert(brand);
            }
        }
        brands
    }
}

impl Range {
    /// Whether a number that goes on from these digits can lie in the range.
    const fn may_hold(self, head: Head) -> bool {
        let known = if head.known < self.digits { head.known } else { self.digits };
        let cut = power_of_ten(self.digits - known);
        let value = head.first(known);
        self.low / cut <= value && value <= self.high / cut
    }

    /// Whether every number that goes on from these digits lies in the range.
    const fn holds(self, head: Head) -> bool {
        head.known >= self.digits && self.may_hold(head)
    }
}

const fn power_of_ten(exponent: u8) -> u32 {
    10_u32.pow(exponent as u32)
}

/// A set of brands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Brands(u32);

impl Brands {
    /// No brand.
    pub const NONE: Self = Self(0);

    /// Whether the brand is in the set.
    pub const fn contains(self, brand: Brand) -> bool {
        self.0 & Self::bit(brand) != 0
    }

    /// How many there are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether each of them is in the other set too.
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The only one, if there is exactly one.
    pub fn single(self) -> Option<Brand> {
        if self.len() == 1 { self.iter().next() } else { None }
    }

    /// Each of them, international ones first.
    pub const fn iter(self) -> Iter {
        Iter { left: self, next: 0 }
    }

    /// Those whose numbers can have this many digits.
    pub(crate) fn with_len(self, len: usize) -> Self {
        let mut fitting = Self::NONE;
        for brand in self {
            if brand.lengths().iter().any(|allowed| usize::from(*allowed) == len) {
                fitting.insert(brand);
            }
        }
        fitting
    }

    pub(crate) const fn insert(&mut self, brand: Brand) {
        self.0 |= Self::bit(brand);
    }

    const fn remove(&mut self, brand: Brand) {
        self.0 &= !Self::bit(brand);
    }

    const fn bit(brand: Brand) -> u32 {
        1 << brand as u32
    }
}

impl fmt::Debug for Brands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl IntoIterator for Brands {
    type Item = Brand;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        self.iter()
    }
}

impl FromIterator<Brand> for Brands {
    fn from_iter<I: IntoIterator<Item = Brand>>(brands: I) -> Self {
        let mut set = Self::NONE;
        for brand in brands {
            set.insert(brand);
        }
        set
    }
}

/// The brands of a set, one after the other.
#[derive(Clone, Debug)]
pub struct Iter {
    left: Brands,
    next: usize,
}

impl Iterator for Iter {
    type Item = Brand;

    fn next(&mut self) -> Option<Brand> {
        loop {
            let brand = *Brand::ALL.get(self.next)?;
            self.next += 1;
            if self.left.contains(brand) {
                return Some(brand);
            }
        }
    }
}
