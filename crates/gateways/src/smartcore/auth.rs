//! Basic authentication. Source: both documents, "Authorization".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The `Authorization` header's value: `Basic`, a space, the base64 of `merchant_key:secret`.
pub fn basic(merchant_key: &str, secret: &SecretString) -> SecretString {
    let secret = secret.expose_secret();
    // Both buffers have their final size from the start, so nothing is left behind by growing.
    let mut pair = Zeroizing::new(Vec::with_capacity(merchant_key.len() + 1 + secret.len()));
    pair.extend_from_slice(merchant_key.as_bytes());
    pair.push(b':');
    pair.extend_from_slice(secret.as_bytes());
    let mut header = String::with_capacity(SCHEME.len() + pair.len().div_ceil(3) * 4);
    header.push_str(SCHEME);
    STANDARD.encode_string(&*pair, &mut header);
    SecretString::from(header)
}

/// Whether a received header's value is the right one, compared in constant time.
pub fn fits(header: &str, merchant_key: &str, secret: &SecretString) -> bool {
    basic(merchant_key, secret).expose_secret().as_bytes().ct_eq(header.as_bytes()).into()
}

const SCHEME: &str = "Basic ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_sample_pair_gives_the_documents_sample_header() {
        let secret = SecretString::from("qwerty");
        assert_eq!(basic("test", &secret).expose_secret(), "Basic dGVzdDpxd2VydHk=");
        assert!(fits("Basic dGVzdDpxd2VydHk=", "test", &secret));
        assert!(!fits("Basic dGVzdDpxd2VydHl=", "test", &secret));
        assert!(!fits("", "test", &secret));
    }
}
