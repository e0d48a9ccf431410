//! The vendors: the developer portal, the device, and keys that are kept.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_sandbox::Settings;
use farthing_types::Money;
use farthing_wallets::apple::{
    Expectations, MerchantKey, PaymentToken, ProcessingCertificate, Refusal, TrustRoots, Verifier,
};
use farthing_wallets::google::{self, EncryptedToken, RootKeys};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{CHALLENGE, World, but, json_of};
use crate::wallets::{AppleMerchant, MERCHANT_ID, merchant_key};

pub fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[tokio::test]
async fn roots_and_gateway_are_told_in_the_forms_that_a_server_reads() {
    let world = World::new().await;
    let vendors = world.vendors().await;
    let root = vendors["apple_root_pem"].as_str().unwrap();
    TrustRoots::danger_sandbox(root.as_bytes()).unwrap();
    assert_eq!(vendors["apple_host_url"], Value::Null, "nobody asked for it");
    assert!(vendors["apple_host_ca_pem"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE"));
    let roots = RootKeys::from_json(vendors["google_root_keys"].to_string().as_bytes()).unwrap();
    assert_eq!(
        vendors["google_gateway"],
        json!({"gateway": "primepay", "gatewayMerchantId": "farthing-sandbox"})
    );
    let data = world.google_data(json!({"auth_method": "PAN_ONLY", "number": CHALLENGE})).await;
    assert_eq!((&data["apiVersion"], &data["apiVersionMinor"]), (&json!(2), &json!(0)));
    let method = &data["paymentMethodData"];
    assert_eq!(method["type"], "CARD");
    assert_eq!(method["tokenizationData"]["type"], "PAYMENT_GATEWAY");
    let token = method["tokenizationData"]["token"].as_str().unwrap();
    let token = EncryptedToken::parse(token).unwrap();
    roots.verify(&token, "gateway:primepay", world.now().await).unwrap();
    let other = World::new().await.vendors().await;
    assert_ne!(other["apple_root_pem"], vendors["apple_root_pem"]);
    let roots = RootKeys::from_json(other["google_root_keys"].to_string().as_bytes()).unwrap();
    assert_eq!(
        roots.verify(&token, "gateway:primepay", world.now().await),
        Err(google::Refusal::IntermediateSignature)
    );
}

/// Whatever the sandbox makes is worth nothing to a server that takes money.
#[tokio::test]
async fn a_live_verifier_refuses_the_sandbox_s_tokens() {
    let world = World::new().await;
    let files = world.certify(json!({"kind": "processing", "merchant_id": MERCHANT_ID})).await;
    let text = |name: &str| files[name].as_str().unwrap();
    let key = merchant_key(text("certificate"), text("key"));
    let live = Verifier::new(TrustRoots::apple(), vec![key]);
    let wish = json!({"certificate": text("certificate"), "amount": 1999, "currency": "EUR"});
    let token = world.post("/_control/wallets/apple/token", wish).await;
    let token = PaymentToken::from_json(token.to_string().as_bytes()).unwrap();
    let amount = Money::new(1999, "EUR".parse().unwrap()).unwrap();
    let expected = Expectations { amount, application_data: None };
    let refused = live.verify_and_decrypt(&token, &expected, world.now().await).unwrap_err();
    assert_eq!(refused, Refusal::Chain);
}

#[tokio::test]
async fn each_flaw_of_an_apple_token_fails_at_its_own_step() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let now = world.now().await;
    merchant.open(&merchant.token(&world, json!({})).await, now).unwrap();
    for (fault, refusal) in [
        ("broken_signature", Refusal::Signature),
        ("emv", Refusal::PaymentDataType),
        ("expired", Refusal::Expired),
        ("no_cryptogram", Refusal::Cryptogram),
        ("other_application_data", Refusal::ApplicationData),
        ("other_key", Refusal::Key),
        ("other_root", Refusal::Chain),
        ("several_merchants", Refusal::AuthenticationResponses),
        ("simulator", Refusal::Malformed),
        ("stale", Refusal::SigningTime),
        ("swapped_transaction_id", Refusal::TransactionId),
        ("tampered_data", Refusal::Digest),
        ("wrong_amount", Refusal::Amount),
        ("wrong_currency", Refusal::Currency),
    ] {
        let token = merchant.token(&world, json!({"faults": [fault]})).await;
        assert_eq!(merchant.open(&token, now).unwrap_err(), refusal, "{fault}");
    }
    let network = merchant.token(&world, json!({"network": "MasterCard"})).await;
    assert_eq!(merchant.open(&network, now).unwrap_err(), Refusal::Network);
    let wish = json!({"signed_at": "2026-01-01T00:00:00Z"});
    let old = merchant.token(&world, wish).await;
    assert_eq!(merchant.open(&old, now).unwrap_err(), Refusal::SigningTime);
}

#[tokio::test]
async fn a_token_carries_what_was_asked_for() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let wish = json!({
        "amount": 2599, "currency": "AUD", "number": "5555555555554444", "expires": "2041-05-31",
        "application_data": STANDARD.encode("order-1015"),
    });
    let token = merchant.token(&world, wish).await;
    assert_eq!(
        token["paymentMethod"],
        json!({"displayName": "MasterCard 4444", "network": "MasterCard", "type": "debit"})
    );
    let parsed = PaymentToken::from_json(token.to_string().as_bytes()).unwrap();
    let amount = Money::new(2599, "AUD".parse().unwrap()).unwrap();
    let expected = Expectations { amount, application_data: Some(b"order-1015") };
    let now = world.now().await;
    let payment = merchant.verifier.verify_and_decrypt(&parsed, &expected, now).unwrap();
    let summary = payment.summary();
    assert_eq!(
        (summary.expires.to_string().as_str(), summary.cryptogram_bytes),
        ("2041-05-31", 20)
    );
    assert_eq!((summary.eci.as_deref(), summary.version), (Some("7"), "EC_v1"));
}

