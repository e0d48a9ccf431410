//! The parsers of this module that nobody outside can call.

use jiff::Timestamp;

use super::certificate::Certificate;
use super::chain::ChainCache;
use super::cipher::Plaintext;
use super::cms::SignedData;
use super::payload::Payload;
use super::roots::TrustRoots;
use super::signature::Signed;
use super::token::PaymentToken;

pub(crate) fn verify(token: &PaymentToken, now: Timestamp) {
    let _ = Signed::verify(token, &TrustRoots::apple(), &ChainCache::default(), now).is_ok();
}

pub(crate) fn signature(data: &[u8]) {
    let Ok(signed_data) = SignedData::read(data) else { return };
    let _ = signed_data.signer.attributes();
    for certificate in signed_data.certificates {
        self::certificate(certificate);
    }
}

pub(crate) fn certificate(data: &[u8]) {
    let Ok(certificate) = Certificate::read(data) else { return };
    let _ = certificate.public_key();
    let _ = certificate.has_plain_extensions();
    let _ = certificate.is_authority() || certificate.is_end_entity();
}

pub(crate) fn payload(data: &[u8]) {
    let plaintext = Plaintext::of(data);
    let Ok(payload) = Payload::read(&plaintext) else { return };
    let _ = payload.check_expiry(Timestamp::UNIX_EPOCH);
    let _ = payload.check_cryptogram();
    let _ = (payload.eci(), payload.last4());
}
