//! A JSON reader that forgives what the documents leave open and nothing else.
//!
//! Refused: anything but one object, doubled keys, nesting deeper than [`MAX_DEPTH`], a byte order mark, invalid UTF-8,
//! cut texts, numbers that JSON does not know. The rules for values are at each method.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::wire::answer;

/// Deepest nesting that is read; the documents' deepest answer has three levels.
pub(super) const MAX_DEPTH: u8 = 64;

/// One JSON value.
pub(super) enum Node {
    Flag(bool),
    Fraction(f64),
    Integer(i128),
    List(Vec<Node>),
    Map(Object),
    Null,
    Text(String),
}

/// A JSON object with unique keys.
#[derive(Default)]
pub(super) struct Object(BTreeMap<String, Node>);

/// An object, if the bytes are one by the rules above.
pub(super) fn read_object(bytes: &[u8]) -> Option<Object> {
    match read(bytes)? {
        Node::Map(object) => Some(object),
        _ => None,
    }
}

fn read(bytes: &[u8]) -> Option<Node> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let node = Level(MAX_DEPTH).deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(node)
}

/// A status as the reader understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Absent,
    Known(i64),
    Unknown,
}

/// An amount as the reader understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Absent,
    Minor(u64),
    Unreadable,
}

impl Object {
    /// Members in the order of their keys.
    pub(super) fn into_members(self) -> impl Iterator<Item = (String, Node)> {
        self.0.into_iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A member that says something: not null, not empty, not the text `null`.
    pub(super) fn filled(&self, name: &str) -> Option<&Node> {
        self.0.get(name).filter(|node| node.is_filled())
    }

    /// Like [`Object::filled`], of texts alone.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.filled(name).and_then(Node::as_text)
    }

    /// Like [`Object::filled`], in any case of ASCII letters: the documents write `ACSUrl` here and `acsurl` there.
    /// `Err` if two spellings are filled.
    pub(super) fn filled_in_any_case(&self, name: &str) -> Result<Option<&Node>, Ambiguous> {
        let mut found =
            self.0.iter().filter(|(key, node)| key.eq_ignore_ascii_case(name) && node.is_filled());
        match (found.next(), found.next()) {
            (first, None) => Ok(first.map(|(_, node)| node)),
            _ => Err(Ambiguous),
        }
    }

