//! The wallets' own origin: the document with their buttons, what it loads, and nothing of a checkout.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::Response;
use axum::routing::get;

use super::operator;
use super::pages::{self, Looks};
use crate::app::App;
use crate::config::Origin;
use crate::problem::ApiError;
use crate::wallets::frame;
use crate::wallets::offer::{Ground, methods_of};

/// Every route of the wallets' origin. A checkout, a key's API or a shopper's return is not among them, whatever a request says.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/wallets/{methods}", get(document))
        .route("/healthz", get(operator::healthz));
    super::finish(routes, app)
}

/// `GET /wallets/{methods}`: the same document for every session.
async fn document(
    State(app): State<App>,
    Path(methods): Path<String>,
    looks: Looks,
    request: Request,
) -> Result<Response, ApiError> {
    // On the wallets' own address any name is answered but one that card fields or a shop go by.
    let mut others = std::iter::once(&app.public_url).chain(&app.config.merchant.origins);
    if others.any(|origin| names(&request, origin)) {
        return Err(ApiError::NotFound);
    }
    let methods = methods_of(&methods).ok_or(ApiError::NotFound)?;
    let ground = Ground::of(&app);
    if methods.iter().any(|wallet| ground.why_not(*wallet, None).is_some()) {
        return Err(ApiError::NotFound);
    }
    pages::wallets(&app, looks, &frame::of(&app, &methods))
}

/// Whether a request is for this origin: by its target, which counts more, or by its `Host`. Source: RFC 9112, sections 3.2.2 and 3.3.
///
/// A request with several hosts is for each of them.
pub fn names(request: &Request, origin: &Origin) -> bool {
    match request.uri().authority() {
        Some(authority) => origin.is_named_by(authority.as_str()),
        None => hosts(request.headers()).any(|host| origin.is_named_by(host)),
    }
}

fn hosts(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(HOST).iter().filter_map(|host| host.to_str().ok()).map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(target: &str, hosts: &[&str]) -> Request {
        let mut request = Request::get(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn a_request_is_the_wallets_by_its_host_in_any_case_and_with_or_without_the_usual_port() {
        let wallets = Origin::parse("https://wallets.example").unwrap();
        for host in
            ["wallets.example", "WALLETS.example", "wallets.example:443", " wallets.example"]
        {
            assert!(names(&request("/wallets/google_pay", &[host]), &wallets), "{host}");
        }
        for host in
            ["", "pay.example", "wallets.example:8443", "wallets.example.", "a.wallets.example"]
        {
            assert!(!names(&request("/wallets/google_pay", &[host]), &wallets), "{host}");
        }
        assert!(!names(&request("/wallets/google_pay", &[]), &wallets), "no host");
    }

    #[test]
    fn a_target_with_a_host_counts_more_than_the_header() {
        let wallets = Origin::parse("https://wallets.example").unwrap();
        let whole = "https://wallets.example/checkout/cst_x";
        assert!(names(&request(whole, &["pay.example"]), &wallets));
        let other = "http://pay.example/wallets/google_pay";
        assert!(!names(&request(other, &["wallets.example"]), &wallets));
    }

    #[test]
    fn a_request_with_several_hosts_is_never_a_checkouts_under_the_wallets_name() {
        let wallets = Origin::parse("https://wallets.example").unwrap();
        let request = request("/checkout/cst_x", &["pay.example", "wallets.example"]);
        assert!(names(&request, &wallets));
    }
}
