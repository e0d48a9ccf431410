//! The messages of 3-D Secure, as far as a browser carries them between shop, gateway and issuer.
//!
//! The gateway's documents name the fields that such messages travel in and show none of them. The messages themselves are
//! EMVCo's, and cut down to what can be checked here.

pub(crate) mod v1;
pub(crate) mod v2;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What 3-D Secure calls one order. Everything is derived from its id under the process's key: nothing has to be kept, and nobody
/// else can guess it.
pub(crate) struct Names {
    key: [u8; 32],
}

impl Names {
    pub(crate) fn of(key: &[u8; 32], processing_id: &str) -> Self {
        Self { key: mac(key, &["3-D Secure", processing_id]) }
    }

    /// `threeDSServerTransID`.
    pub(crate) fn server_transaction(&self) -> String {
        uuid(self.derive("threeDSServerTransID"))
    }

    /// `acsTransID`.
    pub(crate) fn acs_transaction(&self) -> String {
        uuid(self.derive("acsTransID"))
    }

    /// `md`: comes back from the issuer as `threeDSSessionData` or `MD`.
    pub(crate) fn session_data(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.derive("md"))
    }

    /// `xid` of 3-D Secure 1: 20 bytes.
    pub(crate) fn xid(&self) -> [u8; 20] {
        let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _] = self.derive("xid");
        bytes
    }

    /// `acctID` of 3-D Secure 1: a name for the card that says nothing about it.
    pub(crate) fn account(&self) -> String {
        hex::encode(self.derive("acctID"))
    }

    /// What only this process can put under a message about this order.
    pub(crate) fn seal(&self, message: &str) -> String {
        hex::encode(mac(&self.key, &["seal", message]))
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        mac(&self.key, &["name", purpose])
    }
}

/// HMAC over parts that hold no zero byte.
fn mac(key: &[u8; 32], parts: &[&str]) -> [u8; 32] {
    // A key of 32 bytes is a key of HMAC: the empty result cannot happen.
    Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mut mac| {
        mac.update(parts.join("\0").as_bytes());
        mac.finalize().into_bytes().into()
    })
}

/// A UUID that looks like a random one: RFC 9562, section 5.4.
fn uuid(random: [u8; 32]) -> String {
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random;
    let (version, variant) = (0xf << 76, 0b11 << 62);
    let number = u128::from_be_bytes(bytes) & !version & !variant;
    let number = number | (4 << 76) | (0b10 << 62);
    let hex = format!("{number:032x}");
    let part = |range| hex.get::<std::ops::Range<usize>>(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_belong_to_one_order_and_one_process() {
        let names = Names::of(&[1; 32], "a");
        assert_eq!(names.server_transaction(), Names::of(&[1; 32], "a").server_transaction());
        for other in [Names::of(&[1; 32], "b"), Names::of(&[2; 32], "a")] {
            assert_ne!(names.server_transaction(), other.server_transaction());
            assert_ne!(names.session_data(), other.session_data());
            assert_ne!(names.seal("Y"), other.seal("Y"));
        }
        assert_ne!(names.server_transaction(), names.acs_transaction());
    }

    #[test]
    fn a_transaction_is_named_by_a_uuid_of_version_4() {
        let text = Names::of(&[1; 32], "a").server_transaction();
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(text.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&text.as_bytes()[19]));
        assert!(uuid([0xff; 32]).starts_with("ffffffff-ffff-4fff-bfff-"));
        assert!(uuid([0; 32]).starts_with("00000000-0000-4000-8000-"));
    }
}
