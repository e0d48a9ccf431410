//! The callback's signature: HMAC-SHA256 over the values, sorted by key and joined with bars.
//!
//! Keys, time and a nonce are not signed, so a value may move over a bar and a key may be renamed without the signature
//! noticing, and a callback stays valid for ever. Hence a callback that verifies is a hint to check, and no more.
//!
//! Source: "SmartCore API", Callback, "Signature generation".

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::wire::callback::SIGN;

/// The text that is signed: every value but the signature's, in the order of JavaScript's default array sort of the keys,
/// which compares UTF-16 code units.
pub fn canonical<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    let mut sorted: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(key, value)| (key.as_ref(), value.as_ref()))
        .filter(|(key, _)| !is_sign(key))
        .collect();
    sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
    let values: Vec<&str> = sorted.into_iter().map(|(_, value)| value).collect();
    values.join("|")
}

/// Signs callback fields, decoded: 64 small hexadecimal digits. A field named `sign` is left out.
pub fn sign<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)], secret: &SecretString) -> String {
    tag(canonical(pairs).as_bytes(), secret).map(hex::encode).unwrap_or_default()
}

/// Whether `signature` (64 hexadecimal digits of either case) fits the fields under any of the secrets.
///
/// All secrets are tried always, and each comparison takes the same time wherever the difference is.
pub fn verify<'s, K: AsRef<str>, V: AsRef<str>>(
    pairs: &[(K, V)],
    signature: &str,
    secrets: impl IntoIterator<Item = &'s SecretString>,
) -> bool {
    let mut claimed = [0_u8; 32];
    if hex::decode_to_slice(signature, &mut claimed).is_err() {
        return false;
    }
    let text = canonical(pairs);
    let fits = secrets.into_iter().fold(Choice::from(0), |fits, secret| {
        fits | tag(text.as_bytes(), secret).map_or(Choice::from(0), |tag| tag.ct_eq(&claimed))
    });
    bool::from(fits)
}

/// Whether a key names the signature. Documents write `sign`; other spellings are taken for it too.
pub(super) fn is_sign(key: &str) -> bool {
    key.eq_ignore_ascii_case(SIGN)
}

/// `None` cannot happen: a key of any length is a key of HMAC (RFC 2104, section 2).
fn tag(text: &[u8], secret: &SecretString) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().into())
}
