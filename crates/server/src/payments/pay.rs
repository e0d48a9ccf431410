//! Starting a payment: the order of writes, from the intent to the outcome.
//!
//! K0 the request is parsed → transaction 1: the intent, durable → K1 → the gateway is called, once → K2, K3 → K4 the answer
//! is read → transaction 2: the outcome and its event, durable → K5 → the browser is answered → K6.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use farthing_gateways::gateway::Recurrence;
use farthing_gateways::{BuildError, Order, PayState, Unclear, WireRequest, WireResponse};
use farthing_types::{Brand, BrowserInfo, Card, Customer, Money};
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::card_memory::Fingerprint;
use super::checks;
use super::record::{CardOnFile, Decline, Method, Payment};
use super::reducer::Evidence;
use super::steps;
use crate::app::App;
use crate::crash;
use crate::problem::ApiError;
use crate::sessions::record::Session;
use crate::store::{Begun, NewAttempt, StoreError};
use crate::token::{Token, TokenKind, new_id};
use crate::transport::SendError;
use crate::wallets::token::Accepted;

/// What a payment is made with.
#[derive(Debug)]
pub enum Source<'a> {
    /// A card.
    Card {
        /// The card; dropped, and so wiped, before the gateway answers.
        card: Card,
        /// The brand that the shopper chose, where the card has more than one.
        brand: Option<Brand>,
        /// The browser that it was typed into.
        browser: &'a BrowserInfo,
    },
    /// A wallet's token, checked.
    Wallet {
        /// The token; dropped, and so wiped, before the gateway answers.
        token: Accepted,
        /// The browser that the wallet gave it to.
        browser: &'a BrowserInfo,
    },
    /// The gateway's own form.
    Hosted {
        /// Digits of a phone number to fill in.
        prefilled_phone: Option<&'a str>,
    },
}

impl Source<'_> {
    /// How the payment is made.
    pub fn method(&self) -> Method {
        match self {
            Self::Card { .. } => Method::Card,
            Self::Wallet { token, .. } => token.method(),
            Self::Hosted { .. } => Method::Hosted,
        }
    }
}

/// An attempt to pay.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// Its session.
    pub session: &'a Session,
    /// The attempt's key on the page.
    pub attempt: &'a str,
    /// The session's version on the page.
    pub version: u32,
    /// The customer, complete.
    pub customer: &'a Customer,
    /// The shopper's address.
    pub customer_ip: IpAddr,
    /// What it is made with.
    pub source: Source<'a>,
}

/// What became of an attempt to start a payment.
#[derive(Debug)]
pub enum Started {
    /// Started now, or by an earlier copy of the same request: this is where it stands.
    Payment(Payment),
    /// The order has an open payment.
    OrderOpen(Payment),
    /// The order is paid.
    OrderPaid(Payment),
    /// The attempt's key was used for another card.
    OtherCard,
    /// The session is over.
    SessionClosed,
    /// The page showed another version of the session.
    Stale,
    /// The wallet's token was used for another attempt.
    TokenUsed,
    /// No attempt is left.
    TooMany,
}

/// Writes the intent, calls the gateway once, and writes the outcome.
///
/// All of it goes on when the browser hangs up. A browser that waits is answered when the outcome is stored, or when its
/// patience ends, with where the payment stands then.
pub async fn start(app: &App, attempt: Attempt<'_>) -> Result<Started, ApiError> {
    // While the gateway cannot be reached an intent would only use up one of the session's attempts.
    if app.is_behind() || app.stopping.is_cancelled() || app.transport.breaker_is_open() {
        return Err(busy());
    }
    // The request is built from the session as it was read: a page that shows another version must not pay it.
    if attempt.version != attempt.session.version {
        return Ok(Started::Stale);
    }
    let id = new_id("pay_")?;
    let return_token = Token::generate(TokenKind::Return)?;
    let callback_token = Token::generate(TokenKind::Callback)?;
    let method = attempt.source.method();
    let (card, fingerprint) = match &attempt.source {
        Source::Card { card, brand, .. } => {
            (Some(on_file(card, *brand)), Some(app.cards.fingerprint(card)))
        }
        Source::Wallet { token, .. } => {
            (Some(token.on_file()), Some(Fingerprint::of_keyed_hash(token.fingerprint())))
        }
        Source::Hosted { .. } => (None, None),
    };
    let wallet_token = match &attempt.source {
        Source::Wallet { token, .. } => Some(token.fingerprint()),
        Source::Card { .. } | Source::Hosted { .. } => None,
    };
    let request = build(app, &attempt, &id, &return_token, &callback_token)?;
    let new = NewAttempt {
        session_id: attempt.session.id.clone(),
        attempt: attempt.attempt.to_owned(),
        version: attempt.version,
        gateway: app.gateway.name().to_owned(),
        gateway_order_id: id.clone(),
        id,
        method,
        card,
        wallet_token,
        return_token: return_token.hash(),
        callback_token: callback_token.hash(),
        now: app.now(),
    };
    drop(attempt); // the card or token: from here on only the request's body holds it
    let (tell, told) = oneshot::channel();
    let work = app.tasks.spawn(run(app.clone(), new, request, fingerprint.clone(), tell));
    let begun = told.await.map_err(ApiError::internal)??;
    let payment = match begun {
        Begun::Started(payment) => payment,
        Begun::Repeated(payment) => {
            let other = fingerprint.is_some_and(|card| app.cards.is_other(&payment.id, &card));
            return if other { Ok(Started::OtherCard) } else { repeated(app, payment).await };
        }
        Begun::OrderOpen(payment) => return Ok(Started::OrderOpen(payment)),
        Begun::OrderPaid(payment) => return Ok(Started::OrderPaid(payment)),
        Begun::SessionClosed => return Ok(Started::SessionClosed),
        Begun::Stale => return Ok(Started::Stale),
        Begun::TokenUsed => return Ok(Started::TokenUsed),
        Begun::TooMany => return Ok(Started::TooMany),
    };
    match tokio::time::timeout(app.browser_patience(), work).await {
        Ok(Ok(Some(payment))) => Ok(Started::Payment(payment)),
        _ => Ok(Started::Payment(payment)),
    }
}

