//! Apple's side: making tokens, under a root that is made anew or was kept. For the sandbox; the server does not have this.
//!
//! Tokens are like Apple's in everything that the verifier looks at, and in the BER around their signature. Nothing but the root tells
//! them from real ones, so only a verifier of [`super::TrustRoots::danger_sandbox`] takes them.
//!
//! Keys and randomness come from AWS-LC, which asks the operating system.

mod authority;
mod cms;
mod encode;
mod payload;
mod seal;

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::rand;
use farthing_types::{Money, Pan};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use self::authority::{Authority, Signer};
use self::payload::Header;
use self::seal::Sealed;
use super::merchant::{ProcessingCertificate, ProcessingKey};
use super::token::Version;

/// Makes tokens, as Apple's servers and a phone do together. Not `Clone`, `Display` or `Serialize`.
pub struct Issuer {
    authority: Authority,
    /// Signs tokens of the version `EC_v1`.
    ec: Signer,
    /// Signs tokens of the version `RSA_v1`; made when the first of them is.
    rsa: OnceLock<Option<Signer>>,
}

/// A token could not be made: no randomness, a time outside of 1970 to 2049, or files that are not those of an issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be made")]
pub struct IssueError;

/// A card in a phone.
pub struct DeviceCard<'a> {
    /// The device's account number.
    pub number: &'a Pan,
    /// The last day on which it is valid.
    pub expires: Date,
    /// The name on the card, if the phone tells it.
    pub cardholder_name: Option<&'a str>,
    /// The electronic commerce indicator, if the network gives one.
    pub eci: Option<&'a str>,
    /// What the phone says about the card, unsigned.
    pub claim: Claim<'a>,
}

/// `paymentMethod`: what the browser is told about the card. Not signed.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim<'a> {
    /// As the sheet shows it: `Visa 1234`.
    pub display_name: &'a str,
    /// `Visa`, `MasterCard`, …
    pub network: &'a str,
    /// `debit`, `credit`, `prepaid` or `store`.
    #[serde(rename = "type")]
    pub kind: &'a str,
}

/// What an issuer can be made of again, so that its root is the same another time.
pub struct IssuerFiles {
    /// The root's certificate, PEM.
    pub root: String,
    /// The intermediate certificate, PEM.
    pub intermediate: String,
    /// The key of the intermediate certificate, PKCS#8 in PEM. The root's own key is forgotten as soon as it has signed.
    pub intermediate_key: Zeroizing<String>,
}

/// A payment processing certificate with its key, as the operator would have them as files.
pub struct ProcessingFiles {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PKCS#8 in PEM.
    pub key: Zeroizing<String>,
}

impl Issuer {
    /// Makes a root, an intermediate certificate and one that signs tokens. They are valid from a day before `now` on, for ten years.
    pub fn new(now: Timestamp) -> Result<Self, IssueError> {
        let authority = Authority::new(now)?;
        let ec = authority.ec_signer()?;
        Ok(Self { authority, ec, rsa: OnceLock::new() })
    }

    /// Of the files of an earlier issuer. The certificate that signs tokens is made anew.
    pub fn from_files(files: &IssuerFiles) -> Result<Self, IssueError> {
        let authority = Authority::from_files(files)?;
        let ec = authority.ec_signer()?;
        Ok(Self { authority, ec, rsa: OnceLock::new() })
    }

    /// What the issuer can be made of again.
    pub fn files(&self) -> Result<IssuerFiles, IssueError> {
        self.authority.files()
    }

    /// The root's certificate, PEM: for [`super::TrustRoots::danger_sandbox`].
    pub fn root_pem(&self) -> Result<String, IssueError> {
        self.authority.root_pem()
    }

    /// Makes a payment processing certificate on P-256 with its key, as Apple's developer portal and the merchant do together.
    pub fn processing_files(&self, merchant_id: &str) -> Result<ProcessingFiles, IssueError> {
        self.authority.processing_files(merchant_id)
    }

    /// A payment processing certificate, PEM, for a key that the merchant has made: its SubjectPublicKeyInfo in DER.
    pub fn processing_certificate(
        &self,
        merchant_id: &str,
        public_key: &[u8],
    ) -> Result<String, IssueError> {
        self.authority.processing_certificate(merchant_id, public_key)
    }

    /// The JSON of a token for a purchase, signed at `now`. `application_data` is what the payment request carried, decoded.
    pub fn issue(
        &self,
        card: &DeviceCard<'_>,
        amount: Money,
        application_data: Option<&[u8]>,
        recipient: &ProcessingCertificate,
        now: Timestamp,
    ) -> Result<Zeroizing<String>, IssueError> {
        let plaintext = payload::payment_data(card, amount)?;
        self.issue_plaintext(&plaintext, card.claim, application_data, recipient, now)
    }

    /// The same for payment data of any content, such as the verifier has to refuse.
    pub fn issue_plaintext(
        &self,
        plaintext: &[u8],
        claim: Claim<'_>,
        application_data: Option<&[u8]>,
        recipient: &ProcessingCertificate,
        now: Timestamp,
    ) -> Result<Zeroizing<String>, IssueError> {
        let (version, signer) = match recipient.key {
            ProcessingKey::P256(_) => (Version::EcV1, &self.ec),
            ProcessingKey::Rsa(_) => (Version::RsaV1, self.rsa_signer()?),
        };
        let Sealed { key, data } = seal::seal(plaintext, recipient)?;
        let transaction_id: [u8; 32] = random()?;
        let application_data: Option<[u8; 32]> =
            application_data.map(|data| Sha256::digest(data).into());
        let bound = application_data.as_ref().map_or(&[][..], |hash| hash);
        let mut content = Sha256::new();
        for part in [&key, &data, &transaction_id[..], bound] {
            content.update(part);
        }
        let signature = cms::sign(&content.finalize().into(), signer, &self.authority, now)?;
        let header = Header {
            ephemeral_public_key: (version == Version::EcV1).then(|| base64(&key)),
            wrapped_key: (version == Version::RsaV1).then(|| base64(&key)),
            public_key_hash: base64(recipient.public_key_hash()),
            transaction_id: hex::encode(transaction_id),
            application_data: application_data.map(hex::encode),
        };
        let token = json!({
            "paymentData": {
                "version": version.as_str(),
                "data": base64(&data),
                "signature": base64(&signature),
                "header": header,
            },
            "paymentMethod": claim,
            // In capital letters, as Apple has been seen to write it.
            "transactionIdentifier": hex::encode_upper(transaction_id),
        });
        Ok(Zeroizing::new(token.to_string()))
    }

    fn rsa_signer(&self) -> Result<&Signer, IssueError> {
        self.rsa.get_or_init(|| self.authority.rsa_signer().ok()).as_ref().ok_or(IssueError)
    }
}

fn random<const N: usize>() -> Result<[u8; N], IssueError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| IssueError)?;
    Ok(bytes)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authority: _, ec: _, rsa: _ } = self; // a new field will not compile until it is judged here
        f.write_str("Issuer(..)")
    }
}

impl fmt::Debug for DeviceCard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number: _, expires: _, cardholder_name: _, eci: _, claim: _ } = self; // as above
        f.write_str("DeviceCard(..)")
    }
}

impl fmt::Debug for IssuerFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { root: _, intermediate: _, intermediate_key: _ } = self; // as above
        f.write_str("IssuerFiles(..)")
    }
}

impl fmt::Debug for ProcessingFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certificate: _, key: _ } = self; // as above
        f.write_str("ProcessingFiles(..)")
    }
}
