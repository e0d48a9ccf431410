//! From stored session and payment to what the page shows.

use farthing_types::checkout::{CheckoutState, CheckoutStatus, CheckoutView};
use farthing_types::{Customer, DeclineCode, PaymentStatus, SessionStatus, StepWay, Wallet};
use farthing_widget::amount::format_amount;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::payments::record::{Payment, Stage};
use crate::payments::steps;
use crate::problem::ApiError;
use crate::sessions::customer;
use crate::sessions::record::Session;
use crate::token::new_id;
use crate::wallets;
use crate::wallets::offer::offer;

/// How long a session that is over can still be looked at.
const WATCHED_AFTER_EXPIRY: SignedDuration = SignedDuration::from_hours(24);

/// Whether a session's token still opens anything.
pub fn is_viewable(session: &Session, now: Timestamp) -> bool {
    session.expires_at.checked_add(WATCHED_AFTER_EXPIRY).is_ok_and(|end| now < end)
}

/// What the page of a checkout token shows.
pub fn of_session(
    app: &App,
    session: &Session,
    last: Option<&Payment>,
    path: String,
) -> Result<CheckoutView, ApiError> {
    let known = known_customer(app, session)?;
    let state = session_state(session, last, app.now());
    let view = view(app, session, &known, state)?;
    Ok(CheckoutView {
        checkout_path: Some(path),
        payment_id: last.map(|payment| payment.id.clone()),
        payment_status: last.map(|payment| payment.status),
        step: step(app, state, last),
        wallets: offer(app, session),
        apple_pay_application_data: application_data(app, session, &view.attempt),
        ..view
    })
}

/// What binds an Apple Pay token to this attempt, where such tokens are taken.
fn application_data(app: &App, session: &Session, attempt: &str) -> Option<String> {
    let taken = app.config.apple_pay.is_some() && session.takes(Wallet::ApplePay);
    taken.then(|| wallets::application_data_base64(&app.sealer, &session.id, attempt))
}

/// What a page that is already open has to learn.
pub fn status_of(
    app: &App,
    session: &Session,
    last: Option<&Payment>,
) -> Result<CheckoutStatus, ApiError> {
    let state = session_state(session, last, app.now());
    let attempt = match state {
        CheckoutState::Ready { .. } => Some(new_id("att_")?),
        _ => None,
    };
    Ok(CheckoutStatus {
        state,
        message: message(state),
        session_status: session.status,
        payment_id: last.map(|payment| payment.id.clone()),
        payment_status: last.map(|payment| payment.status),
        version: session.version,
        amount: session.amount,
        currency: session.currency,
        total: format_amount(session.amount, session.currency),
        step: step(app, state, last),
        leaves: onward(session, state).is_some(),
        apple_pay_application_data: attempt
            .as_deref()
            .and_then(|attempt| application_data(app, session, attempt)),
        attempt,
    })
}

/// How the last payment's step is shown, while it waits for one.
fn step(app: &App, state: CheckoutState, last: Option<&Payment>) -> Option<StepWay> {
    let waits = matches!(state, CheckoutState::Challenge | CheckoutState::Processing);
    last.filter(|payment| waits && payment.is_open()).and_then(|payment| steps::way(app, payment))
}

/// What failed, in a sentence.
fn message(state: CheckoutState) -> Option<&'static str> {
    let declined = match state {
        CheckoutState::Ready { declined, .. } => declined,
        CheckoutState::Failed { declined } => Some(declined),
        _ => None,
    };
    declined.map(|declined| declined.advice().text)
}

/// What the page of a return token shows: the result, and no way to pay.
pub fn of_return(
    app: &App,
    session: &Session,
    payment: &Payment,
) -> Result<CheckoutView, ApiError> {
    let state = payment_state(payment);
    Ok(CheckoutView { checkout_path: None, ..view(app, session, &Customer::default(), state)? })
}

