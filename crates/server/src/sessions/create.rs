//! Creating sessions: every rule that a merchant's request has to follow.

use farthing_types::{Currency, Money, SessionStatus, Wallet};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::Url;
use utoipa::ToSchema;

use super::customer::{self, CustomerInput};
use super::record::{Session, Terms};
use crate::app::App;
use crate::config::Mode;
use crate::json::object_or_null;
use crate::problem::{ApiError, FieldError};
use crate::store::{Amendment, NewSession, OrderLock};
use crate::token::{Token, TokenKind, new_id};

/// What a merchant sends to create a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    /// The merchant's order, 1 to 100 characters. Sessions of one order share one lock.
    pub order_id: String,
    /// Integer minor units, at least 1.
    pub amount: u64,
    /// ISO 4217 alphabetic code with a configured account.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What is being paid for, at most 200 characters; shown to the shopper.
    #[serde(default)]
    pub purpose: Option<String>,
    /// `automatic`; two-step payments are not part of this version.
    #[serde(default)]
    pub capture: Option<String>,
    /// Whether later payments may be made from this one.
    #[serde(default)]
    pub recurrent: bool,
    /// Minimum days between two later payments.
    #[serde(default)]
    pub recur_freq: Option<u32>,
    /// RFC 3339 time of the last later payment.
    #[serde(default)]
    pub recur_exp: Option<String>,
    /// What is known of the customer; the form asks for the rest and never shows this.
    #[serde(default, deserialize_with = "object_or_null")]
    pub customer: CustomerInput,
    /// What it may be paid with: `card`, and of `apple_pay` and `google_pay` those that are wanted; all of them if left out. A wallet that
    /// is not configured is not offered, whatever this says.
    #[serde(default)]
    #[schema(example = json!(["card", "google_pay"]))]
    pub methods: Option<Vec<String>>,
    /// Where a full page goes after success; on a registered host.
    #[serde(default)]
    pub success_url: Option<String>,
    /// Where a full page goes after failure; on a registered host.
    #[serde(default)]
    pub fail_url: Option<String>,
    /// Where a full page goes otherwise; on a registered host.
    #[serde(default)]
    pub return_url: Option<String>,
    /// Where this session's events go; on a registered host.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// The shop page's origin, one of the registered ones.
    #[serde(default)]
    pub origin: Option<String>,
    /// BCP 47 language tag of the checkout.
    #[serde(default)]
    pub locale: Option<String>,
    /// Seconds until the session ends, 1 to 86400; 1800 if left out.
    #[serde(default)]
    pub expires_in: Option<u32>,
    /// The merchant's own notes, at most 4 KiB of JSON.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Half an hour.
const DEFAULT_EXPIRES_IN: u32 = 1800;

/// Creates a session and its token, if the request is right and the order free.
pub async fn create(app: &App, wanted: CreateSession) -> Result<(Session, Token), ApiError> {
    let (session, token) = build(app, wanted)?;
    let new = NewSession { session, token: token.hash() };
    match app.store.create_session(new).await? {
        OrderLock::Free(session) => {
            app.event_written.notify_one(); // an older session of the order may have ended
            Ok((session, token))
        }
        OrderLock::Open { payment_id } => Err(ApiError::OrderAlreadyOpen { payment: payment_id }),
        OrderLock::Paid { payment_id } => Err(ApiError::OrderAlreadyPaid { payment: payment_id }),
    }
}

