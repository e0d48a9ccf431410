//! A wire between server and gateway that can be cut: counts, holds and drops bytes, and knows nothing of HTTP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::wait;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Both directions pass.
    Open,
    /// Requests arrive here and go no further.
    HoldRequests,
    /// Requests pass, replies arrive here and go no further.
    HoldReplies,
    /// Requests pass; each reply is cut after so many bytes.
    CutReplies(usize),
    /// Connections are closed as soon as they are made.
    Refuse,
    /// One request of so many arrives so late, also if the other side has given up by then.
    LateRequests {
        /// Every how manieth.
        every: u64,
        /// By how much.
        by: Duration,
    },
}

/// How long the target has for a request that came late, before its connection ends.
const AFTER_LATE: Duration = Duration::from_millis(300);

/// The wire.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where it listens.
    pub url: Url,
    wire: Arc<Mutex<Wire>>,
    held: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
    late: Arc<AtomicU64>,
    late_ever: Arc<AtomicU64>,
    ways_back: Arc<Mutex<HashMap<String, String>>>,
    connections: Arc<AtomicU64>,
    last_request: Arc<Mutex<Vec<u8>>>,
    target: SocketAddr,
    accepting: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

impl Proxy {
    /// Starts one before `target`.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url =
            format!("http://{}", listener.local_addr().expect("bound")).parse().expect("a URL");
        let proxy = Self {
            url,
            wire: Arc::new(Mutex::new(Wire::Open)),
            held: Arc::default(),
            requests: Arc::default(),
            late: Arc::default(),
            late_ever: Arc::default(),
            ways_back: Arc::default(),
            connections: Arc::default(),
            last_request: Arc::default(),
            target,
            accepting: Arc::default(),
        };
        proxy.accept(listener);
        proxy
    }

    fn accept(&self, listener: TcpListener) {
        let serving = self.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                serving.connections.fetch_add(1, Ordering::SeqCst);
                if serving.wire() != Wire::Refuse {
                    tokio::spawn(serving.clone().carry(client));
                }
            }
        });
        *self.accepting.lock().expect("not poisoned") = Some(task);
    }

    /// Closes the port: connections are refused until [`Proxy::up`].
    pub async fn down(&self) {
        let task = self.accepting.lock().expect("not poisoned").take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Opens the port again.
    pub async fn up(&self) {
        let address = self.url.socket_addrs(|| None).expect("an address")[0];
        let listener =
            wait::until("the port to be free", async || TcpListener::bind(address).await.ok())
                .await;
        self.accept(listener);
    }

    /// The JSON body of the last request that went in. It holds card data and must not be printed.
    pub fn last_request_json(&self) -> serde_json::Value {
        let bytes = self.last_request.lock().expect("not poisoned").clone();
        let start =
            bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head") + 4;
        serde_json::from_slice(&bytes[start..]).expect("a JSON body")
    }

    /// Where the gateway was told to send the shopper of this attempt.
    pub fn way_back(&self, gateway_order_id: &str) -> Option<String> {
        self.ways_back.lock().expect("not poisoned").get(gateway_order_id).cloned()
    }

    /// Requests that are still on their way, and all that ever were late.
    pub fn late(&self) -> (u64, u64) {
        (self.late.load(Ordering::SeqCst), self.late_ever.load(Ordering::SeqCst))
    }

    /// Changes what it does from now on, also on open connections.
    pub fn set(&self, wire: Wire) {
        *self.wire.lock().expect("not poisoned") = wire;
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until something is held.
    pub async fn wait_for_held(&self) {
        wait::until("something to hold", async || {
            (self.held.load(Ordering::SeqCst) > 0).then_some(())
        })
        .await;
    }

    /// How often something was held.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::SeqCst)
    }

    /// Forgets what was held.
    pub fn forget_held(&self) {
        self.held.store(0, Ordering::SeqCst);
    }

    fn record(&self, bytes: &[u8]) {
        let mut last = self.last_request.lock().expect("not poisoned");
        if bytes.starts_with(b"POST ") {
            last.clear();
        }
        last.extend_from_slice(bytes);
    }

    /// Keeps the way back of a request that is complete, and nothing else of it.
    fn remember_way_back(&self, request: &[u8]) {
        let body = request.windows(4).position(|window| window == b"\r\n\r\n");
        let json = body
            .and_then(|at| serde_json::from_slice::<serde_json::Value>(&request[at + 4..]).ok());
        let Some(json) = json else { return };
        if let (Some(id), Some(url)) = (json["order_id"].as_str(), json["success_url"].as_str()) {
            self.ways_back.lock().expect("not poisoned").insert(id.to_owned(), url.to_owned());
        }
    }

    /// How late this request is to arrive, if it is one of those.
    fn lateness(&self, bytes: &[u8]) -> Option<Duration> {
        let Wire::LateRequests { every, by } = self.wire() else { return None };
        let is_request = bytes.starts_with(b"POST ");
        (is_request && self.requests.fetch_add(1, Ordering::SeqCst).is_multiple_of(every.max(1)))
            .then_some(by)
    }

    fn wire(&self) -> Wire {
        *self.wire.lock().expect("not poisoned")
    }

    async fn carry(self, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.target).await else { return };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let requests = async {
            let mut buffer = vec![0; 16 * 1024];
            let mut request = Vec::new();
            let mut late = None;
            while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                self.record(&buffer[..length]);
                if buffer.starts_with(b"POST ") {
                    request.clear();
                }
                request.extend_from_slice(&buffer[..length]);
                self.remember_way_back(&request);
                if self.wire() == Wire::HoldRequests {
                    self.held.fetch_add(1, Ordering::SeqCst);
                    // Held until the other side gives up.
                    while let Ok(1..) = from_client.read(&mut buffer).await {}
                    return;
                }
                if let Some(by) = self.lateness(&buffer[..length]) {
                    late = Some(OnTheWay::new(&self.late));
                    self.late_ever.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(by).await;
                }
                if to_server.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
            if late.is_some() {
                tokio::time::sleep(AFTER_LATE).await;
            }
        };
        let replies = async {
            let mut buffer = vec![0; 16 * 1024];
            let mut sent = 0;
            while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
                match self.wire() {
                    Wire::HoldReplies => {
                        self.held.fetch_add(1, Ordering::SeqCst);
                        std::future::pending::<()>().await;
                    }
                    Wire::CutReplies(after) => {
                        let part = length.min(after.saturating_sub(sent));
                        let _ = to_client.write_all(&buffer[..part]).await;
                        sent += part;
                        if sent >= after {
                            return;
                        }
                    }
                    _ => {
                        if to_client.write_all(&buffer[..length]).await.is_err() {
                            return;
                        }
                    }
                }
            }
        };
        tokio::select! {
            () = requests => {}
            () = replies => {}
        }
    }
}

/// Counts a request that is late, for as long as it is on its way.
struct OnTheWay(Arc<AtomicU64>);

impl OnTheWay {
    fn new(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
