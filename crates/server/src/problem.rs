//! Errors at the HTTP edge: RFC 9457 problems, made in one conversion, never repeating a value.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::config::Scope;
use crate::store::StoreError;
use crate::telemetry::request_id;
use crate::token::NoRandomness;

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's path, such as `customer.email`; `body` when it is none in particular.
    pub field: Cow<'static, str>,
    /// The rule that it breaks: one clause, without the value.
    pub rule: Cow<'static, str>,
}

impl FieldError {
    /// A rule broken by a field. Neither may hold anything that the client sent.
    pub fn new(field: impl Into<Cow<'static, str>>, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), rule: rule.into() }
    }
}

/// Why a request was refused. A declined card or a silent gateway is not here: those are payment states.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// 400: the body is not JSON at all, or was cut.
    #[error("the body is not valid JSON")]
    BadBody,
    /// 400: a form, path, query or header that cannot be read.
    #[error("the request cannot be read")]
    BadRequest,
    /// 413: see [`BODY_LIMIT`].
    #[error("the body is larger than 64 KiB")]
    BodyTooLarge,
    /// 403: a POST from a page of another site.
    #[error("the request came from another site")]
    CrossSite,
    /// 431.
    #[error("the request's headers are too large")]
    HeadersTooLarge,
    /// 409: the first request with this key has not been answered yet.
    #[error("the first request with this idempotency key is still running")]
    IdempotencyInProgress,
    /// 422: the key was used for another body.
    #[error("the idempotency key was used for a different request")]
    IdempotencyMismatch,
    /// 400: the header is missing, or not 1 to 255 printable ASCII characters.
    #[error("the header Idempotency-Key is required: 1 to 255 printable ASCII characters")]
    IdempotencyRequired,
    /// 500: says nothing else.
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
    /// 405.
    #[error("this route does not accept the method")]
    MethodNotAllowed,
    /// 403: the key is known and may not do this.
    #[error("the key lacks the scope `{}`", .0.name())]
    MissingScope(Scope),
    /// 404: also for what belongs to somebody else.
    #[error("there is no such resource")]
    NotFound,
    /// 409: an attempt for the order may still be paid.
    #[error("another payment of this order is open")]
    OrderAlreadyOpen {
        /// The payment that is open.
        payment: String,
    },
    /// 409: the order is paid.
    #[error("this order is already paid")]
    OrderAlreadyPaid {
        /// The payment that paid it.
        payment: String,
    },
    /// 500: a handler panicked; its message stays out of the answer.
    #[error("a handler panicked")]
    Panicked,
    /// 408: the body did not arrive in time.
    #[error("the request did not arrive in time")]
    RequestTimeout,
    /// 409: the page shows another version of the session.
    #[error("the session was changed")]
    SessionChanged,
    /// 410: the session ended without a payment. Only a valid link is told so.
    #[error("the session is over")]
    SessionExpired,
    /// 409: the session is processing, complete or expired.
    #[error("the session is not open")]
    SessionNotOpen,
    /// 409: the session's attempts are used up.
    #[error("the session has no attempts left")]
    TooManyAttempts,
    /// 401: no key, or one that is not configured.
    #[error("the request needs a configured key: `Authorization: Bearer sk_…`")]
    Unauthorized,
    /// 503: try again later; nothing was done.
    #[error("the service cannot do this right now")]
    Unavailable {
        /// When to try again; whole seconds, at least one.
        retry_after: Duration,
    },
    /// 415: the route wants `application/json`.
    #[error("the body must be application/json")]
    UnsupportedMediaType,
    /// 414.
    #[error("the URL is too long")]
    UriTooLong,
    /// 400: fields that break rules.
    #[error("a field breaks a rule")]
    Validation(Vec<FieldError>),
    /// 422: a wallet's token. The reason is the operator's alone: it would guide whoever tries tokens out.
    #[error("the wallet's payment cannot be used")]
    WalletRefused,
}

impl ApiError {
    /// A 500 that keeps its cause for the log. The cause must print no secret and nothing that a client sent.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// A validation error of one field.
    pub fn field(field: impl Into<Cow<'static, str>>, rule: impl Into<Cow<'static, str>>) -> Self {
        Self::Validation(vec![FieldError::new(field, rule)])
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// The problem's `type`, stable: `urn:farthing:problem:` and a name.
    pub const fn problem_type(&self) -> &'static str {
        self.parts().1
    }

