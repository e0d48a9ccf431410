//! Shoppers: in a closed loop, each waiting for its answer, and in an open loop that keeps its rate whatever the answers do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use farthing_stories::config;
use farthing_stories::world::{customer, fresh_order};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use url::Url;

use crate::direct::Direct;
use crate::figures::Samples;
use crate::rig::Server;

/// The merchant's program and the shopper's browser, over connections that stay open.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    origin: Arc<str>,
}

/// What a payment is made in.
#[derive(Debug)]
pub(crate) struct Ready {
    url: Url,
    /// The merchant's order.
    pub(crate) order: String,
    body: String,
}

/// What the answer to a submit said.
#[derive(Debug)]
pub(crate) struct Paid {
    /// From the submit to the end of its answer.
    pub(crate) took: Duration,
    /// `paid` or `requires_action`, …
    pub(crate) status: String,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A client whose connections stay open, for less than the 5 s after which the server closes them.
pub(crate) fn keep_alive_client() -> reqwest::Client {
    // A second installation fails, and the first one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .pool_idle_timeout(Duration::from_secs(4))
        .timeout(Duration::from_mins(1))
        .build()
        .expect("a client")
}

impl Client {
    /// Talks to this server.
    pub(crate) fn new(server: &Server) -> Self {
        let base = server.process.url.clone();
        let origin = base.origin().ascii_serialization().into();
        Self { http: keep_alive_client(), base, origin }
    }

    /// The underlying client.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// `POST /v1/sessions`, and the submit that will follow.
    pub(crate) async fn session(&self, card: &str) -> Ready {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let order = fresh_order();
        let body = json!({
            "order_id": order,
            "amount": 1295,
            "currency": "EUR",
            "purpose": "Larkspur and other poems",
            "customer": customer(),
        });
        let request = self
            .http
            .post(self.base.join("/v1/sessions").expect("a path"))
            .bearer_auth(config::API_KEY)
            .header("idempotency-key", format!("bench-{}-{count}", std::process::id()))
            .header("content-type", "application/json")
            .body(body.to_string());
        let (status, session) = read(request).await;
        assert_eq!(status, 201, "{session}");
        let token = session["token"].as_str().expect("a token");
        let submit = json!({
            "attempt": format!("bench_{count:016}"),
            "version": session["version"],
            "card_number": card,
            "card_expiry": "12 / 31",
            "card_code": "837",
            "card_holder": "Zephyrine Quillfeather",
        });
        let url = self.base.join(&format!("/checkout/{token}/payments")).expect("a path");
        Ready { url, order, body: submit.to_string() }
    }

    /// `POST /checkout/{cst}/payments`, until the answer is read.
    pub(crate) async fn pay(&self, ready: &Ready) -> Paid {
        let request = self
            .http
            .post(ready.url.clone())
            .header("origin", &*self.origin)
            .header("accept", "*/*")
            .header("accept-language", "en-GB")
            .header("user-agent", "Mozilla/5.0 (bench)")
            .header("content-type", "application/json")
            .body(ready.body.clone());
        let start = Instant::now();
        let (status, answer) = read(request).await;
        let took = start.elapsed();
        assert_eq!(status, 200, "{answer}");
        Paid { took, status: answer["status"].as_str().unwrap_or_default().to_owned() }
    }
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// The card that succeeds without a challenge.
pub(crate) const GOOD_CARD: &str = "4012000000003010";

/// The card that is declined.
pub(crate) const BAD_CARD: &str = "5555555555554444";

/// What a closed loop did.
#[derive(Debug)]
pub(crate) struct Closed {
    /// Submit to answer.
    pub(crate) pay: Samples,
    /// `POST /v1/sessions` to answer.
    pub(crate) session: Samples,
    took: Duration,
}

impl Closed {
    /// Payments in ten seconds.
    pub(crate) fn per_second_tenths(&self) -> u64 {
        let count = u128::try_from(self.pay.len()).unwrap_or_default();
        u64::try_from(count * 10_000 / self.took.as_millis().max(1)).unwrap_or_default()
    }
}

/// So many shoppers, each with a session and a payment after another.
pub(crate) async fn closed(client: &Client, shoppers: usize, time: Duration) -> Closed {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..shoppers {
        let client = client.clone();
        running.spawn(async move {
            let mut samples = [Samples::default(), Samples::default()];
            while start.elapsed() < time {
                let asked = Instant::now();
                let ready = client.session(GOOD_CARD).await;
                samples[0].add(asked.elapsed());
                let paid = client.pay(&ready).await;
                assert_eq!(paid.status, "paid");
                samples[1].add(paid.took);
            }
            samples
        });
    }
    let (mut session, mut pay) = (Samples::default(), Samples::default());
    for [sessions, payments] in running.join_all().await {
        session.extend(&sessions);
        pay.extend(&payments);
    }
    Closed { pay, session, took: start.elapsed() }
}

/// What an open loop saw.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// Submit to answer, through the server.
    pub(crate) server: Samples,
    /// The same calls, made directly.
    pub(crate) direct: Samples,
    /// How late this program's own clock was: what it adds to neither side, and what tells of a machine that is too busy.
    pub(crate) late: Samples,
}

/// `rate` payments a second through the server, and as many directly, half a period apart.
///
/// A payment starts when it is due, whether those before it are answered or not.
pub(crate) async fn open(client: &Client, direct: &Direct, rate: u32, time: Duration) -> Open {
    enum Took {
        Server(Duration),
        Direct(Duration),
    }
    let half = Duration::from_secs(1) / (rate * 2);
    let mut clock = tokio::time::interval(half);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut running = JoinSet::new();
    let mut seen = Open::default();
    let start = Instant::now();
    for count in 0_u32.. {
        let due = clock.tick().await;
        if start.elapsed() > time {
            break;
        }
        seen.late.add(due.elapsed());
        if count % 2 == 0 {
            let client = client.clone();
            running.spawn(async move {
                let ready = client.session(GOOD_CARD).await;
                let paid = client.pay(&ready).await;
                assert!(matches!(&*paid.status, "paid" | "requires_action"), "{}", paid.status);
                Took::Server(paid.took)
            });
        } else {
            let direct = direct.clone();
            running.spawn(async move { Took::Direct(direct.pay().await) });
        }
    }
    for took in running.join_all().await {
        match took {
            Took::Server(time) => seen.server.add(time),
            Took::Direct(time) => seen.direct.add(time),
        }
    }
    seen
}
