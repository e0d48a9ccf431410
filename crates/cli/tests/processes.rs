//! The long-running commands as processes.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_farthing"))
            .args(arguments)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The URL of the next announcement that begins with `who`.
    fn url(&mut self, who: &str) -> String {
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            if line.starts_with(who) && line.contains("listening on ") {
                return line.split_whitespace().last().unwrap().trim_end_matches('/').to_owned();
            }
        }
        panic!("{who} never listened; the process ended");
    }

    /// Sends SIGTERM and gives the exit code.
    fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

#[test]
fn the_sandbox_announces_itself_answers_and_ends_well_on_sigterm() {
    let mut sandbox = Running::start(&["sandbox", "--listen", "127.0.0.1:0"]);
    let url = sandbox.url("listening");
    let status = runtime().block_on(async {
        client().get(format!("{url}/_control/ledger")).send().await.unwrap().status()
    });
    assert_eq!(status, 200);
    assert_eq!(sandbox.stop(), Some(0));
}

#[test]
fn the_sandbox_announces_apple_s_host_and_keeps_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let arguments = [
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--apple-listen",
        "127.0.0.1:0",
        "--wallet-keys",
        keys.to_str().unwrap(),
    ];
    let vendors = || {
        let mut sandbox = Running::start(&arguments);
        let url = sandbox.url("listening");
        let apple = sandbox.url("apple host");
        let vendors = runtime().block_on(async {
            let answer = client().get(format!("{url}/_control/wallets")).send().await.unwrap();
            serde_json::from_str::<serde_json::Value>(&answer.text().await.unwrap()).unwrap()
        });
        assert_eq!(vendors["apple_host_url"], format!("{apple}/"));
        assert_eq!(sandbox.stop(), Some(0));
        vendors
    };
    let (first, second) = (vendors(), vendors());
    for name in ["apple_root_pem", "apple_host_ca_pem", "google_root_keys"] {
        assert_eq!(first[name], second[name], "{name}");
    }
}

