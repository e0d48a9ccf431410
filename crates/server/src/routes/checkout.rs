//! `/checkout/{cst}`: the page, its form, its state, and the way to the bank. No cookies, no CORS.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use farthing_types::checkout::{Field, FieldError};
use farthing_types::{BrowserInfo, PaymentStatus};
use serde::Serialize;
use tracing::error;

use super::pages::{self, Framing};
use crate::app::App;
use crate::checkout::form::{self, Fields};
use crate::checkout::refusals::Refusal;
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
    let last = app.store.last_payment(&session.id).await?;
    let mut view = view::of_session(&app, &session, last.as_ref(), path.clone())?;
    if let Some(refusal) = app.refusals.take(&session.id) {
        view.errors = refusal.errors;
        view.typed = refusal.typed;
    }
    if !is_framed(&headers)
        && let Some(url) = view::onward(&session, view.state)
    {
        return Ok(Redirect::to(url).into_response());
    }
    let refresh = Some((pages::REFRESH_SECONDS, path.as_str()));
    Ok(pages::checkout(&app, &view, StatusCode::OK, refresh, Framing::Shop))
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
        // Over while the card was typed. Even a page that says so must not be the answer to a POST: see
        // `checkout::refusals`.
        Some((_, path)) => return Ok(Redirect::to(&path).into_response()),
        // Nobody was ever shown a form here.
        None => return Ok(pages::not_available(&app)),
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
            return self.again(app, errors, fields.typed(&asked));
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
        let problem = match started {
            Ok(Started::Payment(payment)) => return Ok(self.go_on(&payment)),
            // The page shows it: no more needs to be said.
            Ok(Started::OrderOpen(payment) | Started::OrderPaid(payment))
                if payment.session_id == session.id && !self.json =>
            {
                return Ok(Redirect::to(&self.path).into_response());
            }
            Ok(Started::OrderOpen(payment)) => ApiError::OrderAlreadyOpen { payment: payment.id },
            Ok(Started::OrderPaid(payment)) => ApiError::OrderAlreadyPaid { payment: payment.id },
            Ok(Started::OtherCard) => ApiError::IdempotencyMismatch,
            Ok(Started::Stale) => ApiError::SessionChanged,
            Ok(Started::TooMany) => ApiError::TooManyAttempts,
            Ok(Started::SessionClosed) => ApiError::NotFound,
            Err(error) => error,
        };
        if self.json {
            return Err(problem);
        }
        if let ApiError::Internal(cause) = &problem {
            error!(%cause, "a payment could not be started");
        }
        self.again(
            app,
            vec![FieldError { field: Field::Form, text: words(&problem).to_owned() }],
            typed,
        )
    }

    /// The form once more with what is wrong; card fields stay empty.
    fn again(
        self,
        app: &App,
        errors: Vec<FieldError>,
        typed: Vec<(farthing_types::CustomerField, String)>,
    ) -> Result<Response, ApiError> {
        if self.json {
            return Err(form::problem(&errors));
        }
        app.refusals.keep(&self.session.id, Refusal { errors, typed });
        Ok(Redirect::to(&self.path).into_response())
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
        _ => "The payment could not be started. You have not been charged. Try again in a moment.",
    }
}

/// `GET /checkout/{cst}/status`: the page's state for scripts.
pub async fn status(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let Some((session, _)) = find(&app, &token).await? else { return Err(ApiError::NotFound) };
    let last = app.store.last_payment(&session.id).await?;
    Ok(Json(view::status_of(&app, &session, last.as_ref())?).into_response())
}

/// `GET /checkout/{cst}/step`: hands the shopper over to the bank, once. Opened again, it asks the gateway first.
pub async fn step(State(app): State<App>, Path(token): Path<String>) -> Result<Response, ApiError> {
    let Some((session, path)) = find(&app, &token).await? else {
        return Ok(pages::not_available(&app));
    };
    let last = app.store.last_payment(&session.id).await?;
    let Some(payment) = last.filter(|payment| payment.status == PaymentStatus::RequiresAction)
    else {
        return Ok(Redirect::to(&path).into_response());
    };
    let again = payment.step_opened;
    let payment = if again {
        checks::trigger(&app, &payment, pages::PATIENCE).await?
    } else {
        app.store.apply(&payment.id, vec![Evidence::StepOpened], app.context()).await?
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
    let session = app.store.session_by_token(&token.hash()).await?;
    let path = format!("/checkout/{}", token.expose());
    Ok(session
        .filter(|session| view::is_viewable(session, app.now()))
        .map(|session| (session, path)))
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
