//! Whole documents, rendered at once on the server.
//!
//! A page without a script is complete in itself: styles are inline under the nonce of the answer's policy, nothing is
//! fetched. The checkout, where the build has its scripts, is put into the [`Shell`] that loads them: the same HTML, and beside it
//! the view as JSON, from which the script takes over.

use std::fmt::{self, Write as _};

use farthing_types::checkout::{CheckoutState, CheckoutView};
use leptos::prelude::*;

use crate::STYLES;
use crate::checkout::Checkout;
use crate::link::{own_path, web_url};
use crate::message::{Message, MessageKind};
use crate::model::Model;
use crate::step::{Method, Opened, Step};
use crate::text;

/// The id of the element whose content is the checkout, and nothing else: what a script hydrates.
pub const ROOT_ID: &str = "farthing-app";

/// What a page needs to know beside what it shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageContext<'a> {
    /// The document's language, a BCP 47 tag. The texts are English, so `en` so far.
    pub lang: &'a str,
    /// The nonce of the answer's `style-src` and `script-src`.
    pub nonce: &'a str,
    /// Whether to say on the page that no real money moves.
    pub sandbox: bool,
    /// When and from where a waiting page reloads itself; other pages ignore it.
    pub refresh: Option<Refresh<'a>>,
    /// Light or dark, if the page is not to follow the shopper's system.
    pub theme: Option<Theme>,
    /// Whether the page is shown in a shop's frame.
    pub framed: bool,
    /// What makes a checkout live; without it the page has no script.
    pub live: Option<Live<'a>>,
}

/// A colour scheme asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What a page with scripts needs.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// The template that loads them.
    pub shell: &'a Shell,
    /// The view as JSON, for the script.
    pub state: &'a str,
    /// The origins of the shops that may frame the page, separated by spaces.
    pub shops: &'a str,
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
    let content = refresh.map(refresh_content);
    let view = view.clone();
    let check_path = page.refresh.map(|refresh| refresh.url.to_owned());
    let seconds = refresh.map(|refresh| refresh.seconds);
    let checkout = move || {
        let model = Model::new(&view);
        view! { <Checkout view=view model=model check_path=check_path refresh_seconds=seconds /> }
    };
    if let Some(live) = page.live {
        let mut body = String::new();
        if page.sandbox {
            let _ = write!(body, "<header class=\"sandbox\">{}</header>", text::TEST_MODE);
        }
        let _ = write!(body, "<div id=\"{ROOT_ID}\">{}</div>", rendered(checkout));
        live.shell.fill(&Filling {
            nonce: page.nonce,
            html: &html_attributes(page, Some(live.shops)),
            head: &head(&title, content.as_deref()),
            body: &body,
            state: live.state,
        })
    } else {
        let reload = refresh.map_or(Reload::None, Reload::Watch);
        document(page, title, reload, move || view! { <div id=ROOT_ID>{checkout()}</div> })
    }
}

/// The wallets' own document, from its own template: no text but what `state`, JSON, tells its script.
pub fn render_wallets(shell: &Shell, page: &PageContext<'_>, state: &str) -> String {
    let plain = PageContext { lang: page.lang, ..PageContext::default() };
    shell.fill(&Filling {
        nonce: page.nonce,
        html: &html_attributes(&plain, None),
        head: &head("Wallets", None),
        body: "",
        state,
    })
}

/// Where the hand-over page leads, and how.
#[derive(Clone, Copy)]
pub struct HandOver<'a> {
    /// The bank's or gateway's address.
    pub target: &'a str,
    /// What is posted there; nothing is asked for with a GET.
    pub fields: &'a [(String, String)],
    /// For the first time the page leads on at once, later nothing happens by itself.
    pub opened: Opened,
    /// Whether it stands in the checkout's own frame.
    pub in_modal: bool,
}

impl fmt::Debug for HandOver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target: _, fields: _, opened, in_modal } = self; // address and fields open the payment
        write!(f, "HandOver({opened:?}, in a frame: {in_modal})")
    }
}

/// The hand-over page to the bank.
///
/// `target` has to be an absolute `http` or `https` address; anything else gives the page that says "try again".
pub fn render_step(view: &CheckoutView, step: HandOver<'_>, page: &PageContext<'_>) -> String {
    let Some(target) = web_url(step.target).map(str::to_owned) else {
        return render_message(MessageKind::TryAgain, page);
    };
    let HandOver { fields, opened, in_modal, .. } = step;
    let (heading, ..) = text::step(view.card_entry, opened);
    let reload = match opened {
        Opened::First if fields.is_empty() => Reload::AtOnce(format!("0;url={target}")),
        Opened::First => Reload::Submit,
        Opened::Again => Reload::None,
    };
    let check_path = (opened == Opened::Again && !in_modal)
        .then(|| view.checkout_path.as_deref().and_then(own_path).map(str::to_owned))
        .flatten();
    let title = format!("{heading}: {} to {}", text::amount(view), view.merchant);
    let (view, fields) = (view.clone(), fields.to_vec());
    document(page, title, reload, move || {
        view! {
            <Step
                view=view
                target=target
                fields=fields
                opened=opened
                in_modal=in_modal
                check_path=check_path
            />
        }
    })
}

