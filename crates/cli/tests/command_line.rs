//! The binary as a calling program sees it: exit codes and messages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn farthing(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
    command
        .args(arguments)
        .env_remove("FARTHING_URL")
        .env_remove("FARTHING_KEY")
        .env_remove("RUST_LOG");
    command
}

fn run(arguments: &[&str]) -> Output {
    farthing(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout: {}\nstderr: {}",
        out(output),
        err(output)
    );
}

/// The documents' sample body, signed with `test-secret-A`.
fn callback() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/smartcore-callback.form")
}

fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn help_lists_every_command_of_this_version_and_no_other() {
    let output = run(&["--help"]);
    assert_code(&output, 0);
    let help = out(&output);
    for command in
        ["demo", "serve", "sandbox", "doctor", "session", "payment", "link", "callback", "applepay"]
    {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(command)),
            "{command} is missing in {help}"
        );
    }
    for later in ["payout", "exchange", "export", "balance"] {
        assert!(!help.contains(later), "{later} does not exist yet");
    }
    assert!(!help.contains("script tag"), "there is none yet: {help}");
    assert!(help.contains("0 done, 1 refused, 2 wrong usage, 3 outcome unknown"));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    for (arguments, words) in [
        (&["refund"][..], "unrecognized subcommand"),
        (&["serve"], "--config"),
        (&["sandbox", "--listen", "everywhere"], "--listen"),
        (&["demo", "--port", "65535"], "at most 65532"),
        (&["session", "create", "--order-id", "1", "--amount", "-5", "--currency", "EUR"], "-5"),
        (
            &["session", "create", "--order-id", "1", "--amount", "10.00", "--currency", "EUR"],
            "whole minor units, such as 1000",
        ),
        (
            &["session", "create", "--order-id", "1", "--amount", "5", "--currency", "eur"],
            "ISO 4217",
        ),
        (
            &["payment", "list", "--status", "lost", "--url", "http://localhost:1"],
            "requires_action",
        ),
        (&["payment", "show", "pay_1"], "FARTHING_URL"),
        (&["payment", "show", "pay_1", "--url", "http://localhost:1"], "FARTHING_KEY"),
        (&["payment", "show", "pay_1", "--url", "ftp://localhost"], "https://"),
        (&["callback", "verify", "--gateway", "nobody", "--secret-file", "s", "f"], "smartcore"),
        (&["applepay", "verify", "t", "--cert", "c"], "--key"),
        (&["applepay", "verify", "t", "--cert", "c", "--key", "k", "--amount", "5"], "--currency"),
        (
            &["applepay", "verify", "t", "--cert", "c", "--key", "k", "--currency", "EUR"],
            "--amount",
        ),
        (&["applepay", "verify", "t", "--cert", "c", "--key", "k", "--at", "noon"], "--at"),
        (
            &["applepay", "verify", "t", "--cert", "c", "--key", "k", "--application-data", "a"],
            "standard base64",
        ),
        (&["applepay", "verify", "t", "--cert", "/nowhere", "--key", "k"], "cannot read /nowhere"),
    ] {
        let output = run(arguments);
        assert_code(&output, 2);
        assert!(
            err(&output).contains(words),
            "{arguments:?} should name {words}: {}",
            err(&output)
        );
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_recorded_callback_verifies_with_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let secret = write(&folder, "secret", "test-secret-A\n");
    let file = callback();
    let output = run(&[
        "callback",
        "verify",
        "--gateway",
        "smartcore",
        "--secret-file",
        &secret,
        file.to_str().unwrap(),
    ]);
    assert_code(&output, 0);
    assert!(out(&output).contains("200004"), "{}", out(&output));
}

#[test]
fn a_program_reads_as_json_whether_a_callback_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let file = callback().display().to_string();
    let verify = |secret: &str| {
        let secret = write(&folder, "secret", secret);
        let arguments = ["callback", "verify", "--gateway", "smartcore", "--secret-file"];
        let output = farthing(&arguments).args([&secret, "--json", &file]).output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), value)
    };
    let good = serde_json::json!({"valid": true, "gateway_order_id": "200004"});
    assert_eq!(verify("test-secret-A"), (Some(0), good));
    assert_eq!(verify("test-secret-B"), (Some(1), serde_json::json!({"valid": false})));
}

