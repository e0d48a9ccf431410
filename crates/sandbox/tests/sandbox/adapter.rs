//! Both sides of the wire together: what the adapter sends the sandbox takes, and what the sandbox says the adapter understands.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use farthing_gateways::smartcore::{Config, Profile, SmartCore};
use farthing_gateways::{
    CheckedState, Gateway, Order, PayState, RawCallback, Unclear, WalletToken, WireRequest,
    WireResponse,
};
use farthing_types::card::HolderName;
use farthing_types::{
    BrowserInfo, Card, Currency, Customer, CustomerField, Expiry, Money, Pan, SecurityCode,
};
use farthing_wallets::apple::{Expectations, PaymentToken};
use farthing_wallets::google::{EncryptedToken, Padding};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::common::{CHALLENGE, FRICTIONLESS, REFUSED, Shop, World};
use crate::wallets::AppleMerchant;

struct Merchant {
    world: World,
    shop: Shop,
    adapter: SmartCore,
    customer: Customer,
}

impl Merchant {
    async fn new(profile: Profile) -> Self {
        let world = World::new().await;
        let euro: Currency = "EUR".parse().unwrap();
        let adapter = SmartCore::new(Config {
            profile,
            accounts: BTreeMap::from([(euro, "EUR-sandbox".to_owned())]),
            merchant_key: "test".to_owned(),
            secret: SecretString::from("qwerty"),
            old_secrets: Vec::new(),
            card_url: format!("{}/smartcore/card/", world.base).parse().unwrap(),
            api_url: format!("{}/smartcore/api/", world.base).parse().unwrap(),
            form_hosts: vec![format!("localhost:{}", world.sandbox.address().port())],
            allow_http: true,
        })
        .unwrap();
        let mut customer = Customer::default();
        for (field, value) in [
            (CustomerField::FirstName, "Zoë"),
            (CustomerField::LastName, "Łukasiewicz"),
            (CustomerField::Address, "1 High Street"),
            (CustomerField::City, "Leeds"),
            (CustomerField::Zip, "LS1 4AP"),
            (CustomerField::Country, "GB"),
            (CustomerField::Phone, "+441130000000"),
            (CustomerField::Email, "zoe@example.com"),
        ] {
            customer.set(field, value).unwrap();
        }
        Self { world, shop: Shop::new().await, adapter, customer }
    }

    fn order<'a>(&'a self, id: &'a str) -> Order<'a> {
        Order {
            gateway_order_id: id,
            amount: Money::new(1999, "EUR".parse().unwrap()).unwrap(),
            purpose: Some("Two books"),
            merchant_site: "https://shop.example",
            customer: &self.customer,
            customer_ip: Ipv4Addr::new(192, 0, 2, 7).into(),
            return_url: "https://shop.example/return/x",
            callback_url: &self.shop.url,
            recurrent: None,
        }
    }

    async fn send(&self, request: WireRequest) -> WireResponse {
        let response = self
            .world
            .client
            .post(request.url.clone())
            .header("content-type", request.content_type)
            .header("authorization", request.authorization.as_ref().unwrap().expose_secret())
            .body(request.body.to_vec())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        WireResponse { status, body: response.bytes().await.unwrap().to_vec() }
    }

    async fn pay(&self, id: &str, number: &str) -> PayState {
        let card = Card {
            pan: Pan::parse(number).unwrap(),
            expiry: Expiry::parse("12/30").unwrap(),
            security_code: Some(SecurityCode::parse("123").unwrap()),
            holder: HolderName::parse("Zoë Ł").unwrap(),
        };
        let browser = BrowserInfo {
            accept_header: Some("text/html".to_owned()),
            user_agent: Some("Mozilla/5.0".to_owned()),
            java_enabled: Some(false),
            js_enabled: true,
            color_depth: Some(24),
            screen_height: Some(900),
            screen_width: Some(1440),
            language: Some("en-GB".to_owned()),
            time_zone: Some(-60),
        };
        let request = self.adapter.pay_card(&self.order(id), &card, &browser).unwrap();
        self.adapter.read_pay(id, &self.send(request).await).state
    }