fn build(app: &App, wanted: CreateSession) -> Result<(Session, Token), ApiError> {
    let mut errors = Vec::new();
    text(&mut errors, "order_id", &wanted.order_id, 100);
    if wanted.order_id.is_empty() {
        errors.push(FieldError::new("order_id", "must not be empty"));
    }
    if let Some(purpose) = &wanted.purpose {
        text(&mut errors, "purpose", purpose, 200);
    }
    if let Err(rule) = amount_rule(wanted.amount) {
        errors.push(FieldError::new("amount", rule));
    }
    let currency = wanted.currency.parse::<Currency>();
    match currency {
        Err(_) => {
            errors.push(FieldError::new("currency", "must be an ISO 4217 code in capital letters"));
        }
        Ok(currency) if !app.gateway.takes(currency) => {
            errors.push(FieldError::new("currency", "has no configured account"));
        }
        Ok(_) => {}
    }
    if wanted.capture.as_deref().is_some_and(|capture| capture != "automatic") {
        errors.push(FieldError::new("capture", "must be `automatic` in this version"));
    }
    let wallets = match wanted.methods.as_deref().map(wallets).transpose() {
        Ok(wallets) => wallets,
        Err(rule) => {
            errors.push(FieldError::new("methods", rule));
            None
        }
    };
    let expires_in = wanted.expires_in.unwrap_or(DEFAULT_EXPIRES_IN);
    if !(1..=86_400).contains(&expires_in) {
        errors.push(FieldError::new("expires_in", "must be 1 to 86400 seconds"));
    }
    recurrence(&mut errors, &wanted);
    let urls = urls(app, &mut errors, &wanted);
    if wanted.locale.as_deref().is_some_and(|tag| !is_language_tag(tag)) {
        errors.push(FieldError::new("locale", "must be a BCP 47 language tag"));
    }
    if wanted
        .metadata
        .as_ref()
        .is_some_and(|notes| serde_json::to_vec(notes).map_or(true, |json| json.len() > 4096))
    {
        errors.push(FieldError::new("metadata", "must be at most 4 KiB of JSON"));
    }
    if wanted.metadata.as_ref().is_some_and(|notes| !notes.values().all(is_exact)) {
        errors.push(FieldError::new(
            "metadata",
            "must not hold numbers but whole ones of at most 53 bits",
        ));
    }
    let customer = wanted.customer.check().map_err(|more| errors.extend(more));
    let (Ok(currency), Ok(customer), true) = (currency, customer, errors.is_empty()) else {
        return Err(ApiError::Validation(errors));
    };

    let id = new_id("ses_")?;
    let token = Token::generate(TokenKind::Checkout)?;
    let created_at = app.now();
    let expires_at = created_at
        .checked_add(SignedDuration::from_secs(expires_in.into()))
        .map_err(ApiError::internal)?;
    let customer = customer::seal(&app.sealer, &id, &customer).map_err(ApiError::internal)?;
    let session = Session {
        id,
        order_id: wanted.order_id,
        version: 1,
        amount: wanted.amount,
        currency,
        status: SessionStatus::Open,
        attempts: 0,
        terms: Terms {
            purpose: wanted.purpose,
            wallets,
            recurrent: wanted.recurrent,
            recur_freq: wanted.recur_freq,
            recur_exp: wanted.recur_exp,
            success_url: urls.success,
            fail_url: urls.fail,
            return_url: urls.back,
            webhook_url: urls.webhook,
            origin: wanted.origin,
            locale: wanted.locale,
            metadata: wanted.metadata,
        },
        customer,
        created_at,
        expires_at,
    };
    Ok((session, token))
}

/// The wallets among a session's methods.
fn wallets(methods: &[String]) -> Result<Vec<Wallet>, &'static str> {
    const RULE: &str = "must be card and any of apple_pay and google_pay, each once";
    let mut names: Vec<&str> = methods.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let rest: Vec<&str> = names.iter().copied().filter(|name| *name != "card").collect();
    if names.len() != methods.len() || rest.len() + 1 != names.len() {
        return Err(RULE);
    }
    rest.into_iter().map(|name| name.parse().map_err(|_| RULE)).collect()
}

/// The rules of a change, the same as those of a creation.
pub fn check_amendment(amendment: &Amendment) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if let Some(Err(rule)) = amendment.amount.map(amount_rule) {
        errors.push(FieldError::new("amount", rule));
    }
    if let Some(purpose) = &amendment.purpose {
        text(&mut errors, "purpose", purpose, 200);
    }
    if amendment.amount.is_none() && amendment.purpose.is_none() {
        errors.push(FieldError::new("body", "must change amount or purpose"));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Validation(errors)) }
}

fn amount_rule(minor: u64) -> Result<(), &'static str> {
    if (1..=Money::MAX_MINOR).contains(&minor) {
        Ok(())
    } else {
        Err("must be 1 to 999999999999999 minor units")
    }
}

fn text(errors: &mut Vec<FieldError>, field: &'static str, value: &str, longest: usize) {
    if value.chars().count() > longest {
        errors.push(FieldError::new(field, format!("must be at most {longest} characters")));
    }
    if value.chars().any(char::is_control) {
        errors.push(FieldError::new(field, "must not hold control characters"));
    }
}

