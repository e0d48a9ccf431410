//! What the server says, read from JavaScript's own values.
//!
//! By hand and not by a derived deserializer: that would bring the printing of floats and of every wrong value with it,
//! a tenth of the whole module.

use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView, Field, FieldError};
use farthing_types::wallet::WalletOffer;
use farthing_types::{CustomerField, DeclineCode, PaymentStatus, StepWay, Wallet};
use gloo_net::http::{Request, Response};
use js_sys::{Array, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::patience::Patience;

/// `CheckoutStatus` as far as the page uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What to show.
    pub state: CheckoutState,
    /// The last attempt.
    pub payment_id: Option<String>,
    /// Its status.
    pub payment_status: Option<PaymentStatus>,
    /// How the way to the bank is shown.
    pub step: Option<StepWay>,
    /// The session's version.
    pub version: u32,
    /// Minor units.
    pub amount: u64,
    /// What is to be paid, as people read it.
    pub total: String,
    /// Whether a full page goes on to the shop by itself.
    pub leaves: bool,
    /// The key of the next attempt.
    pub attempt: Option<String>,
    /// Binds an Apple Pay token to `attempt`.
    pub application_data: Option<String>,
}

const APPLICATION_DATA: &str = "apple_pay_application_data";

impl Status {
    /// Reads the answer of `GET /checkout/{cst}/status`; `None` if it is anything else.
    pub fn read(value: &JsValue) -> Option<Self> {
        Some(Self {
            state: state(value)?,
            payment_id: text(value, "payment_id"),
            payment_status: text(value, "payment_status").and_then(|name| name.parse().ok()),
            step: step(value),
            version: number(value, "version")?,
            amount: amount(value)?,
            total: text(value, "total")?,
            leaves: flag(value, "leaves"),
            attempt: text(value, "attempt"),
            application_data: text(value, APPLICATION_DATA),
        })
    }
}

/// Reads the page's own state, `#farthing-state`; `None` if it is anything else.
pub fn view(value: &JsValue) -> Option<CheckoutView> {
    Some(CheckoutView {
        merchant: text(value, "merchant")?,
        purpose: text(value, "purpose"),
        amount: amount(value)?,
        currency: text(value, "currency")?.parse().ok()?,
        total: text(value, "total")?,
        version: number(value, "version")?,
        card_entry: match text(value, "card_entry")?.as_str() {
            "embedded" => CardEntry::Embedded,
            "hosted" => CardEntry::Hosted,
            _ => return None,
        },
        ask: list(value, "ask", |item| item.as_string()?.parse::<CustomerField>().ok())?,
        checkout_path: text(value, "checkout_path"),
        attempt: text(value, "attempt")?,
        state: state(value)?,
        payment_id: text(value, "payment_id"),
        payment_status: text(value, "payment_status").and_then(|name| name.parse().ok()),
        step: step(value),
        wallets: wallets(value),
        apple_pay_application_data: text(value, APPLICATION_DATA),
        return_url: text(value, "return_url"),
        errors: list(value, "errors", |item| field_error(item, "text"))?,
        // Already in its inputs: the server wrote it there.
        typed: Vec::new(),
    })
}

/// The wallets of a view, if it offers any.
fn wallets(value: &JsValue) -> Option<WalletOffer> {
    let offer = member(value, "wallets")?;
    let methods = list(&offer, "methods", |item| item.as_string()?.parse::<Wallet>().ok())?;
    Some(WalletOffer {
        frame: text(&offer, "frame")?,
        methods,
        apple_pay_built_in_only: flag(&offer, "apple_pay_built_in_only"),
    })
}

/// The wrong fields of a problem (RFC 9457) that a shopper can mend, each with its sentence.
pub fn field_errors(problem: &JsValue) -> Vec<FieldError> {
    let errors = member(problem, "errors").and_then(|errors| errors.dyn_into::<Array>().ok());
    let errors = errors.unwrap_or_default();
    errors.iter().filter_map(|item| field_error(&item, "message")).collect()
}

