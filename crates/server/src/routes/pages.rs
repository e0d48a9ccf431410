//! Rendered pages with their headers: every answer that a browser shows.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{
    ALLOW, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERER, RETRY_AFTER, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use farthing_types::checkout::CheckoutView;
use farthing_types::wallet::WalletFrame;
use farthing_widget::page::render_wallets;
use farthing_widget::{
    HandOver, Live, MessageKind, PageContext, Refresh, Theme, render_checkout, render_message,
    render_method, render_refused, render_step,
};

use crate::app::App;
use crate::config::{Mode, Origin};
use crate::encoding;
use crate::headers::{self, Nonce};
use crate::problem::ApiError;
use crate::wallets::frame::Sources;

/// A waiting page asks again after so many seconds.
pub const REFRESH_SECONDS: u16 = 3;

/// How long a page waits for the gateway before it shows what is known.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// How a browser wants a page: none of it changes what the page says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// `?theme=light` or `dark`; anything else follows the shopper's system.
    pub theme: Option<Theme>,
    /// Whether it is for a frame, as far as the browser says so.
    pub framed: bool,
    /// Whether it may be compressed.
    pub brotli: bool,
}

impl Looks {
    /// Of a request. A form's submit has the theme of the page that it was made on, which only we know of: the browser says so of
    /// pages of one origin, and what it says chooses between two words.
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let ours = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
        let before = headers.get(REFERER).and_then(|url| url.to_str().ok()?.split_once('?'));
        let theme = theme(uri.query().unwrap_or_default())
            .or_else(|| theme(before.filter(|_| ours).map_or("", |(_, query)| query)));
        let framed = headers.get("sec-fetch-dest").is_some_and(|dest| {
            ["iframe", "frame", "embed", "object"].iter().any(|kind| dest == kind)
        });
        Self { theme, framed, brotli: encoding::accepts_brotli(headers) }
    }

    /// A path of ours that keeps the looks.
    pub fn path(self, path: &str) -> String {
        self.theme.map_or_else(|| path.to_owned(), |theme| format!("{path}?theme={}", theme.name()))
    }

    /// On to a path of ours.
    pub fn back_to(self, path: &str) -> Response {
        Redirect::to(&self.path(path)).into_response()
    }
}

fn theme(query: &str) -> Option<Theme> {
    let (query, _) = query.split_once('#').unwrap_or((query, ""));
    form_urlencoded::parse(query.as_bytes()).find_map(|(name, value)| {
        match (name.as_ref(), value.as_ref()) {
            ("theme", "light") => Some(Theme::Light),
            ("theme", "dark") => Some(Theme::Dark),
            _ => None,
        }
    })
}

impl<S: Send + Sync> FromRequestParts<S> for Looks {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

/// Who may show the page in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Nobody.
    None,
    /// The registered shops.
    Shop,
    /// The checkout itself, which may in turn stand in the page of a registered shop: a browser asks all that are around.
    Checkout,
}

impl Framing {
    /// The sources of `frame-ancestors`.
    fn ancestors(self, shops: &[Origin]) -> String {
        let shops = shops.iter().map(Origin::as_str);
        let list: Vec<&str> = match self {
            Self::None => Vec::new(),
            Self::Shop => shops.collect(),
            Self::Checkout => std::iter::once("'self'").chain(shops).collect(),
        };
        if list.is_empty() { "'none'".to_owned() } else { list.join(" ") }
    }

    fn of(self, app: &App) -> String {
        self.ancestors(&app.config.merchant.origins)
    }
}

/// The checkout in any state. `refresh`: seconds and path of a waiting page.
///
/// On the checkout's own path it is live, if the build has scripts; the result view of a return never is.
pub fn checkout(
    app: &App,
    looks: Looks,
    view: &CheckoutView,
    refresh: Option<(u16, &str)>,
    framing: Framing,
) -> Response {
    let shell = if view.wallets.is_some() { &app.shell_with_wallets } else { &app.shell };
    let shell = shell.as_ref().filter(|_| view.checkout_path.is_some());
    let state = match shell.map(|_| serde_json::to_string(view)).transpose() {
        Ok(state) => state.unwrap_or_default(),
        Err(error) => return failed(app, looks, ApiError::internal(error)),
    };
    let shops = shops(&app.config.merchant.origins);
    let mut response = html(app, looks, StatusCode::OK, |page, nonce| {
        let page = PageContext {
            refresh: refresh.map(|(seconds, url)| Refresh { seconds, url }),
            live: shell.map(|shell| Live { shell, state: &state, shops: &shops }),
            ..*page
        };
        let policy = headers::checkout_policy(nonce, &framing.of(app), app.config.mode);
        (render_checkout(view, &page), policy)
    });
    headers::hold_wallets(
        response.headers_mut(),
        app.wallet_origin.as_ref(),
        view.wallets.is_some(),
    );
    response
}