#[tokio::test]
async fn a_token_is_signed_by_the_sandbox_s_clock() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let real = world.now().await;
    world.advance(3600).await;
    let token = merchant.token(&world, json!({})).await;
    assert_eq!(merchant.open(&token, real).unwrap_err(), Refusal::SigningTime);
    merchant.open(&token, world.now().await).unwrap();
}

#[tokio::test]
async fn the_portal_certifies_keys_that_the_merchant_has_made() {
    let world = World::new().await;
    for (name, kind) in [("merchant-ec", "processing"), ("merchant-rsa", "processing")] {
        let csr = fixture(&format!("{name}.csr.pem"));
        let wish = json!({"kind": kind, "merchant_id": MERCHANT_ID, "csr": csr});
        let answer = world.certify(wish).await;
        assert_eq!(answer.get("key"), None);
        let certificate = answer["certificate"].as_str().unwrap();
        let key = fixture(&format!("{name}.key.pem"));
        let key =
            MerchantKey::from_pem(MERCHANT_ID, certificate.as_bytes(), key.as_bytes()).unwrap();
        // A token for it can be made and opened, in the version of its key.
        let wish = json!({"certificate": certificate, "amount": 1999, "currency": "EUR"});
        let token = world.post("/_control/wallets/apple/token", wish).await;
        let root = world.vendors().await["apple_root_pem"].as_str().unwrap().to_owned();
        let roots = TrustRoots::danger_sandbox(root.as_bytes()).unwrap();
        let merchant =
            AppleMerchant { verifier: Verifier::new(roots, vec![key]), certificate: String::new() };
        merchant.open(&token, world.now().await).unwrap();
        let version = if name == "merchant-rsa" { "RSA_v1" } else { "EC_v1" };
        assert_eq!(token["paymentData"]["version"], version);
    }
}

