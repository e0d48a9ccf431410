use secrecy::ExposeSecret as _;

use super::*;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A complete configuration; every test changes one thing.
pub(super) fn sandbox() -> String {
    format!(
        r#"mode = "sandbox"

[server]
listen = "127.0.0.1:0"
database = "sqlite:/tmp/farthing.db"
master_key = "{KEY}"

[merchant]
name = "Shop"
origins = ["http://localhost:8080"]
card_entry = "embedded"
webhook = {{ url = "http://127.0.0.1:9/hook", secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }}

[[merchant.keys]]
id = "main"
sha256 = "{}"

[gateways.smartcore]
accounts = {{ EUR = "EUR-sandbox" }}
merchant_key = "mk"
secret = "s3cret-value"
card_url = "http://127.0.0.1:1/smartcore/card"
api_url = "http://127.0.0.1:1/smartcore/api"
form_hosts = ["localhost:8082"]
"#,
        hex::encode(TokenHash::of("sk_demo").as_bytes())
    )
}

pub(super) fn live() -> String {
    sandbox()
        .replace("mode = \"sandbox\"", "mode = \"live\"")
        .replace(
            "listen = \"127.0.0.1:0\"",
            "listen = \"0.0.0.0:8081\"\npublic_url = \"https://pay.shop.example\"",
        )
        .replace("http://localhost:8080", "https://shop.example")
        .replace("http://127.0.0.1:9/hook", "https://shop.example/hook")
        .replace("http://127.0.0.1:1", "https://gateway.example")
        .replace("EUR-sandbox", "EUR-1")
        .replace("localhost:8082", "pay.gateway.example")
        .replace(&hex::encode(TokenHash::of("sk_demo").as_bytes()), KEY)
}

