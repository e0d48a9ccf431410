//! The operator's commands for Apple Pay: keys and requests for both certificates, and what a recorded token says.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use farthing_stories::process;
use serde_json::Value;

/// What another implementation has made; the crate of the wallets has its copies.
fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wallets/fixtures/applepay").join(file)
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(file)).unwrap()).unwrap()
}

/// The vectors: each with its file, its time, its key and what it has to end as.
fn vectors() -> Vec<Value> {
    json("vectors.json")["vectors"].as_array().unwrap().clone()
}

/// At which step a bad vector has to fail.
const BAD: [(&str, &str); 6] = [
    ("bad-1-tampered-data.json", "digest"),
    ("bad-2-unknown-public-key-hash.json", "key"),
    ("bad-3-broken-signature.json", "signature"),
    ("bad-4-leaf-without-oid.json", "leaf_marker"),
    ("bad-5-rogue-root.json", "chain"),
    ("bad-6-transaction-id-swapped.json", "digest"),
];

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(arguments: &[&str], stdin: Option<&str>) -> Self {
        let (code, out, err) = process::run(arguments, &[], stdin);
        Self { code, out, err }
    }

    #[track_caller]
    fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// `farthing applepay verify` of a vector under its root, with its key and what its request carried.
fn verify(vector: &Value, more: &[&str]) -> Ended {
    let text = |name: &str| vector[name].as_str().unwrap();
    let name = vector["key"].as_str().unwrap_or("merchant-a.key.pem");
    let [token, key, cert, root] =
        [text("file"), name, &name.replace(".key.", ".cert."), "root-ca.pem"]
            .map(|file| fixture(file).display().to_string());
    let mut arguments =
        vec!["applepay", "verify", &token, "--cert", &cert, "--key", &key, "--root", &root];
    if let Some(data) = vector["application_data_b64_for_request"].as_str() {
        arguments.extend(["--application-data", data]);
    }
    arguments.extend(more);
    Ended::of(&arguments, None)
}

fn at(vector: &Value) -> [&str; 2] {
    ["--at", vector["signing_time"].as_str().unwrap()]
}

/// Every text in a token that is long enough to be told from other text.
fn texts(token: &Value) -> Vec<String> {
    match token {
        Value::String(text) if text.len() >= 8 => vec![text.to_lowercase()],
        Value::Array(inner) => inner.iter().flat_map(texts).collect(),
        Value::Object(inner) => inner.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_vector_ends_as_it_is_listed() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 9);
    for vector in &vectors {
        let file = vector["file"].as_str().unwrap();
        let ended = verify(vector, &at(vector));
        if vector["valid"] == true {
            let said = ended.code(0).json();
            let expected = &vector["expect"];
            assert_eq!(said["valid"], true, "{file}");
            assert_eq!(said["network"], expected["network"], "{file}");
            assert_eq!(said["currency"], expected["currency_alpha"], "{file}");
            assert_eq!(said["amount"], expected["amount_minor"], "{file}");
            assert_eq!(said["amount_compared"], false, "{file}");
            assert_eq!(said["merchant_id"], "merchant.com.example.checkout", "{file}");
            assert_eq!(said["signed_at"], vector["signing_time"], "{file}");
            let token = json(file);
            assert_eq!(said["transaction_id"], token["paymentData"]["header"]["transactionId"]);
        } else {
            let (_, step) = BAD.iter().find(|(bad, _)| *bad == file).unwrap();
            let ended = ended.code(1);
            let said = ended.json();
            assert_eq!(said["valid"], false, "{file}");
            assert_eq!(said["stage"], *step, "{file}");
            assert!(ended.err.contains(&format!("at the step {step}: ")), "{file}: {}", ended.err);
            assert!(ended.err.contains(said["reason"].as_str().unwrap()), "{file}: {}", ended.err);
        }
    }
}

#[test]
fn by_the_real_clock_every_vector_is_refused_and_good_ones_as_stale() {
    for vector in vectors() {
        let ended = verify(&vector, &[]).code(1);
        if vector["valid"] == true {
            assert_eq!(ended.json()["stage"], "signing_time", "{}", vector["file"]);
            assert!(ended.err.contains("--at"), "{}", ended.err);
        }
    }
}

