//! Rendered pages with their headers: every answer that a browser shows.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use farthing_types::checkout::CheckoutView;
use farthing_widget::{
    MessageKind, PageContext, Refresh, render_checkout, render_message, render_refused,
    render_reopened_step, render_step,
};

use crate::app::App;
use crate::config::{Mode, Origin};
use crate::headers::{self, Nonce};
use crate::problem::ApiError;

/// A waiting page asks again after so many seconds.
pub const REFRESH_SECONDS: u16 = 3;

/// How long a page waits for the gateway before it shows what is known.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// Who may show the page in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Nobody.
    None,
    /// The registered shops.
    Shop,
}

impl Framing {
    /// The origins that may frame it.
    fn shops(self, app: &App) -> &[Origin] {
        match self {
            Self::None => &[],
            Self::Shop => &app.config.merchant.origins,
        }
    }
}

/// The checkout in any state. `refresh`: seconds and path of a waiting page.
pub fn checkout(
    app: &App,
    view: &CheckoutView,
    status: StatusCode,
    refresh: Option<(u16, &str)>,
    framing: Framing,
) -> Response {
    html(app, status, |page, nonce| {
        let page = PageContext {
            refresh: refresh.map(|(seconds, url)| Refresh { seconds, url }),
            ..*page
        };
        let policy = headers::checkout_policy(nonce, framing.shops(app), app.config.mode);
        (render_checkout(view, &page), policy)
    })
}

/// The hand-over page to the bank.
pub fn step(app: &App, view: &CheckoutView, target: &str, again: bool) -> Response {
    html(app, StatusCode::OK, |page, nonce| {
        let html = if again {
            render_reopened_step(view, target, page)
        } else {
            render_step(view, target, page)
        };
        (html, headers::step_policy(nonce, &app.config.merchant.origins, app.config.mode))
    })
}

/// One page for links that are unknown, forged or long over.
pub fn not_available(app: &App, framing: Framing) -> Response {
    message(app, MessageKind::NotAvailable, StatusCode::NOT_FOUND, framing)
}

/// A page in place of a problem that a browser would show as text; what no shopper meets stays a problem.
///
/// The answer keeps the error in its extensions, for the log, and its `Retry-After`.
pub fn failed(app: &App, error: ApiError) -> Response {
    let kind = match &error {
        ApiError::NotFound => MessageKind::NotAvailable,
        ApiError::Unavailable { .. } => MessageKind::Busy,
        ApiError::Internal(_) => MessageKind::TryAgain,
        _ => return error.into_response(),
    };
    let mut response = message(app, kind, error.status(), Framing::Shop);
    let problem = error.into_response();
    if let Some(seconds) = problem.headers().get(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, seconds.clone());
    }
    if let Some(error) = problem.extensions().get::<Arc<ApiError>>() {
        response.extensions_mut().insert(Arc::clone(error));
    }
    response
}

/// A GET that carried form fields.
pub fn refused(app: &App, checkout_path: &str, status: StatusCode) -> Response {
    let mut response = html(app, status, |page, nonce| {
        let shops = &app.config.merchant.origins;
        (render_refused(checkout_path, page), headers::message_policy(nonce, shops))
    });
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// A page without a session.
pub fn message(app: &App, kind: MessageKind, status: StatusCode, framing: Framing) -> Response {
    html(app, status, |page, nonce| {
        (render_message(kind, page), headers::message_policy(nonce, framing.shops(app)))
    })
}

fn html(
    app: &App,
    status: StatusCode,
    render: impl FnOnce(&PageContext<'_>, &Nonce) -> (String, HeaderValue),
) -> Response {
    let Ok(nonce) = Nonce::generate() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let page = PageContext {
        lang: "en",
        nonce: nonce.as_str(),
        sandbox: app.config.mode == Mode::Sandbox,
        refresh: None,
    };
    let (body, policy) = render(&page, &nonce);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (status, headers, body).into_response()
}
