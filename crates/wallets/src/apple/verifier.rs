//! All steps, in the order of reference 5.

use std::fmt;

use farthing_types::Money;
use jiff::Timestamp;

use super::Refusal;
use super::chain::ChainCache;
use super::cipher::Plaintext;
use super::content_key::ContentKey;
use super::merchant::MerchantKey;
use super::payment::{Expectations, Payment};
use super::roots::TrustRoots;
use super::signature::Signed;
use super::token::PaymentToken;

/// Whom to believe and how to decrypt. Made once and shared by all threads.
///
/// It remembers the certificate chains that it has verified, so that a token costs one ECDH and one verification of ECDSA. Whether the
/// certificates are valid is asked for every token anew.
pub struct Verifier {
    roots: TrustRoots,
    keys: Vec<MerchantKey>,
    chains: ChainCache,
}

impl Verifier {
    /// Of roots and keys. Without a key every token is refused.
    pub fn new(roots: TrustRoots, keys: Vec<MerchantKey>) -> Self {
        Self { roots, keys, chains: ChainCache::default() }
    }

    /// The merchant's keys, for whoever reports when their certificates expire.
    pub fn keys(&self) -> &[MerchantKey] {
        &self.keys
    }

    /// Verifies that Apple has signed the token within five minutes of `now`, decrypts it, and checks that it is for this order.
    ///
    /// Whether the token was used before is the caller's to find out: see [`Payment`].
    pub fn verify_and_decrypt(
        &self,
        token: &PaymentToken,
        expected: &Expectations<'_>,
        now: Timestamp,
    ) -> Result<Payment, Refusal> {
        let Expectations { amount, application_data } = *expected;
        self.open(token, Some(amount), application_data, now)
    }

    /// The same for whatever amount the token says, which stands in its [`Payment::summary`].
    ///
    /// For a person who looks into a token. Whoever charges what comes out may charge it for another order than it was made for: a server
    /// that takes money calls [`Verifier::verify_and_decrypt`].
    pub fn danger_open_any_amount(
        &self,
        token: &PaymentToken,
        application_data: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Payment, Refusal> {
        self.open(token, None, application_data, now)
    }

    fn open(
        &self,
        token: &PaymentToken,
        amount: Option<Money>,
        application_data: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Payment, Refusal> {
        let signed = Signed::verify(token, &self.roots, &self.chains, now)?; // 5.2
        let key = ContentKey::of(&signed, &self.keys)?; // 5.3 to 5.5
        let plaintext = Plaintext::open(&signed, &key)?; // 5.6
        Payment::check(&signed, plaintext, amount, application_data, now) // 5.7, 5.8
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roots, keys, chains: _ } = self; // a new field will not compile until it is judged here
        f.debug_struct("Verifier").field("roots", roots).field("keys", keys).finish_non_exhaustive()
    }
}
