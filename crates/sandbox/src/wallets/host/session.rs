//! Merchant sessions: who gets one, and what it looks like.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Client;
use crate::clock;
use crate::control::LedgerSession;
use crate::wallets::portal::is_domain;
use crate::wallets::registry::Registry;

/// The longest name that a session may show, in characters.
const MAX_DISPLAY_NAME: usize = 64;
/// What sessions say of their end. Apple's own documents promise five minutes.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// "The request body".
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    merchant_identifier: String,
    display_name: String,
    initiative: String,
    initiative_context: String,
}

/// The answer, and its line in the ledger.
pub(super) fn answer(
    client: &Client,
    body: &[u8],
    registry: &Registry,
    now: Timestamp,
) -> (StatusCode, Value, LedgerSession) {
    let request: Option<Request> = serde_json::from_slice(body).ok();
    let mut entry = LedgerSession {
        at: now,
        merchant_id: client.merchant_id().unwrap_or_default().to_owned(),
        merchant_identifier: String::new(),
        domain: String::new(),
        display_name: String::new(),
        http_status: None,
    };
    let made = match request {
        None => {
            Err((StatusCode::BAD_REQUEST, "the body is not a request for a session".to_owned()))
        }
        Some(request) => {
            entry.merchant_identifier.clone_from(&request.merchant_identifier);
            entry.domain.clone_from(&request.initiative_context);
            entry.display_name.clone_from(&request.display_name);
            judge(client, &request, registry).and_then(|()| session(&request, now))
        }
    };
    match made {
        Ok(session) => (StatusCode::OK, session, entry),
        Err((status, text)) => (status, exception(status, &text), entry),
    }
}

/// Why a merchant gets no session.
fn judge(
    client: &Client,
    request: &Request,
    registry: &Registry,
) -> Result<(), (StatusCode, String)> {
    let Request { merchant_identifier, display_name, initiative, initiative_context } = request;
    let bad = |text: &str| Err((StatusCode::BAD_REQUEST, text.to_owned()));
    if merchant_identifier.is_empty() {
        return bad("merchantIdentifier is missing");
    }
    if display_name.is_empty() || display_name.chars().count() > MAX_DISPLAY_NAME {
        return bad("displayName must have 1 to 64 characters");
    }
    if initiative != "web" {
        return bad("initiative must be web");
    }
    if !is_domain(initiative_context) {
        return bad("initiativeContext must be a fully qualified domain name");
    }
    let (own, asked) = (hash(client.merchant_id().unwrap_or_default()), hash(merchant_identifier));
    if own != asked {
        let text = format!(
            "merchantId={own} unauthorized to process transactions on behalf of merchantId={asked} \
             reason={asked} never authorized mass enablement transactions to occur via {own}"
        );
        return Err((StatusCode::EXPECTATION_FAILED, text));
    }
    if !registry.has(initiative_context) {
        let text = format!("merchantId={asked} not registered for domain={initiative_context}");
        return Err((StatusCode::EXPECTATION_FAILED, text));
    }
    Ok(())
}

/// The fields that were seen. All of it is opaque to the merchant; only a sandbox's page looks inside.
fn session(request: &Request, now: Timestamp) -> Result<Value, (StatusCode, String)> {
    let mut random = [0; 132];
    getrandom::fill(&mut random)
        .map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "no randomness".to_owned()))?;
    let (id, rest) = random.split_at(32);
    let (nonce, signature) = rest.split_at(4);
    Ok(json!({
        "epochTimestamp": now.as_millisecond(),
        "expiresAt": clock::add(now, EXPIRES_AFTER).as_millisecond(),
        "merchantSessionIdentifier": format!("SSH{}", hex::encode_upper(id)),
        "nonce": hex::encode(nonce),
        "merchantIdentifier": hash(&request.merchant_identifier),
        "domainName": request.initiative_context,
        "displayName": request.display_name,
        "signature": hex::encode(signature),
    }))
}

/// An error as Apple words them.
pub(super) fn exception(status: StatusCode, text: &str) -> Value {
    json!({
        "statusMessage": format!("Payment Services Exception {text}"),
        "statusCode": status.as_u16().to_string(),
    })
}

/// What sessions and errors call a merchant.
fn hash(merchant_id: &str) -> String {
    hex::encode_upper(Sha256::digest(merchant_id))
}
