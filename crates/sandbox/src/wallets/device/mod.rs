//! The device in the shopper's hand, and the vendor's servers behind it: tokens, right or with flaws of choice.

mod apple;
mod google;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shares;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_types::Pan;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::control::AppleTokenRequest;
use crate::routes::{problem, read};
use crate::sandbox::Shared;
use crate::smartcore::card;

/// `POST /_control/wallets/apple/token`.
pub(super) async fn apple(Shares(shared): Shares<Arc<Shared>>, body: Bytes) -> Response {
    let now = shared.lock().clock.now();
    answer(take(body).and_then(|wish| apple::token(shared.vendors(), &wish, now)))
}

/// A token for a sheet, and the answer that carries it.
pub(super) fn apple_for_sheet(shared: &Shared, wish: &AppleTokenRequest) -> Response {
    let now = shared.lock().clock.now();
    answer(apple::token(shared.vendors(), wish, now))
}

/// `POST /_control/wallets/google/token`.
pub(super) async fn google(Shares(shared): Shares<Arc<Shared>>, body: Bytes) -> Response {
    let now = shared.lock().clock.now();
    answer(take(body).and_then(|wish| google::payment_data(shared.vendors(), &wish, now)))
}

/// Reads a body and overwrites it: it may hold a card number. So serde's message, which may quote it, is dropped.
pub(super) fn take<T: DeserializeOwned>(body: Bytes) -> Result<T, String> {
    let wish = read(&body)
        .map_err(|_| "the body must be a JSON object with the documented fields".to_owned());
    if let Ok(mut bytes) = body.try_into_mut() {
        bytes.zeroize();
    }
    wish
}

fn answer(made: Result<Zeroizing<String>, String>) -> Response {
    match made {
        Ok(json) => {
            let json_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            ([json_type], json.to_string()).into_response()
        }
        Err(error) => problem(StatusCode::BAD_REQUEST, &error),
    }
}

/// The number of a token: the documents' card without a challenge unless another one is wanted.
fn number(wanted: Option<&str>) -> Result<Pan, String> {
    Pan::parse(wanted.unwrap_or(card::FRICTIONLESS))
        .map_err(|_| "number must be a card number".to_owned())
}

/// What a wallet calls the network of a number, if the number is of a brand that is told apart.
fn network(number: &Pan, names: &[(&str, &'static str)]) -> Option<&'static str> {
    let brand = card::brand(number.expose_digits().get(..6).unwrap_or_default());
    names.iter().find(|(name, _)| *name == brand).map(|(_, network)| *network)
}

/// The same JSON with another value in one place. A value that is no text is given to `change` as an empty one.
fn changed(json: &str, pointer: &str, change: fn(&str) -> Value) -> Zeroizing<String> {
    let mut json: Value = serde_json::from_str(json).unwrap_or_default();
    if let Some(value) = json.pointer_mut(pointer) {
        *value = change(value.as_str().unwrap_or_default());
    }
    Zeroizing::new(json.to_string())
}

/// One bit of base64 is another; the text stays base64.
fn flip(text: &str, byte: usize) -> String {
    let mut bytes = STANDARD.decode(text).unwrap_or_default();
    if let Some(byte) = bytes.get_mut(byte) {
        *byte ^= 1;
    }
    STANDARD.encode(bytes)
}

fn unmade(error: impl std::fmt::Display) -> String {
    error.to_string()
}
