//! Callbacks: a signature over raw bytes, and of what it covers only the order's id.
//!
//! Nothing but the id leaves this file. The signature does not cover keys, so a body that verifies may have had its
//! values shifted or its keys renamed; status and amount are asked for by `check`.
//!
//! Source: "SmartCore API", Callback. "SmartPayments API" mentions callbacks and describes none: they are treated alike.

use std::borrow::Cow;
use std::collections::BTreeSet;

use percent_encoding::percent_decode;
use secrecy::SecretString;

use super::reader::{Node, read_object};
use super::sign;
use super::wire::{JSON, callback};
use crate::gateway::{CallbackError, Notice};
use crate::wire::RawCallback;

/// Largest body, bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// Most fields.
pub const MAX_PAIRS: usize = 200;
/// Longest order id, bytes.
pub const MAX_ORDER_ID: usize = 256;

/// Checks the signature with every secret, and then takes the order's id.
pub fn verify<'s>(
    raw: &RawCallback<'_>,
    secrets: impl IntoIterator<Item = &'s SecretString>,
) -> Result<Notice, CallbackError> {
    if raw.body.len() > MAX_BODY {
        return Err(CallbackError::Malformed);
    }
    let pairs = if is_json(raw.content_type) { json_pairs(raw.body) } else { form_pairs(raw.body) };
    let pairs = pairs.ok_or(CallbackError::Malformed)?;
    let mut signatures = pairs.iter().filter(|(key, _)| sign::is_sign(key)).map(|(_, value)| value);
    let signature = match (signatures.next(), signatures.next()) {
        (Some(signature), None) => signature,
        (None, _) => return Err(CallbackError::Signature),
        (Some(_), Some(_)) => return Err(CallbackError::Malformed),
    };
    if !sign::verify(&pairs, signature, secrets) {
        return Err(CallbackError::Signature);
    }
    let order_id = pairs.iter().find(|(key, _)| key == callback::ORDER_ID).map(|(_, value)| value);
    match order_id {
        Some(id)
            if !id.is_empty() && id.len() <= MAX_ORDER_ID && !id.chars().any(char::is_control) =>
        {
            Ok(Notice { gateway_order_id: id.clone() })
        }
        _ => Err(CallbackError::Malformed),
    }
}

type Pairs = Vec<(String, String)>;

/// The documents say form; JSON is taken only when the header says so.
fn is_json(content_type: Option<&str>) -> bool {
    content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
}

/// Decoded pairs of unique keys: plus is a space, percent escapes are bytes of UTF-8. `None` if anything is doubtful, since a
/// replacement character would change what is signed.
fn form_pairs(body: &[u8]) -> Option<Pairs> {
    let mut pairs = Pairs::new();
    let mut keys = BTreeSet::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MAX_PAIRS {
            return None;
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let key = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        if !keys.insert(key.clone()) {
            return None;
        }
        pairs.push((key, value));
    }
    Some(pairs)
}

fn decode(part: &[u8]) -> Option<String> {
    let spaced: Vec<u8> =
        part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

/// Members of a flat object as JavaScript's `join` writes them: null is empty, whole numbers are digits.
fn json_pairs(body: &[u8]) -> Option<Pairs> {
    let object = read_object(body).filter(|object| object.len() <= MAX_PAIRS)?;
    object
        .into_members()
        .map(|(key, node)| {
            let value = match node {
                Node::Flag(flag) => flag.to_string(),
                Node::Integer(number) => number.to_string(),
                Node::Null => String::new(),
                Node::Text(text) => text,
                // How these were written before they were signed, nobody can know.
                Node::Fraction(_) | Node::List(_) | Node::Map(_) => return None,
            };
            Some((key, value))
        })
        .collect()
}
