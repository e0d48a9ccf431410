//! The token as the browser hands it over, decoded: step 5.1.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Refusal;
use crate::json::Object;
use crate::wire;

/// An `ApplePayPaymentToken`, decoded and not yet believed. Wiped on drop; deliberately not `Clone`, `Display` or `Serialize`.
///
/// Source: "Payment token format reference" (Apple), and "Apple Pay on the Web", `ApplePayPaymentToken`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PaymentToken {
    #[zeroize(skip)]
    version: Version,
    data: Box<[u8]>,
    signature: Box<[u8]>,
    key: Box<[u8]>,
    public_key_hash: [u8; 32],
    transaction_id: [u8; 32],
    application_data: Option<[u8; 32]>,
    transaction_identifier: [u8; 32],
    network: Box<str>,
}

/// How the key of a token travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Version {
    /// Agreed on with an ephemeral key on P-256; signed with ECDSA.
    EcV1,
    /// Wrapped with RSA-OAEP, in mainland China; signed with RSA.
    RsaV1,
}

/// `ApplePayPaymentToken`. Unknown fields are ignored; a known one that comes twice is an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenJson<'a> {
    #[serde(borrow)]
    payment_data: Object<PaymentDataJson<'a>>,
    #[serde(borrow)]
    payment_method: Object<PaymentMethodJson<'a>>,
    #[serde(borrow)]
    transaction_identifier: Cow<'a, str>,
}

#[derive(Deserialize)]
struct PaymentDataJson<'a> {
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
    #[serde(borrow)]
    header: Object<HeaderJson<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderJson<'a> {
    #[serde(borrow)]
    ephemeral_public_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    wrapped_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    public_key_hash: Cow<'a, str>,
    #[serde(borrow)]
    transaction_id: Cow<'a, str>,
    #[serde(borrow)]
    application_data: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct PaymentMethodJson<'a> {
    #[serde(borrow)]
    network: Cow<'a, str>,
}

impl PaymentToken {
    /// The largest token: the JSON of a real one has about 3 KiB.
    pub const MAX_BYTES: usize = 32 * 1024;

    /// Reads the JSON of a token, as `JSON.stringify(payment.token)` writes it.
    ///
    /// A simulator's token, whose `paymentData` is `{}`, is refused as malformed.
    pub fn from_json(json: &[u8]) -> Result<Self, Refusal> {
        if json.len() > Self::MAX_BYTES {
            return Err(Refusal::TooLarge);
        }
        // serde_json's message may quote the token, so it is dropped.
        let Object(token): Object<TokenJson<'_>> =
            serde_json::from_slice(json).map_err(|_| Refusal::Malformed)?;
        let Object(payment_data) = token.payment_data;
        let Object(header) = payment_data.header;
        let Object(payment_method) = token.payment_method;
        let keys = (header.ephemeral_public_key.as_deref(), header.wrapped_key.as_deref());
        let (version, key) = match (payment_data.version.as_ref(), keys) {
            ("EC_v1", (Some(key), None)) => (Version::EcV1, key),
            ("RSA_v1", (None, Some(key))) => (Version::RsaV1, key),
            ("EC_v1" | "RSA_v1", _) => return Err(Refusal::Malformed),
            _ => return Err(Refusal::Version),
        };
        let application_data = match header.application_data.as_deref() {
            Some(hash) => Some(wire::from_hex_32(hash).ok_or(Refusal::Malformed)?),
            None => None,
        };
        let base64 = |text| wire::from_base64(text).ok_or(Refusal::Malformed);
        let hex = |text| wire::from_hex_32(text).ok_or(Refusal::Malformed);
        Ok(Self {
            version,
            data: base64(&payment_data.data)?,
            signature: base64(&payment_data.signature)?,
            key: base64(key)?,
            public_key_hash: wire::from_base64_32(&header.public_key_hash)
                .ok_or(Refusal::Malformed)?,
            transaction_id: hex(&header.transaction_id)?,
            application_data,
            transaction_identifier: hex(&token.transaction_identifier)?,
            network: payment_method.network.into(),
        })
    }

    /// How the key travels.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Ciphertext and tag.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// The CMS signature.
    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// `ephemeralPublicKey` or `wrappedKey`, by version.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Which key to use. Not signed: it selects, and proves nothing.
    pub(super) fn public_key_hash(&self) -> &[u8; 32] {
        &self.public_key_hash
    }

    /// The signed one, in the header.
    pub(super) fn transaction_id(&self) -> &[u8; 32] {
        &self.transaction_id
    }

    /// SHA-256 of what the merchant gave to be bound to the token.
    pub(super) fn application_data(&self) -> Option<&[u8; 32]> {
        self.application_data.as_ref()
    }

    /// The one beside the payment data, not signed; decoded, so that letter case makes no difference.
    pub(super) fn transaction_identifier(&self) -> &[u8; 32] {
        &self.transaction_identifier
    }

    /// `paymentMethod.network`, not signed: a claim.
    pub(super) fn network(&self) -> &str {
        &self.network
    }

    /// What Apple has signed: raw bytes one after the other (reference 5.2, step 4). What is absent adds nothing.
    pub(super) fn signed_content(&self) -> [&[u8]; 4] {
        let application_data = self.application_data.as_ref().map_or(&[][..], |hash| hash);
        [&self.key, &self.data, &self.transaction_id, application_data]
    }
}

impl Version {
    /// As tokens write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcV1 => "EC_v1",
            Self::RsaV1 => "RSA_v1",
        }
    }
}

impl fmt::Debug for PaymentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            version,
            data: _,
            signature: _,
            key: _,
            public_key_hash: _,
            transaction_id: _,
            application_data: _,
            transaction_identifier: _,
            network: _,
        } = self; // a new field will not compile until it is judged here
        write!(f, "PaymentToken({}, ..)", version.as_str())
    }
}
