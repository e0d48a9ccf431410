//! Live formatting keeps every digit, their order and the caret, whatever is done to a field.

use farthing_types::brand::group_digits;
use farthing_types::format::{Edit, Edited, card_number, expiry, security_code};
use farthing_types::{Brand, Expiry};
use proptest::prelude::*;

type Format = fn(&str, usize, Edit) -> Edited;

/// An input as browsers edit it: plain text with a selection, formatted after each edit.
struct Field {
    format: Format,
    text: Vec<char>,
    /// Both ends of the selection, characters.
    selection: (usize, usize),
}

impl Field {
    fn new(format: Format) -> Self {
        Self { format, text: Vec::new(), selection: (0, 0) }
    }

    /// What the browser does: characters `from..to` become `new`, the caret stands behind it.
    fn splice(&mut self, from: usize, to: usize, new: &str, edit: Edit) {
        self.text.splice(from..to, new.chars());
        let caret = from + new.chars().count();
        let text: String = self.text.iter().collect();
        let units = self.text[..caret].iter().map(|c| c.len_utf16()).sum();
        let edited = (self.format)(&text, units, edit);
        assert!(edited.text.is_ascii() && edited.caret <= edited.text.len());
        self.text = edited.text.chars().collect();
        self.selection = (edited.caret, edited.caret);
    }

    fn insert(&mut self, new: &str) {
        let (from, to) = self.selection;
        self.splice(from, to, new, Edit::Insert);
    }

    fn backspace(&mut self) {
        let (from, to) = self.selection;
        let from = if from == to { from.saturating_sub(1) } else { from };
        self.splice(from, to, "", Edit::DeleteBackward);
    }

    fn delete(&mut self) {
        let (from, to) = self.selection;
        let to = if from == to { (to + 1).min(self.text.len()) } else { to };
        self.splice(from, to, "", Edit::DeleteForward);
    }

    /// The text with a bar where the caret stands.
    fn shown(&self) -> String {
        let mut shown = self.text.clone();
        shown.insert(self.selection.1, '|');
        shown.into_iter().collect()
    }

    fn digits(&self) -> String {
        self.text.iter().filter(|c| c.is_ascii_digit()).collect()
    }

    fn digits_before_caret(&self) -> usize {
        self.text[..self.selection.1].iter().filter(|c| c.is_ascii_digit()).count()
    }
}

/// Types the characters one by one; `<` is Backspace, `>` is Delete, `^` is Home, `(` and `)` are the arrow keys.
fn keys(format: Format, keys: &str) -> String {
    let mut field = Field::new(format);
    press(&mut field, keys);
    field.shown()
}

fn press(field: &mut Field, keys: &str) {
    for key in keys.chars() {
        let caret = field.selection.1;
        match key {
            '<' => field.backspace(),
            '>' => field.delete(),
            '^' => field.selection = (0, 0),
            '(' => field.selection = (caret.saturating_sub(1), caret.saturating_sub(1)),
            ')' => field.selection = (caret + 1, caret + 1),
            key => field.insert(&key.to_string()),
        }
    }
}

#[test]
fn a_number_is_grouped_as_its_brand_prints_it_while_it_is_typed() {
    for (typed, shown) in [
        ("", "|"),
        ("4", "4|"),
        ("4111", "4111|"),
        ("41111", "4111 1|"),
        ("4111111111111111", "4111 1111 1111 1111|"),
        ("378282246310005", "3782 822463 10005|"),
        ("36006666333344", "3600 666633 3344|"),
        ("135410014004955", "1354 10014 004955|"),
        ("6205500000000000004", "6205 5000 0000 0000 004|"),
        ("9999999999", "9999 9999 99|"),
        // Too long is not this function's to judge: nothing is cut, and the groups stay.
        ("3782822463100051234567", "3782 822463 100051234567|"),
    ] {
        assert_eq!(keys(card_number, typed), shown);
    }
}

