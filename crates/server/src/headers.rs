//! Security headers, on every answer, and content security policies for each kind of page.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::App;
use crate::config::{Mode, Origin};
use crate::token::{NoRandomness, random_bytes};
use crate::wallets::frame::Sources;

/// What one answer's inline scripts and styles are marked with: 128 random bits.
#[derive(Clone, Debug)]
pub struct Nonce(String);

impl Nonce {
    /// A fresh one; an answer never shares it with another.
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self(STANDARD.encode(random_bytes::<16>()?.as_slice())))
    }

    /// The text for `nonce="…"`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Middleware: puts on every answer what it does not carry yet. What answers are kept (the loader) says so itself.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    complete(response.headers_mut(), app.config.mode);
    response
}

/// Puts on an answer's headers what they do not carry yet.
pub fn complete(headers: &mut HeaderMap, mode: Mode) {
    const ALWAYS: [(HeaderName, &str); 7] = [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (CONTENT_SECURITY_POLICY, API_POLICY),
        // Takes effect on top-level pages only; frames ignore it.
        (OPENER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (PERMISSIONS_POLICY, PERMISSIONS),
    ];
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if mode == Mode::Live {
        // Two years, the least that browsers' preload lists accept is one.
        headers
            .entry(STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=63072000"));
    }
}

/// The policy of the checkout page. `ancestors` may frame it; in sandbox mode plain http frames are let in, for the
/// sandbox's bank.
pub fn checkout_policy(nonce: &Nonce, ancestors: &str, mode: Mode) -> HeaderValue {
    let nonce = nonce.as_str();
    policy(format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'nonce-{nonce}'; \
         img-src 'self' data:; connect-src 'self'; frame-src 'self' https:{}; form-action 'self'; base-uri 'none'; \
         frame-ancestors {ancestors}; require-trusted-types-for 'script'; trusted-types 'none'",
        local_http(mode),
    ))
}

/// The policy of the hand-over page to the bank: no card field, no script but the one that sends its form, and forms that may lead to
/// any bank.
pub fn step_policy(nonce: &Nonce, ancestors: &str, mode: Mode) -> HeaderValue {
    let nonce = nonce.as_str();
    policy(format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; form-action https:{}; \
         base-uri 'none'; frame-ancestors {ancestors}",
        local_http(mode),
    ))
}

/// The policy of pages that only say something. In a registered shop's frame they are shown too: an old link must not
/// leave a blank there. A stranger's frame stays blank.
pub fn message_policy(nonce: &Nonce, ancestors: &str) -> HeaderValue {
    policy(format!(
        "default-src 'none'; style-src 'nonce-{}'; img-src 'self' data:; form-action 'none'; base-uri 'none'; \
         frame-ancestors {ancestors}",
        nonce.as_str(),
    ))
}

/// The policy of the wallets' own document: its scripts, and the hosts of the vendors whose wallets are in it.
pub fn wallets_policy(nonce: &Nonce, sources: &Sources, ancestors: &str) -> HeaderValue {
    let nonce = nonce.as_str();
    let all = |own: &str, sources: &[String]| {
        let list: Vec<&str> = std::iter::once(own)
            .filter(|own| !own.is_empty())
            .chain(sources.iter().map(String::as_str))
            .collect();
        if list.is_empty() { "'none'".to_owned() } else { list.join(" ") }
    };
    policy(format!(
        "default-src 'none'; script-src {}; style-src 'nonce-{nonce}'; img-src {}; connect-src {}; frame-src {}; \
         form-action 'none'; base-uri 'none'; frame-ancestors {ancestors}",
        all(&format!("'nonce-{nonce}' 'wasm-unsafe-eval'"), &sources.scripts),
        all("", &sources.images),
        all("'self'", &sources.connections),
        all("", &sources.frames),
    ))
}

/// Lets the wallets' document in a checkout page open a sheet.
///
/// A frame of another origin has no payment request unless the page above hands it on; and a top page that is alone in its group cuts the
/// popups of its frames off from them ("HTML", cross-origin opener policies), which only a page that offers wallets puts up with.
pub fn hold_wallets(headers: &mut HeaderMap, wallets: Option<&Origin>, offered: bool) {
    let Some(origin) = wallets else { return };
    let handed_on = PERMISSIONS.replace("payment=(self)", &format!("payment=(self \"{origin}\")"));
    if let Ok(value) = HeaderValue::try_from(handed_on) {
        headers.insert(PERMISSIONS_POLICY, value);
    }
    if offered {
        keep_apart(headers);
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin-allow-popups"));
    }
}

/// Asks the browser to give the page's origin an agent, and where it can a process, of its own: to a browser two names of one domain are one
/// site. Source: "HTML", origin-keyed agent clusters. A checkout without wallets has no such neighbour, and a process costs time.
pub fn keep_apart(headers: &mut HeaderMap) {
    headers.insert(AGENT_CLUSTER, HeaderValue::from_static("?1"));
}

fn local_http(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "",
        Mode::Sandbox => " http:",
    }
}

fn policy(text: String) -> HeaderValue {
    // Nonces are base64 and origins are ASCII; if that were ever untrue, nothing may load.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(API_POLICY))
}

