//! `POST /v1/links`: the gateway's hosted form, to be sent by mail or message.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use utoipa::ToSchema;

use super::idempotent::once;
use crate::app::App;
use crate::auth::Caller;
use crate::config::Scope;
use crate::json::{object_or_null, parse, read_json};
use crate::listen::ClientAddr;
use crate::payments::pay::{self, Attempt, Source, Started};
use crate::payments::steps;
use crate::problem::ApiError;
use crate::sessions::create::{self, CreateSession};
use crate::sessions::customer::{self, CustomerInput};
use crate::views::PaymentView;

/// What a merchant sends to create a link. The customer must be complete: nobody is there to be asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// The merchant's order, 1 to 100 characters.
    pub order_id: String,
    /// Integer minor units.
    pub amount: u64,
    /// ISO 4217 alphabetic code with a configured account.
    pub currency: String,
    /// What is being paid for.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Everything that the gateway requires of the customer.
    #[serde(default, deserialize_with = "object_or_null")]
    pub customer: CustomerInput,
    /// The customer's address, if known; the caller's own is sent otherwise, for the gateway insists on one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub customer_ip: Option<IpAddr>,
    /// Digits of a phone number to fill in, for mobile commerce.
    #[serde(default)]
    pub prefilled_phone: Option<String>,
    /// Where the payer goes after success; on a registered host.
    #[serde(default)]
    pub success_url: Option<String>,
    /// Where the payer goes after failure; on a registered host.
    #[serde(default)]
    pub fail_url: Option<String>,
    /// Where the payer goes otherwise; on a registered host.
    #[serde(default)]
    pub return_url: Option<String>,
    /// Where the events go; on a registered host.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// BCP 47.
    #[serde(default)]
    pub locale: Option<String>,
    /// The merchant's own notes.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A link that was created. `url` is absent while the gateway's answer is not known: the payment then says more.
#[derive(Serialize, ToSchema)]
pub struct CreatedLink {
    /// The gateway's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The payment that waits there.
    pub payment: PaymentView,
}

impl fmt::Debug for CreatedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, payment } = self; // the address opens the payment at the gateway
        write!(f, "CreatedLink({})", payment.id)
    }
}

/// `POST /v1/links`.
#[utoipa::path(post, path = "/v1/links", tag = "links", request_body = CreateLink,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = CreatedLink), (status = 400, description = "problem: validation, bad-body"),
        (status = 409, description = "problem: order-already-open, order-already-paid")))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    client: ClientAddr,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    caller.require(Scope::Sessions)?;
    let body = read_json(request).await?;
    let wanted: CreateLink = parse(&body)?;
    let shared = app.clone();
    let caller_ip = client.ip();
    let work = async move { make(&shared, wanted, caller_ip).await };
    once(&app, caller.key_id(), "POST /v1/links".into(), &headers, &body, work).await
}

async fn make(
    app: &App,
    wanted: CreateLink,
    caller_ip: IpAddr,
) -> Result<(StatusCode, CreatedLink), ApiError> {
    let CreateLink { customer, customer_ip, prefilled_phone, .. } = &wanted;
    let known = customer.check().map_err(ApiError::Validation)?;
    let missing = known.missing(app.gateway.required_customer());
    if !missing.is_empty() {
        return Err(ApiError::Validation(
            missing
                .into_iter()
                .map(|field| {
                    crate::problem::FieldError::new(
                        format!("customer.{}", field.name()),
                        "is required",
                    )
                })
                .collect(),
        ));
    }
    let phone = prefilled_phone.clone();
    if phone.as_deref().is_some_and(|digits| {
        !(5..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit())
    }) {
        return Err(ApiError::field("prefilled_phone", "must be 5 to 15 digits"));
    }
    let customer_ip = customer_ip.unwrap_or(caller_ip);
    let (session, _token) = create::create(app, session_of(wanted)).await?;
    let customer = customer::open(&app.sealer, &session.id, session.customer.as_deref())
        .map_err(ApiError::internal)?;
    let attempt = Attempt {
        session: &session,
        attempt: "link",
        version: session.version,
        customer: &customer,
        customer_ip,
        source: Source::Hosted { prefilled_phone: phone.as_deref() },
    };
    let payment = match pay::start(app, attempt).await? {
        Started::Payment(payment) => payment,
        Started::OrderOpen(payment) => {
            return Err(ApiError::OrderAlreadyOpen { payment: payment.id });
        }
        Started::OrderPaid(payment) => {
            return Err(ApiError::OrderAlreadyPaid { payment: payment.id });
        }
        Started::OtherCard
        | Started::SessionClosed
        | Started::Stale
        | Started::TokenUsed
        | Started::TooMany => {
            return Err(ApiError::SessionNotOpen);
        }
    };
    let url = steps::open(app, &payment).map(|step| step.target);
    Ok((StatusCode::CREATED, CreatedLink { url, payment: PaymentView::of(&payment) }))
}

fn session_of(wanted: CreateLink) -> CreateSession {
    CreateSession {
        order_id: wanted.order_id,
        amount: wanted.amount,
        currency: wanted.currency,
        purpose: wanted.purpose,
        capture: None,
        recurrent: false,
        recur_freq: None,
        recur_exp: None,
        customer: wanted.customer,
        methods: None,
        success_url: wanted.success_url,
        fail_url: wanted.fail_url,
        return_url: wanted.return_url,
        webhook_url: wanted.webhook_url,
        origin: None,
        locale: wanted.locale,
        expires_in: Some(86_400),
        metadata: wanted.metadata,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_address_is_answered_and_not_printed() {
        let payment = PaymentView::of(&crate::payments::reducer::tests::fresh());
        let created = CreatedLink { url: Some("https://form.example/secret".to_owned()), payment };
        assert_eq!(format!("{created:?}"), "CreatedLink(pay_1)");
        assert_eq!(serde_json::to_value(&created).unwrap()["url"], "https://form.example/secret");
    }
}