#[test]
fn an_order_s_amount_is_compared_when_it_is_given() {
    for vector in vectors().iter().filter(|vector| vector["valid"] == true) {
        let currency = vector["expect"]["currency_alpha"].as_str().unwrap();
        let amount = vector["expect"]["amount_minor"].as_u64().unwrap();
        let order = |amount: u64, currency: &str| {
            let amount = amount.to_string();
            let [at, time] = at(vector);
            verify(vector, &[at, time, "--amount", &amount, "--currency", currency])
        };
        assert_eq!(order(amount, currency).code(0).json()["amount_compared"], true);
        assert_eq!(order(amount + 1, currency).code(1).json()["stage"], "amount");
        assert_eq!(order(amount, "USD").code(1).json()["stage"], "currency");
    }
}

#[test]
fn application_data_has_to_be_given_exactly_where_there_is_some() {
    let vectors = vectors();
    let mut bound = vectors[1].clone();
    assert!(bound["application_data_b64_for_request"].is_string());
    bound.as_object_mut().unwrap().remove("application_data_b64_for_request");
    let ended = verify(&bound, &at(&bound)).code(1);
    assert_eq!(ended.json()["stage"], "application_data");
    assert!(ended.err.contains("--application-data"), "{}", ended.err);
    let [at, time] = at(&vectors[0]);
    let ended = verify(&vectors[0], &[at, time, "--application-data", "YWJj"]).code(1);
    assert_eq!(ended.json()["stage"], "application_data");
}

#[test]
fn nothing_that_could_be_charged_is_printed_unless_it_is_asked_for() {
    for vector in vectors() {
        let token = json(vector["file"].as_str().unwrap());
        let [at, time] = at(&vector);
        let masked = verify(&vector, &[at, time]);
        let shown = format!("{}{}", masked.out, masked.err).to_lowercase();
        let exposed = verify(&vector, &[at, time, "--expose-dpan"]);
        if vector["valid"] == true {
            let plaintext = vector["debug"]["plaintext_utf8"].as_str().unwrap();
            let base64 = base64::engine::general_purpose::STANDARD.encode(plaintext);
            let exposed = exposed.code(0);
            assert_eq!(exposed.out, format!("{base64}\n"));
            assert_eq!(exposed.err, "");
            let opened: Value = serde_json::from_str(plaintext).unwrap();
            let number = opened["applicationPrimaryAccountNumber"].as_str().unwrap();
            let last4 = &number[number.len() - 4..];
            assert!(masked.json()["number"].as_str().unwrap().ends_with(last4));
            for secret in texts(&opened).iter().filter(|text| *text != "3dsecure") {
                assert!(!shown.contains(secret.as_str()), "{shown}");
            }
            assert!(!shown.contains(&number[..6]), "{shown}");
        } else {
            let exposed = exposed.code(1);
            assert_eq!(exposed.out, "", "only what goes to the gateway is ever written there");
            let shown = format!("{shown}{}", exposed.err.to_lowercase());
            for value in texts(&token) {
                assert!(!shown.contains(&value), "{shown}");
            }
        }
    }
}

#[test]
fn a_token_comes_from_standard_input_too_and_apple_s_root_takes_no_other_s() {
    let [cert, key, root] = ["merchant-a.cert.pem", "merchant-a.key.pem", "root-ca.pem"]
        .map(|file| fixture(file).display().to_string());
    let token = std::fs::read_to_string(fixture("good-1.json")).unwrap();
    let arguments = [
        "applepay",
        "verify",
        "-",
        "--cert",
        &cert,
        "--key",
        &key,
        "--at",
        "2026-01-15T12:00:00Z",
        "--root",
        &root,
    ];
    assert_eq!(Ended::of(&arguments, Some(&token)).code(0).json()["amount"], 1000);
    let live = Ended::of(&arguments[..9], Some(&token)).code(1);
    assert_eq!(live.json()["stage"], "chain");
    assert!(live.err.contains("--root"), "{}", live.err);
    let noise = Ended::of(&arguments, Some("{\"paymentData\": {}}")).code(1);
    assert_eq!(noise.json()["stage"], "malformed");
}

