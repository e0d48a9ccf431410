//! The checkout's end of the wallets' document: whom it hears, what it tells, and what it pays with.

use farthing_types::CustomerField;
use farthing_types::checkout::CheckoutView;
use farthing_types::wallet::{Wallet, WalletOffer};
use farthing_widget::{CheckoutEvent, GooglePayButton, Model};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::page::{Page, asking, script, tick, until, view};

/// Keeps what the checkout asks its server. Merchant sessions are given, payments and states are not answered.
const SERVER: &str = "
    window.asked = [];
    window.merchantSession = {nonce: 'n', expiresAt: 7};
    window.realFetch ??= window.fetch;
    window.fetch = (request, ...rest) => {
        if (!request.url?.includes('/checkout/')) return window.realFetch(request, ...rest);
        request.text().then((body) => window.asked.push([new URL(request.url).pathname, body]));
        if (!request.url.endsWith('/apple-pay/session')) return new Promise(() => {});
        const body = window.merchantSession;
        return Promise.resolve(new Response(JSON.stringify(body ?? {type: 'x'}), {status: body ? 200 : 503}));
    };";

/// Speaks as the wallets' document does.
const DOCUMENT: &str = "
    const frame = document.querySelector('.wallets iframe').contentWindow;
    frame.eval(`
        window.heard = [];
        const channel = new MessageChannel();
        window.port = channel.port1;
        window.port.onmessage = ({data}) => window.heard.push(data);
        const config = {
            apple_pay: {label: 'Corner Books', country: 'IE', networks: ['visa']},
            google_pay: {
                environment: 'TEST', merchant_name: 'Corner Books', gateway: 'primepay', gateway_merchant_id: 'corner',
                auth_methods: ['PAN_ONLY'], networks: ['VISA'],
            },
        };
        parent.postMessage({farthing_wallets: 1, config}, '*', [channel.port2]);
    `);";

fn offering(view: CheckoutView) -> CheckoutView {
    let origin = window().location().origin().unwrap();
    CheckoutView {
        wallets: Some(WalletOffer {
            frame: format!("{origin}/wallets/apple_pay+google_pay"),
            methods: Wallet::ALL.to_vec(),
            apple_pay_built_in_only: false,
        }),
        apple_pay_application_data: Some("AAEC".to_owned()),
        ..view
    }
}

/// A checkout whose wallets' document has greeted it and knows its terms.
async fn greeted(view: CheckoutView) -> Page {
    script(SERVER);
    let page = Page::followed(offering(view)).await;
    loaded().await;
    script(DOCUMENT);
    until("it was told the terms", || document_has("heard.length") == "1").await;
    page
}

async fn loaded() {
    until("the frame has its document", || {
        script(
            "const frame = document.querySelector('.wallets iframe');
             return frame?.contentDocument?.readyState === 'complete' && frame.contentWindow.location.pathname.startsWith('/wallets/')",
        )
        .is_truthy()
    })
    .await;
}

/// A value of the document's, as JSON.
fn document_has(expression: &str) -> String {
    let frame = "document.querySelector('.wallets iframe').contentWindow";
    let text = script(&format!("return JSON.stringify({frame}.eval({expression:?}))"));
    text.as_string().unwrap_or_default()
}

fn says(message: &str) {
    let text = format!("window.port.postMessage({message})");
    script(&format!("document.querySelector('.wallets iframe').contentWindow.eval({text:?})"));
}

fn asked(path: &str) -> Vec<String> {
    let list: js_sys::Array = script("return window.asked").unchecked_into();
    list.iter()
        .map(wasm_bindgen::JsCast::unchecked_into::<js_sys::Array>)
        .filter(|pair| pair.get(0).as_string().unwrap().ends_with(path))
        .map(|pair| pair.get(1).as_string().unwrap())
        .collect()
}

const OF: &str = "of: {attempt: 'att_seen', version: 3}";

fn google(more: &str) -> String {
    format!(
        "{{type: 'token', wallet: 'google_pay', {OF}, data: {{
             email: 'ada@lovelace.example',
             paymentMethodData: {{
                 tokenizationData: {{token: '{{\"a\":\"\\\\u003d ü\"}}'}}, info: {{cardNetwork: 'VISA', {more}}},
             }},
         }}}}"
    )
}

fn apple(billing: &str) -> String {
    format!(
        "{{type: 'token', wallet: 'apple_pay', {OF}, data: {{
             token: {{paymentData: {{data: 'bytes'}}, transactionIdentifier: 'AB'}},
             billingContact: {{{billing}}}, shippingContact: {{emailAddress: 'ada@lovelace.example'}},
         }}}}"
    )
}

