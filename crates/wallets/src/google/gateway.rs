//! The gateway's side: opening tokens. For the sandbox; the server forwards tokens and opens none.

use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256};
use farthing_types::{Expiry, Pan};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::seal::MessageKeys;
use super::token::{EncryptedToken, SignedMessage};
use super::{Refusal, RootKeys, signed};
use crate::ec::{self, Point};
use crate::json::{self, Object};
use crate::private_key::{self, Kind};
use crate::wire;

/// A private key that tokens are encrypted to. Not `Clone`, `Display` or `Serialize`; AWS-LC wipes its memory when it is dropped.
pub struct GatewayKey {
    private: agreement::PrivateKey,
    public: Point,
}

/// The key could not be made or read: not one PEM block of a private key on P-256 without a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("not the PEM of a private key on the curve P-256")]
pub struct NotAGatewayKey;

/// Opens the tokens of one recipient.
#[derive(Debug)]
pub struct Opener {
    roots: RootKeys,
    recipient: String,
    keys: Vec<GatewayKey>,
}

/// What a token held.
pub struct CardMessage {
    /// Google's id of the message, of which none comes twice.
    pub message_id: String,
    /// `gatewayMerchantId` of the payment request: for which of the gateway's merchants the message was made.
    pub gateway_merchant_id: Option<String>,
    /// When the message expires.
    pub expires: Timestamp,
    /// The card's number, or the device's.
    pub pan: Pan,
    /// Until when the number is valid.
    pub expiry: Expiry,
    /// What the number is, with what proves the device.
    pub auth: Auth,
}

/// `authMethod`: reference 2.
pub enum Auth {
    /// A card on file with Google: its number and nothing that proves who pays.
    PanOnly,
    /// The number of a device, with a one-time cryptogram.
    Cryptogram3ds {
        /// Base64.
        cryptogram: Cryptogram,
        /// The electronic commerce indicator, where the network gives one.
        eci: Option<String>,
    },
}

/// A one-time cryptogram in base64. Wiped on drop; not `Clone`, `Display` or `Serialize`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Cryptogram(Box<str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageJson<'a> {
    message_expiration: &'a str,
    message_id: &'a str,
    gateway_merchant_id: Option<&'a str>,
    payment_method: &'a str,
    #[serde(borrow)]
    payment_method_details: Object<DetailsJson<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DetailsJson<'a> {
    pan: &'a str,
    expiration_month: u8,
    expiration_year: u16,
    auth_method: &'a str,
    #[serde(borrow)]
    cryptogram: Option<&'a RawValue>,
    eci_indicator: Option<&'a str>,
}

impl GatewayKey {
    /// Reads a private key: SEC1 or PKCS#8, PEM, without a password.
    pub fn from_pem(pem: &[u8]) -> Result<Self, NotAGatewayKey> {
        let file = private_key::read(pem).map_err(|_| NotAGatewayKey)?;
        if file.kind != Kind::P256 {
            return Err(NotAGatewayKey);
        }
        let private = agreement::PrivateKey::from_private_key_der(&ECDH_P256, &file.der);
        Self::new(private.map_err(|_| NotAGatewayKey)?)
    }

    /// Makes a key.
    pub fn generate() -> Result<Self, NotAGatewayKey> {
        Self::new(agreement::PrivateKey::generate(&ECDH_P256).map_err(|_| NotAGatewayKey)?)
    }

    fn new(private: agreement::PrivateKey) -> Result<Self, NotAGatewayKey> {
        let public = private.compute_public_key().map_err(|_| NotAGatewayKey)?;
        let public = Point::from_bytes(public.as_ref()).ok_or(NotAGatewayKey)?;
        Ok(Self { private, public })
    }

    /// The public key: 65 bytes, uncompressed.
    pub fn public_key(&self) -> &[u8] {
        self.public.as_bytes()
    }
}

