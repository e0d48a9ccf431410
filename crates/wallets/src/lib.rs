//! Wallet tokens: Apple Pay payment tokens are verified and decrypted ([`apple`]), Google Pay tokens are checked ([`google`]).
//!
//! Sans-I/O: no network, no clock, no store. Time, keys and roots are passed in, so recorded tokens test everything; only who makes new
//! keys ([`apple::CertificateRequest`], the issuers) asks the operating system for randomness. Nothing here
//! remembers a token: that one is never used twice is the caller's duty, with the transaction id behind a unique constraint that is
//! written before the gateway is called.
//!
//! # Where the primitives come from
//!
//! | for | from | because |
//! |---|---|---|
//! | ECDH and ECDSA on P-256, ECDSA on P-384, RSA | AWS-LC (`aws-lc-rs`) | see below |
//! | AES-GCM with a nonce of 16 bytes | RustCrypto `aes-gcm` | AWS-LC and ring take nonces of 12 bytes only |
//! | SHA-256, HMAC, HKDF, AES-CTR | RustCrypto | what the rest of the product uses |
//! | DER, X.509, PEM | RustCrypto `der`, `x509-cert`, `pem-rfc7468` | strict, allocation bounded by the input |
//!
//! A token costs one ECDH and, with its chain known, one ECDSA verification. Measured beside OpenSSL 3.0 (one ECDH and two
//! verifications, 170 µs on that machine; the goal is 1.25 times that): RustCrypto's `p256` takes 240 µs for the ECDH alone, ring has
//! no ECDH with a key that is kept and no RSA decryption, and RustCrypto's `rsa` has an open advisory about its timing
//! (RUSTSEC-2023-0071). AWS-LC does all of it in 95 µs, in constant time where a secret is involved. Its price is a second C library
//! beside ring, which the TLS of the product keeps.
//!
//! # Features
//!
//! `issuer` makes tokens of both wallets under roots of its own, `gateway` opens Google Pay tokens: both for the sandbox, which plays the
//! other side. `fuzz` adds one function per parser. The server needs none of them.

pub mod apple;
mod ec;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod google;
mod json;
mod oid;
mod pem;
mod private_key;
mod wire;
