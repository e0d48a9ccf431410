//! Google Pay.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{NOTHING, called, config, greet, json, open, script, settle, tap, terms, until};

async fn ready() {
    install("{}");
    open(&config(false, true, NOTHING), r#"["google_pay"]"#).await;
}

fn install(how: &str) {
    script(include_str!("stage.js"));
    script(&format!("window.removeApple(); window.installGoogle({how})"));
}

const DATA: &str =
    "{paymentMethodData: {tokenizationData: {token: 'example'}, info: {cardNetwork: 'VISA'}}}";

#[wasm_bindgen_test]
async fn the_document_greets_the_checkouts_exact_origin_with_what_the_server_wrote() {
    install("{}");
    greet(&config(false, true, NOTHING)).await;
    assert_eq!(json("window.greeting.origin === location.origin"), "true");
    assert_eq!(json("window.greeting.config.google_pay.environment"), r#""TEST""#);
    assert_eq!(called(), r#""""#, "nobody is asked anything before there is something to pay");
    assert_eq!(
        json("document.getElementById('google_pay').hidden"),
        "false",
        "its place is kept free"
    );
    assert_eq!(json("document.getElementById('apple_pay').hidden"), "true");
}

#[wasm_bindgen_test]
async fn the_client_the_question_and_the_button_are_exactly_what_google_documents() {
    ready().await;
    let calls = include_str!("../requests/google.json");
    let expected = script(&format!("return {calls}"));
    let expected = js_sys::JSON::stringify(&expected).unwrap().as_string().unwrap();
    until("window.calls.length === 4").await;
    assert_eq!(
        json(
            "Object.fromEntries(window.calls.filter(([name]) => name !== 'prefetch').map(([name, what]) => [name, {...what, nonce: undefined}]))"
        ),
        expected
    );
    assert_eq!(
        json("window.calls.find(([name]) => name === 'prefetch')[1].transactionInfo.totalPrice"),
        r#""12.95""#
    );
}

#[wasm_bindgen_test]
async fn a_tap_opens_the_sheet_at_once_with_the_request_of_the_checkout_and_hands_its_data_over() {
    ready().await;
    tap("google_pay");
    // Without a turn in between: later the browser would not let the sheet open.
    assert_eq!(
        json("window.calls.at(-1)[0] + ' ' + window.calls.at(-1)[1].transactionInfo.totalPrice"),
        r#""loadPaymentData 12.95""#
    );
    // What the shopper saw goes with the token, whatever comes in between.
    terms("of: {attempt: 'att_1', version: 2}");
    settle().await;
    script(&format!("window.sheet.resolve({DATA})"));
    until("window.heard.length").await;
    assert_eq!(
        json("window.heard"),
        r#"[{"wallet":"google_pay","data":{"paymentMethodData":{"tokenizationData":{"token":"example"},"info":{"cardNetwork":"VISA"}}},"of":{"attempt":"att_1","version":1},"type":"token"}]"#
    );
}

#[wasm_bindgen_test]
async fn two_taps_open_one_sheet_and_the_next_one_waits_for_the_answer() {
    ready().await;
    tap("google_pay");
    tap("google_pay");
    assert_eq!(json("window.calls.filter(([name]) => name === 'loadPaymentData').length"), "1");
    script(&format!("window.sheet.resolve({DATA})"));
    until("window.heard.length").await;
    tap("google_pay");
    assert_eq!(json("window.calls.filter(([name]) => name === 'loadPaymentData').length"), "1");
    script("window.port.postMessage({type: 'result', ok: false, errors: []})");
    settle().await;
    tap("google_pay");
    assert_eq!(json("window.calls.filter(([name]) => name === 'loadPaymentData').length"), "2");
}

#[wasm_bindgen_test]
async fn a_sheet_that_the_shopper_closes_is_no_news_and_the_button_works_again() {
    ready().await;
    tap("google_pay");
    script("window.sheet.reject({statusCode: 'CANCELED'})");
    settle().await;
    assert_eq!(json("window.heard"), "[]");
    tap("google_pay");
    assert_eq!(json("window.calls.filter(([name]) => name === 'loadPaymentData').length"), "2");
}

#[wasm_bindgen_test]
async fn errors_that_may_pass_are_told_and_those_that_never_will_take_the_button_away() {
    for (code, gone) in [
        ("BUYER_ACCOUNT_ERROR", false),
        ("INTERNAL_ERROR", false),
        ("NEVER_HEARD_OF", false),
        ("DEVELOPER_ERROR", true),
        ("MERCHANT_ACCOUNT_ERROR", true),
    ] {
        ready().await;
        tap("google_pay");
        script(&format!("window.sheet.reject({{statusCode: '{code}'}})"));
        until("window.heard.length").await;
        settle().await;
        assert_eq!(json("window.heard[0]"), r#"{"wallet":"google_pay","type":"failed"}"#, "{code}");
        assert_eq!(json("!document.getElementById('google_pay')"), gone.to_string(), "{code}");
        let shown = if gone { r#"{"wallets":[],"type":"shown"}"# } else { "" };
        assert_eq!(json("window.heard[1]"), shown, "{code}");
    }
}

#[wasm_bindgen_test]
async fn a_call_that_throws_is_an_error_like_any_other() {
    ready().await;
    script("window.throwing = 'DEVELOPER_ERROR'");
    tap("google_pay");
    until("window.heard.length").await;
    assert_eq!(json("window.heard[0].type"), r#""failed""#);
}

#[wasm_bindgen_test]
async fn a_checkout_that_may_not_be_paid_opens_no_sheet_and_wants_no_token_of_an_open_one() {
    ready().await;
    tap("google_pay");
    terms("open: false");
    settle().await;
    script(&format!("window.sheet.resolve({DATA})"));
    settle().await;
    assert_eq!(json("window.heard"), "[]");
    tap("google_pay");
    assert_eq!(json("window.calls.filter(([name]) => name === 'loadPaymentData').length"), "1");
}

#[wasm_bindgen_test]
async fn a_wallet_that_is_not_ready_or_whose_script_does_not_come_is_not_there() {
    for (how, source) in [
        ("{ready: false}", NOTHING),
        ("{ready: 'rejects'}", NOTHING),
        ("{broken: true}", NOTHING),
        ("{}", "http://127.0.0.1:9/pay.js"),
    ] {
        install(how);
        open(&config(false, true, source), "[]").await;
        assert_eq!(json("!document.getElementById('google_pay')"), "true", "{how} {source}");
    }
}

#[wasm_bindgen_test]
async fn a_button_is_never_rounder_than_google_allows() {
    for (radius, drawn) in [("999px", "26"), ("50%", "26"), ("4.5px", "4.5"), ("", "0")] {
        install("{}");
        greet(&config(false, true, NOTHING)).await;
        terms(&format!("google_pay: {{request: {{}}, radius: '{radius}'}}"));
        until("window.calls.some(([name]) => name === 'createButton')").await;
        let button = "window.calls.find(([name]) => name === 'createButton')[1].buttonRadius";
        assert_eq!(json(button), drawn, "{radius}");
    }
}

#[wasm_bindgen_test]
async fn a_sheet_that_nobody_can_open_is_not_prepared() {
    install("{ready: false}");
    open(&config(false, true, NOTHING), "[]").await;
    assert_eq!(json("window.calls.some(([name]) => name === 'prefetch')"), "false");
}

#[wasm_bindgen_test]
async fn the_button_is_drawn_anew_when_the_looks_change_and_only_then() {
    ready().await;
    terms("of: {attempt: 'att_2', version: 2}");
    settle().await;
    assert_eq!(json("window.calls.filter(([name]) => name === 'createButton').length"), "1");
    terms("looks: 'dark 4px en'");
    until("window.calls.filter(([name]) => name === 'createButton').length === 2").await;
    assert_eq!(json("document.querySelectorAll('#google_pay button').length"), "1");
}
