//! What we send beyond the documented examples, and what we refuse to build.

use farthing_gateways::smartcore::{ConfigError, Profile, SmartCore, wire};
use farthing_gateways::{BuildError, Gateway, Recurrence, WalletToken};
use farthing_types::{BrowserInfo, Customer, CustomerField, Money};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::support::{body, card, config, customer, order, smartcore};

#[test]
fn every_browser_and_recurrence_field_has_its_documented_type() {
    let customer = customer();
    let mut order = order("a1", &customer);
    order.recurrent =
        Some(Recurrence { frequency_days: Some(30), until: Some("2023-12-13T14:00:53.421Z") });
    let browser = BrowserInfo {
        accept_header: Some("text/html".to_owned()),
        user_agent: Some("Agent \"quoted\" \\ ü".to_owned()),
        java_enabled: Some(false),
        js_enabled: true,
        color_depth: Some(24),
        screen_height: Some(1080),
        screen_width: Some(1920),
        language: Some("de-DE".to_owned()),
        time_zone: Some(-120),
    };
    let sent = body(&smartcore(Profile::V1).pay_card(&order, &card(), &browser).unwrap());
    for (name, value) in [
        ("recurrent", json!(true)),
        ("recur_freq", json!(30)),
        ("recur_exp", json!("2023-12-13T14:00:53.421Z")),
        ("browser_accept_header", json!("text/html")),
        ("browser_user_agent", json!("Agent \"quoted\" \\ ü")),
        ("browser_java_enabled", json!(false)),
        ("browser_js_enabled", json!(true)),
        ("browser_color_depth", json!("24")),
        ("browser_screen_height", json!("1080")),
        ("browser_screen_width", json!("1920")),
        ("browser_language", json!("de-DE")),
        ("browser_time_zone", json!("-120")),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
    for name in wire::field::REQUIRED_BY_FORM.iter().chain(wire::field::REQUIRED_BY_CARD) {
        assert!(!sent[name].is_null(), "{name}");
    }
}

const APPLE_PAY: WalletToken<'static> =
    WalletToken::ApplePay { dpan: "eyJhIjoxfQ==", network: "Visa" };
const GOOGLE_PAY: WalletToken<'static> =
    WalletToken::GooglePay { dpan: "eyJnIjoxfQ", network: "MASTERCARD" };

#[test]
fn a_wallets_group_replaces_the_cards_and_nothing_else() {
    let customer = customer();
    let mut order = order("a1", &customer);
    order.recurrent =
        Some(Recurrence { frequency_days: Some(30), until: Some("2023-12-13T14:00:53.421Z") });
    let browser = BrowserInfo {
        user_agent: Some("Agent".to_owned()),
        screen_width: Some(1920),
        ..BrowserInfo::default()
    };
    let gateway = smartcore(Profile::V1);
    let group = |name: &str| {
        name.starts_with("card_") || name.contains("_pay_") || name == "payment_method"
    };
    let split = |request| {
        let mut rest = body(&request);
        let members = rest.as_object_mut().unwrap();
        let mut own = members.clone();
        own.retain(|name, _| group(name));
        members.retain(|name, _| !group(name));
        (serde_json::Value::Object(own), rest)
    };
    let (_, of_card) = split(gateway.pay_card(&order, &card(), &browser).unwrap());
    let (apple, of_apple) = split(gateway.pay_wallet(&order, &APPLE_PAY, &browser).unwrap());
    let (google, of_google) = split(gateway.pay_wallet(&order, &GOOGLE_PAY, &browser).unwrap());
    assert_eq!(
        apple,
        json!({
            "payment_method": "applePayDPan",
            "apple_pay_dpan": "eyJhIjoxfQ==",
            "apple_pay_payment_method_network": "Visa",
        })
    );
    // Neither the padding nor the capital letters are touched.
    assert_eq!(
        google,
        json!({
            "payment_method": "googlePayDPan",
            "google_pay_dpan": "eyJnIjoxfQ",
            "google_pay_payment_method_network": "MASTERCARD",
        })
    );
    assert_eq!(of_card["recur_freq"], json!(30));
    assert_eq!(of_card["browser_screen_width"], json!("1920"));
    assert_eq!(of_apple, of_card);
    assert_eq!(of_google, of_card);
}

#[test]
fn a_wallets_request_has_every_field_that_the_documents_require() {
    let customer = customer();
    let order = order("a1", &customer);
    for (wallet, required) in [
        (APPLE_PAY, wire::field::REQUIRED_BY_APPLE_PAY),
        (GOOGLE_PAY, wire::field::REQUIRED_BY_GOOGLE_PAY),
    ] {
        let request =
            smartcore(Profile::V1).pay_wallet(&order, &wallet, &BrowserInfo::default()).unwrap();
        let sent = body(&request);
        for name in wire::field::REQUIRED_BY_FORM.iter().chain(required) {
            assert!(!sent[name].is_null(), "{name}");
        }
    }
}

#[test]
fn what_is_not_known_is_left_out_and_not_null() {
    let customer = customer();
    let mut order = order("a1", &customer);
    order.purpose = None;
    order.recurrent = Some(Recurrence { frequency_days: None, until: None });
    let mut card = card();
    card.security_code = None;
    let sent =
        body(&smartcore(Profile::V1).pay_card(&order, &card, &BrowserInfo::default()).unwrap());
    let members = sent.as_object().unwrap();
    assert!(members.values().all(|value| !value.is_null()));
    assert_eq!(sent["recurrent"], json!(true));
    for name in [
        "purpose",
        "recur_freq",
        "recur_exp",
        "card_cvv",
        "browser_java_enabled",
        "browser_user_agent",
    ] {
        assert!(!members.contains_key(name), "{name}");
    }
    let of_browser: Vec<&String> =
        members.keys().filter(|name| name.starts_with("browser_")).collect();
    assert_eq!(of_browser, ["browser_js_enabled"]);
}

#[test]
fn the_hosted_form_never_carries_card_browser_or_recurrence_details() {
    let customer = customer();
    let mut order = order("a1", &customer);
    order.recurrent =
        Some(Recurrence { frequency_days: Some(30), until: Some("2030-01-01T00:00:00Z") });
    let sent = body(&smartcore(Profile::V1).hosted_form(&order, None).unwrap());
    assert_eq!(sent["recurrent"], json!(true));
    let names: Vec<&String> = sent.as_object().unwrap().keys().collect();
    assert!(names.iter().all(|name| !name.starts_with("card_")
        && !name.starts_with("browser_")
        && !name.starts_with("recur_")));
}

#[test]
fn an_address_of_ipv4_is_sent_as_one_even_if_it_arrived_mapped() {
    let customer = customer();
    for (given, sent) in [("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7")] {
        let mut order = order("a1", &customer);
        order.customer_ip = given.parse().unwrap();
        assert_eq!(
            body(&smartcore(Profile::V1).hosted_form(&order, None).unwrap())["customer_ip_address"],
            json!(sent)
        );
    }
}

#[test]
fn a_prefilled_phone_is_digits_and_belongs_to_the_newer_profile() {
    let customer = customer();
    let order = order("a1", &customer);
    let refused = |profile, phone| smartcore(profile).hosted_form(&order, Some(phone)).unwrap_err();
    assert_eq!(refused(Profile::V0, "7122321576"), BuildError::Unsupported);
    for phone in ["", "+7122321576", "712 232", "1234567890123456", "７１２"] {
        assert_eq!(refused(Profile::V1, phone), BuildError::PrefilledPhone, "{phone}");
    }
}

#[test]
fn an_order_without_account_or_customer_data_is_not_built() {
    let complete = customer();
    let mut in_dollars = order("a1", &complete);
    in_dollars.amount = Money::new(1000, "USD".parse().unwrap()).unwrap();
    let gateway = smartcore(Profile::V1);
    assert_eq!(gateway.hosted_form(&in_dollars, None).unwrap_err(), BuildError::NoAccount);
    let browser = BrowserInfo::default();
    assert_eq!(
        gateway.pay_wallet(&in_dollars, &APPLE_PAY, &browser).unwrap_err(),
        BuildError::NoAccount
    );
    assert!(gateway.takes("EUR".parse().unwrap()) && !gateway.takes("USD".parse().unwrap()));

    for missing in CustomerField::ALL {
        assert!(gateway.required_customer().contains(&missing));
        let mut partial = Customer::default();
        for field in CustomerField::ALL.into_iter().filter(|field| *field != missing) {
            partial.set(field, complete.expose(field).unwrap()).unwrap();
        }
        let order = order("a1", &partial);
        assert_eq!(gateway.hosted_form(&order, None).unwrap_err(), BuildError::Customer(missing));
        assert_eq!(
            gateway.pay_card(&order, &card(), &browser).unwrap_err(),
            BuildError::Customer(missing)
        );
        assert_eq!(
            gateway.pay_wallet(&order, &GOOGLE_PAY, &browser).unwrap_err(),
            BuildError::Customer(missing)
        );
    }
}

#[test]
fn both_base_urls_may_have_a_path_and_every_call_is_authenticated() {
    let customer = customer();
    let order = order("a1", &customer);
    for (card_url, api_url) in [
        ("http://localhost:8082/smartcore/card", "http://localhost:8082/smartcore/api"),
        ("http://localhost:8082/smartcore/card/", "http://localhost:8082/smartcore/api/"),
    ] {
        let mut config = config(Profile::V1);
        config.card_url = card_url.parse().unwrap();
        config.api_url = api_url.parse().unwrap();
        config.allow_http = true;
        let gateway = SmartCore::new(config).unwrap();
        let calls = [
            (
                gateway.pay_card(&order, &card(), &BrowserInfo::default()).unwrap(),
                "card/initPaymentHost2Host",
            ),
            (
                gateway.pay_wallet(&order, &GOOGLE_PAY, &BrowserInfo::default()).unwrap(),
                "card/initPaymentHost2Host",
            ),
            (gateway.hosted_form(&order, None).unwrap(), "api/initPayment"),
            (gateway.check("a1").unwrap(), "api/check"),
        ];
        for (call, path) in calls {
            assert_eq!(call.url.as_str(), format!("http://localhost:8082/smartcore/{path}"));
            assert_eq!(call.authorization.unwrap().expose_secret(), "Basic dGVzdDpxd2VydHk=");
        }
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_by_its_key() {
    type Spoil = fn(&mut farthing_gateways::smartcore::Config);
    let cases: &[(Spoil, ConfigError)] = &[
        (
            |config| config.card_url = "http://chd-api.smartcore.pro".parse().unwrap(),
            ConfigError::CardUrl,
        ),
        (
            |config| config.card_url = "https://user@chd-api.smartcore.pro".parse().unwrap(),
            ConfigError::CardUrl,
        ),
        (
            |config| config.api_url = "https://api-gateway.smartcore.pro/?a=b".parse().unwrap(),
            ConfigError::ApiUrl,
        ),
        (|config| config.api_url = "data:text/plain,x".parse().unwrap(), ConfigError::ApiUrl),
        (|config| config.form_hosts.push("https://pay.example".to_owned()), ConfigError::FormHost),
        (|config| config.merchant_key = "a:b".to_owned(), ConfigError::MerchantKey),
        (|config| config.merchant_key.clear(), ConfigError::MerchantKey),
        (|config| config.secret = SecretString::from(""), ConfigError::Secret),
        (|config| config.old_secrets.push(SecretString::from("")), ConfigError::Secret),
        (|config| config.accounts.values_mut().for_each(String::clear), ConfigError::Account),
    ];
    for (spoil, expected) in cases {
        let mut config = config(Profile::V1);
        spoil(&mut config);
        assert_eq!(SmartCore::new(config).unwrap_err(), *expected);
    }
}
