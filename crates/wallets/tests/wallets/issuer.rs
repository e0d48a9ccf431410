//! Tokens of our own making: what the sandbox hands out is what the verifier takes, and nobody else takes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode as _, Encode as _};
use farthing_types::{Money, Pan};
use farthing_wallets::apple::issuer::{Claim, DeviceCard, Issuer, IssuerFiles};
use farthing_wallets::apple::{
    Expectations, MerchantKey, Payment, PaymentToken, ProcessingCertificate, Refusal, TrustRoots,
    Verifier,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::{MERCHANT_ID, fixture, merchant};

pub(crate) const VISA: Claim<'_> =
    Claim { display_name: "Visa 3010", network: "Visa", kind: "debit" };

pub(crate) fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

pub(crate) fn euro(minor: u64) -> Money {
    Money::new(minor, "EUR".parse().unwrap()).unwrap()
}

fn card(number: &Pan) -> DeviceCard<'_> {
    DeviceCard {
        number,
        expires: "2030-12-31".parse().unwrap(),
        cardholder_name: Some("Zo\u{eb} \"Example\" / M\u{fc}ller"),
        eci: Some("7"),
        claim: VISA,
    }
}

/// A verifier that trusts the issuer, with the keys of the vectors and one that the issuer has made.
fn verifier(issuer: &Issuer) -> Verifier {
    let files = issuer.processing_files(MERCHANT_ID).unwrap();
    let made =
        MerchantKey::from_pem(MERCHANT_ID, files.certificate.as_bytes(), files.key.as_bytes());
    let mut keys = vec![made.unwrap()];
    keys.extend(["merchant-a", "merchant-rsa"].map(merchant));
    let roots = TrustRoots::danger_sandbox(issuer.root_pem().unwrap().as_bytes()).unwrap();
    Verifier::new(roots, keys)
}

fn read(
    verifier: &Verifier,
    json: &str,
    application_data: Option<&[u8]>,
    now: Timestamp,
) -> Result<Payment, Refusal> {
    let token = PaymentToken::from_json(json.as_bytes())?;
    let expected = Expectations { amount: euro(1000), application_data };
    verifier.verify_and_decrypt(&token, &expected, now)
}

#[test]
fn issued_tokens_are_opened_for_keys_of_every_kind() {
    let issuer = Issuer::new(now()).unwrap();
    let verifier = verifier(&issuer);
    let number = Pan::parse("4012000000003010").unwrap();
    for (key, version) in verifier.keys().iter().zip(["EC_v1", "EC_v1", "RSA_v1"]) {
        for data in [None, Some(&b"order-1015"[..])] {
            let json =
                issuer.issue(&card(&number), euro(1000), data, key.certificate(), now()).unwrap();
            let payment = read(&verifier, &json, data, now()).unwrap();
            assert_eq!(payment.summary().version, version);
            assert_eq!(payment.summary().expires.to_string(), "2030-12-31");
            assert_eq!(payment.summary().eci.as_deref(), Some("7"));
            assert!(payment.summary().has_cardholder_name);
            assert_eq!(payment.last4().unwrap().as_str(), "3010");
            let token: Value = serde_json::from_str(&json).unwrap();
            let header = &token["paymentData"]["header"];
            assert_eq!(payment.transaction_id(), header["transactionId"]);
            let upper = payment.transaction_id().to_uppercase();
            assert_eq!(token["transactionIdentifier"], upper);
            let other = data.map_or(Some(&b"order-1015"[..]), |_| None);
            for other in [other, Some(b"order-1016")] {
                let refused = read(&verifier, &json, other, now()).unwrap_err();
                assert_eq!(refused, Refusal::ApplicationData);
            }
        }
    }
}

