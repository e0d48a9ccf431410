//! What a script is told after its submit: where the payment stands, or why there is none, in the shopper's words.

use axum::Json;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use farthing_types::checkout::FieldError;
use farthing_types::{PaymentStatus, StepWay};
use farthing_widget::errors;
use serde::Serialize;

use crate::app::App;
use crate::payments::record::Payment;
use crate::payments::steps;
use crate::problem::{ApiError, Problem};

/// Where the payment stands.
#[derive(Serialize)]
pub struct Submitted {
    status: PaymentStatus,
    payment_id: String,
    /// Where to go on, on this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How to go on there.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<StepWay>,
}

impl std::fmt::Debug for Submitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, payment_id, next: _, step: _ } = self; // the path holds the checkout's token
        write!(f, "Submitted({payment_id}, {status:?})")
    }
}

impl Submitted {
    /// Of a payment of the checkout at `path`.
    pub fn of(app: &App, payment: &Payment, path: &str) -> Self {
        let step = steps::way(app, payment);
        Self {
            status: payment.status,
            payment_id: payment.id.clone(),
            next: step.map(|_| format!("{path}/step")),
            step,
        }
    }
}

impl IntoResponse for Submitted {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// Why a script's submit was not taken: the problem, and beside it what the plain page would say.
#[derive(Debug)]
pub struct Refused {
    error: ApiError,
    fields: Vec<FieldError>,
}

impl Refused {
    /// What is wrong with single fields.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        Self { error: ApiError::Validation(Vec::new()), fields }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self { error, fields: Vec::new() }
    }
}

/// The problem's members, with `message`, and `errors` in the shopper's words.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    problem: Problem,
    message: &'static str,
    /// The problem's own `errors` are empty where these are not, and then left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ToldField>,
}

#[derive(Serialize)]
struct ToldField {
    field: &'static str,
    message: String,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let told = Told {
            problem: Problem::from(&self.error),
            message: errors::refusal(self.error.problem_type()),
            errors: self
                .fields
                .into_iter()
                .map(|FieldError { field, text }| ToldField { field: field.name(), message: text })
                .collect(),
        };
        let body = serde_json::to_vec(&told).unwrap_or_default();
        let mut response = self.error.into_response();
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = Body::from(body);
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use farthing_types::checkout::Field;
    use serde_json::{Value, json};

    use super::*;

    async fn read(response: Response) -> (StatusCode, Value) {
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 16).await.unwrap();
        assert_eq!(head.headers["content-type"], "application/problem+json");
        (head.status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_field_is_refused_in_exactly_the_words_of_the_plain_page() {
        let text = errors::card_number(farthing_types::card::PanError::CheckDigit);
        let error = FieldError { field: Field::CardNumber, text: text.to_owned() };
        let (status, json) = read(Refused::fields(vec![error]).into_response()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(json["type"], "urn:farthing:problem:validation");
        assert_eq!(json["errors"], json!([{"field": "card_number", "message": text}]));
    }

    #[tokio::test]
    async fn a_refusal_has_the_shoppers_sentence_and_keeps_what_the_problem_says() {
        let conflict = ApiError::OrderAlreadyPaid { payment: "pay_1".to_owned() };
        let (status, json) = read(Refused::from(conflict).into_response()).await;
        assert_eq!((status, &json["payment"]), (StatusCode::CONFLICT, &json!("pay_1")));
        assert_eq!(json["message"], errors::refusal("order-already-paid"));
        let rule = ApiError::field("version", "must be the version that the page carried");
        let (_, json) = read(Refused::from(rule).into_response()).await;
        assert_eq!(json["errors"][0]["field"], "version");
        let busy = ApiError::Unavailable { retry_after: std::time::Duration::from_secs(5) };
        assert_eq!(Refused::from(busy).into_response().headers()["retry-after"], "5");
    }

    #[tokio::test]
    async fn a_changed_session_tells_a_script_nothing_about_the_change() {
        let (_, json) = read(Refused::from(ApiError::SessionChanged).into_response()).await;
        let mut names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["detail", "message", "status", "title", "type"]);
    }
}
