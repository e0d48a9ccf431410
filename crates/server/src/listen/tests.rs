use axum::extract::Request;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::json::read_body;

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<bool>,
}

async fn run(router: Router, limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(serve(listener, router, limits, async {
        let _ = stopped.await;
    }));
    Running { address, stop: Some(stop), ended }
}

impl Running {
    /// Sends bytes and reads until the server closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may answer and close before it has read all.
        let _ = stream.write_all(bytes).await;
        read_to_end(&mut stream).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count) = stream.read(&mut buffer).await {
        if count == 0 {
            break;
        }
        seen.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(seen).unwrap()
}

fn short() -> Limits {
    Limits {
        header_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        grace: Duration::from_millis(300),
        ..Limits::default()
    }
}

fn router() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route(
            "/length",
            post(async |request: Request| {
                read_body(request).await.map(|body| body.len().to_string())
            }),
        )
        .route("/address", get(async |client: ClientAddr| client.ip().to_string()))
        .route("/panic", get(async || -> &'static str { panic!("card 4012000000003010") }))
}

const CLOSE: &str = "host: x\r\nconnection: close\r\n";

fn post_of(length: usize) -> Vec<u8> {
    let mut bytes =
        format!("POST /length HTTP/1.1\r\n{CLOSE}content-length: {length}\r\n\r\n").into_bytes();
    bytes.extend(std::iter::repeat_n(b'x', length));
    bytes
}

#[tokio::test]
async fn requests_are_answered_with_the_peers_address_and_an_id() {
    let server = run(router(), Limits::default()).await;
    let answer = server.exchange(format!("GET /address HTTP/1.1\r\n{CLOSE}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("127.0.0.1"), "{answer}");
    assert!(answer.contains("x-request-id: req_"), "{answer}");
}

#[tokio::test]
async fn a_trusted_proxy_is_believed() {
    let limits =
        Limits { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..Limits::default() };
    let server = run(router(), limits).await;
    let head =
        format!("GET /address HTTP/1.1\r\n{CLOSE}x-forwarded-for: 6.6.6.6, 198.51.100.9\r\n\r\n");
    assert!(server.exchange(head.as_bytes()).await.ends_with("198.51.100.9"));
}

#[tokio::test]
async fn a_body_of_64_kib_passes_and_one_byte_more_is_413() {
    let server = run(router(), Limits::default()).await;
    assert!(server.exchange(&post_of(65_536)).await.ends_with("65536"));
    let answer = server.exchange(&post_of(65_537)).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_without_end_is_413() {
    let server = run(router(), Limits::default()).await;
    let mut bytes =
        format!("POST /length HTTP/1.1\r\n{CLOSE}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..20 {
        bytes.extend_from_slice(b"1000\r\n");
        bytes.extend(std::iter::repeat_n(b'x', 0x1000));
        bytes.extend_from_slice(b"\r\n");
    }
    assert!(server.exchange(&bytes).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_long_url_is_414() {
    let server = run(router(), Limits::default()).await;
    let url = |length: usize| format!("/?{}", "a".repeat(length - 2));
    let get = |url: String| format!("GET {url} HTTP/1.1\r\n{CLOSE}\r\n");
    assert!(server.exchange(get(url(4096)).as_bytes()).await.starts_with("HTTP/1.1 200 "));
    assert!(server.exchange(get(url(4097)).as_bytes()).await.starts_with("HTTP/1.1 414 "));
    assert!(server.exchange(get(url(16_000)).as_bytes()).await.starts_with("HTTP/1.1 414 "));
    assert!(
        server.exchange(get(url(30_000)).as_bytes()).await.starts_with("HTTP/1.1 431 "),
        "the head as a whole"
    );
}

#[tokio::test]
async fn large_or_many_headers_are_431() {
    let server = run(router(), Limits::default()).await;
    let get = |headers: String| format!("GET / HTTP/1.1\r\n{CLOSE}{headers}\r\n");
    let line = |length: usize| format!("x: {}\r\n", "a".repeat(length));
    assert!(server.exchange(get(line(8_000)).as_bytes()).await.starts_with("HTTP/1.1 200 "));
    assert!(
        server.exchange(get(line(8_192)).as_bytes()).await.starts_with("HTTP/1.1 431 "),
        "one of 8 KiB"
    );
    assert!(
        server.exchange(get(line(6_000).repeat(3)).as_bytes()).await.starts_with("HTTP/1.1 431 "),
        "18 kB"
    );
    assert!(
        server.exchange(get(line(1).repeat(101)).as_bytes()).await.starts_with("HTTP/1.1 431 "),
        "101 headers"
    );
    assert!(server.exchange(get(line(1_000_000)).as_bytes()).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_head_that_does_not_arrive_in_time_ends_the_connection() {
    let server = run(router(), short()).await;
    assert_eq!(server.exchange(b"GET / HTTP/1.1\r\nhost:").await, "", "closed without an answer");
    assert_eq!(server.exchange(b"").await, "", "an idle connection too");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_408() {
    let server = run(router(), short()).await;
    let head = format!("POST /length HTTP/1.1\r\n{CLOSE}content-length: 10\r\n\r\n12345");
    let answer = server.exchange(head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_drips_is_408_at_the_deadline_of_the_whole() {
    let server = run(router(), short()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("POST /length HTTP/1.1\r\n{CLOSE}content-length: 10000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let drip = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while writer.write_all(b"x").await.is_ok() {
            tick.tick().await;
        }
    });
    let mut start = [0; 13];
    reader.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 408 ");
    drip.abort();
}

#[tokio::test]
async fn an_answer_that_streams_outlives_every_time_out_of_a_request() {
    let ticks = async || {
        let ticks = futures_util::stream::unfold(0, |n| async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            (n < 10).then(|| (Ok::<_, Infallible>(format!("tick {n}\n")), n + 1))
        });
        Body::from_stream(ticks)
    };
    let server = run(Router::new().route("/", get(ticks)), short()).await;
    let answer = server.exchange(format!("GET / HTTP/1.1\r\n{CLOSE}\r\n").as_bytes()).await;
    assert!(answer.contains("tick 0\n") && answer.contains("tick 9\n"), "{answer}");
    assert!(answer.ends_with("0\r\n\r\n"), "to its end: {answer}");
}

#[tokio::test]
async fn a_panic_is_a_500_that_says_nothing_and_the_server_goes_on() {
    let server = run(router(), Limits::default()).await;
    for _ in 0..3 {
        let answer =
            server.exchange(format!("GET /panic HTTP/1.1\r\n{CLOSE}\r\n").as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 500 ") && answer.contains("urn:farthing:problem:internal"),
            "{answer}"
        );
        assert!(
            !answer.contains("4012") && answer.contains("req_") && answer.contains("nosniff"),
            "{answer}"
        );
    }
    assert!(
        server
            .exchange(format!("GET / HTTP/1.1\r\n{CLOSE}\r\n").as_bytes())
            .await
            .ends_with("hello")
    );
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_a_free_place() {
    let server = run(router(), Limits { max_connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut byte = [0; 1];
    first.read_exact(&mut byte).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(format!("GET / HTTP/1.1\r\n{CLOSE}\r\n").as_bytes()).await.unwrap();
    let waiting =
        tokio::time::timeout(Duration::from_millis(200), second.read_exact(&mut byte)).await;
    assert!(waiting.is_err(), "the only place is taken");
    drop(first);
    assert!(read_to_end(&mut second).await.ends_with("hello"));
}

#[tokio::test]
async fn shutdown_lets_a_request_end_and_takes_no_new_one() {
    let (started, has_started) = oneshot::channel::<()>();
    let (go, may_go) = oneshot::channel::<()>();
    let parts = Arc::new(tokio::sync::Mutex::new(Some((started, may_go))));
    let slow = get(async move || {
        let (started, may_go) = parts.lock().await.take().unwrap();
        started.send(()).unwrap();
        may_go.await.unwrap();
        "done"
    });
    let mut server = run(Router::new().route("/", slow), Limits::default()).await;
    let address = server.address;
    let call = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        read_to_end(&mut stream).await
    });
    has_started.await.unwrap();
    server.stop.take().unwrap().send(()).unwrap();
    // Once nothing listens any more, the shutdown has begun.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    let answer = call.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("done"), "{answer}");
    assert!(server.ended.await.unwrap(), "nothing was cut");
}

#[tokio::test]
async fn shutdown_ends_when_the_grace_time_is_over() {
    let (started, has_started) = oneshot::channel::<()>();
    let started = Arc::new(tokio::sync::Mutex::new(Some(started)));
    let hang = get(async move || -> &'static str {
        started.lock().await.take().unwrap().send(()).unwrap();
        std::future::pending().await
    });
    let mut server = run(Router::new().route("/", hang), short()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    has_started.await.unwrap();
    server.stop.take().unwrap().send(()).unwrap();
    assert!(!server.ended.await.unwrap(), "a request was cut");
    assert_eq!(read_to_end(&mut stream).await, "");
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_shutdown_up() {
    let mut server =
        run(router(), Limits { grace: Duration::from_mins(1), ..Limits::default() }).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut byte = [0; 1];
    stream.read_exact(&mut byte).await.unwrap();
    server.stop.take().unwrap().send(()).unwrap();
    assert!(server.ended.await.unwrap());
}