    async fn pay_wallet(&self, id: &str, wallet: &WalletToken<'_>) -> PayState {
        let browser = BrowserInfo { js_enabled: true, ..BrowserInfo::default() };
        let request = self.adapter.pay_wallet(&self.order(id), wallet, &browser).unwrap();
        self.adapter.read_pay(id, &self.send(request).await).state
    }

    async fn check(&self, id: &str) -> CheckedState {
        let request = self.adapter.check(id).unwrap();
        self.adapter.read_check(&[id], &self.send(request).await).state
    }
}

fn redirect(state: PayState) -> String {
    match state {
        PayState::Step(step) => step.target.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_payment_runs_from_request_to_verified_callback_in_both_profiles() {
    for profile in [Profile::V0, Profile::V1] {
        let mut merchant = Merchant::new(profile).await;
        let url = redirect(merchant.pay("a", FRICTIONLESS).await);
        assert_eq!(merchant.check("a").await, CheckedState::Pending);
        merchant.world.visit(&url).await;
        assert_eq!(
            merchant.check("a").await,
            CheckedState::Succeeded { amount: 1999, final_amount: Some(1999) }
        );
        let callback = merchant.shop.next().await;
        let raw = RawCallback {
            content_type: Some(&callback.content_type),
            body: callback.body.as_bytes(),
        };
        assert_eq!(merchant.adapter.read_callback(&raw).unwrap().gateway_order_id, "a");
        let log = &merchant.world.ledger().await.requests["initPaymentHost2Host"];
        assert_eq!(log.shapes[0].unknown, 0, "the adapter sends documented fields only");
    }
}

/// From the device to the callback: the token is verified and opened, and what the wallets' crate makes of it is what the gateway takes.
#[tokio::test]
async fn an_apple_pay_token_runs_from_device_to_callback_in_both_profiles() {
    for profile in [Profile::V0, Profile::V1] {
        let mut merchant = Merchant::new(profile).await;
        let world = &merchant.world;
        let apple = AppleMerchant::new(world).await;
        let token = apple.token(world, json!({})).await;
        let token = PaymentToken::from_json(token.to_string().as_bytes()).unwrap();
        let amount = Money::new(1999, "EUR".parse().unwrap()).unwrap();
        let expected = Expectations { amount, application_data: None };
        let now = world.now().await;
        let payment = apple.verifier.verify_and_decrypt(&token, &expected, now).unwrap();
        let dpan = payment.device_pan().expose_base64();
        let wallet = WalletToken::ApplePay { dpan: &dpan, network: payment.network() };
        let state = merchant.pay_wallet("a", &wallet).await;
        assert!(matches!(state, PayState::CheckNow { refusal: None }), "{state:?}");
        assert_eq!(
            merchant.check("a").await,
            CheckedState::Succeeded { amount: 1999, final_amount: Some(1999) }
        );
        let callback = merchant.shop.next().await;
        let raw = RawCallback {
            content_type: Some(&callback.content_type),
            body: callback.body.as_bytes(),
        };
        assert_eq!(merchant.adapter.read_callback(&raw).unwrap().gateway_order_id, "a");
        let log = &merchant.world.ledger().await.requests["initPaymentHost2Host"];
        assert_eq!(log.shapes[0].unknown, 0, "the adapter sends documented fields only");

        let again = merchant.pay_wallet("b", &wallet).await;
        match again {
            PayState::CheckNow { refusal: Some(refusal) } => {
                assert_eq!(refusal.raw.as_deref(), Some("VALIDATION_PROCESSING_ERROR"));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(merchant.check("b").await, CheckedState::NotFound);
    }
}

#[tokio::test]
async fn a_google_pay_token_is_passed_on_in_either_form_of_base64() {
    for profile in [Profile::V0, Profile::V1] {
        let merchant = Merchant::new(profile).await;
        for (auth_method, padding) in [
            ("CRYPTOGRAM_3DS", Padding::Padded),
            ("CRYPTOGRAM_3DS", Padding::Unpadded),
            ("PAN_ONLY", Padding::Padded),
        ] {
            let data = merchant.world.google_data(json!({"auth_method": auth_method})).await;
            let method = &data["paymentMethodData"];
            let token = method["tokenizationData"]["token"].as_str().unwrap();
            let token = EncryptedToken::parse(token).unwrap();
            let dpan = token.expose_base64(padding);
            let network = method["info"]["cardNetwork"].as_str().unwrap();
            let wallet = WalletToken::GooglePay { dpan: &dpan, network };
            let id = format!("{auth_method}-{padding:?}");
            let state = merchant.pay_wallet(&id, &wallet).await;
            if auth_method == "PAN_ONLY" {
                merchant.world.visit(&redirect(state)).await;
                assert_eq!(merchant.check(&id).await, CheckedState::Pending);
            } else {
                assert!(matches!(state, PayState::CheckNow { refusal: None }), "{state:?}");
                assert!(matches!(merchant.check(&id).await, CheckedState::Succeeded { .. }));
            }
        }
    }
}

#[tokio::test]
async fn the_hosted_form_is_opened_too() {
    let merchant = Merchant::new(Profile::V1).await;
    let request = merchant.adapter.hosted_form(&merchant.order("a"), Some("7122321576")).unwrap();
    let answer = merchant.send(request).await;
    let url = redirect(merchant.adapter.read_pay("a", &answer).state);
    assert_eq!(merchant.world.visit(&url).await.status(), 200);
}

#[tokio::test]
async fn failures_unknown_orders_and_wrong_credentials_are_told_apart() {
    let merchant = Merchant::new(Profile::V1).await;
    merchant.world.set(json!({"settle": "on_accept"})).await;
    merchant.pay("a", REFUSED).await;
    match merchant.check("a").await {
        CheckedState::Failed { raw, .. } => {
            assert_eq!(raw.as_deref(), Some("EMITTER_DENIAL_PROCESSING_ERROR"));
        }
        other => panic!("{other:?}"),
    }
    for code in [200, 404] {
        merchant.world.set(json!({"check_unknown_http": code})).await;
        assert_eq!(merchant.check("nobody").await, CheckedState::NotFound);
    }
    merchant
        .world
        .set(json!({"replies": [{"on": "both", "fault": "http_status", "code": 401}]}))
        .await;
    assert_eq!(merchant.check("a").await, CheckedState::Misconfigured);
    assert!(matches!(merchant.pay("b", FRICTIONLESS).await, PayState::Misconfigured));
}

#[tokio::test]
async fn a_foreign_form_url_and_a_foreign_order_are_refused() {
    let merchant = Merchant::new(Profile::V1).await;
    merchant.world.set(json!({"form_base": "https://evil.example"})).await;
    assert!(matches!(merchant.pay("a", CHALLENGE).await, PayState::Unclear(Unclear::ForeignHost)));
    merchant.world.set(json!({"replies": [{"on": "check", "fault": "foreign_order_id"}]})).await;
    assert_eq!(merchant.check("a").await, CheckedState::Unclear(Unclear::ForeignOrder));
}

#[tokio::test]
async fn no_fault_of_a_reply_makes_an_open_payment_paid_or_failed() {
    let merchant = Merchant::new(Profile::V1).await;
    redirect(merchant.pay("a", FRICTIONLESS).await);
    let mut faults: Vec<Value> =
        ["html", "cut_json", "deep", "bom", "nan", "bad_utf8", "empty", "duplicate_keys"]
            .into_iter()
            .map(|form| json!({"fault": "malformed", "form": form}))
            .collect();
    for value in
        [json!(3), json!("x"), json!(1.5), json!(true), Value::Null, json!("2 "), json!([2])]
    {
        faults.push(json!({"fault": "status_value", "value": value}));
    }
    for fault in ["status_absent", "extra_fields", "numbers_as_text", "foreign_order_id"] {
        faults.push(json!({"fault": fault}));
    }
    for code in [429, 500, 502, 503] {
        faults.push(json!({"fault": "http_status", "code": code}));
    }
    for mut fault in faults {
        fault["on"] = json!("check");
        merchant.world.set(json!({"replies": [fault]})).await;
        let state = merchant.check("a").await;
        assert!(
            matches!(state, CheckedState::Pending | CheckedState::Unclear(_)),
            "{fault}: {state:?}"
        );
    }
}
