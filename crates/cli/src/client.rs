//! The merchant API as a client sees it.

use std::ffi::OsString;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::args::{Connection, Repeat};
use crate::files;
use crate::outcome::{Failure, Result};
use crate::output::plain;

/// Longer than the server waits for a gateway, so that its answer is not missed.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);
/// The largest answer that is read.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// A server and a key for it.
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    key: SecretString,
}

/// Makes `ring` the process's provider of TLS primitives; later calls change nothing.
pub(crate) fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A new key for one call: 128 random bits.
pub(crate) fn new_idempotency_key() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::refused("no random numbers", error))?;
    Ok(hex::encode(bytes))
}

impl Client {
    /// The client that the arguments describe.
    pub(crate) fn new(connection: &Connection) -> Result<Self> {
        let url = connection.url.clone().ok_or_else(|| {
            Failure::Usage("no server: set FARTHING_URL, or give --url URL".to_owned())
        })?;
        Self::with_key(url, key(connection, std::env::var_os("FARTHING_KEY"))?)
    }

    /// A client for a server and a key.
    pub(crate) fn with_key(url: Url, key: SecretString) -> Result<Self> {
        install_tls();
        let mut builder = reqwest::Client::builder();
        if matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            // This machine is never reached by way of another one.
            builder = builder.no_proxy();
        }
        let http = builder
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(|error| Failure::refused("cannot make HTTP requests", error))?;
        Ok(Self { http, url, key })
    }

    /// Reads. A failed read changes nothing, so it is never "outcome unknown".
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value> {
        let mut url = self.at(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        match self.call(Method::GET, url, None).await {
            Err(Failure::Unknown(text)) => Err(Failure::Refused(text)),
            answer => answer,
        }
    }

    /// Changes something, once per idempotency key.
    pub(crate) async fn post(&self, path: &[&str], body: &Value, repeat: &Repeat) -> Result<Value> {
        let key = match &repeat.idempotency_key {
            Some(key) => key.clone(),
            None => new_idempotency_key()?,
        };
        self.call(Method::POST, self.at(path)?, Some((body, &key))).await.map_err(|failure| match failure {
            Failure::Unknown(text) => Failure::Unknown(format!(
                "{text}\nThe outcome is unknown. Repeat the same command with --idempotency-key {key} to learn it; nothing is done twice."
            )),
            other => other,
        })
    }

    fn at(&self, path: &[&str]) -> Result<Url> {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::Usage("the server's URL cannot hold a path".to_owned()))?
            .pop_if_empty()
            .push("v1")
            .extend(path);
        Ok(url)
    }

    async fn call(&self, method: Method, url: Url, body: Option<(&Value, &str)>) -> Result<Value> {
        let mut request = self.http.request(method, url).bearer_auth(self.key.expose_secret());
        if let Some((body, key)) = body {
            request = request
                .header("content-type", "application/json")
                .header("idempotency-key", key)
                .body(body.to_string());
        }
        let mut answer = request.send().await.map_err(|error| not_sent_or_unknown(&error))?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|_| Failure::Unknown("The server's answer broke off.".to_owned()))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_ANSWER {
                return Err(Failure::Unknown("The server's answer is too large.".to_owned()));
            }
        }
        read(status, &bytes)
    }
}

/// The key: an argument's, else the environment's. An empty one is none.
fn key(connection: &Connection, variable: Option<OsString>) -> Result<SecretString> {
    let key = match (&connection.key, &connection.key_file, variable) {
        (Some(key), _, _) => key.0.clone(),
        (None, Some(path), _) => return files::secret(path),
        (None, None, Some(variable)) => variable
            .into_string()
            .map_err(|_| Failure::Usage("FARTHING_KEY is not UTF-8".to_owned()))?,
        (None, None, None) => String::new(),
    };
    if key.is_empty() {
        return Err(Failure::Usage(
            "no key: set FARTHING_KEY, or give --key-file FILE or --key KEY".to_owned(),
        ));
    }
    Ok(SecretString::from(key))
}