#[test]
fn a_callback_from_standard_input_verifies_too() {
    let folder = tempfile::tempdir().unwrap();
    let secret = write(&folder, "secret", "test-secret-A");
    let mut child =
        farthing(&["callback", "verify", "--gateway", "smartcore", "--secret-file", &secret, "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let mut body = std::fs::read(callback()).unwrap();
    body.push(b'\n');
    child.stdin.take().unwrap().write_all(&body).unwrap();
    assert_code(&child.wait_with_output().unwrap(), 0);
}

#[test]
fn a_callback_with_another_secret_or_another_amount_is_refused_and_no_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(&folder, "good", "test-secret-A");
    let other = write(&folder, "other", "test-secret-B");
    let body = std::fs::read_to_string(callback()).unwrap();
    let changed = write(&folder, "changed", &body.replace("&amount=10000", "&amount=10001"));
    let unsigned = write(&folder, "unsigned", "orderId=1&status=2");
    let twice = write(&folder, "twice", &format!("{body}&orderId=7"));
    for (secret, file) in [
        (&other, callback().display().to_string()),
        (&good, changed),
        (&good, unsigned),
        (&good, twice),
    ] {
        let output =
            run(&["callback", "verify", "--gateway", "smartcore", "--secret-file", secret, &file]);
        assert_code(&output, 1);
        assert!(!err(&output).contains("test-secret"), "{}", err(&output));
        assert!(!err(&output).contains("8090e712"), "{}", err(&output));
    }
}

#[test]
fn a_secret_file_that_is_missing_or_empty_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let empty = write(&folder, "empty", "\n");
    for secret in [empty.as_str(), "/nowhere/secret"] {
        let file = callback();
        let output = run(&[
            "callback",
            "verify",
            "--gateway",
            "smartcore",
            "--secret-file",
            secret,
            file.to_str().unwrap(),
        ]);
        assert_code(&output, 2);
    }
}

#[test]
fn a_configuration_error_names_file_and_line_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(
        &folder,
        "farthing.toml",
        "mode = \"sandbox\"\n\n[server]\nlisten = \"127.0.0.1:0\"\ncolour = \"red\"\n",
    );
    let output = run(&["serve", "--config", &config]);
    assert_code(&output, 1);
    assert!(err(&output).contains("farthing.toml:5"), "{}", err(&output));
    assert!(!out(&output).contains("listening"));
    let output = run(&["doctor", "--config", &config]);
    assert_code(&output, 1);
    assert!(
        out(&output).contains("✖ configuration") && out(&output).contains(":5"),
        "{}",
        out(&output)
    );
}

/// A server that gives one answer to one request, and what it was sent.
fn answering(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut request = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
            request.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        request.push_str(&String::from_utf8(body).unwrap());
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    (url, seen)
}

const CREATE: [&str; 8] =
    ["session", "create", "--order-id", "o-1", "--amount", "1000", "--currency", "EUR"];

fn create(url: &str, more: &[&str]) -> Output {
    farthing(&CREATE)
        .args(more)
        .env("FARTHING_URL", url)
        .env("FARTHING_KEY", "sk_test_key")
        .output()
        .unwrap()
}

#[test]
fn a_session_is_created_with_the_key_and_a_fresh_idempotency_key() {
    let (url, seen) = answering(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\
         {\"id\":\"ses_1\",\"url\":\"http://localhost/checkout/cst_1\",\"amount\":1000,\"currency\":\"EUR\",\"status\":\"open\"}",
    );
    let output = create(&url, &[]);
    assert_code(&output, 0);
    assert!(out(&output).contains("http://localhost/checkout/cst_1"), "{}", out(&output));
    assert!(out(&output).contains("EUR 10.00"), "{}", out(&output));
    let request = seen.join().unwrap();
    assert!(request.starts_with("POST /v1/sessions "), "{request}");
    assert!(request.contains("authorization: Bearer sk_test_key"), "{request}");
    assert!(request.contains("idempotency-key: "), "{request}");
    assert!(request.contains("\"amount\":1000"), "{request}");
}

#[test]
fn a_key_given_as_argument_beats_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder, "key", "sk_from_argument\n");
    for argument in [["--key-file", file.as_str()], ["--key", "sk_from_argument"]] {
        let (url, seen) =
            answering("HTTP/1.1 201 Created\r\nconnection: close\r\n\r\n{\"id\":\"ses_1\"}");
        assert_code(&create(&url, &argument), 0);
        let request = seen.join().unwrap();
        assert!(request.contains("authorization: Bearer sk_from_argument"), "{request}");
    }
    let both = create("http://localhost:1", &["--key-file", &file, "--key", "sk_other"]);
    assert_code(&both, 2);
}

