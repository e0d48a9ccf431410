//! Google Pay and Apple Pay: what a checkout offers, tokens on their way from a browser to the gateway, and Apple's word that a shop may
//! ask for one.
//!
//! A token is money once. It is checked before anything is stored, its fingerprint is stored with the intent in one transaction, and
//! only then the gateway is called. Whatever is wrong with it, a browser is told one sentence; the operator has a metric.

pub mod frame;
pub mod merchant_session;
pub mod offer;
pub mod token;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::seal::Sealer;

/// What an Apple Pay request carries as `applicationData`, before base64: it binds the token to one attempt of one session.
///
/// Under a key of the server's, so that nobody else can say which data belongs to which session.
pub fn application_data(sealer: &Sealer, session_id: &str, attempt: &str) -> [u8; 32] {
    // Ids have no white space.
    sealer.fingerprint("apple_pay.application_data", format!("{session_id} {attempt}").as_bytes())
}

/// [`application_data`] as the request carries it.
pub fn application_data_base64(sealer: &Sealer, session_id: &str, attempt: &str) -> String {
    STANDARD.encode(application_data(sealer, session_id, attempt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_bound_to_one_attempt_of_one_session() {
        let sealer = Sealer::new(&[7; 32]);
        let bound = application_data(&sealer, "ses_1", "att_1");
        assert_eq!(bound, application_data(&sealer, "ses_1", "att_1"));
        for (session, attempt) in
            [("ses_1", "att_2"), ("ses_2", "att_1"), ("ses_1a", "tt_1"), ("", "ses_1att_1")]
        {
            assert_ne!(bound, application_data(&sealer, session, attempt), "{session} {attempt}");
        }
        assert_eq!(
            STANDARD.decode(application_data_base64(&sealer, "ses_1", "att_1")).unwrap(),
            bound
        );
    }
}
