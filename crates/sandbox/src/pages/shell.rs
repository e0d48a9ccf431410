//! The frame of every page, and text that is always escaped.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farthing_types::{Currency, Money};

use crate::three_ds::v2::Window;

/// HTML under construction.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Markup of our own.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Anything else, escaped for element content and quoted attributes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// A row of a list of facts.
    pub(crate) fn fact(&mut self, name: &str, value: &str) -> &mut Self {
        self.raw("<dt>").text(name).raw("</dt><dd>").text(value).raw("</dd>")
    }
}

/// A whole page. The banner says what it is on every one of them.
pub(crate) fn page(status: StatusCode, title: &str, body: &Html) -> Response {
    whole(status, title, body, "", None)
}

/// A page in a frame of one of the sizes of 3-D Secure 2; a window of its own without one.
pub(crate) fn framed(title: &str, body: &Html, window: Option<Window>) -> Response {
    whole(StatusCode::OK, title, body, class(window), None)
}

/// A page in a frame that sends its only form off by itself, where scripts run.
pub(crate) fn sending(title: &str, body: &Html, window: Option<Window>) -> Response {
    let mut random = [0_u8; 16];
    // Without randomness, the form waits for its button.
    let nonce = getrandom::fill(&mut random).is_ok().then(|| URL_SAFE_NO_PAD.encode(random));
    whole(StatusCode::OK, title, body, class(window), nonce.as_deref())
}

/// What the style sheet calls a size. The largest is a window like any other.
fn class(window: Option<Window>) -> &'static str {
    match window {
        Some(Window::W250) => "frame w250",
        Some(Window::W390) => "frame w390",
        Some(Window::W500) => "frame w500",
        Some(Window::W600) => "frame w600",
        Some(Window::Full) | None => "",
    }
}

fn whole(
    status: StatusCode,
    title: &str,
    body: &Html,
    class: &str,
    nonce: Option<&str>,
) -> Response {
    let mut html = Html::default();
    html.raw("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .raw("<meta name=\"color-scheme\" content=\"light dark\"><title>")
        .text(title)
        .raw(" – sandbox</title><style>")
        .raw(STYLE)
        .raw("</style></head><body class=\"")
        .raw(class)
        .raw("\"><p class=\"banner\"><strong>Sandbox.</strong> No bank is behind this page and no money moves.</p>")
        .raw(&body.0);
    if let Some(nonce) = nonce {
        html.raw("<script nonce=\"").raw(nonce).raw("\">document.forms[0].submit()</script>");
    }
    html.raw("</body></html>");
    let mut response = (status, html.0).into_response();
    // `form-action` lets a form's answer redirect to any shop.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http: https:; base-uri 'none'";
    let policy = match nonce {
        Some(nonce) => format!("{policy}; script-src 'nonce-{nonce}'"),
        None => policy.to_owned(),
    };
    head(&mut response, &policy);
    response
}

