//! The same pages in a browser.

use farthing_widget::live::frame;
use farthing_widget::live::wire::Status;
use js_sys::{Array, Function, JSON, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, HtmlInputElement};

wasm_bindgen_test_configure!(run_in_browser);

const PAGES: [(&str, &str); 12] = [
    ("ready", include_str!("pages/ready.html")),
    ("ready", include_str!("pages/asks.html")),
    ("ready", include_str!("pages/hosted.html")),
    ("ready", include_str!("pages/wallets.html")),
    ("ready", include_str!("pages/refused.html")),
    ("ready", include_str!("pages/declined.html")),
    ("challenge", include_str!("pages/challenge.html")),
    ("processing", include_str!("pages/processing.html")),
    ("processing", include_str!("pages/review.html")),
    ("paid", include_str!("pages/paid.html")),
    ("failed", include_str!("pages/failed.html")),
    ("expired", include_str!("pages/expired.html")),
];

/// Stands in for the network and for the page around the frame: streams that the test speaks through, answers that never
/// come, and a list of what was posted.
const STAND_INS: &str = "
    window.posted = [];
    window.streams = [];
    window.farthing = { post: message => window.posted.push(message) };
    window.EventSource = class extends EventTarget {
        constructor(url) { super(); this.url = url; this.readyState = 1; window.streams.push(this); }
        close() { this.readyState = 2; }
        set onerror(f) { }
    };
    window.EventSource.OPEN = 1;
    window.sent = [];
    window.fetch = request => { request.text().then(text => text && window.sent.push(text)); return new Promise(() => {}); };
    window.say = status => window.streams.at(-1).dispatchEvent(new MessageEvent('status', { data: JSON.stringify(status) }));
";

/// A page in the document. Gone when dropped.
struct Page(HtmlElement);

impl Page {
    fn put(html: &str) -> Self {
        Function::new_no_args(STAND_INS).call0(&JsValue::NULL).unwrap();
        let holder: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        holder.set_inner_html(html);
        document().body().unwrap().append_child(&holder).unwrap();
        Self(holder)
    }

    fn find(&self, css: &str) -> Option<Element> {
        self.0.query_selector(css).unwrap()
    }

    fn input(&self, name: &str) -> HtmlInputElement {
        self.find(&format!("[name={name}]")).unwrap().unchecked_into()
    }

    fn root_attribute(&self, name: &str) -> Option<String> {
        self.find(".farthing").unwrap().get_attribute(name)
    }

    fn elements(&self) -> Vec<Element> {
        let all = self.0.query_selector_all("#farthing-app *").unwrap();
        (0..all.length()).map(|index| all.item(index).unwrap().unchecked_into()).collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// Lets everything run that is ready to: effects are tasks of their own.
async fn settle() {
    let promise = js_sys::Promise::new(&mut |done, _| {
        window().set_timeout_with_callback(&done).unwrap();
    });
    JsFuture::from(promise).await.unwrap();
}

fn posted(kind: &str) -> Vec<JsValue> {
    let all: Array = Reflect::get(&window(), &"posted".into()).unwrap().unchecked_into();
    all.iter()
        .filter(|message| Reflect::get(message, &"type".into()).unwrap() == JsValue::from_str(kind))
        .collect()
}

fn say(status: &str) {
    let say: Function = Reflect::get(&window(), &"say".into()).unwrap().unchecked_into();
    say.call1(&JsValue::NULL, &JSON::parse(status).unwrap()).unwrap();
}

#[wasm_bindgen_test]
async fn every_page_is_taken_over_node_by_node_and_nothing_is_drawn_anew() {
    for (state, html) in PAGES {
        let page = Page::put(html);
        let (before, text) = (page.elements(), page.0.text_content());
        assert_eq!(frame::hydrate(), Some(()), "{html}");
        // At once, before any effect: taking over changes nothing at all.
        assert_eq!(page.0.text_content(), text);
        settle().await;
        assert_eq!(page.root_attribute("data-hydrated").as_deref(), Some(""));
        assert_eq!(page.root_attribute("data-state").as_deref(), Some(state));
        for node in &before {
            assert!(node.is_connected(), "{state}: {} was drawn anew", node.outer_html());
        }
    }
}

#[wasm_bindgen_test]
async fn what_was_typed_before_stays_and_is_put_into_groups() {
    let page = Page::put(PAGES[1].1);
    let (number, expiry) = (page.input("card_number"), page.input("card_expiry"));
    number.set_value("378282246310005");
    expiry.set_value("0139");
    page.input("email").set_value("ann@example.com");
    number.focus().unwrap();
    frame::hydrate().unwrap();
    settle().await;
    assert_eq!(number.value(), "3782 822463 10005");
    assert_eq!(expiry.value(), "01 / 39");
    assert_eq!(page.input("email").value(), "ann@example.com");
    assert_eq!(page.find("form").unwrap().get_attribute("data-brand").as_deref(), Some("amex"));
    assert!(document().active_element() == Some(number.into()), "the focus stays where it is");
}

#[wasm_bindgen_test]
async fn a_page_that_is_no_checkout_is_left_alone() {
    for html in [
        "<p>Hello</p>",
        "<div id=\"farthing-app\"><p>Hello</p></div>",
        "<div id=\"farthing-app\"><p>Hello</p></div><script type=\"application/json\" id=\"farthing-state\">{</script>",
        "<div id=\"farthing-app\"><p>Hello</p></div><script type=\"application/json\" id=\"farthing-state\">{\"merchant\":1}</script>",
    ] {
        let page = Page::put(html);
        let before = page.0.inner_html();
        assert_eq!(frame::hydrate(), None);
        settle().await;
        assert_eq!(page.0.inner_html(), before);
    }
}

#[wasm_bindgen_test]
async fn the_stream_brings_the_result_and_the_page_around_hears_it_once() {
    let page = Page::put(PAGES[0].1);
    frame::hydrate().unwrap();
    settle().await;
    assert_eq!(posted("ready").len(), 1);
    page.input("card_number").set_value("4012 0000 0000 3010");
    let paid = r#"{"state":"paid","session_status":"complete","payment_id":"pay_7","payment_status":"paid","version":3,
        "amount":1050,"currency":"EUR","total":"€10.50","leaves":false}"#;
    say(paid);
    say(paid);
    settle().await;
    assert_eq!(page.root_attribute("data-state").as_deref(), Some("paid"));
    assert_eq!(page.input("card_number").value(), "", "no card stays behind");
    assert!(page.find(".pay").unwrap().has_attribute("hidden"));
    let heading = page.find(".state h1").unwrap();
    assert!(document().active_element() == Some(heading), "the result is heard");
    let complete = posted("complete");
    assert_eq!(complete.len(), 1);
    for (name, value) in [("status", "paid"), ("paymentId", "pay_7")] {
        assert_eq!(Reflect::get(&complete[0], &name.into()).unwrap(), JsValue::from_str(value));
    }
    let streams: Array = Reflect::get(&window(), &"streams".into()).unwrap().unchecked_into();
    let stream = streams.get(streams.length() - 1);
    assert_eq!(Reflect::get(&stream, &"readyState".into()).unwrap(), 2, "nothing follows: closed");
}

#[wasm_bindgen_test]
async fn a_new_amount_is_said_and_takes_neither_focus_nor_text_away() {
    let page = Page::put(PAGES[0].1);
    frame::hydrate().unwrap();
    settle().await;
    let holder = page.input("card_holder");
    holder.set_value("Ann");
    holder.focus().unwrap();
    say(
        r#"{"state":"ready","declined":null,"wait_seconds":0,"session_status":"open","version":4,"amount":900,
        "currency":"EUR","total":"€9.00","leaves":false,"attempt":"att_other_key"}"#,
    );
    settle().await;
    assert_eq!(page.find(".amount").unwrap().text_content().as_deref(), Some("€9.00"));
    assert!(page.find("button").unwrap().text_content().unwrap().contains("€9.00"));
    assert!(page.find(".order [role=status]").unwrap().text_content().unwrap().contains("€9.00"));
    assert_eq!(holder.value(), "Ann");
    assert!(document().active_element() == Some(holder.into()));
}

