//! How card fields are shown while they are typed, and where the caret stands afterwards.
//!
//! The browser edits first; these functions then look at what the field holds and say what it should hold. They keep every digit and
//! their order, whatever was typed or pasted: whether a number is too long is for validation to say, not for the field to hide. Texts that
//! come out are ASCII. Positions are UTF-16 units, as `selectionStart` counts; a position behind the end is the end.
//!
//! Not to be called while an input method composes (`InputEvent.isComposing`): changing the text would end the composition.

use std::fmt;

use zeroize::Zeroizing;

use crate::brand::{Brand, Head};
use crate::card::is_mark;
use crate::digits::{self, Typed};

/// What the shopper did to the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Typed, pasted or dropped something at the caret.
    Insert,
    /// Deleted what stands before the caret.
    DeleteBackward,
    /// Deleted what stands behind the caret.
    DeleteForward,
    /// Anything else: autofill, undo, cut, or no edit at all.
    Other,
}

impl Edit {
    /// Of `InputEvent.inputType`. Source: Input Events Level 2, 4.1.2.
    pub fn of_input_type(input_type: &str) -> Self {
        if input_type.starts_with("insert") {
            Self::Insert
        } else if input_type.ends_with("Backward") {
            Self::DeleteBackward
        } else if input_type.ends_with("Forward") {
            Self::DeleteForward
        } else {
            Self::Other
        }
    }
}

/// What a field should show. The text is wiped when dropped.
pub struct Edited {
    /// The text: ASCII.
    pub text: Zeroizing<String>,
    /// Where the caret stands: UTF-16 units from the start, never behind the end.
    pub caret: usize,
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text: _, caret: _ } = self; // a new field will not compile until it is judged here
        f.write_str("Edited(..)")
    }
}

/// Where unknown brands get their spaces: as on most cards, in fours.
const FOURS: &[u8] = &[4, 8, 12, 16];
/// Between month and year.
const BETWEEN: &str = " / ";

/// A card number in the groups of the brand that its first digits allow.
///
/// Everything but digits goes, so that "Card: 4111-1111…" can be pasted. The caret stays behind the same digit. Beside a gap it stands
/// where the next key goes on: behind the gap, and before it after a backward deletion, so that the next one meets a digit.
pub fn card_number(text: &str, caret: usize, edit: Edit) -> Edited {
    let raw = Raw::read(text, caret);
    let brand = Head::of_digits_in(text).brands_of_any_len().iter().next();
    let gaps = brand.map_or(FOURS, Brand::gaps);
    let behind = match edit {
        Edit::Insert | Edit::DeleteForward => true,
        Edit::DeleteBackward => false,
        Edit::Other => !raw.behind_digit,
    };
    let passed = gaps.iter().map(|gap| usize::from(*gap)).filter(|gap| {
        *gap < raw.before || (*gap == raw.before && behind && raw.before < raw.digits)
    });
    Edited { caret: raw.before + passed.count(), text: group(text, raw.digits, gaps) }
}

