//! Request bodies as JSON: what is wrong is named by field and rule, and no value is ever repeated.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::problem::{ApiError, BODY_LIMIT, FieldError};

/// The body of a request that has to say that it is JSON: to be given to [`parse`].
pub async fn read_json(request: Request) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    if !is_json(request.headers()) {
        return Err(ApiError::UnsupportedMediaType);
    }
    read_body(request).await
}

/// The whole body, at most [`BODY_LIMIT`] bytes, in memory that is wiped on drop.
pub async fn read_body(request: Request) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let stated = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|length| length > BODY_LIMIT) {
        return Err(ApiError::BodyTooLarge);
    }
    let mut body = Limited::new(request.into_body(), BODY_LIMIT);
    // Room for all of it at once: a growing vector would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(stated.unwrap_or(BODY_LIMIT)));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| body_error(error.as_ref()))?;
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

/// Reads a JSON object that is already in memory.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // Derived readers take arrays for structs too, member by member and without a name.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(ApiError::field("body", "must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| explain(&error))?;
    reader.end().map_err(|_| ApiError::BadBody)?;
    Ok(value)
}

/// For `deserialize_with`: a member that is an object, or null, and never an array.
pub fn object_or_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    struct ObjectOrNull<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ObjectOrNull<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<T, E> {
            Ok(T::default())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(ObjectOrNull(PhantomData))
}

fn body_error(error: &(dyn std::error::Error + 'static)) -> ApiError {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<LengthLimitError>() {
            return ApiError::BodyTooLarge;
        }
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
        {
            return ApiError::RequestTimeout;
        }
        next = error.source();
    }
    ApiError::BadBody
}

/// Whether the body says that it is JSON, in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    let charset = parameters.trim().to_ascii_lowercase();
    kind.trim().eq_ignore_ascii_case("application/json")
        && matches!(charset.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
}

fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let inner = error.inner();
    if !inner.is_data() {
        return ApiError::BadBody;
    }
    let text = inner.to_string();
    let path = error.path().to_string();
    let parent = if path == "." { "" } else { path.as_str() };
    if text.starts_with("unknown field ") {
        // The path of an unknown field ends in the field itself.
        return refuse(parent, "is not a field of this request");
    }
    if let Some(name) = quoted(&text, "missing field ") {
        return refuse(&join(parent, name), "is missing");
    }
    if let Some(name) = quoted(&text, "duplicate field ") {
        // Some deserializers stand on the field already, some on its parent.
        let last = parent.rsplit('.').next().unwrap_or_default();
        let field = if last == name { parent.to_owned() } else { join(parent, name) };
        return refuse(&field, "is given twice");
    }
    let currency = farthing_types::currency::UnknownCurrency.to_string();
    if text.starts_with(&currency) {
        return refuse(parent, currency);
    }
    match expected(&text) {
        Some(what) => refuse(parent, format!("must be {what}")),
        None => refuse(parent, "is not of the right form"),
    }
}

fn refuse(field: &str, rule: impl Into<Cow<'static, str>>) -> ApiError {
    ApiError::Validation(vec![FieldError::new(nameable(field), rule)])
}

/// Field names can come from the client and hold anything: only short plain identifiers are said aloud.
fn nameable(path: &str) -> Cow<'static, str> {
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'[' | b']');
    // Eight digits in a row could be part of a card number that slipped into a name.
    let digits = path.bytes().filter(u8::is_ascii_digit).count();
    if !path.is_empty() && path.len() <= 40 && digits < 8 && path.bytes().all(plain) {
        Cow::Owned(path.to_owned())
    } else {
        Cow::Borrowed("body")
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

fn quoted<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_prefix('`')?.split('`').next()
}

