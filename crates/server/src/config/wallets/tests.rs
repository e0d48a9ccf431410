use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};

use farthing_wallets::apple::issuer::Issuer;
use farthing_wallets::google;
use jiff::{SignedDuration, Timestamp};

use super::buttons;
use crate::config::tests::{fault, live, read, sandbox};
use crate::config::{Config, NetworkCase};

const MERCHANT: &str = "merchant.example.shop";

/// A folder with everything that Apple and the merchant make together.
struct Files {
    folder: tempfile::TempDir,
    google: String,
}

impl Files {
    fn new() -> Self {
        Self::made_at(Timestamp::now())
    }

    fn made_at(now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::new(now).unwrap();
        let files = issuer.processing_files(MERCHANT).unwrap();
        let google = google::issuer::Issuer::new(now).unwrap().root_keys().unwrap();
        let this = Self { folder, google };
        this.write("root.pem", &issuer.root_pem().unwrap());
        this.write("processing.pem", &files.certificate);
        this.write("processing.key", &files.key);
        this.write_identity("identity", now + SignedDuration::from_hours(24 * 365));
        this.write("google.json", &this.google);
        this.write("domain.txt", "{\"pspId\":\"x\"}\n");
        this
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn write_identity(&self, name: &str, until: Timestamp) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let date = until.to_zoned(jiff::tz::TimeZone::UTC).date();
        let (month, day) = (u8::try_from(date.month()).unwrap(), u8::try_from(date.day()).unwrap());
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(date.year().into(), month, day);
        let certificate = params.self_signed(&key).unwrap();
        self.write(&format!("{name}.pem"), &pem("CERTIFICATE", certificate.der()));
        self.write(&format!("{name}.key"), &pem("PRIVATE KEY", &key.serialize_der()));
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `[apple_pay]` with all that it needs, and both optional files.
    fn apple(&self) -> String {
        let at = self.path().display();
        format!(
            r#"
[apple_pay]
merchant_id = "{MERCHANT}"
domain_association = "file:{at}/domain.txt"
processing = [{{ certificate = "file:{at}/processing.pem", key = "file:{at}/processing.key" }}]
identity = {{ certificate = "file:{at}/identity.pem", key = "file:{at}/identity.key" }}
"#
        )
    }

    fn sandbox(&self) -> String {
        format!("{}{}root = \"file:{}/root.pem\"\n", sandbox(), self.apple(), self.path().display())
    }

    /// A fault with the folder's name taken out.
    fn fault(&self, from: &str, to: &str) -> String {
        self.plain(&fault(&self.sandbox(), from, to))
    }

    fn plain(&self, fault: &str) -> String {
        fault.replace(&format!("{}/", self.path().display()), "")
    }
}

/// A configuration with both wallets, of a merchant in this country.
pub(crate) fn both(country: Option<&str>) -> Config {
    let country = country.map_or_else(String::new, |code| format!("\ncountry = \"{code}\""));
    let files = Files::new();
    let text = files.sandbox() + GOOGLE;
    apple_of(&text.replace("name = \"Shop\"", &format!("name = \"Shop\"{country}")))
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn apple_of(text: &str) -> Config {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn apple_pay_is_read_with_its_files_and_defaults() {
    let files = Files::new();
    let config = apple_of(&files.sandbox());
    let apple = config.apple_pay.as_ref().unwrap();
    assert_eq!(apple.merchant_id, MERCHANT);
    assert_eq!(apple.display_name, "Shop", "the merchant's name unless another is given");
    assert_eq!(
        apple.host.as_str(),
        "https://apple-pay-gateway.apple.com/paymentservices/paymentSession"
    );
    assert_eq!(apple.verifier.keys().len(), 1);
    assert_eq!(
        apple.domain_association.as_deref(),
        Some(b"{\"pspId\":\"x\"}\n".as_slice()),
        "byte for byte"
    );
    assert!(config.secret_files.iter().any(|file| file.ends_with("processing.key")));
    let shown = format!("{config:?}");
    assert!(!shown.contains(MERCHANT) && !shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn two_processing_certificates_are_read_while_one_is_renewed() {
    let files = Files::new();
    let entry = "processing = [";
    let more = format!(
        "{entry}{{ certificate = \"file:{0}/processing.pem\", key = \"file:{0}/processing.key\" }}, ",
        files.path().display()
    );
    let config = apple_of(&files.sandbox().replace(entry, &more));
    assert_eq!(config.apple_pay.unwrap().verifier.keys().len(), 2);
}

#[test]
fn a_certificate_of_another_merchant_or_with_another_key_stops_the_start_naming_file_and_reason() {
    let files = Files::new();
    let other = Issuer::new(Timestamp::now()).unwrap().processing_files("merchant.other").unwrap();
    files.write("other.pem", &other.certificate);
    files.write("other.key", &other.key);
    files.write("none.pem", "no certificate");
    for (from, to, reason) in [
        ("processing.pem", "other.pem", "other.pem with processing.key: "),
        ("processing.key", "other.key", "processing.pem with other.key: "),
        ("processing.pem", "none.pem", "none.pem with processing.key: "),
    ] {
        let text = files.fault(from, to);
        assert!(text.starts_with("line 29: `apple_pay.processing.certificate` "), "{text}");
        assert!(text.contains(reason), "{text}");
    }
    files.write_identity("second", Timestamp::now() + SignedDuration::from_hours(48));
    for (from, to, reason) in [
        (
            "identity.key",
            "second.key",
            "identity.pem with second.key: the private key does not belong to the certificate",
        ),
        (
            "identity.pem",
            "none.pem",
            "none.pem with identity.key: the certificate file does not hold a certificate in PEM",
        ),
        (
            "identity.key",
            "none.pem",
            "identity.pem with none.pem: the key file does not hold a private key in PEM, without a password",
        ),
    ] {
        assert_eq!(
            files.fault(from, to),
            format!("line 30: `apple_pay.identity.certificate` {reason}")
        );
    }
}

#[test]
fn an_expired_certificate_stops_the_start_and_its_day_is_named() {
    let files = Files::new();
    let past = Files::made_at("2010-05-05T00:00:00Z".parse().unwrap());
    for name in ["processing.pem", "processing.key"] {
        std::fs::copy(past.path().join(name), files.path().join(name)).unwrap();
    }
    files.write_identity("identity", "2024-02-29T00:00:00Z".parse().unwrap());
    let error = files.plain(&read(&files.sandbox()).unwrap_err().to_string());
    assert_eq!(
        error,
        "line 29: `apple_pay.processing.certificate` processing.pem has expired on 2020-05-05\n\
         line 30: `apple_pay.identity.certificate` identity.pem has expired on 2024-02-29"
    );
}

#[test]
fn a_missing_file_is_named_by_its_key() {
    let files = Files::new();
    std::fs::remove_file(files.path().join("identity.key")).unwrap();
    let error = read(&files.sandbox()).unwrap_err().to_string();
    assert_eq!(
        error,
        "line 30: `apple_pay.identity.key` refers to a file that cannot be read: entity not found"
    );
}

#[test]
fn a_path_without_file_before_it_and_an_authority_without_certificates_stop_the_start() {
    let files = Files::new();
    let error = files.fault("= \"file:", "= \"");
    assert_eq!(error, "line 28: `apple_pay.domain_association` must be `file:` and a path");
    let host_ca =
        format!("{}host_ca = \"file:{}/domain.txt\"\n", files.sandbox(), files.path().display());
    let error = files.plain(&read(&host_ca).unwrap_err().to_string());
    assert_eq!(error, "line 32: `apple_pay.host_ca` domain.txt holds no certificate in PEM");
}

#[test]
fn root_keys_that_have_all_expired_stop_the_start() {
    let files = Files::made_at("2020-01-01T00:00:00Z".parse().unwrap());
    let text = format!(
        "{}\n[google_pay]\ngateway_merchant_id = \"shop-1\"\nroot_keys = \"file:{}/google.json\"\n",
        sandbox(),
        files.path().display()
    );
    let error = files.plain(&read(&text).unwrap_err().to_string());
    assert_eq!(error, "line 28: `google_pay.root_keys` google.json has expired on 2020-12-31");
}

#[test]
fn an_identity_that_names_another_merchant_stops_the_start() {
    let files = Files::new();
    // As good as an identity: a certificate whose subject names a merchant, with its key.
    let other = Issuer::new(Timestamp::now()).unwrap().processing_files("merchant.other").unwrap();
    files.write("other.key", &other.key);
    let text =
        files.sandbox().replace("identity.pem", "other.pem").replace("identity.key", "other.key");
    // Also with others behind it, as a chain.
    for certificates in [other.certificate.clone(), other.certificate.repeat(2)] {
        files.write("other.pem", &certificates);
        let error = files.plain(&read(&text).unwrap_err().to_string());
        assert_eq!(
            error,
            "line 30: `apple_pay.identity.certificate` other.pem with other.key: the certificate is that of another merchant id"
        );
    }
}

#[test]
fn live_mode_refuses_every_authority_but_apple_and_the_system() {
    let files = Files::new();
    let at = files.path().display();
    let base = live() + &files.apple();
    for (line, refusal) in [
        (
            format!("root = \"file:{at}/root.pem\""),
            "`apple_pay.root` is another root than Apple's, which live mode refuses",
        ),
        (
            format!("host_ca = \"file:{at}/root.pem\""),
            "`apple_pay.host_ca` is another authority than the system's, which live mode refuses",
        ),
        (
            "host = \"sandbox\"".to_owned(),
            "`apple_pay.host` is Apple's sandbox, which live mode refuses",
        ),
        (
            "host = \"https://apple.example/\"".to_owned(),
            "`apple_pay.host` must be global, china, sandbox or china-sandbox; in sandbox mode also an https URL",
        ),
    ] {
        let error = read(&format!("{base}{line}\n")).unwrap_err().to_string();
        assert_eq!(error, format!("line 32: {refusal}"));
    }
    let google = format!(
        "{}\n[google_pay]\nmerchant_id = \"m\"\ngateway_merchant_id = \"shop-1\"\nroot_keys = \"file:{at}/google.json\"\n",
        live()
    );
    let error = files.plain(&read(&google).unwrap_err().to_string());
    assert!(
        error.ends_with(
            "`google_pay.root_keys` google.json is a sandbox's list, which live mode refuses"
        ),
        "{error}"
    );
    let live = apple_of(&format!("{base}host = \"china\"\n")).apple_pay.unwrap();
    assert_eq!(live.host.host_str(), Some("cn-apple-pay-gateway.apple.com"));
}

#[test]
fn a_merchant_that_takes_no_cards_has_to_accept_that_tokens_are_decrypted_here() {
    let files = Files::new();
    let hosted = files.sandbox().replace("card_entry = \"embedded\"", "card_entry = \"hosted\"");
    let error = read(&hosted).unwrap_err().to_string();
    assert!(
        error.starts_with("line 26: `apple_pay.accept_pci_scope` must be true with"),
        "{error}"
    );
    apple_of(&format!("{hosted}accept_pci_scope = true\n"));
}

#[test]
fn google_pay_is_read_with_its_switches_and_root_keys() {
    let files = Files::new();
    let least = format!("{}\n[google_pay]\ngateway_merchant_id = \"shop-1\"\n", sandbox());
    let google = apple_of(&least).google_pay.unwrap();
    assert!(
        google.root_keys.is_none(),
        "signatures are checked where the operator provides the keys"
    );
    assert_eq!(google.network_case, NetworkCase::AsGiven);
    let all = format!(
        "{least}merchant_id = \"BCR2DN\"\nroot_keys = \"file:{}/google.json\"\npadding = \"unpadded\"\nnetwork_case = \"title\"\n",
        files.path().display()
    );
    let google = apple_of(&all).google_pay.unwrap();
    assert!(google.root_keys.is_some());
    assert_eq!(google.network_case, NetworkCase::Title);
    assert_eq!(google.padding, google::Padding::Unpadded);
    files.write("google.json", "{}");
    let error = files.plain(&read(&all).unwrap_err().to_string());
    assert_eq!(
        error,
        "line 29: `google_pay.root_keys` google.json is not a list of Google's root keys"
    );
    let live = format!("{}\n[google_pay]\ngateway_merchant_id = \"shop-1\"\n", live());
    let error = read(&live).unwrap_err().to_string();
    assert_eq!(error, "line 27: `google_pay.merchant_id` is required in live mode");
}

const GOOGLE: &str = "\n[google_pay]\ngateway_merchant_id = \"shop-1\"\n";

#[test]
fn what_the_buttons_ask_for_and_their_scripts_have_the_vendors_defaults() {
    let files = Files::new();
    let config = apple_of(&(files.sandbox() + GOOGLE));
    let google = config.google_pay.unwrap();
    assert_eq!(google.auth_methods, ["PAN_ONLY", "CRYPTOGRAM_3DS"]);
    assert_eq!(google.networks, ["MASTERCARD", "VISA"]);
    assert_eq!(google.script.as_str(), "https://pay.google.com/gp/p/js/pay.js");
    let apple = config.apple_pay.unwrap();
    assert_eq!(apple.networks, ["visa", "masterCard"]);
    assert_eq!(
        apple.sdk.unwrap().as_str(),
        "https://applepay.cdn-apple.com/jsapi/1.latest/apple-pay-sdk.js"
    );
}

#[test]
fn networks_and_authentication_are_the_vendors_words_in_their_case_each_once_in_the_given_order() {
    let files = Files::new();
    let more = "auth_methods = [\"CRYPTOGRAM_3DS\"]\nnetworks = [\"VISA\", \"AMEX\"]\n";
    let text = files.sandbox() + "networks = [\"masterCard\", \"amex\"]\n" + GOOGLE + more;
    let config = apple_of(&text);
    let google = config.google_pay.unwrap();
    assert_eq!(
        (google.auth_methods, google.networks),
        (vec!["CRYPTOGRAM_3DS"], vec!["VISA", "AMEX"])
    );
    assert_eq!(config.apple_pay.unwrap().networks, ["masterCard", "amex"]);
    for (from, to, rule) in [
        (
            "\"VISA\", \"AMEX\"",
            "\"visa\"",
            "`google_pay.networks` must be some of AMEX, DISCOVER, INTERAC, JCB, MASTERCARD, VISA",
        ),
        ("\"VISA\", \"AMEX\"", "\"VISA\", \"VISA\"", "`google_pay.networks` names VISA twice"),
        ("\"VISA\", \"AMEX\"", "", "`google_pay.networks` must not be empty"),
        (
            "[\"CRYPTOGRAM_3DS\"]",
            "[\"PIN\"]",
            "`google_pay.auth_methods` must be some of PAN_ONLY, CRYPTOGRAM_3DS",
        ),
        (
            "\"masterCard\", \"amex\"",
            "\"mastercard\"",
            "`apple_pay.networks` must be some of amex, chinaUnionPay",
        ),
        ("\"masterCard\", \"amex\"", "\"maestro\"", "`apple_pay.networks` must be some of"),
    ] {
        let told = fault(&text, from, to);
        assert!(told.contains(rule), "{told}");
    }
}

#[test]
fn googles_brazilian_networks_want_brazil_and_the_network_beside_them() {
    let abroad = sandbox() + GOOGLE + "networks = [\"VISA\", \"ELECTRON\"]\n";
    let told = read(&abroad).unwrap_err().to_string();
    assert!(told.ends_with("`google_pay.networks` names ELECTRON, which Google takes with `merchant.country = \"BR\"` only"), "{told}");
    let brazil = abroad.replace("name = \"Shop\"", "name = \"Shop\"\ncountry = \"BR\"");
    assert_eq!(read(&brazil).unwrap().google_pay.unwrap().networks, ["VISA", "ELECTRON"]);
    for (networks, rule) in [
        ("\"MASTERCARD\", \"ELECTRON\"", "names ELECTRON without VISA"),
        ("\"VISA\", \"ELO_DEBIT\"", "names ELO_DEBIT without ELO"),
        ("\"VISA\", \"MAESTRO\"", "names MAESTRO without MASTERCARD"),
    ] {
        let told = fault(&brazil, "\"VISA\", \"ELECTRON\"", networks);
        assert!(told.ends_with(rule), "{told}");
    }
    let elo = brazil.replace("\"VISA\", \"ELECTRON\"", "\"ELO\", \"ELO_DEBIT\"");
    assert_eq!(read(&elo).unwrap().google_pay.unwrap().networks, ["ELO", "ELO_DEBIT"]);
}

#[test]
fn only_sandbox_mode_loads_another_script_than_the_vendors_own() {
    let files = Files::new();
    let sdk = |value: &str| {
        let text = files.sandbox() + &format!("sdk = \"{value}\"\n");
        apple_of(&text).apple_pay.unwrap().sdk.map(|url| url.to_string())
    };
    assert_eq!(sdk("none"), None);
    assert_eq!(sdk("apple").as_deref(), Some(buttons::APPLE_SDK));
    assert_eq!(
        sdk("http://localhost:8082/sdk.js").as_deref(),
        Some("http://localhost:8082/sdk.js")
    );
    let script = "script = \"http://localhost:8082/pay.js\"\n";
    let google = read(&(sandbox() + GOOGLE + script)).unwrap().google_pay.unwrap();
    assert_eq!(google.script.as_str(), "http://localhost:8082/pay.js");
    let told = fault(&(sandbox() + GOOGLE + script), "http://localhost:8082/pay.js", "pay.js");
    assert!(told.ends_with("`google_pay.script` must be an absolute URL"), "{told}");
    let live_google = live() + GOOGLE + "merchant_id = \"BCR2DN4T\"\n";
    assert!(
        read(&(live_google.clone() + &format!("script = \"{}\"\n", buttons::GOOGLE_SCRIPT)))
            .is_ok()
    );
    let told = read(&(live_google + "script = \"https://pay.example/pay.js\"\n")).unwrap_err();
    assert!(
        told.to_string().ends_with("`google_pay.script` must be left out in live mode: no script but https://pay.google.com/gp/p/js/pay.js is loaded"),
        "{told}"
    );
    let told =
        read(&(live() + &files.apple() + "sdk = \"https://pay.example/sdk.js\"\n")).unwrap_err();
    assert!(told.to_string().contains("`apple_pay.sdk` must be left out in live mode"), "{told}");
}