pub(super) fn read(text: &str) -> Result<Config, ConfigError> {
    Config::from_toml(text, std::iter::empty())
}

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_toml(
        text,
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

/// Replaces one thing and returns the only fault's text.
#[track_caller]
pub(super) fn fault(base: &str, from: &str, to: &str) -> String {
    assert!(base.contains(from), "{from} is not in the configuration");
    let error = read(&base.replacen(from, to, 1)).expect_err("must be refused");
    assert_eq!(error.faults().len(), 1, "{error}");
    error.to_string()
}

#[test]
fn a_complete_sandbox_configuration_is_read_with_its_defaults() {
    let config = read(&sandbox()).unwrap();
    assert_eq!(config.mode, Mode::Sandbox);
    assert_eq!(config.server.listen.port(), 0);
    assert!(config.server.public_url.is_none());
    assert_eq!(config.server.database, Database::Sqlite("/tmp/farthing.db".into()));
    assert_eq!(config.server.master_key.expose()[31], 0x1f);
    assert_eq!(config.server.call_timeout, Duration::from_secs(30));
    assert_eq!(config.server.max_connections, 20_000);
    assert_eq!(config.merchant.card_entry, CardEntry::Embedded);
    assert_eq!(config.merchant.origins[0].as_str(), "http://localhost:8080");
    assert_eq!(config.merchant.keys[0].scopes, [Scope::Sessions, Scope::Read].into());
    assert_eq!(config.merchant.keys[0].sha256, TokenHash::of("sk_demo"));
    assert_eq!(config.smartcore.profile, SmartCoreProfile::V1);
    assert_eq!(config.smartcore.accounts[&"EUR".parse().unwrap()], "EUR-sandbox");
    assert_eq!(config.smartcore.card_url.as_str(), "http://127.0.0.1:1/smartcore/card");
    assert_eq!(config.smartcore.secret.expose_secret(), "s3cret-value");
}

#[test]
fn a_complete_live_configuration_is_read() {
    let config = read(&live()).unwrap();
    assert_eq!(config.mode, Mode::Live);
    assert_eq!(config.server.public_url.unwrap().as_str(), "https://pay.shop.example");
}

#[test]
fn gateway_addresses_default_to_the_documented_ones() {
    let text = live()
        .lines()
        .filter(|line| !line.contains("_url = \"https://gateway") && !line.contains("form_hosts"))
        .collect::<Vec<_>>()
        .join("\n");
    let config = read(&text).unwrap();
    assert_eq!(config.smartcore.card_url.as_str(), "https://chd-api.smartcore.pro/");
    assert_eq!(config.smartcore.form_hosts, ["payment.smartcore.pro", "payment.magua-pay.com"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    assert_eq!(
        fault(&sandbox(), "listen =", "lisren = 1\nlisten ="),
        "line 4: `server.lisren` is not a setting"
    );
    assert_eq!(
        fault(&sandbox(), "[merchant]", "[shop]\nname = 1\n[merchant]"),
        "line 8: `shop` is not a setting"
    );
    let key = fault(&sandbox(), "id = \"main\"", "id = \"main\"\nname = \"x\"");
    assert_eq!(key, "line 16: `merchant.keys.name` is not a setting");
    let inline = fault(&sandbox(), "secret = \"whsec", "secre = 1, secret = \"whsec");
    assert_eq!(inline, "line 12: `merchant.webhook.secre` is not a setting");
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    let text = read(&sandbox().replace("[server]", "[server")).unwrap_err().to_string();
    assert!(text.starts_with("line 3: is not TOML: "), "{text}");
    let twice = read(&sandbox().replace("[server]", "[server]\nlisten = \"s3cret\""))
        .unwrap_err()
        .to_string();
    assert!(twice.starts_with("line 5: is not TOML: ") && !twice.contains("s3cret"), "{twice}");
}

#[test]
fn sections_of_later_versions_are_refused_as_such() {
    for section in ["payouts", "gateways.post_protocol", "gateways.box_exchanger"] {
        let text = format!("{}\n[{section}]\nx = 1\n", sandbox());
        let error = read(&text).unwrap_err().to_string();
        assert_eq!(error, format!("line 26: `{section}` is not supported by this version"));
    }
}

#[test]
fn required_settings_that_are_missing_are_named_with_their_section() {
    for (line, message) in [
        ("mode = \"sandbox\"", "line 1: `mode` is missing"),
        ("database = \"sqlite:/tmp/farthing.db\"", "line 3: `server.database` is missing"),
        ("name = \"Shop\"", "line 8: `merchant.name` is missing"),
        ("origins = [\"http://localhost:8080\"]", "line 8: `merchant.origins` is missing"),
        ("card_entry = \"embedded\"", "line 8: `merchant.card_entry` is missing"),
        ("id = \"main\"", "line 14: `merchant.keys.id` is missing"),
        ("merchant_key = \"mk\"", "line 18: `gateways.smartcore.merchant_key` is missing"),
        ("secret = \"s3cret-value\"", "line 18: `gateways.smartcore.secret` is missing"),
    ] {
        assert_eq!(fault(&sandbox(), line, ""), message);
    }
}

#[test]
fn live_mode_refuses_what_only_a_sandbox_may_have() {
    let demo = hex::encode(TokenHash::of("sk_demo").as_bytes());
    for (from, to, key, rule) in [
        (
            "https://gateway.example/smartcore/card",
            "http://gateway.example",
            "gateways.smartcore.card_url",
            "must be https in live mode",
        ),
        (
            "https://gateway.example/smartcore/api",
            "https://127.0.0.1",
            "gateways.smartcore.api_url",
            "is this machine, which live mode refuses",
        ),
        (
            "https://gateway.example/smartcore/api",
            "https://[::ffff:127.0.0.1]",
            "gateways.smartcore.api_url",
            "is this machine, which live mode refuses",
        ),
        (
            "https://gateway.example/smartcore/api",
            "https://x.localhost.",
            "gateways.smartcore.api_url",
            "is this machine, which live mode refuses",
        ),
        (
            "https://pay.shop.example",
            "http://pay.shop.example",
            "server.public_url",
            "must be https in live mode",
        ),
        (
            "https://shop.example\"",
            "http://shop.example\"",
            "merchant.origins",
            "must be https in live mode",
        ),
        (
            "https://shop.example/hook",
            "http://shop.example/hook",
            "merchant.webhook.url",
            "must be https in live mode",
        ),
        (
            "EUR-1",
            "EUR-sandbox",
            "gateways.smartcore.accounts",
            "is a `-sandbox` account, which live mode refuses",
        ),
        (
            "pay.gateway.example",
            "localhost:1",
            "gateways.smartcore.form_hosts",
            "is this machine, which live mode refuses",
        ),
        (
            "public_url = \"https://pay.shop.example\"\n",
            "",
            "server.public_url",
            "is required in live mode",
        ),
        ("0.0.0.0:8081", "0.0.0.0:0", "server.listen", "must name a port in live mode"),
        (
            KEY_LINE,
            &format!("sha256 = \"{demo}\""),
            "merchant.keys.sha256",
            "is the demo's key, which everybody knows: live mode refuses it",
        ),
    ] {
        let text = fault(&live(), from, to);
        assert!(text.starts_with("line ") && text.ends_with(&format!("`{key}` {rule}")), "{text}");
    }
}

const KEY_LINE: &str =
    "sha256 = \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"";

#[test]
fn sandbox_mode_refuses_real_accounts() {
    let text = fault(&sandbox(), "EUR-sandbox", "EUR");
    assert_eq!(
        text,
        "line 19: `gateways.smartcore.accounts` is not a `-sandbox` account, which sandbox mode refuses"
    );
}

#[test]
fn each_rule_of_a_value_is_told_without_the_value() {
    for (from, to, rule) in [
        ("mode = \"sandbox\"", "mode = \"zzz\"", "must be \"sandbox\" or \"live\""),
        ("\"embedded\"", "\"zzz\"", "must be \"embedded\" or \"hosted\""),
        ("127.0.0.1:0", "zzz", "must be an address and a port, such as 127.0.0.1:8081"),
        ("sqlite:/tmp/farthing.db", "zzz", "must be sqlite: and a path"),
        (
            "sqlite:/tmp/farthing.db",
            "postgres://zzz",
            "names PostgreSQL, which is not supported by this version",
        ),
        (KEY, "zzz", "must be 32 bytes in hexadecimal or base64"),
        (KEY, "AAAA", "must be 32 bytes in hexadecimal or base64"),
        ("[\"http://localhost:8080\"]", "[]", "must not be empty"),
        ("[\"http://localhost:8080\"]", "\"zzz\"", "must be a list of strings"),
        ("[\"http://localhost:8080\"]", "[5]", "must be a string"),
        (
            "http://localhost:8080",
            "http://zzz/x",
            "must be an origin: http or https, a host, perhaps a port, and nothing else",
        ),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_zzz",
            "must be whsec_ and the base64 of 24 to 64 bytes",
        ),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=",
            "must be whsec_ and the base64 of 24 to 64 bytes",
        ),
        ("id = \"main\"", "id = \"Zzz\"", "must be 1 to 40 of a-z, 0-9, - and _"),
        (
            "id = \"main\"",
            "id = \"main\"\nscopes = [\"zzz\"]",
            "must be some of sessions, read, refunds, captures, payouts, exports",
        ),
        ("sha256 = \"", "sha256 = \"zz", "must be the key's SHA-256: 64 hexadecimal digits"),
        ("{ EUR = \"EUR-sandbox\" }", "{}", "must not be empty"),
        ("{ EUR =", "{ ZZZ =", "has a key that is not an ISO 4217 alphabetic code"),
        ("[\"localhost:8082\"]", "[]", "must not be empty"),
        (
            "[\"localhost:8082\"]",
            "[\"http://zzz\"]",
            "must be hosts, each with a port or without, such as pay.example or localhost:8082",
        ),
        ("http://127.0.0.1:1/smartcore/api", "zzz", "must be an absolute URL"),
        ("http://127.0.0.1:1/smartcore/api", "file:///zzz", "must be an http or https URL"),
        (
            "http://127.0.0.1:1/smartcore/api",
            "http://zzz:zzz@a.example",
            "must not hold a user, a password or a fragment",
        ),
        ("http://127.0.0.1:1/smartcore/api", "http://a.example?zzz", "must not hold a query"),
        ("[server]", "[server]\ncall_timeout = \"500ms\"", "must be 1s to 2m"),
        (
            "[server]",
            "[server]\ncall_timeout = \"30\"",
            "must be a number with its unit: ms, s or m",
        ),
        ("[server]", "[server]\ncall_timeout = 30", "must be a string"),
        ("[server]", "[server]\nmax_connections = 0", "must be 1 to 1000000"),
        ("[server]", "[server]\nmax_connections = \"zzz\"", "must be a whole number"),
        ("[server]", "[server]\nmetrics_token = \"zzz\"", "must have at least 16 characters"),
        (
            "[server]",
            "[server]\ntrusted_proxies = [\"zzz\"]",
            "must be addresses or ranges, such as 10.0.0.0/8",
        ),
        ("secret = \"s3cret-value\"", "secret = \"\"", "must not be empty"),
        (
            "name = \"Shop\"",
            "name = \"Shop\"\ncountry = \"ZZ\"",
            "must be an ISO 3166-1 alpha-2 code in capital letters",
        ),
        (
            "name = \"Shop\"",
            "name = \"Shop\"\ncountry = \"de\"",
            "must be an ISO 3166-1 alpha-2 code in capital letters",
        ),
        ("merchant_key = \"mk\"", "merchant_key = \"\"", "must not be empty"),
        (
            "merchant_key = \"mk\"",
            "merchant_key = \"zzz:b\"",
            "must hold no colon and no control character (RFC 7617)",
        ),
        (
            "secret = \"s3cret-value\"",
            "secret = \"zzz\\tzzz\"",
            "must hold no control character (RFC 7617)",
        ),
        (
            "secret = \"s3cret-value\"",
            "secret = \"s3cret-value\"\nold_secrets = [\"zzz\\tzzz\"]",
            "must hold no control character (RFC 7617)",
        ),
        (
            "secret = \"s3cret-value\"",
            "secret = \"file:/nonexistent/zzz\"",
            "refers to a file that cannot be read: entity not found",
        ),
    ] {
        let text = fault(&sandbox(), from, to);
        assert!(text.starts_with("line ") && text.ends_with(rule), "{text}");
        assert!(!text.to_lowercase().contains("zzz"), "{text}");
    }
}

#[test]
fn two_keys_with_one_id_or_one_hash_are_refused() {
    let other = format!("id = \"main\"\n{KEY_LINE}\n\n[[merchant.keys]]\nid = \"main\"");
    assert_eq!(
        fault(&sandbox(), "id = \"main\"", &other),
        "line 19: `merchant.keys.id` is the id of another key"
    );
    let demo = hex::encode(TokenHash::of("sk_demo").as_bytes());
    let other = format!("id = \"a\"\nsha256 = \"{demo}\"\n\n[[merchant.keys]]\nid = \"main\"");
    assert_eq!(
        fault(&sandbox(), "id = \"main\"", &other),
        "line 20: `merchant.keys.sha256` is the hash of another key"
    );
}

#[test]
fn the_wallet_origin_must_be_a_second_one() {
    let text = fault(
        &sandbox(),
        "[server]",
        "[server]\npublic_url = \"http://a.example\"\nwallet_origin = \"http://a.example/\"",
    );
    assert!(text.starts_with("line 5: `server.wallet_origin` must differ"), "{text}");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let text = sandbox()
        .replace("127.0.0.1:0", "x")
        .replace("\"embedded\"", "\"x\"")
        .replace("EUR-sandbox", "EUR");
    let error = read(&text).unwrap_err();
    let lines: Vec<&Place> = error.faults().iter().map(|fault| &fault.place).collect();
    assert_eq!(lines, [&Place::Line(4), &Place::Line(11), &Place::Line(19)]);
}

#[test]
fn variables_override_the_file_and_add_to_it() {
    let config = read_with(
        &sandbox(),
        &[
            ("FARTHING__SERVER__LISTEN", "127.0.0.1:7"),
            ("FARTHING__SERVER__MAX_CONNECTIONS", "12"),
            ("FARTHING__MERCHANT__NAME", "1234"),
            ("FARTHING__MERCHANT__ORIGINS", "[\"http://a.example\", \"http://b.example\"]"),
            ("FARTHING__GATEWAYS__SMARTCORE__ACCOUNTS__USD", "USD-sandbox"),
            ("FARTHING__GATEWAYS__SMARTCORE__ACCOUNTS__EUR", "EUR2-sandbox"),
            (
                "FARTHING__MERCHANT__KEYS",
                &format!("[{{id = \"env\", sha256 = \"{KEY}\", scopes = [\"read\"]}}]"),
            ),
            ("FARTHING_URL", "not ours"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.port(), 7);
    assert_eq!(config.server.max_connections, 12);
    assert_eq!(config.merchant.name, "1234");
    assert_eq!(config.merchant.origins.len(), 2);
    assert_eq!(config.smartcore.accounts[&"USD".parse().unwrap()], "USD-sandbox");
    assert_eq!(config.smartcore.accounts[&"EUR".parse().unwrap()], "EUR2-sandbox");
    assert_eq!(config.merchant.keys[0].id, "env");
}

#[test]
fn a_fault_of_a_variable_names_the_variable_and_not_its_value() {
    for (name, value, message) in [
        (
            "FARTHING__SERVER__LISTEN",
            "zzz",
            "`server.listen` must be an address and a port, such as 127.0.0.1:8081",
        ),
        ("FARTHING__SERVER__LISREN", "zzz", "`server.lisren` is not a setting"),
        (
            "FARTHING__MERCHANT__ORIGINS",
            "[\"http://zzz/x\"]",
            "`merchant.origins` must be an origin: http or https, a host, perhaps a port, and nothing else",
        ),
        ("FARTHING__MERCHANT__ORIGINS", "[zzz", "is not a TOML value"),
        ("FARTHING__MODE__X", "zzz", "names a key below something that is not a section"),
        ("FARTHING__SERVER__", "zzz", "is not FARTHING__SECTION__KEY"),
    ] {
        let error = read_with(&sandbox(), &[(name, value)]).unwrap_err().to_string();
        assert_eq!(error, format!("environment variable {name}: {message}"));
    }
}

#[test]
fn secrets_are_read_from_files_without_the_newline_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "from file \n").unwrap();
    let path = folder.path().join("farthing.toml");
    std::fs::write(&path, sandbox().replace("s3cret-value", "file:secret")).unwrap();
    let config = Config::load(&path).unwrap();
    assert_eq!(config.smartcore.secret.expose_secret(), "from file ");
    assert_eq!(config.secret_files, [folder.path().join("secret")]);
}

#[test]
fn a_fault_in_a_file_names_the_file_and_a_missing_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("farthing.toml");
    let missing = Config::load(&path).unwrap_err().to_string();
    assert_eq!(missing, format!("{}: cannot be read: entity not found", path.display()));
    std::fs::write(&path, sandbox().replace("EUR-sandbox", "EUR")).unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:19: `gateways", path.display())), "{error}");
}

#[test]
fn the_master_key_may_be_hexadecimal_or_base64() {
    for text in [
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ] {
        let config = read(&sandbox().replacen(KEY, text, 1)).unwrap();
        assert_eq!(hex::encode(config.server.master_key.expose()), KEY);
    }
}

#[test]
fn debug_shows_no_secret_and_no_account() {
    let text = sandbox().replace("[server]", "[server]\nmetrics_token = \"0123456789abcdef\"");
    assert_eq!(
        format!("{:?}", read(&text).unwrap()),
        "Config { mode: Sandbox, server: Server { listen: 127.0.0.1:0, public_url: None, wallet_origin: None, wallet_listen: None, \
         trusted_proxies: [], call_timeout: 30s, max_connections: 20000, .. }, merchant: Merchant { name: \"Shop\", \
         origins: [http://localhost:8080], card_entry: Embedded, .. }, smartcore: SmartCore { profile: V1, \
         form_hosts: [\"localhost:8082\"], frame_form_url: false, .. }, google_pay: None, apple_pay: None, .. }"
    );
}

/// The operator's reference, which must not drift from the program.
const DEPLOY: &str = include_str!("../../../../docs/deploy.md");

#[test]
fn the_example_of_the_documentation_is_accepted() {
    let example =
        DEPLOY.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut text = example.to_owned();
    for (name, content) in [
        ("master.key", KEY),
        ("webhook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("smartcore.key", "mk"),
        ("smartcore.secret", "secret"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
        text = text.replace(
            &format!("file:/etc/farthing/{name}"),
            &format!("file:{}/{name}", folder.path().display()),
        );
    }
    assert_eq!(read(&text).unwrap().mode, Mode::Live);
}

/// The keys of the documentation's tables, with their sections.
fn documented_keys() -> Vec<String> {
    let mut section = String::new();
    let mut keys = Vec::new();
    for line in DEPLOY.lines() {
        if let Some(heading) = line.strip_prefix("### `") {
            let name = heading.split('`').next().unwrap();
            section = format!("{}.", name.trim_matches(['[', ']']));
        } else if line.starts_with("## ") && !section.is_empty() {
            break;
        } else if let Some(row) = line.strip_prefix("| `") {
            keys.push(format!("{section}{}", row.split('`').next().unwrap()));
        }
    }
    keys
}

