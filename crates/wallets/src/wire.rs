//! Base64 and hexadecimal, read into boxes and written into buffers that are wiped.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

/// Standard base64 with padding and without stray bits: of one value there is one text.
pub(crate) fn from_base64(text: &str) -> Option<Box<[u8]>> {
    let padding = text.bytes().rev().take(2).filter(|byte| *byte == b'=').count();
    let len = (text.len() / 4 * 3).checked_sub(padding)?;
    let mut bytes = Zeroizing::new(vec![0; len].into_boxed_slice());
    let written = STANDARD.decode_slice(text, &mut bytes).ok()?;
    (written == len).then(|| std::mem::take(&mut *bytes))
}

/// The same for exactly 32 bytes.
pub(crate) fn from_base64_32(text: &str) -> Option<[u8; 32]> {
    from_base64(text)?.as_ref().try_into().ok()
}

/// 64 hexadecimal digits of either case.
pub(crate) fn from_hex_32(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// Standard base64 of a secret, padded or not; no copy of it is left behind.
pub(crate) fn secret_to_base64(secret: &[u8], padded: bool) -> Zeroizing<String> {
    let engine = if padded { STANDARD } else { STANDARD_NO_PAD };
    let mut text = Zeroizing::new(vec![0; secret.len().div_ceil(3) * 4]);
    let written = engine.encode_slice(secret, &mut text).unwrap_or_default();
    text.truncate(written);
    // Taking the vector out moves no text; base64 is always UTF-8.
    Zeroizing::new(String::from_utf8(std::mem::take(&mut *text)).unwrap_or_default())
}
