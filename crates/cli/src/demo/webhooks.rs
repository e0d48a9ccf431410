//! The shop's webhook endpoint: verifies as any merchant would, by Standard Webhooks, with no help from the server's code.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

/// How far a webhook's time may be from ours, seconds: Standard Webhooks, "Webhook security best practices".
const TOLERANCE: u64 = 5 * 60;

/// The secret that signs webhooks to the shop.
pub(super) struct Secret(Vec<u8>);

/// Why a webhook was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// A header is missing.
    #[error("a webhook header is missing")]
    Header,
    /// No signature fits.
    #[error("the signature does not fit")]
    Signature,
    /// Too old, or from the future.
    #[error("the time is more than five minutes off")]
    Time,
}

impl Secret {
    /// A secret from random bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// `whsec_` and base64, as configuration wants it.
    pub(super) fn to_text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// Reads what [`Secret::to_text`] writes.
    #[cfg(test)]
    pub(super) fn from_text(text: &str) -> Option<Self> {
        Some(Self(STANDARD.decode(text.trim().strip_prefix("whsec_")?).ok()?))
    }

    /// Checks signature and age over the bytes as they arrived; gives the webhook's id.
    pub(super) fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let header = |name: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Refusal::Header)
        };
        let (id, time, signatures) =
            (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| Refusal::Signature)?;
        for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
            mac.update(part);
        }
        // Several signatures are listed while a secret is being rotated.
        let fits = signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|signature| mac.clone().verify_slice(&signature).is_ok());
        if !fits {
            return Err(Refusal::Signature);
        }
        let time: i64 = time.parse().map_err(|_| Refusal::Time)?;
        if now.as_second().abs_diff(time) > TOLERANCE {
            return Err(Refusal::Time);
        }
        Ok(id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The specification's own example: Standard Webhooks, reference libraries' test vector.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIME: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(id: &str, time: i64, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", &time.to_string()),
            ("webhook-signature", signature),
        ] {
            headers.insert(axum::http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        headers
    }

    fn verify(headers: &HeaderMap, body: &[u8], now: i64) -> Result<String, Refusal> {
        Secret::from_text(SECRET).unwrap().verify(
            headers,
            body,
            Timestamp::from_second(now).unwrap(),
        )
    }

    #[test]
    fn the_published_example_verifies_alone_and_among_others() {
        assert_eq!(verify(&headers(ID, TIME, SIGNATURE), BODY, TIME + 10), Ok(ID.to_owned()));
        let two = format!("v1,AAAA v2,zzzz {SIGNATURE}");
        assert_eq!(verify(&headers(ID, TIME, &two), BODY, TIME), Ok(ID.to_owned()));
    }

    #[test]
    fn a_changed_body_id_or_time_is_refused() {
        assert_eq!(verify(&headers(ID, TIME, SIGNATURE), b"{}", TIME), Err(Refusal::Signature));
        assert_eq!(
            verify(&headers("msg_other", TIME, SIGNATURE), BODY, TIME),
            Err(Refusal::Signature)
        );
        assert_eq!(verify(&headers(ID, TIME + 1, SIGNATURE), BODY, TIME), Err(Refusal::Signature));
    }

    #[test]
    fn an_old_webhook_is_refused_even_with_a_good_signature() {
        assert_eq!(verify(&headers(ID, TIME, SIGNATURE), BODY, TIME + 301), Err(Refusal::Time));
    }

    #[test]
    fn a_webhook_without_its_headers_is_refused() {
        assert_eq!(verify(&HeaderMap::new(), BODY, TIME), Err(Refusal::Header));
    }
}