#[test]
fn letters_typed_into_a_number_do_not_appear() {
    assert_eq!(keys(card_number, "4a1 1-1x1"), "4111 1|");
}

#[test]
fn a_number_is_pasted_with_whatever_stands_around_it() {
    for pasted in [
        "Card: 4111-1111.1111 1111 ",
        "\u{202a}4111\u{a0}1111\u{a0}1111\u{a0}1111\u{202c}",
        "\u{6f4}\u{6f1}\u{6f1}\u{6f1}\u{661}\u{661}\u{661}\u{661}\u{ff11}\u{ff11}\u{ff11}\u{ff11}1111",
        "💳4111111111111111",
    ] {
        let mut field = Field::new(card_number);
        field.insert(pasted);
        assert_eq!(field.shown(), "4111 1111 1111 1111|", "{pasted}");
    }
}

#[test]
fn the_caret_of_a_number_stays_with_its_digit() {
    // Inserted in the middle: behind the new digit, and behind the gap where one follows.
    assert_eq!(keys(card_number, "4111111^))2"), "412|1 1111");
    assert_eq!(keys(card_number, "4111111^)))2"), "4112 |1111");
    // A gap in the way of a deletion is stepped over, and the next key meets a digit.
    assert_eq!(keys(card_number, "41111<"), "4111|");
    assert_eq!(keys(card_number, "411122((<"), "4111| 22");
    assert_eq!(keys(card_number, "411122((<<"), "411|2 2");
    assert_eq!(keys(card_number, "411122^))))>"), "4111 |22");
    assert_eq!(keys(card_number, "411122^))))>>"), "4111 |2");
}

#[test]
fn formatting_a_formatted_number_without_an_edit_leaves_the_caret_on_its_side_of_a_gap() {
    for caret in 0..=7 {
        assert_eq!(card_number("4111 11", caret, Edit::Other).caret, caret);
    }
}

#[test]
fn an_expiry_date_is_typed_in_every_usual_way() {
    for (typed, shown) in [
        ("0", "0|"),
        ("1", "1|"),
        ("01", "01 / |"),
        ("12", "12 / |"),
        ("3", "03 / |"),
        ("1/", "01 / |"),
        ("0127", "01 / 27|"),
        ("1/27", "01 / 27|"),
        ("327", "03 / 27|"),
        ("1-27", "01 / 27|"),
        // The mark that shows already may be typed again.
        ("12/27", "12 / 27|"),
        ("12 / 27", "12 / 27|"),
        ("012027", "01 / 2027|"),
        ("1/2027", "01 / 2027|"),
        ("\u{660}\u{661}\u{662}\u{667}", "01 / 27|"),
        ("/", "|"),
        ("ab", "|"),
        ("0/", "0 / |"),
    ] {
        assert_eq!(keys(expiry, typed), shown, "{typed}");
    }
}

#[test]
fn an_expiry_date_is_pasted_and_filled_in_at_once() {
    for (text, shown) in [
        ("1/27", "01 / 27"),
        ("01/27", "01 / 27"),
        ("01 / 2027", "01 / 2027"),
        ("0127", "01 / 27"),
        ("012027", "01 / 2027"),
        ("2027-01", "01 / 2027"),
        ("32027", "03 / 2027"),
        ("12.27", "12 / 27"),
        ("۰۱/۲۷", "01 / 27"),
    ] {
        for edit in [Edit::Insert, Edit::Other] {
            let edited = expiry(text, text.encode_utf16().count(), edit);
            assert_eq!((edited.text.as_str(), edited.caret), (shown, shown.len()), "{text}");
        }
    }
}