/// A page whose script and style sheet are its own: a wallet's sheet. It talks to this sandbox and to its opener, and is never framed.
pub(crate) fn scripted(title: &str, body: &Html, style: &str, script: &str) -> Response {
    let mut random = [0_u8; 16];
    if getrandom::fill(&mut random).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let nonce = URL_SAFE_NO_PAD.encode(random);
    let mut html = Html::default();
    html.raw("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .raw("<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><title>")
        .text(title)
        .raw(" – sandbox</title><style nonce=\"")
        .raw(&nonce)
        .raw("\">")
        .raw(style)
        .raw("</style></head><body>")
        .raw(&body.0)
        .raw("<script nonce=\"")
        .raw(&nonce)
        .raw("\">")
        .raw(script)
        .raw("</script></body></html>");
    let mut response = (StatusCode::OK, html.0).into_response();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    head(&mut response, &policy);
    response
}

/// What every page is sent with.
fn head(response: &mut Response, policy: &str) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

/// An amount for people, or minor units for a currency that we do not know.
pub(crate) fn amount(minor: u64, currency: &str) -> String {
    match currency.parse::<Currency>().ok().and_then(|currency| Money::new(minor, currency).ok()) {
        Some(money) => money.to_string(),
        None => format!("{minor} minor units of {currency}"),
    }
}

const STYLE: &str = "
:root{color-scheme:light dark;--ground:#f3f4f8;--sheet:#fff;--ink:#1b1e28;--soft:#5b6172;--line:#d9dce6;--edge:#858b9d;--accent:#2f5bea;--on-accent:#fff;
--warn:#fff3d6;--on-warn:#5c4100;--bad:#b3261e;--good:#146c3a;--radius:14px}
@media (prefers-color-scheme:dark){:root{--ground:#12141b;--sheet:#1c1f2a;--ink:#eceef5;--soft:#a2a8bb;--line:#343949;--edge:#767d94;--accent:#8ea8ff;--on-accent:#0d1433;
--warn:#3a2f12;--on-warn:#ffdf9e;--bad:#ff9a93;--good:#7fdca4}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
.banner{margin:0;padding:.6rem 1rem;background:var(--warn);color:var(--on-warn);text-align:center;font-size:.95rem}
.sheet{max-width:26rem;margin:clamp(1rem,6vh,4rem) auto;padding:1.75rem;background:var(--sheet);border:1px solid var(--line);border-radius:var(--radius);
box-shadow:0 12px 40px rgb(0 0 0 / .08)}
@media (max-width:30rem){.sheet{margin:1rem;padding:1.25rem}}
.wide{max-width:76rem;margin:1.5rem auto;padding:0 1rem}
h1{margin:0 0 .5rem;font-size:1.4rem;line-height:1.25}h2{margin:2rem 0 .75rem;font-size:1.1rem}
p{margin:.5rem 0}.soft,dt,.hint{color:var(--soft)}.hint{font-size:.875rem;margin:.75rem 0 0}
.total{font-size:2rem;font-weight:650;letter-spacing:-.01em;margin:.25rem 0 1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1rem 0;padding:1rem 0;border-block:1px solid var(--line)}
dd{margin:0;text-align:end;overflow-wrap:anywhere}
label{display:block;margin:1rem 0 .3rem;font-weight:600;font-size:.925rem}
input,select,textarea{width:100%;padding:.65rem .75rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:10px}
textarea{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;resize:vertical}
input[aria-invalid=true]{border-color:var(--bad)}.error{color:var(--bad);font-size:.9rem;margin:.3rem 0 0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem}
button{display:block;width:100%;min-height:3rem;margin-top:.75rem;padding:.6rem 1.1rem;font:inherit;font-weight:600;color:inherit;background:transparent;
border:1px solid var(--edge);border-radius:10px;cursor:pointer}
button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button:hover{filter:brightness(1.06)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.row{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end}.row>*{flex:0 1 auto}.row label{margin-top:0}.row button{width:auto;min-height:2.75rem;margin:0}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem}
.panel{padding:1.25rem;background:var(--sheet);border:1px solid var(--line);border-radius:var(--radius)}.panel h2{margin-top:0}
.scroll{overflow-x:auto;background:var(--sheet);border:1px solid var(--line);border-radius:var(--radius)}
table{width:100%;border-collapse:collapse;font-size:.9rem}th,td{padding:.6rem .75rem;text-align:start;border-bottom:1px solid var(--line);white-space:nowrap}
tr:last-child td{border-bottom:0}th{color:var(--soft);font-weight:600}td.number{text-align:end;font-variant-numeric:tabular-nums}
td.status{white-space:normal;overflow-wrap:anywhere;min-width:9rem}td button{white-space:nowrap;width:auto;min-height:0;margin:0;padding:.25rem .7rem;font-weight:500}code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace}
.buttons{display:grid;grid-template-columns:1fr 1fr;gap:0 .75rem}.buttons .main{grid-column:1/-1}
.frame{background:var(--sheet)}.frame .banner{padding:.3rem .75rem;font-size:.75rem;line-height:1.35}
.frame .sheet{max-width:26rem;margin:0 auto;padding:.75rem 1rem;border:0;border-radius:0;box-shadow:none}
.frame .total{font-size:1.4rem;margin:0 0 .5rem;overflow-wrap:anywhere}.frame h1{font-size:1.1rem}.frame dl{gap:.15rem .75rem;margin:.5rem 0;padding:.5rem 0;font-size:.875rem}
.frame button{min-height:2.75rem;padding:.4rem .5rem}
.w250 .hint,.w390 .hint,.w600 .hint{display:none}.w250{line-height:1.35}.w250 .sheet{padding:.4rem 1rem .75rem}.w250 p{margin:.1rem 0}.w250 h1{font-size:1rem;margin:0}
.w250 .total{font-size:1.15rem;margin:0}.w250 dl{font-size:.8rem;margin:.35rem 0;padding:.35rem 0}.w250 button{margin-top:.5rem}
.good{color:var(--good)}.bad{color:var(--bad)}a{color:var(--accent)}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut html = Html::default();
        html.raw("<p title=\"").text("\"><script>'&").raw("\">");
        assert_eq!(html.0, "<p title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\">");
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        assert_eq!(amount(1000, "EUR"), "EUR\u{a0}10.00");
        assert_eq!(amount(1000, "JPY"), "JPY\u{a0}1000");
        assert_eq!(amount(1000, "QQQ"), "1000 minor units of QQQ");
    }
}
