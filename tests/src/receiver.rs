//! The merchant's webhook endpoint: verifies, records, and misbehaves when told to.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use crate::api::header_lines;
use crate::signature::{SignatureError, verify};
use crate::wait;

/// What the endpoint does with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Takes it: 200.
    Take,
    /// Answers with this code.
    Status(u16),
    /// Never answers.
    Hang,
    /// Takes it, and says so after a while.
    TakeSlowly(Duration),
}

/// Answers by an event's id and by how often it has arrived before.
type Judge = Arc<dyn Fn(&str, usize) -> Answer + Send + Sync>;

/// What the endpoint does with all deliveries.
#[derive(Clone)]
enum Mood {
    Always(Answer),
    By(Judge),
}

impl fmt::Debug for Mood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always(answer) => write!(f, "Always({answer:?})"),
            Self::By(_) => f.write_str("By(..)"),
        }
    }
}

/// One delivery, whether it was taken or not.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, seconds.
    pub timestamp: i64,
    /// The body.
    pub body: Value,
    /// Whether the signature held.
    pub signature: Result<(), SignatureError>,
    /// Whether we took it; the 200 may not have arrived.
    pub taken: bool,
}

impl Delivery {
    /// `payment.paid` and the like.
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }
}

/// The endpoint. It lives as long as the story's runtime.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    secret: String,
    mood: Mood,
    arrived: HashMap<String, usize>,
    deliveries: Vec<Delivery>,
    capture: Vec<u8>,
}

impl Receiver {
    /// Starts one on a free port.
    pub async fn start(secret: &str) -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            secret: secret.to_owned(),
            mood: Mood::Always(Answer::Take),
            arrived: HashMap::new(),
            deliveries: Vec::new(),
            capture: Vec::new(),
        }));
        let app = Router::new().route("/webhooks", post(receive)).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, shared }
    }

    /// The endpoint's URL.
    pub fn url(&self) -> String {
        format!("http://{}/webhooks", self.address)
    }

    /// Tells it what to do from now on.
    pub fn answer(&self, answer: Answer) {
        self.shared.lock().expect("not poisoned").mood = Mood::Always(answer);
    }

    /// Lets each delivery be judged by the event's id and by how often it has arrived before.
    pub fn answer_by(&self, judge: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) {
        self.shared.lock().expect("not poisoned").mood = Mood::By(Arc::new(judge));
    }

    /// Deliveries since the first `seen` ones.
    pub fn deliveries_after(&self, seen: usize) -> Vec<Delivery> {
        let shared = self.shared.lock().expect("not poisoned");
        shared.deliveries.get(seen..).unwrap_or_default().to_vec()
    }

    /// All deliveries so far.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.lock().expect("not poisoned").deliveries.clone()
    }

    /// What was taken, repeats left out, in the order of first arrival.
    pub fn taken(&self) -> Vec<Delivery> {
        let mut taken: Vec<Delivery> = Vec::new();
        for delivery in self.deliveries() {
            if delivery.taken && taken.iter().all(|other| other.id != delivery.id) {
                taken.push(delivery);
            }
        }
        taken
    }

    /// What was taken about one payment.
    pub fn taken_about(&self, payment_id: &str) -> Vec<Delivery> {
        self.taken().into_iter().filter(|delivery| mentions(&delivery.body, payment_id)).collect()
    }

    /// Waits until an event of this kind about this payment was taken.
    pub async fn wait_for(&self, kind: &str, payment_id: &str) -> Delivery {
        wait::until(&format!("the webhook {kind}"), async || {
            self.taken_about(payment_id).into_iter().find(|delivery| delivery.kind() == kind)
        })
        .await
    }

    /// All bytes that arrived, for the scanner.
    pub fn capture(&self) -> Vec<u8> {
        self.shared.lock().expect("not poisoned").capture.clone()
    }
}

/// Whether a text occurs as a value anywhere in JSON.
pub fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(values) => values.iter().any(|value| mentions(value, text)),
        Value::Object(values) => values.values().any(|value| mentions(value, text)),
        _ => false,
    }
}

async fn receive(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let answer = {
        let mut shared = shared.lock().expect("not poisoned");
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        let now = jiff::Timestamp::now().as_second();
        let signature =
            verify(&shared.secret, id, timestamp, header("webhook-signature"), &body, now);
        shared.capture.extend_from_slice(format!("webhook\n{}", header_lines(&headers)).as_bytes());
        shared.capture.extend_from_slice(&body);
        shared.capture.push(b'\n');
        let id = id.unwrap_or_default().to_owned();
        let before = shared.arrived.entry(id.clone()).or_default();
        let earlier = *before;
        *before += 1;
        let answer = match &shared.mood {
            Mood::Always(answer) => *answer,
            Mood::By(judge) => judge(&id, earlier),
        };
        shared.deliveries.push(Delivery {
            id,
            timestamp: timestamp.and_then(|text| text.parse().ok()).unwrap_or_default(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            signature,
            taken: matches!(answer, Answer::Take | Answer::TakeSlowly(_)),
        });
        answer
    };
    match answer {
        Answer::Take => StatusCode::OK,
        Answer::Status(code) => StatusCode::from_u16(code).expect("an HTTP status"),
        Answer::Hang => std::future::pending().await,
        Answer::TakeSlowly(after) => {
            tokio::time::sleep(after).await;
            StatusCode::OK
        }
    }
}
