//! Google Pay and Apple Pay: certificates, domain files, and why buttons are or are not offered.
//!
//! What could fail a payment stops the configuration from being read at all: certificate and key belong together, the certificate is this
//! merchant's (the payment processing one by Apple's own extension), and has not expired. Here it is said what holds, and for how long.

use farthing_server::config::{ApplePay, Config, Mode, Origin};
use farthing_server::routes::apple_pay::DOMAIN_FILES;
use farthing_server::wallets::offer::{Ground, NotOffered, Wish};
use farthing_types::{Currency, Wallet};
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
    let ground = Ground::of_config(config);
    let mut findings: Vec<Finding> =
        Wallet::ALL.into_iter().map(|wallet| offered(wallet, &ground, config)).collect();
    if config.google_pay.is_some() && config.merchant.country.is_none() {
        findings.push(Finding::note(
            "Google Pay",
            "`merchant.country` is not set: Google wants it of merchants in the European Economic Area, and advises it to all",
        ));
    }
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

/// Whether a checkout offers this wallet, else why not.
fn offered(wallet: Wallet, ground: &Ground<'_>, config: &Config) -> Finding {
    let what = label(wallet);
    if let Some(why) = ground.why_not(wallet, None) {
        let text = format!("not offered: {why}");
        return match advice(why) {
            Some(advice) if config.mode == Mode::Live => Finding::bad(what, text, advice),
            _ => Finding::note(what, text),
        };
    }
    let currencies: Vec<Currency> = config.smartcore.accounts.keys().copied().collect();
    let why_not: Vec<NotOffered> = currencies
        .iter()
        .filter_map(|currency| ground.why_not(wallet, Some(&Wish::any_in(*currency))))
        .collect();
    let reasons: Vec<String> = why_not.iter().map(ToString::to_string).collect();
    let reasons = reasons.join("; ");
    if !currencies.is_empty() && why_not.len() == currencies.len() {
        return Finding::note(what, format!("not offered: {reasons}"));
    }
    let place = match &config.server.wallet_origin {
        Some(origin) => origin.as_str(),
        None => "the address that is bound",
    };
    let but = if reasons.is_empty() { "" } else { "; but not always: " };
    Finding::good(what, format!("offered, with its button on {place}{but}{reasons}"))
}

const fn label(wallet: Wallet) -> &'static str {
    match wallet {
        Wallet::ApplePay => "Apple Pay",
        Wallet::GooglePay => "Google Pay",
    }
}

/// What to do about it; nothing about a wallet that nobody wants.
fn advice(why: NotOffered) -> Option<&'static str> {
    match why {
        NotOffered::NoCountry => {
            Some("set `merchant.country` to the merchant's ISO 3166-1 alpha-2 code")
        }
        NotOffered::NoDocument => Some("take a binary that was built with `cargo xtask build`"),
        NotOffered::NoOrigin => {
            Some("set `server.wallet_origin` to a second https origin of this server")
        }
        _ => None,
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

    fn live(server: &str) -> Config {
        let text = format!(
            "mode = \"live\"\n[server]\nlisten = \"127.0.0.1:8081\"\npublic_url = \"https://pay.example\"\n{server}\n\
             database = \"sqlite:/tmp/x.db\"\nmaster_key = \"{key}\"\n\
             [merchant]\nname = \"Shop\"\norigins = [\"https://shop.example\"]\ncard_entry = \"hosted\"\n\
             [[merchant.keys]]\nid = \"main\"\nsha256 = \"{key}\"\n\
             [gateways.smartcore]\naccounts = {{ EUR = \"EUR-1\", KWD = \"KWD-1\" }}\nmerchant_key = \"mk\"\nsecret = \"s\"\n\
             [google_pay]\nmerchant_id = \"BCR2DN4T\"\ngateway_merchant_id = \"shop-1\"\n",
            key = "11".repeat(32),
        );
        Config::from_toml(&text, std::iter::empty()).unwrap()
    }

    #[test]
    fn live_mode_offers_no_wallet_without_an_origin_and_that_has_to_be_put_right() {
        let config = live("");
        let ground = Ground::of_config(&config);
        let finding = offered(Wallet::GooglePay, &ground, &config);
        assert_eq!(finding.mark, Mark::Bad);
        assert!(finding.text.contains("`server.wallet_origin` is not set"), "{}", finding.text);
        let unwanted = offered(Wallet::ApplePay, &ground, &config);
        assert_eq!(unwanted.mark, Mark::Note, "nobody has configured it: {}", unwanted.text);
    }

    #[test]
    fn a_wallet_is_said_to_be_offered_with_the_currencies_that_are_left_out() {
        let config = live("wallet_origin = \"https://wallets.example\"");
        let finding = offered(Wallet::GooglePay, &Ground::of_config(&config), &config);
        if farthing_server::assets::has_wallets_document() {
            assert_eq!(finding.mark, Mark::Good);
            assert!(finding.text.starts_with(
                "offered, with its button on https://wallets.example; but not always: "
            ));
            assert!(
                finding.text.contains("KWD") && !finding.text.contains("EUR"),
                "{}",
                finding.text
            );
        } else {
            assert_eq!(finding.mark, Mark::Bad);
            assert!(finding.text.contains("`cargo xtask build`"), "{}", finding.text);
        }
    }

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
