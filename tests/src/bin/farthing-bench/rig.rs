//! The processes under measurement: the sandbox, and servers with databases on a real disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use farthing_stories::config::{self, Settings};
use farthing_stories::process::{Plan, Process, farthing_line};
use farthing_stories::receiver::Receiver;
use farthing_stories::sandbox::Sandbox;
use farthing_stories::wait;
use farthing_stories::world::http_client;
use serde_json::{Value, json};
use url::Url;

/// The gateway, and the merchant's endpoint for webhooks.
pub(crate) struct Gateway {
    process: Process,
    control: Sandbox,
    webhooks: Receiver,
    http: reqwest::Client,
}

impl Gateway {
    /// Starts the sandbox; `directory` gets its output.
    pub(crate) async fn start(directory: &Path) -> Self {
        let process = Process::start(&Plan {
            name: "sandbox",
            program: None,
            args: ["sandbox", "--listen", "127.0.0.1:0"].map(str::to_owned).to_vec(),
            env: Vec::new(),
            dir: directory,
            announced: farthing_line,
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let http = http_client();
        let control = Sandbox::new(process.url.clone(), http.clone());
        let webhooks = Receiver::start(config::WEBHOOK_SECRET).await;
        Self { process, control, webhooks, http }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &Url {
        &self.process.url
    }

    /// The reply to a payment says how it ended.
    pub(crate) async fn decide_at_once(&self) {
        self.control.faults(json!({"next_step": "frictionless"})).await;
    }

    /// The reply to a payment sends the shopper on.
    pub(crate) async fn send_to_the_bank(&self) {
        self.control.faults(json!({"next_step": "form_url"})).await;
    }

    /// Requests so far: payments, checks.
    pub(crate) async fn requests(&self) -> [u64; 2] {
        // One order that does not exist, so that the answer is short: counts are always of all.
        let url = self.url().join("/_control/ledger?order_id=none").expect("a path");
        let answer = self.http.get(url).send().await.expect("the sandbox answers");
        let bytes = answer.bytes().await.expect("a body");
        let ledger: Value = serde_json::from_slice(&bytes).expect("JSON");
        ["initPaymentHost2Host", "check"]
            .map(|call| ledger["requests"][call]["count"].as_u64().unwrap_or_default())
    }
}

/// A server of its own directory, which stays when it stops.
pub(crate) struct Server {
    /// The process.
    pub(crate) process: Process,
    /// From the spawn to the announce line.
    pub(crate) started_in: Duration,
    database: PathBuf,
}

impl Server {
    /// Starts a server whose database is in `directory`.
    pub(crate) fn start(gateway: &Gateway, directory: &Path) -> Self {
        std::fs::create_dir_all(directory).expect("a directory");
        let settings = Settings {
            listen: "127.0.0.1:0".to_owned(),
            call_timeout: "30s".to_owned(),
            card_entry: "embedded".to_owned(),
            gateway_secret: config::GATEWAY_SECRET.to_owned(),
            card_base: gateway.url().clone(),
            sandbox: gateway.url().clone(),
            webhook: gateway.webhooks.url(),
            public_url: None,
            wallet_listen: None,
            shops: Vec::new(),
        };
        let file = directory.join("farthing.toml");
        std::fs::write(&file, settings.toml(directory)).expect("a writable file");
        let plan = Plan {
            name: "server",
            program: None,
            args: ["serve".to_owned(), "--config".to_owned(), file.display().to_string()].to_vec(),
            env: Vec::new(),
            dir: directory,
            announced: farthing_line,
        };
        let start = Instant::now();
        let process = Process::start(&plan).unwrap_or_else(|error| panic!("{error}"));
        let started_in = start.elapsed();
        Self { process, started_in, database: directory.join("farthing.db") }
    }

    /// The database's file.
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// Waits until every event is delivered, so that what is measured next is not paid for by what came before.
    pub(crate) async fn outbox_empty(&self) {
        let database = rusqlite::Connection::open(&self.database).expect("the database opens");
        wait::until_within(Duration::from_mins(2), "every event to be delivered", async || {
            let waiting: i64 = database
                .query_row("SELECT count(*) FROM events WHERE next_try_at IS NOT NULL", [], |row| {
                    row.get(0)
                })
                .expect("a count");
            (waiting == 0).then_some(())
        })
        .await;
    }

    /// Stops it in good order.
    pub(crate) async fn stop(mut self) {
        let status = self.process.terminate().await;
        assert_eq!(status.code(), Some(0), "the server did not stop in good order");
    }

    /// A GET of the merchant's API.
    pub(crate) fn api_get(&self, http: &reqwest::Client, path: &str) -> reqwest::RequestBuilder {
        http.get(self.process.url.join(path).expect("a path")).bearer_auth(config::API_KEY)
    }
}