    const fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        macro_rules! urn {
            ($name:literal) => {
                concat!("urn:farthing:problem:", $name)
            };
        }
        match self {
            Self::BadBody => (StatusCode::BAD_REQUEST, urn!("bad-body"), "The body cannot be read"),
            Self::BadRequest => {
                (StatusCode::BAD_REQUEST, urn!("bad-request"), "The request cannot be read")
            }
            Self::BodyTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, urn!("body-too-large"), "The body is too large")
            }
            Self::CrossSite => {
                (StatusCode::FORBIDDEN, urn!("cross-site"), "Refused from another site")
            }
            Self::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                urn!("headers-too-large"),
                "The headers are too large",
            ),
            Self::IdempotencyInProgress => (
                StatusCode::CONFLICT,
                urn!("idempotency-in-progress"),
                "The first request is still running",
            ),
            Self::IdempotencyMismatch => (
                StatusCode::UNPROCESSABLE_ENTITY,
                urn!("idempotency-mismatch"),
                "The idempotency key belongs to another request",
            ),
            Self::IdempotencyRequired => (
                StatusCode::BAD_REQUEST,
                urn!("idempotency-required"),
                "An idempotency key is required",
            ),
            Self::Internal(_) | Self::Panicked => {
                (StatusCode::INTERNAL_SERVER_ERROR, urn!("internal"), "Something went wrong here")
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                urn!("method-not-allowed"),
                "The method is not allowed",
            ),
            Self::MissingScope(_) => {
                (StatusCode::FORBIDDEN, urn!("missing-scope"), "The key may not do this")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, urn!("not-found"), "Not found"),
            Self::OrderAlreadyOpen { .. } => {
                (StatusCode::CONFLICT, urn!("order-already-open"), "The order has an open payment")
            }
            Self::OrderAlreadyPaid { .. } => {
                (StatusCode::CONFLICT, urn!("order-already-paid"), "The order is paid")
            }
            Self::RequestTimeout => {
                (StatusCode::REQUEST_TIMEOUT, urn!("request-timeout"), "The request was too slow")
            }
            Self::SessionChanged => {
                (StatusCode::CONFLICT, urn!("session-changed"), "The session was changed")
            }
            Self::SessionExpired => {
                (StatusCode::GONE, urn!("session-expired"), "The session is over")
            }
            Self::SessionNotOpen => {
                (StatusCode::CONFLICT, urn!("session-not-open"), "The session is not open")
            }
            Self::TooManyAttempts => {
                (StatusCode::CONFLICT, urn!("too-many-attempts"), "No attempts are left")
            }
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, urn!("unauthorized"), "The key is missing or unknown")
            }
            Self::Unavailable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, urn!("unavailable"), "Try again later")
            }
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                urn!("unsupported-media-type"),
                "The body has the wrong type",
            ),
            Self::UriTooLong => {
                (StatusCode::URI_TOO_LONG, urn!("uri-too-long"), "The URL is too long")
            }
            Self::Validation(_) => {
                (StatusCode::BAD_REQUEST, urn!("validation"), "The request breaks a rule")
            }
            Self::WalletRefused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                urn!("wallet-refused"),
                "The wallet's payment cannot be used",
            ),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Full => {
                Self::Unavailable { retry_after: Duration::from_secs(5) }
            }
            StoreError::Missing => Self::NotFound,
            error @ StoreError::Internal(_) => Self::internal(error),
        }
    }
}

impl From<NoRandomness> for ApiError {
    fn from(error: NoRandomness) -> Self {
        Self::internal(error)
    }
}

