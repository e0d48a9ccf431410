//! One story's world: a directory, a sandbox, the merchant's endpoint and the server, all real.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use url::Url;

use crate::api::{Answer, Api, Capture};
use crate::books;
use crate::browser::Browser;
use crate::cards::Card;
use crate::config::{self, Settings};
use crate::form::{Page, Shopper};
use crate::front::Front;
use crate::process::{Plan, Process, StartError, farthing_line};
use crate::proxy::Proxy;
use crate::receiver::Receiver;
use crate::sandbox::Sandbox;
use crate::scan::{Canary, Report, Scanner};
use crate::shop::{Look, Shop, Site};
use crate::wallets::{DEVICE_NUMBER, Wallets};

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct WorldBuilder {
    call_timeout: String,
    card_entry: String,
    gateway_secret: String,
    env: Vec<(String, String)>,
    proxied: bool,
    fronted: bool,
    wallets: bool,
    edit: fn(String) -> String,
}

impl WorldBuilder {
    /// Apple Pay and Google Pay are configured and have an origin for their buttons; the sandbox plays the vendors.
    pub fn wallets(mut self) -> Self {
        self.wallets = true;
        self
    }

    /// `[server] call_timeout`, such as `1s`.
    pub fn call_timeout(mut self, value: &str) -> Self {
        value.clone_into(&mut self.call_timeout);
        self
    }

    /// Cards are typed on the gateway's form.
    pub fn hosted(mut self) -> Self {
        "hosted".clone_into(&mut self.card_entry);
        self
    }

    /// The server has this secret of the gateway instead of the right one.
    pub fn gateway_secret(mut self, value: &str) -> Self {
        value.clone_into(&mut self.gateway_secret);
        self
    }

    /// A variable in the first server's environment, such as `FARTHING_CRASH_AT`.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Puts a wire that can be cut between the server and the gateway's card host.
    pub fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Puts a front between browsers and the server that can hold, refuse and damage answers.
    pub fn fronted(mut self) -> Self {
        self.fronted = true;
        self
    }

    /// Changes the configuration's text.
    pub fn edit(mut self, edit: fn(String) -> String) -> Self {
        self.edit = edit;
        self
    }

    /// Starts everything.
    pub async fn start(self) -> World {
        World::with(self).await
    }
}

/// One story's world. Dropping it ends its processes and searches what they left behind.
#[derive(Debug)]
pub struct World {
    dir: Option<tempfile::TempDir>,
    server: Option<Process>,
    sandbox_process: Option<Process>,
    /// The server's origin; the same after a restart.
    pub origin: Url,
    /// The merchant's program.
    pub api: Api,
    /// The gateway.
    pub sandbox: Sandbox,
    /// The merchant's endpoint.
    pub webhooks: Receiver,
    /// The wire to the card host, if the story wanted one.
    pub wire: Option<Proxy>,
    /// The merchant's shop, whose origins are registered.
    pub shop: Shop,
    front: Option<Front>,
    wallets: Option<Wallets>,
    http: reqwest::Client,
    capture: Capture,
    cards: Mutex<Vec<Card>>,
    tokens: Mutex<Vec<String>>,
    seen_logs: bool,
}

/// A session as the merchant got it.
#[derive(Clone, Debug)]
pub struct Session {
    /// `ses_…`.
    pub id: String,
    /// `/checkout/{cst}`.
    pub path: String,
    /// The same, absolute.
    pub url: String,
    /// The merchant's order.
    pub order_id: String,
    /// The whole answer.
    pub json: Value,
}

