//! A shop on `127.0.0.1`, a server on `localhost`, a stranger on the shop's port of `localhost`: three origins, the first two cross-site.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use farthing_stories::browser::Browser;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A token of the right shape.
pub(super) const TOKEN: &str = "cst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a shop's page hears from its elements, for `Browser::events`.
pub(super) const LISTEN: &str = "
    window.events = [];
    window.faults = [];
    addEventListener('error', event => faults.push(event.message));
    addEventListener('unhandledrejection', event => faults.push(String(event.reason)));
    for (const type of ['ready', 'change', 'complete', 'error'])
        document.addEventListener('farthing-' + type, event => events.push({type: event.type, detail: event.detail, target: event.target.localName}));";

/// What the frame's page does before the script under test: it counts what reaches its window, and keeps the port that boot.js hides.
const WATCH: &str = "
    window.heard = 0;
    addEventListener('message', () => heard++);
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (...all) { window.raw = this; return post.apply(this, all); };";

/// How the server answers when it is asked for a checkout page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// With the form.
    Page,
    /// With 500 and a text.
    Broken,
    /// Not before [`Stage::release`].
    Hang,
}

/// One stored page.
#[derive(Clone, Debug)]
struct Page {
    kind: &'static str,
    policy: Option<String>,
    body: String,
}

#[derive(Debug)]
struct Shared {
    pages: HashMap<String, Page>,
    mode: Mode,
    shops: String,
    asked: Vec<String>,
    reports: Vec<String>,
}

/// Both servers. They live as long as the story's runtime.
#[derive(Debug)]
pub(super) struct Stage {
    dir: TempDir,
    shared: Arc<Mutex<Shared>>,
    gate: Arc<Notify>,
    shop_port: u16,
    server_port: u16,
}

impl Stage {
    /// Starts both.
    pub(super) async fn start() -> Self {
        let stage = Self::without_server().await;
        stage.start_server().await;
        stage
    }

    /// Starts the shop; connections to the server are refused.
    pub(super) async fn without_server() -> Self {
        let shop = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shop_port = shop.local_addr().unwrap().port();
        // A port that was free a moment ago.
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server_port = server.local_addr().unwrap().port();
        drop(server);
        let shared = Arc::new(Mutex::new(Shared {
            pages: HashMap::new(),
            mode: Mode::Page,
            shops: format!("https://other.example http://127.0.0.1:{shop_port}"),
            asked: Vec::new(),
            reports: Vec::new(),
        }));
        let gate = Arc::new(Notify::new());
        let stage =
            Self { dir: tempfile::tempdir().unwrap(), shared, gate, shop_port, server_port };
        stage.serve(shop);
        stage
    }

    /// Lets the server answer connections.
    pub(super) async fn start_server(&self) {
        self.serve(TcpListener::bind(("127.0.0.1", self.server_port)).await.unwrap());
    }

    fn serve(&self, listener: TcpListener) {
        let state = (Arc::clone(&self.shared), Arc::clone(&self.gate));
        let app = Router::new().fallback(answer).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await });
    }

    /// A browser with scripts.
    pub(super) async fn browser(&self) -> Browser {
        Browser::with_scripts(self.dir.path()).await
    }

    /// The registered shop's origin.
    pub(super) fn shop(&self) -> String {
        format!("http://127.0.0.1:{}", self.shop_port)
    }

    /// Another origin, of nobody whom the server knows.
    pub(super) fn stranger(&self) -> String {
        format!("http://localhost:{}", self.shop_port)
    }

    /// The server's origin.
    pub(super) fn server(&self) -> String {
        format!("http://localhost:{}", self.server_port)
    }

    /// The script tag.
    pub(super) fn tag(&self) -> String {
        format!("<script async src=\"{}/farthing.js\"></script>", self.server())
    }

    /// Puts a page on every origin.
    pub(super) fn page(&self, path: &str, body: impl Into<String>) {
        self.put(path, "text/html; charset=utf-8", None, body);
    }

    /// Puts a page with a policy on every origin.
    pub(super) fn page_with_policy(&self, path: &str, policy: String, body: impl Into<String>) {
        self.put(path, "text/html; charset=utf-8", Some(policy), body);
    }

    /// Puts a script on every origin.
    pub(super) fn script(&self, path: &str, body: impl Into<String>) {
        self.put(path, "text/javascript; charset=utf-8", None, body);
    }

    fn put(&self, path: &str, kind: &'static str, policy: Option<String>, body: impl Into<String>) {
        let page = Page { kind, policy, body: body.into() };
        self.shared.lock().unwrap().pages.insert(path.to_owned(), page);
    }

    /// A shop's page that listens before anything else happens, at `/`.
    pub(super) fn shop_page(&self, body: &str) -> String {
        self.page("/", shop_html(body));
        self.shop() + "/"
    }

    /// A shop's page with the tag and one element.
    pub(super) fn usual_shop(&self) -> String {
        let element = format!("<farthing-checkout session=\"{TOKEN}\"></farthing-checkout>");
        self.shop_page(&(self.tag() + &element))
    }

    /// How the server answers from now on.
    pub(super) fn mode(&self, mode: Mode) {
        self.shared.lock().unwrap().mode = mode;
    }

    /// Answers whatever hangs.
    pub(super) fn release(&self) {
        self.mode(Mode::Page);
        self.gate.notify_waiters();
    }

    /// Which shops the form believes.
    pub(super) fn registered(&self, shops: &str) {
        shops.clone_into(&mut self.shared.lock().unwrap().shops);
    }

    /// Paths and queries of checkout pages that were asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.clone()
    }

    /// Reports of violated policies.
    pub(super) fn reports(&self) -> Vec<String> {
        self.shared.lock().unwrap().reports.clone()
    }

    /// Opens the usual shop and waits until its form is ready.
    pub(super) async fn open_ready(&self, browser: &Browser) {
        browser.open(&self.usual_shop()).await;
        browser.wait_for_event("farthing-ready").await;
    }
}

