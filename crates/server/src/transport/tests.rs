use std::sync::Arc;
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
    let (url, _) = server(b"HTTP/1.1 422 X\r\ncontent-length: 2\r\n\r\n{}".to_vec(), false).await;
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
    assert_eq!(silent.send(request(&url)).await.unwrap_err(), SendError::NotSent(NotSent::Connect));
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
    assert_eq!(transport().send(request(&url)).await.unwrap_err(), SendError::Lost(Lost::NotHttp));
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
        let answer =
            format!("HTTP/1.1 {status} X\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
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
    assert_eq!(requests.load(Ordering::SeqCst), 200, "each call reached the server exactly once");
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
    assert!(!transport.breaker_is_open(), "an answer, whatever it says, is a working transport");
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
fn debug_prints_nothing_but_the_breaker() {
    assert_eq!(format!("{:?}", transport()), "Transport(breaker open: false)");
}