#[test]
fn every_documented_key_is_known() {
    let keys = documented_keys();
    assert!(keys.len() >= 45, "{keys:?}");
    for key in keys {
        let nonsense = "[[1]]".to_owned();
        let list = ["merchant.keys", "apple_pay.processing"]
            .into_iter()
            .find_map(|list| Some((list, key.strip_prefix(list)?.strip_prefix('.')?)));
        let (variable, value) = match list {
            Some((list, key)) => (list.to_owned(), format!("[{{ {key} = {nonsense} }}]")),
            None => (key.clone(), nonsense),
        };
        let name = format!("FARTHING__{}", variable.to_uppercase().replace('.', "__"));
        let error = read_with(&sandbox(), &[(&name, &value)]).expect_err(&key).to_string();
        assert!(!error.contains("is not a setting"), "{error}");
        assert!(error.contains(&format!("`{key}` must")), "{key}: {error}");
    }
}

#[test]
fn every_known_key_is_documented() {
    let documented = documented_keys();
    // Every reading of a key ends so.
    let source = concat!(
        include_str!("rules.rs"),
        include_str!("wallet_origin.rs"),
        include_str!("wallets.rs"),
        include_str!("wallets/buttons.rs"),
    );
    let sections = [
        "server",
        "merchant",
        "webhook",
        "keys",
        "gateways",
        "smartcore",
        "google_pay",
        "apple_pay",
        "payouts",
        "identity",
        "processing",
    ];
    let keys: Vec<&str> = source
        .split("\", faults)")
        .filter_map(|before| before.rsplit('"').next())
        .chain([
            "card_url",
            "api_url",
            "export_url",
            "accounts",
            "payout_accounts",
            "root",
            "root_keys",
            "auth_methods",
            "networks",
        ])
        .filter(|key| !sections.contains(key))
        .filter(|key| {
            !key.is_empty()
                && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        })
        .collect();
    assert!(keys.len() > 40, "{keys:?}");
    for key in keys {
        assert!(
            documented.iter().any(|name| name.rsplit('.').next() == Some(key)),
            "{key} is not documented"
        );
    }
}
