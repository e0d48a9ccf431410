//! Payment data that Apple has signed and that is still refused: not for this order, or nothing that the gateway takes.

use farthing_types::Money;
use farthing_wallets::apple::issuer::{Claim, Issuer};
use farthing_wallets::apple::{Expectations, Payment, PaymentToken, Refusal, TrustRoots, Verifier};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::issuer::{VISA, euro, now};
use crate::support::merchant;

struct World {
    issuer: Issuer,
    verifier: Verifier,
}

impl World {
    fn new() -> Self {
        let issuer = Issuer::new(now()).unwrap();
        let roots = TrustRoots::danger_sandbox(issuer.root_pem().unwrap().as_bytes()).unwrap();
        Self { verifier: Verifier::new(roots, vec![merchant("merchant-b")]), issuer }
    }

    fn token(&self, plaintext: &str, claim: Claim<'_>, at: Timestamp) -> Value {
        let key = self.verifier.keys()[0].certificate();
        let json = self.issuer.issue_plaintext(plaintext.as_bytes(), claim, None, key, at).unwrap();
        serde_json::from_str(&json).unwrap()
    }

    fn read(&self, token: &Value, amount: Money, at: Timestamp) -> Result<Payment, Refusal> {
        let token = PaymentToken::from_json(token.to_string().as_bytes())?;
        let expected = Expectations { amount, application_data: None };
        self.verifier.verify_and_decrypt(&token, &expected, at)
    }

    fn pay(&self, plaintext: &str) -> Result<Payment, Refusal> {
        self.read(&self.token(plaintext, VISA, now()), euro(1000), now())
    }
}

fn good() -> Value {
    json!({
        "applicationPrimaryAccountNumber": "4012000000003010",
        "applicationExpirationDate": "301231",
        "currencyCode": "978",
        "transactionAmount": 1000,
        "deviceManufacturerIdentifier": "040010030273",
        "paymentDataType": "3DSecure",
        "paymentData": {"onlinePaymentCryptogram": "x3GCsthcSffnWq0+KC/EqSlIJ68=", "eciIndicator": "7"},
    })
}

/// Good payment data with one value changed.
fn with(pointer: &str, value: Value) -> String {
    let mut data = good();
    *data.pointer_mut(pointer).unwrap() = value;
    data.to_string()
}

#[test]
fn good_payment_data_passes_whatever_else_is_in_it() {
    let world = World::new();
    world.pay(&good().to_string()).unwrap();
    let mut data = good();
    data["merchantTokenIdentifier"] = json!("x");
    data["paymentData"]["more"] = json!([1, {"a": null}]);
    world.pay(&data.to_string()).unwrap();
    // Apple's writer escapes slashes.
    let escaped = good().to_string().replace('/', "\\/");
    let payment = world.pay(&escaped).unwrap();
    assert_eq!(payment.device_pan().expose_bytes(), escaped.as_bytes());
    let spaced = serde_json::to_string_pretty(&good()).unwrap();
    assert_eq!(world.pay(&spaced).unwrap().device_pan().expose_bytes(), spaced.as_bytes());
}