#[wasm_bindgen_test]
async fn without_an_offer_there_is_no_place_and_nothing_is_loaded() {
    script(SERVER);
    let page = Page::followed(view()).await;
    assert!(page.find(".wallets").is_none() && page.find("iframe").is_none());
}

#[wasm_bindgen_test]
async fn the_document_is_framed_with_payment_allowed_and_without_a_way_out_of_its_frame() {
    let page = greeted(view()).await;
    let frame = page.one(".wallets iframe");
    let attribute = |name: &str| frame.get_attribute(name).unwrap();
    assert_eq!(attribute("allow"), "payment");
    assert_eq!(attribute("sandbox"), "allow-scripts allow-popups allow-same-origin allow-forms");
    assert_eq!(attribute("referrerpolicy"), "no-referrer");
    assert_eq!(attribute("title"), "Pay with a wallet");
    let place = page.one(".wallets");
    assert_eq!(place.get_attribute("data-frame").unwrap(), attribute("src"));
}

#[wasm_bindgen_test]
async fn it_is_told_what_is_to_be_paid_and_again_when_that_changes() {
    let page = greeted(view()).await;
    assert_eq!(
        document_has(
            "heard[0].google_pay.request.transactionInfo.totalPrice + heard[0].google_pay.request.transactionInfo.currencyCode"
        ),
        r#""10.00EUR""#
    );
    assert_eq!(
        document_has("heard[0].apple_pay.request"),
        r#"{"countryCode":"IE","currencyCode":"EUR","merchantCapabilities":["supports3DS"],"supportedNetworks":["visa"],"total":{"label":"Corner Books","amount":"10.00","type":"final"},"applicationData":"AAEC"}"#
    );
    assert_eq!(document_has("heard[0].of"), r#"{"attempt":"att_unit_key","version":1}"#);
    assert_eq!(document_has("heard[0].open"), "true");
    page.model.submitting.set(true);
    until("it hears it", || document_has("heard.at(-1).open") == "false").await;
    page.model.submitting.set(false);
    until("it hears it", || document_has("heard.at(-1).open") == "true").await;
}

#[wasm_bindgen_test]
async fn only_the_frames_own_document_is_heard() {
    script(SERVER);
    let page = Page::followed(offering(view())).await;
    loaded().await;
    // The page itself, as any other frame of it could.
    script(
        "window.strangers = [];
         const channel = new MessageChannel();
         channel.port1.onmessage = ({data}) => window.strangers.push(data);
         window.strange = channel.port1;
         window.postMessage({farthing_wallets: 1, config: {}}, '*', [channel.port2]);
         const none = new MessageChannel();
         document.querySelector('.wallets iframe').contentWindow.eval(`
             parent.postMessage({farthing_wallets: 2}, '*');
             parent.postMessage({farthing_wallets: 1}, '*');
             parent.postMessage(null, '*');
         `);",
    );
    tick().await;
    script(DOCUMENT);
    until("the right one is told the terms", || document_has("heard.length") == "1").await;
    assert_eq!(script("return window.strangers.length").as_f64(), Some(0.0));
    script(&format!("window.strange.postMessage({})", google("")));
    tick().await;
    assert!(asked("/payments").is_empty());
    drop(page);
}

#[wasm_bindgen_test]
async fn a_google_token_is_sent_character_by_character_with_what_the_shopper_saw() {
    let page = greeted(view()).await;
    says(&google(""));
    until("it is sent", || !asked("/payments").is_empty()).await;
    let body = asked("/payments").remove(0);
    for part in [
        // Of {"a":"\u003d ü"}, escape and umlaut as they came.
        "\"google_pay_token\":\"eyJhIjoiXHUwMDNkIMO8In0=\"",
        "\"google_pay_network\":\"VISA\"",
        "\"attempt\":\"att_seen\"",
        "\"version\":3",
        "\"browser_js_enabled\":true",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(!body.contains("card_") && !body.contains("email"), "{body}");
    assert!(page.model.submitting.get_untracked(), "the form waits with it");
}

#[wasm_bindgen_test]
async fn a_cut_answer_is_told_to_the_sheet_as_what_the_server_then_says() {
    for (state, ok) in [
        ("paid", "true"),
        ("processing", "true"),
        ("failed", "false"),
        ("expired", "false"),
        ("ready", "false"),
    ] {
        let page = greeted(view()).await;
        script(&format!(
            "const status = {{state: '{state}', declined: null, version: 1, amount: 1000, total: '€10.00', payment_id: 'pay_1', attempt: 'att_2'}};
             window.fetch = (request) => request.url.endsWith('/payments')
                 ? Promise.reject(new TypeError('cut'))
                 : Promise.resolve(new Response(JSON.stringify(status)));"
        ));
        says(&apple(""));
        let result = "heard.find(({type}) => type === 'result')";
        until(&format!("it hears it: {state}"), || document_has(&format!("!!{result}")) == "true")
            .await;
        assert_eq!(document_has(&format!("{result}.ok")), ok, "{state}");
        drop(page);
    }
}

#[wasm_bindgen_test]
async fn a_token_that_comes_while_something_else_is_paid_is_dropped() {
    let page = greeted(view()).await;
    page.model.submitting.set(true);
    says(&apple(""));
    until("it hears it", || document_has("heard.at(-1).type") == r#""result""#).await;
    assert_eq!(document_has("heard.at(-1)"), r#"{"type":"result","ok":false,"errors":[]}"#);
    assert!(asked("/payments").is_empty());
}

#[wasm_bindgen_test]
async fn what_the_wallet_tells_of_the_shopper_fills_the_form_and_the_payment() {
    use CustomerField as F;
    let page = greeted(asking(&[F::FirstName, F::LastName, F::Email, F::City])).await;
    assert_eq!(document_has("heard[0].google_pay.request.emailRequired"), "true");
    says(&google(
        "billingAddress: {name: 'Ada King Lovelace', locality: 'London', postalCode: 'W1'}",
    ));
    until("it is sent", || !asked("/payments").is_empty()).await;
    let body = asked("/payments").remove(0);
    for (name, value) in [
        ("first_name", "Ada King"),
        ("last_name", "Lovelace"),
        ("email", "ada@lovelace.example"),
        ("city", "London"),
    ] {
        assert!(body.contains(&format!("\"{name}\":\"{value}\"")), "{name} in {body}");
        assert_eq!(page.value(name), value);
    }
    assert!(!body.contains("W1"), "nobody asked for it: {body}");
}

#[wasm_bindgen_test]
async fn what_google_does_not_know_is_taken_from_the_form_and_else_asked_for_there() {
    use CustomerField as F;
    let page = greeted(asking(&[F::City, F::Zip])).await;
    page.type_into("zip", "EC1A 1BB");
    says(&google("billingAddress: {locality: 'London'}"));
    until("it is sent", || !asked("/payments").is_empty()).await;
    let body = asked("/payments").remove(0);
    assert!(
        body.contains("\"zip\":\"EC1A 1BB\"") && body.contains("\"city\":\"London\""),
        "{body}"
    );
    drop(page);

    let page = greeted(asking(&[F::City, F::Zip])).await;
    says(&google("billingAddress: {locality: 'London'}"));
    until("it is said", || page.notice().is_some()).await;
    assert_eq!(page.lines(), ["Enter the postal code."]);
    assert_eq!(page.value("city"), "London", "what is known need not be typed");
    assert!(asked("/payments").is_empty());
    assert_eq!(document_has("heard.at(-1).ok"), "false");
}

#[wasm_bindgen_test]
async fn apples_sheet_is_told_which_field_is_wrong_and_the_form_says_nothing() {
    use CustomerField as F;
    let page = greeted(asking(&[F::Zip, F::Country, F::Email])).await;
    says(&apple("countryCode: 'gb', postalCode: ''"));
    until("it hears it", || document_has("heard.at(-1).type") == r#""result""#).await;
    assert_eq!(
        document_has("heard.at(-1).errors"),
        r#"[["billingContactInvalid","postalCode","Enter the postal code"]]"#
    );
    assert!(asked("/payments").is_empty() && page.notice().is_none());
    says(&apple("countryCode: 'gb', postalCode: 'W1A 1AA'"));
    until("it is sent", || !asked("/payments").is_empty()).await;
    let body = asked("/payments").remove(0);
    for part in [
        "\"zip\":\"W1A 1AA\"",
        "\"country\":\"GB\"",
        "\"email\":\"ada@lovelace.example\"",
        r#""apple_pay_token":"{\"paymentData\":{\"data\":\"bytes\"},\"transactionIdentifier\":\"AB\"}""#,
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
}

#[wasm_bindgen_test]
async fn a_merchant_session_is_asked_of_our_server_and_handed_on_as_it_is() {
    let page = greeted(view()).await;
    says("{type: 'validate', turn: 7}");
    until("it hears it", || document_has("heard.at(-1).type") == r#""merchant_session""#).await;
    assert_eq!(document_has("heard.at(-1).turn"), "7");
    assert_eq!(document_has("heard.at(-1).session"), r#"{"nonce":"n","expiresAt":7}"#);
    assert_eq!(asked("/checkout/cst_unit/apple-pay/session").len(), 1);
    script("window.merchantSession = null");
    says("{type: 'validate'}");
    until("it hears it", || document_has("heard.at(-1).session") == "null").await;
    drop(page);
}

#[wasm_bindgen_test]
async fn a_place_without_buttons_goes_when_nobody_is_typing_and_never_comes_back() {
    let page = greeted(view()).await;
    let shown = || page.one(".wallets").get_attribute("data-shown");
    says("{type: 'shown', wallets: ['apple_pay', 'google_pay']}");
    until("it is known", || shown().as_deref() == Some("2")).await;
    page.focus("card_number");
    says("{type: 'shown', wallets: []}");
    says("{type: 'validate'}");
    until("it was heard", || !asked("/apple-pay/session").is_empty()).await;
    assert_eq!(shown().as_deref(), Some("2"), "nothing moves under the hands");
    page.input("card_number").unchecked_into::<HtmlElement>().blur().unwrap();
    script("window.dispatchEvent(new Event('farthing-news'))");
    until("the place goes", || shown().as_deref() == Some("0")).await;
    says("{type: 'shown', wallets: ['google_pay']}");
    says("{type: 'validate'}");
    until("it was heard", || asked("/apple-pay/session").len() == 2).await;
    assert_eq!(shown().as_deref(), Some("0"), "what comes late would make the form jump");
}

#[wasm_bindgen_test]
async fn a_wallet_that_fails_is_said_to_the_shopper_and_to_the_shop() {
    let page = greeted(view()).await;
    says("{type: 'failed', wallet: 'google_pay'}");
    until("it is said", || page.notice().is_some()).await;
    let sentence =
        "Google Pay could not be used. You have not been charged. Try again, or pay another way.";
    assert_eq!(page.lines(), [sentence]);
    let message = sentence.to_owned();
    assert!(page.events.borrow().contains(&CheckoutEvent::Error { code: "wallet", message }));
}

#[wasm_bindgen_test]
async fn what_is_no_token_begins_no_payment_and_is_said() {
    for wrong in [
        format!("{{type: 'token', wallet: 'apple_pay', data: {{}}, {OF}}}"),
        format!("{{type: 'token', wallet: 'apple_pay', data: {{token: 'text'}}, {OF}}}"),
        format!("{{type: 'token', wallet: 'google_pay', data: {{paymentMethodData: {{}}}}, {OF}}}"),
        google("").replace(OF, "of: {}"),
    ] {
        let page = greeted(view()).await;
        says(&wrong);
        until("it is said", || page.notice().is_some()).await;
        assert_eq!(document_has("heard.at(-1).ok"), "false");
        assert!(asked("/payments").is_empty(), "{wrong}");
    }
}

#[wasm_bindgen_test]
async fn a_checkout_that_is_taken_away_takes_the_frame_along_and_hears_nothing_more() {
    let page = greeted(view()).await;
    script("window.orphan = document.querySelector('.wallets iframe').contentWindow.port");
    drop(page);
    tick().await;
    assert!(script("return document.querySelector('.wallets iframe')").is_null());
    script(&format!("window.orphan.postMessage({})", google("")));
    tick().await;
    assert!(asked("/payments").is_empty());
}

#[wasm_bindgen_test]
async fn one_button_alone_stands_in_a_frame_of_its_own_wallet() {
    script(SERVER);
    let root: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&root).unwrap();
    let handle = mount_to(root.clone(), move || {
        let view = offering(view());
        let model = Model::new(&view);
        view! { <GooglePayButton offer=view.wallets model=model /> }
    });
    until("it stands there", || root.query_selector("iframe").unwrap().is_some()).await;
    let src = root.query_selector("iframe").unwrap().unwrap().get_attribute("src").unwrap();
    assert!(src.ends_with("/wallets/google_pay"), "{src}");
    loaded().await;
    script(DOCUMENT);
    until("it is told the terms", || document_has("heard.length") == "1").await;
    drop(handle);
    root.remove();
}