/// The wallets' own document. Only the checkout, and shops with the checkout in their page, may frame it.
pub fn wallets(app: &App, looks: Looks, frame: &WalletFrame) -> Result<Response, ApiError> {
    let shell = app.wallets_shell.as_ref().ok_or(ApiError::NotFound)?;
    let state = serde_json::to_string(frame).map_err(ApiError::internal)?;
    let sources = Sources::of(frame);
    let ancestors = format!("{} {}", app.public_url, shops(&app.config.merchant.origins));
    let mut response = html(app, looks, StatusCode::OK, |page, nonce| {
        let policy = headers::wallets_policy(nonce, &sources, ancestors.trim_end());
        (render_wallets(shell, page, &state), policy)
    });
    headers::keep_apart(response.headers_mut());
    Ok(response)
}

/// The hand-over page to the bank, in the whole window or in the checkout's own frame.
pub fn step(app: &App, looks: Looks, view: &CheckoutView, step: HandOver<'_>) -> Response {
    let framing = if step.in_modal { Framing::Checkout } else { Framing::None };
    let looks = Looks { framed: looks.framed || step.in_modal, ..looks };
    html(app, looks, StatusCode::OK, |page, nonce| {
        let policy = headers::step_policy(nonce, &framing.of(app), app.config.mode);
        // The checkout around the frame says that it is a sandbox.
        let page = PageContext { sandbox: page.sandbox && !step.in_modal, ..*page };
        (render_step(view, step, &page), policy)
    })
}

/// The page of the device data step, which nobody sees.
pub fn method(app: &App, looks: Looks, target: &str, fields: &[(String, String)]) -> Response {
    html(app, looks, StatusCode::OK, |page, nonce| {
        let policy = headers::step_policy(nonce, &Framing::Checkout.of(app), app.config.mode);
        (render_method(target, fields, page), policy)
    })
}

/// What stands in the checkout's own frame when there is nothing more to do in it.
pub fn back(app: &App, looks: Looks) -> Response {
    let looks = Looks { framed: true, ..looks };
    message(app, looks, MessageKind::Back, StatusCode::OK, Framing::Checkout)
}

/// One page for links that are unknown, forged or long over.
pub fn not_available(app: &App, looks: Looks, framing: Framing) -> Response {
    message(app, looks, MessageKind::NotAvailable, StatusCode::NOT_FOUND, framing)
}

/// The answer, or a page about why there is none.
pub fn shown(app: &App, looks: Looks, answer: Result<Response, ApiError>) -> Response {
    answer.unwrap_or_else(|error| failed(app, looks, error))
}