/// The order of writes. Once begun it runs to its end, whoever is still listening: an intent that nobody follows up would
/// lock its order.
async fn run(
    app: App,
    new: NewAttempt,
    request: WireRequest,
    fingerprint: Option<Fingerprint>,
    tell: oneshot::Sender<Result<Begun, StoreError>>,
) -> Option<Payment> {
    crash::point("K0");
    let begun = app.store.begin_attempt(new).await;
    crash::point("K1");
    let Ok(Begun::Started(payment)) = &begun else {
        let _ = tell.send(begun);
        return None;
    };
    let payment = payment.clone();
    if let Some(fingerprint) = fingerprint {
        app.cards.remember(&payment.id, fingerprint);
    }
    app.metrics.payment_started(payment.method.name());
    let _ = tell.send(begun);
    // In a task of its own, so that not even a panic leaves the intent behind without a check planned.
    let calling = tokio::spawn(call(app.clone(), payment.clone(), request));
    if let Ok(payment) = calling.await {
        return Some(payment);
    }
    error!(payment = payment.id, "a call panicked; the gateway is asked");
    Some(write_outcome(&app, payment, vec![Evidence::Lost]).await)
}

/// The same request again: waits for the first one's outcome, so that both are answered alike.
async fn repeated(app: &App, payment: Payment) -> Result<Started, ApiError> {
    let deadline = Instant::now() + app.browser_patience();
    let mut payment = payment;
    while payment.phase == super::record::Phase::Sending && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
        payment = app.store.payment(&payment.id).await?.ok_or(ApiError::NotFound)?;
    }
    Ok(Started::Payment(payment))
}

/// The call and its outcome.
async fn call(app: App, payment: Payment, request: WireRequest) -> Payment {
    let started = Instant::now();
    let sent = app.transport.send(request).await;
    crash::point("K4");
    let (label, evidence) = match sent {
        Ok(response) => read(&app, &payment, &response),
        Err(SendError::NotSent(reason)) => {
            info!(
                payment = payment.id,
                reason = reason.label(),
                "the gateway could not be reached"
            );
            ("not_sent", Evidence::NotSent)
        }
        Err(SendError::Lost(reason)) => {
            info!(payment = payment.id, reason = reason.label(), "the gateway's answer is lost");
            ("lost", Evidence::Lost)
        }
    };
    app.metrics.gateway_call("pay", label, started.elapsed());
    let payment = if let Evidence::AnsweredOver { ref processing_id, .. } = evidence {
        // "It is over" is a hint: the gateway says how only to those who ask. The callback that comes at the same moment
        // waits for that answer instead of asking again.
        let turn = app.checks.turn(&payment.id);
        let _held = turn.lock().await;
        // The gateway's own id may be the only name under which it finds the payment, so it goes to disk while the
        // question is on its way; the outcome follows when both are done.
        let known = Payment { processing_id: processing_id.clone(), ..payment.clone() };
        let (stored, answer) =
            tokio::join!(write_outcome(&app, payment, vec![evidence]), checks::ask(&app, &known));
        write_outcome(&app, stored, vec![Evidence::Checked(answer)]).await
    } else {
        write_outcome(&app, payment, vec![evidence]).await
    };
    crash::point("K5");
    if payment.events > 0 {
        app.event_written.notify_one();
    }
    app.metrics.payment_answered(payment.status);
    payment
}

