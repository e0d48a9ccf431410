//! `/openapi.json` says what the routes do, no more and no less.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop where it fails"
)]

use std::collections::BTreeSet;

use farthing_server::Server;
use farthing_server::config::Config;
use serde_json::{Value, json};

const KEY: &str = "sk_openapi-test";

struct Running {
    server: Server,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

async fn start() -> Running {
    use sha2::Digest as _;
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        r#"
        mode = "sandbox"
        [server]
        listen = "127.0.0.1:0"
        database = "sqlite:{}"
        master_key = "{}"
        [merchant]
        name = "Test"
        origins = ["http://localhost:8080"]
        card_entry = "embedded"
        [[merchant.keys]]
        id = "test"
        sha256 = "{}"
        [gateways.smartcore]
        profile = "v1"
        accounts = {{ EUR = "EUR-sandbox" }}
        merchant_key = "test"
        secret = "qwerty"
        card_url = "http://127.0.0.1:9/card"
        api_url = "http://127.0.0.1:9/api"
        form_hosts = ["127.0.0.1:9"]
        "#,
        folder.path().join("t.sqlite").display(),
        "11".repeat(32),
        hex::encode(sha2::Sha256::digest(KEY)),
    );
    let config = Config::from_toml(&text, std::iter::empty()).unwrap();
    let server = Server::start(config).await.unwrap();
    // A second installation in the same process fails, and the first one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Running { server, client, _folder: folder }
}

impl Running {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.local_addr())
    }

    async fn document(&self) -> Value {
        self.client
            .get(self.url("/openapi.json"))
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .map(|b| serde_json::from_slice(&b).unwrap())
            .unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self
            .client
            .request(method.parse().unwrap(), self.url(path))
            .header("authorization", format!("Bearer {KEY}"))
            .header("idempotency-key", format!("{method} {path}"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let running = start().await;
    let document = running.document().await;
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let mut served = BTreeSet::new();
    for (path, _) in farthing_server::routes::merchant_routes() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let address = running.url(&path.replace("{id}", "nothing"));
            let answer =
                running.client.request(method.parse().unwrap(), address).send().await.unwrap();
            match answer.status().as_u16() {
                405 => {}
                401 => {
                    served.insert(format!("{method} {path}"));
                }
                other => panic!("{method} {path} without a key answers {other}"),
            }
        }
    }
    assert_eq!(described, served);
}

/// The properties of a schema, those of `allOf` included.
fn properties(document: &Value, schema: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut all = BTreeSet::new();
    let mut required = BTreeSet::new();
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return properties(document, &document["components"]["schemas"][name]);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, needed) = properties(document, part);
        all.extend(more);
        required.extend(needed);
    }
    all.extend(
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()),
    );
    required.extend(
        schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned()),
    );
    (all, required)
}

fn answers_as_described(document: &Value, path: &str, method: &str, status: u16, answer: &Value) {
    let schema = &document["paths"][path][method]["responses"][status.to_string()]["content"]["application/json"]
        ["schema"];
    let (all, required) = properties(document, schema);
    let given: BTreeSet<String> = answer.as_object().unwrap().keys().cloned().collect();
    assert!(
        given.is_subset(&all),
        "{method} {path} answers more than described: {:?}",
        given.difference(&all)
    );
    assert!(
        required.is_subset(&given),
        "{method} {path} answers less than described: {:?}",
        required.difference(&given)
    );
}

#[tokio::test]
async fn answers_have_the_members_that_are_described() {
    let running = start().await;
    let document = running.document().await;
    let body = json!({"order_id": "o1", "amount": 1000, "currency": "EUR", "purpose": "p", "metadata": {"a": 1},
        "methods": ["card", "google_pay"]});
    let (status, session) = running.send("POST", "/v1/sessions", Some(body)).await;
    assert_eq!(status, 201, "{session}");
    assert_eq!(session["methods"], json!(["card", "google_pay"]));
    answers_as_described(&document, "/v1/sessions", "post", 201, &session);
    let id = session["id"].as_str().unwrap().to_owned();

    let (status, read) = running.send("GET", &format!("/v1/sessions/{id}"), None).await;
    assert_eq!(status, 200);
    answers_as_described(&document, "/v1/sessions/{id}", "get", 200, &read);
    let (status, amended) =
        running.send("PATCH", &format!("/v1/sessions/{id}"), Some(json!({"amount": 900}))).await;
    assert_eq!((status, &amended["version"]), (200, &json!(2)));
    answers_as_described(&document, "/v1/sessions/{id}", "patch", 200, &amended);
    let (status, expired) = running.send("POST", &format!("/v1/sessions/{id}/expire"), None).await;
    assert_eq!((status, &expired["status"]), (200, &json!("expired")));
    answers_as_described(&document, "/v1/sessions/{id}/expire", "post", 200, &expired);

    // Nobody listens at the gateway's address, so the link's payment fails at once: an answer all the same.
    let customer = json!({"first_name": "A", "last_name": "B", "address": "C 1", "city": "D", "zip": "1000", "country": "GB",
        "phone": "+442079460612", "email": "a@example.com"});
    let link = json!({"order_id": "o2", "amount": 5, "currency": "EUR", "customer": customer});
    let (status, link) = running.send("POST", "/v1/links", Some(link)).await;
    assert_eq!(status, 201, "{link}");
    answers_as_described(&document, "/v1/links", "post", 201, &link);
    let payment = link["payment"]["id"].as_str().unwrap().to_owned();
    let (status, read) = running.send("GET", &format!("/v1/payments/{payment}"), None).await;
    assert_eq!((status, &read["status"]), (200, &json!("failed")));
    answers_as_described(&document, "/v1/payments/{id}", "get", 200, &read);
    let (status, checked) =
        running.send("POST", &format!("/v1/payments/{payment}/check"), None).await;
    assert_eq!(status, 200);
    answers_as_described(&document, "/v1/payments/{id}/check", "post", 200, &checked);
    let (status, list) =
        running.send("GET", "/v1/payments?order_id=o2&status=failed&limit=1", None).await;
    assert_eq!((status, list["data"].as_array().unwrap().len()), (200, 1));
    answers_as_described(&document, "/v1/payments", "get", 200, &list);
    let (status, events) = running.send("GET", "/v1/events?after=0", None).await;
    assert_eq!((status, events["data"].as_array().unwrap().len()), (200, 2));
    answers_as_described(&document, "/v1/events", "get", 200, &events);
}

#[tokio::test]
async fn every_documented_request_schema_refuses_unknown_members() {
    let running = start().await;
    let document = running.document().await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["requestBody"].is_null() {
                continue;
            }
            let address = path.replace("{id}", "ses_nothing");
            let (status, problem) =
                running.send(&method.to_uppercase(), &address, Some(json!({"surprise": 1}))).await;
            assert_eq!(status, 400, "{method} {path}: {problem}");
            assert!(
                problem["errors"].to_string().contains("surprise"),
                "{method} {path}: {problem}"
            );
        }
    }
}
