//! What a token costs, beside the primitives of OpenSSL that it could not do without, timed in the same run.
//!
//! `cargo bench --manifest-path crates/wallets/benches/Cargo.toml`, with OpenSSL's headers: `apt-get install libssl-dev pkg-config`.
//!
//! The goal: an Apple Pay token for a key on P-256, its certificate chain known, within 1.25 times of one ECDH and two verifications of
//! ECDSA on P-256 by OpenSSL. The last lines say whether it is met, from measurements of its own that take turns, so that whatever else
//! the machine does hits both alike.
#![allow(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use farthing_types::{Money, Pan};
use farthing_wallets::apple::issuer::{Claim, DeviceCard, Issuer};
use farthing_wallets::apple::{Expectations, MerchantKey, PaymentToken, TrustRoots, Verifier};
use jiff::Timestamp;
use openssl::bn::BigNumContext;
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, PointConversionForm};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::sign::Verifier as OpensslVerifier;

const MERCHANT_ID: &str = "merchant.com.example.checkout";

/// OpenSSL's side: a signature to verify, and a key pair to agree with.
struct Openssl {
    signed: EcKey<Public>,
    envelope: PKey<Public>,
    message: Vec<u8>,
    signature: Vec<u8>,
    private: PKey<Private>,
    peer: Vec<u8>,
    group: EcGroup,
}

impl Openssl {
    fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = || EcKey::generate(&group).unwrap();
        let (signer, private, peer) = (key(), key(), key());
        let message = vec![0x5a; 150]; // as long as signed attributes
        let digest = hash(MessageDigest::sha256(), &message).unwrap();
        let signature = EcdsaSig::sign(&digest, &signer).unwrap().to_der().unwrap();
        let signed = EcKey::from_public_key(&group, signer.public_key()).unwrap();
        let mut context = BigNumContext::new().unwrap();
        let form = PointConversionForm::UNCOMPRESSED;
        Self {
            envelope: PKey::from_ec_key(signed.clone()).unwrap(),
            signed,
            message,
            signature,
            private: PKey::from_ec_key(private).unwrap(),
            peer: peer.public_key().to_bytes(&group, form, &mut context).unwrap(),
            group,
        }
    }

    /// The primitive alone: hash, `ECDSA_do_verify`.
    fn verify(&self) {
        let digest = hash(MessageDigest::sha256(), &self.message).unwrap();
        let signature = EcdsaSig::from_der(&self.signature).unwrap();
        assert!(signature.verify(&digest, &self.signed).unwrap());
    }

    /// The same through `EVP_DigestVerify`.
    fn verify_through_envelope(&self) {
        let mut verifier = OpensslVerifier::new(MessageDigest::sha256(), &self.envelope).unwrap();
        assert!(verifier.verify_oneshot(&self.signature, &self.message).unwrap());
    }

    /// The peer's point read from its bytes, which checks that it lies on the curve, then `EVP_PKEY_derive`.
    fn agree(&self) {
        let mut context = BigNumContext::new().unwrap();
        let point =
            openssl::ec::EcPoint::from_bytes(&self.group, &self.peer, &mut context).unwrap();
        let peer = PKey::from_ec_key(EcKey::from_public_key(&self.group, &point).unwrap()).unwrap();
        let mut deriver = Deriver::new(&self.private).unwrap();
        deriver.set_peer(&peer).unwrap();
        black_box(deriver.derive_to_vec().unwrap());
    }

    /// `EVP_PKEY_derive` with a peer that is known and not checked again: the least that OpenSSL can do.
    fn agree_unchecked(&self, peer: &PKey<Public>) {
        let mut deriver = Deriver::new(&self.private).unwrap();
        deriver.set_peer_ex(peer, false).unwrap();
        black_box(deriver.derive_to_vec().unwrap());
    }

    fn peer(&self) -> PKey<Public> {
        let mut context = BigNumContext::new().unwrap();
        let point =
            openssl::ec::EcPoint::from_bytes(&self.group, &self.peer, &mut context).unwrap();
        PKey::from_ec_key(EcKey::from_public_key(&self.group, &point).unwrap()).unwrap()
    }
}

