//! DER, and BER as Apple writes it. Source: ITU-T X.690 (02/2021), 8.1.3, 8.1.5, 10.1.

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const UTF8_STRING: u8 = 0x0c;

/// `[number]`, constructed.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// An element with a definite length.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    match u8::try_from(len) {
        Ok(short @ ..0x80) => bytes.push(short),
        Ok(len) => bytes.extend([0x81, len]),
        // A certificate or a signature has a few hundred bytes.
        Err(_) => {
            bytes.push(0x82);
            bytes.extend(u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// An element with an indefinite length.
pub(super) fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![tag, 0x80];
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes.extend([0, 0]);
    bytes
}

/// A bit string of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}
