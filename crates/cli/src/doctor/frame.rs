//! The wallets' own document: whether a running server has it where it belongs, and nothing else there.

use farthing_server::config::Config;
use farthing_server::wallets::offer::{Ground, path_of};
use farthing_types::Wallet;
use reqwest::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use reqwest::{Response, StatusCode};

use super::Finding;
use super::remote::{own_base, weakness};

const WHAT: &str = "wallets, document";

/// Asks the wallets' origin and the checkout's. A server that does not run is no fault.
pub(super) async fn findings(http: &reqwest::Client, config: &Config) -> Vec<Finding> {
    let ground = Ground::of_config(config);
    let offered: Vec<Wallet> =
        Wallet::ALL.into_iter().filter(|wallet| ground.why_not(*wallet, None).is_none()).collect();
    if offered.is_empty() {
        return Vec::new();
    }
    let Some(base) = base(config) else {
        return vec![Finding::note(WHAT, "listens on a free port: it cannot be found from here")];
    };
    let path = path_of(&offered);
    let Ok(document) = http.get(format!("{base}{path}")).send().await else {
        return vec![Finding::note(WHAT, format!("{base} does not answer"))];
    };
    let mut findings = vec![arrived(&base, &document, config)];
    if let Ok(answer) = http.get(format!("{base}/checkout/cst_doctor")).send().await {
        findings.push(alone(&base, &answer));
    }
    if let Some(own) = own_base(config)
        && let Ok(answer) = http.get(format!("{own}{path}")).send().await
    {
        findings.push(apart(&own, answer.status()));
    }
    findings
}

fn base(config: &Config) -> Option<String> {
    let server = &config.server;
    match (&server.wallet_origin, server.wallet_listen) {
        (Some(origin), _) => Some(origin.as_str().to_owned()),
        (None, Some(address)) if address.port() != 0 => Some(format!("http://{address}")),
        _ => None,
    }
}

/// Whether it is there with the policy that the server sends.
fn arrived(base: &str, document: &Response, config: &Config) -> Finding {
    if document.status() != StatusCode::OK {
        return Finding::bad(
            WHAT,
            format!("{base} answers {} instead of it", document.status().as_u16()),
            "the proxy has to hand on the `Host` that it got, or to lead to `server.wallet_listen`",
        );
    }
    let policies = document.headers().get_all(CONTENT_SECURITY_POLICY).iter();
    let policy: Vec<&str> = policies.filter_map(|value| value.to_str().ok()).collect();
    let policy = policy.join("; ");
    let wrong = weakness(&policy).or_else(|| {
        let parent = config.server.public_url.as_ref()?;
        let ancestors =
            policy.split(';').find_map(|one| one.trim().strip_prefix("frame-ancestors "));
        let named = ancestors?.split(' ').any(|ancestor| ancestor == parent.as_str());
        (!named).then(|| format!("does not let {parent} frame it"))
    });
    match wrong {
        None => Finding::good(WHAT, format!("{base} serves it, with the policy of this server")),
        Some(why) => Finding::bad(
            WHAT,
            format!("the content security policy at {base} {why}"),
            "whatever stands before the server must leave its headers alone",
        ),
    }
}

/// Whether the wallets' origin has no checkout: that would be a page, even for a token that nobody has.
fn alone(base: &str, answer: &Response) -> Finding {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let page = answer.status() != StatusCode::NOT_FOUND
        || kind.is_some_and(|kind| kind.starts_with("text/html"));
    if page {
        return Finding::bad(
            WHAT,
            format!("{base} also shows checkouts"),
            "the scripts of wallets would run beside card fields: lead `server.wallet_origin` to this server with its own `Host`",
        );
    }
    Finding::good(WHAT, format!("{base} has no checkout"))
}

/// Whether the checkout's origin has no document of the wallets.
fn apart(own: &str, status: StatusCode) -> Finding {
    if status == StatusCode::OK {
        return Finding::bad(
            WHAT,
            format!("{own} serves it too"),
            "the scripts of wallets would run beside card fields: no proxy may send requests for the checkout to `server.wallet_listen`",
        );
    }
    Finding::good(WHAT, format!("{own} does not serve it"))
}
