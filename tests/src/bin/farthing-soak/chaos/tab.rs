//! One checkout in a browser without scripts. Every page that comes is looked at: what may not be is written down.

use std::collections::BTreeMap;
use std::time::Duration;

use farthing_stories::form::Page;
use tokio::time::sleep;

use super::town::{Checkout, Town};

/// After a page that did not come, somebody presses "reload" so soon.
pub(crate) const RELOAD: Duration = Duration::from_millis(150);

/// The bank's page is asked for, whether it comes or not.
const TO_THE_BANK: &str = "to the bank";

/// Somebody came back when everything had settled, found the form, and paid.
pub(crate) const PAID_AFTER_ALL: &str = "paid after all";

/// What was done and seen.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// The last checkout, if there was one.
    pub(crate) checkout: Option<Checkout>,
    /// What was done, by name.
    pub(crate) acts: BTreeMap<&'static str, u64>,
    /// Whether a page said that the order is paid.
    pub(crate) told_paid: bool,
    /// What the page showed when everything had settled.
    pub(crate) settled_state: String,
    /// What may not be.
    pub(crate) problems: Vec<String>,
}

impl Story {
    /// One that ended before it began.
    pub(crate) fn failed(problem: String) -> Self {
        Self { problems: vec![problem], ..Self::default() }
    }

    /// How often the bank's page was asked for.
    pub(crate) fn times_at_the_bank(&self) -> u64 {
        self.acts.get(TO_THE_BANK).copied().unwrap_or_default()
    }
}

/// A window on a checkout.
#[derive(Debug)]
pub(crate) struct Tab {
    /// Where it is.
    pub(crate) town: Town,
    /// What it shows.
    pub(crate) checkout: Checkout,
    /// What happened so far.
    pub(crate) story: Story,
}

impl Tab {
    /// Writes down something that was done.
    pub(crate) fn note(&mut self, act: &'static str) {
        *self.story.acts.entry(act).or_default() += 1;
    }

    /// Writes down something that may not be.
    pub(crate) fn problem(&mut self, what: &str) {
        self.story.problems.push(format!("{}: {what}", self.checkout.order_id));
    }

    /// A page of this checkout. One that does not come can be asked for again, after a moment that this takes.
    pub(crate) async fn open(&mut self, below: &str) -> Option<Page> {
        let url = format!("{}{below}", self.checkout.path);
        let page = self.town.browser.try_get(&url).await;
        let page = page.filter(|page| self.is_fine(page));
        if page.is_none() {
            sleep(RELOAD).await;
        }
        page
    }

    /// Opens the page that the bank would lead to. Whatever the address says, it must show how things stand.
    pub(crate) async fn return_by_hand(&mut self) {
        let path = format!("/v1/payments?limit=1&order_id={}", self.checkout.order_id);
        let Some(answer) = self.town.reads.send("GET", &path, None, None).await else { return };
        let id = answer.json["data"][0]["gateway_order_id"].as_str().unwrap_or_default();
        let Some(url) = self.town.wire.way_back(id) else { return };
        let page = self.town.browser.try_get(&url).await;
        self.look_at(page.as_ref());
    }

    /// Goes on as far as a browser does by itself; `None` if an answer did not come, or if the way leads out of town.
    pub(crate) async fn walk(&mut self, from: Page) -> Option<Page> {
        let mut page = from;
        for _ in 0..25 {
            if !self.is_fine(&page) {
                return None;
            }
            let Some(hop) = self.town.browser.hop(&page) else { return Some(page) };
            if !self.town.has(hop.target()) {
                self.note("sent out of town");
                // Banks are on no list, for nobody knows them all; the gateway's own form is.
                if !hop.target().path().contains("/acs/") {
                    self.problem("sent to a form that is on no list");
                }
                return None;
            }
            if hop.target().path().starts_with("/acs/") {
                self.note(TO_THE_BANK);
            }
            page = self.town.browser.try_take(&page, hop).await?;
        }
        self.problem("goes round in circles");
        None
    }

    /// Looks at a page and does nothing with it.
    pub(crate) fn look_at(&mut self, page: Option<&Page>) {
        if let Some(page) = page {
            self.is_fine(page);
        }
    }

    /// Whether a page may be: no error of ours, but one that says when to come back.
    fn is_fine(&mut self, page: &Page) -> bool {
        let ours = self.town.browser.is_ours(&page.url);
        let busy = page.status == 503 && page.headers.contains_key("retry-after");
        if ours && page.status >= 400 && !busy {
            let what = format!("{} answers {} {}", kind_of(page), page.status, page.html.text());
            self.problem(&what);
        }
        if !ours && page.status == 400 {
            let what = format!("the bank refuses what it is sent: {}", page.html.text());
            self.problem(&what);
        }
        if busy {
            self.note("503 with Retry-After");
        }
        self.story.told_paid |= ours && page.state() == "paid";
        page.status < 400
    }
}

/// Which page of ours it is, without its token.
fn kind_of(page: &Page) -> String {
    let parts = page.url.path().split('/').filter(|part| !part.contains('_')).collect::<Vec<_>>();
    parts.join("/")
}
