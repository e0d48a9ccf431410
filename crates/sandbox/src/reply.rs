//! From an answer to bytes on the wire, through the faults.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use farthing_gateways::smartcore::wire::{self, answer};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

use crate::control::{FinalAmount, Malformed, ReplyKind};
use crate::net::Scissors;
use crate::sandbox::Shared;
use crate::smartcore::Refusal;
use crate::smartcore::answer::About;

/// Nesting of [`Malformed::Deep`].
const DEPTH: usize = 10_000;
/// A page such as proxies send.
const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body><h1>Something went wrong</h1></body></html>\n";

/// An answer with all that its faults need.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) value: Value,
    pub(crate) about: About,
    pub(crate) faults: Vec<ReplyKind>,
    pub(crate) scissors: Scissors,
}

/// A code of the switches; they are checked when they are set.
pub(crate) fn code(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::OK)
}

/// The answer that throws the request away unread, if a fault wants one.
pub(crate) fn before_acceptance(faults: &[ReplyKind]) -> Option<Response> {
    faults.iter().find_map(|fault| match fault {
        ReplyKind::HttpStatus { code: http, before_acceptance: true, retry_after } => {
            Some(failure(code(*http), *retry_after))
        }
        _ => None,
    })
}

/// The refusal that a fault wants, if one does.
pub(crate) fn refuse(faults: &[ReplyKind]) -> Result<(), Refusal> {
    let err = faults.iter().find_map(|fault| match fault {
        ReplyKind::Refuse { err } => Some(err),
        _ => None,
    });
    err.map_or(Ok(()), |err| Err(Refusal::new(err, "refused by a fault switch")))
}

/// Sends the answer, as the faults let it.
pub(crate) async fn finish(shared: &Shared, reply: Reply) -> Response {
    let Reply { status, mut value, about, faults, scissors } = reply;
    for fault in &faults {
        bend(&mut value, fault, &about);
    }
    if faults.contains(&ReplyKind::NumbersAsText) {
        numbers_to_text(&mut value);
    }
    let mut response = encode(status, &value, &faults);
    for fault in &faults {
        match fault {
            ReplyKind::HttpStatus { code: http, before_acceptance: false, retry_after } => {
                response = failure(code(*http), *retry_after);
            }
            ReplyKind::Huge { bytes } => *response.body_mut() = until_stop(shared, endless(*bytes)),
            ReplyKind::Silence => shared.until_stop(pending()).await,
            ReplyKind::Slow { ms } => {
                shared.until_stop(tokio::time::sleep(Duration::from_millis(*ms))).await;
            }
            ReplyKind::Drip { ms } => {
                response = response.map(|body| until_stop(shared, drip(body, *ms)));
            }
            ReplyKind::Cut { after_bytes, reset } => scissors.cut_after(*after_bytes, *reset),
            _ => {}
        }
    }
    response
}

/// Faults of the JSON.
fn bend(value: &mut Value, fault: &ReplyKind, about: &About) {
    let Some(object) = value.as_object_mut() else { return };
    match fault {
        ReplyKind::ExtraFields => extra_fields(object),
        ReplyKind::FinalAmount { says } => match (says, about.amount) {
            (FinalAmount::Absent, _) | (_, None) => {
                object.remove(answer::FINAL_AMOUNT);
            }
            (says, Some(amount)) => {
                object.insert(answer::FINAL_AMOUNT.to_owned(), Value::from(says.of(amount)));
            }
        },
        ReplyKind::ForeignOrderId => {
            object.insert(answer::ORDER_ID.to_owned(), Value::from("order-of-another-merchant"));
        }
        ReplyKind::OrderIdEcho { echo } => match about.echo(*echo) {
            Some(id) => {
                object.insert(answer::ORDER_ID.to_owned(), Value::from(id));
            }
            None => {
                object.remove(answer::ORDER_ID);
            }
        },
        ReplyKind::StatusAbsent => {
            object.remove(answer::STATUS);
        }
        ReplyKind::StatusValue { value } => {
            object.insert(answer::STATUS.to_owned(), value.clone());
        }
        _ => {}
    }
}

/// Documented optional fields that no sample shows, and strangers.
fn extra_fields(object: &mut Map<String, Value>) {
    let extra = [
        ("rrn", json!("400000000001")),
        ("eci", json!("05")),
        ("parentTransaction", Value::Null),
        ("x_unknown", json!({"nested": [1, 2, {"deeper": true}]})),
        ("ключ", json!("значение")),
    ];
    for (name, value) in extra {
        object.entry(name).or_insert(value);
    }
    if let Some(card) = object.get_mut(answer::CARD).and_then(Value::as_object_mut) {
        for name in ["card_holder", "card_exp_month", "card_exp_year"] {
            card.entry(name).or_insert_with(|| json!(wire::callback::NOT_AVAILABLE));
        }
    }
}

