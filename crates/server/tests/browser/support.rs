//! A server with a session, a shopper's client, and a gateway that says what the test wants.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use farthing_server::Server;
use farthing_server::config::Config;
use serde_json::{Value, json};

const KEY: &str = "sk_browser-test";

/// The shop that is registered.
pub(crate) const SHOP: &str = "http://shop.example:8080";

/// A card that passes every check.
pub(crate) const CARD: [(&str, &str); 4] = [
    ("card_number", "4012 0000 0000 3010"),
    ("card_expiry", "12/40"),
    ("card_code", "123"),
    ("card_holder", "Ann Lee"),
];

pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) client: reqwest::Client,
    keys: std::sync::atomic::AtomicU32,
    folder: tempfile::TempDir,
}

pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) path: String,
}

/// Nobody listens there: calls are refused, and so never sent.
pub(crate) fn nowhere() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

/// A gateway that takes calls and never answers.
pub(crate) async fn silent() -> SocketAddr {
    gateway(any(async || -> String { std::future::pending().await })).await
}

/// A gateway that sends every payment on to a form of its own.
pub(crate) async fn with_a_form() -> SocketAddr {
    let answer = async || {
        json!({"status": 1, "form_url": "http://127.0.0.1:9/form", "responseType": "REDIRECT"})
            .to_string()
    };
    gateway(any(answer)).await
}

async fn gateway(answer: axum::routing::MethodRouter) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/{*path}", answer);
    tokio::spawn(async move { axum_serve(listener, router).await });
    address
}

async fn axum_serve(listener: tokio::net::TcpListener, router: Router) {
    let limits = farthing_server::listen::Limits::default();
    farthing_server::listen::serve(listener, router, limits, std::future::pending()).await;
}

impl Running {
    pub(crate) async fn start(gateway: SocketAddr) -> Self {
        Self::start_with(gateway, "", "").await
    }

    /// With more lines in `[server]`, and more sections.
    pub(crate) async fn start_with(gateway: SocketAddr, server: &str, sections: &str) -> Self {
        use sha2::Digest as _;
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            r#"
            mode = "sandbox"
            [server]
            listen = "127.0.0.1:0"
            database = "sqlite:{}"
            master_key = "{}"
            call_timeout = "2s"
            {server}
            [merchant]
            name = "Corner Books"
            origins = ["{SHOP}"]
            card_entry = "embedded"
            [[merchant.keys]]
            id = "test"
            sha256 = "{}"
            [gateways.smartcore]
            profile = "v1"
            accounts = {{ EUR = "EUR-sandbox" }}
            merchant_key = "test"
            secret = "qwerty"
            card_url = "http://{gateway}/card"
            api_url = "http://{gateway}/api"
            form_hosts = ["127.0.0.1:9"]
            {sections}
            "#,
            folder.path().join("t.sqlite").display(),
            "11".repeat(32),
            hex::encode(sha2::Sha256::digest(KEY)),
        );
        let config = Config::from_toml(&text, std::iter::empty()).unwrap();
        let server = Server::start(config).await.unwrap();
        // A second installation in the same process fails, and the first one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { server, client, keys: 0.into(), folder }
    }

    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("t.sqlite")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.local_addr())
    }

    /// A call of the merchant's, as it is answered.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let key = self.keys.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let request = self
            .client
            .request(method.parse().unwrap(), self.url(path))
            .header("authorization", format!("Bearer {KEY}"))
            .header("idempotency-key", key.to_string())
            .header("content-type", "application/json")
            .body(body.to_string());
        Answer::read(request.send().await.unwrap()).await
    }

    /// A call of the merchant's that succeeds.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.ask(method, path, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
        answer.json()
    }

    /// Asks for a session with these members beside the usual ones.
    pub(crate) async fn create(&self, more: Value) -> Answer {
        let mut wanted = json!({"order_id": "1", "amount": 1000, "currency": "EUR", "purpose": "A book", "customer": {
            "first_name": "Ann", "last_name": "Lee", "address": "1 High St", "city": "Ghent", "zip": "9000",
            "country": "BE", "phone": "+3290000000", "email": "ann@example.com"}});
        for (name, value) in more.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        self.ask("POST", "/v1/sessions", wanted).await
    }

    pub(crate) async fn session(&self, more: Value) -> Session {
        let made = self.create(more).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let token = made["token"].as_str().unwrap();
        let id = made["id"].as_str().unwrap().to_owned();
        Session { id, path: format!("/checkout/{token}") }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// A script's submit.
    pub(crate) async fn pay(
        &self,
        session: &Session,
        attempt: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let mut fields = json!({"attempt": attempt, "version": 1});
        for (name, value) in CARD.iter().chain(more) {
            fields[*name] = json!(value);
        }
        let request = self
            .client
            .post(self.url(&format!("{}/payments", session.path)))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json")
            .body(fields.to_string());
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn events(&self, session: &Session) -> Events {
        let url = self.url(&format!("{}/events", session.path));
        let answer = self.client.get(url).send().await.unwrap();
        Events { answer, text: String::new() }
    }
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    async fn read(answer: reqwest::Response) -> Self {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Self { status, headers, body: answer.bytes().await.unwrap().to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A stream of events.
pub(crate) struct Events {
    pub(crate) answer: reqwest::Response,
    text: String,
}

impl Events {
    /// The next `status` with its lines; `None` when the stream has ended. Fails when nothing comes for long.
    pub(crate) async fn next(&mut self) -> Option<(Value, String)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if event.starts_with(':') {
                    continue;
                }
                assert!(event.lines().any(|line| line == "event: status"), "{event}");
                let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
                return Some((serde_json::from_str(data).unwrap(), event));
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.answer.chunk());
            let chunk = chunk.await.expect("an event or the end").unwrap()?;
            self.text.push_str(str::from_utf8(&chunk).unwrap());
        }
    }

    pub(crate) async fn status(&mut self) -> Value {
        self.next().await.expect("an event").0
    }
}
