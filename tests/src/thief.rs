//! A vendor whose script is a thief: it tries whatever a script in the wallets' document could try, and brings home what it finds.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use serde_json::Value;

use crate::wait::until;

/// What it loots with. It plays Google's part well enough for its button to stand there.
const SCRIPT: &str = include_str!("thief.js");

/// The thief's own server. It lives as long as the story's runtime.
#[derive(Clone, Debug)]
pub struct Thief {
    /// `http://127.0.0.1:…`.
    pub origin: String,
    loot: Arc<Mutex<Vec<Value>>>,
    visits: Arc<Mutex<Vec<String>>>,
}

impl Thief {
    /// Opens its server on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let thief = Self {
            origin: format!("http://127.0.0.1:{port}"),
            loot: Arc::default(),
            visits: Arc::default(),
        };
        let app = Router::new()
            .route("/pay.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT)))
            .route("/loot", post(take))
            .fallback(visit)
            .with_state(thief.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        thief
    }

    /// The address of its script.
    pub fn script(&self) -> String {
        format!("{}/pay.js", self.origin)
    }

    /// What it brought home: pairs of what it tried and what it got.
    pub fn loot(&self) -> Vec<(String, String)> {
        let loot = self.loot.lock().expect("not poisoned");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        loot.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
    }

    /// What it got by trying this, at any time.
    pub fn got(&self, tried: &str) -> Vec<String> {
        let loot = self.loot().into_iter();
        loot.filter_map(|(what, got)| (what == tried).then_some(got)).collect()
    }

    /// Waits until it has tried everything once more from now on.
    pub async fn until_it_tried_again(&self) {
        let rounds = self.got("round").len();
        // One may have begun before.
        until("the thief's next round", async || {
            (self.got("round").len() > rounds + 1).then_some(())
        })
        .await;
    }

    /// Pages of its own that a browser was led to.
    pub fn visits(&self) -> Vec<String> {
        self.visits.lock().expect("not poisoned").clone()
    }

    /// Forgets the loot.
    pub fn forget(&self) {
        self.loot.lock().expect("not poisoned").clear();
    }
}

async fn take(State(thief): State<Thief>, body: Bytes) -> impl IntoResponse {
    let pair = serde_json::from_slice(&body).expect("JSON of the thief's own");
    thief.loot.lock().expect("not poisoned").push(pair);
    (StatusCode::NO_CONTENT, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")])
}

async fn visit(State(thief): State<Thief>, uri: Uri) -> Html<&'static str> {
    thief.visits.lock().expect("not poisoned").push(uri.to_string());
    Html("<!DOCTYPE html><title>Gotcha</title>")
}
