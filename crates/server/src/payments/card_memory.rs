//! Remembers, in memory only, which card an attempt was made with, so that its key cannot be used for another.
//!
//! What is kept is an HMAC under a key that dies with the process: after a restart a repeated attempt gets the first
//! answer whatever the card.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use farthing_types::Card;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::keyed_hash::keyed_hash;
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

/// A card under the process's key, or a wallet's token under the server's.
#[derive(Clone)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of something that was hashed under a key elsewhere: a wallet's token.
    pub fn of_keyed_hash(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

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
        let code = card.security_code.as_ref().map_or("", |code| code.expose_digits());
        let parts: [&[u8]; 6] = [
            card.pan.expose_digits().as_bytes(),
            b"|",
            code.as_bytes(),
            b"|",
            &card.expiry.expose_year().to_be_bytes(),
            &[card.expiry.expose_month()],
        ];
        Fingerprint(*keyed_hash(&self.key, &parts))
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
