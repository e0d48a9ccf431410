//! Google Pay tokens of our own making, opened by the gateway's side.

use farthing_types::{Expiry, Pan};
use farthing_wallets::google::gateway::{Auth, CardMessage, GatewayKey, Opener};
use farthing_wallets::google::issuer::{Card, Issuer};
use farthing_wallets::google::{EncryptedToken, Refusal, RootKeys};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const RECIPIENT: &str = "gateway:primepay";

struct World {
    issuer: Issuer,
    gateway_key: Vec<u8>,
    opener: Opener,
}

fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

impl World {
    fn new() -> Self {
        let issuer = Issuer::new(now()).unwrap();
        let key = GatewayKey::generate().unwrap();
        let gateway_key = key.public_key().to_vec();
        let roots = RootKeys::from_json(issuer.root_keys().unwrap().as_bytes()).unwrap();
        Self { issuer, gateway_key, opener: Opener::new(roots, RECIPIENT, vec![key]) }
    }

    fn open(&self, token: &str) -> Result<CardMessage, Refusal> {
        self.opener.open(&EncryptedToken::parse(token)?, now())
    }

    fn open_plaintext(&self, plaintext: &str) -> Result<CardMessage, Refusal> {
        let token = self.issuer.issue_plaintext(plaintext.as_bytes(), RECIPIENT, &self.gateway_key);
        self.open(&token.unwrap())
    }
}

#[test]
fn issued_tokens_are_opened() {
    let world = World::new();
    let number = Pan::parse("4012000000003010").unwrap();
    let expiry = Expiry::parse("12/30").unwrap();
    for device_eci in [None, Some("05")] {
        let card = Card { number: &number, expiry: &expiry, device_eci };
        let token = world.issuer.issue(&card, RECIPIENT, &world.gateway_key, now()).unwrap();
        assert!(token.contains("\\u003d") && !token.contains('='), "as Google writes it");
        let message = world.open(&token).unwrap();
        assert_eq!(message.pan.expose_digits(), "4012000000003010");
        assert_eq!((message.expiry.expose_year(), message.expiry.expose_month()), (2030, 12));
        match message.auth {
            Auth::PanOnly => assert_eq!(device_eci, None),
            Auth::Cryptogram3ds { eci, .. } => assert_eq!(eci.as_deref(), device_eci),
        }
        assert_eq!(format!("{card:?} {:?}", world.issuer), "Card(..) Issuer(..)");
    }
}

#[test]
fn an_issued_token_is_for_one_gateway_of_one_issuer() {
    let (world, other) = (World::new(), World::new());
    let number = Pan::parse("4012000000003010").unwrap();
    let expiry = Expiry::parse("12/30").unwrap();
    let card = Card { number: &number, expiry: &expiry, device_eci: None };
    let issue = |recipient, key: &[u8]| world.issuer.issue(&card, recipient, key, now()).unwrap();
    let refused = |world: &World, token: &str| world.open(token).unwrap_err();
    let good = issue(RECIPIENT, &world.gateway_key);
    assert_eq!(refused(&other, &good), Refusal::IntermediateSignature);
    let misaddressed = issue("gateway:other", &world.gateway_key);
    assert_eq!(refused(&world, &misaddressed), Refusal::MessageSignature);
    assert_eq!(refused(&world, &issue(RECIPIENT, &other.gateway_key)), Refusal::Tag);
    assert!(world.issuer.issue(&card, RECIPIENT, &[4; 65], now()).is_err());
    assert!(world.issuer.issue(&card, RECIPIENT, b"", now()).is_err());
}

#[test]
fn a_kept_root_key_signs_tokens_that_the_same_list_accepts() {
    let world = World::new();
    let root = world.issuer.root_key().unwrap();
    let later = now() + SignedDuration::from_hours(30 * 24);
    let expires = now() + SignedDuration::from_hours(365 * 24);
    let again = Issuer::from_root_key(root.as_bytes(), expires, later).unwrap();
    assert_eq!(again.root_keys().unwrap(), world.issuer.root_keys().unwrap());
    let number = Pan::parse("4012000000003010").unwrap();
    let expiry = Expiry::parse("12/30").unwrap();
    let card = Card { number: &number, expiry: &expiry, device_eci: None };
    let token = again.issue(&card, RECIPIENT, &world.gateway_key, later).unwrap();
    let message = world.opener.open(&EncryptedToken::parse(&token).unwrap(), later).unwrap();
    assert_eq!(message.gateway_merchant_id, None);
    assert!(Issuer::from_root_key(b"", expires, later).is_err());
}

#[test]
fn a_message_that_is_no_card_is_refused() {
    let world = World::new();
    let expires = (now() + SignedDuration::from_hours(1)).as_millisecond().to_string();
    let good = json!({
        "messageExpiration": expires,
        "messageId": "id",
        "paymentMethod": "CARD",
        "gatewayMerchantId": "someone",
        "paymentMethodDetails": {
            "expirationMonth": 4, "expirationYear": 2030, "pan": "4012000000003010",
            "authMethod": "CRYPTOGRAM_3DS", "cryptogram": "AAAA", "assuranceDetails": {},
        },
    });
    let message = world.open_plaintext(&good.to_string()).unwrap();
    assert_eq!(message.gateway_merchant_id.as_deref(), Some("someone"));
    world.open_plaintext(&good.to_string().replace("AAAA", "AA\\u003d\\u003d")).unwrap();
    for (pointer, wrong) in [
        ("/messageExpiration", json!("soon")),
        ("/messageExpiration", json!(1_800_000_000_000_i64)),
        ("/messageId", json!(null)),
        ("/paymentMethod", json!("TOKENIZED_CARD")),
        ("/paymentMethodDetails", json!([])),
        ("/paymentMethodDetails/pan", json!("4012000000003011")),
        ("/paymentMethodDetails/pan", json!("")),
        ("/paymentMethodDetails/expirationMonth", json!(13)),
        ("/paymentMethodDetails/expirationMonth", json!(0)),
        ("/paymentMethodDetails/expirationYear", json!(30)),
        ("/paymentMethodDetails/expirationYear", json!(-2030)),
        ("/paymentMethodDetails/authMethod", json!("PAN_ONLY")),
        ("/paymentMethodDetails/authMethod", json!("3DS")),
        ("/paymentMethodDetails/cryptogram", json!(null)),
        ("/paymentMethodDetails/cryptogram", json!(1)),
    ] {
        let mut message = good.clone();
        *message.pointer_mut(pointer).unwrap() = wrong;
        let refused = world.open_plaintext(&message.to_string()).err();
        assert_eq!(refused, Some(Refusal::Plaintext), "{pointer} {:?}", message.pointer(pointer));
    }
    let mut late: Value = good;
    late["messageExpiration"] = now().as_millisecond().to_string().into();
    assert_eq!(world.open_plaintext(&late.to_string()).unwrap_err(), Refusal::MessageExpired);
    for text in ["", "null", "[]", "4012000000003010"] {
        assert_eq!(world.open_plaintext(text).unwrap_err(), Refusal::Plaintext, "{text}");
    }
}
