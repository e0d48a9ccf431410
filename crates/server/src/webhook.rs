//! Events to the merchant, signed and sent by the specification "Standard Webhooks".

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use sha2::Sha256;
use url::Url;
use zeroize::Zeroizing;

use crate::config::Mode;
use crate::target::TargetGuard;
use crate::transport::{TransportError, client_builder};

/// A secret that signs events: `whsec_` and the base64 of 24 to 64 bytes. Wiped on drop, never printed or cloned.
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// The text is not a webhook secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ and the base64 of 24 to 64 bytes")]
pub struct NotASecret;

impl WebhookSecret {
    /// Parses the text that merchants are given.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.strip_prefix("whsec_").ok_or(NotASecret)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| NotASecret)?);
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(NotASecret) }
    }

    fn mac(&self, event_id: &str, seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?; // never `None`: HMAC takes keys of any length
        mac.update(event_id.as_bytes());
        mac.update(b".");
        mac.update(seconds.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        Some(mac)
    }

    /// A second copy for the sender, which outlives the configuration.
    fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("WebhookSecret(..)")
    }
}

/// The value of `webhook-signature`: one `v1,…` per secret, with spaces between.
///
/// Source: Standard Webhooks, "Signature scheme": HMAC-SHA256 over `id.timestamp.body`, base64.
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    event_id: &str,
    at: Timestamp,
    body: &[u8],
) -> String {
    let mut value = String::new();
    for mac in secrets.into_iter().filter_map(|secret| secret.mac(event_id, at.as_second(), body)) {
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str("v1,");
        STANDARD.encode_string(mac.finalize().into_bytes(), &mut value);
    }
    value
}

/// A webhook's three headers, as they arrived.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
}

/// Why a webhook was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// More than five minutes away from now.
    #[error("the webhook's time is too far from now")]
    Age,
    /// A header is not of its form.
    #[error("the webhook's headers are malformed")]
    Malformed,
    /// No signature fits any secret.
    #[error("the webhook's signature is wrong")]
    Signature,
}

/// Checks a webhook as a merchant should: signature in constant time, then age.
pub fn verify<'a>(
    secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    headers: Headers<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), VerifyError> {
    let seconds: i64 = headers.timestamp.parse().map_err(|_| VerifyError::Malformed)?;
    let offered: Vec<Vec<u8>> = headers
        .signature
        .split(' ')
        .filter_map(|part| STANDARD.decode(part.strip_prefix("v1,")?).ok())
        .collect();
    let mut fits = false;
    for mac in secrets.into_iter().filter_map(|secret| secret.mac(headers.id, seconds, body)) {
        for signature in &offered {
            fits |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    if !fits {
        return Err(VerifyError::Signature);
    }
    if now.as_second().abs_diff(seconds) > TOLERANCE.as_secs() {
        return Err(VerifyError::Age);
    }
    Ok(())
}

/// How long after the attempt before it the attempt number `attempt` (from 0) is made; `None`: there is none.
///
/// Source: Standard Webhooks, "Deliverability and reliability".
pub fn retry_delay(attempt: u32) -> Option<Duration> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const SCHEDULE: [u64; 10] = [
        0,
        5,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        14 * HOUR,
        20 * HOUR,
        24 * HOUR,
    ];
    SCHEDULE.get(usize::try_from(attempt).ok()?).copied().map(Duration::from_secs)
}

/// Sends events. Follows no redirect and reads no answer; what the guard refuses gets no packet.
pub struct WebhookSender {
    client: reqwest::Client,
    guard: TargetGuard,
    secrets: Vec<WebhookSecret>,
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// 2xx.
    Delivered,
    /// Anything else: try again by [`retry_delay`].
    Failed(DeliveryFailure),
    /// 410: the endpoint wants no more events.
    Gone,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryFailure {
    /// The body is larger than 20 000 bytes; trying again is of no use.
    BodyTooLarge,
    /// The endpoint could not be connected to.
    Connect,
    /// The connection ended without an answer.
    Lost,
    /// The guard refused the target, or it is no URL.
    Refused,
    /// An HTTP status other than 2xx and 410.
    Status(u16),
    /// No answer within 15 s.
    Timeout,
}

impl fmt::Display for DeliveryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BodyTooLarge => f.write_str("body_too_large"),
            Self::Connect => f.write_str("connect"),
            Self::Lost => f.write_str("lost"),
            Self::Refused => f.write_str("refused_target"),
            Self::Status(status) => write!(f, "status_{status}"),
            Self::Timeout => f.write_str("timeout"),
        }
    }
}

