//! Google's client, its button and its sheet. Every call may throw.

use std::cell::OnceCell;

use farthing_types::Wallet;
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Element;

use crate::desk::{Desk, Failure, Terms};
use crate::flow::Turn;
use crate::{js, script};

/// Which cards are taken: part of three of Google's requests.
const METHODS: &str = "allowedPaymentMethods";

#[wasm_bindgen]
extern "C" {
    /// `google.payments.api.PaymentsClient`.
    #[wasm_bindgen(js_namespace = ["google", "payments", "api"])]
    type PaymentsClient;

    #[wasm_bindgen(constructor, catch, js_namespace = ["google", "payments", "api"])]
    fn new(options: &JsValue) -> Result<PaymentsClient, JsValue>;

    #[wasm_bindgen(method, catch, js_name = isReadyToPay)]
    fn is_ready_to_pay(this: &PaymentsClient, request: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = prefetchPaymentData)]
    fn prefetch(this: &PaymentsClient, request: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = loadPaymentData)]
    fn load(this: &PaymentsClient, request: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = createButton)]
    fn create_button(this: &PaymentsClient, options: &JsValue) -> Result<Element, JsValue>;
}

/// Google Pay in this document.
#[derive(Default)]
pub(crate) struct Google {
    client: OnceCell<PaymentsClient>,
}

impl Google {
    /// Loads Google's script and asks whether it is ready; the desk hears it.
    pub(crate) fn prepare(&'static self, desk: &'static Desk, src: &str) {
        let failed = js::function(move |_| desk.settle_wallet(Wallet::GooglePay, false));
        let on_failed = failed.clone();
        let loaded = js::function(move |_| {
            if self.ask(desk, &on_failed).is_none() {
                desk.settle_wallet(Wallet::GooglePay, false);
            }
        });
        if script::load(desk.document(), src, false, &loaded, &failed).is_none() {
            desk.settle_wallet(Wallet::GooglePay, false);
        }
    }

    fn ask(&'static self, desk: &'static Desk, failed: &Function) -> Option<()> {
        let terms = desk.terms()?;
        let request = js::get(&terms.google, "request");
        let options = js::object(&[
            ("environment", &js::get(&terms.google, "environment")),
            ("merchantInfo", &js::get(&request, "merchantInfo")),
            // Put on every style and script that the library adds, so that the page's policy lets them in.
            ("nonce", &JsValue::from_str(&script::nonce(desk.document()))),
        ]);
        let client = PaymentsClient::new(&options).ok()?;
        let question = js::object(&[
            ("apiVersion", &js::get(&request, "apiVersion")),
            ("apiVersionMinor", &js::get(&request, "apiVersionMinor")),
            (METHODS, &js::get(&request, METHODS)),
        ]);
        let ready = client.is_ready_to_pay(&question).ok()?;
        let _ = self.client.set(client);
        let answered = js::function(move |answer| {
            let ready = js::get(&answer, "result").is_truthy();
            desk.settle_wallet(Wallet::GooglePay, ready);
            if ready {
                self.prefetch(desk);
            }
        });
        js::then(&ready, &answered, failed);
        Some(())
    }

    /// The button as the checkout looks now.
    pub(crate) fn button(&self, terms: &Terms, tapped: &Function) -> Option<Element> {
        let get = |name| js::get(&terms.google, name);
        let options = js::object(&[
            ("onClick", tapped),
            ("buttonType", &"pay".into()),
            ("buttonSizeMode", &"fill".into()),
            ("buttonColor", &get("color")),
            ("buttonRadius", &js::radius(&get("radius"))),
            // With them the button shows the shopper's card.
            (METHODS, &js::get(&get("request"), METHODS)),
        ]);
        let locale = get("locale");
        if locale.is_string() {
            js::set(&options, "buttonLocale", &locale);
        }
        self.client.get()?.create_button(&options).ok()
    }

    /// Lets Google prepare the sheet: it saves time, and nothing else.
    fn prefetch(&self, desk: &'static Desk) {
        if let Some((client, terms)) = self.client.get().zip(desk.terms()) {
            let _ = client.prefetch(&js::get(&terms.google, "request"));
        }
    }

    /// Opens the sheet. Has to be called in the tap itself: only then may the browser open a window.
    pub(crate) fn open(&self, desk: &'static Desk, turn: Turn, terms: &Terms) {
        let of = terms.of.clone();
        let failed = js::function(move |error| {
            desk.fail(turn, Wallet::GooglePay, failure(&error));
        });
        let sheet = self.client.get().map(|client| client.load(&js::get(&terms.google, "request")));
        match sheet {
            Some(Ok(sheet)) => {
                let done = js::function(move |data| {
                    // Of a sheet that nobody waits for any more: it is dropped, and nothing was paid.
                    desk.hand_over(turn, Wallet::GooglePay, &data, &of);
                });
                js::then(&sheet, &done, &failed);
            }
            Some(Err(error)) => desk.fail(turn, Wallet::GooglePay, failure(&error)),
            None => desk.fail(turn, Wallet::GooglePay, Failure::Unusable),
        }
    }
}

/// What an error of `loadPaymentData` means.
///
/// Source: Google Pay API for the web, "Error objects", `PaymentsError`.
fn failure(error: &JsValue) -> Failure {
    match js::text(error, "statusCode").as_deref() {
        Some("CANCELED") => Failure::Closed,
        Some("DEVELOPER_ERROR" | "MERCHANT_ACCOUNT_ERROR") => Failure::Unusable,
        // `BUYER_ACCOUNT_ERROR`, `INTERNAL_ERROR`, and whatever Google comes to say: it may work next time.
        _ => Failure::Busy,
    }
}