/// What the gateway's answer is evidence of.
fn read(app: &App, payment: &Payment, response: &WireResponse) -> (&'static str, Evidence) {
    let answer = app.gateway.read_pay(&payment.gateway_order_id, response);
    if answer.foreign_order_id {
        app.metrics.unclear(Unclear::ForeignOrder.label());
    }
    let processing_id = answer.processing_id;
    match answer.state {
        PayState::CheckNow { refusal } => {
            let refusal =
                refusal.map(|refusal| Decline { code: refusal.decline, raw: refusal.raw });
            ("over", Evidence::AnsweredOver { processing_id, refusal })
        }
        PayState::Misconfigured => {
            // No charge can work until a check is let in: shoppers are told at once.
            error!("the gateway refused our credentials");
            app.transport.open_breaker();
            ("misconfigured", Evidence::Misconfigured)
        }
        PayState::Pending => ("pending", Evidence::Accepted { processing_id }),
        PayState::Step(step) => match steps::seal(app, &payment.id, &step) {
            Ok(step) => ("step", Evidence::Step { processing_id, step }),
            Err(_) => ("step", Evidence::Accepted { processing_id }),
        },
        PayState::Unclear(why) => {
            unclear(app, why);
            ("unclear", Evidence::Lost)
        }
        _ => ("unclear", Evidence::Lost),
    }
}

fn unclear(app: &App, why: Unclear) {
    warn!(why = why.label(), "the gateway's answer was not understood");
    app.metrics.unclear(why.label());
}

/// Transaction 2, tried until it succeeds: the money may have moved, and only this process knows.
async fn write_outcome(app: &App, intent: Payment, evidence: Vec<Evidence>) -> Payment {
    let mut pause = Duration::from_millis(20);
    let mut behind = None;
    loop {
        match app.store.apply(&intent.id, evidence.clone(), app.context()).await {
            Ok(payment) => return payment,
            Err(StoreError::Missing) => {
                error!(payment = intent.id, "an intent has vanished from the store");
                return intent;
            }
            Err(error) => {
                warn!(payment = intent.id, %error, "an outcome cannot be stored yet");
                behind.get_or_insert_with(|| app.fall_behind());
            }
        }
        if app.stopping.is_cancelled() {
            // The intent stays behind as `sending`; the next start asks the gateway.
            return intent;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

fn build(
    app: &App,
    attempt: &Attempt<'_>,
    id: &str,
    return_token: &Token,
    callback_token: &Token,
) -> Result<WireRequest, ApiError> {
    let session = attempt.session;
    let return_url = app.public_url.join(&format!("/return/{}", return_token.expose()));
    let callback_url = app.public_url.join(&format!(
        "/callbacks/{}/{}",
        app.gateway.name(),
        callback_token.expose()
    ));
    let site = app.config.merchant.origins.first().unwrap_or(&app.public_url);
    let order = Order {
        gateway_order_id: id,
        amount: Money::new(session.amount, session.currency).map_err(ApiError::internal)?,
        purpose: session.terms.purpose.as_deref(),
        merchant_site: site.as_str(),
        customer: attempt.customer,
        customer_ip: attempt.customer_ip,
        return_url: &return_url,
        callback_url: &callback_url,
        recurrent: session.terms.recurrent.then_some(Recurrence {
            frequency_days: session.terms.recur_freq,
            until: session.terms.recur_exp.as_deref(),
        }),
    };
    let built = match &attempt.source {
        Source::Card { card, browser, .. } => app.gateway.pay_card(&order, card, browser),
        Source::Wallet { token, browser } => {
            app.gateway.pay_wallet(&order, &token.expose_for_gateway(), browser)
        }
        Source::Hosted { prefilled_phone } => app.gateway.hosted_form(&order, *prefilled_phone),
    };
    built.map_err(|error| match error {
        BuildError::Customer(field) => {
            ApiError::field(format!("customer.{}", field.name()), "is required")
        }
        BuildError::NoAccount => {
            ApiError::field("currency", "no account is configured for this currency")
        }
        BuildError::Unsupported => {
            ApiError::field("body", "is not supported by the configured gateway profile")
        }
        _ => ApiError::internal(error),
    })
}

/// What may be kept of a card: of its brands the one that the shopper chose.
fn on_file(card: &Card, chosen: Option<Brand>) -> CardOnFile {
    CardOnFile {
        brand: chosen.or_else(|| Brand::of(&card.pan)).map(|brand| brand.name().to_owned()),
        last4: Some(card.pan.last4().as_str().to_owned()),
        exp: Some(format!(
            "{:02}/{:02}",
            card.expiry.expose_month(),
            card.expiry.expose_year() % 100
        )),
    }
}

fn busy() -> ApiError {
    ApiError::Unavailable { retry_after: Duration::from_secs(5) }
}