/// Our side: a verifier, and a token as the browser sends it.
struct Farthing {
    root: String,
    certificate: String,
    key: String,
    verifier: Verifier,
    json: String,
    now: Timestamp,
}

impl Farthing {
    fn new() -> Self {
        let now: Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
        let issuer = Issuer::new(now).unwrap();
        let files = issuer.processing_files(MERCHANT_ID).unwrap();
        let root = issuer.root_pem().unwrap();
        let verifier = verifier(&root, &files.certificate, &files.key);
        let number = Pan::parse("4012000000003010").unwrap();
        let card = DeviceCard {
            number: &number,
            expires: "2030-12-31".parse().unwrap(),
            cardholder_name: None,
            eci: Some("7"),
            claim: Claim { display_name: "Visa 3010", network: "Visa", kind: "debit" },
        };
        let certificate = verifier.keys().first().unwrap().certificate();
        let json = issuer.issue(&card, amount(), None, certificate, now).unwrap().to_string();
        let (certificate, key) = (files.certificate.clone(), files.key.to_string());
        Self { root, certificate, key, verifier, json, now }
    }

    /// From JSON to plaintext.
    fn open(&self, verifier: &Verifier) {
        let token = PaymentToken::from_json(self.json.as_bytes()).unwrap();
        let expected = Expectations { amount: amount(), application_data: None };
        black_box(verifier.verify_and_decrypt(&token, &expected, self.now).unwrap());
    }

    /// A verifier that has not seen the chain.
    fn fresh(&self) -> Verifier {
        verifier(&self.root, &self.certificate, &self.key)
    }
}

fn verifier(root: &str, certificate: &str, key: &str) -> Verifier {
    let roots = TrustRoots::danger_sandbox(root.as_bytes()).unwrap();
    let key = MerchantKey::from_pem(MERCHANT_ID, certificate.as_bytes(), key.as_bytes()).unwrap();
    Verifier::new(roots, vec![key])
}

fn amount() -> Money {
    Money::new(1000, "EUR".parse().unwrap()).unwrap()
}

/// The median time of one call, of batches that take turns.
fn in_turns(calls: &[&dyn Fn()]) -> Vec<Duration> {
    const BATCH: u32 = 50;
    let mut times = vec![Vec::new(); calls.len()];
    for _ in 0..200 {
        for (call, times) in calls.iter().zip(&mut times) {
            let start = Instant::now();
            (0..BATCH).for_each(|_| call());
            times.push(start.elapsed() / BATCH);
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort();
            times.get(times.len() / 2).copied().unwrap_or_default()
        })
        .collect()
}

fn main() {
    let (openssl, ours) = (Openssl::new(), Farthing::new());
    let peer = openssl.peer();
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("openssl: verify", |b| b.iter(|| openssl.verify()));
    criterion
        .bench_function("openssl: verify, EVP", |b| b.iter(|| openssl.verify_through_envelope()));
    criterion.bench_function("openssl: ECDH, point checked", |b| b.iter(|| openssl.agree()));
    criterion
        .bench_function("openssl: ECDH, unchecked", |b| b.iter(|| openssl.agree_unchecked(&peer)));
    ours.open(&ours.verifier);
    criterion.bench_function("token: chain known", |b| b.iter(|| ours.open(&ours.verifier)));
    criterion.bench_function("token: chain new", |b| {
        b.iter_batched(
            || ours.fresh(),
            |fresh| ours.open(&fresh),
            criterion::BatchSize::SmallInput,
        );
    });
    criterion.final_summary();

    let least = || {
        openssl.agree_unchecked(&peer);
        openssl.verify();
        openssl.verify();
    };
    let checked = || {
        openssl.agree();
        openssl.verify();
        openssl.verify();
    };
    let token = || ours.open(&ours.verifier);
    let [least, checked, token] = in_turns(&[&least, &checked, &token])[..] else { return };
    println!(
        "openssl, one ECDH and two verifications: {least:.1?}; with the point checked: {checked:.1?}"
    );
    println!(
        "token, chain known: {token:.1?}, {:.2} times of the former",
        token.as_secs_f64() / least.as_secs_f64()
    );
    println!("goal of 1.25 times: {}", if token * 4 <= least * 5 { "met" } else { "MISSED" });
}