const AGENT_CLUSTER: HeaderName = HeaderName::from_static("origin-agent-cluster");

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
     fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), \
     midi=(), payment=(self), picture-in-picture=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce() -> Nonce {
        Nonce("bm9uY2U=".to_owned())
    }

    #[test]
    fn the_checkout_policy_is_the_designs() {
        let ancestors = "https://shop.example https://www.shop.example:8443";
        assert_eq!(
            checkout_policy(&nonce(), ancestors, Mode::Live),
            "default-src 'none'; script-src 'nonce-bm9uY2U=' 'strict-dynamic' 'wasm-unsafe-eval'; \
             style-src 'nonce-bm9uY2U='; img-src 'self' data:; connect-src 'self'; frame-src 'self' https:; \
             form-action 'self'; base-uri 'none'; frame-ancestors https://shop.example https://www.shop.example:8443; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        );
    }

    #[test]
    fn the_step_page_runs_one_script_of_ours_and_may_post_to_any_bank_over_https() {
        assert_eq!(
            step_policy(&nonce(), "https://shop.example", Mode::Live),
            "default-src 'none'; script-src 'nonce-bm9uY2U='; style-src 'nonce-bm9uY2U='; img-src data:; form-action https:; \
             base-uri 'none'; frame-ancestors https://shop.example"
        );
    }

    #[test]
    fn only_sandbox_mode_lets_plain_http_in() {
        for (mode, http) in [(Mode::Live, false), (Mode::Sandbox, true)] {
            for policy in
                [checkout_policy(&nonce(), "'none'", mode), step_policy(&nonce(), "'none'", mode)]
            {
                assert_eq!(policy.to_str().unwrap().contains(" http:"), http, "{mode:?}");
            }
        }
    }

    #[test]
    fn message_pages_load_their_style_and_nothing_else() {
        let text = message_policy(&nonce(), "'none'");
        let text = text.to_str().unwrap();
        assert!(
            !text.contains("script-src") && text.contains("style-src 'nonce-bm9uY2U='"),
            "{text}"
        );
        assert!(
            text.contains("form-action 'none'") && text.ends_with("; frame-ancestors 'none'"),
            "{text}"
        );
    }

    #[test]
    fn the_wallets_policy_names_their_hosts_and_who_may_frame_them() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let sources = Sources {
            scripts: list(&["https://pay.google.com"]),
            images: list(&["https://www.gstatic.com", "https://pay.google.com"]),
            connections: list(&["https://google.com/pay"]),
            frames: list(&["https://pay.google.com"]),
        };
        assert_eq!(
            wallets_policy(&nonce(), &sources, "https://pay.example https://shop.example"),
            "default-src 'none'; script-src 'nonce-bm9uY2U=' 'wasm-unsafe-eval' https://pay.google.com; \
             style-src 'nonce-bm9uY2U='; img-src https://www.gstatic.com https://pay.google.com; \
             connect-src 'self' https://google.com/pay; frame-src https://pay.google.com; form-action 'none'; \
             base-uri 'none'; frame-ancestors https://pay.example https://shop.example"
        );
        assert_eq!(
            wallets_policy(&nonce(), &Sources::default(), "https://pay.example"),
            "default-src 'none'; script-src 'nonce-bm9uY2U=' 'wasm-unsafe-eval'; style-src 'nonce-bm9uY2U='; \
             img-src 'none'; connect-src 'self'; frame-src 'none'; form-action 'none'; base-uri 'none'; \
             frame-ancestors https://pay.example"
        );
    }

    #[test]
    fn only_a_page_that_offers_wallets_lets_popups_keep_their_opener() {
        let origin = Origin::parse("https://wallets.example").unwrap();
        let made = |origin: Option<&Origin>, offered| {
            let mut headers = HeaderMap::new();
            hold_wallets(&mut headers, origin, offered);
            complete(&mut headers, Mode::Live);
            headers
        };
        let plain = made(None, false);
        assert_eq!(plain["permissions-policy"], PERMISSIONS);
        for (headers, opener, apart) in [
            (&plain, "same-origin", false),
            (&made(Some(&origin), false), "same-origin", false),
            (&made(Some(&origin), true), "same-origin-allow-popups", true),
        ] {
            assert_eq!(headers["cross-origin-opener-policy"], opener);
            assert_eq!(headers.contains_key("origin-agent-cluster"), apart);
        }
        for offered in [false, true] {
            let headers = made(Some(&origin), offered);
            let permissions = headers["permissions-policy"].to_str().unwrap();
            assert!(permissions.contains(" payment=(self \"https://wallets.example\"), "));
            assert_eq!(permissions.matches("payment").count(), 1, "{permissions}");
            assert_eq!(permissions.matches(',').count(), PERMISSIONS.matches(',').count());
        }
    }

    #[test]
    fn every_answer_gets_every_header_and_keeps_what_it_says_itself() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, "public, max-age=300".parse().unwrap());
        complete(&mut headers, Mode::Live);
        for (name, value) in [
            ("cache-control", "public, max-age=300"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
        let mut headers = HeaderMap::new();
        complete(&mut headers, Mode::Sandbox);
        assert_eq!(headers["cache-control"], "no-store");
        assert!(
            !headers.contains_key("strict-transport-security"),
            "plain http would be locked out"
        );
    }

    #[test]
    fn nonces_have_128_bits_and_differ() {
        let (one, two) = (Nonce::generate().unwrap(), Nonce::generate().unwrap());
        assert_eq!(STANDARD.decode(one.as_str()).unwrap().len(), 16);
        assert_ne!(one.as_str(), two.as_str());
    }
}