/// An expiry date as `MM / YY` or `MM / YYYY`.
///
/// One digit may be added, and nothing else ever is: the zero before a month of one digit. A month that starts with 2 to 9 gets it at once, and
/// `1` once a mark such as `/` follows it. Deletions add nothing, or the zero could not be deleted. `2027-01`, which browsers
/// fill in, becomes `01 / 2027`. Otherwise digits keep their order, and a text that [`crate::Expiry::parse`] reads means
/// the same before and after.
pub fn expiry(text: &str, caret: usize, edit: Edit) -> Edited {
    let raw = Raw::read(text, caret);
    let year_first = raw.mark == Some(4) && raw.marks == 1 && raw.digits == 6;
    // Further right it stands where a digit was typed into a complete month: that digit belongs to the year.
    let mark = raw.mark.filter(|month| *month <= 2);
    let deleted = matches!(edit, Edit::DeleteBackward | Edit::DeleteForward);
    // Where the caret stands before the only digit of a month, or right behind a 1, a second one may follow.
    let clear = |by_itself: bool| edit == Edit::Other || by_itself || raw.mark_before;
    let from_two = raw.first > 1;
    let padded = !deleted
        && !year_first
        && match mark {
            None => from_two && raw.digits <= 5 && clear(raw.before > 0),
            Some(1) => raw.first > 0 && clear(from_two && raw.before > 0),
            Some(_) => false,
        };
    let month = match mark {
        _ if padded || year_first => 2,
        Some(digits) => digits,
        None => raw.digits.min(2),
    };
    let digits = raw.digits + usize::from(padded);
    let separated = digits > month
        || (digits > 0
            && match edit {
                Edit::Insert => month == 2 || mark.is_some(),
                Edit::DeleteForward | Edit::Other => mark.is_some(),
                Edit::DeleteBackward => false,
            });
    let separator = if month == 0 { BETWEEN.trim_start() } else { BETWEEN };
    let separator = if separated { separator } else { "" };

    let mut shown = Zeroizing::new(String::with_capacity(digits + BETWEEN.len()));
    let zero = if padded { Some('0') } else { None };
    let turned = if year_first { 4 } else { 0 };
    let in_order = digits_in(text).skip(turned).chain(digits_in(text).take(turned));
    for (index, digit) in zero.into_iter().chain(in_order).enumerate() {
        if index == month {
            shown.push_str(separator);
        }
        shown.push(digit);
    }
    if digits == month {
        shown.push_str(separator);
    }

    let before = raw.before + usize::from(padded && raw.before > 0);
    let behind = match edit {
        Edit::Insert => month == 2 || raw.mark_before,
        // The other digit of the month was deleted and may be typed anew; the next deletion takes the space and goes on.
        Edit::DeleteForward if month == 1 && raw.space_follows => raw.mark_before,
        Edit::DeleteForward => month > 0 || raw.mark_before,
        Edit::DeleteBackward => false,
        Edit::Other => !raw.behind_digit && (month > 0 || raw.mark_before),
    };
    let caret = if year_first {
        shown.len()
    } else if before > month || (before == month && behind) {
        before + separator.len()
    } else {
        before
    };
    Edited { text: shown, caret }
}

/// A security code: its digits. The edit makes no difference; the signature is that of the other two.
pub fn security_code(text: &str, caret: usize, _edit: Edit) -> Edited {
    let raw = Raw::read(text, caret);
    Edited { caret: raw.before, text: group(text, raw.digits, &[]) }
}

/// The digits of a card number in the groups of its brand: `3782 822463 10005`.
///
/// Takes what was typed, with or without separators and in any script that [`crate::Pan::parse`] reads. Every digit comes out, as an ASCII
/// digit and in its place; everything else goes. There is never a space at the end. The text is wiped when dropped.
pub fn group_digits(digits: &str, brand: impl Into<Option<Brand>>) -> Zeroizing<String> {
    let gaps = brand.into().map_or(FOURS, Brand::gaps);
    group(digits, digits_in(digits).count(), gaps)
}

fn group(text: &str, digits: usize, gaps: &[u8]) -> Zeroizing<String> {
    // Reserved at once: a growing text would leave a copy behind.
    let mut grouped = Zeroizing::new(String::with_capacity(digits + gaps.len()));
    for (written, digit) in digits_in(text).enumerate() {
        if gaps.iter().any(|gap| usize::from(*gap) == written) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// The digits of a text, as ASCII.
fn digits_in(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter_map(|c| match digits::read(c) {
        Typed::Digit(digit) => Some(char::from(b'0' + digit)),
        Typed::Separator | Typed::Other => None,
    })
}

/// What matters of a field's text.
#[derive(Default)]
struct Raw {
    /// How many digits there are.
    digits: usize,
    /// How many of them stand before the caret.
    before: usize,
    /// Whether the character before the caret is a digit.
    behind_digit: bool,
    /// Whether the character behind the caret is a space.
    space_follows: bool,
    /// The first digit's value; 0 without digits.
    first: u8,
    /// How many digits stand before the first mark between month and year.
    mark: Option<usize>,
    /// How many marks there are.
    marks: usize,
    /// Whether one of them stands before the caret.
    mark_before: bool,
}

impl Raw {
    fn read(text: &str, caret: usize) -> Self {
        let mut raw = Self::default();
        let mut position = 0;
        for c in text.chars() {
            let before_caret = position < caret;
            raw.space_follows |= position == caret && c == ' ';
            position += c.len_utf16();
            if before_caret {
                raw.behind_digit = false;
            }
            if let Typed::Digit(digit) = digits::read(c) {
                if raw.digits == 0 {
                    raw.first = digit;
                }
                raw.digits += 1;
                if before_caret {
                    raw.before += 1;
                    raw.behind_digit = true;
                }
            } else if is_mark(c) {
                raw.mark.get_or_insert(raw.digits);
                raw.marks += 1;
                raw.mark_before |= before_caret;
            }
        }
        raw
    }
}
