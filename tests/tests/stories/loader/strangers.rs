//! Strangers speak to both windows, and nobody listens.

use serde_json::json;

use super::stage::{Stage, TOKEN, assert_no_faults, frame_html, heard, in_form, wait_for_height};

/// How many messages each window gets.
const MESSAGES: u32 = 10_000;

/// A stranger's page: sends what a frame or a loader would say, and what nobody would, with and without a port; counts what comes back.
/// The numbers are a fixed sequence, so that a failure can be repeated.
const STRANGER: &str = r"<!DOCTYPE html><title>Stranger</title><script>
    let seed = 20261120;
    const random = (n) => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return Math.floor(seed / 4294967296 * n); };
    const pick = (list) => list[random(list.length)];
    const word = () => pick(['hello', 'size', 'ready', 'state', 'change', 'complete', 'error', 'navigate', 'theme', 'farthing', '__proto__', 'x'.repeat(random(50))]);
    const value = () => pick([
        () => null, () => undefined, () => random(2) === 1, () => random(30000) - 100, () => 1, () => word(), () => '1', () => [word(), 1], () => ({[word()]: 1}), () => new Date(0),
        () => '/checkout/x', () => 'paid', () => 'pay_1', () => NaN, () => new ArrayBuffer(random(64)), () => ({'farthing-accent': 'red'}), () => 'dark',
    ])();
    const message = () => pick([
        value,
        () => ({farthing: 1}),
        () => ({farthing: pick([1, '1', true, 2, [1]]), protocol: 1}),
        () => ({farthing: 1, type: 'hello', protocol: 1}),
        () => ({type: word(), protocol: 1, height: random(20000), brand: 'visa', complete: true, status: 'paid', paymentId: 'pay_1', code: 'load', message: 'm', path: '/checkout/x', state: 'paid', theme: 'dark', properties: {'farthing-accent': 'red'}}),
        () => ({type: word(), [word()]: value(), [word()]: value(), farthing: value()}),
        () => JSON.stringify({farthing: 1, type: word()}),
    ])();
    window.answers = 0;
    window.send = (target, count) => {
        for (let n = 0; n < count; n++) {
            const ports = [];
            if (random(3) === 0) {
                const channel = new MessageChannel();
                channel.port1.onmessage = () => answers++;
                for (let said = random(3); said > 0; said--) channel.port1.postMessage({type: 'theme', theme: 'dark', properties: {'farthing-accent': 'red'}});
                ports.push(channel.port2);
            }
            target.postMessage(message(), '*', ports);
        }
    };
