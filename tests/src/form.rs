//! A shopper's browser without scripts, reduced to HTTP: loads pages, fills in forms, follows redirects when told to.

use reqwest::header::HeaderMap;
use url::Url;

use crate::api::{Answer, Capture, header_lines};
use crate::cards::Card;
use crate::hop::Hop;
use crate::html::{Html, HtmlForm};
use crate::wait;

/// What a shopper types besides the card, when the form asks.
const TYPED: [(&str, &str); 8] = [
    ("first_name", "Zephyrine"),
    ("last_name", "Quillfeather"),
    ("email", "zephyrine.quillfeather@shopper.example"),
    ("phone", "+442079460612"),
    ("address", "77 Larkspur Row"),
    ("zip", "SW1A 2AA"),
    ("city", "London"),
    ("country", "GB"),
];

/// A page with where it came from.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// HTTP status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// What it says.
    pub html: Html,
}

impl Page {
    /// `Location`, resolved.
    pub fn location(&self) -> Option<Url> {
        self.url.join(self.headers.get("location")?.to_str().ok()?).ok()
    }

    /// `data-state`.
    pub fn state(&self) -> &str {
        self.html.state()
    }

    /// The payment form: the one with a card number.
    #[track_caller]
    pub fn card_form(&self) -> &HtmlForm {
        self.html.form_with_field("card_number").unwrap_or_else(|| {
            panic!(
                "no card form on a page in state {} ({}): {}",
                self.state(),
                self.status,
                self.html.text()
            )
        })
    }
}

/// A shopper.
#[derive(Clone, Debug)]
pub struct Shopper {
    http: reqwest::Client,
    origin: Url,
    capture: Capture,
}

impl Shopper {
    /// A shopper whose checkout is on `origin`.
    pub fn new(http: reqwest::Client, origin: Url, capture: Capture) -> Self {
        Self { http, origin, capture }
    }

    /// The same shopper with another client, such as one that waits less long.
    pub fn with_http(self, http: reqwest::Client) -> Self {
        Self { http, ..self }
    }

    /// Whether an address is the checkout's.
    pub fn is_ours(&self, url: &Url) -> bool {
        url.origin() == self.origin.origin()
    }

    /// GET, redirects not followed.
    pub async fn get(&self, url: &str) -> Page {
        self.try_get(url).await.expect("an answer")
    }

    /// [`Shopper::get`] that may stay without an answer.
    pub async fn try_get(&self, url: &str) -> Option<Page> {
        let url = self.origin.join(url).expect("a URL");
        let request = self
            .http
            .get(url.clone())
            .header("sec-fetch-site", "none")
            .header("sec-fetch-mode", "navigate");
        self.page(url, request).await
    }

    /// POST of form fields as a browser on our origin would send them; `None` if no answer arrived.
    pub async fn try_post(&self, url: &str, fields: &[(String, String)]) -> Option<Page> {
        let url = self.origin.join(url).expect("a URL");
        self.post_from(&url, &url, fields).await
    }

    /// The same from any page: a browser says where it comes from.
    pub(crate) async fn post_from(
        &self,
        from: &Url,
        url: &Url,
        fields: &[(String, String)],
    ) -> Option<Page> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let site = match (from.origin() == url.origin(), from.host() == url.host()) {
            (true, _) => "same-origin",
            (false, true) => "same-site",
            (false, false) => "cross-site",
        };
        let request = self
            .http
            .post(url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", from.origin().ascii_serialization())
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", "navigate")
            .body(body);
        self.page(url.clone(), request).await
    }

    /// [`Shopper::try_post`] that must be answered.
    pub async fn post(&self, url: &str, fields: &[(String, String)]) -> Page {
        self.try_post(url, fields).await.expect("an answer")
    }

    async fn page(&self, url: Url, request: reqwest::RequestBuilder) -> Option<Page> {
        let request = request
            .header("accept", "text/html,application/xhtml+xml")
            .header("accept-language", "en-GB,en;q=0.8")
            .header("user-agent", "Mozilla/5.0 (story)");
        let answer = Answer::read(request.send().await.ok()?).await.ok()?;
        if self.is_ours(&url) {
            self.capture.add(
                &format!("page {}\n{}", answer.status, header_lines(&answer.headers)),
                &answer.bytes,
            );
        }
        let html = Html::parse(&answer.text());
        Some(Page { url, status: answer.status, headers: answer.headers, html })
    }

