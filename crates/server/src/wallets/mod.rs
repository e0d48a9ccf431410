//! Google Pay and Apple Pay: tokens on their way from a browser to the gateway, and Apple's word that a shop may ask for one.
//!
//! A token is money once. It is checked before anything is stored, its fingerprint is stored with the intent in one transaction, and
//! only then the gateway is called. Whatever is wrong with it, a browser is told one sentence; the operator has a metric.

pub mod merchant_session;
pub mod token;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What an Apple Pay request carries as `applicationData`, before base64: it binds the token to one attempt of one session.
///
/// Made by the server alone, so that a page can neither choose it nor learn anything from it.
pub fn application_data(session_id: &str, attempt: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in ["farthing apple pay", session_id, attempt] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// [`application_data`] as the request carries it.
pub fn application_data_base64(session_id: &str, attempt: &str) -> String {
    STANDARD.encode(application_data(session_id, attempt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_bound_to_one_attempt_of_one_session() {
        let bound = application_data("ses_1", "att_1");
        assert_eq!(bound, application_data("ses_1", "att_1"));
        for (session, attempt) in
            [("ses_1", "att_2"), ("ses_2", "att_1"), ("ses_1a", "tt_1"), ("", "ses_1att_1")]
        {
            assert_ne!(bound, application_data(session, attempt), "{session} {attempt}");
        }
        assert_eq!(STANDARD.decode(application_data_base64("ses_1", "att_1")).unwrap(), bound);
    }
}