fn view(
    app: &App,
    session: &Session,
    known: &Customer,
    state: CheckoutState,
) -> Result<CheckoutView, ApiError> {
    Ok(CheckoutView {
        merchant: app.config.merchant.name.clone(),
        purpose: session.terms.purpose.clone(),
        amount: session.amount,
        currency: session.currency,
        total: format_amount(session.amount, session.currency),
        version: session.version,
        card_entry: app.config.merchant.card_entry,
        ask: known.missing(app.gateway.required_customer()),
        checkout_path: None,
        attempt: new_id("att_")?,
        state,
        payment_id: None,
        payment_status: None,
        step: None,
        wallets: None,
        apple_pay_application_data: None,
        return_url: Some(way_back(app, session)),
        errors: Vec::new(),
        typed: Vec::new(),
    })
}

/// Where "back to the shop" leads: where the session says, else to the shop's front page.
fn way_back(app: &App, session: &Session) -> String {
    let shop = app.config.merchant.origins.first().unwrap_or(&app.public_url);
    session.terms.return_url.clone().unwrap_or_else(|| shop.as_str().to_owned())
}

/// The customer as far as the merchant described it.
pub fn known_customer(app: &App, session: &Session) -> Result<Customer, ApiError> {
    customer::open(&app.sealer, &session.id, session.customer.as_deref())
        .map_err(ApiError::internal)
}

/// The state of a session's page.
pub fn session_state(session: &Session, last: Option<&Payment>, now: Timestamp) -> CheckoutState {
    let declined = last.and_then(Payment::final_decline).map(|decline| decline.code);
    match session.status {
        SessionStatus::Open if session.expires_at <= now => CheckoutState::Expired,
        SessionStatus::Open => CheckoutState::Ready {
            declined,
            wait_seconds: last.map_or(0, |payment| wait_seconds(payment, now)),
        },
        SessionStatus::Complete => CheckoutState::Paid,
        // Late money of an earlier attempt may be what the session waits for: then the last one's failure says nothing.
        SessionStatus::Processing => last
            .filter(|payment| payment.is_open() || payment.status == PaymentStatus::NeedsAttention)
            .map_or(CheckoutState::Processing, payment_state),
        SessionStatus::Expired => match last {
            // Late money, or the last attempt's own end.
            Some(payment)
                if !matches!(payment.status, PaymentStatus::Failed | PaymentStatus::Canceled) =>
            {
                payment_state(payment)
            }
            Some(payment) if payment.number >= crate::sessions::record::MAX_ATTEMPTS => {
                payment_state(payment)
            }
            _ => CheckoutState::Expired,
        },
    }
}

/// The state of one payment.
fn payment_state(payment: &Payment) -> CheckoutState {
    match payment.status {
        // Back from the bank, and the gateway does not know yet how it went: nothing is asked of the shopper.
        PaymentStatus::RequiresAction if has_returned(payment) => CheckoutState::Processing,
        PaymentStatus::RequiresAction => CheckoutState::Challenge,
        PaymentStatus::Processing => CheckoutState::Processing,
        PaymentStatus::NeedsAttention => CheckoutState::Review,
        PaymentStatus::Authorized
        | PaymentStatus::Paid
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => CheckoutState::Paid,
        PaymentStatus::Failed | PaymentStatus::Canceled => CheckoutState::Failed {
            declined: payment
                .decline
                .as_ref()
                .map_or(DeclineCode::Declined, |decline| decline.code),
        },
    }
}

fn has_returned(payment: &Payment) -> bool {
    payment.step.as_ref().is_some_and(|step| step.stage == Stage::Returned)
}

/// What is left of the pause that the gateway demands before the same card may be tried again.
fn wait_seconds(payment: &Payment, now: Timestamp) -> u16 {
    let Some(decline) = payment.final_decline() else { return 0 };
    let pause = i64::from(decline.code.advice().wait_seconds);
    let passed = now.duration_since(payment.updated_at).as_secs().max(0);
    u16::try_from((pause - passed).max(0)).unwrap_or(0)
}

/// Where a full page goes on its own when there is nothing left to do, if the merchant said so.
pub fn onward(session: &Session, state: CheckoutState) -> Option<&str> {
    let terms = &session.terms;
    let first = match state {
        CheckoutState::Paid => terms.success_url.as_deref(),
        CheckoutState::Failed { .. } => terms.fail_url.as_deref(),
        _ => return None,
    };
    first.or(terms.return_url.as_deref())
}
