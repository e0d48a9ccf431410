//! Google Pay and Apple Pay: certificates, domain files, and why buttons are or are not offered.
//!
//! What could fail a payment stops the configuration from being read at all: certificate and key belong together, the certificate is this
//! merchant's (the payment processing one by Apple's own extension), and has not expired. Here it is said what holds, and for how long.

use farthing_server::config::{ApplePay, Config, Mode, Origin};
use farthing_server::routes::apple_pay::DOMAIN_FILES;
use jiff::Timestamp;
use reqwest::StatusCode;

use super::Finding;

/// Apple and its portal need days, and a person has to be found who may use it.
const RENEW_BEFORE: i64 = 30;

/// What can be seen without the network.
pub(super) fn local(config: &Config, now: Timestamp) -> Vec<Finding> {
    if config.google_pay.is_none() && config.apple_pay.is_none() {
        return vec![Finding::note("wallets", "neither Google Pay nor Apple Pay is configured")];
    }
    let mut findings = vec![origin(config)];
    if let Some(google) = &config.google_pay {
        findings.push(match &google.root_keys {
            None => Finding::note(
                "Google Pay",
                "signatures are left to the gateway: `google_pay.root_keys` is not set",
            ),
            Some(keys) => match keys.expire() {
                Some(expires) => lasts(
                    "Google Pay",
                    "the last of Google's root keys",
                    "download Google's list again",
                    expires,
                    now,
                ),
                None => Finding::good(
                    "Google Pay",
                    "signatures are verified, by root keys without an end",
                ),
            },
        });
    }
    if let Some(apple) = &config.apple_pay {
        findings.extend(certificates(apple, now));
    }
    findings
}

fn origin(config: &Config) -> Finding {
    match (&config.server.wallet_origin, config.mode) {
        (Some(origin), _) => Finding::note(
            "wallets",
            format!(
                "tokens are accepted; this version draws no buttons yet, and keeps {} for them",
                origin.as_str()
            ),
        ),
        (None, Mode::Live) => Finding::bad(
            "wallets",
            "no button can be offered: `server.wallet_origin` is not set",
            "set it to a second https origin of this server: no script of a wallet may run beside card fields",
        ),
        (None, Mode::Sandbox) => Finding::note(
            "wallets",
            "tokens are accepted; live mode offers buttons only with `server.wallet_origin`: no script of a wallet may run beside card fields",
        ),
    }
}

fn certificates(apple: &ApplePay, now: Timestamp) -> Vec<Finding> {
    let keys = apple.verifier.keys();
    let mut findings = vec![Finding::good(
        "Apple Pay",
        format!(
            "{} payment processing certificate{} of this merchant, by extension 1.2.840.113635.100.6.32, each with its key",
            keys.len(),
            if keys.len() == 1 { "" } else { "s" }
        ),
    )];
    for key in keys {
        findings.push(lasts(
            "Apple Pay",
            "the payment processing certificate",
            "add its successor, or take it out if that is there: the server does not start with one that has expired",
            key.certificate().not_after(),
            now,
        ));
    }
    findings.push(lasts(
        "Apple Pay",
        "the merchant identity certificate, whose key fits,",
        "renew it at Apple's portal and put the new one in its place",
        apple.identity.not_after(),
        now,
    ));
    if apple.domain_association.is_none() {
        findings.push(Finding::note(
            "Apple Pay",
            "`apple_pay.domain_association` is not set: Apple's file has to be served by somebody else",
        ));
    }
    findings
}

fn lasts(
    wallet: &'static str,
    what: &str,
    advice: &str,
    until: Timestamp,
    now: Timestamp,
) -> Finding {
    let days = until.duration_since(now).as_hours() / 24;
    let text = format!("{what} is valid until {}: {days} days", until.strftime("%F"));
    if days < RENEW_BEFORE {
        return Finding::bad(wallet, text, advice);
    }
    Finding::good(wallet, text)
}

/// Whether Apple's file is where Apple looks, byte for byte: at this server and at every origin of the shop.
pub(super) async fn remote(http: &reqwest::Client, config: &Config) -> Vec<Finding> {
    let Some(expected) =
        config.apple_pay.as_ref().and_then(|apple| apple.domain_association.as_deref())
    else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for origin in config.server.public_url.iter().chain(&config.merchant.origins) {
        findings.push(domain(http, origin, expected).await);
    }
    findings
}

/// Whether an answer is these bytes and no more; a longer one is not read to its end.
async fn holds(mut answer: reqwest::Response, expected: &[u8]) -> bool {
    let mut rest = expected;
    while let Ok(Some(chunk)) = answer.chunk().await {
        let Some(after) = rest.strip_prefix(chunk.as_ref()) else { return false };
        rest = after;
    }
    rest.is_empty()
}

async fn domain(http: &reqwest::Client, origin: &Origin, expected: &[u8]) -> Finding {
    const WHAT: &str = "Apple Pay, domain file";
    let shown = origin.as_str().trim_end_matches('/');
    let mut differs = false;
    for path in DOMAIN_FILES {
        let Ok(answer) = http.get(origin.join(path)).send().await else {
            return Finding::note(WHAT, format!("{shown} does not answer"));
        };
        let is_there = answer.status() == StatusCode::OK;
        if is_there && holds(answer, expected).await {
            return Finding::good(WHAT, format!("{shown} serves it, byte for byte"));
        }
        differs |= is_there;
    }
    let text = if differs { "serves another file" } else { "does not serve it" };
    Finding::bad(
        WHAT,
        format!("{shown} {text}"),
        "Apple asks each domain that shows the button for it: under /.well-known/, without a redirect",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Mark;

    #[test]
    fn a_certificate_has_to_be_renewed_a_month_before_it_ends() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        for (until, mark, days) in [
            ("2026-12-27T12:00:00Z", Mark::Good, "30 days"),
            ("2026-12-26T12:00:00Z", Mark::Bad, "29 days"),
            ("2028-12-27T00:00:00Z", Mark::Good, "760 days"),
        ] {
            let finding =
                lasts("Apple Pay", "the certificate", "renew", until.parse().unwrap(), now);
            assert_eq!(finding.mark, mark, "{until}");
            assert!(finding.text.ends_with(days), "{}", finding.text);
        }
    }
}
