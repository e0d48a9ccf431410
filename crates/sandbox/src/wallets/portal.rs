//! The developer portal: what a merchant does there by hand, once.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shares;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use farthing_wallets::apple::ProcessingCertificate;

use super::csr::RequestedKey;
use super::{GATEWAY, GATEWAY_MERCHANT_ID, Vendors};
use crate::clock::Clock;
use crate::control::{
    CertificateAnswer, CertificateKind, CertificateRequest, Domains, GoogleGateway, WalletVendors,
};
use crate::routes::{problem, read};
use crate::sandbox::Shared;

/// The longest merchant identifier.
const MAX_MERCHANT_ID: usize = 128;

/// `GET /_control/wallets`.
pub(super) async fn show(Shares(shared): Shares<Arc<Shared>>) -> Response {
    let apple_domains = shared.lock().registry.domains().to_vec();
    let vendors = shared.vendors();
    let Ok(apple_root_pem) = vendors.apple.root_pem() else {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, "the root cannot be shown");
    };
    Json(WalletVendors {
        apple_root_pem,
        apple_host_url: shared.apple_url().cloned(),
        apple_host_ca_pem: vendors.tls.certificate().to_owned(),
        apple_domains,
        google_root_keys: serde_json::from_str(vendors.google_root_keys()).unwrap_or_default(),
        google_gateway: GoogleGateway {
            gateway: GATEWAY.to_owned(),
            gateway_merchant_id: GATEWAY_MERCHANT_ID.to_owned(),
        },
    })
    .into_response()
}

/// `POST /_control/wallets/apple/certificates`.
pub(super) async fn certify(Shares(shared): Shares<Arc<Shared>>, body: Bytes) -> Response {
    let wish: Result<CertificateRequest, String> = read(&body);
    match wish.and_then(|wish| certificate(shared.vendors(), &wish)) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => problem(StatusCode::BAD_REQUEST, &error),
    }
}

/// `POST /_control/wallets/apple/domains`.
pub(super) async fn register(Shares(shared): Shares<Arc<Shared>>, body: Bytes) -> Response {
    let wish: Result<Domains, String> = read(&body);
    let registered = wish.and_then(|wish| {
        if !wish.domains.iter().all(|domain| is_domain(domain)) {
            return Err("domains must be names without scheme, port or path".to_owned());
        }
        let registry = &mut shared.lock().registry;
        if !registry.register(wish.domains) {
            return Err("100 domains may be registered".to_owned());
        }
        Ok(Domains { domains: registry.domains().to_vec() })
    });
    match registered {
        Ok(domains) => Json(domains).into_response(),
        Err(error) => problem(StatusCode::BAD_REQUEST, &error),
    }
}

fn certificate(vendors: &Vendors, wish: &CertificateRequest) -> Result<CertificateAnswer, String> {
    let CertificateRequest { kind, merchant_id, csr } = wish;
    if !is_merchant_id(merchant_id) {
        return Err(
            "merchant_id must begin with merchant. and have letters, digits, dots and hyphens"
                .to_owned(),
        );
    }
    let requested = csr.as_deref().map(RequestedKey::of_pem).transpose()?;
    // TLS goes by real time, and so does whoever looks at a certificate in a file.
    let now = Clock::default().now();
    let (certificate, key) = match (kind, requested) {
        (CertificateKind::Identity, Some(key)) => {
            (vendors.tls.identity(merchant_id, &key, now).map_err(unmade)?, None)
        }
        (CertificateKind::Identity, None) => {
            let made = vendors.tls.identity_files(merchant_id, now).map_err(unmade)?;
            (made.certificate, Some(made.key.to_string()))
        }
        (CertificateKind::Processing, Some(key)) => {
            let issued = vendors.apple.processing_certificate(merchant_id, &key.spki);
            let issued = issued.map_err(unmade)?;
            ProcessingCertificate::from_pem(merchant_id, issued.as_bytes())
                .map_err(|_| "csr must have a key on P-256, or RSA with 2048 bits")?;
            (issued, None)
        }
        (CertificateKind::Processing, None) => {
            let made = vendors.apple.processing_files(merchant_id).map_err(unmade)?;
            (made.certificate, Some(made.key.to_string()))
        }
    };
    if *kind == CertificateKind::Processing {
        vendors.certificates.issue(merchant_id, &certificate)?;
    }
    Ok(CertificateAnswer { certificate, key })
}

fn unmade(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// As the portal wants them: "Identifiers", Merchant IDs.
fn is_merchant_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    text.len() <= MAX_MERCHANT_ID
        && text.strip_prefix("merchant.").is_some_and(|rest| !rest.is_empty())
        && text.bytes().all(plain)
}

/// A fully qualified domain name in small letters; and `localhost`, which Apple would not take, for demos on one machine.
pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let has_top_level = text
        .rsplit_once('.')
        .is_some_and(|(_, top)| !top.bytes().all(|byte| byte.is_ascii_digit()));
    text == "localhost" || (text.len() <= 253 && has_top_level && text.split('.').all(is_label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_bare_name() {
        for name in ["shop.example", "a.b-c.example", "localhost", "xn--bcher-kva.example"] {
            assert!(is_domain(name), "{name}");
        }
        for name in [
            "",
            "shop",
            "https://shop.example",
            "shop.example:443",
            "shop.example/",
            "shop.example.",
            ".example",
            "-a.example",
            "192.0.2.7",
            "[::1]",
            "Shop.example",
            "b\u{fc}cher.example",
            "user@shop.example",
        ] {
            assert!(!is_domain(name), "{name}");
        }
    }

    #[test]
    fn a_merchant_id_begins_as_the_portal_wants_it() {
        assert!(is_merchant_id("merchant.com.example.checkout"));
        for id in
            ["", "merchant.", "com.example", "merchant.a b", "merchant.\u{e4}", "merchant.a\n"]
        {
            assert!(!is_merchant_id(id), "{id}");
        }
    }
}
