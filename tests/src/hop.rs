//! Where a browser goes by itself, and a person without thinking: redirects, refreshes, and forms with nothing to fill in.

use url::Url;

use crate::form::{Page, Shopper};
use crate::html::HtmlForm;

/// The way from one page to the next.
#[derive(Clone, Debug)]
pub enum Hop {
    /// An address that is opened.
    Get(Url),
    /// A form that is sent.
    Post(Url, Vec<(String, String)>),
}

impl Hop {
    /// A form's submit.
    pub fn of_form(page: &Page, form: &HtmlForm, fields: &[(String, String)]) -> Self {
        let mut url = page.url.join(&form.action).expect("a URL");
        if form.method == "post" {
            return Self::Post(url, fields.to_vec());
        }
        if !fields.is_empty() {
            url.query_pairs_mut().clear().extend_pairs(fields);
        }
        Self::Get(url)
    }

    /// Where it leads.
    pub fn target(&self) -> &Url {
        match self {
            Self::Get(url) | Self::Post(url, _) => url,
        }
    }
}

impl Shopper {
    /// The way on from a page; `None` if it wants something of a person, or leads nowhere.
    ///
    /// On the hand-over page that is the form with the bank's request or the link to it; on the issuer's pages the form that takes the
    /// result back, whose button says "Continue" where there are no scripts.
    pub fn hop(&self, page: &Page) -> Option<Hop> {
        if let Some(next) = page.location().filter(|_| (300..400).contains(&page.status)) {
            return Some(Hop::Get(next));
        }
        let is_step = self.is_ours(&page.url) && page.url.path().ends_with("/step");
        let is_asked = page.html.form_with_button("Approve").is_some()
            || page.html.form_with_field("card_number").is_some();
        if !is_step && (self.is_ours(&page.url) || is_asked) {
            return None;
        }
        let refresh = page.html.refresh().and_then(refresh_target);
        let form = page
            .html
            .forms
            .iter()
            .find(|form| form.fields.iter().all(|(_, kind, _)| kind == "hidden"))
            .map(|form| Hop::of_form(page, form, &form.hidden()));
        let refresh = refresh.map(|url| Hop::Get(page.url.join(url).expect("a URL")));
        if !is_step {
            return refresh.or(form);
        }
        let link = page.html.links.first().map(|(href, _)| page.url.join(href).expect("a URL"));
        form.or(refresh).or(link.map(Hop::Get))
    }

    /// Goes there; `None` if no answer arrived.
    pub async fn try_take(&self, page: &Page, hop: Hop) -> Option<Page> {
        match hop {
            Hop::Get(url) => self.try_get(url.as_str()).await,
            Hop::Post(url, fields) => self.post_from(&page.url, &url, &fields).await,
        }
    }
}

/// The target of `content="0; url=…"`.
fn refresh_target(content: &str) -> Option<&str> {
    let at = content.to_ascii_lowercase().find("url=")?;
    content.get(at + 4..).map(|url| url.trim().trim_matches(['\'', '"']))
}