</script>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_44_a_strangers_frame_on_the_same_page_is_not_listened_to() {
    let stage = Stage::start().await;
    // Even one whose origin is a shop's: only the page that holds the form may speak to it.
    stage.registered(&format!("{} {}", stage.shop(), stage.stranger()));
    stage.page("/stranger", STRANGER);
    let browser = stage.browser().await;
    let body = format!(
        "{}<farthing-checkout session=\"{TOKEN}\"></farthing-checkout>
         <script>window.got = 0; addEventListener('message', () => got++)</script>
         <iframe id=\"stranger\" src=\"{}/stranger\"></iframe>",
        stage.tag(),
        stage.stranger()
    );
    browser.open(&stage.shop_page(&body)).await;
    browser.wait_for_event("farthing-ready").await;
    wait_for_height(&browser, 600).await;
    let before = in_form(&browser, "return [heard, document.documentElement.style.cssText]").await;

    browser.find("#stranger").await.enter_frame().await.unwrap();
    browser.until_script("the stranger", "return typeof send === 'function'").await;
    // The form's window is found by its place: nothing else needs to be known.
    let send = format!(
        "const form = [0, 1].map(n => parent.frames[n]).find(w => w !== window);
         send(parent, {MESSAGES}); send(form, {MESSAGES}); return true"
    );
    browser.script(&send).await;
    browser.top().await;
    browser.until_script("the shop to be spoken to", &format!("return got === {MESSAGES}")).await;
    browser.enter_checkout().await;
    let all = before[0].as_u64().unwrap() + u64::from(MESSAGES);
    browser.until_script("the form to be spoken to", &format!("return heard >= {all}")).await;
    let after = browser
        .script("return [document.documentElement.style.cssText, document.documentElement.dataset.theme ?? null]")
        .await;
    assert_eq!(after, json!([before[1], "auto"]));

    browser.top().await;
    assert_eq!(heard(&browser).await, ["farthing-ready {}"]);
    assert_eq!(browser.url().await.as_str(), stage.shop() + "/");
    wait_for_height(&browser, 600).await;
    browser.find("#stranger").await.enter_frame().await.unwrap();
    assert_eq!(browser.script("return answers").await, json!(0));
    // And the right ones still understand each other.
    in_form(&browser, "farthing.post({type: 'change', brand: null, complete: true}); return true")
        .await;
    browser.wait_for_event("farthing-change").await;
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_44_a_stranger_who_frames_the_form_gets_not_one_word_of_it() {
    let stage = Stage::start().await;
    let page = format!("{STRANGER}<iframe src=\"{}/checkout/{TOKEN}\"></iframe>", stage.server());
    stage.page("/stranger", page);
    let browser = stage.browser().await;
    browser.open(&format!("{}/stranger", stage.stranger())).await;
    browser.enter_checkout().await;
    browser.top().await;
    browser.script(&format!("send(frames[0], {MESSAGES}); return true")).await;
    browser.enter_checkout().await;
    browser.until_script("the form to be spoken to", &format!("return heard === {MESSAGES}")).await;
    let found = "return [typeof window.raw, document.documentElement.style.cssText]";
    assert_eq!(browser.script(found).await, json!(["undefined", ""]));
    browser.top().await;
    assert_eq!(browser.script("return answers").await, json!(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_is_not_registered_gets_no_answer() {
    let stage = Stage::start().await;
    // Near misses: another port, another scheme, the origin as a part of another one.
    let shop = stage.shop();
    stage
        .registered(&format!("{shop}0 {} {shop}.example x{shop}", shop.replace("http:", "https:")));
    let browser = stage.browser().await;
    browser.open(&stage.usual_shop()).await;
    let event = browser.wait_for_event("farthing-error").await;
    assert_eq!(event.detail["code"], "load");
    let found = in_form(&browser, "return [heard > 0, typeof window.raw]").await;
    assert_eq!(found, json!([true, "undefined"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_is_for_the_servers_documents_only() {
    let stage = Stage::start().await;
    let thief = "<!DOCTYPE html><title>Thief</title><div data-state=\"thief\"></div><script>
        window.got = 0; addEventListener('message', () => got++);</script>";
    stage.page("/thief", thief);
    let leave =
        format!("<!DOCTYPE html><script>location.replace('{}/thief')</script>", stage.stranger());
    stage.page("/checkout/cst_lost", leave);
    let browser = stage.browser().await;
    let element = "<farthing-checkout session=\"cst_lost\"></farthing-checkout>";
    browser.open(&stage.shop_page(&(stage.tag() + element))).await;
    assert_eq!(browser.wait_for_event("farthing-error").await.detail["code"], "load");
    let found = in_form(&browser, "return [document.title, got]").await;
    assert_eq!(found, json!(["Thief", 0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_needs_the_word_and_a_later_one_replaces_it() {
    let stage = Stage::start().await;
    let html = frame_html(&stage.shop(), "ready", "farthing.post({type: 'ready'});");
    stage.page("/checkout/cst_bare", html);
    let body = format!("<iframe src=\"{}/checkout/cst_bare\"></iframe>", stage.server());
    let browser = stage.browser().await;
    browser.open(&stage.shop_page(&body)).await;
    browser.enter_checkout().await;
    browser.top().await;
    let shake = "
        window.logs = [];
        window.shake = (data) => {
            const {port1, port2} = new MessageChannel();
            const log = [];
            logs.push(log);
            port1.onmessage = ({data}) => log.push(data.type);
            frames[0].postMessage(data, '*', [port2]);
        };
        for (const data of [null, 1, 'farthing', {}, {farthing: 2}, {farthing: '1'}, {farthing: true}, {farthing: [1]}, {Farthing: 1}]) shake(data);
        frames[0].postMessage({farthing: 1}, '*');
        shake({farthing: 1});
        return true";
    browser.script(shake).await;
    browser.until_script("the frame's words", "return logs[9].length >= 3").await;
    browser.script("shake({farthing: 1}); return true").await;
    browser.until_script("the frame's words again", "return logs[10].length >= 3").await;
    let logs = browser.script("return logs.map(log => log.sort().join())").await;
    let said = "hello,ready,size";
    assert_eq!(logs, json!(["", "", "", "", "", "", "", "", "", said, said]));
}
