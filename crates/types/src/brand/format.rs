//! How a card number is shown while it is typed.

use zeroize::Zeroizing;

use super::Brand;
use crate::digits::{self, Typed};

/// Where unknown brands get their spaces: as on most cards, in fours.
const FOURS: &[u8] = &[4, 8, 12, 16];

/// The digits of a card number in the groups of its brand: `3782 822463 10005`.
///
/// Takes what was typed, with or without separators and in any script that [`crate::Pan::parse`] reads. Every digit comes out, as an ASCII
/// digit and in its place; everything else goes. There is never a space at the end. The text is wiped when dropped.
pub fn group_digits(digits: &str, brand: impl Into<Option<Brand>>) -> Zeroizing<String> {
    let gaps = brand.into().map_or(FOURS, Brand::gaps);
    let count = digits.chars().filter(|c| matches!(digits::read(*c), Typed::Digit(_))).count();
    // Reserved at once: a growing text would leave a copy behind.
    let mut grouped = Zeroizing::new(String::with_capacity(count + gaps.len()));
    let mut written = 0_usize;
    for c in digits.chars() {
        if let Typed::Digit(digit) = digits::read(c) {
            if gaps.iter().any(|gap| usize::from(*gap) == written) {
                grouped.push(' ');
            }
            grouped.push(char::from(b'0' + digit));
            written += 1;
        }
    }
    grouped
}
