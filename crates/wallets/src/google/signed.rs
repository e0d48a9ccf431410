//! What signatures of ECv2 are over.

use jiff::Timestamp;
use zeroize::Zeroizing;

/// Who signs: reference 2.
pub(super) const SENDER: &str = "Google";
/// The protocol's version.
pub(super) const ECV2: &str = "ECv2";

/// Each part after its length in four bytes, the lowest first (reference 2).
///
/// No part is longer than a token, which has at most 16 KiB.
pub(super) fn bytes(parts: &[&str]) -> Zeroizing<Vec<u8>> {
    // Exactly as large as it gets: what grows leaves copies behind.
    let size = parts.iter().map(|part| part.len() + 4).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    for part in parts {
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// Milliseconds since 1970, written as a string of digits.
pub(super) fn milliseconds(text: &str) -> Option<Timestamp> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Timestamp::from_millisecond(is_number.then(|| text.parse().ok())??).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_after_their_lengths() {
        assert_eq!(
            bytes(&["Google", "", "\u{e9}"]).as_slice(),
            b"\x06\0\0\0Google\0\0\0\0\x02\0\0\0\xc3\xa9"
        );
    }

    #[test]
    fn a_time_is_digits_only() {
        assert_eq!(milliseconds("1711434452836").unwrap().to_string(), "2024-03-26T06:27:32.836Z");
        for text in
            ["", "-1", "+1", "1.5", "1e3", " 1", "99999999999999999999", "999999999999999999"]
        {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
