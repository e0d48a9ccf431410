//! What needs the network: who can be reached, what time others have, what our own server says.

use std::time::Duration;

use farthing_server::config::Config;
use jiff::Timestamp;
use reqwest::header::{CONTENT_SECURITY_POLICY, DATE, HeaderMap};
use url::Url;

use super::{Finding, frame, wallets};
use crate::client::install_tls;

/// How long any of these may take.
const WITHIN: Duration = Duration::from_secs(8);
/// Webhook signatures and 3-D Secure tolerate minutes; an honest clock is off by less than this. Seconds.
const MAX_SKEW: u64 = 30;

/// Every check of this file.
pub(super) async fn findings(config: &Config) -> Vec<Finding> {
    install_tls();
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(WITHIN)
        .build();
    let http = match http {
        Ok(http) => http,
        Err(error) => {
            return vec![Finding::bad(
                "network",
                error.to_string(),
                "no HTTP request can be made from here",
            )];
        }
    };
    let mut findings = Vec::new();
    let mut times = Vec::new();
    for (what, url) in [
        ("gateway, cards", &config.smartcore.card_url),
        ("gateway, all else", &config.smartcore.api_url),
    ] {
        findings.push(match reach(&http, url).await {
            Ok(headers) => {
                times.extend(skew(&headers));
                Finding::good(what, format!("{} answers", shown(url)))
            }
            Err(why) => Finding::bad(
                what,
                format!("{} {why}", shown(url)),
                "look at the URL, at outgoing firewall rules and at DNS; no payment can start without it",
            ),
        });
    }
    findings.push(clock(&times));
    if let Some(webhook) = &config.merchant.webhook {
        findings.push(endpoint(&webhook.url).await);
    }
    findings.extend(own_server(&http, config).await);
    findings.extend(wallets::remote(&http, config).await);
    findings.extend(frame::findings(&http, config).await);
    findings
}

/// Connects, with TLS where the URL says so, and asks for nothing but headers. Any answer will do: it was reached.
async fn reach(http: &reqwest::Client, url: &Url) -> Result<HeaderMap, &'static str> {
    match http.head(url.clone()).send().await {
        Ok(answer) => Ok(answer.headers().clone()),
        Err(error) if error.is_timeout() => Err("does not answer in time"),
        Err(error) if error.is_connect() => Err("cannot be connected to"),
        Err(_) => Err("breaks the connection"),
    }
}

/// Seconds by which our clock is ahead of theirs (behind: negative), from a `Date` header (RFC 9110, section 6.6.1).
fn skew(headers: &HeaderMap) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(Timestamp::now().as_second() - theirs.as_second())
}

fn clock(skews: &[i64]) -> Finding {
    match skews.iter().max_by_key(|skew| skew.unsigned_abs()) {
        None => Finding::note("clock", "cannot be compared: no gateway told its time"),
        Some(skew) if skew.unsigned_abs() > MAX_SKEW => Finding::bad(
            "clock",
            format!(
                "{} s {} the gateway's",
                skew.unsigned_abs(),
                if *skew > 0 { "ahead of" } else { "behind" }
            ),
            "let this machine keep time by NTP: signatures of webhooks carry it",
        ),
        Some(skew) => Finding::good(
            "clock",
            format!("within {} s of the gateway's", skew.unsigned_abs().max(1)),
        ),
    }
}

/// Only connects: an endpoint may count whatever it is sent.
async fn endpoint(url: &Url) -> Finding {
    const WHAT: &str = "webhook endpoint";
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Finding::bad(
            WHAT,
            "names no host",
            "set `merchant.webhook.url` to the shop's endpoint",
        );
    };
    let address = format!("{host}:{port}");
    match tokio::time::timeout(WITHIN, tokio::net::TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Finding::good(WHAT, format!("{address} accepts connections")),
        Ok(Err(_)) | Err(_) => Finding::bad(
            WHAT,
            format!("{address} cannot be connected to"),
            "events wait and are sent again for three days; the shop learns of payments late meanwhile",
        ),
    }
}

