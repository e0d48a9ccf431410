//! JSON of wallets: objects that are objects, and secret strings of which no copy is left behind.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// A struct that is read of an object only. What serde derives would take an array of the fields' values as well.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// The text of a secret string. serde_json would copy one that has escapes into a buffer that it does not wipe; so it is taken raw, with its
/// quotes, and the few escapes that wallets write are undone here.
///
/// `None` for anything else, and for escapes other than `\/`, `\\`, `\"` and `\u00..` of ASCII: Apple's writer escapes the slash of base64,
/// Google's the equals sign.
pub(crate) fn text(raw: &RawValue) -> Option<Zeroizing<String>> {
    let quoted = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Zeroizing::new(String::with_capacity(quoted.len()));
    let mut rest = quoted;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let code = escaped.chars().next()?;
        let mut used = 1;
        match code {
            '/' | '\\' | '"' => text.push(code),
            'u' => {
                let digits = escaped.get(1..5)?;
                let value = u8::from_str_radix(digits.strip_prefix("00")?, 16).ok()?;
                text.push(value.is_ascii().then_some(char::from(value))?);
                used = 5;
            }
            _ => return None,
        }
        rest = escaped.get(used..)?;
    }
    text.push_str(rest);
    Some(text)
}

/// Reads a secret string with [`text`].
pub(crate) fn secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Zeroizing<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    text(raw).ok_or_else(|| D::Error::custom("not a string that wallets write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        text(raw).map(|text| text.to_string())
    }

    #[test]
    fn an_array_is_no_object() {
        #[derive(serde::Deserialize)]
        struct Two<'a> {
            first: u8,
            #[serde(borrow)]
            second: &'a RawValue,
        }
        let Object(two) =
            serde_json::from_str::<Object<Two<'_>>>(r#"{"second":"b","first":1}"#).unwrap();
        assert_eq!((two.first, two.second.get()), (1, r#""b""#));
        assert!(serde_json::from_str::<Two<'_>>(r#"[1,"b"]"#).is_ok());
        assert!(serde_json::from_str::<Object<Two<'_>>>(r#"[1,"b"]"#).is_err());
        assert!(
            serde_json::from_str::<Object<Two<'_>>>(r#"{"first":1,"first":1,"second":2}"#).is_err()
        );
    }

    #[test]
    fn strings_are_read_with_the_escapes_that_wallets_write() {
        assert_eq!(read(r#""plain""#).unwrap(), "plain");
        assert_eq!(read(r#""a\/b\u003d\u003D\\\"""#).unwrap(), "a/b==\\\"");
        assert_eq!(read(r#""""#).unwrap(), "");
        assert_eq!(read("\"Zo\u{eb}\"").unwrap(), "Zo\u{eb}");
    }

    #[test]
    fn other_values_and_other_escapes_are_refused() {
        for json in ["1", "null", "{}", r#"["a"]"#, r#""\n""#, r#""\u0100""#, r#""\u00e9""#] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
