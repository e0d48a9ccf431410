//! Hashes of what is recognised again and never read again: nobody can try values against them without the key.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// HMAC-SHA-256 of the parts one after the other. Where one part ends is for the caller to mark.
pub(crate) fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    // Filled up to a block with zeros, as HMAC does with a shorter key (RFC 2104, section 2): so there is no length to be refused.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_32_bytes_gives_what_any_hmac_gives() {
        let mut plain = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        plain.update(b"onetwo");
        let plain: [u8; 32] = plain.finalize().into_bytes().into();
        assert_eq!(*keyed_hash(&[7; 32], &[b"one", b"two"]), plain);
    }
}
