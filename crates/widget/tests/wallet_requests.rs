//! The wallets' request objects: what is in them, and whether the vendors' public type definitions take them.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use farthing_types::CustomerField;
use farthing_types::wallet::{ApplePayOffer, GoogleEnvironment, GooglePayOffer};
use farthing_widget::wallets::{apple_request, google_request};
use serde_json::{Value, json};

const APPLICATION_DATA: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn google() -> GooglePayOffer {
    GooglePayOffer {
        script: "https://pay.google.com/gp/p/js/pay.js".to_owned(),
        environment: GoogleEnvironment::Production,
        merchant_id: Some("BCR2DN4T".to_owned()),
        merchant_name: "Corner Books".to_owned(),
        gateway: "primepay".to_owned(),
        gateway_merchant_id: "corner-books".to_owned(),
        auth_methods: texts(&["PAN_ONLY", "CRYPTOGRAM_3DS"]),
        networks: texts(&["MASTERCARD", "VISA"]),
        country: Some("IE".to_owned()),
    }
}

fn apple() -> ApplePayOffer {
    ApplePayOffer {
        sdk: None,
        label: "Corner Books".to_owned(),
        country: "IE".to_owned(),
        networks: texts(&["visa", "masterCard"]),
    }
}

fn google_request(offer: &GooglePayOffer, ask: &[CustomerField]) -> Value {
    let request = google_request::PaymentRequest::new(offer, 1295, "EUR", 2, ask).unwrap();
    serde_json::to_value(request).unwrap()
}

fn apple_request(ask: &[CustomerField], data: Option<&str>) -> Value {
    let offer = apple();
    let request = apple_request::PaymentRequest::new(&offer, 1295, "EUR", 2, ask, data);
    serde_json::to_value(request).unwrap()
}

/// Every set of customer fields that can be missing.
fn asks() -> impl Iterator<Item = Vec<CustomerField>> {
    (0_u32..256).map(|bits| {
        let missing = |(bit, field)| (bits >> bit & 1 == 1).then_some(field);
        CustomerField::ALL.into_iter().enumerate().filter_map(missing).collect()
    })
}

#[test]
fn google_is_asked_for_a_token_of_the_gateway_and_nothing_about_a_shopper_who_is_known() {
    assert_eq!(
        google_request(&google(), &[]),
        json!({
            "apiVersion": 2,
            "apiVersionMinor": 0,
            "merchantInfo": {
                "merchantId": "BCR2DN4T",
                "merchantName": "Corner Books",
                "softwareInfo": {"id": "farthing", "version": env!("CARGO_PKG_VERSION")},
            },
            "allowedPaymentMethods": [{
                "type": "CARD",
                "parameters": {
                    "allowedAuthMethods": ["PAN_ONLY", "CRYPTOGRAM_3DS"],
                    "allowedCardNetworks": ["MASTERCARD", "VISA"],
                },
                "tokenizationSpecification": {
                    "type": "PAYMENT_GATEWAY",
                    "parameters": {"gateway": "primepay", "gatewayMerchantId": "corner-books"},
                },
            }],
            "transactionInfo": {
                "currencyCode": "EUR",
                "countryCode": "IE",
                "totalPriceStatus": "FINAL",
                "totalPrice": "12.95",
                "checkoutOption": "COMPLETE_IMMEDIATE_PURCHASE",
            },
        })
    );
}

#[test]
fn googles_merchant_id_is_for_real_cards_alone() {
    let offer = GooglePayOffer { environment: GoogleEnvironment::Test, ..google() };
    assert_eq!(google_request(&offer, &[])["merchantInfo"].get("merchantId"), None);
}

#[test]
fn google_is_asked_for_exactly_what_is_missing() {
    use CustomerField as F;
    let parameters = |ask: &[F]| {
        google_request(&google(), ask)["allowedPaymentMethods"][0]["parameters"].clone()
    };
    for ask in asks() {
        let request = google_request(&google(), &ask);
        let email = request.get("emailRequired").is_some_and(|flag| flag == true);
        assert_eq!(email, ask.contains(&F::Email), "{ask:?}");
        let address = ask.iter().any(|field| *field != F::Email);
        assert_eq!(parameters(&ask).get("billingAddressRequired").is_some(), address, "{ask:?}");
        let phone = &parameters(&ask)["billingAddressParameters"]["phoneNumberRequired"];
        assert_eq!(*phone == true, ask.contains(&F::Phone), "{ask:?}");
    }
    let format = |ask: &[F]| parameters(ask)["billingAddressParameters"]["format"].clone();
    assert_eq!(format(&[F::LastName, F::Zip, F::Country]), "MIN", "no street that nobody needs");
    assert_eq!(format(&[F::City]), "FULL");
    assert_eq!(format(&[F::Address, F::Phone]), "FULL");
}

#[test]
fn amounts_that_google_cannot_be_told_make_no_request() {
    let offer = google();
    let price = |amount, currency, exponent| {
        google_request::PaymentRequest::new(&offer, amount, currency, exponent, &[]).map(
            |request| {
                serde_json::to_value(request).unwrap()["transactionInfo"]["totalPrice"].clone()
            },
        )
    };
    assert_eq!(price(500, "JPY", 0), Some(json!("500")));
    assert_eq!(price(5, "EUR", 2), Some(json!("0.05")));
    assert_eq!(price(1234, "KWD", 3), None);
    assert_eq!(price(1234, "CLF", 4), None);
}

#[test]
fn googles_button_speaks_the_languages_that_google_has() {
    let locale = google_request::button_locale;
    assert_eq!(locale("de-AT"), Some("de"));
    assert_eq!(locale("EN"), Some("en"));
    assert_eq!(locale("zh-Hant-TW"), Some("zh"));
    for none in ["", "tlh", "e", "eng", "-de"] {
        assert_eq!(locale(none), None, "{none}");
    }
}

