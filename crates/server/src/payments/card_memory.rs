//! Remembers, in memory only, which card an attempt was made with, so that its key cannot be used for another.
//!
//! What is kept is an HMAC under a key that dies with the process: after a restart a repeated attempt gets the first
//! answer whatever the card.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use farthing_types::Card;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::token::{NoRandomness, random_bytes};

/// So many attempts are remembered; the oldest go first.
const CAPACITY: usize = 10_000;

/// The fingerprints of recent attempts' cards.
pub struct CardMemory {
    key: Zeroizing<[u8; 32]>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    fingerprints: HashMap<String, Fingerprint>,
    order: VecDeque<String>,
}

/// A card under the process's key.
#[derive(Clone)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

impl fmt::Debug for CardMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, seen: _ } = self;
        f.write_str("CardMemory(..)")
    }
}

impl CardMemory {
    /// An empty memory with a fresh key.
    pub fn new() -> Result<Self, NoRandomness> {
        Ok(Self { key: random_bytes()?, seen: Mutex::default() })
    }

    /// The fingerprint of a card: number, code and expiry.
    pub fn fingerprint(&self, card: &Card) -> Fingerprint {
        // An HMAC takes keys of any length; were that ever not so, every card would look different, which is safe.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else {
            return Fingerprint([0; 32]);
        };
        mac.update(card.pan.expose_digits().as_bytes());
        mac.update(b"|");
        mac.update(card.security_code.as_ref().map_or("", |code| code.expose_digits()).as_bytes());
        mac.update(b"|");
        mac.update(&card.expiry.expose_year().to_be_bytes());
        mac.update(&[card.expiry.expose_month()]);
        Fingerprint(mac.finalize().into_bytes().into())
    }

    /// The fingerprint of a wallet's token.
    pub fn fingerprint_of_token(&self, identity: &[u8]) -> Fingerprint {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else {
            return Fingerprint([0; 32]);
        };
        mac.update(b"token|");
        mac.update(identity);
        Fingerprint(mac.finalize().into_bytes().into())
    }

    /// Remembers an attempt's card.
    pub fn remember(&self, payment_id: &str, fingerprint: Fingerprint) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.fingerprints.insert(payment_id.to_owned(), fingerprint).is_none() {
            seen.order.push_back(payment_id.to_owned());
        }
        if seen.order.len() > CAPACITY
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.fingerprints.remove(&oldest);
        }
    }

    /// Whether an attempt is known to have been made with another card.
    pub fn is_other(&self, payment_id: &str, fingerprint: &Fingerprint) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.fingerprints
            .get(payment_id)
            .is_some_and(|known| !bool::from(known.0.ct_eq(&fingerprint.0)))
    }
}
