//! `/checkout/{cst}`: the page, its form and its state. No cookies, no CORS.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, REFRESH, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use farthing_types::checkout::{CheckoutState, Field, FieldError};
use farthing_types::{BrowserInfo, PaymentStatus, SessionStatus};
use farthing_widget::errors;
use tracing::error;

use super::pages::{self, Framing, Looks};
use crate::app::App;
use crate::checkout::answer::{Refused, Submitted};
use crate::checkout::form::{self, Fields};
use crate::checkout::refusals::Refusal;
use crate::checkout::view;
use crate::crash;
use crate::json::read_body;
use crate::listen::ClientAddr;
use crate::payments::pay::{self, Attempt, Source, Started};
use crate::payments::record::Payment;
use crate::problem::ApiError;
use crate::sessions::record::Session;
use crate::token::{Token, TokenKind};
use crate::wallets::token;

/// The only query parameters of the page: they choose its looks.
const QUERY: [&str; 2] = ["locale", "theme"];

/// `GET /checkout/{cst}`: the checkout in its present state.
pub async fn page(
    State(app): State<App>,
    Path(token): Path<String>,
    looks: Looks,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    pages::shown(&app, looks, show(&app, &token, looks, &uri, &headers).await)
}

async fn show(
    app: &App,
    token: &str,
    looks: Looks,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let Some((session, path)) = find(app, token).await? else {
        return Ok(pages::not_available(app, looks, Framing::Shop));
    };
    // Fields in the address are a planted link or a broken page: they are not read.
    let foreign = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .any(|(name, _)| !QUERY.contains(&name.as_ref()));
    if foreign {
        return Ok(pages::refused(app, looks, &path, StatusCode::BAD_REQUEST));
    }
    let last = app.store.last_payment(&session.id).await?;
    let mut view = view::of_session(app, &session, last.as_ref(), path.clone())?;
    if let Some(refusal) = app.refusals.take(&session.id) {
        view.errors = refusal.errors;
        view.typed = refusal.typed;
    }
    if wants_json(headers) {
        return Ok(Json(view).into_response());
    }
    let onward = view::onward(&session, view.state).filter(|_| is_top_level(headers));
    if let Some(url) = onward.filter(|_| !is_from_us(headers)) {
        return Ok(Redirect::to(url).into_response());
    }
    let again = looks.path(&path);
    let refresh = Some((pages::REFRESH_SECONDS, again.as_str()));
    let mut page = pages::checkout(app, looks, &view, refresh, Framing::Shop);
    if let Some(url) = onward.and_then(|url| HeaderValue::try_from(format!("0; url={url}")).ok()) {
        page.headers_mut().insert(REFRESH, url);
    }
    Ok(page)
}

/// `GET /checkout/{cst}/payments`: a GET never carries a payment.
pub async fn refuse_get(
    State(app): State<App>,
    Path(token): Path<String>,
    looks: Looks,
) -> Response {
    let answer = find(&app, &token).await.map(|found| match found {
        Some((_, path)) => pages::refused(&app, looks, &path, StatusCode::METHOD_NOT_ALLOWED),
        None => pages::not_available(&app, looks, Framing::Shop),
    });
    pages::shown(&app, looks, answer)
}

/// `POST /checkout/{cst}/payments`: the form, urlencoded or JSON.
pub async fn pay(
    State(app): State<App>,
    Path(token): Path<String>,
    client: ClientAddr,
    looks: Looks,
    request: Request,
) -> Response {
    let kind = BodyKind::of(request.headers());
    let answer = receive(&app, &token, client, looks, request, kind).await;
    match answer {
        Err(error) if kind != Some(BodyKind::Form) => Refused::from(error).into_response(),
        answer => pages::shown(&app, looks, answer),
    }
}

/// How a submit is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    Form,
    Json,
}

impl BodyKind {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        if kind.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(Self::Form)
        } else {
            None
        }
    }
}

async fn receive(
    app: &App,
    token: &str,
    client: ClientAddr,
    looks: Looks,
    request: Request,
    kind: Option<BodyKind>,
) -> Result<Response, ApiError> {
    require_same_site(app, request.headers())?;
    let json = kind.ok_or(ApiError::UnsupportedMediaType)? == BodyKind::Json;
    let browser = browser_of(request.headers());
    let found = find(app, token).await?;
    // Read and wiped in any case, so that answers for good and bad links take alike.
    let fields = {
        let body = read_body(request).await?;
        if json { Fields::from_json(&body) } else { Fields::from_form(&body) }
    };
    let submit = match found {
        Some((session, path)) => Submit { session, path, json, looks },
        None if json => return Err(ApiError::NotFound),
        // Nobody was ever shown a form here.
        None => return Ok(pages::not_available(app, looks, Framing::Shop)),
    };
    if submit.session.expires_at <= app.now() {
        return submit.too_late(app).await;
    }
    submit.run(app, fields?, browser, client).await
}

/// One submit on its way to an answer.
struct Submit {
    session: Session,
    path: String,
    json: bool,
    looks: Looks,
}

