//! Google's side: making tokens, under a root key that is made anew or was kept. For the sandbox; the server does not have this.
//!
//! Keys and randomness come from AWS-LC, which asks the operating system.

use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_types::{Expiry, Pan};
use jiff::{SignedDuration, Timestamp};
use pem_rfc7468::LineEnding;
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::seal::MessageKeys;
use super::signed::{self, ECV2, SENDER};
use crate::ec::{self, Point};
use crate::pem;

/// Makes tokens, as Google's servers do. Not `Clone`, `Display` or `Serialize`.
pub struct Issuer {
    root: EcdsaKeyPair,
    root_expires: Timestamp,
    intermediate: EcdsaKeyPair,
    /// `intermediateSigningKey` of every token.
    signed_key: String,
    signed_key_signature: String,
}

/// A token could not be made: no randomness, the gateway's key is none, or the file is not that of a root key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be made")]
pub struct IssueError;

/// The card that a token is for.
pub struct Card<'a> {
    /// The number.
    pub number: &'a Pan,
    /// Until when it is valid.
    pub expiry: &'a Expiry,
    /// The electronic commerce indicator of a number that belongs to a device; `None` for a card on file. A device's token gets a
    /// cryptogram of random bytes: only a network could tell it from a real one.
    pub device_eci: Option<&'a str>,
}

/// The message of reference 2.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Plaintext<'a> {
    message_expiration: String,
    message_id: String,
    payment_method: &'a str,
    payment_method_details: Details<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    expiration_year: u16,
    expiration_month: u8,
    pan: &'a str,
    auth_method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cryptogram: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eci_indicator: Option<&'a str>,
}

/// How long root keys live here, and how long intermediate ones and messages: about as long as Google's.
const ROOT_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);
const INTERMEDIATE_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
const MESSAGE_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Issuer {
    /// Makes a root key and an intermediate key that it has signed.
    pub fn new(now: Timestamp) -> Result<Self, IssueError> {
        Self::of_root(key()?, now + ROOT_LIFE, now)
    }

    /// Takes the root key of an earlier issuer, and makes an intermediate key that it signs.
    pub fn from_root_key(
        pkcs8: &[u8],
        root_expires: Timestamp,
        now: Timestamp,
    ) -> Result<Self, IssueError> {
        let (_, der) = pem::read(pkcs8, &[pem::PRIVATE_KEY]).ok_or(IssueError)?;
        let root = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der);
        Self::of_root(root.map_err(|_| IssueError)?, root_expires, now)
    }

    fn of_root(
        root: EcdsaKeyPair,
        root_expires: Timestamp,
        now: Timestamp,
    ) -> Result<Self, IssueError> {
        let intermediate = key()?;
        let signed_key = dump(&json!({
            "keyValue": STANDARD.encode(spki(&intermediate)?),
            "keyExpiration": milliseconds(now + INTERMEDIATE_LIFE),
        }));
        let signed_key_signature = sign(&root, &[SENDER, ECV2, &signed_key])?;
        Ok(Self { root, root_expires, intermediate, signed_key, signed_key_signature })
    }

    /// The root's private key, PKCS#8 in PEM: for [`Issuer::from_root_key`].
    pub fn root_key(&self) -> Result<Zeroizing<String>, IssueError> {
        let pkcs8 = self.root.to_pkcs8v1().map_err(|_| IssueError)?;
        pem_rfc7468::encode_string(pem::PRIVATE_KEY, LineEnding::LF, pkcs8.as_ref())
            .map(Zeroizing::new)
            .map_err(|_| IssueError)
    }

    /// The list of root keys, as Google publishes it but for a mark that it is a sandbox's: for [`super::RootKeys::from_json`].
    pub fn root_keys(&self) -> Result<String, IssueError> {
        let key = json!({
            "keyValue": STANDARD.encode(spki(&self.root)?),
            "protocolVersion": ECV2,
            "keyExpiration": milliseconds(self.root_expires),
        });
        Ok(json!({ "keys": [key], "farthingSandbox": true }).to_string())
    }

    /// A token for a gateway: its name, `gateway:` and the id, and its public key, 65 bytes.
    pub fn issue(
        &self,
        card: &Card<'_>,
        recipient: &str,
        gateway_key: &[u8],
        now: Timestamp,
    ) -> Result<Zeroizing<String>, IssueError> {
        let plaintext = message(card, now)?;
        self.issue_plaintext(&plaintext, recipient, gateway_key)
    }

    /// The same for a message of any content, such as a gateway has to refuse.
    pub fn issue_plaintext(
        &self,
        plaintext: &[u8],
        recipient: &str,
        gateway_key: &[u8],
    ) -> Result<Zeroizing<String>, IssueError> {
        let signed_message = seal(plaintext, gateway_key)?;
        let signature = sign(&self.intermediate, &[SENDER, recipient, ECV2, &signed_message])?;
        let token = dump(&json!({
            "signature": signature,
            "intermediateSigningKey": {
                "signedKey": self.signed_key,
                "signatures": [self.signed_key_signature],
            },
            "protocolVersion": ECV2,
            "signedMessage": signed_message,
        }));
        Ok(Zeroizing::new(token))
    }
}

