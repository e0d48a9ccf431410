//! Google Pay: tokens of the protocol ECv2, checked and handed on.
//!
//! With the tokenization type `PAYMENT_GATEWAY` only the gateway can decrypt. The server checks the shape ([`EncryptedToken`]) and, where
//! the operator provides Google's root keys, the signatures ([`RootKeys`]); then it forwards the exact bytes. Never anything written anew:
//! Google's signatures cover the characters of two strings inside the token, escapes and all.
//!
//! Source: "Payment data cryptography for merchants" (Google Pay API), ECv2. Comments call `docs/wallets.md` "reference": the structure of
//! a token is its section 2, what the gateway expects its section 1.1.

#[cfg(feature = "gateway")]
pub mod gateway;
#[cfg(feature = "issuer")]
pub mod issuer;
mod refusal;
mod roots;
#[cfg(any(feature = "gateway", feature = "issuer"))]
mod seal;
mod signed;
mod token;

pub use refusal::Refusal;
pub use roots::{RootKeys, RootKeysError};
pub use token::{EncryptedToken, Padding};
