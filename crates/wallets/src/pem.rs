//! PEM files with one thing of interest in them. Source: RFC 7468.

use zeroize::Zeroizing;

/// RFC 7468, section 5.
pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
/// PKCS#10: RFC 7468, section 7.
pub(crate) const REQUEST: &str = "CERTIFICATE REQUEST";
/// PKCS#8: RFC 7468, section 10.
pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";
/// PKCS#8 under a password: RFC 7468, section 11.
pub(crate) const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
/// SEC1: RFC 5915, section 4.
pub(crate) const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
/// PKCS#1, as OpenSSL labels it.
pub(crate) const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";

/// The first block with one of these labels, decoded into a buffer that is wiped. Other blocks, such as the `EC PARAMETERS` that OpenSSL
/// writes before a key, are passed over; a second block of the same label is an error, for it leaves open which is meant.
pub(crate) fn read<'l>(pem: &[u8], labels: &[&'l str]) -> Option<(&'l str, Zeroizing<Vec<u8>>)> {
    let text = str::from_utf8(pem).ok()?;
    let (label, start) = labels
        .iter()
        .filter_map(|label| text.find(&begin(label)).map(|start| (*label, start)))
        .min_by_key(|(_, start)| *start)?;
    let end = format!("-----END {label}-----");
    let block = text.get(start..)?;
    let (block, rest) = block.split_at_checked(block.find(&end)? + end.len())?;
    if rest.contains(&begin(label)) {
        return None;
    }
    let mut der = Zeroizing::new(vec![0; block.len()]);
    let (_, decoded) = pem_rfc7468::decode(block.as_bytes(), &mut der).ok()?;
    let len = decoded.len();
    der.truncate(len);
    Some((label, der))
}

fn begin(label: &str) -> String {
    format!("-----BEGIN {label}-----")
}