impl WebhookSender {
    /// A sender that signs with the current secret and, during rotation, with the old one too.
    pub fn new(
        current: &WebhookSecret,
        old: Option<&WebhookSecret>,
        mode: Mode,
    ) -> Result<Self, TransportError> {
        Self::with_timeout(current, old, TargetGuard::new(mode), TIMEOUT)
    }

    fn with_timeout(
        current: &WebhookSecret,
        old: Option<&WebhookSecret>,
        guard: TargetGuard,
        timeout: Duration,
    ) -> Result<Self, TransportError> {
        let client = client_builder()?
            .dns_resolver(guard.clone())
            .connect_timeout(timeout / 3)
            .timeout(timeout)
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(Duration::from_secs(4))
            .build()
            .map_err(|_| TransportError)?;
        let secrets =
            [Some(current), old].into_iter().flatten().map(WebhookSecret::duplicate).collect();
        Ok(Self { client, guard, secrets })
    }

    /// One attempt. `event_id` is the same at every attempt; `now` is signed.
    pub async fn deliver(
        &self,
        url: &str,
        event_id: &str,
        now: Timestamp,
        body: &[u8],
    ) -> DeliveryOutcome {
        if body.len() > BODY_LIMIT {
            return DeliveryOutcome::Failed(DeliveryFailure::BodyTooLarge);
        }
        let url = Url::parse(url).ok().filter(|url| self.guard.check_url(url).is_ok());
        let Some(url) = url else { return DeliveryOutcome::Failed(DeliveryFailure::Refused) };
        let signature = sign(&self.secrets, event_id, now, body);
        let sent = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", event_id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", signature)
            .body(body.to_vec())
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => DeliveryOutcome::Delivered,
            Ok(answer) if answer.status() == StatusCode::GONE => DeliveryOutcome::Gone,
            Ok(answer) => {
                DeliveryOutcome::Failed(DeliveryFailure::Status(answer.status().as_u16()))
            }
            Err(error) => DeliveryOutcome::Failed(judge(&error)),
        }
    }
}

impl fmt::Debug for WebhookSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _, guard, secrets } = self;
        write!(f, "WebhookSender({guard:?}, {} secrets)", secrets.len())
    }
}

fn judge(error: &reqwest::Error) -> DeliveryFailure {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<crate::target::TargetRefused>() {
            return DeliveryFailure::Refused;
        }
        source = cause.source();
    }
    if error.is_timeout() {
        DeliveryFailure::Timeout
    } else if error.is_connect() {
        DeliveryFailure::Connect
    } else {
        DeliveryFailure::Lost
    }
}

const TIMEOUT: Duration = Duration::from_secs(15);
const TOLERANCE: Duration = Duration::from_mins(5);
/// Source: Standard Webhooks, "Payload size": below 20 kB.
const BODY_LIMIT: usize = 20_000;

#[cfg(test)]
mod tests {
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
        assert_eq!(
            verify([&secret()], headers("1614265330", SIGNATURE), b"{}", at(SECONDS)),
            wrong
        );
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
            assert_eq!(
                deliver(&url).await,
                DeliveryOutcome::Failed(DeliveryFailure::Status(status))
            );
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
        for inside in
            ["https://127.0.0.1:1/", "https://localhost:1/", "http://shop.example/", "no URL"]
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
}
