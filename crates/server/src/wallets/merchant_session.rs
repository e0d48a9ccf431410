//! Merchant validation: Apple tells a browser, through us, that this shop may ask for a payment.
//!
//! No URL of the browser's is ever used: the host is configured, and what is said to it comes from configuration and the session.
//! Source: "Apple Pay on the Web", "Requesting an Apple Pay payment session".

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use reqwest::StatusCode;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tracing::error;
use url::Url;

use farthing_wallets::apple;

use crate::config::ApplePay;
use crate::transport::{TransportError, Unread, client_with_identity, read_answer};

/// How long Apple may take, connecting included.
const WITHIN: Duration = Duration::from_secs(10);
/// The largest answer; real ones have 4 to 5 KiB.
const MAX_ANSWER: usize = 64 * 1024;
/// A session asks at most so often within [`WINDOW`]: each tap on the button asks once.
const MAX_ASKED: u32 = 10;
const WINDOW: Duration = Duration::from_mins(5);
/// So many sessions are remembered for that.
const CAPACITY: usize = 10_000;

/// The merchant identity certificate with its key: a TLS client certificate.
pub struct Identity {
    key: Arc<CertifiedKey>,
    not_after: Timestamp,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, not_after } = self;
        write!(f, "Identity(until {not_after}, ..)")
    }
}

/// What is wrong with the operator's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not certificates in PEM.
    #[error("the certificate file does not hold a certificate in PEM")]
    Certificate,
    /// It is over.
    #[error("has expired on {}", .0.strftime("%F"))]
    Expired(Timestamp),
    /// Not a private key in PEM.
    #[error("the key file does not hold a private key in PEM, without a password")]
    Key,
    /// Another merchant's.
    #[error("the certificate is that of another merchant id")]
    Merchant,
    /// Another one's key.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
}

impl Identity {
    /// Reads and checks both.
    pub fn from_pem(
        merchant_id: &str,
        pem: &[u8],
        key: &SecretString,
        now: Timestamp,
    ) -> Result<Self, IdentityError> {
        let certificates = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| IdentityError::Certificate)?;
        let leaf = certificates.first().ok_or(IdentityError::Certificate)?;
        let not_after = apple::not_after(leaf).ok_or(IdentityError::Certificate)?;
        // Where the subject names a merchant, as Apple's do, it has to be this one.
        let is_another = apple::user_id(leaf).is_some_and(|named| named != merchant_id);
        let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
            .map_err(|_| IdentityError::Key)?;
        let provider = rustls::crypto::ring::default_provider();
        let signer = provider.key_provider.load_private_key(key).map_err(|_| IdentityError::Key)?;
        let key = CertifiedKey::new(certificates, signer);
        key.keys_match().map_err(|_| IdentityError::Mismatch)?;
        if is_another {
            return Err(IdentityError::Merchant);
        }
        if not_after <= now {
            return Err(IdentityError::Expired(not_after));
        }
        Ok(Self { key: Arc::new(key), not_after })
    }

    /// When it ends.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    pub(crate) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}

/// The way to Apple's host, and how often sessions have taken it.
#[derive(Debug)]
pub struct AppleHost {
    client: reqwest::Client,
    url: Url,
    asked: Asked,
}

/// How often sessions have asked, and since when.
#[derive(Debug, Default)]
struct Asked(Mutex<HashMap<String, (Instant, u32)>>);

impl Asked {
    fn may_ask(&self, session_id: &str, now: Instant) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= CAPACITY {
            asked.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        }
        let full = asked.len() >= CAPACITY;
        let Some((since, count)) = asked.get_mut(session_id) else {
            if full {
                return false;
            }
            asked.insert(session_id.to_owned(), (now, 1));
            return true;
        };
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= MAX_ASKED
    }
}

/// Why there is no merchant session. A browser is told that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSession {
    /// More than 64 KiB.
    #[error("Apple's answer is larger than it may be")]
    TooLarge,
    /// Not what Apple answers with.
    #[error("Apple's answer is no JSON object")]
    Malformed,
    /// The merchant, its certificate or the domain is not registered; or Apple is down. A redirect counts as an error too.
    #[error("Apple answered {0}")]
    Status(StatusCode),
    /// No connection, no TLS, or no answer in time.
    #[error("Apple did not answer")]
    Silent,
}

impl NoSession {
    /// The word in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Status(_) => "status",
            Self::Silent => "silent",
        }
    }
}

/// The request to Apple.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Ask<'a> {
    merchant_identifier: &'a str,
    display_name: &'a str,
    initiative: &'static str,
    initiative_context: &'a str,
}

impl AppleHost {
    /// A client that shows the merchant identity certificate to the configured host, follows nowhere and gives up after ten seconds.
    pub fn new(apple: &ApplePay) -> Result<Self, TransportError> {
        let client = client_with_identity(apple.identity.key(), apple.host_ca.as_deref())?
            .timeout(WITHIN)
            .build()
            .map_err(|_| TransportError)?;
        Ok(Self { client, url: apple.host.clone(), asked: Asked::default() })
    }

    /// Whether a session may ask once more now.
    pub fn may_ask(&self, session_id: &str, now: Instant) -> bool {
        self.asked.may_ask(session_id, now)
    }

    /// Asks for a merchant session for a page on the host `domain`; what Apple answers is for the browser, untouched.
    pub async fn ask(&self, apple: &ApplePay, domain: &str) -> Result<Vec<u8>, NoSession> {
        let ask = Ask {
            merchant_identifier: &apple.merchant_id,
            display_name: &apple.display_name,
            initiative: "web",
            initiative_context: domain,
        };
        let body = serde_json::to_vec(&ask).map_err(|_| NoSession::Malformed)?;
        let request =
            self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
        let answer = request.send().await.map_err(|_| NoSession::Silent)?;
        let status = answer.status();
        let bytes = read_answer(answer, MAX_ANSWER).await.map_err(|error| match error {
            Unread::TooLarge => NoSession::TooLarge,
            Unread::Broken(_) => NoSession::Silent,
        })?;
        if status != StatusCode::OK {
            // Apple's own words say what is not registered. They hold nothing of the shopper's.
            let words: String = String::from_utf8_lossy(&bytes).chars().take(500).collect();
            error!(status = status.as_u16(), answer = words, "Apple refused a merchant session");
            return Err(NoSession::Status(status));
        }
        let object: Result<serde_json::Map<String, serde_json::Value>, _> =
            serde_json::from_slice(&bytes);
        object.map(|_| bytes).map_err(|_| NoSession::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_asks_ten_times_in_five_minutes_and_then_waits() {
        let (asked, now) = (Asked::default(), Instant::now());
        assert!((0..MAX_ASKED).all(|_| asked.may_ask("ses_1", now)));
        assert!(!asked.may_ask("ses_1", now));
        assert!(asked.may_ask("ses_2", now), "another session is another shopper");
        assert!(asked.may_ask("ses_1", now + WINDOW));
    }

    #[test]
    fn memory_is_bounded_and_new_sessions_wait_while_it_is_full() {
        let (asked, now) = (Asked::default(), Instant::now());
        for n in 0..CAPACITY {
            assert!(asked.may_ask(&format!("ses_{n}"), now));
        }
        assert!(!asked.may_ask("ses_new", now));
        assert!(asked.may_ask("ses_0", now));
        assert!(asked.may_ask("ses_new", now + WINDOW));
    }
}