fn numbers_to_text(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Array(items) => items.iter_mut().for_each(numbers_to_text),
        Value::Object(object) => object.values_mut().for_each(numbers_to_text),
        _ => {}
    }
}

/// The body's bytes, malformed if a fault wants it.
fn encode(status: StatusCode, value: &Value, faults: &[ReplyKind]) -> Response {
    let broken = faults.iter().find_map(|fault| match fault {
        ReplyKind::Malformed { form } => Some(*form),
        _ => None,
    });
    let text = value.to_string();
    let bytes = broken.map_or_else(|| text.clone().into_bytes(), |form| malform(&text, form));
    let content_type =
        if broken == Some(Malformed::Html) { "text/html; charset=utf-8" } else { wire::JSON };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Breaks the text of a JSON object.
fn malform(text: &str, form: Malformed) -> Vec<u8> {
    let rest = text.strip_prefix('{').unwrap_or(text);
    let with_first = |member: &[u8]| [b"{", member, b",", rest.as_bytes()].concat();
    match form {
        Malformed::BadUtf8 => with_first(b"\"note\":\"\xff\xfe\""),
        Malformed::Bom => ["\u{feff}".as_bytes(), text.as_bytes()].concat(),
        Malformed::CutJson => text.as_bytes().get(..text.len() / 2).unwrap_or_default().to_vec(),
        Malformed::Deep => {
            with_first(format!("\"deep\":{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)).as_bytes())
        }
        Malformed::DuplicateKeys => with_first(br#""status":2"#),
        Malformed::Empty => Vec::new(),
        Malformed::Html => HTML.into(),
        Malformed::Nan => with_first(br#""fee":NaN"#),
    }
}

/// A short page with an HTTP code.
fn failure(status: StatusCode, retry_after: Option<u32>) -> Response {
    let mut response = Response::new(Body::from(HTML));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// JSON that goes on for `bytes`, a piece at a time as the receiver takes it.
pub(crate) fn endless(bytes: u64) -> Body {
    const HEAD: &[u8] = br#"{"padding":""#;
    static PIECE: [u8; 64 * 1024] = [b'a'; 64 * 1024];
    Body::from_stream(stream::unfold((0_u64, bytes), |(sent, bytes)| async move {
        let left = usize::try_from(bytes.saturating_sub(sent)).unwrap_or(usize::MAX);
        let source: &'static [u8] = if sent == 0 { HEAD } else { &PIECE };
        let piece = source.get(..left.min(source.len())).filter(|piece| !piece.is_empty())?;
        let sent = sent.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        Some((Ok::<_, Infallible>(Bytes::from_static(piece)), (sent, bytes)))
    }))
}

/// The same body, a byte at a time.
fn drip(body: Body, ms: u64) -> Body {
    let pause = Duration::from_millis(ms);
    let bytes = stream::unfold(
        (body.into_data_stream(), Bytes::new()),
        move |(mut source, mut rest)| async move {
            while rest.is_empty() {
                rest = source.next().await?.ok()?;
            }
            tokio::time::sleep(pause).await;
            let first = rest.split_to(1);
            Some((Ok::<_, Infallible>(first), (source, rest)))
        },
    );
    Body::from_stream(bytes)
}

/// The same body, which ends early when the sandbox stops.
pub(crate) fn until_stop(shared: &Shared, body: Body) -> Body {
    Body::from_stream(body.into_data_stream().take_until(Box::pin(shared.stopped())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"order_id":"a","status":1}"#;

    #[test]
    fn every_malformed_body_is_refused_by_a_strict_reader() {
        let forms = [
            Malformed::BadUtf8,
            Malformed::Bom,
            Malformed::CutJson,
            Malformed::Deep,
            Malformed::Empty,
            Malformed::Html,
            Malformed::Nan,
        ];
        for form in forms {
            assert!(serde_json::from_slice::<Value>(&malform(TEXT, form)).is_err(), "{form:?}");
        }
    }

    #[test]
    fn a_doubled_status_says_success_first_and_the_truth_last() {
        let text = String::from_utf8(malform(TEXT, Malformed::DuplicateKeys)).unwrap();
        assert_eq!(text, r#"{"status":2,"order_id":"a","status":1}"#);
    }

    #[test]
    fn numbers_become_text_at_every_depth() {
        let mut value = json!({"a": 1, "b": [{"c": -1.5}], "d": null, "e": true});
        numbers_to_text(&mut value);
        assert_eq!(value, json!({"a": "1", "b": [{"c": "-1.5"}], "d": null, "e": true}));
    }

    #[tokio::test]
    async fn an_endless_body_ends_where_it_was_told_to() {
        let bytes = axum::body::to_bytes(endless(200_000), 1 << 20).await.unwrap();
        assert_eq!(bytes.len(), 200_000);
        assert!(axum::body::to_bytes(endless(0), 10).await.unwrap().is_empty());
    }
}