/// A page in place of a problem that a browser would show as text; what no shopper meets stays a problem.
///
/// The answer keeps the error in its extensions, for the log, and its `Retry-After`.
fn failed(app: &App, looks: Looks, error: ApiError) -> Response {
    let kind = match &error {
        ApiError::NotFound => MessageKind::NotAvailable,
        ApiError::Unavailable { .. } => MessageKind::Busy,
        ApiError::Internal(_) => MessageKind::TryAgain,
        _ => return error.into_response(),
    };
    let mut response = message(app, looks, kind, error.status(), Framing::Shop);
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
pub fn refused(app: &App, looks: Looks, checkout_path: &str, status: StatusCode) -> Response {
    let mut response = html(app, looks, status, |page, nonce| {
        let policy = headers::message_policy(nonce, &Framing::Shop.of(app));
        (render_refused(checkout_path, page), policy)
    });
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// A page without a session.
fn message(
    app: &App,
    looks: Looks,
    kind: MessageKind,
    status: StatusCode,
    framing: Framing,
) -> Response {
    html(app, looks, status, |page, nonce| {
        (render_message(kind, page), headers::message_policy(nonce, &framing.of(app)))
    })
}

/// The origins as one attribute.
fn shops(origins: &[Origin]) -> String {
    origins.iter().map(Origin::as_str).collect::<Vec<_>>().join(" ")
}

/// Compressed pages leak through their length what they hold if somebody on the way sees it, can make the shopper's browser
/// ask again and again, and can put guesses into the same page ("BREACH"). The page's secrets are the nonce and the attempt's
/// key, new in each answer, and the checkout's path, which whoever asks has written into the request. Nothing of a request is
/// reflected: of the query, and of the
/// page before, only two words choose a theme, any other name gets a page that says nothing but that; what the
/// shopper typed comes back once, after a POST that only our own page can make. So there is nothing to guess with.
fn html(
    app: &App,
    looks: Looks,
    status: StatusCode,
    render: impl FnOnce(&PageContext<'_>, &Nonce) -> (String, HeaderValue),
) -> Response {
    let Ok(nonce) = Nonce::generate() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let page = PageContext {
        lang: LANGUAGE,
        nonce: nonce.as_str(),
        sandbox: app.config.mode == Mode::Sandbox,
        theme: looks.theme,
        framed: looks.framed,
        ..PageContext::default()
    };
    let (body, policy) = render(&page, &nonce);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        (VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    if looks.brotli {
        let packed = encoding::brotli(body.as_bytes(), encoding::PAGE);
        let encoding = [(CONTENT_ENCODING, HeaderValue::from_static("br"))];
        return (status, headers, encoding, packed).into_response();
    }
    (status, headers, body).into_response()
}

/// The language of every text so far, whatever `?locale=` asks for.
const LANGUAGE: &str = "en";

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn looks(uri: &str, headers: &[(&'static str, &str)]) -> Looks {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Looks::of(&uri.parse().unwrap(), &headers.collect())
    }

    #[test]
    fn a_page_without_registered_shops_is_framed_by_nobody_and_a_banks_frame_by_ourselves() {
        let shops = ["https://shop.example", "https://www.shop.example:8443"];
        let shops = shops.map(|text| Origin::parse(text).unwrap());
        assert_eq!(Framing::None.ancestors(&shops), "'none'");
        assert_eq!(Framing::Shop.ancestors(&[]), "'none'");
        assert_eq!(
            Framing::Shop.ancestors(&shops),
            "https://shop.example https://www.shop.example:8443"
        );
        assert_eq!(Framing::Checkout.ancestors(&[]), "'self'");
        assert_eq!(Framing::Checkout.ancestors(&shops[..1]), "'self' https://shop.example");
    }

    #[test]
    fn of_the_query_only_two_words_change_the_looks() {
        assert_eq!(looks("/checkout/cst_x?theme=dark&locale=de", &[]).theme, Some(Theme::Dark));
        assert_eq!(looks("/checkout/cst_x?theme=light", &[]).theme, Some(Theme::Light));
        for other in ["", "?theme", "?theme=auto", "?theme=DARK", "?theme=dark%22", "?locale=dark"]
        {
            assert_eq!(looks(&format!("/checkout/cst_x{other}"), &[]).theme, None, "{other}");
        }
    }

    #[test]
    fn a_submit_keeps_the_theme_of_the_page_that_it_came_from() {
        let from = "https://pay.example/checkout/cst_x?locale=de&theme=dark";
        let submit = [("referer", from), ("sec-fetch-site", "same-origin")];
        let dark = looks("/checkout/cst_x/payments", &submit);
        assert_eq!(dark.theme, Some(Theme::Dark));
        assert_eq!(dark.path("/checkout/cst_x"), "/checkout/cst_x?theme=dark");
        assert_eq!(looks("/checkout/cst_x?theme=light", &submit).theme, Some(Theme::Light));
        for site in ["cross-site", "same-site", "none"] {
            let foreign = [("referer", from), ("sec-fetch-site", site)];
            assert_eq!(looks("/checkout/cst_x", &foreign).theme, None, "{site}");
        }
        assert_eq!(Looks::default().path("/checkout/cst_x"), "/checkout/cst_x");
    }

    #[test]
    fn a_frame_is_known_by_what_the_browser_says_of_it() {
        assert!(looks("/", &[("sec-fetch-dest", "iframe")]).framed);
        for dest in ["document", "empty", "", "IFRAME"] {
            assert!(!looks("/", &[("sec-fetch-dest", dest)]).framed, "{dest}");
        }
        assert_eq!(looks("/", &[]), Looks::default());
    }
}
