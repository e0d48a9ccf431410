//! The document, its vendors and the checkout around it.

use js_sys::{Function, JSON, Promise};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// An empty script: loading it is all that is needed, the fakes are there already.
pub(crate) const NOTHING: &str = "data:text/javascript,";

/// What the server would write into the document.
pub(crate) fn config(apple: bool, google: bool, script: &str) -> String {
    let apple = if apple {
        "{label: 'Corner Books', country: 'IE', networks: ['visa']}"
    } else {
        "undefined"
    };
    let google = if google {
        format!("{{script: {script:?}, environment: 'TEST'}}")
    } else {
        "undefined".to_owned()
    };
    format!("{{parent: location.origin, apple_pay: {apple}, google_pay: {google}}}")
}

/// Runs a script in the page.
pub(crate) fn script(text: &str) -> JsValue {
    Function::new_no_args(text)
        .call0(&JsValue::UNDEFINED)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// The value of an expression as JSON.
pub(crate) fn json(expression: &str) -> String {
    let value = script(&format!("return {expression}"));
    JSON::stringify(&value).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// Waits until an expression is true.
pub(crate) async fn until(expression: &str) {
    for _ in 0..500 {
        if script(&format!("return {expression}")).is_truthy() {
            return;
        }
        let turn = script("return new Promise((go) => setTimeout(go, 10))");
        JsFuture::from(turn.unchecked_into::<Promise>()).await.unwrap();
    }
    panic!(
        "never true: {expression}; calls {}, heard {}",
        json("window.calls"),
        json("window.heard")
    );
}

/// Lets everything happen that is on its way.
pub(crate) async fn settle() {
    let turn = script("return new Promise((go) => setTimeout(go, 30))");
    JsFuture::from(turn.unchecked_into::<Promise>()).await.unwrap();
}

/// A document that has greeted the checkout.
pub(crate) async fn greet(config: &str) {
    script(include_str!("stage.js"));
    script("window.installStage()");
    let window = web_sys::window().unwrap();
    let config = script(&format!("return {config}"));
    farthing_wallet_frame::greet(window.clone(), &window, &config).unwrap();
    until("window.port").await;
}

/// A document with the terms of a checkout that may be paid, whose buttons stand.
pub(crate) async fn open(config: &str, shown: &str) {
    greet(config).await;
    terms("");
    until("window.heard.length").await;
    assert_eq!(json("window.heard"), format!(r#"[{{"wallets":{shown},"type":"shown"}}]"#));
    script("window.heard.length = 0");
}

/// The checkout's terms; `changes` are further members, such as `open: false`.
pub(crate) fn terms(changes: &str) {
    script(&format!(
        "window.port.postMessage({{
            type: 'terms', open: true, looks: 'light 10px en', of: {{attempt: 'att_1', version: 1}},
            google_pay: {{
                request: {{
                    apiVersion: 2, apiVersionMinor: 0, merchantInfo: {{merchantName: 'Corner Books'}},
                    allowedPaymentMethods: [{{type: 'CARD'}}], transactionInfo: {{totalPrice: '12.95'}},
                }},
                environment: 'TEST', color: 'black', radius: '10px', locale: 'de',
            }},
            apple_pay: {{request: {{total: {{amount: '12.95'}}}}, dark: false, radius: '10px', locale: 'en'}},
            {changes}
        }})"
    ));
}

/// The names of the vendors' calls so far.
pub(crate) fn called() -> String {
    json("window.calls.map(([name]) => name).join(' ')")
}

/// Presses a wallet's button.
pub(crate) fn tap(wallet: &str) {
    script(&format!("document.querySelector('#{wallet} button').click()"));
}
