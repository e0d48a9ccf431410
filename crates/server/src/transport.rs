//! The only sender of bytes to gateways: one call, sent at most once, with an honest answer about what is known.
//!
//! Limits: connecting 3 s, the whole call `call_timeout`, an answer of at most 1 MiB, no redirects, no proxy.
//!
//! **Never sent twice.** The client's own retries are off (`retry::never`). Beneath it, hyper-util may choose another
//! connection when a pooled one turns out to be closed *before the request was handed to it*: hyper then gives the whole
//! request back unread (`TrySendError` with the message), so no byte of it was written. Once a connection has taken the
//! request it is never given back. `a_closed_pooled_connection_never_sees_a_request_twice` holds this.
//!
//! **Memory.** The body is wiped when the last reference to it is dropped, which is at the end of the call. Out of reach
//! are the copies that hyper's write buffer, the TLS record layer and the kernel's socket buffers hold for a moment.

use std::collections::VecDeque;
use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use farthing_gateways::{WireRequest, WireResponse};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

/// Sends calls to one gateway.
pub struct Transport {
    client: reqwest::Client,
    breaker: Mutex<Breaker>,
}

/// Why there is no answer. The difference decides whether money may have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Something may have left: the outcome is unknown, and only asking the gateway can tell.
    #[error("the answer was lost: {0}")]
    Lost(Lost),
    /// It is certain that no byte of the request left this process.
    #[error("the request was not sent: {0}")]
    NotSent(NotSent),
}

impl SendError {
    /// A metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Lost(reason) => reason.label(),
            Self::NotSent(reason) => reason.label(),
        }
    }
}

/// Why an answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lost {
    /// The connection ended before the answer did.
    Cut,
    /// What came was not HTTP.
    NotHttp,
    /// The whole call took too long.
    Timeout,
    /// The answer is larger than 1 MiB.
    TooLarge,
}

impl Lost {
    /// A metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::NotHttp => "not_http",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
        }
    }
}

/// Why a request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotSent {
    /// Too many calls failed: the breaker is open.
    Breaker,
    /// Our own request cannot be written as HTTP.
    Build,
    /// Refused, unreachable, or too slow to connect; TLS failures are among these.
    Connect,
    /// The name does not resolve.
    Dns,
}