    /// An id: a filled text, or a whole number as text.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        match self.filled(name)? {
            Node::Text(text) => Some(text.clone()),
            Node::Integer(number) => Some(number.to_string()),
            // Something is there, and it is nobody's id.
            _ => Some(String::new()),
        }
    }

    /// `status`: a documented number, as an integer (`2`), its text (`"2"`) or with a zero fraction (`2.0`).
    pub(super) fn status(&self) -> Status {
        let Some(node) = self.filled(answer::STATUS) else { return Status::Absent };
        let known = STATUSES.iter().find(|(number, text, fraction)| match node {
            Node::Integer(integer) => *integer == i128::from(*number),
            Node::Text(given) => given == text,
            // By bits: no tolerance, and minus zero is not zero.
            Node::Fraction(given) => given.to_bits() == fraction.to_bits(),
            _ => false,
        });
        known.map_or(Status::Unknown, |(number, _, _)| Status::Known(*number))
    }

    /// An amount in minor units: a whole number, or its digits as text.
    pub(super) fn amount(&self, name: &str) -> Amount {
        let minor = match self.filled(name) {
            None => return Amount::Absent,
            Some(Node::Integer(number)) => u64::try_from(*number).ok(),
            Some(Node::Text(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok()
            }
            Some(_) => None,
        };
        minor.map_or(Amount::Unreadable, Amount::Minor)
    }

    /// Why the transaction failed: the first filled text of five fields, then of `cascadeErrors`.
    pub(super) fn error_text(&self) -> Option<String> {
        ERROR_TEXTS
            .iter()
            .find_map(|name| self.text(name))
            .map(str::to_owned)
            .or_else(|| self.cascade_error())
    }

    /// The category of the last gate that was tried. `cascadeErrors` is null, an array, or a text; a text that begins
    /// with a bracket holds an array.
    fn cascade_error(&self) -> Option<String> {
        match self.filled(answer::CASCADE_ERRORS)? {
            Node::List(entries) => last_category(entries),
            Node::Text(text) if text.starts_with('[') => match read(text.as_bytes())? {
                Node::List(entries) => last_category(&entries),
                _ => None,
            },
            Node::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

fn last_category(entries: &[Node]) -> Option<String> {
    entries.iter().rev().find_map(|entry| match entry {
        Node::Map(entry) => entry.text(answer::ERROR_CATEGORY).map(str::to_owned),
        Node::Text(text) if entry.is_filled() => Some(text.clone()),
        _ => None,
    })
}

/// Two spellings of one field are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

impl Node {
    fn is_filled(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Text(text) => !text.is_empty() && text != "null",
            _ => true,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Number, text and fraction of each documented status.
const STATUSES: &[(i64, &str, f64)] =
    &[(-1, "-1", -1.0), (0, "0", 0.0), (1, "1", 1.0), (2, "2", 2.0)];

/// Where the documents' samples and tables put the reason of a failure, the most exact first.
const ERROR_TEXTS: &[&str] =
    &[answer::ERROR_CATEGORY, answer::ERROR_MESSAGE, answer::ERR, answer::MSG, answer::MESSAGE];

/// Reads one value with so many levels of nesting left.
#[derive(Clone, Copy)]
struct Level(u8);

impl Level {
    fn below<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Integer(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Integer(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Fraction(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let level = self.below()?;
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element_seed(level)? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let level = self.below()?;
        let mut members = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let node = map.next_value_seed(level)?;
            if members.insert(key, node).is_some() {
                return Err(A::Error::custom("doubled key"));
            }
        }
        Ok(Node::Map(Object(members)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(text: &str) -> Object {
        read_object(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_status_is_a_documented_number_in_three_spellings_and_nothing_else() {
        for (text, known) in [
            ("2", 2),
            ("\"2\"", 2),
            ("2.0", 2),
            ("-1", -1),
            ("\"-1\"", -1),
            ("-1.0", -1),
            ("0", 0),
            ("\"0\"", 0),
            ("0.0", 0),
            ("1", 1),
            ("\"1\"", 1),
            ("1.0", 1),
        ] {
            assert_eq!(
                object(&format!(r#"{{"status":{text}}}"#)).status(),
                Status::Known(known),
                "{text}"
            );
        }
        for text in [
            "3",
            "-2",
            "2.5",
            "2.0000001",
            "-0.0",
            "true",
            "false",
            "\"2.0\"",
            "\" 2\"",
            "\"2 \"",
            "\"+2\"",
            "\"02\"",
            "\"true\"",
            "\"success\"",
            "[2]",
            "{\"status\":2}",
            "200",
            "22",
            "18446744073709551618",
            "\"２\"",
        ] {
            assert_eq!(
                object(&format!(r#"{{"status":{text}}}"#)).status(),
                Status::Unknown,
                "{text}"
            );
        }
        for text in [
            "{}",
            r#"{"status":null}"#,
            r#"{"status":""}"#,
            r#"{"status":"null"}"#,
            r#"{"Status":2}"#,
        ] {
            assert_eq!(object(text).status(), Status::Absent, "{text}");
        }
    }

    #[test]
    fn an_amount_is_whole_minor_units() {
        for (text, amount) in [
            ("1000", Amount::Minor(1000)),
            ("\"1000\"", Amount::Minor(1000)),
            ("0", Amount::Minor(0)),
            ("null", Amount::Absent),
            ("\"\"", Amount::Absent),
            ("\"null\"", Amount::Absent),
            ("1000.0", Amount::Unreadable),
            ("10.5", Amount::Unreadable),
            ("1e3", Amount::Unreadable),
            ("-1000", Amount::Unreadable),
            ("\"+1000\"", Amount::Unreadable),
            ("\"10.00\"", Amount::Unreadable),
            ("\"1 000\"", Amount::Unreadable),
            ("true", Amount::Unreadable),
            ("[1000]", Amount::Unreadable),
            ("18446744073709551616", Amount::Unreadable),
            ("\"18446744073709551616\"", Amount::Unreadable),
        ] {
            assert_eq!(
                object(&format!(r#"{{"amount":{text}}}"#)).amount("amount"),
                amount,
                "{text}"
            );
        }
    }

    #[test]
    fn the_error_text_is_the_first_filled_of_five_and_then_the_last_of_the_cascade() {
        for (text, expected) in [
            (
                r#"{"message":"e","msg":"d","err":"c","errorMessage":"b","errorCategory":"a"}"#,
                Some("a"),
            ),
            (
                r#"{"message":"e","msg":"d","err":"c","errorMessage":"b","errorCategory":"null"}"#,
                Some("b"),
            ),
            (r#"{"message":"e","msg":"d","err":"c","errorMessage":""}"#, Some("c")),
            (r#"{"message":"e","msg":"d","err":null}"#, Some("d")),
            (r#"{"message":"e","msg":7}"#, Some("e")),
            (r#"{"cascadeErrors":null}"#, None),
            (r#"{"cascadeErrors":"null"}"#, None),
            (r#"{"cascadeErrors":[]}"#, None),
            (
                r#"{"cascadeErrors":[{"errorCategory":"a"},{"errorCategory":"b"},{"errorCategory":null}]}"#,
                Some("b"),
            ),
            (r#"{"cascadeErrors":"[{\"errorCategory\":\"a\"}]"}"#, Some("a")),
            (r#"{"cascadeErrors":"[cut"}"#, None),
            (r#"{"cascadeErrors":"SOME_ERROR"}"#, Some("SOME_ERROR")),
            (r#"{"errorMessage":"a","cascadeErrors":[{"errorCategory":"b"}]}"#, Some("a")),
            ("{}", None),
        ] {
            assert_eq!(object(text).error_text().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn doubled_keys_depth_marks_and_broken_texts_are_refused() {
        let nested =
            |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(read_object(nested(usize::from(MAX_DEPTH)).as_bytes()).is_some());
        assert!(read_object(nested(usize::from(MAX_DEPTH) + 1).as_bytes()).is_none());
        assert!(read_object(nested(100_000).as_bytes()).is_none());
        for bad in [
            &b""[..],
            b" ",
            b"null",
            b"[]",
            b"2",
            b"\"x\"",
            b"{",
            b"{\"status\":2",
            b"{\"status\":2}x",
            b"{}{}",
            b"{\"status\":NaN}",
            b"{\"status\":Infinity}",
            b"{\"status\":2,}",
            b"{'status':2}",
            b"{\"status\":02}",
            b"{\"status\":2,\"status\":-1}",
            b"{\"a\":{\"b\":1,\"b\":1}}",
            b"{\"sta\\u0074us\":2,\"status\":2}",
            b"\xef\xbb\xbf{\"status\":2}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\x01\"}",
            b"<html><body>502</body></html>",
            b"{\"a\":1e999}",
            b"\x00",
        ] {
            assert!(read_object(bad).is_none(), "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn two_filled_spellings_of_one_field_are_no_field() {
        let both = object(r#"{"MD":"a","md":"b"}"#);
        assert!(both.filled_in_any_case("md").is_err());
        let one = object(r#"{"MD":null,"md":"b","Md":""}"#);
        assert_eq!(one.filled_in_any_case("mD").unwrap().and_then(Node::as_text), Some("b"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = read_object(&bytes);
        }

        #[test]
        fn no_number_but_the_documented_four_is_a_known_status(number in any::<f64>()) {
            prop_assume!(number.is_finite());
            let status = object(&format!(r#"{{"status":{}}}"#, serde_json::json!(number))).status();
            let is_documented = STATUSES.iter().any(|(_, _, known)| known.to_bits() == number.to_bits());
            prop_assert_eq!(matches!(status, Status::Known(_)), is_documented);
        }
    }
}
