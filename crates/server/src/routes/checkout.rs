//! `/checkout/{cst}`: the page, its form, its state, and the way to the bank. No cookies, no CORS.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use farthing_types::checkout::{CheckoutState, CheckoutView, Field, FieldError};
use farthing_types::{BrowserInfo, PaymentStatus};
use serde::Serialize;

use super::idempotent::store_error;
use super::pages::{self, Framing};
use crate::app::App;
use crate::checkout::form::{self, Fields};
use crate::checkout::view;
use crate::crash;
use crate::json::read_body;
use crate::listen::ClientAddr;
use crate::payments::checks;
use crate::payments::pay::{self, Attempt, Source, Started};
use crate::payments::record::Payment;
use crate::payments::reducer::Evidence;
use crate::problem::ApiError;
use crate::sessions::record::Session;
use crate::token::{Token, TokenKind};

/// A waiting page asks again after so many seconds.
const REFRESH_SECONDS: u16 = 3;

/// The only query parameters of the page: they choose its looks.
const QUERY: [&str; 2] = ["locale", "theme"];

/// `GET /checkout/{cst}`: the checkout in its present state.
pub async fn page(
    State(app): State<App>,
    Path(token): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some((session, path)) = find(&app, &token).await? else {
        return Ok(pages::not_available(&app));
    };
    // Fields in the address are a planted link or a broken page: they are not read.
    let foreign = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .any(|(name, _)| !QUERY.contains(&name.as_ref()));
    if foreign {
        return Ok(pages::refused(&app, &path, StatusCode::BAD_REQUEST));
    }
    let last = app.store.last_payment(&session.id).await.map_err(store_error)?;
    let view = view::of_session(&app, &session, last.as_ref(), path.clone())?;
    if !is_framed(&headers)
        && let Some(url) = view::onward(&session, view.state)
    {
        return Ok(Redirect::to(url).into_response());
    }
    Ok(show(&app, &view, StatusCode::OK, Some(&path)))
}

/// `GET /checkout/{cst}/payments`: a GET never carries a payment.
pub async fn refuse_get(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let Some((_, path)) = find(&app, &token).await? else { return Ok(pages::not_available(&app)) };
    Ok(pages::refused(&app, &path, StatusCode::METHOD_NOT_ALLOWED))
}

/// What a script is told after its submit.
#[derive(Debug, Serialize)]
pub struct Submitted {
    /// The payment's status.
    pub status: PaymentStatus,
    /// `pay_…`.
    pub payment_id: String,
    /// Where to go on, on this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /checkout/{cst}/payments`: the form, urlencoded or JSON.
pub async fn pay(
    State(app): State<App>,
    Path(token): Path<String>,
    client: ClientAddr,
    request: Request,
) -> Result<Response, ApiError> {
    require_same_site(&app, request.headers())?;
    let json = match request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        Some(kind) if is_media_type(kind, "application/json") => true,
        Some(kind) if is_media_type(kind, "application/x-www-form-urlencoded") => false,
        _ => return Err(ApiError::UnsupportedMediaType),
    };
    let browser = browser_of(request.headers());
    let found = find(&app, &token).await?;
    // Read and wiped in any case, so that answers for good and bad links take alike.
    let fields = {
        let body = read_body(request).await?;
        if json { Fields::from_json(&body) } else { Fields::from_form(&body) }
    };
    let submit = match found {
        Some((session, path)) if session.expires_at > app.now() => Submit { session, path, json },
        _ if json => return Err(ApiError::NotFound),
        _ => return Ok(pages::not_available(&app)),
    };
    submit.run(&app, fields?, browser, client).await
}

/// One submit on its way to an answer.
struct Submit {
    session: Session,
    path: String,
    json: bool,
}