impl NotSent {
    /// A metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::Build => "build",
            Self::Connect => "connect",
            Self::Dns => "dns",
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl Transport {
    /// A transport whose calls take at most `call_timeout`, connecting included.
    pub fn new(call_timeout: Duration) -> Result<Self, TransportError> {
        let client = client_builder()?
            // Connecting must be given up first, or a time-out could not tell whether anything was sent.
            .connect_timeout(CONNECT_TIMEOUT.min(call_timeout * 3 / 4))
            .timeout(call_timeout)
            .pool_max_idle_per_host(POOL)
            // Shorter than servers keep idle connections (5 s and more): a request should not meet a closing one.
            .pool_idle_timeout(Duration::from_secs(4))
            .build()
            .map_err(|_| TransportError)?;
        Ok(Self { client, breaker: Mutex::new(Breaker::default()) })
    }

    /// Sends a call that may move money, once, unless the breaker is open.
    pub async fn send(&self, request: WireRequest) -> Result<WireResponse, SendError> {
        if self.breaker().is_open() {
            return Err(SendError::NotSent(NotSent::Breaker));
        }
        let answer = self.exchange(request).await;
        if let Err(error) = &answer {
            self.failed(*error);
        }
        answer
    }

    /// Sends a question that moves nothing, whatever the breaker says; an answer closes the breaker.
    pub async fn send_check(&self, request: WireRequest) -> Result<WireResponse, SendError> {
        let answer = self.exchange(request).await;
        match &answer {
            // Refused credentials are no sign that charges would work.
            Ok(answer) if matches!(answer.status, 401 | 403) => {}
            Ok(_) => self.breaker().close(),
            Err(error) => self.failed(*error),
        }
        answer
    }

    /// Whether calls that may move money are refused for now.
    pub fn breaker_is_open(&self) -> bool {
        self.breaker().is_open()
    }

    /// Opens the breaker until a check succeeds: for refused credentials, with which no charge can work.
    pub fn open_breaker(&self) {
        self.breaker().open = true;
    }

    fn failed(&self, error: SendError) {
        if error != SendError::NotSent(NotSent::Build) {
            self.breaker().failed(Instant::now());
        }
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        // Nothing panics while it is held, and half-written state does not exist in it.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireResponse, SendError> {
        let request = self.build(request).ok_or(SendError::NotSent(NotSent::Build))?;
        let mut response = self.client.execute(request).await.map_err(|error| judge(&error))?;
        if response.content_length().is_some_and(|length| length > ANSWER_LIMIT as u64) {
            return Err(SendError::Lost(Lost::TooLarge));
        }
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| SendError::Lost(lost(&error)))?
        {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(SendError::Lost(Lost::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireResponse { status, body })
    }

    fn build(&self, request: WireRequest) -> Option<reqwest::Request> {
        let WireRequest { method, url, content_type, authorization, body } = request;
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        let mut builder = self.client.request(method, url).header(CONTENT_TYPE, content_type);
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::from_str(authorization.expose_secret()).ok()?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        // The owner is dropped, and wiped, with the last reference to the bytes.
        builder.body(Bytes::from_owner(body)).build().ok()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _, breaker: _ } = self;
        write!(f, "Transport(breaker open: {})", self.breaker_is_open())
    }
}

/// What every outward client has in common: no redirects, no proxy, no retries, HTTP/1.1, our own name.
pub(crate) fn client_builder() -> Result<reqwest::ClientBuilder, TransportError> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls_config()?)
        .user_agent(concat!("farthing/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .tcp_nodelay(true))
}

/// TLS 1.2 and 1.3 with the ring provider and the operating system's roots.
///
/// Without any root (a container without certificates) every https call fails before anything is sent.
pub(crate) fn tls_config() -> Result<ClientConfig, TransportError> {
    let mut roots = RootCertStore::empty();
    // Certificates that cannot be parsed are skipped: systems carry a few, and one must not stop all.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TransportError)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// The HTTP client could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client could not be made")]
pub struct TransportError;

/// An error of sending the request or of waiting for the answer's head. Only an error of connecting is certain.
fn judge(error: &reqwest::Error) -> SendError {
    if error.is_builder() {
        return SendError::NotSent(NotSent::Build);
    }
    if error.is_connect() {
        return SendError::NotSent(if error.is_dns() { NotSent::Dns } else { NotSent::Connect });
    }
    SendError::Lost(lost(error))
}

fn lost(error: &reqwest::Error) -> Lost {
    if error.is_timeout() {
        return Lost::Timeout;
    }
    let mut source = error.source();
    while let Some(error) = source {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Lost::NotHttp;
        }
        source = error.source();
    }
    Lost::Cut
}

/// Counts transport errors and stops charges when there are too many.
#[derive(Debug, Default)]
struct Breaker {
    open: bool,
    failures: VecDeque<Instant>,
}

impl Breaker {
    fn is_open(&self) -> bool {
        self.open
    }

    fn failed(&mut self, now: Instant) {
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.duration_since(*first) > BREAKER_WINDOW)
        {
            self.failures.pop_front();
        }
        if self.failures.len() >= BREAKER_FAILURES {
            self.open = true;
            // What matters from now on is whether a check gets through.
            self.failures.clear();
        }
    }

    fn close(&mut self) {
        self.open = false;
        self.failures.clear();
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ANSWER_LIMIT: usize = 1024 * 1024;
const POOL: usize = 64;
const BREAKER_FAILURES: usize = 10;
const BREAKER_WINDOW: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use url::Url;
    use zeroize::Zeroizing;

    use super::*;

    fn transport() -> Transport {
        Transport::new(Duration::from_secs(10)).unwrap()
    }

    fn request(url: &str) -> WireRequest {
        WireRequest {
            method: "POST",
            url: Url::parse(url).unwrap(),
            content_type: "application/json",
            authorization: Some("Basic eDp5".into()),
            body: Zeroizing::new(BODY.to_vec()),
        }
    }

    const BODY: &[u8] = b"{\"charge\":1}";

    /// Reads one request; `false` at the end of the connection.
    async fn read_request(stream: &mut TcpStream, seen: &mut Vec<u8>) -> bool {
        seen.clear();
        let mut buffer = [0; 4096];
        while !seen.ends_with(BODY) {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return false,
                Ok(count) => seen.extend_from_slice(&buffer[..count]),
            }
        }
        true
    }

    /// A server that answers each request with fixed bytes and then closes, or keeps the connection.
    async fn server(answer: Vec<u8>, close: bool) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, counter) = (answer.clone(), counter.clone());
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while read_request(&mut stream, &mut seen).await {
                        counter.fetch_add(1, Ordering::SeqCst);
                        if stream.write_all(&answer).await.is_err() || close {
                            break;
                        }
                    }
                });
            }
        });
        (url, requests)
    }

    #[tokio::test]
    async fn an_answer_comes_back_with_its_status_and_body() {
        let (url, _) =
            server(b"HTTP/1.1 422 X\r\ncontent-length: 2\r\n\r\n{}".to_vec(), false).await;
        let answer = transport().send(request(&url)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (422, b"{}".as_slice()));
    }

    #[tokio::test]
    async fn the_request_says_who_we_are_and_carries_what_it_was_given() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let call = tokio::spawn(async move { transport().send(request(&url)).await });
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        assert!(read_request(&mut stream, &mut seen).await);
        let text = String::from_utf8(seen).unwrap();
        assert!(text.starts_with("POST /x HTTP/1.1\r\n"), "{text}");
        for header in
            ["content-type: application/json", "authorization: Basic eDp5", "user-agent: farthing/"]
        {
            assert!(text.contains(header), "{header} in {text}");
        }
        drop(stream);
        assert_eq!(call.await.unwrap().unwrap_err(), SendError::Lost(Lost::Cut));
    }

    #[tokio::test]
    async fn a_refused_connection_is_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(
            transport().send(request(&url)).await.unwrap_err(),
            SendError::NotSent(NotSent::Connect)
        );
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_not_sent() {
        let error = transport().send(request("http://nowhere.invalid/x")).await.unwrap_err();
        assert_eq!(error, SendError::NotSent(NotSent::Dns));
    }

    #[tokio::test]
    async fn a_failed_tls_handshake_is_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/x", listener.local_addr().unwrap());
        let plain = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut hello = [0; 16];
            stream.read_exact(&mut hello).await.unwrap();
            stream.write_all(b"HTTP/1.1 400 this is not TLS\r\n\r\n").await.unwrap();
            hello[0]
        });
        assert_eq!(
            transport().send(request(&url)).await.unwrap_err(),
            SendError::NotSent(NotSent::Connect)
        );
        assert_eq!(plain.await.unwrap(), 22, "a TLS handshake record");
    }

    #[tokio::test]
    async fn a_tls_peer_that_says_nothing_is_not_sent_after_the_connect_time_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/x", listener.local_addr().unwrap());
        let silent = Transport::new(Duration::from_millis(400)).unwrap();
        assert_eq!(
            silent.send(request(&url)).await.unwrap_err(),
            SendError::NotSent(NotSent::Connect)
        );
    }

    #[tokio::test]
    async fn an_answer_cut_after_any_number_of_bytes_is_lost() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
        for length in 0..whole.len() {
            let (url, requests) = server(whole[..length].to_vec(), true).await;
            let error = transport().send(request(&url)).await.unwrap_err();
            assert!(matches!(error, SendError::Lost(Lost::Cut)), "{length} bytes: {error}");
            assert_eq!(requests.load(Ordering::SeqCst), 1, "{length} bytes");
        }
    }

    #[tokio::test]
    async fn what_is_not_http_is_lost() {
        let (url, _) = server(b"\x15\x03\x01 no HTTP\r\n\r\n".to_vec(), true).await;
        assert_eq!(
            transport().send(request(&url)).await.unwrap_err(),
            SendError::Lost(Lost::NotHttp)
        );
    }

    #[tokio::test]
    async fn a_dripping_answer_is_lost_at_the_time_out_of_the_whole_call() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream, &mut Vec::new()).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await.unwrap();
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            while stream.write_all(b"x").await.is_ok() {
                tick.tick().await;
            }
        });
        let started = Instant::now();
        let slow = Transport::new(Duration::from_millis(300)).unwrap();
        assert_eq!(slow.send(request(&url)).await.unwrap_err(), SendError::Lost(Lost::Timeout));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn silence_after_the_request_is_lost_at_the_time_out() {
        let (url, requests) = server(Vec::new(), false).await;
        let slow = Transport::new(Duration::from_millis(300)).unwrap();
        assert_eq!(slow.send(request(&url)).await.unwrap_err(), SendError::Lost(Lost::Timeout));
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_gigabyte_is_cut_at_one_mebibyte() {
        for head in ["transfer-encoding: chunked", "content-length: 1073741824"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/x", listener.local_addr().unwrap());
            let sent = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                read_request(&mut stream, &mut Vec::new()).await;
                stream
                    .write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").as_bytes())
                    .await
                    .unwrap();
                let mut chunk = b"10000\r\n".to_vec();
                chunk.extend_from_slice(&b"x".repeat(0x10000));
                chunk.extend_from_slice(b"\r\n");
                let mut sent = 0;
                while sent < 1 << 30 && stream.write_all(&chunk).await.is_ok() {
                    sent += chunk.len();
                }
                sent
            });
            assert_eq!(
                transport().send(request(&url)).await.unwrap_err(),
                SendError::Lost(Lost::TooLarge)
            );
            assert!(sent.await.unwrap() < 64 << 20, "the rest was not read");
        }
    }

    #[tokio::test]
    async fn an_answer_of_exactly_one_mebibyte_is_read() {
        let mut answer =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {ANSWER_LIMIT}\r\n\r\n").into_bytes();
        answer.extend(std::iter::repeat_n(b'x', ANSWER_LIMIT));
        let (url, _) = server(answer, false).await;
        assert_eq!(transport().send(request(&url)).await.unwrap().body.len(), ANSWER_LIMIT);
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let (elsewhere, followed) =
            server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(), false).await;
        for status in [301, 302, 303, 307, 308] {
            let answer = format!(
                "HTTP/1.1 {status} X\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n"
            );
            let (url, _) = server(answer.into_bytes(), false).await;
            assert_eq!(transport().send(request(&url)).await.unwrap().status, status);
        }
        assert_eq!(followed.load(Ordering::SeqCst), 0);
    }

    /// Answers the first request of each connection and keeps it; closes at the second one without an answer.
    #[tokio::test]
    async fn a_closed_pooled_connection_never_sees_a_request_twice() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, opened) = (requests.clone(), connections.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::SeqCst);
                let counter = counter.clone();
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    if read_request(&mut stream, &mut seen).await {
                        counter.fetch_add(1, Ordering::SeqCst);
                        stream
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                            .await
                            .unwrap();
                    }
                    if read_request(&mut stream, &mut seen).await {
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        let transport = transport();
        let (mut answered, mut lost) = (0, 0);
        for _ in 0..200 {
            match transport.send_check(request(&url)).await {
                Ok(_) => answered += 1,
                Err(SendError::Lost(Lost::Cut)) => lost += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(
            requests.load(Ordering::SeqCst),
            200,
            "each call reached the server exactly once"
        );
        assert_eq!((answered, lost), (100, 100), "every second call met the closing connection");
        assert_eq!(connections.load(Ordering::SeqCst), 100, "connections are pooled");
    }

    /// Closes each connection right behind its answer, so that the next call races with the close.
    #[tokio::test]
    async fn a_race_with_a_closing_connection_never_sends_twice() {
        let (url, requests) =
            server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(), true).await;
        let transport = transport();
        let (mut answered, mut lost) = (0, 0);
        for _ in 0..500 {
            match transport.send_check(request(&url)).await {
                Ok(_) => answered += 1,
                Err(SendError::Lost(_)) => lost += 1,
                Err(other) => panic!("{other}"),
            }
        }
        let seen = requests.load(Ordering::SeqCst);
        assert!(
            seen >= answered && seen <= answered + lost,
            "{seen} seen, {answered} answered, {lost} lost"
        );
    }

    #[tokio::test]
    async fn ten_transport_errors_stop_charges_until_a_check_gets_through() {
        let (url, requests) =
            server(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n".to_vec(), false).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let down = format!("http://{}/x", listener.local_addr().unwrap());
        drop(listener);
        let transport = transport();
        for _ in 0..10 {
            assert!(!transport.breaker_is_open());
            let error = transport.send(request(&down)).await.unwrap_err();
            assert_eq!(error, SendError::NotSent(NotSent::Connect));
        }
        assert!(transport.breaker_is_open());
        let error = transport.send(request(&url)).await.unwrap_err();
        assert_eq!(error, SendError::NotSent(NotSent::Breaker));
        assert_eq!(requests.load(Ordering::SeqCst), 0, "no charge tries whether it works again");
        assert!(transport.send_check(request(&down)).await.is_err());
        assert!(transport.breaker_is_open(), "a failed check changes nothing");
        assert_eq!(transport.send_check(request(&url)).await.unwrap().status, 500);
        assert!(
            !transport.breaker_is_open(),
            "an answer, whatever it says, is a working transport"
        );
        assert_eq!(transport.send(request(&url)).await.unwrap().status, 500);
    }

    #[tokio::test]
    async fn a_check_with_refused_credentials_leaves_an_opened_breaker_open() {
        let (url, _) = server(b"HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n".to_vec(), false).await;
        let transport = transport();
        transport.open_breaker();
        assert_eq!(transport.send_check(request(&url)).await.unwrap().status, 401);
        assert!(transport.breaker_is_open());
    }

    #[test]
    fn errors_further_apart_than_30_seconds_do_not_add_up() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        for step in 0..100 {
            breaker.failed(start + Duration::from_millis(3_400) * step);
        }
        assert!(!breaker.is_open(), "nine in 30 s");
        let mut breaker = Breaker::default();
        for step in 0..10 {
            breaker.failed(start + Duration::from_millis(3_300) * step);
        }
        assert!(breaker.is_open(), "ten in 29.7 s");
    }

    #[test]
    fn debug_prints_nothing_but_the_breaker() {
        assert_eq!(format!("{:?}", transport()), "Transport(breaker open: false)");
    }
}
