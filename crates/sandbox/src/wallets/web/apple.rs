//! What Apple's sheet asks Apple: whether a merchant session is good, and for a token under it.

use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shares;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use farthing_types::{Currency, Money};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroize as _;

use crate::control::{AppleTokenFault, AppleTokenRequest};
use crate::routes::{problem, read};
use crate::sandbox::Shared;
use crate::wallets::device;

/// Body of `POST /wallets/apple/session`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    /// What the page gave to `completeMerchantValidation`.
    session: Value,
    /// Host name of the page.
    domain: String,
}

/// Body of `POST /wallets/apple/token`. Its number is wiped on drop.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorization {
    /// Of the sheet.
    ticket: String,
    /// `total.amount` of the payment request, a decimal text.
    amount: String,
    /// `currencyCode` of the payment request.
    currency: Currency,
    /// The chosen card.
    number: String,
    /// `applicationData` of the payment request, base64.
    application_data: Option<String>,
    /// What is to be wrong with the token.
    #[serde(default)]
    faults: Vec<AppleTokenFault>,
}

impl Drop for Authorization {
    fn drop(&mut self) {
        self.number.zeroize();
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(..)")
    }
}

/// `POST /wallets/apple/session`: uses a merchant session up. The ticket in the answer is good for tokens.
pub(super) async fn open(Shares(shared): Shares<Arc<Shared>>, body: Bytes) -> Response {
    let shown: Shown = match read(&body) {
        Ok(shown) => shown,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error),
    };
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, "no randomness");
    }
    let ticket = hex::encode(random);
    let mut state = shared.lock();
    let now = state.clock.now();
    match state.registry.open(&shown.session, &shown.domain, now, &ticket) {
        Ok(()) => Json(json!({"ticket": ticket, "displayName": shown.session.get("displayName")}))
            .into_response(),
        Err(error) => problem(StatusCode::CONFLICT, error),
    }
}

/// `POST /wallets/apple/token`: the shopper has agreed. The token is for the merchant's newest certificate.
pub(super) async fn authorize(Shares(shared): Shares<Arc<Shared>>, body: Bytes) -> Response {
    match device::take(body).and_then(|wish| token_request(&shared, &wish)) {
        Ok(wish) => device::apple_for_sheet(&shared, &wish),
        Err(error) => problem(StatusCode::BAD_REQUEST, &error),
    }
}

fn token_request(shared: &Shared, wish: &Authorization) -> Result<AppleTokenRequest, String> {
    let merchant = shared.lock().registry.merchant_of(&wish.ticket).map(str::to_owned);
    let merchant = merchant.ok_or("no sheet has this ticket")?;
    let certificate = shared.vendors().certificates.newest(&merchant);
    let certificate = certificate
        .ok_or_else(|| format!("the portal has issued no processing certificate for {merchant}"))?;
    let amount = Money::parse_decimal(&wish.amount, wish.currency)
        .map_err(|_| "amount must be a decimal text with the decimals of its currency")?;
    Ok(AppleTokenRequest {
        certificate,
        amount: amount.minor(),
        currency: wish.currency,
        number: Some(wish.number.clone()),
        network: None,
        expires: None,
        application_data: wish.application_data.clone(),
        signed_at: None,
        faults: wish.faults.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_printed() {
        let body = r#"{"ticket":"t","amount":"1.00","currency":"EUR","number":"4012000000003010"}"#;
        let wish: Authorization = serde_json::from_str(body).unwrap();
        assert_eq!(format!("{wish:?}"), "Authorization(..)");
    }
}