impl Submit {
    async fn run(
        self,
        app: &App,
        fields: Fields,
        browser: BrowserInfo,
        client: ClientAddr,
    ) -> Result<Response, ApiError> {
        let attempt = fields.attempt()?.to_owned();
        let version = fields.version()?;
        let embedded = form::takes_cards(app.config.merchant.card_entry);
        if !embedded && fields.has_card() {
            return Err(ApiError::field(
                "card_number",
                "is not accepted: this server takes no card data",
            ));
        }
        let mut customer = view::known_customer(app, &self.session)?;
        let asked = customer.missing(app.gateway.required_customer());
        let card = if embedded { Some(fields.card(app.now())) } else { None };
        let mut errors = Vec::new();
        let card = match card.transpose() {
            Ok(card) => card,
            Err(wrong) => {
                errors.extend(wrong);
                None
            }
        };
        errors.extend(fields.complete(&mut customer, &asked));
        if !errors.is_empty() {
            return self.again(app, errors, fields.typed(&asked), StatusCode::UNPROCESSABLE_ENTITY);
        }
        let browser = fields.browser(browser, self.json);
        let typed = fields.typed(&asked);
        drop(fields);
        let source = match card {
            Some(card) => Source::Card { card, browser: &browser },
            None => Source::Hosted { prefilled_phone: None },
        };
        let session = &self.session;
        let attempt = Attempt {
            session,
            attempt: &attempt,
            version,
            customer: &customer,
            customer_ip: client.ip(),
            source,
        };
        let started = pay::start(app, attempt).await;
        crash::point("K6");
        let problem = match started? {
            Started::Payment(payment) => return Ok(self.go_on(&payment)),
            Started::OrderOpen(payment) if payment.session_id == session.id && !self.json => {
                return Ok(Redirect::to(&self.path).into_response());
            }
            Started::OrderPaid(payment) if payment.session_id == session.id && !self.json => {
                return Ok(Redirect::to(&self.path).into_response());
            }
            Started::OrderOpen(payment) => ApiError::OrderAlreadyOpen { payment: payment.id },
            Started::OrderPaid(payment) => ApiError::OrderAlreadyPaid { payment: payment.id },
            Started::OtherCard => ApiError::IdempotencyMismatch,
            Started::Stale => ApiError::SessionChanged,
            Started::TooMany => ApiError::TooManyAttempts,
            Started::SessionClosed if self.json => ApiError::NotFound,
            Started::SessionClosed => return Ok(pages::not_available(app)),
        };
        if self.json {
            return Err(problem);
        }
        let errors = vec![FieldError { field: Field::Form, text: words(&problem).to_owned() }];
        // The session may have changed since the page was made: show it as it is now.
        let session = app
            .store
            .session(&self.session.id)
            .await
            .map_err(store_error)?
            .ok_or(ApiError::NotFound)?;
        Self { session, ..self }.again(app, errors, typed, problem.status())
    }

    /// The form once more with what is wrong; card fields stay empty.
    fn again(
        self,
        app: &App,
        errors: Vec<FieldError>,
        typed: Vec<(farthing_types::CustomerField, String)>,
        status: StatusCode,
    ) -> Result<Response, ApiError> {
        if self.json {
            return Err(form::problem(&errors));
        }
        let mut view = view::of_session(app, &self.session, None, self.path.clone())?;
        view.errors = errors;
        view.typed = typed;
        Ok(show(app, &view, status, Some(&self.path)))
    }

    /// The payment is under way or over: on to the next page. A form's POST only ever leads to a page of ours.
    fn go_on(&self, payment: &Payment) -> Response {
        let step = payment.status == PaymentStatus::RequiresAction;
        let next = if step { format!("{}/step", self.path) } else { self.path.clone() };
        if self.json {
            let next = step.then_some(next);
            return Json(Submitted {
                status: payment.status,
                payment_id: payment.id.clone(),
                next,
            })
            .into_response();
        }
        Redirect::to(&next).into_response()
    }
}

/// Why a submit was not taken, for the shopper.
fn words(problem: &ApiError) -> &'static str {
    match problem {
        ApiError::OrderAlreadyOpen { .. } => {
            "This order is being paid in another window. Finish or close it first."
        }
        ApiError::OrderAlreadyPaid { .. } => {
            "This order is already paid. You have not been charged again."
        }
        ApiError::IdempotencyMismatch => {
            "This form was already sent with another card. Enter the card again to try once more."
        }
        ApiError::SessionChanged => "The order has changed. Check the new total, then pay.",
        ApiError::TooManyAttempts => {
            "There were too many attempts. Go back to the shop and start again."
        }
        _ => "The payment could not be started. Try again.",
    }
}