impl Submit {
    async fn run(
        self,
        app: &App,
        mut fields: Fields,
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
        let offered = fields.wallet()?;
        if offered.is_some() && !self.json {
            return Err(ApiError::field("body", "must be JSON: a script sends a wallet's token"));
        }
        // Before the token is looked at: one for an older amount is not wrong, its page is.
        if offered.is_some() && version != self.session.version {
            return Err(ApiError::SessionChanged);
        }
        let mut customer = view::known_customer(app, &self.session)?;
        let asked = customer.missing(app.gateway.required_customer());
        let card = if embedded && offered.is_none() { Some(fields.card(app.now())) } else { None };
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
            // What the merchant said of the customer is forgotten with the session's end: nobody need type it now.
            if matches!(self.session.status, SessionStatus::Complete | SessionStatus::Expired) {
                return self.too_late(app).await;
            }
            return Ok(self.again(app, errors, fields.typed(&asked)));
        }
        let brand = match &card {
            Some(card) => fields.brand(&card.pan)?,
            None => None,
        };
        let browser = fields.browser(browser, self.json);
        let typed = fields.typed(&asked);
        drop(fields);
        let token = offered.map(|offered| token::accept(app, &self.session, &attempt, offered));
        let token = match token.transpose() {
            // A copy of a submit that went through may come late: what it began is shown, not what has become of its token since.
            Err(ApiError::WalletRefused) if !self.session.may_be_paid(app.now()) => {
                return self.too_late(app).await;
            }
            token => token?,
        };
        let source = match (card, token) {
            (Some(card), _) => Source::Card { card, brand, browser: &browser },
            (None, Some(token)) => Source::Wallet { token, browser: &browser },
            (None, None) => Source::Hosted { prefilled_phone: None },
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
        let wallet = attempt.source.method();
        let started = pay::start(app, attempt).await;
        crash::point("K6");
        let problem = match started {
            Ok(Started::Payment(payment)) => return Ok(self.go_on(app, &payment)),
            // A second window of this checkout: it shows what the first one began.
            Ok(Started::OrderOpen(payment) | Started::OrderPaid(payment))
                if payment.session_id == session.id =>
            {
                return Ok(self.show(app, &payment));
            }
            Ok(Started::OrderOpen(payment)) => ApiError::OrderAlreadyOpen { payment: payment.id },
            Ok(Started::OrderPaid(payment)) => ApiError::OrderAlreadyPaid { payment: payment.id },
            Ok(Started::OtherCard) => ApiError::IdempotencyMismatch,
            Ok(Started::Stale) => ApiError::SessionChanged,
            Ok(Started::TokenUsed) => token::refused(app, wallet, "used"),
            Ok(Started::TooMany) => ApiError::TooManyAttempts,
            Ok(Started::SessionClosed) => return self.too_late(app).await,
            Err(error) => error,
        };
        if self.json {
            return Err(problem);
        }
        if let ApiError::Internal(cause) = &problem {
            error!(%cause, "a payment could not be started");
        }
        let text = errors::refusal(problem.problem_type()).to_owned();
        Ok(self.again(app, vec![FieldError { field: Field::Form, text }], typed))
    }

    /// The session was over when the submit came.
    async fn too_late(self, app: &App) -> Result<Response, ApiError> {
        if !self.json {
            // Even a page that says so must not be the answer to a POST: see `checkout::refusals`.
            return Ok(self.looks.back_to(&self.path));
        }
        let session = app.store.session(&self.session.id).await?.ok_or(ApiError::NotFound)?;
        let last = app.store.last_payment(&session.id).await?;
        match (view::session_state(&session, last.as_ref(), app.now()), last) {
            (CheckoutState::Expired | CheckoutState::Ready { .. }, _) | (_, None) => {
                Err(ApiError::SessionExpired)
            }
            (CheckoutState::Failed { .. }, _) => Err(ApiError::TooManyAttempts),
            // It is over because of a payment, or goes on with one.
            (_, Some(payment)) => Ok(self.show(app, &payment)),
        }
    }

    /// The form once more with what is wrong; card fields stay empty.
    fn again(
        self,
        app: &App,
        errors: Vec<FieldError>,
        typed: Vec<(farthing_types::CustomerField, String)>,
    ) -> Response {
        if self.json {
            return Refused::fields(errors).into_response();
        }
        app.refusals.keep(&self.session.id, Refusal { errors, typed });
        self.looks.back_to(&self.path)
    }

    /// The payment is under way or over: on to the next page. A form's POST only ever leads to a page of ours.
    fn go_on(&self, app: &App, payment: &Payment) -> Response {
        if self.json {
            return Submitted::of(app, payment, &self.path).into_response();
        }
        let step = payment.status == PaymentStatus::RequiresAction;
        let next = if step { format!("{}/step", self.path) } else { self.path.clone() };
        self.looks.back_to(&next)
    }

    /// A payment that this submit did not start: the page shows it, and no more needs to be said.
    fn show(&self, app: &App, payment: &Payment) -> Response {
        if self.json {
            return Submitted::of(app, payment, &self.path).into_response();
        }
        self.looks.back_to(&self.path)
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

/// The session of a token that still opens something, and its path.
pub(super) async fn find(app: &App, token: &str) -> Result<Option<(Session, String)>, ApiError> {
    let Some(token) = Token::parse(TokenKind::Checkout, token) else { return Ok(None) };
    let session = app.store.session_by_token(&token.hash()).await?;
    let path = format!("/checkout/{}", token.expose());
    Ok(session
        .filter(|session| view::is_viewable(session, app.now()))
        .map(|session| (session, path)))
}

/// A POST of a form has to come from our own page.
pub(super) fn require_same_site(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let fine = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get("origin").is_some_and(|origin| origin == app.public_url.as_str()),
    };
    if fine { Ok(()) } else { Err(ApiError::CrossSite) }
}

/// Whether the page is for a window of its own: only there may it go on to the shop by itself.
fn is_top_level(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_none_or(|dest| dest == "document")
}

/// Whether the browser comes from a page of ours: then perhaps by our form, whose `form-action 'self'` holds for redirects too
/// ("Content Security Policy Level 3", form-action Navigation Check). A page that moves on by itself is a new navigation.
fn is_from_us(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

/// Whether a script asks for what the page shows, to draw it itself: it names JSON and nothing else.
fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept == "application/json")
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
