//! Apple's session, built into the browser or brought by Apple's SDK, and its button. Every call may throw; events are read by name, for the
//! SDK's are no `Event`s.

use std::cell::Cell;

use farthing_types::Wallet;
use js_sys::{Array, Function, JSON, Object, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Document, Element, HtmlElement, Window};

use crate::desk::{Desk, Failure, Terms};
use crate::flow::Turn;
use crate::{js, script};

/// The version of Apple's API: the first with result objects that name wrong fields.
const VERSION: u32 = 3;
/// Apple closes a sheet that is not answered within 30 seconds of an event. This leaves time to say so first, milliseconds.
const ANSWER_WITHIN: i32 = 25_000;
/// `ApplePaySession.STATUS_SUCCESS` and `STATUS_FAILURE`.
const STATUS: (u32, u32) = (0, 1);

#[wasm_bindgen]
extern "C" {
    /// `ApplePaySession`.
    #[derive(Clone)]
    type ApplePaySession;

    #[wasm_bindgen(constructor, catch)]
    fn new(version: u32, request: &JsValue) -> Result<ApplePaySession, JsValue>;

    #[wasm_bindgen(static_method_of = ApplePaySession, catch, js_name = supportsVersion)]
    fn supports_version(version: u32) -> Result<bool, JsValue>;

    #[wasm_bindgen(static_method_of = ApplePaySession, catch, js_name = canMakePayments)]
    fn can_make_payments() -> Result<bool, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn begin(this: &ApplePaySession) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn abort(this: &ApplePaySession) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = completeMerchantValidation)]
    fn complete_validation(this: &ApplePaySession, session: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = completePayment)]
    fn complete_payment(this: &ApplePaySession, result: &JsValue) -> Result<(), JsValue>;

    /// `ApplePayError`.
    type ApplePayError;

    #[wasm_bindgen(constructor, catch)]
    fn new(
        code: &JsValue,
        contact_field: &JsValue,
        message: &JsValue,
    ) -> Result<ApplePayError, JsValue>;

    /// Options of the SDK.
    type ApplePayWebOptions;

    #[wasm_bindgen(static_method_of = ApplePayWebOptions, catch)]
    fn set(options: &JsValue) -> Result<(), JsValue>;
}

/// Apple Pay in this document.
#[derive(Default)]
pub(crate) struct Apple {
    /// Whether Apple's SDK is here; else the browser has it all.
    by_sdk: Cell<bool>,
    /// The last sheet's session.
    session: Cell<Option<ApplePaySession>>,
}

impl Apple {
    /// Climbs the ladder: a secure page; a session, built in or by the SDK; the version; a device that can pay. The desk hears the end.
    ///
    /// Whether the shopper has a card there is not asked: to know it would oblige the page to make Apple Pay its first choice.
    pub(crate) fn prepare(&'static self, desk: &'static Desk, window: &Window, sdk: Option<&str>) {
        let settle = move |is_there: bool| desk.settle_wallet(Wallet::ApplePay, is_there);
        if !window.is_secure_context() {
            return settle(false);
        }
        if is_built_in(window) {
            return settle(can_pay());
        }
        let failed = js::function(move |_| settle(false));
        let loaded = js::function(move |_| {
            self.by_sdk.set(true);
            // The code that a phone reads gets a window of its own: in this small frame nobody could read it.
            let options = JsValue::from(Object::new());
            js::set(&options, "renderApplePayCodeAs", &"window".into());
            let _ = ApplePayWebOptions::set(&options);
            settle(can_pay());
        });
        let begun = sdk.and_then(|sdk| script::load(desk.document(), sdk, true, &loaded, &failed));
        if begun.is_none() {
            settle(false);
        }
    }

    /// The button as the checkout looks now: Apple's SDK draws it where the browser does not.
    pub(crate) fn button(
        &self,
        document: &Document,
        terms: &Terms,
        tapped: &Function,
    ) -> Option<Element> {
        let terms = &terms.apple;
        let style = if js::get(terms, "dark").is_truthy() { "white" } else { "black" };
        let locale = js::text(terms, "locale").unwrap_or_default();
        let by_sdk = self.by_sdk.get();
        let button =
            document.create_element(if by_sdk { "apple-pay-button" } else { "button" }).ok()?;
        let attributes = if by_sdk {
            [("buttonstyle", style), ("type", "pay"), ("locale", &locale), ("class", "")]
        } else {
            [("class", style), ("type", "button"), ("lang", &locale), ("aria-label", "Apple Pay")]
        };
        for (name, value) in attributes {
            button.set_attribute(name, value).ok()?;
        }
        let radius = js::text(terms, "radius").unwrap_or_default();
        // The SDK's button reads it; the browser's own is styled by it.
        let _ = button
            .unchecked_ref::<HtmlElement>()
            .style()
            .set_property("--apple-pay-button-border-radius", &radius);
        button.add_event_listener_with_callback("click", tapped).ok()?;
        Some(button)
    }