/// The page that lets the issuer look at the browser. Nobody sees it; without a script nothing happens.
pub fn render_method(target: &str, fields: &[(String, String)], page: &PageContext<'_>) -> String {
    let Some(target) = web_url(target).map(str::to_owned) else {
        return render_message(MessageKind::TryAgain, page);
    };
    let fields = fields.to_vec();
    document(page, text::STEP.to_owned(), Reload::Submit, move || {
        view! { <Method target=target fields=fields /> }
    })
}

/// A page without a session.
pub fn render_message(kind: MessageKind, page: &PageContext<'_>) -> String {
    message(kind, None, page)
}

/// [`MessageKind::Refused`] with a link to the form at `checkout_path`.
pub fn render_refused(checkout_path: &str, page: &PageContext<'_>) -> String {
    message(MessageKind::Refused, own_path(checkout_path).map(str::to_owned), page)
}

fn message(kind: MessageKind, form_path: Option<String>, page: &PageContext<'_>) -> String {
    let (heading, _) = text::message(kind);
    document(
        page,
        heading.to_owned(),
        Reload::None,
        move || view! { <Message kind=kind form_path=form_path /> },
    )
}

/// How a page without the widget's script goes on by itself.
enum Reload<'a> {
    /// Not at all.
    None,
    /// At once, by its only form.
    Submit,
    /// At once, to this content of a refresh: allowed by WCAG 2.2 (technique H76), for nothing is there to be read yet.
    AtOnce(String),
    /// Looks again and again.
    Watch(Refresh<'a>),
}

/// Looks whether the result is known, and opens the page anew only then: a page that is loaded again and again cannot be read
/// out (WCAG 2.2, 2.2.1 and F41). Where the page is, its one button says. A redirect may lead to the shop, which this page may
/// not read: it is only seen to be one. The pattern does not match itself.
const WATCH: &str = "\
const look = async () => {
  try {
    const { href } = document.querySelector('.action:not([target])') || location;
    const answer = await fetch(href, { redirect: 'manual', headers: { accept: 'text/html' } });
    const known = answer.ok && !/data-state=\\Wproc/.test(await answer.text());
    if (known || answer.type === 'opaqueredirect') return location.replace(href);
  } catch {}
  setTimeout(look, every);
};
setTimeout(look, every);";

/// Sends the page's form as soon as it is there. A page that comes back from the browser's history does not run it again.
const SUBMIT: &str = "addEventListener('DOMContentLoaded', () => document.forms[0].submit());";

/// A document that stands without the widget's script: head, styles, the note of the sandbox, and `body`.
fn document<V: IntoView>(
    page: &PageContext<'_>,
    title: String,
    reload: Reload<'_>,
    body: impl FnOnce() -> V,
) -> String {
    let (lang, nonce) = (page.lang.to_owned(), page.nonce.to_owned());
    let sandbox = page.sandbox;
    let theme = page.theme.map(Theme::name);
    let framed = page.framed.then_some("");
    let script_nonce = nonce.clone();
    let (mut at_once, mut noscript, mut script) = (None, None, None);
    match reload {
        Reload::None => {}
        Reload::AtOnce(content) => at_once = Some(content),
        Reload::Submit => script = Some(SUBMIT.to_owned()),
        Reload::Watch(refresh) => {
            noscript = Some(refresh_content(refresh));
            script = Some(format!("const every = {}000;\n{WATCH}", refresh.seconds));
        }
    }
    let html = rendered(move || {
        view! {
            <html lang=lang data-theme=theme data-framed=framed>
                <head>
                    <meta charset="utf-8" />
                    <title>{title}</title>
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="referrer" content="same-origin" />
                    <meta name="robots" content="noindex" />
                    <meta name="color-scheme" content="light dark" />
                    <link rel="icon" href="data:," />
                    {at_once.map(|content| view! { <meta http-equiv="refresh" content=content /> })}
                    {noscript.map(|content| view! {
                        <noscript><meta http-equiv="refresh" content=content /></noscript>
                    })}
                    {script.map(|text| view! { <script nonce=script_nonce inner_html=text></script> })}
                    <style nonce=nonce inner_html=STYLES></style>
                </head>
                <body>
                    {sandbox.then(|| view! { <header class="sandbox">{text::TEST_MODE}</header> })}
                    {body()}
                </body>
            </html>
        }
    });
    let mut out = String::with_capacity(html.len() + 15);
    let _ = write!(out, "<!DOCTYPE html>{html}");
    out
}