#[test]
fn one_wrong_value_is_refused_at_its_step() {
    let world = World::new();
    let text = "A".repeat(24);
    for (pointer, value, refusal) in [
        ("/currencyCode", json!("840"), Refusal::Currency),
        ("/currencyCode", json!("EUR"), Refusal::Currency),
        ("/currencyCode", json!("0978"), Refusal::Currency),
        ("/currencyCode", json!(""), Refusal::Currency),
        ("/currencyCode", json!(978), Refusal::Plaintext),
        ("/transactionAmount", json!(999), Refusal::Amount),
        ("/transactionAmount", json!(1001), Refusal::Amount),
        ("/transactionAmount", json!(10), Refusal::Amount),
        ("/transactionAmount", json!(0), Refusal::Amount),
        ("/transactionAmount", json!("1000"), Refusal::Plaintext),
        ("/transactionAmount", json!(-1000), Refusal::Plaintext),
        ("/transactionAmount", json!(1000.0), Refusal::Plaintext),
        ("/transactionAmount", json!(null), Refusal::Plaintext),
        ("/applicationExpirationDate", json!("260614"), Refusal::Expired),
        ("/applicationExpirationDate", json!("200101"), Refusal::Expired),
        ("/applicationExpirationDate", json!("301301"), Refusal::Plaintext),
        ("/applicationExpirationDate", json!("300230"), Refusal::Plaintext),
        ("/applicationExpirationDate", json!("3012"), Refusal::Plaintext),
        ("/applicationExpirationDate", json!("+01231"), Refusal::Plaintext),
        ("/applicationExpirationDate", json!("2030-12-31"), Refusal::Plaintext),
        ("/paymentDataType", json!("EMV"), Refusal::PaymentDataType),
        ("/paymentDataType", json!("3dsecure"), Refusal::PaymentDataType),
        ("/paymentData", json!({"emvData": text}), Refusal::Cryptogram),
        ("/paymentData", json!([]), Refusal::Plaintext),
        ("/paymentData", json!(["x3GCsthcSffnWq0+KC/EqSlIJ68=", "7"]), Refusal::Plaintext),
        ("/paymentData", json!(null), Refusal::Plaintext),
        ("/paymentData/onlinePaymentCryptogram", json!("not base64"), Refusal::Cryptogram),
        ("/paymentData/onlinePaymentCryptogram", json!(""), Refusal::Cryptogram),
        ("/paymentData/onlinePaymentCryptogram", json!("AAAA"), Refusal::Cryptogram),
        ("/paymentData/onlinePaymentCryptogram", json!("A".repeat(92)), Refusal::Cryptogram),
        ("/paymentData/onlinePaymentCryptogram", json!(20), Refusal::Cryptogram),
        ("/applicationPrimaryAccountNumber", json!("5200000000001005"), Refusal::Network),
        ("/applicationPrimaryAccountNumber", json!("340000000000000"), Refusal::Network),
        ("/applicationPrimaryAccountNumber", json!("40120000000"), Refusal::Plaintext),
        ("/applicationPrimaryAccountNumber", json!("40120000000030100000"), Refusal::Plaintext),
        ("/applicationPrimaryAccountNumber", json!("4012 0000 0000 3010"), Refusal::Plaintext),
        ("/applicationPrimaryAccountNumber", json!("\u{664}012000000003010"), Refusal::Plaintext),
    ] {
        let shown = value.to_string();
        assert_eq!(world.pay(&with(pointer, value)).unwrap_err(), refusal, "{pointer} {shown}");
    }
}