#[test]
fn deleting_through_an_expiry_date_never_gets_stuck() {
    for (typed, shown) in [
        ("0127<", "01 / 2|"),
        ("0127<<", "01|"),
        ("0127<<<", "0|"),
        ("0127<<<<", "|"),
        ("3<", "03|"),
        ("3<<", "0|"),
        ("3<<<", "|"),
        ("12<", "12|"),
        // And typing goes on from there.
        ("12<7", "12 / 7|"),
        ("12<<1", "11 / |"),
        ("1227((<", "12| / 27"),
        ("1227((<<", "1| / 27"),
        ("1227((<<1", "11 / |27"),
        ("1227((<<<", "|/ 27"),
        ("1227((<<<0", "0| / 27"),
        ("1227((<<<03", "03 / |27"),
        ("1227((<<<3", "03 / |27"),
        ("1227^>", "|2 / 27"),
        ("1227^>1", "1|2 / 27"),
        ("1227^>>", "|/ 27"),
        ("1227^>>>", "|27"),
        ("1227^)>", "1| / 27"),
        ("1227^)>1", "11 / |27"),
        ("1227^)>>", "1 / |27"),
        ("1227^)>>>", "1 / |7"),
        ("1227^))>>>", "12 / |"),
    ] {
        assert_eq!(keys(expiry, typed), shown, "{typed}");
    }
}

#[test]
fn deleting_again_and_again_empties_any_field_from_either_end() {
    for format in [card_number as Format, expiry, security_code] {
        for typed in ["4111111111", "327", "1/2027", "12", "378282246310005"] {
            let mut field = Field::new(format);
            press(&mut field, typed);
            for _ in 0..field.text.len() {
                field.backspace();
            }
            assert_eq!(field.shown(), "|");
            press(&mut field, typed);
            field.selection = (0, 0);
            // Of too many digits for a date some become the month anew, and the separator comes back.
            for _ in 0..2 * field.text.len() {
                field.delete();
            }
            assert_eq!(field.shown(), "|");
        }
    }
}

#[test]
fn a_security_code_is_its_digits() {
    assert_eq!(keys(security_code, "1 2a3"), "123|");
    assert_eq!(keys(security_code, "\u{6f1}\u{662}\u{ff13}4^))5"), "125|34");
}

#[test]
fn an_input_type_says_what_kind_of_edit_it_was() {
    for (name, edit) in [
        ("insertText", Edit::Insert),
        ("insertFromPaste", Edit::Insert),
        ("insertFromDrop", Edit::Insert),
        ("deleteContentBackward", Edit::DeleteBackward),
        ("deleteWordBackward", Edit::DeleteBackward),
        ("deleteSoftLineBackward", Edit::DeleteBackward),
        ("deleteContentForward", Edit::DeleteForward),
        ("deleteWordForward", Edit::DeleteForward),
        ("deleteByCut", Edit::Other),
        ("historyUndo", Edit::Other),
        ("", Edit::Other),
    ] {
        assert_eq!(Edit::of_input_type(name), edit, "{name}");
    }
}

#[test]
fn a_formatted_text_is_not_printed() {
    assert_eq!(format!("{:?}", card_number("4111", 4, Edit::Other)), "Edited(..)");
}

#[test]
fn a_choice_is_offered_from_eight_digits_on_where_a_card_has_a_national_and_an_international_brand()
{
    use Brand::{Bancontact, CartesBancaires, Dankort, Maestro, Visa};
    for (typed, choices) in [
        ("4035 5010", &[Visa, CartesBancaires][..]),
        ("4035501000000008", &[Visa, CartesBancaires]),
        ("4571 0000", &[Visa, Dankort]),
        ("6703 4444", &[Maestro, Bancontact]),
        ("4035 501", &[]),
        ("", &[]),
        ("4", &[]),
        ("4111 1111 1111", &[]),
        ("5019 5555 4444", &[]),
        // One logo, two networks.
        ("6221 2611 1111", &[]),
        // Longer than the national brand's numbers.
        ("4035 5010 0000 0000 8", &[]),
        ("4035 501x", &[]),
    ] {
        assert_eq!(Brand::choices(typed).iter().collect::<Vec<_>>(), choices, "{typed}");
    }
}