#[test]
fn the_demo_sells_a_book_up_to_the_checkout_and_ends_well_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut demo = Running::start(&["demo", "--port", "0", "--data", data.to_str().unwrap()]);
    let wallets = demo.url("wallets");
    let server = demo.url("server");
    let shop = demo.url("shop");
    runtime().block_on(async {
        let client = client();
        let alive = client.get(format!("{wallets}/healthz")).send().await.unwrap();
        assert_eq!(alive.status(), 200, "the wallets have an origin of their own");
        let checkout = client.get(format!("{wallets}/checkout/cst_x")).send().await.unwrap();
        assert_eq!(checkout.status(), 404);
        let home = client.get(&shop).send().await.unwrap().text().await.unwrap();
        for card in ["4012000000003010", "4003830171874018", "4111111111111111"] {
            assert!(home.contains(card), "{home}");
        }

        // A browser that was given the address by number is sent to the name: to it they are two sites.
        let by_number = shop.replace("localhost", "127.0.0.1");
        let moved = client.get(format!("{by_number}/events")).send().await.unwrap();
        assert_eq!(moved.status(), 307);
        assert_eq!(moved.headers()["location"], format!("{shop}/events"));

        let buy = || {
            client
                .post(format!("{shop}/orders"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body("book=small-coins")
                .send()
        };
        let first = buy().await.unwrap();
        assert_eq!(first.status(), 303, "{}", first.text().await.unwrap());
        let place = first.headers()["location"].to_str().unwrap().to_owned();
        let second = buy().await.unwrap();
        assert_ne!(
            second.headers()["location"].to_str().unwrap(),
            place,
            "two orders have two ids"
        );

        let order =
            client.get(format!("{shop}{place}")).send().await.unwrap().text().await.unwrap();
        assert!(order.contains("data-order-state=\"unpaid\""), "{order}");
        let checkout = order
            .split('"')
            .find(|part| part.starts_with(&format!("{server}/checkout/cst_")))
            .unwrap();
        let page = client.get(checkout).send().await.unwrap();
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        assert!(
            page.contains("Farthing Books") && page.contains("A History of Small Coins"),
            "{page}"
        );
        assert!(
            !page.contains("Ada"),
            "what the merchant sent of the customer is not shown to the browser"
        );

        // The shop's own page holds the checkout, under a policy that names one other origin.
        let answer = client.get(format!("{shop}{place}?theme=dark")).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains(&format!("frame-src {server};")), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let order = answer.text().await.unwrap();
        assert!(order.contains(&format!("<script async src=\"{server}/farthing.js\">")), "{order}");
        assert!(order.contains("<farthing-checkout session=\"cst_"), "{order}");
        for path in order.split('"').filter(|part| part.starts_with("/assets/")) {
            let file = client.get(format!("{shop}{path}")).send().await.unwrap();
            assert_eq!(file.status(), 200, "{path}");
            assert!(file.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        }
        let state = client.get(format!("{shop}{place}/state")).send().await.unwrap();
        let state = state.text().await.unwrap();
        assert!(
            state.contains("\"state\":\"unpaid\"") && state.contains("\"stage\":\"pay\""),
            "{state}"
        );

        // A guest's session replaces the other one; both are the same order's.
        let guest = client
            .post(format!("{shop}{place}/session"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("guest=yes")
            .send()
            .await
            .unwrap();
        assert_eq!(guest.status(), 303, "{}", guest.text().await.unwrap());
        let order =
            client.get(format!("{shop}{place}")).send().await.unwrap().text().await.unwrap();
        let other = order
            .split('"')
            .find(|part| part.starts_with(&format!("{server}/checkout/cst_")))
            .unwrap();
        assert_ne!(other, checkout);
        let page = client.get(other).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("autocomplete=\"email\""), "the form asks what the shop left out");

        let id = place.rsplit('/').next().unwrap();
        let mut live = client.get(format!("{shop}/live?order={id}")).send().await.unwrap();
        assert_eq!(live.headers()["content-type"], "text/event-stream");

        let forged = client
            .post(format!("{shop}/webhooks"))
            .header("webhook-id", "evt_1")
            .header("webhook-timestamp", "1700000000")
            .header("webhook-signature", "v1,AAAA")
            .body("{\"type\":\"payment.paid\"}")
            .send()
            .await
            .unwrap();
        assert_eq!(forged.status(), 401);
        let mut heard = String::new();
        while !heard.contains("webhook refused") {
            let chunk = live.chunk().await.unwrap().expect("the log goes on");
            heard.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        assert!(heard.contains("\"state\":\"unpaid\""), "{heard}");
        let events = client.get(format!("{shop}/events")).send().await.unwrap();
        assert_eq!(events.status(), 200);
        let events = events.text().await.unwrap();
        assert!(events.contains("did not verify: 1"), "{events}");
    });
    let merchant = Command::new(env!("CARGO_BIN_EXE_farthing"))
        .args(["payment", "list"])
        .env("FARTHING_URL", &server)
        .env("FARTHING_KEY", "sk_demo")
        .output()
        .unwrap();
    assert!(merchant.status.success(), "{}", String::from_utf8_lossy(&merchant.stderr));
    assert_eq!(String::from_utf8_lossy(&merchant.stdout), "No payments.\n");

    let doctor = || {
        let config = data.join("farthing.toml");
        let output = Command::new(env!("CARGO_BIN_EXE_farthing"))
            .args(["doctor", "--config"])
            .arg(config)
            .output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, report) = doctor();
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("✔ gateway, cards") && report.contains("✔ clock"), "{report}");
    assert!(
        report.contains("– database") && report.contains("held by a running server"),
        "{report}"
    );
    assert!(report.contains("PCI scope: SAQ D"), "{report}");
    assert_eq!(demo.stop(), Some(0));
    let (code, report) = doctor();
    assert_eq!(code, Some(1), "{report}");
    assert!(
        report.contains("✖ gateway, cards") && report.contains("✖ webhook endpoint"),
        "{report}"
    );
    assert!(report.contains("✔ database"), "{report}");
    assert!(data.join("farthing.sqlite").exists(), "--data keeps the data");
}
