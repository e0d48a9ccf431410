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
mod tests;
