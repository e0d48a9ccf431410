//! Whole documents, rendered at once on the server.
//!
//! Each page is complete in itself: styles are inline under the nonce of the answer's policy, nothing is fetched.

use std::fmt::Write as _;

use farthing_types::checkout::{CheckoutState, CheckoutView};
use leptos::prelude::*;

use crate::checkout::Checkout;
use crate::link::{own_path, web_url};
use crate::message::{Message, MessageKind};
use crate::model::Model;
use crate::step::{Opened, Step};
use crate::text;

/// The styles of every page. Small enough to travel with each of them.
pub const STYLES: &str = include_str!("../../../www/checkout.css");

/// What a page needs to know beside what it shows.
#[derive(Clone, Copy, Debug)]
pub struct PageContext<'a> {
    /// The document's language, a BCP 47 tag. The texts are English, so `en` so far.
    pub lang: &'a str,
    /// The nonce of the answer's `style-src`.
    pub nonce: &'a str,
    /// Whether to say on the page that no real money moves.
    pub sandbox: bool,
    /// When and from where a waiting page reloads itself; other pages ignore it.
    pub refresh: Option<Refresh<'a>>,
}

/// A reload without a script.
#[derive(Clone, Copy, Debug)]
pub struct Refresh<'a> {
    /// Seconds to wait.
    pub seconds: u16,
    /// A path on our own server; anything else is not followed.
    pub url: &'a str,
}

/// The checkout in any state.
pub fn render_checkout(view: &CheckoutView, page: &PageContext<'_>) -> String {
    let refresh = page.refresh.filter(|refresh| {
        view.state == CheckoutState::Processing && own_path(refresh.url).is_some()
    });
    let title = text::title(view);
    let content = refresh.map(|refresh| format!("{};url={}", refresh.seconds, refresh.url));
    let view = view.clone();
    let check_path = page.refresh.map(|refresh| refresh.url.to_owned());
    let seconds = refresh.map(|refresh| refresh.seconds);
    document(page, title, content, move || {
        let model = Model::new(&view);
        view! { <Checkout view=view model=model check_path=check_path refresh_seconds=seconds /> }
    })
}

/// The hand-over page, opened for the first time: leads on to `target` at once.
///
/// `target` has to be an absolute `http` or `https` address; anything else gives the page that says "try again".
pub fn render_step(view: &CheckoutView, target: &str, page: &PageContext<'_>) -> String {
    step(view, target, page, Opened::First)
}

/// The hand-over page, opened again while the gateway says that the payment is still open: nothing happens by itself.
pub fn render_reopened_step(view: &CheckoutView, target: &str, page: &PageContext<'_>) -> String {
    step(view, target, page, Opened::Again)
}

/// A page without a session.
pub fn render_message(kind: MessageKind, page: &PageContext<'_>) -> String {
    message(kind, None, page)
}

/// [`MessageKind::Refused`] with a link to the form at `checkout_path`.
pub fn render_refused(checkout_path: &str, page: &PageContext<'_>) -> String {
    message(MessageKind::Refused, own_path(checkout_path).map(str::to_owned), page)
}

fn step(view: &CheckoutView, target: &str, page: &PageContext<'_>, opened: Opened) -> String {
    let Some(target) = web_url(target).map(str::to_owned) else {
        return render_message(MessageKind::TryAgain, page);
    };
    let (heading, ..) = text::step(view.card_entry, opened);
    let (refresh, check_path) = match opened {
        Opened::First => (Some(format!("0;url={target}")), None),
        Opened::Again => {
            (None, view.checkout_path.as_deref().and_then(own_path).map(str::to_owned))
        }
    };
    let title = format!("{heading}: {} to {}", text::amount(view), view.merchant);
    let view = view.clone();
    document(page, title, refresh, move || {
        view! { <Step view=view target=target opened=opened check_path=check_path /> }
    })
}

fn message(kind: MessageKind, form_path: Option<String>, page: &PageContext<'_>) -> String {
    let (heading, _) = text::message(kind);
    document(
        page,
        heading.to_owned(),
        None,
        move || view! { <Message kind=kind form_path=form_path /> },
    )
}

/// The shell: head, styles, the note of the sandbox, and `body`.
fn document<V: IntoView>(
    page: &PageContext<'_>,
    title: String,
    refresh: Option<String>,
    body: impl FnOnce() -> V,
) -> String {
    let (lang, nonce) = (page.lang.to_owned(), page.nonce.to_owned());
    let sandbox = page.sandbox;
    let owner = Owner::new();
    let html = owner.with(|| {
        view! {
            <html lang=lang>
                <head>
                    <meta charset="utf-8" />
                    <title>{title}</title>
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="referrer" content="same-origin" />
                    <meta name="robots" content="noindex" />
                    <meta name="color-scheme" content="light dark" />
                    <link rel="icon" href="data:," />
                    {refresh.map(|content| view! { <meta http-equiv="refresh" content=content /> })}
                    <style nonce=nonce inner_html=STYLES></style>
                </head>
                <body>
                    {sandbox.then(|| view! { <p class="sandbox">{text::TEST_MODE}</p> })}
                    {body()}
                </body>
            </html>
        }
        .to_html()
    });
    owner.cleanup();
    let mut out = String::with_capacity(html.len() + 15);
    let _ = write!(out, "<!DOCTYPE html>{html}");
    out
}
