//! What a browser gets of the vendors: their scripts, and the sheets that those open.
//!
//! Sources: Google Pay API for the web, reference of version 2.0; "Apple Pay on the Web", API and JavaScript SDK.

mod apple;
mod script;
mod sheet;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::sandbox::Shared;

/// Scripts, sheets, and what Apple's sheet asks its vendor.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/wallets/google/pay.js", get(script::google))
        .route("/wallets/google/sheet", get(sheet::google))
        .route("/wallets/apple/apple-pay-sdk.js", get(script::apple))
        .route("/wallets/apple/sheet", get(sheet::apple))
        .route("/wallets/apple/session", post(apple::open))
        .route("/wallets/apple/token", post(apple::authorize))
}