/// A shop's page.
pub(super) fn shop_html(body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Shop</title><link rel=\"icon\" href=\"data:,\">\
         <script>{LISTEN}</script></head><body>{body}</body></html>"
    )
}

/// A page of the server's with the script under test, under a policy as strict as the real one.
pub(super) fn frame_html(shops: &str, state: &str, last: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\" data-shops=\"{shops}\"><head><meta charset=\"utf-8\"><title>Form</title>\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <style nonce=\"n\">body {{ margin: 0 }} :root {{ background: var(--farthing-background) }}</style>\
         <script nonce=\"n\">{WATCH}</script><script nonce=\"n\">{}</script></head>\
         <body><div id=\"content\" data-state=\"{state}\"><input id=\"typed\"></div>\
         <script type=\"application/json\" id=\"farthing-state\">{{\"payment_id\":\"pay_1\",\"payment_status\":\"authorized\"}}</script>\
         <script nonce=\"n\">content.style.height = '600px'; {last}</script></body></html>",
        source("frame/boot.js")
    )
}

/// The policy of [`frame_html`].
pub(super) const FRAME_POLICY: &str = "default-src 'none'; script-src 'nonce-n' 'strict-dynamic'; style-src 'nonce-n'; img-src data:; \
     base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A file under `www/`.
pub(super) fn source(path: &str) -> String {
    let www = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../www").join(path);
    std::fs::read_to_string(&www).unwrap_or_else(|error| panic!("{}: {error}", www.display()))
}

async fn answer(
    State((shared, gate)): State<(Arc<Mutex<Shared>>, Arc<Notify>)>,
    method: Method,
    uri: Uri,
    body: String,
) -> Response {
    let path = uri.path().to_owned();
    if method == Method::POST {
        shared.lock().unwrap().reports.push(body);
        return StatusCode::NO_CONTENT.into_response();
    }
    let stored = shared.lock().unwrap().pages.get(&path).cloned();
    if let Some(page) = stored {
        return reply(page.kind, page.policy.as_deref(), page.body);
    }
    if path == "/farthing.js" || path.starts_with("/farthing-") {
        return reply("text/javascript; charset=utf-8", None, source("loader/farthing.js"));
    }
    if !path.starts_with("/checkout/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (mode, released) = {
        let mut shared = shared.lock().unwrap();
        shared.asked.push(uri.to_string());
        let released = Arc::clone(&gate).notified_owned();
        (shared.mode, released)
    };
    match mode {
        Mode::Page => {}
        Mode::Broken => return (StatusCode::INTERNAL_SERVER_ERROR, "broken").into_response(),
        Mode::Hang => released.await,
    }
    let shops = shared.lock().unwrap().shops.clone();
    let html = frame_html(&shops, "ready", "farthing.post({type: 'ready'});");
    reply("text/html; charset=utf-8", Some(FRAME_POLICY), html)
}

fn reply(kind: &'static str, policy: Option<&str>, body: String) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy.parse().unwrap());
        if policy.contains("report-uri") {
            // The same once more, as merchants do who try out a policy: each breach would be reported twice.
            headers.insert(header::CONTENT_SECURITY_POLICY_REPORT_ONLY, policy.parse().unwrap());
        }
    }
    (headers, body).into_response()
}

/// Waits until the frame in the shop's page has this height, CSS pixels; looks at the whole page.
pub(super) async fn wait_for_height(browser: &Browser, height: u32) {
    browser.top().await;
    let script = format!(
        "const frame = document.querySelector('iframe');\
         return frame !== null && frame.getBoundingClientRect().height === {height} && frame.parentNode.getBoundingClientRect().height === {height}"
    );
    browser.until_script(&format!("a frame of {height} px"), &script).await;
}

/// Runs a script in the form, and looks at the whole page again.
pub(super) async fn in_form(browser: &Browser, script: &str) -> Value {
    browser.enter_checkout().await;
    let found = browser.script(script).await;
    browser.top().await;
    found
}

/// What was heard, as one text for each event: `farthing-change {"brand":null,"complete":true}`.
pub(super) async fn heard(browser: &Browser) -> Vec<String> {
    let events = browser.events().await;
    events.iter().map(|event| format!("{} {}", event.kind, event.detail)).collect()
}

/// No script of the shop's page has failed.
pub(super) async fn assert_no_faults(browser: &Browser) {
    browser.top().await;
    assert_eq!(browser.script("return window.faults").await, serde_json::json!([]));
}