#[tokio::test]
async fn the_portal_refuses_what_apple_s_would() {
    let world = World::new().await;
    let csr = fixture("merchant-ec.csr.pem");
    // One bit of the signature, which is at the end.
    let (_, mut der) = pem_rfc7468::decode_vec(csr.as_bytes()).unwrap();
    *der.last_mut().unwrap() ^= 1;
    let forged =
        pem_rfc7468::encode_string("CERTIFICATE REQUEST", pem_rfc7468::LineEnding::LF, &der);
    let good = json!({"kind": "processing", "merchant_id": MERCHANT_ID, "csr": csr});
    for (name, value, rule) in [
        ("csr", json!(forged.unwrap()), "signed with its own key"),
        ("csr", json!(fixture("small-rsa.csr.pem")), "2048"),
        ("csr", json!(fixture("merchant-ec.key.pem")), "PEM"),
        ("csr", json!("nothing"), "PEM"),
        ("merchant_id", json!("com.example"), "merchant."),
        ("merchant_id", json!("merchant.a,b"), "merchant."),
        ("merchant_id", json!(null), "expected a string"),
        ("kind", json!("both"), "both"),
        ("more", json!(1), "more"),
    ] {
        let wish = but(good.clone(), name, value);
        let path = "/_control/wallets/apple/certificates";
        let response = world.call(Method::POST, path, Some(wish)).await;
        assert_eq!(response.status(), 400, "{name}");
        let error = json_of(response).await["error"].as_str().unwrap().to_owned();
        assert!(error.contains(rule), "{error}");
    }
    world.certify(good).await["certificate"].as_str().unwrap();
    let response =
        world.call(Method::POST, "/_control/wallets/apple/certificates", Some(json!([]))).await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn a_device_that_is_asked_for_nonsense_repeats_none_of_it() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let apple = json!({"certificate": merchant.certificate, "amount": 1999, "currency": "EUR"});
    let google = json!({"auth_method": "PAN_ONLY"});
    let identity =
        world.certify(json!({"kind": "identity", "merchant_id": MERCHANT_ID})).await["certificate"]
            .clone();
    let root = world.vendors().await["apple_root_pem"].clone();
    for (wallet, good, name, value) in [
        ("apple", &apple, "number", json!("4003830171874019")),
        ("apple", &apple, "number", json!(4_003_830_171_874_018_u64)),
        ("apple", &apple, "amount", json!(-1)),
        ("apple", &apple, "amount", json!(10.5)),
        ("apple", &apple, "currency", json!("XXX")),
        ("apple", &apple, "certificate", json!("none")),
        ("apple", &apple, "certificate", identity),
        ("apple", &apple, "certificate", root),
        ("apple", &apple, "application_data", json!("no base64")),
        ("apple", &apple, "expires", json!("tomorrow")),
        ("apple", &apple, "faults", json!(["unheard_of"])),
        ("apple", &apple, "colour", json!("red")),
        ("google", &google, "number", json!("4003830171874019")),
        ("google", &google, "number", json!(4_003_830_171_874_018_u64)),
        ("google", &google, "auth_method", json!("3DS")),
        ("google", &google, "faults", json!(["unheard_of"])),
        ("google", &google, "colour", json!("red")),
    ] {
        let path = format!("/_control/wallets/{wallet}/token");
        let wish = but(good.clone(), name, value.clone());
        let response = world.call(Method::POST, &path, Some(wish)).await;
        assert_eq!(response.status(), 400, "{name} {value}");
        let error = json_of(response).await["error"].as_str().unwrap().to_owned();
        assert!(!error.contains("40038301"), "{error}");
    }
}

#[tokio::test]
async fn kept_keys_are_the_same_after_a_restart() {
    let folder = std::env::temp_dir().join(format!("farthing-wallets-{}", std::process::id()));
    let keys = folder.join("keys");
    let settings = || Settings { wallet_keys: Some(keys.clone()), ..Settings::default() };
    let first = World::with(settings()).await;
    let before = first.vendors().await;
    let merchant = AppleMerchant::new(&first).await;
    first.sandbox.stop().await;
    #[cfg(unix)]
    for file in std::fs::read_dir(&keys).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
    }

    let second = World::with(settings()).await;
    assert_eq!(second.vendors().await, before);
    // The merchant's files of before go on working.
    let token = merchant.token(&second, json!({})).await;
    merchant.open(&token, second.now().await).unwrap();
    let wish = json!({"auth_method": "CRYPTOGRAM_3DS"});
    let dpan = second.google_dpan(wish).await;
    let paid = second.pay(crate::wallets::google_payment("a", &dpan)).await;
    assert_eq!(paid["status"], 2);
    second.call(Method::POST, "/_control/reset", None).await;
    assert_eq!(second.vendors().await, before, "a reset forgets no key");
    second.sandbox.stop().await;

    let root = keys.join("apple-root.pem");
    let text = std::fs::read_to_string(&root).unwrap();
    std::fs::remove_file(&root).unwrap();
    let error = farthing_sandbox::Sandbox::start(settings()).await.unwrap_err();
    assert!(error.to_string().contains("apple-root.pem"), "{error}");
    assert!(!root.exists(), "nothing is written over what is left");
    std::fs::write(&root, text.replace("BEGIN CERTIFICATE", "BEGIN NOTHING")).unwrap();
    assert!(farthing_sandbox::Sandbox::start(settings()).await.is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn an_identity_is_not_a_processing_certificate_nor_the_other_way_round() {
    let world = World::new().await;
    let wish = json!({"kind": "identity", "merchant_id": MERCHANT_ID});
    let identity = world.certify(wish).await["certificate"].as_str().unwrap().to_owned();
    assert!(ProcessingCertificate::from_pem(MERCHANT_ID, identity.as_bytes()).is_err());
}