/// What serde expected: the last part of its sentence, written by the program. What comes before quotes the value.
fn expected(text: &str) -> Option<String> {
    const STARTS: [&str; 4] =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    if !STARTS.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    let (_, what) = text.rsplit_once(", expected ")?;
    let what = what.split(" at line ").next()?;
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-' | b',' | b'`');
    if what.is_empty() || what.len() > 200 || !what.bytes().all(plain) {
        return None;
    }
    Some(match what {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a borrowed string" => "a string".to_owned(),
        "a map" => "an object".to_owned(),
        "a sequence" => "an array".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other => other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use farthing_types::Currency;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is tested")]
    struct Order {
        amount: u64,
        currency: Currency,
        customer: Option<Buyer>,
        capture: Option<Capture>,
        #[serde(default)]
        metadata: std::collections::BTreeMap<String, String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is tested")]
    struct Buyer {
        email: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Capture {
        Automatic,
        Manual,
    }

    fn refused(body: &str) -> (String, String) {
        match parse::<Order>(body.as_bytes()).unwrap_err() {
            ApiError::Validation(mut errors) => {
                assert_eq!(errors.len(), 1);
                let error = errors.remove(0);
                (error.field.into_owned(), error.rule.into_owned())
            }
            other => (other.status().to_string(), other.to_string()),
        }
    }

    fn pair(field: &str, rule: &str) -> (String, String) {
        (field.to_owned(), rule.to_owned())
    }

    #[test]
    fn unknown_fields_are_named_at_every_depth() {
        let rule = "is not a field of this request";
        assert_eq!(refused(r#"{"amount":1,"currency":"EUR","amout":2}"#), pair("amout", rule));
        let nested = r#"{"amount":1,"currency":"EUR","customer":{"email":"a","mail":"b"}}"#;
        assert_eq!(refused(nested), pair("customer.mail", rule));
    }

    #[test]
    fn missing_fields_are_named_at_every_depth() {
        assert_eq!(refused(r#"{"currency":"EUR"}"#), pair("amount", "is missing"));
        let nested = r#"{"amount":1,"currency":"EUR","customer":{}}"#;
        assert_eq!(refused(nested), pair("customer.email", "is missing"));
    }

    #[test]
    fn a_field_given_twice_is_named() {
        assert_eq!(
            refused(r#"{"amount":1,"amount":2,"currency":"EUR"}"#),
            pair("amount", "is given twice")
        );
    }

    #[test]
    fn wrong_types_say_what_is_wanted_and_not_what_came() {
        let whole = "must be a whole number, not negative";
        for amount in ["-1", "1.5", "\"4012000000003010\"", "true", "null", "[1]", "{}"] {
            let body = format!(r#"{{"amount":{amount},"currency":"EUR"}}"#);
            assert_eq!(refused(&body), pair("amount", whole), "{amount}");
        }
        let body = r#"{"amount":1,"currency":"EUR","capture":"x, expected 4012000000003010"}"#;
        assert_eq!(refused(body), pair("capture", "must be `automatic` or `manual`"));
        let body = r#"{"amount":1,"currency":"EUR","customer":"4012000000003010"}"#;
        assert_eq!(refused(body), pair("customer", "must be an object"));
    }

    #[test]
    fn an_unknown_currency_says_the_rule() {
        let rule = "must be an ISO 4217 alphabetic code in capital letters";
        assert_eq!(refused(r#"{"amount":1,"currency":"eur"}"#), pair("currency", rule));
    }

    #[test]
    fn field_names_that_are_not_plain_are_not_repeated() {
        for name in
            ["4012000000003010", "A", "é", "a b", "<script>", &"a".repeat(41), "x_40120000_y"]
        {
            let body = format!(r#"{{"amount":1,"currency":"EUR","{name}":2}}"#);
            assert_eq!(refused(&body), pair("body", "is not a field of this request"), "{name}");
        }
    }

    #[test]
    fn keys_of_free_maps_are_not_repeated_when_they_are_not_plain() {
        let body = r#"{"amount":1,"currency":"EUR","metadata":{"4012 0000 0000 3010":1}}"#;
        assert_eq!(refused(body), pair("body", "must be a string"));
    }

    #[test]
    fn what_is_not_json_is_a_bad_body() {
        for body in [
            "",
            "{",
            "amount=1",
            "{\"amount\":1,\"currency\":\"EUR\"} x",
            "\u{feff}{}",
            "{\"amount\":1e999}",
        ] {
            let error = parse::<Order>(body.as_bytes()).unwrap_err();
            assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{body}");
        }
        assert!(matches!(
            parse::<Order>(b"{\"a\": \"\xff\"}"),
            Err(ApiError::BadBody | ApiError::Validation(_))
        ));
        let deep = "[".repeat(100_000);
        assert!(parse::<serde_json::Value>(deep.as_bytes()).is_err());
    }

    async fn extract(content_type: Option<&str>, body: Body) -> Result<Order, ApiError> {
        let mut request = Request::builder().method("POST").uri("/");
        if let Some(value) = content_type {
            request = request.header(CONTENT_TYPE, value);
        }
        parse(&read_json(request.body(body).unwrap()).await?)
    }

    #[tokio::test]
    async fn only_application_json_in_utf_8_is_read() {
        let body = r#"{"amount":1,"currency":"EUR"}"#;
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert_eq!(extract(Some(good), Body::from(body)).await.unwrap().amount, 1, "{good}");
        }
        for bad in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/json; charset=utf-16"),
        ] {
            let error = extract(bad, Body::from(body)).await.unwrap_err();
            assert_eq!(error.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_body_of_64_kib_is_read_and_one_byte_more_is_413() {
        let mut body = r#"{"amount":1,"currency":"EUR"}"#.to_owned();
        body.extend(std::iter::repeat_n(' ', BODY_LIMIT - body.len()));
        assert!(extract(Some("application/json"), Body::from(body.clone())).await.is_ok());
        body.push(' ');
        let streamed = futures_util::stream::iter(
            body.as_bytes()
                .chunks(1000)
                .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
                .collect::<Vec<_>>(),
        );
        for body in [Body::from(body), Body::from_stream(streamed)] {
            let error = extract(Some("application/json"), body).await.unwrap_err();
            assert_eq!(error.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
    }

    proptest! {
        #[test]
        fn no_value_is_ever_repeated(field in "(amount|currency|customer|capture|metadata|zz)", quote in any::<bool>()) {
            let canary = "4242424242424242";
            let value = if quote { format!("\"{canary}\"") } else { canary.to_owned() };
            let body = format!(r#"{{"currency":"EUR","{field}":{value}}}"#);
            if let Err(error) = parse::<Order>(body.as_bytes()) {
                let problem = serde_json::to_string(&crate::problem::Problem::from(&error)).unwrap();
                prop_assert!(!problem.contains("4242"), "{problem}");
                let debug = format!("{error:?}");
                prop_assert!(!debug.contains("4242"), "{debug}");
            }
        }
    }
}
