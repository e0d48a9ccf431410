//! Apple Pay, built into the browser.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{NOTHING, called, config, greet, json, open, script, settle, tap, terms, until};

async fn ready() {
    install("{}");
    open(&config(true, false, ""), r#"["apple_pay"]"#).await;
}

fn install(how: &str) {
    script(include_str!("stage.js"));
    script(&format!("window.installApple({how})"));
}

fn authorize() {
    script(
        "window.session.onpaymentauthorized({payment: {
             token: {paymentData: {data: 'bytes'}}, billingContact: {locality: 'Cork'},
         }})",
    );
}

#[wasm_bindgen_test]
async fn a_tap_begins_a_session_of_version_3_with_the_request_of_the_checkout() {
    ready().await;
    assert_eq!(
        json(
            "(({className, lang, type}) => [className, lang, type])(document.querySelector('#apple_pay button'))"
        ),
        r#"["black","en","button"]"#
    );
    tap("apple_pay");
    assert_eq!(
        json("window.calls"),
        r#"[["session",3,{"total":{"amount":"12.95"}}],["begin","function","function","function"]]"#
    );
}

#[wasm_bindgen_test]
async fn the_merchant_session_is_handed_on_as_it_came() {
    ready().await;
    tap("apple_pay");
    script("window.session.onvalidatemerchant({validationURL: 'https://evil.example/'})");
    until("window.heard.length").await;
    assert_eq!(
        json("window.heard"),
        r#"[{"turn":1,"type":"validate"}]"#,
        "Apple's address is not used"
    );
    script(
        "window.port.postMessage({type: 'merchant_session', turn: 1, session: {nonce: 'n', expiresAt: 5}})",
    );
    until("window.calls.length === 3").await;
    assert_eq!(
        json("window.calls[2]"),
        r#"["completeMerchantValidation",{"nonce":"n","expiresAt":5}]"#
    );
}

