//! A merchant's page that embeds the checkout with one script tag, and remembers what it heard of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use url::Url;

/// Whether shop and server are one site to the browser. The server is on `localhost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// The shop is on `localhost` too: another origin, the same site.
    Same,
    /// The shop is on `127.0.0.1`: another site.
    Cross,
    /// The shop is on `shop.localhost`: another site, which has a name, as Apple wants it.
    Named,
}

impl Site {
    /// Both, for stories that have to hold in either.
    pub const BOTH: [Self; 2] = [Self::Same, Self::Cross];
    /// Whatever the shop is called.
    pub const ALL: [Self; 3] = [Self::Same, Self::Cross, Self::Named];

    const fn host(self) -> &'static str {
        match self {
            Self::Same => "localhost",
            Self::Cross => "127.0.0.1",
            Self::Named => "shop.localhost",
        }
    }
}

/// What the shop's page is like.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Look {
    /// The server's origin.
    #[serde(default)]
    server: String,
    /// The session's token.
    #[serde(default)]
    session: String,
    /// `element`, `script` or `none`.
    #[serde(default)]
    embed: String,
    /// Whether the page has a strict policy that reports.
    #[serde(default)]
    strict: bool,
    /// `light`, `dark`, `auto` or nothing.
    #[serde(default)]
    theme: String,
}

impl Look {
    /// `<farthing-checkout session="…">`.
    pub fn element(server: &Url, token: &str) -> Self {
        Self {
            server: server.origin().ascii_serialization(),
            session: token.to_owned(),
            embed: "element".to_owned(),
            ..Self::default()
        }
    }

    /// `<script src="…/farthing.js" data-session="…">`.
    pub fn script(server: &Url, token: &str) -> Self {
        Self { embed: "script".to_owned(), ..Self::element(server, token) }
    }

    /// The loader alone; the story makes the elements.
    pub fn none(server: &Url, token: &str) -> Self {
        Self { embed: "none".to_owned(), ..Self::element(server, token) }
    }

    /// With a strict policy.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// With a theme.
    pub fn theme(mut self, theme: &str) -> Self {
        theme.clone_into(&mut self.theme);
        self
    }
}

/// A shop. It lives as long as the story's runtime.
#[derive(Clone, Debug)]
pub struct Shop {
    address: SocketAddr,
    reports: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    /// Opens a shop on a free port.
    pub async fn start() -> Self {
        let reports: Arc<Mutex<Vec<String>>> = Arc::default();
        let app = Router::new()
            .route("/pay", get(page))
            .route("/thanks", get(thanks))
            .route("/elsewhere", get(elsewhere))
            .route("/csp", post(report))
            .with_state(Arc::clone(&reports));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, reports }
    }

    /// Its origin.
    pub fn origin(&self, site: Site) -> String {
        format!("http://{}:{}", site.host(), self.address.port())
    }

    /// The page that takes the money.
    pub fn page(&self, site: Site, look: &Look) -> String {
        let mut url: Url = format!("{}/pay", self.origin(site)).parse().expect("a URL");
        url.query_pairs_mut()
            .append_pair("server", &look.server)
            .append_pair("session", &look.session)
            .append_pair("embed", &look.embed)
            .append_pair("strict", if look.strict { "true" } else { "false" })
            .append_pair("theme", &look.theme);
        url.into()
    }

    /// A page without a checkout.
    pub fn elsewhere(&self, site: Site) -> String {
        format!("{}/elsewhere", self.origin(site))
    }

    /// Where a paid shopper is sent to.
    pub fn thanks(&self, site: Site) -> String {
        format!("{}/thanks", self.origin(site))
    }

    /// Reports of violated policies so far.
    pub fn reports(&self) -> Vec<String> {
        self.reports.lock().expect("not poisoned").clone()
    }
}

async fn page(Query(look): Query<Look>) -> impl IntoResponse {
    let mut headers = HeaderMap::new();
    if look.strict {
        let policy = format!(
            "default-src 'none'; script-src 'nonce-shop' {0}; frame-src {0}; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'; report-uri /csp",
            look.server
        );
        let policy = HeaderValue::from_str(&policy).expect("a header");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    (headers, Html(markup(&look)))
}

fn markup(look: &Look) -> String {
    let (server, session) = (&look.server, &look.session);
    let theme =
        if look.theme.is_empty() { String::new() } else { format!(" theme=\"{}\"", look.theme) };
    let loader = format!("{server}/farthing.js");
    let (head, body) = match look.embed.as_str() {
        "script" => (
            String::new(),
            format!("<script src=\"{loader}\" data-session=\"{session}\"{theme}></script>"),
        ),
        "none" => (format!("<script async src=\"{loader}\"></script>"), String::new()),
        _ => (
            format!("<script async src=\"{loader}\"></script>"),
            format!("<farthing-checkout session=\"{session}\"{theme}></farthing-checkout>"),
        ),
    };
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Larkspur Books</title>\
         <script nonce=\"shop\">{SCRIPT}</script>{head}</head>\
         <body><header><h1>Larkspur Books</h1></header><main id=\"place\">{body}</main>\
         <noscript><a href=\"{server}/checkout/{session}\">Pay</a></noscript></body></html>"
    )
}

/// Keeps what the element says, what windows say, and which policies were violated.
const SCRIPT: &str = r"
    window.events = []; window.heard = []; window.violations = []; window.shows = [];
    for (const type of ['farthing-ready', 'farthing-change', 'farthing-complete', 'farthing-error'])
        document.addEventListener(type, event => events.push({type, detail: event.detail}));
    addEventListener('message', event => heard.push({origin: event.origin, data: JSON.stringify(event.data)}));
    addEventListener('pageshow', event => shows.push(event.persisted));
    document.addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective + ' ' + event.blockedURI));
";

async fn thanks() -> Html<&'static str> {
    Html("<!DOCTYPE html><title>Thanks</title><h1>Thank you for your order</h1>")
}

async fn elsewhere() -> Html<&'static str> {
    Html("<!DOCTYPE html><title>Elsewhere</title><h1>Another page</h1>")
}

async fn report(State(reports): State<Arc<Mutex<Vec<String>>>>, body: Bytes) -> StatusCode {
    reports.lock().expect("not poisoned").push(String::from_utf8_lossy(&body).into_owned());
    StatusCode::NO_CONTENT
}