#[test]
fn apple_is_asked_for_3d_secure_data_bound_to_the_attempt() {
    assert_eq!(
        apple_request(&[], Some(APPLICATION_DATA)),
        json!({
            "countryCode": "IE",
            "currencyCode": "EUR",
            "merchantCapabilities": ["supports3DS"],
            "supportedNetworks": ["visa", "masterCard"],
            "total": {"label": "Corner Books", "amount": "12.95", "type": "final"},
            "applicationData": APPLICATION_DATA,
        })
    );
}

#[test]
fn apple_is_asked_for_exactly_what_is_missing() {
    use CustomerField as F;
    for ask in asks() {
        let request = apple_request(&ask, None);
        let has = |list: &str, name: &str| {
            request
                .get(list)
                .and_then(Value::as_array)
                .is_some_and(|list| list.contains(&json!(name)))
        };
        let any = |fields: &[F]| fields.iter().any(|field| ask.contains(field));
        let (billing, shipping) = ("requiredBillingContactFields", "requiredShippingContactFields");
        assert_eq!(has(billing, "name"), any(&[F::FirstName, F::LastName]), "{ask:?}");
        let address = any(&[F::Address, F::City, F::Zip, F::Country]);
        assert_eq!(has(billing, "postalAddress"), address, "{ask:?}");
        assert_eq!(has(shipping, "email"), any(&[F::Email]), "{ask:?}");
        assert_eq!(has(shipping, "phone"), any(&[F::Phone]), "{ask:?}");
        for list in [billing, shipping] {
            assert_ne!(
                request.get(list),
                Some(&json!([])),
                "{ask:?}: an empty list asks for nothing"
            );
        }
    }
}

/// Where TypeScript and the public types are, if whoever runs the tests has fetched them; `cargo xtask test` has.
fn checker() -> Option<PathBuf> {
    let folder = std::env::var_os("FARTHING_TYPES").map(PathBuf::from);
    if folder.is_none() {
        // Past the test harness, which would keep it to itself.
        let note =
            "SKIPPED: FARTHING_TYPES does not say where TypeScript and the wallets' types are\n";
        std::io::stderr().write_all(note.as_bytes()).unwrap();
    }
    folder
}

/// What TypeScript has against a file; nothing is empty.
fn complaints(checker: &Path, file: &Path) -> String {
    let output = Command::new("node")
        .arg(checker.join("node_modules/typescript/lib/tsc.js"))
        .args(["--noEmit", "--strict", "--pretty", "false", "--target", "es2020"])
        .args(["--lib", "es2020,dom", "--types", "googlepay,applepayjs", "--typeRoots"])
        .arg(checker.join("node_modules/@types"))
        .arg(file)
        .output()
        .unwrap_or_else(|error| panic!("node does not run: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.success(), text.is_empty(), "{text}{:?}", output.stderr);
    text
}

/// Each request as a constant of the vendor's type, written out: TypeScript then also refuses members that it does not know.
fn program() -> String {
    let mut lines = Vec::new();
    let mut add = |kind: &str, value: &Value| {
        lines.push(format!("const value{}: {kind} = {value};", lines.len()));
    };
    let test = GooglePayOffer { environment: GoogleEnvironment::Test, country: None, ..google() };
    for ask in asks() {
        add("google.payments.api.PaymentDataRequest", &google_request(&google(), &ask));
        add("ApplePayJS.ApplePayPaymentRequest", &apple_request(&ask, Some(APPLICATION_DATA)));
    }
    // The types want an id of every merchant; Google's documents say that the test environment has none.
    add(
        "Omit<google.payments.api.PaymentDataRequest, 'merchantInfo'> & \
         { merchantInfo: Omit<google.payments.api.MerchantInfo, 'merchantId'> }",
        &google_request(&test, &[]),
    );
    add("ApplePayJS.ApplePayPaymentRequest", &apple_request(&[], None));
    // What the wallets' document makes of a request: held to this file by its own tests, in a browser.
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../wallet-frame/tests/requests/google.json");
    let made: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let request = google_request(&google(), &[]);
    let with_methods = |name: &str| {
        let mut object = made[name].clone();
        object["allowedPaymentMethods"] = request["allowedPaymentMethods"].clone();
        object
    };
    let mut client = made["client"].clone();
    client["merchantInfo"] = request["merchantInfo"].clone();
    add("google.payments.api.PaymentOptions", &client);
    add("google.payments.api.IsReadyToPayRequest", &with_methods("isReadyToPay"));
    add("Omit<google.payments.api.ButtonOptions, 'onClick'>", &with_methods("createButton"));
    lines.join("\n")
}

#[test]
fn the_vendors_public_types_take_every_request_and_refuse_a_wrong_one() {
    let Some(checker) = checker() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.ts");
    fs::write(&file, program()).unwrap();
    assert_eq!(complaints(&checker, &file), "");
    for (right, wrong) in [
        ("\"totalPriceStatus\":\"FINAL\"", "\"totalPriceStatus\":\"final\""),
        ("\"merchantCapabilities\":", "\"merchantCapability\":"),
        ("\"gatewayMerchantId\":\"corner-books\"", "\"gatewayMerchantId\":7"),
        ("\"buttonSizeMode\":\"fill\"", "\"buttonSizeMode\":\"wide\""),
    ] {
        let spoiled = program().replace(right, wrong);
        assert_ne!(spoiled, program(), "{right}");
        fs::write(&file, spoiled).unwrap();
        assert_ne!(complaints(&checker, &file), "", "{wrong}");
    }
}
