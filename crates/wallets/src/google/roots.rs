//! Google's root keys, and the two signatures that lead from them to a message.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use super::Refusal;
use super::signed::{self, ECV2, SENDER};
use super::token::{EncryptedToken, IntermediateSigningKey, Shape};
use crate::ec::Point;
use crate::json::Object;
use crate::wire;

/// The root keys for the version ECv2 out of Google's list, with which Google signs its intermediate keys.
///
/// The operator downloads the list and renews it: this crate fetches nothing. Source: reference 2,
/// <https://payments.developers.google.com/paymentmethodtoken/keys.json>, for test cards `…/test/keys.json`.
#[derive(Clone, Debug)]
pub struct RootKeys {
    keys: Vec<Key>,
    sandbox: bool,
}

/// A key and the time when it expires.
#[derive(Clone, Copy, Debug)]
struct Key {
    point: Point,
    expires: Timestamp,
}

/// Why a list of root keys was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RootKeysError {
    /// Not the JSON of such a list, or a key for ECv2 in it is not one of P-256 with an expiration.
    #[error("not a list of Google's root keys")]
    Malformed,
    /// No key for the version ECv2.
    #[error("the list has no root key for ECv2")]
    NoKey,
}

#[derive(Deserialize)]
struct ListJson<'a> {
    #[serde(borrow)]
    keys: Vec<Object<KeyJson<'a>>>,
    /// Ours, never Google's.
    #[serde(default, rename = "farthingSandbox")]
    farthing_sandbox: bool,
}

/// An entry of the list, and `signedKey` of a token, which has no version of its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyJson<'a> {
    #[serde(borrow)]
    key_value: Cow<'a, str>,
    /// Milliseconds since 1970. Keys of older versions have none.
    #[serde(borrow)]
    key_expiration: Option<Cow<'a, str>>,
    #[serde(borrow)]
    protocol_version: Option<Cow<'a, str>>,
}

impl RootKeys {
    /// Reads Google's list. Keys of other versions are passed over.
    pub fn from_json(list: &[u8]) -> Result<Self, RootKeysError> {
        let Object(list): Object<ListJson<'_>> =
            serde_json::from_slice(list).map_err(|_| RootKeysError::Malformed)?;
        let ours =
            list.keys.iter().filter(|Object(key)| key.protocol_version.as_deref() == Some(ECV2));
        let keys = ours
            .map(|Object(key)| Key::read(key).ok_or(RootKeysError::Malformed))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(RootKeysError::NoKey);
        }
        Ok(Self { keys, sandbox: list.farthing_sandbox })
    }

    /// Whether the list says of itself that a sandbox has made it: such keys sign whatever anybody likes.
    pub fn is_of_a_sandbox(&self) -> bool {
        self.sandbox
    }

    /// When the last of the keys expires. After that every token is refused.
    pub fn expire(&self) -> Option<Timestamp> {
        self.keys.iter().map(|key| key.expires).max()
    }

    /// Verifies that Google has signed the token for this recipient: `gateway:` and the gateway's id (reference 2).
    ///
    /// How old a message is, only the gateway can read. That a token is used once is the gateway's to enforce too.
    pub fn verify(
        &self,
        token: &EncryptedToken,
        recipient: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.verify_shape(&token.shape()?, recipient, now)
    }

    pub(super) fn verify_shape(
        &self,
        token: &Shape<'_>,
        recipient: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Object(intermediate) = &token.intermediate_signing_key;
        if !self.have_signed(intermediate, now) {
            return Err(Refusal::IntermediateSignature);
        }
        let Object(key): Object<KeyJson<'_>> =
            serde_json::from_str(&intermediate.signed_key).map_err(|_| Refusal::IntermediateKey)?;
        let key = Key::read(&key).ok_or(Refusal::IntermediateKey)?;
        if !key.is_valid(now) {
            return Err(Refusal::IntermediateExpired);
        }
        let signature = wire::from_base64(&token.signature).ok_or(Refusal::Malformed)?;
        let message = signed::bytes(&[SENDER, recipient, ECV2, &token.signed_message]);
        if key.point.has_signed(&message, &signature) {
            Ok(())
        } else {
            Err(Refusal::MessageSignature)
        }
    }

    /// Whether one of the signatures is that of a root key which is valid now.
    fn have_signed(&self, intermediate: &IntermediateSigningKey<'_>, now: Timestamp) -> bool {
        let message = signed::bytes(&[SENDER, ECV2, &intermediate.signed_key]);
        let signatures = intermediate.signatures.iter().take(MAX_SIGNATURES);
        signatures.filter_map(|signature| wire::from_base64(signature)).any(|signature| {
            let valid = self.keys.iter().filter(|key| key.is_valid(now));
            valid.into_iter().any(|key| key.point.has_signed(&message, &signature))
        })
    }
}

impl Key {
    fn read(json: &KeyJson<'_>) -> Option<Self> {
        let point = Point::from_spki(&wire::from_base64(&json.key_value)?)?;
        let expires = signed::milliseconds(json.key_expiration.as_deref()?)?;
        Some(Self { point, expires })
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}

/// How many signatures of an intermediate key are looked at. Google writes one.
const MAX_SIGNATURES: usize = 4;