#[test]
fn an_empty_key_is_no_key() {
    let output = farthing(&CREATE)
        .env("FARTHING_URL", "http://localhost:1")
        .env("FARTHING_KEY", "")
        .output()
        .unwrap();
    assert_code(&output, 2);
    assert!(err(&output).contains("no key"), "{}", err(&output));
}

#[test]
fn a_link_and_its_payment_are_shown_in_one_pair_of_columns() {
    let (url, seen) = answering(
        "HTTP/1.1 201 Created\r\nconnection: close\r\n\r\n\
         {\"url\":\"https://pay.example/1\",\"payment\":{\"id\":\"pay_1\",\"order_id\":\"o-1\"}}",
    );
    let output =
        farthing(&["link", "create", "--order-id", "o-1", "--amount", "5", "--currency", "EUR"])
            .env("FARTHING_URL", url)
            .env("FARTHING_KEY", "sk_test_key")
            .output()
            .unwrap();
    assert_code(&output, 0);
    assert_eq!(out(&output), "url       https://pay.example/1\nid        pay_1\norder_id  o-1\n");
    seen.join().unwrap();
}

#[test]
fn a_refusal_ends_with_1_and_names_field_and_rule() {
    let (url, seen) = answering(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\nconnection: close\r\n\r\n\
         {\"type\":\"urn:farthing:problem:validation\",\"title\":\"The request breaks a rule\",\"status\":400,\
         \"errors\":[{\"field\":\"amount\",\"rule\":\"must be at least 1\"}]}",
    );
    let output = create(&url, &[]);
    assert_code(&output, 1);
    assert!(err(&output).contains("amount: must be at least 1"), "{}", err(&output));
    seen.join().unwrap();
}

#[test]
fn a_broken_connection_ends_with_3_and_says_how_to_repeat() {
    let (url, seen) = answering("HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"id\"");
    let output = create(&url, &["--idempotency-key", "my-key-1"]);
    assert_code(&output, 3);
    assert!(err(&output).contains("--idempotency-key my-key-1"), "{}", err(&output));
    assert!(seen.join().unwrap().contains("idempotency-key: my-key-1"));
}

#[test]
fn a_server_that_is_not_there_was_sent_nothing_so_it_ends_with_1() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = create(&url, &[]);
    assert_code(&output, 1);
    assert!(err(&output).contains("nothing was sent"), "{}", err(&output));
}

#[test]
fn json_is_what_the_server_said() {
    let (url, seen) = answering(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"data\":[{\"id\":\"pay_1\",\"unknown_member\":7}],\"next_cursor\":null}",
    );
    let output = farthing(&["payment", "list", "--order-id", "a b&c", "--json"])
        .env("FARTHING_URL", url)
        .env("FARTHING_KEY", "sk_test_key")
        .output()
        .unwrap();
    assert_code(&output, 0);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["data"][0]["unknown_member"], 7);
    let request = seen.join().unwrap();
    assert!(request.starts_with("GET /v1/payments?order_id=a+b%26c "), "{request}");
}

#[test]
fn an_id_cannot_leave_its_place_in_the_path() {
    let (url, seen) =
        answering("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n{\"title\":\"Not found\"}");
    let output = farthing(&["payment", "show", "../sessions?x"])
        .env("FARTHING_URL", url)
        .env("FARTHING_KEY", "sk_test_key")
        .output()
        .unwrap();
    assert_code(&output, 1);
    assert!(seen.join().unwrap().starts_with("GET /v1/payments/..%2Fsessions%3Fx "));
}
