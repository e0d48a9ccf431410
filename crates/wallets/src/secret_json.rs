//! Strings inside secret JSON, read so that no copy is left behind.
//!
//! serde_json copies a string that has escapes into a buffer that it does not wipe. So secret strings are taken raw, with their quotes,
//! and the few escapes that wallets write are undone here.

use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The text of a JSON string. `None` for anything else, and for escapes other than `\/`, `\\`, `\"` and `\u00..` of ASCII: Apple's writer
/// escapes the slash of base64, Google's the equals sign.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        text(raw).map(|text| text.to_string())
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