fn refresh_content(refresh: Refresh<'_>) -> String {
    format!("{};url={}", refresh.seconds, refresh.url)
}

/// The HTML of a view, with everything that it made forgotten.
fn rendered<V: IntoView>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new();
    let html = owner.with(|| view().into_view().to_html());
    owner.cleanup();
    html
}

/// The template of a page with scripts, taken apart at its placeholders once.
///
/// Text goes in between the parts and is never searched again: what a merchant or a shopper wrote cannot become a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    start: String,
    rest: Vec<(Slot, String)>,
}

/// What is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Nonce,
    Html,
    Head,
    Body,
    State,
}

/// Why a text is not the template of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellError {
    /// A placeholder that the server does not know.
    Unknown,
    /// A placeholder that must be there exactly once is not.
    Count(&'static str),
}

impl fmt::Display for ShellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("the page's template has a placeholder that is not known"),
            Self::Count(name) => {
                write!(f, "the page's template must have the placeholder `{name}` exactly once")
            }
        }
    }
}

impl std::error::Error for ShellError {}

impl Shell {
    /// Takes a template apart. Placeholders stand in double braces: `__TRUNK_NONCE__` any number of times, `html`, `head`, `body`
    /// and `state` once each.
    pub fn parse(template: &str) -> Result<Self, ShellError> {
        let mut pieces = template.split("{{");
        let start = pieces.next().unwrap_or_default().to_owned();
        let mut rest = Vec::new();
        for piece in pieces {
            let (name, text) = piece.split_once("}}").ok_or(ShellError::Unknown)?;
            let slot = match name {
                "__TRUNK_NONCE__" => Slot::Nonce,
                "html" => Slot::Html,
                "head" => Slot::Head,
                "body" => Slot::Body,
                "state" => Slot::State,
                _ => return Err(ShellError::Unknown),
            };
            rest.push((slot, text.to_owned()));
        }
        for (slot, name) in [
            (Slot::Html, "html"),
            (Slot::Head, "head"),
            (Slot::Body, "body"),
            (Slot::State, "state"),
        ] {
            if rest.iter().filter(|(found, _)| *found == slot).count() != 1 {
                return Err(ShellError::Count(name));
            }
        }
        Ok(Self { start, rest })
    }

    fn fill(&self, filling: &Filling<'_>) -> String {
        let fixed = self.start.len() + self.rest.iter().map(|(_, text)| text.len()).sum::<usize>();
        let Filling { nonce, html, head, body, state } = *filling;
        let mut out = String::with_capacity(fixed + body.len() + state.len() + 1024);
        out.push_str(&self.start);
        for (slot, text) in &self.rest {
            match slot {
                Slot::Nonce => escape(&mut out, nonce),
                Slot::Html => out.push_str(html),
                Slot::Head => out.push_str(head),
                Slot::Body => out.push_str(body),
                Slot::State => escape_json(&mut out, state),
            }
            out.push_str(text);
        }
        out
    }
}

/// What a template is filled with: everything but nonce and state is markup.
struct Filling<'a> {
    nonce: &'a str,
    html: &'a str,
    head: &'a str,
    body: &'a str,
    state: &'a str,
}

fn html_attributes(page: &PageContext<'_>, shops: Option<&str>) -> String {
    let mut out = String::from("lang=\"");
    escape(&mut out, page.lang);
    out.push('"');
    if let Some(shops) = shops {
        out.push_str(" data-shops=\"");
        escape(&mut out, shops);
        out.push('"');
    }
    if let Some(theme) = page.theme {
        let _ = write!(out, " data-theme=\"{}\"", theme.name());
    }
    if page.framed {
        out.push_str(" data-framed");
    }
    out
}

/// A script knows better when to look again, so the reload is for browsers without one.
fn head(title: &str, refresh: Option<&str>) -> String {
    let mut out = String::from("<title>");
    escape(&mut out, title);
    out.push_str("</title>");
    if let Some(content) = refresh {
        out.push_str("<noscript><meta http-equiv=\"refresh\" content=\"");
        escape(&mut out, content);
        out.push_str("\"></noscript>");
    }
    out
}

/// Text that is neither markup nor the end of an attribute.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// JSON inside of a script element: nothing in it can end the element or begin a comment, and no line separator of
/// Unicode surprises an old parser. All five stand in strings only, where the escapes mean the same.
fn escape_json(out: &mut String, json: &str) {
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