/// `signedMessage`.
fn seal(plaintext: &[u8], gateway_key: &[u8]) -> Result<String, IssueError> {
    let gateway = Point::from_bytes(gateway_key).ok_or(IssueError)?;
    let ephemeral = agreement::PrivateKey::generate(&ECDH_P256).map_err(|_| IssueError)?;
    let public = ephemeral.compute_public_key().map_err(|_| IssueError)?;
    let public = Point::from_bytes(public.as_ref()).ok_or(IssueError)?;
    let shared = ec::agree(&ephemeral, &gateway).ok_or(IssueError)?;
    let keys = MessageKeys::derive(&public, &shared);
    let mut message = Zeroizing::new(plaintext.to_vec());
    keys.apply(&mut message);
    let tag = keys.tag(&message).ok_or(IssueError)?;
    Ok(dump(&json!({
        "encryptedMessage": STANDARD.encode(&*message),
        "ephemeralPublicKey": STANDARD.encode(public.as_bytes()),
        "tag": STANDARD.encode(tag),
    })))
}

fn message(card: &Card<'_>, now: Timestamp) -> Result<Zeroizing<Vec<u8>>, IssueError> {
    let mut id = [0; 24];
    let mut cryptogram = [0; 20];
    rand::fill(&mut id).map_err(|_| IssueError)?;
    rand::fill(&mut cryptogram).map_err(|_| IssueError)?;
    let is_device = card.device_eci.is_some();
    let message = Plaintext {
        message_expiration: milliseconds(now + MESSAGE_LIFE),
        message_id: hex::encode(id),
        payment_method: "CARD",
        payment_method_details: Details {
            expiration_year: card.expiry.expose_year(),
            expiration_month: card.expiry.expose_month(),
            pan: card.number.expose_digits(),
            auth_method: if is_device { "CRYPTOGRAM_3DS" } else { "PAN_ONLY" },
            cryptogram: is_device.then(|| STANDARD.encode(cryptogram)),
            eci_indicator: card.device_eci,
        },
    };
    serde_json::to_vec(&message).map(Zeroizing::new).map_err(|_| IssueError)
}

fn key() -> Result<EcdsaKeyPair, IssueError> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| IssueError)
}

fn spki(key: &EcdsaKeyPair) -> Result<Vec<u8>, IssueError> {
    Ok(Point::from_bytes(key.public_key().as_ref()).ok_or(IssueError)?.to_spki())
}

fn sign(key: &EcdsaKeyPair, parts: &[&str]) -> Result<String, IssueError> {
    let signature = key.sign(&SystemRandom::new(), &signed::bytes(parts));
    Ok(STANDARD.encode(signature.map_err(|_| IssueError)?))
}

/// As Google's writer does it, with the equals sign escaped, which in these objects stands in strings only.
fn dump(value: &serde_json::Value) -> String {
    value.to_string().replace('=', "\\u003d")
}

fn milliseconds(at: Timestamp) -> String {
    at.as_millisecond().to_string()
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            root: _,
            root_expires: _,
            intermediate: _,
            signed_key: _,
            signed_key_signature: _,
        } = self; // a new field will not compile until it is judged here
        f.write_str("Issuer(..)")
    }
}

impl fmt::Debug for Card<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number: _, expiry: _, device_eci: _ } = self; // as above
        f.write_str("Card(..)")
    }
}
