//! The headers of the shop's pages, above all a strict content security policy.
//!
//! It is the policy that a careful merchant would have: no inline script, no inline style, no `unsafe-…`, Trusted Types enforced.
//! Farthing asks for one script origin and one frame origin, and nothing else.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;

use super::shop::Shop;

/// Where browsers report what the policy stopped.
pub(super) const REPORTS: &str = "/policy-reports";
/// A report's texts are cut to this many characters before they are shown.
const SHOWN: usize = 120;

/// The policy of a shop whose checkout is at `server`, with its own script at `script`; both without a slash at the end.
pub(super) fn policy(shop: &str, script: &str, server: &str) -> String {
    format!(
        "default-src 'none'; script-src {shop}{script} {server}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; frame-src {server}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'; report-uri {REPORTS}"
    )
}

/// Puts the headers on every answer.
pub(super) async fn headers(
    State(shop): State<Arc<Shop>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, shop.policy.clone()),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ] {
        headers.insert(name, value);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A browser's report ("Content Security Policy Level 3", 5.3).
pub(super) async fn report(State(shop): State<Arc<Shop>>, body: Bytes) -> StatusCode {
    let Ok(report) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let member = |name: &str| -> String {
        let text = report.pointer(&format!("/csp-report/{name}")).and_then(Value::as_str);
        // Addresses of the checkout hold its token after the last slash but one; a host says enough.
        let text = text.unwrap_or("unknown").split("/checkout/").next().unwrap_or_default();
        text.chars().take(SHOWN).collect()
    };
    shop.journal.report(&member("effective-directive"), &member("blocked-uri"), Timestamp::now());
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_one_script_of_the_shop_and_one_other_origin() {
        let policy =
            policy("http://localhost:8080", "/assets/script-1.js", "http://localhost:8081");
        let directive = |name: &str| {
            policy.split("; ").find_map(|part| part.strip_prefix(name)).unwrap().trim().to_owned()
        };
        assert_eq!(
            directive("script-src"),
            "http://localhost:8080/assets/script-1.js http://localhost:8081"
        );
        assert_eq!(directive("frame-src"), "http://localhost:8081");
        assert_eq!(directive("default-src"), "'none'");
        assert!(!policy.contains("unsafe") && !policy.contains('*'));
    }
}