    /// What the form on this page sends for this card, hidden fields first.
    #[track_caller]
    pub fn filled(page: &Page, card: &Card) -> Vec<(String, String)> {
        let form = page.card_form();
        let mut fields = form.hidden();
        for (name, kind, _) in &form.fields {
            let value = match name.as_str() {
                "card_number" => &card.number,
                "card_expiry" => &card.expiry,
                "card_code" => &card.code,
                "card_holder" => &card.holder,
                _ if kind == "hidden" => continue,
                other => {
                    TYPED.iter().find(|(name, _)| *name == other).map_or("", |(_, value)| value)
                }
            };
            fields.push((name.clone(), value.to_owned()));
        }
        fields
    }

    /// The same submit as a script sends it: JSON, answered with JSON.
    pub async fn post_json(&self, url: &str, fields: &[(String, String)]) -> Answer {
        let url = self.origin.join(url).expect("a URL");
        let members = fields.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        let body = serde_json::Value::Object(members.collect());
        let request = self
            .http
            .post(url.clone())
            .header("content-type", "application/json")
            .header("origin", url.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin")
            .body(body.to_string());
        let answer = Answer::read(request.send().await.expect("an answer")).await.expect("a body");
        self.capture.add(
            &format!("json {}\n{}", answer.status, header_lines(&answer.headers)),
            &answer.bytes,
        );
        answer
    }

    /// What a shopper sees after a submit that was refused: the answer itself, or the page that it leads to.
    pub async fn refused(&self, answer: Page) -> Page {
        let page = if answer.status == 303 { self.walk(answer).await } else { answer };
        assert!(
            !matches!(page.state(), "paid" | "challenge" | "processing"),
            "not refused: {}",
            page.html.text()
        );
        page
    }

    /// Opens the checkout and submits the card; gives the answer to the submit.
    pub async fn pay(&self, checkout: &str, card: &Card) -> Page {
        self.try_pay(checkout, card).await.expect("an answer to the submit")
    }

    /// [`Shopper::pay`] whose submit may stay without an answer.
    pub async fn try_pay(&self, checkout: &str, card: &Card) -> Option<Page> {
        let page = self.get(checkout).await;
        let fields = Self::filled(&page, card);
        let action = page.url.join(&page.card_form().action).expect("a URL");
        self.try_post(action.as_str(), &fields).await
    }

    /// Goes on as a browser would until a page wants something of a person, or says how the payment ended.
    pub async fn walk(&self, from: Page) -> Page {
        let mut page = from;
        for _ in 0..25 {
            let Some(hop) = self.hop(&page) else { return page };
            page = self.try_take(&page, hop).await.expect("an answer");
        }
        panic!("going round in circles at {}", page.url.path());
    }

    /// Submits a form of a page.
    pub async fn submit(&self, page: &Page, form: &HtmlForm, fields: &[(String, String)]) -> Page {
        let hop = Hop::of_form(page, form, fields);
        self.try_take(page, hop).await.expect("an answer")
    }

    /// Presses a button of the issuer's page and gives the answer.
    pub async fn press(&self, page: &Page, button: &str) -> Page {
        self.try_press(page, button).await.expect("an answer")
    }

    /// [`Shopper::press`] that may stay without an answer.
    pub async fn try_press(&self, page: &Page, button: &str) -> Option<Page> {
        let form = page
            .html
            .form_with_button(button)
            .unwrap_or_else(|| panic!("no {button} on {}", page.html.text()));
        let mut fields = form.hidden();
        let (_, name, value) =
            form.buttons.iter().find(|(label, _, _)| label == button).expect("found above");
        if !name.is_empty() {
            fields.push((name.clone(), value.clone()));
        }
        self.try_take(page, Hop::of_form(page, form, &fields)).await
    }

    /// Loads the checkout until it shows this state.
    pub async fn wait_for_state(&self, checkout: &str, state: &str) -> Page {
        wait::until(&format!("the page to show {state}"), async || {
            let page = self.get(checkout).await;
            (page.state() == state).then_some(page)
        })
        .await
    }
}