/// Asks our server: a POST with JSON, a text that stays JavaScript's, else a GET; `None` if no readable answer comes in time. With it, whether it is a good one.
pub(crate) async fn ask(
    url: &str,
    body: Option<JsValue>,
    milliseconds: u32,
) -> Option<(bool, JsValue)> {
    let patience = Patience::of(milliseconds);
    let request = match &body {
        Some(_) => Request::post(url).header("Content-Type", "application/json"),
        None => Request::get(url),
    };
    let request = request.abort_signal(patience.signal());
    let request = match body {
        Some(body) => request.body(body),
        None => request.build(),
    };
    let response = request.ok()?.send().await.ok()?;
    let ok = response.ok();
    Some((ok, json(response).await?))
}

/// The body of an answer as JSON. Whatever goes wrong is one and the same: there is none.
pub async fn json(response: Response) -> Option<JsValue> {
    let body = web_sys::Response::from(response);
    JsFuture::from(body.json().ok()?).await.ok()
}

/// How the way to the bank is shown.
pub fn step(value: &JsValue) -> Option<StepWay> {
    text(value, "step")?.parse().ok()
}

/// A text member.
pub fn text(value: &JsValue, name: &str) -> Option<String> {
    member(value, name)?.as_string()
}

fn field_error(item: &JsValue, sentence: &str) -> Option<FieldError> {
    Some(FieldError {
        field: text(item, "field")?.parse::<Field>().ok()?,
        text: text(item, sentence)?,
    })
}

fn state(value: &JsValue) -> Option<CheckoutState> {
    let declined = || text(value, "declined").and_then(|name| name.parse::<DeclineCode>().ok());
    Some(match text(value, "state")?.as_str() {
        "ready" => CheckoutState::Ready {
            declined: declined(),
            wait_seconds: u16::try_from(number(value, "wait_seconds").unwrap_or(0)).unwrap_or(0),
        },
        "challenge" => CheckoutState::Challenge,
        "processing" => CheckoutState::Processing,
        "review" => CheckoutState::Review,
        "paid" => CheckoutState::Paid,
        "failed" => CheckoutState::Failed { declined: declined().unwrap_or(DeclineCode::Declined) },
        "expired" => CheckoutState::Expired,
        _ => return None,
    })
}

/// A member, whatever it is.
pub(crate) fn member(value: &JsValue, name: &str) -> Option<JsValue> {
    // Throws on what is no object; that is "not there" too.
    Reflect::get(value, &JsValue::from_str(name)).ok()
}

/// A member that is true.
pub(crate) fn flag(value: &JsValue, name: &str) -> bool {
    member(value, name).is_some_and(|flag| flag.is_truthy())
}

/// A whole number of up to 32 bits.
#[expect(
    clippy::float_cmp,
    reason = "equal or not is the question: a number that the cast has changed is refused"
)]
pub(crate) fn number(value: &JsValue, name: &str) -> Option<u32> {
    let number = member(value, name)?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the comparison refuses every number that the cast has changed"
    )]
    let whole = number as u32;
    (f64::from(whole) == number).then_some(whole)
}

/// The amount in minor units: JSON's numbers are exact up to 2^53.
fn amount(value: &JsValue) -> Option<u64> {
    let number = member(value, "amount")?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "negative and broken numbers were refused before"
    )]
    (0.0..=9_007_199_254_740_992.0).contains(&number).then_some(number as u64)
}

/// A list whose every item can be read.
pub(crate) fn list<T>(
    value: &JsValue,
    name: &str,
    read: impl Fn(&JsValue) -> Option<T>,
) -> Option<Vec<T>> {
    let items = member(value, name)?.dyn_into::<Array>().ok()?;
    items.iter().map(|item| read(&item)).collect()
}

/// Asks the server for the page once more.
pub fn reload() {
    // A page that cannot be loaded again stays as it is.
    let _ = window().location().reload();
}

/// Whether the page is shown inside another one.
pub fn is_framed() -> bool {
    window().parent().ok().flatten().is_some_and(|parent| parent != window())
}