/// Where a running server would answer, if that can be known.
pub(super) fn own_base(config: &Config) -> Option<String> {
    match &config.server.public_url {
        Some(origin) => Some(origin.as_str().to_owned()),
        None if config.server.listen.port() != 0 => {
            Some(format!("http://{}", config.server.listen))
        }
        None => None,
    }
}

/// What a running server says; one that does not run is no fault.
async fn own_server(http: &reqwest::Client, config: &Config) -> Vec<Finding> {
    let Some(base) = own_base(config) else {
        return vec![Finding::note(
            "server",
            "listens on a free port: it cannot be found from here",
        )];
    };
    let page = format!("{base}/checkout/cst_doctor");
    let Ok(answer) = http.get(page).send().await else {
        return vec![Finding::note(
            "server",
            format!("{base} does not answer; headers were not checked"),
        )];
    };
    let policies: Vec<&str> = answer
        .headers()
        .get_all(CONTENT_SECURITY_POLICY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let policy = policies.join("; ");
    vec![
        Finding::good("server", format!("{base} answers")),
        match weakness(&policy) {
            None => Finding::good(
                "content security policy",
                "arrives, and is as strict as the server sends it",
            ),
            Some(why) => Finding::bad(
                "content security policy",
                why,
                "whatever stands before the server must leave its headers alone",
            ),
        },
    ]
}

/// What is wrong with a page's policy as it arrived here.
pub(super) fn weakness(policy: &str) -> Option<String> {
    if policy.is_empty() {
        return Some("does not arrive".to_owned());
    }
    let directives: Vec<Vec<&str>> =
        policy.split(';').map(|directive| directive.split_whitespace().collect()).collect();
    let has = |wanted: &[&str]| directives.iter().any(|directive| directive == wanted);
    for wanted in [&["default-src", "'none'"][..], &["base-uri", "'none'"]] {
        if !has(wanted) {
            return Some(format!("lacks `{}`", wanted.join(" ")));
        }
    }
    for name in ["form-action", "frame-ancestors"] {
        if !directives.iter().any(|directive| directive.first() == Some(&name)) {
            return Some(format!("lacks `{name}`"));
        }
    }
    let unsafe_word = directives
        .iter()
        .flatten()
        .find(|word| matches!(**word, "'unsafe-inline'" | "'unsafe-eval'" | "*"));
    unsafe_word.map(|word| format!("allows {word}"))
}

/// A URL's scheme, host and port: the rest is nobody's business.
fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::doctor::Mark;

    #[test]
    fn a_clock_that_is_a_minute_off_has_to_be_put_right() {
        assert_eq!(clock(&[1, -2]).mark, Mark::Good);
        assert_eq!(clock(&[1, -61]).mark, Mark::Bad);
        assert_eq!(clock(&[]).mark, Mark::Note);
    }

    #[test]
    fn the_date_of_an_answer_is_understood() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        let theirs: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        let expected = Timestamp::now().as_second() - theirs.as_second();
        assert!(skew(&headers).unwrap().abs_diff(expected) <= 1);
    }

    #[test]
    fn a_policy_that_was_weakened_on_its_way_is_noticed() {
        let good = "default-src 'none'; script-src 'nonce-x' 'wasm-unsafe-eval'; form-action 'self'; base-uri 'none'; frame-ancestors https://shop.example";
        assert_eq!(weakness(good), None);
        assert_eq!(weakness(""), Some("does not arrive".to_owned()));
        assert!(weakness(&good.replace("'nonce-x'", "'unsafe-inline'")).is_some());
        assert!(weakness(&good.replace("base-uri 'none'; ", "")).is_some());
        assert!(weakness(&good.replace("default-src 'none'", "default-src *")).is_some());
    }

    #[tokio::test]
    async fn an_endpoint_that_nobody_listens_on_has_to_be_put_right() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url =
            format!("http://{}/webhooks", listener.local_addr().unwrap()).parse().unwrap();
        assert_eq!(endpoint(&url).await.mark, Mark::Good);
        drop(listener);
        assert_eq!(endpoint(&url).await.mark, Mark::Bad);
    }
}
