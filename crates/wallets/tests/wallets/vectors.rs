//! The published vectors: made by another implementation, listed in `fixtures/applepay/README.md`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_wallets::apple::{Refusal, TrustRoots, Verifier};
use jiff::{SignedDuration, Timestamp};

use crate::support::{Vector, fixture, merchant, verifier};

const GOOD: [&str; 3] = ["good-1.json", "good-2.json", "good-3-rsa.json"];

const BAD: [(&str, Refusal); 6] = [
    ("bad-1-tampered-data.json", Refusal::Digest),
    ("bad-2-unknown-public-key-hash.json", Refusal::Key),
    ("bad-3-broken-signature.json", Refusal::Signature),
    ("bad-4-leaf-without-oid.json", Refusal::LeafMarker),
    ("bad-5-rogue-root.json", Refusal::Chain),
    ("bad-6-transaction-id-swapped.json", Refusal::Digest),
];

#[test]
fn good_tokens_are_opened_to_the_listed_bytes() {
    let verifier = verifier();
    for file in GOOD {
        let vector = Vector::load(file);
        // Twice: once with the chain verified, once from the cache.
        for _ in 0..2 {
            let payment = vector.read(&verifier, vector.signing_time()).unwrap();
            let plaintext = vector.listed["debug"]["plaintext_utf8"].as_str().unwrap();
            assert_eq!(payment.device_pan().expose_bytes(), plaintext.as_bytes(), "{file}");
            assert_eq!(*payment.device_pan().expose_base64(), STANDARD.encode(plaintext), "{file}");
            assert_eq!(payment.network(), vector.listed["expect"]["network"], "{file}");
            let header = &vector.token["paymentData"]["header"];
            assert_eq!(payment.transaction_id(), header["transactionId"], "{file}");
        }
    }
}

#[test]
fn bad_tokens_are_refused_at_the_listed_step() {
    let verifier = verifier();
    for (file, refusal) in BAD {
        let vector = Vector::load(file);
        // Once with an empty cache, once with the chain of good tokens in it.
        let refused = vector.read(&verifier, vector.signing_time()).unwrap_err();
        assert_eq!(refused, refusal, "{file}: {}", vector.listed["fails_at"]);
        let good = Vector::load("good-1.json");
        good.read(&verifier, good.signing_time()).unwrap();
        let refused = vector.read(&verifier, vector.signing_time()).unwrap_err();
        assert_eq!(refused, refusal, "{file}: {}", vector.listed["fails_at"]);
    }
}

#[test]
fn every_vector_is_in_one_of_the_lists() {
    let list: serde_json::Value = serde_json::from_slice(&fixture("vectors.json")).unwrap();
    let files = list["vectors"].as_array().unwrap().iter().map(|vector| &vector["file"]);
    assert!(files.eq(GOOD.iter().copied().chain(BAD.map(|(file, _)| file))));
}

#[test]
fn with_the_real_clock_every_vector_is_refused_and_good_ones_as_stale() {
    let verifier = verifier();
    let now = Timestamp::now();
    for file in GOOD {
        assert_eq!(Vector::load(file).read(&verifier, now).unwrap_err(), Refusal::SigningTime);
    }
    for (file, _) in BAD {
        Vector::load(file).read(&verifier, now).unwrap_err();
    }
}

#[test]
fn a_token_is_fresh_for_five_minutes_either_way() {
    let verifier = verifier();
    let vector = Vector::load("good-1.json");
    let at = |offset: SignedDuration| vector.read(&verifier, vector.signing_time() + offset);
    let five = SignedDuration::from_mins(5);
    let moment = SignedDuration::from_nanos(1);
    for fresh in [five, -five, five - moment, moment - five] {
        at(fresh).unwrap();
    }
    for stale in [five + moment, -five - moment, SignedDuration::from_hours(1)] {
        assert_eq!(at(stale).unwrap_err(), Refusal::SigningTime, "{stale:?}");
    }
}

#[test]
fn live_verifier_refuses_every_vector() {
    let keys = ["merchant-a", "merchant-b", "merchant-rsa"].map(merchant);
    let live = Verifier::new(TrustRoots::apple(), keys.into());
    for file in GOOD.into_iter().chain(["bad-5-rogue-root.json"]) {
        let vector = Vector::load(file);
        assert_eq!(
            vector.read(&live, vector.signing_time()).unwrap_err(),
            Refusal::Chain,
            "{file}"
        );
    }
}

#[test]
fn the_rogue_root_is_trusted_only_by_whoever_says_so() {
    let roots = TrustRoots::danger_sandbox(&fixture("rogue-root-ca.pem")).unwrap();
    let rogue = Verifier::new(roots, vec![merchant("merchant-a")]);
    let vector = Vector::load("bad-5-rogue-root.json");
    vector.read(&rogue, vector.signing_time()).unwrap();
    let good = Vector::load("good-1.json");
    assert_eq!(good.read(&rogue, good.signing_time()).unwrap_err(), Refusal::Chain);
}

#[test]
fn a_token_for_a_key_that_is_not_held_is_refused() {
    let roots = || TrustRoots::danger_sandbox(&fixture("root-ca.pem")).unwrap();
    let vector = Vector::load("good-1.json");
    for keys in [vec![], vec![merchant("merchant-b"), merchant("merchant-rsa")]] {
        let verifier = Verifier::new(roots(), keys);
        assert_eq!(vector.read(&verifier, vector.signing_time()).unwrap_err(), Refusal::Key);
    }
    let rotated = vec![merchant("merchant-b"), merchant("merchant-a")];
    vector.read(&Verifier::new(roots(), rotated), vector.signing_time()).unwrap();
}