impl Opener {
    /// Of Google's roots, the name under which tokens are addressed (`gateway:` and the id), and the keys that are in use.
    pub fn new(roots: RootKeys, recipient: impl Into<String>, keys: Vec<GatewayKey>) -> Self {
        Self { roots, recipient: recipient.into(), keys }
    }

    /// Verifies the signatures, then the tag, decrypts, and checks that the message has not expired.
    ///
    /// That no message is used twice is the caller's duty, by its id.
    pub fn open(&self, token: &EncryptedToken, now: Timestamp) -> Result<CardMessage, Refusal> {
        let shape = token.shape()?;
        self.roots.verify_shape(&shape, &self.recipient, now)?;
        let Object(sealed): Object<SignedMessage> =
            serde_json::from_str(&shape.signed_message).map_err(|_| Refusal::Malformed)?;
        let ephemeral = wire::from_base64(&sealed.ephemeral_public_key)
            .and_then(|bytes| Point::from_bytes(&bytes))
            .ok_or(Refusal::EphemeralKey)?;
        let mut message = wire::from_base64(&sealed.encrypted_message)
            .map(Zeroizing::new)
            .ok_or(Refusal::Malformed)?;
        let tag = wire::from_base64(&sealed.tag).ok_or(Refusal::Malformed)?;
        self.decrypt(&ephemeral, &mut message, &tag)?;
        let message = CardMessage::read(&message).ok_or(Refusal::Plaintext)?;
        if now < message.expires { Ok(message) } else { Err(Refusal::MessageExpired) }
    }

    /// In place, with the first key under which the tag fits.
    fn decrypt(&self, ephemeral: &Point, message: &mut [u8], tag: &[u8]) -> Result<(), Refusal> {
        for key in &self.keys {
            let shared = ec::agree(&key.private, ephemeral).ok_or(Refusal::EphemeralKey)?;
            let keys = MessageKeys::derive(ephemeral, &shared);
            if keys.fit(message, tag) {
                keys.apply(message);
                return Ok(());
            }
        }
        Err(Refusal::Tag)
    }
}

impl CardMessage {
    fn read(plaintext: &[u8]) -> Option<Self> {
        let Object(message): Object<MessageJson<'_>> = serde_json::from_slice(plaintext).ok()?;
        let Object(details) = message.payment_method_details;
        let expiry = format!("{:02}/{:04}", details.expiration_month, details.expiration_year);
        let auth = match (details.auth_method, details.cryptogram) {
            ("PAN_ONLY", None) => Auth::PanOnly,
            ("CRYPTOGRAM_3DS", Some(cryptogram)) => Auth::Cryptogram3ds {
                cryptogram: Cryptogram(json::text(cryptogram)?.as_str().into()),
                eci: details.eci_indicator.map(str::to_owned),
            },
            _ => return None,
        };
        let is_card = message.payment_method == "CARD" && details.expiration_year >= 2000;
        is_card.then_some(())?;
        Some(Self {
            message_id: message.message_id.to_owned(),
            gateway_merchant_id: message.gateway_merchant_id.map(str::to_owned),
            expires: signed::milliseconds(message.message_expiration)?,
            pan: Pan::parse(details.pan).ok()?,
            expiry: Expiry::parse(&Zeroizing::new(expiry)).ok()?,
            auth,
        })
    }
}

impl Cryptogram {
    /// The base64.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GatewayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { private: _, public: _ } = self; // a new field will not compile until it is judged here
        f.write_str("GatewayKey(..)")
    }
}

impl fmt::Debug for CardMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message_id, gateway_merchant_id: _, expires: _, pan: _, expiry: _, auth } = self; // as above
        write!(f, "CardMessage({message_id}, {auth:?}, ..)")
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PanOnly => "PanOnly",
            Self::Cryptogram3ds { cryptogram: _, eci: _ } => "Cryptogram3ds(..)",
        })
    }
}

impl fmt::Debug for Cryptogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Cryptogram(..)")
    }
}
