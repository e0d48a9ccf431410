//! What the frame says reaches the shop's page, and nothing that is not of the agreed shape.

use serde_json::json;

use super::stage::{
    FRAME_POLICY, Stage, TOKEN, assert_no_faults, frame_html, heard, in_form, wait_for_height,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_frame_is_as_high_as_its_content_whether_that_grows_or_shrinks() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    wait_for_height(&browser, 600).await;
    for (height, seen) in [("912px", 912), ("123.4px", 124), ("480px", 480)] {
        in_form(&browser, &format!("content.style.height = '{height}'; return true")).await;
        wait_for_height(&browser, seen).await;
    }
    let scrolls = "return document.documentElement.scrollHeight > innerHeight";
    assert_eq!(in_form(&browser, scrolls).await, json!(false));
    assert_eq!(
        browser.script("return document.querySelector('farthing-checkout').textContent").await,
        ""
    );
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_frame_is_what_the_merchant_and_the_shopper_need_it_to_be() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    let frame = "
        const f = document.querySelector('farthing-checkout iframe');
        const url = new URL(f.src);
        return [f.title, f.getAttribute('allow'), f.referrerPolicy, f.hasAttribute('sandbox'), f.hasAttribute('name'), url.origin, url.pathname,
            getComputedStyle(f).borderWidth, f.getBoundingClientRect().width === f.closest('farthing-checkout').parentNode.clientWidth - 0]";
    assert_eq!(
        browser.script(frame).await,
        json!([
            "Secure payment",
            "payment; publickey-credentials-get",
            "no-referrer",
            false,
            false,
            stage.server(),
            format!("/checkout/{TOKEN}"),
            "0px",
            true
        ])
    );
    assert_eq!(in_form(&browser, "return document.referrer").await, "");
    assert_eq!(in_form(&browser, "return document.documentElement.dataset.framed").await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_bubble_out_of_shadow_roots_with_what_the_frame_said() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    let body = format!(
        "{}<div id=\"host\"></div><script>
            host.attachShadow({{mode: 'open'}}).innerHTML = '<farthing-checkout session=\"{TOKEN}\"></farthing-checkout>';
            window.form = host.shadowRoot.querySelector('farthing-checkout');
        </script>",
        stage.tag()
    );
    browser.open(&stage.shop_page(&body)).await;
    browser.wait_for_event("farthing-ready").await;
    let frame = "return form.querySelector('iframe').title";
    assert_eq!(browser.script(frame).await, "Secure payment");
    // Frames within shadow roots: the harness looks for the element in the document only.
    browser.script("document.body.append(form); return true").await;
    browser.until_script("the frame to be loaded again", "return form.state === 'loading'").await;
    browser.enter_checkout().await;
    browser.until_script("a port", "return !!window.raw").await;
    browser
        .script(
            "farthing.post({type: 'state', state: 'submitting'});
             farthing.post({type: 'change', brand: 'visa', complete: false});
             farthing.post({type: 'change', brand: null, complete: true});
             farthing.post({type: 'error', code: 'declined', message: 'Try another card.'});
             farthing.post({type: 'complete', status: 'authorized', paymentId: 'pay_7qj'});
             farthing.post({type: 'complete', status: 'authorized', paymentId: 'pay_7qj'});
             return true",
        )
        .await;
    browser.wait_for_event("farthing-complete").await;
    assert_eq!(
        heard(&browser).await,
        [
            "farthing-ready {}",
            "farthing-ready {}",
            r#"farthing-change {"brand":"visa","complete":false}"#,
            r#"farthing-change {"brand":null,"complete":true}"#,
            r#"farthing-error {"code":"declined","message":"Try another card."}"#,
            r#"farthing-complete {"paymentId":"pay_7qj","status":"authorized"}"#,
        ]
    );
    assert_eq!(browser.script("return form.state").await, "submitting");
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_the_port_came_is_told_after_hello() {
    let stage = Stage::start().await;
    let early = "
        farthing.post({type: 'state', state: 'processing'});
        farthing.post({type: 'state', state: 'paid'});
        farthing.post({type: 'complete', status: 'paid', paymentId: 'pay_early'});";
    let html = frame_html(&stage.shop(), "paid", early);
    stage.page_with_policy("/checkout/cst_early", FRAME_POLICY.to_owned(), html);
    let browser = stage.browser().await;
    let element = "<farthing-checkout session=\"cst_early\"></farthing-checkout>";
    browser.open(&stage.shop_page(&(stage.tag() + element))).await;
    browser.wait_for_event("farthing-complete").await;
    let now = "return document.querySelector('farthing-checkout').state";
    assert_eq!(browser.script(now).await, "paid");
}

/// Each of them is wrong in one way.
const MALFORMED: &str = r"
    const shapes = [
        null, undefined, 0, true, '', 'hello', 'size', [], ['size'], new Date(), new Map([['type', 'ready']]), {}, {type: null}, {type: 1}, {type: ['change'], brand: null, complete: true},
        {type: '__proto__'}, {type: 'constructor'}, {type: 'toString'}, {type: 'Change', brand: null, complete: true}, {type: 'theme', theme: 'dark', properties: {}},
        ...[null, undefined, '700', '', true, [700], {}, 700.5, -1, -0.5, 20001, 1e9, NaN, Infinity, -Infinity, 700n].map(height => ({type: 'size', height})),
        ...[undefined, 1, true, '', 'Visa!', '<b>', ['visa'], {}, 'v'.repeat(65)].map(brand => ({type: 'change', brand, complete: true})),
        ...[undefined, null, 1, 0, 'true', [], {}].map(complete => ({type: 'change', brand: null, complete})),
        ...[undefined, null, 1, '', 'won', 'PAID', 'paid ', 'processing', 'requires_action', ['paid'], {}].map(status => ({type: 'complete', status, paymentId: 'pay_1'})),
        ...[undefined, null, 1, '', 'pay_', 'PAY_1', ' pay_1', 'pay_1\n', 'pay_<b>', 'cst_1', ['pay_1'], {}, 'pay_' + 'x'.repeat(65)].map(paymentId => ({type: 'complete', status: 'paid', paymentId})),
        ...[undefined, null, 1, '', 'A', 'a b', '-', ['load'], {}, 'x'.repeat(65)].map(code => ({type: 'error', code, message: 'm'})),
        ...[undefined, null, 1, ['m'], {}, 'm'.repeat(501)].map(message => ({type: 'error', code: 'c', message})),
        ...[undefined, null, 1, 0, '', 'true', ['true'], {}].map(open => ({type: 'modal', open})),
        ...[undefined, null, 1, '', 'Ready', 'ready ', 'idle', 'loading', 'error', ['paid'], {}].map(state => ({type: 'state', state})),
        ...[undefined, null, 1, '', '/', '/checkout', '/return', '/elsewhere', '//evil.example/checkout/x', '/\\evil.example', 'checkout/x', 'https://evil.example/checkout/x', 'javascript:alert(1)//checkout/',
            '/checkout/../elsewhere', '/checkout/%2e%2e/elsewhere', '/return/../../elsewhere', ' /checkout/x', '\t/checkout/x', '/\t/evil.example/checkout/x', ['/checkout/x'], {}].map(path => ({type: 'navigate', path})),
        {type: 'hello', protocol: 2}, {type: 'hello', protocol: '1'}, {type: 'hello'},
    ];";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_another_shape_are_ignored_even_from_the_frame() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    wait_for_height(&browser, 600).await;
    let send = format!(
        "{MALFORMED}
         for (const shape of shapes) raw.postMessage(shape);
         raw.postMessage({{type: 'change', brand: 'amex', complete: true}});
         return shapes.length"
    );
    let count = in_form(&browser, &send).await;
    assert!(count.as_u64().unwrap() > 100, "{count}");
    browser.wait_for_event("farthing-change").await;
    // The port keeps its order, so all of them were seen before.
    assert_eq!(
        heard(&browser).await,
        ["farthing-ready {}", r#"farthing-change {"brand":"amex","complete":true}"#]
    );
    assert_eq!(browser.url().await.as_str(), stage.shop() + "/");
    wait_for_height(&browser, 600).await;
    let now = "return document.querySelector('farthing-checkout').state";
    assert_eq!(browser.script(now).await, "loading");
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shops_page_goes_where_the_form_says_on_its_own_server() {
    let stage = Stage::start().await;
    stage.page("/return/rt_1", "<!DOCTYPE html><title>Returned</title>");
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    in_form(&browser, "farthing.post({type: 'navigate', path: '/return/rt_1'}); return true").await;
    browser.until_script("the page to go on", "return document.title === 'Returned'").await;
    assert_eq!(browser.url().await.as_str(), stage.server() + "/return/rt_1");
    browser.client.back().await.unwrap();
    browser.wait_for_event("farthing-ready").await;
    assert_eq!(browser.url().await.as_str(), stage.shop() + "/", "going back must not go on again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_page_goes_on_by_itself() {
    let stage = Stage::start().await;
    stage.page("/return/rt_1", "<!DOCTYPE html><title>Returned</title>");
    let browser = stage.browser().await;
    browser.open(&format!("{}/checkout/{TOKEN}", stage.server())).await;
    assert_eq!(
        browser.script("return document.documentElement.dataset.framed ?? null").await,
        json!(null)
    );
    browser.script("farthing.post({type: 'navigate', path: '/return/rt_1'}); return true").await;
    browser.until_script("the page to go on", "return document.title === 'Returned'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_speaks_another_protocol_is_not_understood() {
    let stage = Stage::start().await;
    let other = "<!DOCTYPE html><title>Form</title><script>
        addEventListener('message', ({ports: [port]}) => {
            port.postMessage({type: 'hello', protocol: 2});
            port.postMessage({type: 'size', height: 700});
            port.postMessage({type: 'ready'});
        });</script>";
    stage.page("/checkout/cst_other", other);
    let browser = stage.browser().await;
    let element = "<farthing-checkout session=\"cst_other\"></farthing-checkout>";
    browser.open(&stage.shop_page(&(stage.tag() + element))).await;
    let event = browser.wait_for_event("farthing-error").await;
    assert_eq!(event.detail["code"], "load");
    assert_eq!(heard(&browser).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_webassembly_the_form_tells_the_same_of_itself() {
    let stage = Stage::start().await;
    let html = frame_html(&stage.shop(), "paid", "farthing.plain();");
    stage.page_with_policy("/checkout/cst_plain", FRAME_POLICY.to_owned(), html);
    // The form's own script is not there, and nothing else says so.
    let html = frame_html(&stage.shop(), "processing", "").replace(
        "</body>",
        "<script type=\"module\" nonce=\"n\" src=\"/assets/gone.js\"></script></body>",
    );
    stage.page_with_policy("/checkout/cst_gone", FRAME_POLICY.to_owned(), html);
    let browser = stage.browser().await;
    let element = "<farthing-checkout session=\"cst_plain\"></farthing-checkout>";
    browser.open(&stage.shop_page(&(stage.tag() + element))).await;
    browser.wait_for_event("farthing-complete").await;
    assert_eq!(
        heard(&browser).await,
        ["farthing-ready {}", r#"farthing-complete {"paymentId":"pay_1","status":"authorized"}"#]
    );
    browser.script("document.querySelector('farthing-checkout').setAttribute('session', 'cst_gone'); events.length = 0; return true").await;
    browser.wait_for_event("farthing-ready").await;
    browser.enter_checkout().await;
    browser.script("window.before = true; return true").await;
    browser
        .until_script("the waiting page to load again", "return window.before === undefined")
        .await;
}
