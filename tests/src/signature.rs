//! Standard Webhooks, verified by an implementation of our own: HMAC-SHA256 over `id.timestamp.body`.
//!
//! Source: Standard Webhooks specification, "Signature scheme".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Why a delivery cannot be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// One of the three headers is missing.
    Header,
    /// The time is more than five minutes off.
    Time,
    /// No signature in the list fits.
    Mismatch,
}

/// Checks one delivery against a secret of the form `whsec_…`.
pub fn verify(
    secret: &str,
    id: Option<&str>,
    timestamp: Option<&str>,
    signatures: Option<&str>,
    body: &[u8],
    now_seconds: i64,
) -> Result<(), SignatureError> {
    let (Some(id), Some(timestamp), Some(signatures)) = (id, timestamp, signatures) else {
        return Err(SignatureError::Header);
    };
    let at: i64 = timestamp.parse().map_err(|_| SignatureError::Header)?;
    if (at - now_seconds).abs() > 300 {
        return Err(SignatureError::Time);
    }
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap_or(secret))
        .expect("the secret is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    let expected = mac.finalize().into_bytes();
    let fits = |part: &str| {
        part.strip_prefix("v1,")
            .and_then(|text| STANDARD.decode(text).ok())
            .is_some_and(|mac| mac == expected.as_slice())
    };
    if signatures.split(' ').any(fits) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// HMAC-SHA256 in small hexadecimal letters, as SmartCore signs callbacks.
pub fn hmac_sha256_hex(secret: &str, text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(text);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_published_example_is_accepted_and_every_change_is_refused() {
        // Standard Webhooks, reference libraries' test vector.
        let now = 1_614_265_330;
        let check = |secret: &str, id, time, sign, body| {
            verify(secret, Some(id), Some(time), Some(sign), body, now)
        };
        assert_eq!(check(SECRET, ID, "1614265330", SIGNATURE, BODY), Ok(()));
        let rotated = format!("v1,AAAA {SIGNATURE}");
        assert_eq!(check(SECRET, ID, "1614265330", &rotated, BODY), Ok(()));
        assert_eq!(
            check(SECRET, "msg_x", "1614265330", SIGNATURE, BODY),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(check(SECRET, ID, "1614265331", SIGNATURE, BODY), Err(SignatureError::Mismatch));
        assert_eq!(
            check(SECRET, ID, "1614265330", SIGNATURE, b"{}"),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(check(SECRET, ID, "1614264330", SIGNATURE, BODY), Err(SignatureError::Time));
        assert_eq!(
            verify(SECRET, None, Some("1614265330"), Some(SIGNATURE), BODY, now),
            Err(SignatureError::Header)
        );
    }
}
