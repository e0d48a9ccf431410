//! Recorded tokens and the keys to read them with.

use std::path::PathBuf;

use farthing_types::Money;
use farthing_wallets::apple::{
    Expectations, MerchantKey, Payment, PaymentToken, Refusal, TrustRoots, Verifier,
};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) const MERCHANT_ID: &str = "merchant.com.example.checkout";

/// One of the vectors, with what its list says about it.
pub(crate) struct Vector {
    pub(crate) token: Value,
    pub(crate) listed: Value,
}

impl Vector {
    pub(crate) fn load(file: &str) -> Self {
        let list: Value = serde_json::from_slice(&fixture("vectors.json")).unwrap();
        let mut vectors = list["vectors"].as_array().unwrap().iter();
        let listed = vectors.find(|vector| vector["file"] == file).unwrap().clone();
        Self { token: serde_json::from_slice(&fixture(file)).unwrap(), listed }
    }

    pub(crate) fn signing_time(&self) -> Timestamp {
        self.listed["signing_time"].as_str().unwrap().parse().unwrap()
    }

    /// The order that a good one is for; for a bad one, that of the good one which it was made of.
    pub(crate) fn amount(&self) -> Money {
        let expected = &self.listed["expect"];
        let currency = expected["currency_alpha"].as_str().unwrap_or("EUR").parse().unwrap();
        Money::new(expected["amount_minor"].as_u64().unwrap_or(1000), currency).unwrap()
    }

    pub(crate) fn application_data(&self) -> Option<&[u8]> {
        self.listed["application_data_utf8"].as_str().map(str::as_bytes)
    }

    pub(crate) fn expectations(&self) -> Expectations<'_> {
        Expectations { amount: self.amount(), application_data: self.application_data() }
    }

    pub(crate) fn read(&self, verifier: &Verifier, now: Timestamp) -> Result<Payment, Refusal> {
        let token = PaymentToken::from_json(self.token.to_string().as_bytes())?;
        verifier.verify_and_decrypt(&token, &self.expectations(), now)
    }
}

pub(crate) fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/applepay").join(file)
}

pub(crate) fn fixture(file: &str) -> Vec<u8> {
    std::fs::read(path(file)).unwrap()
}

pub(crate) fn merchant(name: &str) -> MerchantKey {
    let certificate = fixture(&format!("{name}.cert.pem"));
    let key = fixture(&format!("{name}.key.pem"));
    MerchantKey::from_pem(MERCHANT_ID, &certificate, &key).unwrap()
}

/// Trusts the vectors' root and holds all of their keys.
pub(crate) fn verifier() -> Verifier {
    let keys = ["merchant-a", "merchant-b", "merchant-rsa"].map(merchant);
    let roots = TrustRoots::danger_sandbox(&fixture("root-ca.pem")).unwrap();
    Verifier::new(roots, keys.into())
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    base64::engine::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}