#[wasm_bindgen_test]
async fn what_is_no_status_changes_nothing() {
    let page = Page::put(PAGES[0].1);
    frame::hydrate().unwrap();
    settle().await;
    for garbage in [
        "null",
        "7",
        "[]",
        "{}",
        "\"paid\"",
        r#"{"state":"paid"}"#,
        r#"{"state":"won","version":3,"total":"€10.50"}"#,
        r#"{"state":"paid","version":-1,"total":"€10.50"}"#,
        r#"{"state":"paid","version":3.5,"total":"€10.50"}"#,
        r#"{"state":"paid","version":"3","total":"€10.50"}"#,
        r#"{"state":["paid"],"version":3,"total":"€10.50"}"#,
        r#"{"state":"paid","version":3,"total":1050}"#,
    ] {
        assert_eq!(Status::read(&JSON::parse(garbage).unwrap()), None, "{garbage}");
        say(garbage);
    }
    settle().await;
    assert_eq!(page.root_attribute("data-state").as_deref(), Some("ready"));
    assert!(posted("complete").is_empty());
}

#[wasm_bindgen_test]
async fn a_decline_that_was_pending_first_brings_the_next_key_and_an_empty_card() {
    let page = Page::put(PAGES[0].1);
    frame::hydrate().unwrap();
    settle().await;
    let common = r#""session_status":"open","version":3,"amount":1050,"currency":"EUR","total":"€10.50","leaves":false"#;
    page.input("card_number").set_value("4111 1111 1111 1111");
    say(&format!(
        r#"{{"state":"processing","payment_id":"pay_1","payment_status":"processing",{common}}}"#
    ));
    settle().await;
    assert_eq!(page.root_attribute("data-state").as_deref(), Some("processing"));
    say(&format!(
        r#"{{"state":"ready","declined":"declined","wait_seconds":0,"payment_id":"pay_1","payment_status":"failed","attempt":"att_next_key",{common}}}"#
    ));
    settle().await;
    assert_eq!(page.input("card_number").value(), "");
    assert_eq!(posted("error").len(), 1, "the page around hears of the decline");
    for (name, value) in [
        ("card_number", "4012 0000 0000 3010"),
        ("card_expiry", "12 / 39"),
        ("card_code", "123"),
        ("card_holder", "Ann Lee"),
    ] {
        page.input(name).set_value(value);
    }
    page.find("button[type=submit]").unwrap().unchecked_into::<HtmlElement>().click();
    settle().await;
    settle().await;
    let sent: Array = Reflect::get(&window(), &"sent".into()).unwrap().unchecked_into();
    assert_eq!(sent.length(), 1);
    let body = JSON::parse(&sent.get(0).as_string().unwrap()).unwrap();
    assert_eq!(Reflect::get(&body, &"attempt".into()).unwrap(), JsValue::from_str("att_next_key"));
    assert_eq!(page.root_attribute("data-state").as_deref(), Some("submitting"));
}