impl Session {
    /// `cst_…`.
    pub fn token(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

static ORDERS: AtomicU64 = AtomicU64::new(0);

/// An order number that was not used before.
pub fn fresh_order() -> String {
    format!("order-{}-{}", std::process::id(), ORDERS.fetch_add(1, Ordering::Relaxed))
}

/// A customer whose data can be told from everything else.
pub fn customer() -> Value {
    json!({
        "first_name": "Zephyrine",
        "last_name": "Quillfeather",
        "email": "zephyrine.quillfeather@shopper.example",
        "phone": "+442079460612",
        "address": "77 Larkspur Row",
        "zip": "SW1A 2AA",
        "city": "London",
        "country": "GB",
    })
}

/// A client that follows nothing, keeps nothing and uses no proxy.
pub fn http_client() -> reqwest::Client {
    http_client_within(Duration::from_mins(1))
}

/// The same, whose requests take so long at most.
pub fn http_client_within(timeout: Duration) -> reqwest::Client {
    // A second installation fails, and the first one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(timeout)
        .build()
        .expect("a client")
}

impl World {
    /// A world with the usual settings.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A world to be adjusted. The call time-out is one second, so that "not found twice" takes two.
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            call_timeout: "1s".to_owned(),
            card_entry: "embedded".to_owned(),
            gateway_secret: config::GATEWAY_SECRET.to_owned(),
            env: Vec::new(),
            proxied: false,
            fronted: false,
            wallets: false,
            edit: |text| text,
        }
    }

    async fn with(builder: WorldBuilder) -> Self {
        let dir =
            tempfile::Builder::new().prefix("farthing-story-").tempdir().expect("a directory");
        for name in ["conf", "data", "logs", "capture", "browser"] {
            std::fs::create_dir(dir.path().join(name)).expect("a directory");
        }
        let http = http_client();
        let sandbox_args = ["sandbox", "--listen", "127.0.0.1:0", "--apple-listen", "127.0.0.1:0"];
        let sandbox_process = Process::start(&Plan {
            name: "sandbox",
            program: None,
            args: sandbox_args.map(str::to_owned).to_vec(),
            env: vec![("RUST_LOG".to_owned(), "debug".to_owned())],
            dir: &dir.path().join("logs"),
            announced: farthing_line,
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let webhooks = Receiver::start(config::WEBHOOK_SECRET).await;
        let address = SocketAddr::from(([127, 0, 0, 1], sandbox_process.port()));
        let wire = if builder.proxied { Some(Proxy::start(address).await) } else { None };
        let shop = Shop::start().await;
        let front = if builder.fronted { Some(front().await) } else { None };
        let settings = Settings {
            listen: front
                .as_ref()
                .map_or_else(|| "127.0.0.1:0".to_owned(), |front| front.target().to_string()),
            call_timeout: builder.call_timeout,
            card_entry: builder.card_entry,
            gateway_secret: builder.gateway_secret,
            card_base: wire
                .as_ref()
                .map_or_else(|| sandbox_process.url.clone(), |wire| wire.url.clone()),
            sandbox: sandbox_process.url.clone(),
            webhook: webhooks.url(),
            public_url: front.as_ref().map(|front| front.url.clone()),
            wallet_listen: builder.wallets.then(|| "127.0.0.1:0".to_owned()),
            shops: Site::ALL.map(|site| shop.origin(site)).to_vec(),
        };
        let sandbox = Sandbox::new(sandbox_process.url.clone(), http.clone());
        let mut text = settings.toml(&dir.path().join("data"));
        let wallets = if builder.wallets {
            let (wallets, sections) = Wallets::set_up(&sandbox, &dir.path().join("conf")).await;
            text += &sections;
            Some(wallets)
        } else {
            None
        };
        let text = (builder.edit)(text);
        std::fs::write(dir.path().join("conf/farthing.toml"), text).expect("a writable file");
        let server =
            start_server(dir.path(), &builder.env, None).unwrap_or_else(|error| panic!("{error}"));
        // A server behind a front announces the front.
        let origin = front.as_ref().map_or_else(
            || server.url.clone(),
            |front| format!("http://localhost:{}", front.target().port()).parse().expect("a URL"),
        );
        let capture = Capture::new(&dir.path().join("capture/merchant.txt"));
        Self {
            api: Api::new(http.clone(), origin.clone(), config::API_KEY, capture.clone()),
            sandbox,
            wallets,
            dir: Some(dir),
            server: Some(server),
            sandbox_process: Some(sandbox_process),
            origin,
            webhooks,
            wire,
            shop,
            front,
            http,
            capture,
            cards: Mutex::default(),
            tokens: Mutex::default(),
            seen_logs: false,
        }
    }

    /// The story's directory.
    pub fn dir(&self) -> &Path {
        self.dir.as_ref().expect("there until the end").path()
    }

    /// The server's database.
    pub fn database(&self) -> PathBuf {
        self.dir().join("data/farthing.db")
    }

    /// The server.
    pub fn server(&mut self) -> &mut Process {
        self.server.as_mut().expect("the server was not stopped")
    }

    /// The wire to the card host.
    pub fn wire(&self) -> &Proxy {
        self.wire.as_ref().expect("this world has a wire")
    }

    /// The front before the server.
    pub fn front(&self) -> &Front {
        self.front.as_ref().expect("this world has a front")
    }

    /// What the merchant got from the wallets' vendors.
    pub fn wallets(&self) -> &Wallets {
        self.wallets.as_ref().expect("this world has wallets")
    }

    /// Where browsers find the server.
    pub fn public_url(&self) -> &Url {
        self.front.as_ref().map_or(&self.origin, |front| &front.url)
    }

    /// The merchant's page for a session.
    pub fn shop_page(&self, session: &Session, site: Site) -> String {
        self.shop.page(site, &Look::element(self.public_url(), session.token()))
    }

    /// A client of its own for odd requests.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Ends the server as a crash would, if it still runs.
    pub fn kill_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill_9();
        }
    }