fn recurrence(errors: &mut Vec<FieldError>, wanted: &CreateSession) {
    if !wanted.recurrent && (wanted.recur_freq.is_some() || wanted.recur_exp.is_some()) {
        errors.push(FieldError::new(
            "recurrent",
            "must be true when recur_freq or recur_exp is given",
        ));
    }
    if wanted.recur_freq == Some(0) {
        errors.push(FieldError::new("recur_freq", "must be at least 1 day"));
    }
    if wanted.recur_exp.as_deref().is_some_and(|time| time.parse::<Timestamp>().is_err()) {
        errors.push(FieldError::new("recur_exp", "must be an RFC 3339 time"));
    }
}

/// The session's URLs as they are stored: parsed once, and written by the parser, so that no header is ever made of
/// what a request said.
struct Urls {
    success: Option<String>,
    fail: Option<String>,
    back: Option<String>,
    webhook: Option<String>,
}

fn urls(app: &App, errors: &mut Vec<FieldError>, wanted: &CreateSession) -> Urls {
    let (origins, mode) = (&app.config.merchant.origins, app.config.mode);
    let mut page = |field, value: &Option<String>| {
        let url = value.as_deref().map(|value| {
            web_url(value, mode).filter(|url| origins.iter().any(|origin| origin.is_of(url)))
        });
        if matches!(url, Some(None)) {
            errors.push(FieldError::new(field, "must be a URL on a registered origin"));
        }
        url.flatten().map(String::from)
    };
    let success = page("success_url", &wanted.success_url);
    let fail = page("fail_url", &wanted.fail_url);
    let back = page("return_url", &wanted.return_url);
    let configured = app.config.merchant.webhook.as_ref();
    let webhook = wanted.webhook_url.as_deref().and_then(|value| {
        let Some(configured) = configured else {
            errors.push(FieldError::new("webhook_url", "needs a configured webhook secret"));
            return None;
        };
        let url = web_url(value, mode).filter(|url| {
            url.origin() == configured.url.origin()
                || origins.iter().any(|origin| origin.is_of(url))
        });
        if url.is_none() {
            errors.push(FieldError::new("webhook_url", "must be a URL on a registered origin"));
        }
        url.map(String::from)
    });
    if let Some(value) = &wanted.origin
        && !origins.iter().any(|origin| origin.as_str() == value.trim_end_matches('/'))
    {
        errors.push(FieldError::new("origin", "must be a registered origin"));
    }
    Urls { success, fail, back, webhook }
}

/// A URL of at most 2048 bytes without credentials: https, or http too in sandbox mode.
fn web_url(value: &str, mode: Mode) -> Option<Url> {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    let url = Url::parse(value).ok().filter(|_| value.len() <= 2048 && !value.contains(odd))?;
    let scheme = url.scheme() == "https" || (mode == Mode::Sandbox && url.scheme() == "http");
    (scheme && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// Numbers that every JSON reader keeps exact: whole, and of at most 53 bits (RFC 8259, section 6).
fn is_exact(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => {
            number.as_i64().is_some_and(|number| number.unsigned_abs() < 1 << 53)
        }
        serde_json::Value::Array(items) => items.iter().all(is_exact),
        serde_json::Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

/// Shape only: letters and digits in parts of 1 to 8, joined by hyphens (RFC 5646, section 2.1).
fn is_language_tag(tag: &str) -> bool {
    tag.len() <= 35
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use Wallet::{ApplePay, GooglePay};

    use super::*;

    #[test]
    fn the_methods_of_a_session_are_the_card_and_some_of_the_wallets() {
        let read = |methods: &[&str]| {
            wallets(&methods.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read(&["card"]), Ok(vec![]));
        assert_eq!(read(&["google_pay", "card"]), Ok(vec![GooglePay]));
        assert_eq!(read(&["card", "google_pay", "apple_pay"]), Ok(vec![ApplePay, GooglePay]));
        for wrong in [
            &[][..],
            &["google_pay"],
            &["card", "card"],
            &["card", "google_pay", "google_pay"],
            &["card", "paypal"],
            &["Card"],
            &["card", ""],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