#[test]
fn a_missing_value_is_refused() {
    let world = World::new();
    for key in good().as_object().unwrap().keys() {
        let mut data = good();
        data.as_object_mut().unwrap().remove(key);
        match key.as_str() {
            "deviceManufacturerIdentifier" => drop(world.pay(&data.to_string()).unwrap()),
            _ => assert_eq!(world.pay(&data.to_string()).unwrap_err(), Refusal::Plaintext, "{key}"),
        }
    }
    let data = good().to_string().replace(r#""eciIndicator":"7","#, "");
    assert_eq!(world.pay(&data).unwrap().summary().eci, None);
}

#[test]
fn what_is_no_object_or_says_something_twice_is_refused() {
    let world = World::new();
    let good = good().to_string();
    for text in [
        String::new(),
        "null".to_owned(),
        format!("[{good}]"),
        format!("{good}{good}"),
        good[..good.len() - 1].to_owned(),
        good.replacen('{', r#"{"transactionAmount":1,"#, 1),
        good.replacen('{', r#"{"applicationPrimaryAccountNumber":"4111111111111111","#, 1),
        good.replace("4012", "\\u0034012"),
        format!("\u{feff}{good}"),
    ] {
        assert_eq!(world.pay(&text).unwrap_err(), Refusal::Plaintext, "{text}");
    }
}

#[test]
fn authentication_responses_are_refused_with_whatever_value() {
    let world = World::new();
    for value in [json!([]), json!([{"merchantIdentifier": "m"}]), json!(null), json!(false)] {
        let mut data = good();
        data["authenticationResponses"] = value;
        let refused = world.pay(&data.to_string()).unwrap_err();
        assert_eq!(refused, Refusal::AuthenticationResponses);
    }
}

#[test]
fn an_account_number_is_valid_until_the_end_of_its_last_day() {
    let world = World::new();
    let plaintext = with("/applicationExpirationDate", json!("260615"));
    for (at, expired) in [
        ("2026-06-15T00:00:00Z", false),
        ("2026-06-15T23:59:59.999Z", false),
        ("2026-06-16T00:00:00Z", true),
    ] {
        let at: Timestamp = at.parse().unwrap();
        let token = world.token(&plaintext, VISA, at);
        let refused = world.read(&token, euro(1000), at).err();
        assert_eq!(refused, expired.then_some(Refusal::Expired), "{at}");
    }
}

#[test]
fn the_order_s_amount_counts_in_its_own_minor_units() {
    let world = World::new();
    for (code, numeric, minor) in
        [("JPY", "392", 500), ("KWD", "414", 1_234), ("AUD", "036", 2_599)]
    {
        let mut data = good();
        data["currencyCode"] = json!(numeric);
        data["transactionAmount"] = json!(minor);
        let token = world.token(&data.to_string(), VISA, now());
        let amount = |minor| Money::new(minor, code.parse().unwrap()).unwrap();
        world.read(&token, amount(minor), now()).unwrap();
        for other in [minor * 100, minor / 100, minor + 1] {
            let refused = world.read(&token, amount(other), now()).unwrap_err();
            assert_eq!(refused, Refusal::Amount, "{code} {other}");
        }
        assert_eq!(world.read(&token, euro(minor), now()).unwrap_err(), Refusal::Currency);
    }
}

#[test]
fn without_an_order_the_amount_is_the_token_s_and_all_else_is_checked() {
    let world = World::new();
    let open = |data: &Value, application_data| {
        let token = world.token(&data.to_string(), VISA, now());
        let token = PaymentToken::from_json(token.to_string().as_bytes()).unwrap();
        world.verifier.danger_open_any_amount(&token, application_data, now())
    };
    let of = |currency: &str, amount: Value| {
        let mut data = good();
        data["currencyCode"] = json!(currency);
        data["transactionAmount"] = amount;
        data
    };
    for (numeric, code, minor) in [("978", "EUR", 1000), ("036", "AUD", 0), ("392", "JPY", 7)] {
        let payment = open(&of(numeric, json!(minor)), None).unwrap();
        let summary = payment.summary();
        assert_eq!((summary.currency.code(), summary.amount), (code, minor));
    }
    for (currency, amount, refusal) in [
        ("000", json!(1), Refusal::Currency),
        ("36", json!(1), Refusal::Currency),
        ("0978", json!(1), Refusal::Currency),
        ("+97", json!(1), Refusal::Currency),
        ("EUR", json!(1), Refusal::Currency),
        ("978", json!(u64::MAX), Refusal::Amount),
        ("978", json!(-1), Refusal::Plaintext),
    ] {
        assert_eq!(open(&of(currency, amount), None).unwrap_err(), refusal, "{currency}");
    }
    let mut expired = good();
    expired["applicationExpirationDate"] = json!("200101");
    assert_eq!(open(&expired, None).unwrap_err(), Refusal::Expired);
    assert_eq!(open(&good(), Some(b"asked for")).unwrap_err(), Refusal::ApplicationData);
}

#[test]
fn the_claimed_network_has_to_be_that_of_the_number() {
    let world = World::new();
    for (network, refusal) in [
        ("Visa", None),
        ("visa", None),
        ("MasterCard", Some(Refusal::Network)),
        ("AmEx", Some(Refusal::Network)),
        ("", Some(Refusal::Network)),
        ("Visa\r\nX-Injected: 1", Some(Refusal::Network)),
    ] {
        let token = world.token(&good().to_string(), Claim { network, ..VISA }, now());
        match world.read(&token, euro(1000), now()) {
            Ok(payment) => assert_eq!((payment.network(), refusal), (network, None)),
            Err(refused) => assert_eq!(Some(refused), refusal, "{network:?}"),
        }
    }
}

#[test]
fn the_two_transaction_ids_agree_in_either_letter_case() {
    let world = World::new();
    let mut token = world.token(&good().to_string(), VISA, now());
    let upper = token["transactionIdentifier"].as_str().unwrap().to_owned();
    assert_eq!(upper, upper.to_uppercase());
    token["transactionIdentifier"] = upper.to_lowercase().into();
    world.read(&token, euro(1000), now()).unwrap();
    token["transactionIdentifier"] = "0".repeat(64).into();
    let refused = world.read(&token, euro(1000), now()).unwrap_err();
    assert_eq!(refused, Refusal::TransactionId);
    for malformed in ["", "0", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
        token["transactionIdentifier"] = malformed.into();
        let refused = world.read(&token, euro(1000), now()).unwrap_err();
        assert_eq!(refused, Refusal::Malformed, "{malformed}");
    }
}