    /// Starts the server again on the same data and port, with nothing in its environment.
    pub fn restart(&mut self) -> Duration {
        self.restart_with(&[])
    }

    /// Starts the server again, with these variables; gives how long it took.
    pub fn restart_with(&mut self, env: &[(&str, &str)]) -> Duration {
        self.kill_server();
        let env = env
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect::<Vec<_>>();
        let start = std::time::Instant::now();
        let port = self.origin.port().expect("a port");
        let server =
            start_server(self.dir(), &env, Some(port)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(server.url, *self.public_url());
        self.server = Some(server);
        start.elapsed()
    }

    /// Tries to start a second server on the same data, on another port.
    pub fn second_server(&self) -> Result<Process, StartError> {
        start_server(self.dir(), &[], None)
    }

    /// Takes a card from the stack, so that it is searched for at the end.
    pub fn card(&self, card: Card) -> Card {
        self.cards.lock().expect("not poisoned").push(card.clone());
        card
    }

    /// Succeeds without a challenge.
    pub fn good_card(&self) -> Card {
        self.card(Card::frictionless())
    }

    /// Succeeds or fails after a challenge.
    pub fn challenge_card(&self) -> Card {
        self.card(Card::challenge())
    }

    /// Fails.
    pub fn bad_card(&self) -> Card {
        self.card(Card::declined())
    }

    /// What a session is asked for: 12.95 EUR for a new order, customer known.
    pub fn order(&self) -> Value {
        json!({
            "order_id": fresh_order(),
            "amount": 1295,
            "currency": "EUR",
            "purpose": "Larkspur and other poems",
            "customer": customer(),
        })
    }

    /// A session with the usual order.
    pub async fn session(&self) -> Session {
        self.session_with(json!({})).await
    }

    /// A session whose order has these members instead; null takes one away.
    pub async fn session_with(&self, changes: Value) -> Session {
        let mut order = self.order();
        merge(&mut order, changes);
        let answer = self.api.post("/v1/sessions", &order).await.expect(201);
        self.read_session(&answer)
    }

    /// Reads the answer of `POST /v1/sessions`.
    pub fn read_session(&self, answer: &Answer) -> Session {
        let text = |name: &str| {
            answer.json[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name} in {}", answer.text()))
                .to_owned()
        };
        let (token, url) = (text("token"), text("url"));
        self.tokens.lock().expect("not poisoned").push(token.clone());
        Session {
            id: text("id"),
            path: format!("/checkout/{token}"),
            url,
            order_id: text("order_id"),
            json: answer.json.clone(),
        }
    }

    /// A token that the story came to know: neither store nor logs may hold it.
    pub fn watch_token(&self, token: &str) {
        self.tokens.lock().expect("not poisoned").push(token.to_owned());
    }

    /// A shopper without scripts.
    pub fn shopper(&self) -> Shopper {
        Shopper::new(self.http.clone(), self.origin.clone(), self.capture.clone())
    }

    /// A browser without scripts.
    pub async fn browser(&self) -> Browser {
        Browser::without_scripts(&self.dir().join("browser")).await
    }

    /// The gateway decides payments at once and wants no page of its own, except for cards with a challenge.
    pub async fn decide_at_once(&self) {
        self.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    }

    /// Payments are taken from now on, and the gateway says that it is still at work, until [`World::tell_results`].
    pub async fn hold_results(&self) {
        self.sandbox
            .faults(json!({
                "next_step": "frictionless",
                "settle": "on_accept",
                "callbacks": {"lose": true},
                "replies": [{"on": "both", "fault": "status_value", "value": 1}],
            }))
            .await;
    }

    /// The gateway tells how its payments ended, by the callbacks that were held back.
    pub async fn tell_results(&self) {
        self.sandbox.faults(json!({"callbacks": {"lose": false}, "replies": []})).await;
        for order in self.sandbox.orders().await {
            let id = order["order_id"].as_str().unwrap_or_default();
            self.sandbox.callback(id, true, None).await;
        }
    }

    /// A browser with scripts.
    pub async fn live_browser(&self) -> Browser {
        Browser::with_scripts(&self.dir().join("browser")).await
    }

    /// A browser with scripts and further flags.
    pub async fn live_browser_with(&self, flags: &[&str]) -> Browser {
        Browser::with_flags(&self.dir().join("browser"), flags).await
    }

    /// A browser with scripts that gives no page cookies or storage.
    pub async fn browser_without_storage(&self) -> Browser {
        Browser::without_storage(&self.dir().join("browser")).await
    }

    /// Pays a session with a card and goes as far as no person is needed.
    pub async fn pay(&self, session: &Session, card: &Card) -> Page {
        let shopper = self.shopper();
        let answer = shopper.pay(&session.path, card).await;
        shopper.walk(answer).await
    }

    /// The session as the merchant sees it.
    pub async fn session_status(&self, session: &Session) -> String {
        let session = self.api.get(&format!("/v1/sessions/{}", session.id)).await.expect(200).json;
        session["status"].as_str().unwrap_or_default().to_owned()
    }

    /// The metrics page.
    pub async fn metrics(&self) -> String {
        let url = self.origin.join("/metrics").expect("a path");
        let answer = self.http.get(url).send().await.expect("an answer");
        answer.text().await.expect("a text")
    }

    /// The sum of a metric over all its series that have this label's value.
    pub async fn metric(&self, name: &str, value: &str) -> f64 {
        let text = self.metrics().await;
        let lines = text
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(&format!("\"{value}\"")));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Ends the story: books agree, the server stops in good order, and nothing was left behind.
    pub async fn finish(self) {
        books::assert_agree(&self.api, &self.sandbox, &self.webhooks).await;
        self.finish_compared().await;
    }

    /// [`World::finish`] for whoever has compared the books: the server stops in good order, and nothing was left behind.
    pub async fn finish_compared(mut self) {
        let metrics = self.metrics().await;
        std::fs::write(self.dir().join("capture/metrics.txt"), metrics).expect("a writable file");
        let status = self.server().terminate().await;
        assert_eq!(status.code(), Some(0), "the server did not stop in good order");
        self.server = None;
        self.sandbox_process = None;
        let report = self.scan();
        assert!(report.bytes > 10_000, "the scan saw next to nothing: {report:?}");
        self.seen_logs = true;
        report.assert_clean("what the story left behind");
    }

    /// Ends a browser and searches what it keeps to restore its tabs.
    pub fn scan_tab_memory(&self, browser: Browser) -> Report {
        let kept = browser.profile().join("data/Default/Sessions");
        drop(browser);
        Scanner::new(&self.card_canaries()).scan(&[&kept])
    }

    fn card_canaries(&self) -> Vec<Canary> {
        let cards = self.cards.lock().expect("not poisoned");
        let both = |card: &Card| [Canary::pan(&card.number), Canary::code(&card.code)];
        let device = self.wallets.iter().map(|_| Canary::pan(DEVICE_NUMBER));
        cards.iter().flat_map(both).chain(device).collect()
    }

    /// Searches what was left behind so far.
    pub fn scan(&self) -> Report {
        std::fs::write(self.dir().join("capture/webhooks.txt"), self.webhooks.capture())
            .expect("a writable file");
        let dir = |name: &str| self.dir().join(name);
        let (data, logs) = (dir("data"), dir("logs"));
        let mut report = Scanner::new(&self.card_canaries()).scan(&[
            &data,
            &logs,
            &dir("capture"),
            &dir("browser"),
        ]);
        // What a browser keeps of forms to restore its tabs is judged by a story of its own.
        report.hits.retain(|hit| !hit.place.contains("/Default/Sessions/"));
        // Secrets and personal data belong into what the merchant and the browser see, but never into store or logs.
        let mut secrets = vec![
            Canary::secret("the API key", config::API_KEY),
            Canary::secret("the master key", config::MASTER_KEY),
            Canary::secret("the webhook secret", config::WEBHOOK_SECRET),
            Canary::secret("the gateway's Basic credentials", "dGVzdDpxd2VydHk="),
            Canary::secret("the customer's name", "Quillfeather"),
            Canary::secret("the customer's address", "77 Larkspur Row"),
            Canary::secret("the customer's e-mail", "zephyrine.quillfeather@"),
            Canary::secret("the customer's phone", "442079460612"),
        ];
        for token in self.tokens.lock().expect("not poisoned").iter() {
            secrets.push(Canary::secret(
                "a token",
                token.trim_start_matches("cst_").trim_start_matches("rt_"),
            ));
        }
        let more = Scanner::new(&secrets).scan(&[&data, &logs]);
        report.hits.extend(more.hits);
        report
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(server) = &self.server {
                let said = server.stderr();
                let from = said.len().saturating_sub(6000);
                let from = (from..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(0);
                eprintln!("--- the server said last:\n{}", &said[from..]);
            }
            if std::env::var_os("FARTHING_KEEP").is_some()
                && let Some(dir) = self.dir.take()
            {
                eprintln!("--- kept: {}", dir.keep().display());
            }
            return;
        }
        self.server = None;
        self.sandbox_process = None;
        if !self.seen_logs {
            self.scan().assert_clean("what the story left behind");
        }
    }
}

/// A front before a port that is free now and that the server is told to take.
async fn front() -> Front {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let target = free.local_addr().expect("bound");
    drop(free);
    Front::start(target).await
}

fn start_server(
    dir: &Path,
    env: &[(String, String)],
    port: Option<u16>,
) -> Result<Process, StartError> {
    let mut env = env.to_vec();
    env.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    // A server that sends card data through whatever proxy the environment names would fail every story.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"] {
        env.push((name.to_owned(), "http://127.0.0.1:1".to_owned()));
    }
    if let Some(port) = port {
        env.push(("FARTHING__SERVER__LISTEN".to_owned(), format!("127.0.0.1:{port}")));
    }
    Process::start(&Plan {
        name: "server",
        program: None,
        args: [
            "serve".to_owned(),
            "--config".to_owned(),
            dir.join("conf/farthing.toml").display().to_string(),
        ]
        .to_vec(),
        env,
        dir: &dir.join("logs"),
        announced: farthing_line,
    })
}

/// Lays `changes` over `base`; null takes a member away.
pub fn merge(base: &mut Value, changes: Value) {
    let (Some(base), Value::Object(changes)) = (base.as_object_mut(), changes) else { return };
    for (key, value) in changes {
        if value.is_null() {
            base.remove(&key);
        } else {
            base.insert(key, value);
        }
    }
}

/// Seconds since 1970.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
