use proptest::prelude::*;
use static_assertions::assert_not_impl_any;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

assert_not_impl_any!(WebhookSecret: Clone, fmt::Display, PartialEq, serde::Serialize);

// The published vector of the specification's reference libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SECONDS: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secret() -> WebhookSecret {
    WebhookSecret::parse(SECRET).unwrap()
}

fn other() -> WebhookSecret {
    WebhookSecret::parse(&format!("whsec_{}", STANDARD.encode([9; 32]))).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn headers<'a>(timestamp: &'a str, signature: &'a str) -> Headers<'a> {
    Headers { id: ID, timestamp, signature }
}

#[test]
fn the_published_vector_is_reproduced() {
    assert_eq!(sign([&secret()], ID, at(SECONDS), BODY), SIGNATURE);
}

#[test]
fn during_rotation_either_secret_verifies() {
    let both = sign([&secret(), &other()], ID, at(SECONDS), BODY);
    assert_eq!(both.split(' ').count(), 2);
    let time = SECONDS.to_string();
    for merchants in [secret(), other()] {
        assert_eq!(verify([&merchants], headers(&time, &both), BODY, at(SECONDS)), Ok(()));
    }
}

#[test]
fn signatures_of_other_versions_are_skipped() {
    let mixed = format!("v1a,AAAA {SIGNATURE} v2,AAAA");
    assert_eq!(verify([&secret()], headers("1614265330", &mixed), BODY, at(SECONDS)), Ok(()));
    assert_eq!(
        verify(
            [&secret()],
            headers("1614265330", &SIGNATURE.replace("v1", "v2")),
            BODY,
            at(SECONDS)
        ),
        Err(VerifyError::Signature)
    );
}

#[test]
fn five_minutes_either_way_are_accepted_and_not_a_second_more() {
    let fits = |now| verify([&secret()], headers("1614265330", SIGNATURE), BODY, at(now));
    for distance in [-300, 0, 300] {
        assert_eq!(fits(SECONDS + distance), Ok(()), "{distance}");
    }
    for distance in [-301, 301] {
        assert_eq!(fits(SECONDS + distance), Err(VerifyError::Age), "{distance}");
    }
}

#[test]
fn another_secret_id_time_or_body_is_refused() {
    let wrong = Err(VerifyError::Signature);
    assert_eq!(verify([&other()], headers("1614265330", SIGNATURE), BODY, at(SECONDS)), wrong);
    assert_eq!(verify([&secret()], headers("1614265331", SIGNATURE), BODY, at(SECONDS)), wrong);
    assert_eq!(verify([&secret()], headers("1614265330", SIGNATURE), b"{}", at(SECONDS)), wrong);
    let renamed = Headers { id: "msg_x", timestamp: "1614265330", signature: SIGNATURE };
    assert_eq!(verify([&secret()], renamed, BODY, at(SECONDS)), wrong);
    assert_eq!(
        verify([&secret()], headers("now", SIGNATURE), BODY, at(SECONDS)),
        Err(VerifyError::Malformed)
    );
    assert_eq!(verify([], headers("1614265330", SIGNATURE), BODY, at(SECONDS)), wrong);
    assert_eq!(verify([&secret()], headers("1614265330", ""), BODY, at(SECONDS)), wrong);
}

#[test]
fn secrets_have_24_to_64_bytes_and_their_prefix() {
    for (length, fits) in [(23, false), (24, true), (64, true), (65, false)] {
        let text = format!("whsec_{}", STANDARD.encode(vec![1; length]));
        assert_eq!(WebhookSecret::parse(&text).is_ok(), fits, "{length} bytes");
    }
    assert!(WebhookSecret::parse(SECRET.trim_start_matches("whsec_")).is_err());
    assert_eq!(format!("{:?}", secret()), "WebhookSecret(..)");
}

#[test]
fn ten_attempts_spread_over_75_hours_and_there_is_no_eleventh() {
    let delays: Vec<u64> = (0..).map_while(retry_delay).map(|delay| delay.as_secs()).collect();
    assert_eq!(delays, [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    assert_eq!(retry_delay(10), None);
    assert_eq!(retry_delay(u32::MAX), None);
}

fn sender(mode: Mode) -> WebhookSender {
    WebhookSender::with_timeout(
        &secret(),
        Some(&other()),
        TargetGuard::new(mode),
        Duration::from_millis(600),
    )
    .unwrap()
}

/// Answers one request with fixed bytes; returns what it saw.
async fn endpoint(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let seen = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
        while !seen.ends_with(BODY) {
            let count = stream.read(&mut buffer).await.unwrap();
            seen.extend_from_slice(&buffer[..count]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        if answer.is_empty() {
            // Silence: until the caller gives up.
            let _ = stream.read(&mut buffer).await;
        }
        String::from_utf8(seen).unwrap()
    });
    (url, seen)
}

async fn deliver(url: &str) -> DeliveryOutcome {
    sender(Mode::Sandbox).deliver(url, ID, at(SECONDS), BODY).await
}

#[tokio::test]
async fn a_delivery_carries_the_three_headers_and_the_body_and_2xx_is_delivered() {
    let (url, seen) = endpoint("HTTP/1.1 204 X\r\n\r\n").await;
    assert_eq!(deliver(&url).await, DeliveryOutcome::Delivered);
    let seen = seen.await.unwrap();
    assert!(seen.starts_with("POST /hook HTTP/1.1\r\n"), "{seen}");
    let expected = sign([&secret(), &other()], ID, at(SECONDS), BODY);
    for header in [
        "content-type: application/json\r\n",
        &format!("webhook-id: {ID}\r\n"),
        "webhook-timestamp: 1614265330\r\n",
        &format!("webhook-signature: {expected}\r\n"),
    ] {
        assert!(seen.contains(header), "{header} in {seen}");
    }
}

#[tokio::test]
async fn a_410_is_gone_and_everything_else_is_tried_again() {
    let (url, _) = endpoint("HTTP/1.1 410 X\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(deliver(&url).await, DeliveryOutcome::Gone);
    for status in [302, 400, 404, 500, 503] {
        let answer = format!(
            "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
        );
        let (url, _) = endpoint(Box::leak(answer.into_boxed_str())).await;
        assert_eq!(deliver(&url).await, DeliveryOutcome::Failed(DeliveryFailure::Status(status)));
    }
}

#[tokio::test]
async fn an_endless_answer_is_not_read() {
    let (url, _) = endpoint("HTTP/1.1 200 X\r\ncontent-length: 1000000000\r\n\r\nx").await;
    assert_eq!(deliver(&url).await, DeliveryOutcome::Delivered);
}

#[tokio::test]
async fn silence_refusal_and_rubbish_are_told_apart() {
    let (url, _) = endpoint("").await;
    assert_eq!(deliver(&url).await, DeliveryOutcome::Failed(DeliveryFailure::Timeout));
    let (url, _) = endpoint("rubbish\r\n\r\n").await;
    assert_eq!(deliver(&url).await, DeliveryOutcome::Failed(DeliveryFailure::Lost));
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/");
    assert_eq!(deliver(&url).await, DeliveryOutcome::Failed(DeliveryFailure::Connect));
}

#[tokio::test]
async fn live_mode_sends_nothing_inside_and_no_mode_sends_a_large_body() {
    for inside in ["https://127.0.0.1:1/", "https://localhost:1/", "http://shop.example/", "no URL"]
    {
        let outcome = sender(Mode::Live).deliver(inside, ID, at(SECONDS), BODY).await;
        assert_eq!(outcome, DeliveryOutcome::Failed(DeliveryFailure::Refused), "{inside}");
    }
    let outcome = sender(Mode::Sandbox)
        .deliver("http://127.0.0.1:1/", ID, at(SECONDS), &b" ".repeat(20_001))
        .await;
    assert_eq!(outcome, DeliveryOutcome::Failed(DeliveryFailure::BodyTooLarge));
}

proptest! {
    #[test]
    fn one_flipped_bit_breaks_a_signature(
        body in proptest::collection::vec(any::<u8>(), 1..200), position: prop::sample::Index, bit in 0..8u8,
    ) {
        let signature = sign([&secret()], ID, at(SECONDS), &body);
        let mut altered = body.clone();
        altered[position.index(body.len())] ^= 1 << bit;
        prop_assert_eq!(verify([&secret()], headers("1614265330", &signature), &body, at(SECONDS)), Ok(()));
        prop_assert!(verify([&secret()], headers("1614265330", &signature), &altered, at(SECONDS)).is_err());
    }
}