#[test]
fn files_that_do_not_go_together_are_wrong_usage_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let der = folder.path().join("apple_pay.cer");
    std::fs::write(&der, [0x30, 0x82]).unwrap();
    let file = |name: &str| fixture(name).display().to_string();
    let [a, a_key, b_key] =
        ["merchant-a.cert.pem", "merchant-a.key.pem", "merchant-b.key.pem"].map(file);
    let der = der.display().to_string();
    for (cert, key, root, words) in [
        (&a, &b_key, None, "merchant-b.key.pem: the private key does not belong"),
        (&a_key, &a_key, None, "merchant-a.key.pem: the certificate file does not hold"),
        (&der, &a_key, None, "openssl x509 -inform der"),
        (&a, &a_key, Some(&a), "merchant-a.cert.pem: not the PEM of a root"),
    ] {
        let mut arguments = vec!["applepay", "verify", "-", "--cert", cert, "--key", key];
        arguments.extend(root.iter().flat_map(|root| ["--root", root]));
        let ended = Ended::of(&arguments, Some("{}")).code(2);
        assert!(ended.err.contains(words), "{words} is missing in {}", ended.err);
        assert_eq!(ended.out, "");
    }
}

const FILES: [&str; 4] = [
    "merchant-identity.csr",
    "merchant-identity.key",
    "payment-processing.csr",
    "payment-processing.key",
];

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What OpenSSL says, or `None` where there is none.
#[expect(clippy::print_stderr, reason = "whoever runs the story learns what it could not look at")]
fn openssl(arguments: &[&str], file: &Path) -> Option<String> {
    let output = match Command::new("openssl").args(arguments).arg("-in").arg(file).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!(
                "openssl is not there: what it would say about {} is not known",
                file.display()
            );
            return None;
        }
        Err(error) => panic!("openssl: {error}"),
    };
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "openssl {arguments:?} {}: {said}", file.display());
    Some(said)
}

#[test]
fn keys_and_requests_are_made_for_their_owner_alone_and_openssl_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world");
    let china = folder.path().join("china");
    let make = |out: &Path, more: &[&str]| {
        let out = out.display().to_string();
        Ended::of(&[&["applepay", "csr", "--out", &out], more].concat(), None).code(0)
    };
    let said = make(&world, &[]);
    make(&china, &["--rsa"]);
    for (folder, processing) in [(&world, "prime256v1"), (&china, "Public-Key: (2048 bit)")] {
        assert_eq!(names(folder), FILES.map(str::to_owned).into());
        for (name, algorithm) in
            [("payment-processing", processing), ("merchant-identity", "Public-Key: (2048 bit)")]
        {
            let (key, request) =
                (folder.join(name).with_extension("key"), folder.join(name).with_extension("csr"));
            assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let text = std::fs::read_to_string(&key).unwrap();
            assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "PKCS#8");
            let body = text.lines().nth(1).unwrap();
            assert!(!said.out.contains(body) && !said.err.contains(body), "a key was printed");
            let Some(described) = openssl(&["req", "-noout", "-verify", "-text"], &request) else {
                continue;
            };
            assert!(described.contains("verify OK"), "{described}");
            assert!(described.contains(algorithm), "{described}");
            let sha_256 = described.contains("ecdsa-with-SHA256")
                || described.contains("sha256WithRSAEncryption");
            assert!(sha_256, "{described}");
            let of_key = openssl(&["pkey", "-pubout"], &key);
            assert_eq!(
                openssl(&["req", "-noout", "-pubkey"], &request),
                of_key,
                "another's request"
            );
        }
    }
    for words in ["payment-processing.csr", "merchant_id.cer", "[[apple_pay.processing]]"] {
        assert!(said.out.contains(words), "{words} is missing in {}", said.out);
    }
}

#[test]
fn a_file_that_exists_is_named_and_kept_and_nothing_is_made_beside_it() {
    for name in FILES {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join(name);
        std::fs::write(&there, "precious").unwrap();
        let out = folder.path().display().to_string();
        let ended = Ended::of(&["applepay", "csr", "--out", &out], None).code(1);
        assert!(
            ended.err.contains(&format!("{name} exists and is not overwritten")),
            "{}",
            ended.err
        );
        assert_eq!(ended.out, "");
        assert_eq!(names(folder.path()), BTreeSet::from([name.to_owned()]));
        assert_eq!(std::fs::read_to_string(&there).unwrap(), "precious");
    }
}