/// One thing that a shopper does. Positions are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Insert(String),
    Backspace,
    Delete,
    Select(usize, usize),
    Autofill(String),
    Undo,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-9]",
        1 => "[0-9۰-۹٠-٩０-９ /.\\-\u{200e}\u{2009}]{0,24}",
        1 => "[a-z0-9/💳é ]{0,8}",
        1 => Just("2027-01".to_owned()),
        1 => "1?[0-9] ?/ ?(20)?[2-3][0-9]",
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => text().prop_map(Act::Insert),
        3 => Just(Act::Backspace),
        2 => Just(Act::Delete),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Act::Select(from, to)),
        1 => any::<usize>().prop_map(|at| Act::Select(at, at)),
        1 => text().prop_map(Act::Autofill),
        1 => Just(Act::Undo),
    ]
}

fn ascii_digits(text: &str) -> Vec<char> {
    text.chars()
        .filter_map(|c| {
            let zero = [0x30, 0x660, 0x6f0, 0xff10]
                .into_iter()
                .find(|zero| (*zero..*zero + 10).contains(&u32::from(c)))?;
            char::from_digit(u32::from(c) - zero, 10)
        })
        .collect()
}

/// The field, and beside it a plain list of digits with a caret that goes through the same edits.
struct Twin {
    field: Field,
    digits: Vec<char>,
    caret: usize,
}