/// `GET /checkout/{cst}/status`: the page's state for scripts.
pub async fn status(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let Some((session, path)) = find(&app, &token).await? else { return Err(ApiError::NotFound) };
    let last = app.store.last_payment(&session.id).await.map_err(store_error)?;
    let view = view::of_session(&app, &session, last.as_ref(), path)?;
    Ok(Json(StatusView {
        state: view.state,
        session_status: session.status,
        payment_id: last.as_ref().map(|payment| payment.id.clone()),
        payment_status: last.as_ref().map(|payment| payment.status),
        version: session.version,
        amount: session.amount,
        currency: session.currency,
    })
    .into_response())
}

/// The page's state for scripts.
#[derive(Debug, Serialize)]
pub struct StatusView {
    /// What the page shows.
    #[serde(flatten)]
    pub state: CheckoutState,
    /// The session's status.
    pub session_status: farthing_types::SessionStatus,
    /// The last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// The last attempt's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<PaymentStatus>,
    /// The session's version.
    pub version: u32,
    /// Integer minor units.
    pub amount: u64,
    /// ISO 4217.
    pub currency: farthing_types::Currency,
}

/// `GET /checkout/{cst}/step`: hands the shopper over to the bank, once. Opened again, it asks the gateway first.
pub async fn step(State(app): State<App>, Path(token): Path<String>) -> Result<Response, ApiError> {
    let Some((session, path)) = find(&app, &token).await? else {
        return Ok(pages::not_available(&app));
    };
    let last = app.store.last_payment(&session.id).await.map_err(store_error)?;
    let Some(payment) = last.filter(|payment| payment.status == PaymentStatus::RequiresAction)
    else {
        return Ok(Redirect::to(&path).into_response());
    };
    let again = payment.step_opened;
    let payment = if again {
        checks::trigger(&app, &payment).await.map_err(store_error)?
    } else {
        app.store
            .apply(&payment.id, Evidence::StepOpened, app.context())
            .await
            .map_err(store_error)?
    };
    let target = crate::payments::step_url(&app, &payment);
    let (Some(target), PaymentStatus::RequiresAction) = (target, payment.status) else {
        return Ok(Redirect::to(&path).into_response());
    };
    let view = view::of_session(&app, &session, Some(&payment), path)?;
    Ok(pages::step(&app, &view, &target, again))
}

/// The session of a token that still opens something, and its path.
async fn find(app: &App, token: &str) -> Result<Option<(Session, String)>, ApiError> {
    let Some(token) = Token::parse(TokenKind::Checkout, token) else { return Ok(None) };
    let session = app.store.session_by_token(&token.hash()).await.map_err(store_error)?;
    let path = format!("/checkout/{}", token.expose());
    Ok(session
        .filter(|session| view::is_viewable(session, app.now()))
        .map(|session| (session, path)))
}

fn show(app: &App, view: &CheckoutView, status: StatusCode, refresh: Option<&str>) -> Response {
    pages::checkout(app, view, status, refresh.map(|path| (REFRESH_SECONDS, path)), Framing::Shop)
}

/// A POST of a form has to come from our own page.
fn require_same_site(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let fine = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get("origin").is_some_and(|origin| origin == app.public_url.as_str()),
    };
    if fine { Ok(()) } else { Err(ApiError::CrossSite) }
}

fn is_media_type(value: &str, wanted: &str) -> bool {
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted))
}

/// Whether the page is asked for by a frame.
fn is_framed(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|dest| dest != "document")
}

/// What the headers say of the browser.
fn browser_of(headers: &HeaderMap) -> BrowserInfo {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(512).collect())
    };
    let language = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok()?.split([',', ';']).next())
        .map(|tag| tag.trim().chars().take(35).collect::<String>())
        .filter(|tag| !tag.is_empty() && tag != "*");
    BrowserInfo {
        accept_header: text(ACCEPT),
        user_agent: text(USER_AGENT),
        language,
        ..BrowserInfo::default()
    }
}