#[test]
fn no_two_tokens_have_one_id() {
    let issuer = Issuer::new(now()).unwrap();
    let verifier = verifier(&issuer);
    let number = Pan::parse("4012000000003010").unwrap();
    let key = verifier.keys()[0].certificate();
    let issue = || issuer.issue(&card(&number), euro(1000), None, key, now()).unwrap();
    let ids = [issue(), issue()]
        .map(|json| read(&verifier, &json, None, now()).unwrap().transaction_id().to_owned());
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_live_verifier_and_another_issuer_s_refuse_issued_tokens() {
    let issuer = Issuer::new(now()).unwrap();
    let number = Pan::parse("4012000000003010").unwrap();
    let key = merchant("merchant-a");
    let json = issuer.issue(&card(&number), euro(1000), None, key.certificate(), now()).unwrap();
    let live = Verifier::new(TrustRoots::apple(), vec![key]);
    assert_eq!(read(&live, &json, None, now()).unwrap_err(), Refusal::Chain);
    let other = verifier(&Issuer::new(now()).unwrap());
    assert_eq!(read(&other, &json, None, now()).unwrap_err(), Refusal::Chain);
}

#[test]
fn a_cached_chain_is_not_used_when_it_is_not_valid() {
    let issuer = Issuer::new(now()).unwrap();
    let verifier = verifier(&issuer);
    let number = Pan::parse("4012000000003010").unwrap();
    let key = verifier.keys()[0].certificate();
    let at = |at: Timestamp| {
        let json = issuer.issue(&card(&number), euro(1000), None, key, at).unwrap();
        read(&verifier, &json, None, at)
    };
    let day = SignedDuration::from_hours(24);
    let second = SignedDuration::from_secs(1);
    at(now()).unwrap();
    assert_eq!(at(now() + day * 3653).unwrap_err(), Refusal::Expired);
    assert_eq!(at(now() + day * 3653 + second).unwrap_err(), Refusal::Validity);
    at(now() - day).unwrap();
    assert_eq!(at(now() - day - second).unwrap_err(), Refusal::Validity);
    at(now()).unwrap();
}

#[test]
fn processing_files_are_what_the_portal_would_give() {
    let issuer = Issuer::new(now()).unwrap();
    for id in [MERCHANT_ID, "merchant.a+b, c=\"d\" \\ #1", "h\u{e4}ndler"] {
        let files = issuer.processing_files(id).unwrap();
        let key = MerchantKey::from_pem(id, files.certificate.as_bytes(), files.key.as_bytes());
        assert_eq!(key.unwrap().certificate().merchant_id(), id);
        assert_eq!(format!("{files:?}"), "ProcessingFiles(..)");
    }
    assert_eq!(format!("{issuer:?}"), "Issuer(..)");
    let foreign = fixture("merchant-b.cert.pem");
    ProcessingCertificate::from_pem(MERCHANT_ID, &foreign).unwrap();
}

#[test]
fn a_kept_issuer_makes_tokens_under_the_same_root() {
    let first = Issuer::new(now()).unwrap();
    let verifier = verifier(&first);
    let files = first.files().unwrap();
    assert_eq!(format!("{files:?}"), "IssuerFiles(..)");
    let again = Issuer::from_files(&files).unwrap();
    assert_eq!(again.root_pem().unwrap(), first.root_pem().unwrap());
    let number = Pan::parse("4012000000003010").unwrap();
    for key in verifier.keys() {
        let issued = again.issue(&card(&number), euro(1000), None, key.certificate(), now());
        read(&verifier, &issued.unwrap(), None, now()).unwrap();
    }
}

#[test]
fn files_that_do_not_belong_together_make_no_issuer() {
    let issue = || Issuer::new(now()).unwrap().files().unwrap();
    let cases: [fn(&mut IssuerFiles, IssuerFiles); 6] = [
        |files, other| files.root = other.root,
        |files, other| files.intermediate = other.intermediate,
        |files, other| files.intermediate_key = other.intermediate_key,
        |files, _| files.root.clear(),
        |files, _| files.intermediate.push_str("-----BEGIN CERTIFICATE-----"),
        |files, _| *files.intermediate_key = files.root.clone(),
    ];
    for (case, spoil) in cases.iter().enumerate() {
        let mut files = issue();
        spoil(&mut files, issue());
        assert!(Issuer::from_files(&files).is_err(), "{case}");
    }
}

#[test]
fn the_portal_certifies_a_key_that_the_merchant_has_made() {
    let issuer = Issuer::new(now()).unwrap();
    for name in ["merchant-a", "merchant-rsa"] {
        let theirs = fixture(&format!("{name}.cert.pem"));
        let (_, theirs) = pem_rfc7468::decode_vec(&theirs).unwrap();
        let theirs = x509_cert::Certificate::from_der(&theirs).unwrap();
        let key = theirs.tbs_certificate().subject_public_key_info().to_der().unwrap();
        let certificate = issuer.processing_certificate(MERCHANT_ID, &key).unwrap();
        let private = fixture(&format!("{name}.key.pem"));
        MerchantKey::from_pem(MERCHANT_ID, certificate.as_bytes(), &private).unwrap();
    }
}

#[test]
fn tokens_have_the_outer_bytes_of_apple_s() {
    let issuer = Issuer::new(now()).unwrap();
    let number = Pan::parse("4012000000003010").unwrap();
    let key = merchant("merchant-a");
    let json = issuer.issue(&card(&number), euro(1000), None, key.certificate(), now()).unwrap();
    let token: Value = serde_json::from_str(&json).unwrap();
    let signature = token["paymentData"]["signature"].as_str().unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    // Reference 5.2, step 1.
    assert!(signature.starts_with(&hex::decode("308006092a864886f70d010702a0803080").unwrap()));
    assert!(signature.ends_with(&[0; 6]));
}