impl Twin {
    fn act(&mut self, act: &Act) {
        let (from, to) = self.field.selection;
        let count =
            |upto: usize| self.field.text[..upto].iter().filter(|c| c.is_ascii_digit()).count();
        let len = self.field.text.len();
        match act {
            Act::Insert(new) => {
                let digits = ascii_digits(new);
                self.caret = count(from) + digits.len();
                self.digits.splice(count(from)..count(to), digits);
                self.field.insert(new);
            }
            Act::Backspace => {
                let start = if from == to { from.saturating_sub(1) } else { from };
                self.caret = count(start);
                self.digits.drain(count(start)..count(to));
                self.field.backspace();
            }
            Act::Delete => {
                let end = if from == to { (to + 1).min(len) } else { to };
                self.caret = count(from);
                self.digits.drain(count(from)..count(end));
                self.field.delete();
            }
            Act::Select(one, other) => {
                let (one, other) = (one % (len + 1), other % (len + 1));
                self.field.selection = (one.min(other), one.max(other));
                self.caret = count(one.max(other));
            }
            Act::Autofill(new) => {
                self.digits = ascii_digits(new);
                self.caret = self.digits.len();
                self.field.splice(0, len, new, Edit::Other);
            }
            Act::Undo => {
                self.caret = count(to);
                self.field.splice(to, to, "", Edit::Other);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_edit_loses_adds_or_reorders_a_digit_of_a_number_or_a_code_or_moves_the_caret_past_one(
        acts in prop::collection::vec(act(), 0..40)
    ) {
        for format in [card_number as Format, security_code] {
            let mut twin = Twin { field: Field::new(format), digits: Vec::new(), caret: 0 };
            for act in &acts {
                twin.act(act);
                prop_assert_eq!(twin.field.digits(), twin.digits.iter().collect::<String>());
                prop_assert_eq!(twin.field.digits_before_caret(), twin.caret);
            }
        }
    }

    #[test]
    fn an_expiry_date_keeps_its_digits_too_but_for_the_leading_zero_and_a_year_that_came_first(
        acts in prop::collection::vec(act(), 0..40)
    ) {
        let mut twin = Twin { field: Field::new(expiry), digits: Vec::new(), caret: 0 };
        for act in &acts {
            twin.act(act);
            let shown: Vec<char> = twin.field.digits().chars().collect();
            let mut turned = twin.digits.clone();
            let years = 4.min(turned.len());
            turned.rotate_left(years);
            if shown != twin.digits && shown == turned {
                prop_assert_eq!(twin.field.digits_before_caret(), 6);
            } else if shown != twin.digits {
                prop_assert_eq!(shown[0], '0');
                prop_assert_eq!(&shown[1..], &twin.digits[..]);
                prop_assert!(!matches!(act, Act::Backspace | Act::Delete), "a deletion adds nothing");
                let moved = twin.caret + usize::from(twin.caret > 0);
                prop_assert_eq!(twin.field.digits_before_caret(), moved);
            } else {
                prop_assert_eq!(twin.field.digits_before_caret(), twin.caret);
            }
            // From here on the zero is the shopper's.
            twin.caret = twin.field.digits_before_caret();
            twin.digits = shown;
        }
    }

    #[test]
    fn formatting_twice_is_formatting_once(text in "\\PC{0,30}|[0-9 /۱-]{0,12}", caret in 0_usize..40) {
        for format in [card_number as Format, expiry, security_code] {
            for edit in [Edit::Insert, Edit::DeleteBackward, Edit::DeleteForward, Edit::Other] {
                let once = format(&text, caret, edit);
                let twice = format(&once.text, once.caret, edit);
                prop_assert_eq!(&*twice.text, &*once.text);
                prop_assert_eq!(twice.caret, once.caret, "{:?} {:?}", edit, &*once.text);
            }
        }
    }

    #[test]
    fn any_text_and_any_caret_give_ascii_and_a_caret_inside_it(text in any::<String>(), caret in any::<usize>()) {
        for format in [card_number as Format, expiry, security_code] {
            for edit in [Edit::Insert, Edit::DeleteBackward, Edit::DeleteForward, Edit::Other] {
                let edited = format(&text, caret, edit);
                prop_assert!(edited.text.is_ascii() && edited.caret <= edited.text.len());
            }
        }
    }

    #[test]
    fn a_date_that_can_be_read_means_the_same_after_formatting(
        text in "[01]?[0-9] ?[/.-]? ?(20)?[0-9]{2}|20[0-9]{2}[-/](0[1-9]|1[0-2])|[0-9/]{0,7}",
        caret in 0_usize..12,
    ) {
        if let Ok(before) = Expiry::parse(&text) {
            for edit in [Edit::Insert, Edit::DeleteBackward, Edit::DeleteForward, Edit::Other] {
                let after = expiry(&text, caret, edit);
                let after = Expiry::parse(&after.text).unwrap();
                prop_assert_eq!(
                    (before.expose_month(), before.expose_year()),
                    (after.expose_month(), after.expose_year())
                );
            }
        }
    }

    #[test]
    fn every_date_typed_key_by_key_is_read_as_it_was_meant(
        month in 1_u8..=12, year in 2020_u16..2060, long in any::<bool>(),
        style in 0_u8..4,
    ) {
        let year_text = if long { year.to_string() } else { (year % 100).to_string() };
        let typed = match style {
            0 => format!("{month}/{year_text}"),
            1 => format!("{month:02}{year_text}"),
            2 => format!("{month:02} / {year_text}"),
            // Without a mark a month of one digit is clear only from 2 on.
            _ if month == 1 => format!("01{year_text}"),
            _ => format!("{month}{year_text}"),
        };
        let mut field = Field::new(expiry);
        press(&mut field, &typed);
        let shown: String = field.text.iter().collect();
        prop_assert_eq!(&shown, &format!("{month:02} / {year_text}"));
        let read = Expiry::parse(&shown).unwrap();
        prop_assert_eq!((read.expose_month(), read.expose_year()), (month, year));
    }

    // Other numbers that begin with a four may be those of brands with groups of their own, such as Elo.
    #[test]
    fn a_number_is_grouped_as_group_digits_does_for_its_brand(digits in "4(1[0-9]{0,17})?") {
        prop_assert_eq!(
            &*card_number(&digits, 0, Edit::Other).text,
            &*group_digits(&digits, Brand::Visa)
        );
    }
}
