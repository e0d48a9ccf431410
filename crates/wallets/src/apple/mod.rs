//! Apple Pay: payment tokens, verified and decrypted.
//!
//! The parts follow the steps that a token goes through. Each step takes what the one before it has made, so that none can be left out: a
//! content key is made of a signed token only, plaintext with a content key only, a [`Payment`] of checked plaintext only.
//!
//! | step | what | where |
//! |---|---|---|
//! | 5.1 | decode, within limits | [`PaymentToken`] |
//! | 5.2 | CMS structure; certificates up to the pinned root; digest; signature; age | `cms`, `chain`, `signature` |
//! | 5.3 to 5.5 | choose the merchant's key; ECDH and KDF, or RSA-OAEP | `content_key` |
//! | 5.6 | AES-GCM with its tag | `cipher` |
//! | 5.7, 5.8 | read the payment data; is it for this order? | `payload`, `payment` |
//!
//! The numbers are sections of `docs/wallets.md`, which comments call "reference".
//!
//! Documents leave some points open; here is how they are taken:
//!
//! - A signature holds two certificates and nothing that is not looked at: no revocation lists, no unsigned attributes.
//! - A transaction id has 32 bytes, as all that were seen have.
//! - An account number is valid until the end of its last day in UTC.
//! - `transactionAmount` is in minor units of ISO 4217 for every currency; another reading would be refused as a wrong amount.

mod ber;
mod certificate;
mod chain;
mod cipher;
mod cms;
mod content_key;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
#[cfg(feature = "issuer")]
pub mod issuer;
mod merchant;
mod network;

mod payload;
mod payment;

mod refusal;
mod request;
mod roots;
mod signature;
mod token;
mod verifier;

pub use certificate::{not_after, user_id};
pub use merchant::{MerchantKey, MerchantKeyError, ProcessingCertificate};
pub use payload::DevicePan;
pub use payment::{Expectations, Payment, Summary};
pub use refusal::Refusal;
pub use request::{CertificateRequest, NotRequested};
pub use roots::{NotARoot, TrustRoots};
pub use token::{PaymentToken, Version};
pub use verifier::Verifier;