/// The JSON of an error: RFC 9457, section 3.1, with four members of our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `urn:farthing:problem:…`, stable.
    #[serde(rename = "type")]
    pub type_: &'static str,
    /// The same for every problem of the type.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// One sentence about this occurrence.
    pub detail: String,
    /// Of `validation`: the fields and their rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Of `order-already-open` and `order-already-paid`: the payment in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// What to quote when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl From<&ApiError> for Problem {
    fn from(error: &ApiError) -> Self {
        let (status, type_, title) = error.parts();
        let errors = match error {
            ApiError::Validation(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let payment = match error {
            ApiError::OrderAlreadyOpen { payment } | ApiError::OrderAlreadyPaid { payment } => {
                Some(payment.clone())
            }
            _ => None,
        };
        let detail = match error {
            ApiError::Internal(_) | ApiError::Panicked => "internal error".to_owned(),
            other => other.to_string(),
        };
        Self {
            type_,
            title,
            status: status.as_u16(),
            detail,
            errors,
            payment,
            request_id: request_id::current(),
        }
    }
}

impl IntoResponse for ApiError {
    /// The answer also carries the error in its extensions (`Arc<ApiError>`), so that one layer logs it once.
    fn into_response(self) -> Response {
        let problem = Problem::from(&self);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        match &self {
            Self::Unauthorized => {
                headers.insert(
                    WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"farthing\""),
                );
            }
            Self::Unavailable { retry_after } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
            }
            _ => {}
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// RFC 9457, section 6.1.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The largest request body, bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use axum::http::HeaderMap;

    use super::*;

    fn one_of_each() -> Vec<ApiError> {
        vec![
            ApiError::BadBody,
            ApiError::BadRequest,
            ApiError::BodyTooLarge,
            ApiError::CrossSite,
            ApiError::HeadersTooLarge,
            ApiError::IdempotencyInProgress,
            ApiError::IdempotencyMismatch,
            ApiError::IdempotencyRequired,
            ApiError::internal("database is broken at /var/lib/x"),
            ApiError::MethodNotAllowed,
            ApiError::MissingScope(Scope::Refunds),
            ApiError::NotFound,
            ApiError::OrderAlreadyOpen { payment: "pay_1".into() },
            ApiError::OrderAlreadyPaid { payment: "pay_1".into() },
            ApiError::RequestTimeout,
            ApiError::SessionChanged,
            ApiError::SessionExpired,
            ApiError::SessionNotOpen,
            ApiError::TooManyAttempts,
            ApiError::Unauthorized,
            ApiError::Unavailable { retry_after: Duration::from_millis(10) },
            ApiError::UnsupportedMediaType,
            ApiError::UriTooLong,
            ApiError::field("amount", "must be at least 1"),
        ]
    }

    async fn parts(error: ApiError) -> (StatusCode, HeaderMap, serde_json::Value) {
        let response = error.into_response();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (head.status, head.headers, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn every_error_is_a_problem_with_its_own_stable_type() {
        let mut types = HashSet::new();
        for error in one_of_each() {
            let kind = error.problem_type();
            let (status, headers, json) = parts(error).await;
            assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
            assert_eq!(json["status"], status.as_u16());
            assert_eq!(json["type"], kind);
            assert!(kind.starts_with("urn:farthing:problem:"));
            assert!(types.insert(kind), "{kind} twice");
            assert!(!json["title"].as_str().unwrap().is_empty());
            assert!(!json["detail"].as_str().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn validation_names_field_and_rule() {
        let (status, _, json) = parts(ApiError::field("customer.email", "is not an address")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(
            json["errors"],
            serde_json::json!([{"field": "customer.email", "rule": "is not an address"}])
        );
    }

    #[tokio::test]
    async fn a_conflict_names_the_payment_in_the_way() {
        let (status, _, json) = parts(ApiError::OrderAlreadyPaid { payment: "pay_7".into() }).await;
        assert_eq!((status, &json["payment"]), (StatusCode::CONFLICT, &"pay_7".into()));
    }

    #[tokio::test]
    async fn an_internal_error_tells_the_client_nothing_and_the_log_the_cause() {
        let response = ApiError::internal("database is broken at /var/lib/x").into_response();
        let kept = response.extensions().get::<Arc<ApiError>>().unwrap().clone();
        assert_eq!(kept.source().unwrap().to_string(), "database is broken at /var/lib/x");
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert!(!String::from_utf8(bytes.to_vec()).unwrap().contains("database"));
    }

    #[tokio::test]
    async fn a_401_says_which_scheme_is_wanted_and_a_503_when_to_come_back() {
        let (_, headers, _) = parts(ApiError::Unauthorized).await;
        assert_eq!(headers[WWW_AUTHENTICATE], "Bearer realm=\"farthing\"");
        let (_, headers, _) = parts(ApiError::Unavailable { retry_after: Duration::ZERO }).await;
        assert_eq!(headers[RETRY_AFTER], "1", "zero would mean a storm");
    }
}