/// Whether a request that got no answer can have arrived.
fn not_sent_or_unknown(error: &reqwest::Error) -> Failure {
    if error.is_connect() || error.is_builder() {
        Failure::Refused(
            "The server cannot be reached; nothing was sent. Is the URL right, and does it run?"
                .to_owned(),
        )
    } else if error.is_timeout() {
        Failure::Unknown(format!("The server did not answer within {} s.", ANSWER_WITHIN.as_secs()))
    } else {
        Failure::Unknown("The connection broke before the server answered.".to_owned())
    }
}

/// An answer as a value or a failure.
fn read(status: StatusCode, bytes: &[u8]) -> Result<Value> {
    let value = serde_json::from_slice::<Value>(bytes);
    if status.is_success() {
        return value.map_err(|_| Failure::Unknown("The server's answer is not JSON.".to_owned()));
    }
    let text = problem(status, value.as_ref().ok());
    let kind = value
        .as_ref()
        .ok()
        .and_then(|problem| problem.get("type"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_refusal = match kind {
        // The first call with this key has not finished: what it did is not known yet.
        "urn:farthing:problem:idempotency-in-progress" => false,
        // 503, but nothing was done.
        "urn:farthing:problem:unavailable" => true,
        _ => status.is_client_error(),
    };
    if is_refusal { Err(Failure::Refused(text)) } else { Err(Failure::Unknown(text)) }
}

/// A problem (RFC 9457) in words: what, why, and which field broke which rule.
fn problem(status: StatusCode, problem: Option<&Value>) -> String {
    let member = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(plain);
    let Some(problem) = problem else {
        return format!("The server answered {}.", status.as_u16());
    };
    let title = member(problem, "title").unwrap_or_else(|| "Refused".to_owned());
    let mut lines = vec![format!("{title} ({})", status.as_u16())];
    lines.extend(member(problem, "detail").filter(|detail| *detail != title));
    let listed = problem.get("errors").and_then(Value::as_array);
    for error in std::iter::once(problem).chain(listed.into_iter().flatten()) {
        match (member(error, "field"), member(error, "rule")) {
            (Some(field), Some(rule)) => lines.push(format!("  {field}: {rule}")),
            (Some(field), None) => lines.push(format!("  field: {field}")),
            (None, Some(rule)) => lines.push(format!("  rule: {rule}")),
            (None, None) => {}
        }
    }
    for name in ["payment", "type", "request_id"] {
        lines.extend(member(problem, name).map(|value| format!("  {name}: {value}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_names_field_and_rule() {
        let value = json!({"type": "invalid-request", "title": "The request is not valid", "status": 400,
            "errors": [{"field": "amount", "rule": "must be a positive integer"}]});
        let text = problem(StatusCode::BAD_REQUEST, Some(&value));
        assert!(text.contains("  amount: must be a positive integer"), "{text}");
        let flat =
            json!({"title": "Not valid", "field": "currency", "rule": "must be an ISO 4217 code"});
        assert!(
            problem(StatusCode::BAD_REQUEST, Some(&flat))
                .contains("  currency: must be an ISO 4217 code")
        );
    }

    #[test]
    fn a_server_error_leaves_the_outcome_unknown_and_a_refusal_does_not() {
        assert!(matches!(read(StatusCode::INTERNAL_SERVER_ERROR, b"{}"), Err(Failure::Unknown(_))));
        assert!(matches!(read(StatusCode::BAD_REQUEST, b"{}"), Err(Failure::Refused(_))));
        assert!(matches!(read(StatusCode::OK, b"<html>"), Err(Failure::Unknown(_))));
        let running = br#"{"type": "urn:farthing:problem:idempotency-in-progress"}"#;
        assert!(matches!(read(StatusCode::CONFLICT, running), Err(Failure::Unknown(_))));
        let overloaded = br#"{"type": "urn:farthing:problem:unavailable"}"#;
        assert!(matches!(
            read(StatusCode::SERVICE_UNAVAILABLE, overloaded),
            Err(Failure::Refused(_))
        ));
        assert!(read(StatusCode::CREATED, b"{\"id\":\"ses_1\"}").is_ok());
    }

    #[test]
    fn two_calls_have_two_keys() {
        assert_ne!(new_idempotency_key().ok(), new_idempotency_key().ok());
    }
}