#[wasm_bindgen_test]
async fn without_a_merchant_session_the_sheet_goes_and_the_checkout_hears_it() {
    ready().await;
    tap("apple_pay");
    script("window.session.onvalidatemerchant({})");
    script("window.port.postMessage({type: 'merchant_session', turn: 1, session: null})");
    until("window.heard.length === 2").await;
    assert_eq!(json("window.calls.at(-1)"), r#"["abort"]"#);
    assert_eq!(json("window.heard[1]"), r#"{"wallet":"apple_pay","type":"failed"}"#);
    tap("apple_pay");
    assert_eq!(json("window.calls.at(-1)[0]"), r#""begin""#, "the next tap tries again");
}

#[wasm_bindgen_test]
async fn an_answer_for_a_sheet_that_has_gone_says_nothing_of_the_next_one() {
    install("{}");
    script("window.installGoogle()");
    open(&config(true, true, NOTHING), r#"["apple_pay","google_pay"]"#).await;
    tap("apple_pay");
    script("window.session.onvalidatemerchant({}); window.session.cancel()");
    until("window.heard.length").await;
    // The other wallet's sheet.
    tap("google_pay");
    script("window.port.postMessage({type: 'merchant_session', turn: 1, session: null})");
    settle().await;
    script("window.sheet.resolve({})");
    until("window.heard.at(-1).type === 'token'").await;
    script("window.port.postMessage({type: 'result', ok: false, errors: []})");
    settle().await;
    // The same wallet's next sheet: it waits for an answer of its own.
    tap("apple_pay");
    script("window.session.onvalidatemerchant({})");
    until("window.heard.at(-1).type === 'validate'").await;
    for answer in ["null", "{nonce: 'old'}"] {
        script(&format!(
            "window.port.postMessage({{type: 'merchant_session', turn: 1, session: {answer}}})"
        ));
    }
    settle().await;
    assert_eq!(json("window.calls.at(-1)[0]"), r#""begin""#);
    script(
        "window.port.postMessage({type: 'merchant_session', turn: window.heard.at(-1).turn, session: {nonce: 'new'}})",
    );
    until("window.calls.at(-1)[0] === 'completeMerchantValidation'").await;
    assert_eq!(json("window.calls.at(-1)[1].nonce"), r#""new""#);
}

#[wasm_bindgen_test]
async fn while_another_session_of_the_page_is_open_the_button_stays() {
    install("{throws: 'begin'}");
    open(&config(true, false, ""), r#"["apple_pay"]"#).await;
    tap("apple_pay");
    until("window.heard.length").await;
    settle().await;
    assert_eq!(json("window.heard"), r#"[{"wallet":"apple_pay","type":"failed"}]"#);
    tap("apple_pay");
    until("window.heard.length === 2").await;
}

#[wasm_bindgen_test]
async fn where_apple_pay_cannot_come_nothing_of_apples_is_loaded() {
    script(include_str!("stage.js"));
    script("window.removeApple()");
    greet("{parent: location.origin, apple_pay: {sdk: 'http://127.0.0.1:9/sdk.js', label: 'x'}}")
        .await;
    terms("apple_pay: undefined");
    until("window.heard.length").await;
    assert_eq!(json("window.heard"), r#"[{"wallets":[],"type":"shown"}]"#);
    assert_eq!(json("document.querySelectorAll('script[src*=sdk]').length"), "0");
}

#[wasm_bindgen_test]
async fn a_payment_that_goes_on_ends_the_sheet_with_success_and_another_with_failure() {
    for (ok, status) in [(true, 0), (false, 1)] {
        ready().await;
        tap("apple_pay");
        authorize();
        until("window.heard.length").await;
        assert_eq!(
            json("window.heard[0]"),
            r#"{"wallet":"apple_pay","data":{"token":{"paymentData":{"data":"bytes"}},"billingContact":{"locality":"Cork"}},"of":{"attempt":"att_1","version":1},"type":"token"}"#
        );
        // The checkout is busy with the payment meanwhile; the sheet stays.
        terms("open: false");
        script(&format!("window.port.postMessage({{type: 'result', ok: {ok}, errors: []}})"));
        until("window.calls.at(-1)[0] === 'completePayment'").await;
        assert_eq!(json("window.calls.at(-1)"), format!(r#"["completePayment",{status},[]]"#));
        assert_eq!(json("window.calls.some(([name]) => name === 'abort')"), "false");
    }
}

#[wasm_bindgen_test]
async fn a_wrong_contact_keeps_the_sheet_open_and_the_next_token_counts() {
    ready().await;
    tap("apple_pay");
    authorize();
    script(
        "window.port.postMessage({type: 'result', ok: false,
             errors: [['billingContactInvalid', 'postalCode', 'Enter the postal code']]})",
    );
    until("window.calls.at(-1)[0] === 'completePayment'").await;
    assert_eq!(
        json("window.calls.at(-1)"),
        r#"["completePayment",1,[[true,"billingContactInvalid","postalCode","Enter the postal code"]]]"#
    );
    authorize();
    until("window.heard.length === 2").await;
    script("window.port.postMessage({type: 'result', ok: true, errors: []})");
    until("window.calls.at(-1)[1] === 0").await;
}

#[wasm_bindgen_test]
async fn a_sheet_that_is_cancelled_is_no_news_also_after_its_token() {
    ready().await;
    tap("apple_pay");
    script("window.session.cancel()");
    settle().await;
    assert_eq!(json("window.heard"), "[]");
    tap("apple_pay");
    authorize();
    script("window.session.cancel()");
    until("window.heard.length").await;
    // The answer finds no sheet, and that is nobody's fault.
    script("window.port.postMessage({type: 'result', ok: true, errors: []})");
    settle().await;
    assert_eq!(json("window.calls.some(([name]) => name === 'completePayment')"), "false");
    assert_eq!(json("window.heard.map(({type}) => type)"), r#"["token"]"#);
    tap("apple_pay");
    assert_eq!(json("window.calls.at(-1)[0]"), r#""begin""#);
}

#[wasm_bindgen_test]
async fn a_simulators_empty_token_is_refused_in_the_sheet() {
    ready().await;
    tap("apple_pay");
    script("window.session.onpaymentauthorized({payment: {token: {paymentData: {}}}})");
    until("window.heard.length").await;
    assert_eq!(json("window.calls.at(-1)"), r#"["completePayment",1,[]]"#);
    assert_eq!(json("window.heard[0].type"), r#""failed""#);
}

#[wasm_bindgen_test]
async fn a_checkout_that_may_not_be_paid_any_more_takes_the_open_sheet_away() {
    ready().await;
    tap("apple_pay");
    terms("open: false");
    until("window.calls.at(-1)[0] === 'abort'").await;
    authorize();
    settle().await;
    assert_eq!(json("window.heard"), "[]");
}

#[wasm_bindgen_test]
async fn where_the_browser_cannot_pay_there_is_no_button() {
    for how in ["{can: false}", "{versions: 2}", "{throws: 'canMakePayments'}"] {
        install(how);
        open(&config(true, false, ""), "[]").await;
        assert_eq!(json("!document.getElementById('apple_pay')"), "true", "{how}");
    }
    script("window.removeApple()");
    open(&config(true, false, ""), "[]").await;
    assert_eq!(called(), r#""""#);
}

#[wasm_bindgen_test]
async fn a_request_that_apple_refuses_takes_the_button_away() {
    install("{throws: 'constructor'}");
    open(&config(true, false, ""), r#"["apple_pay"]"#).await;
    tap("apple_pay");
    until("window.heard.length === 2").await;
    assert_eq!(
        json("window.heard"),
        r#"[{"wallet":"apple_pay","type":"failed"},{"wallets":[],"type":"shown"}]"#
    );
}

#[wasm_bindgen_test]
async fn both_wallets_stand_side_by_side_and_only_one_sheet_opens() {
    install("{}");
    script("window.installGoogle()");
    open(&config(true, true, NOTHING), r#"["apple_pay","google_pay"]"#).await;
    tap("google_pay");
    tap("apple_pay");
    assert_eq!(json("window.calls.some(([name]) => name === 'session')"), "false");
}