    /// Begins a session. Has to be called in the tap itself.
    pub(crate) fn open(&self, desk: &'static Desk, turn: Turn, terms: &Terms) {
        let request = js::get(&terms.apple, "request");
        let Ok(session) = ApplePaySession::new(VERSION, &request) else {
            return desk.fail(turn, Wallet::ApplePay, Failure::Unusable);
        };
        let of = terms.of.clone();
        // By property: the SDK's sessions have no `addEventListener`.
        for (name, handler) in [
            ("onvalidatemerchant", js::function(move |_| desk.validate(turn))),
            ("oncancel", js::function(move |_| desk.fail(turn, Wallet::ApplePay, Failure::Closed))),
            ("onpaymentauthorized", {
                let session = session.clone();
                js::function(move |event| {
                    let payment = plain(&js::get(&event, "payment"));
                    // A simulator's token is empty.
                    let data = js::get(&js::get(&payment, "token"), "paymentData");
                    let taken = js::get(&data, "data").is_truthy()
                        && desk.hand_over(turn, Wallet::ApplePay, &payment, &of);
                    if !taken {
                        let _ = session.complete_payment(&result(false, &Array::new()));
                        desk.fail(turn, Wallet::ApplePay, Failure::Busy);
                    }
                })
            }),
        ] {
            js::set(&session, name, &handler);
        }
        if session.begin().is_err() {
            // Another one of this page's is open: the shop's own, perhaps.
            return desk.fail(turn, Wallet::ApplePay, Failure::Busy);
        }
        self.session.set(Some(session));
    }

    /// The desk is told when the sheet can wait no longer for the answer to its token, the so-and-so-many-th of this document.
    pub(crate) fn wait(desk: &'static Desk, turn: Turn, token: u32) {
        js::after(ANSWER_WITHIN, &js::function(move |_| desk.is_late(turn, token)));
    }

    /// The merchant session as Apple gave it to the server. `false`: the sheet does not take it.
    pub(crate) fn validated(&self, merchant_session: &JsValue) -> bool {
        merchant_session.is_object()
            && self.with(|session| session.complete_validation(merchant_session))
    }

    /// Tells the sheet how it ended. With `errors` it stays open.
    pub(crate) fn complete(&self, ok: bool, errors: &Array) {
        self.with(|session| session.complete_payment(&result(ok, errors)));
    }

    /// What is wrong in Apple's words, of what the checkout sent.
    pub(crate) fn errors(sent: &JsValue) -> Array {
        let errors = Array::new();
        for error in js::list(sent).iter() {
            let error = js::list(&error);
            if let Ok(error) = ApplePayError::new(&error.get(0), &error.get(1), &error.get(2)) {
                errors.push(&error);
            }
        }
        errors
    }

    /// Takes the sheet away.
    pub(crate) fn close(&self) {
        self.with(ApplePaySession::abort);
    }

    /// A sheet that has gone by itself throws; then there is nobody to tell.
    fn with(&self, call: impl Fn(&ApplePaySession) -> Result<(), JsValue>) -> bool {
        let session = self.session.take();
        // Put back first: the call may lead to another one.
        self.session.set(session.clone());
        session.is_some_and(|session| call(&session).is_ok())
    }
}

fn is_built_in(window: &Window) -> bool {
    Reflect::has(window, &"ApplePaySession".into()).unwrap_or(false)
}

/// In a frame of another origin older systems throw here: then they cannot.
fn can_pay() -> bool {
    ApplePaySession::supports_version(VERSION).unwrap_or(false)
        && ApplePaySession::can_make_payments().unwrap_or(false)
}

/// What can be posted of a browser's object.
fn plain(value: &JsValue) -> JsValue {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.and_then(|text| JSON::parse(&text).ok()).unwrap_or(JsValue::UNDEFINED)
}

/// `ApplePayPaymentAuthorizationResult`.
fn result(ok: bool, errors: &Array) -> JsValue {
    let status = JsValue::from(if ok { STATUS.0 } else { STATUS.1 });
    let result = js::object(&[("status", &status)]);
    if errors.length() > 0 {
        js::set(&result, "errors", errors);
    }
    result
}
