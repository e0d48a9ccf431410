//! `GET /openapi.json`: the merchant API, described from the same types and paths that serve it.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{events, links, payments, sessions};

#[derive(OpenApi)]
#[openapi(
    info(title = "Farthing merchant API", description = "Amounts are integer minor units; times are RFC 3339, UTC. Errors are application/problem+json (RFC 9457)."),
    paths(
        sessions::create,
        sessions::show,
        sessions::amend,
        sessions::expire,
        payments::list,
        payments::show,
        payments::check,
        links::create,
        events::list
    ),
    modifiers(&Keys),
    security(("key" = []))
)]
struct Document;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let key = SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("`sk_…`")).build(),
        );
        document.components.get_or_insert_default().add_security_scheme("key", key);
    }
}

/// The document. Needs no key: it holds nothing of the merchant's.
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
