//! A shopper with little patience, and with a will of its own at the bank.

use std::time::{Duration, Instant};

use farthing_stories::form::Page;
use farthing_stories::world::fresh_order;
use farthing_stories::{Card, Shopper};
use tokio::time::{sleep, timeout};

use super::tab::{PAID_AFTER_ALL, RELOAD, Story, Tab};
use super::town::Town;
use super::wish::{AtBank, Kind, Submit, Try, Wish};

/// How long an order may take to be paid when everything works again.
const CALM: Duration = Duration::from_secs(25);

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The shopper looks at the checkout again.
    Looks,
    /// The window is closed for good.
    Leaves,
}

/// A shopper on the way.
#[derive(Debug)]
struct Visit {
    tab: Tab,
    /// What is done at the bank the next time that it asks.
    at_bank: Option<AtBank>,
}

/// Does what was wished, and gives what came of it.
pub(crate) async fn visit(town: Town, wish: Wish) -> Story {
    sleep(wish.arrives).await;
    let order_id = fresh_order();
    let checkout = match town.checkout(&order_id, wish.amount).await {
        Ok(Some(checkout)) => checkout,
        Ok(None) => return Story::failed(format!("{order_id} cannot have been paid before")),
        Err(problem) => return Story::failed(problem),
    };
    let tab = Tab { town, checkout, story: Story::default() };
    let mut visit = Visit { tab, at_bank: None };
    let parts = if wish.second_session { 2 } else { 1 };
    for tries in wish.tries.chunks(wish.tries.len().div_ceil(parts)) {
        visit.stay(tries, wish.patience, wish.pause).await;
        if !wish.second_session {
            continue;
        }
        match visit.tab.town.checkout(&order_id, wish.amount).await {
            Ok(Some(checkout)) => {
                visit.tab.note("second checkout");
                visit.tab.checkout = checkout;
            }
            Ok(None) => break,
            Err(problem) => visit.tab.story.problems.push(problem),
        }
    }
    Story { checkout: Some(visit.tab.checkout), ..visit.tab.story }
}

/// Comes back when everything has settled, and pays if `insists`. The state of the first page goes into the story.
pub(crate) async fn look_again(town: Town, mut story: Story, insists: bool) -> Story {
    let Some(checkout) = story.checkout.take() else { return story };
    let mut visit = Visit { tab: Tab { town, checkout, story }, at_bank: None };
    visit.look_again(insists).await;
    Story { checkout: Some(visit.tab.checkout), ..visit.tab.story }
}

impl Visit {
    /// Looks at the checkout again and again, until the payment is over or patience is.
    async fn stay(&mut self, tries: &[Try], patience: Duration, pause: Duration) {
        let start = Instant::now();
        let mut tries = tries.iter();
        let mut last = "lost patience with no page at all";
        while start.elapsed() < patience {
            let Some(page) = self.tab.open("").await else { continue };
            last = match page.state() {
                "challenge" => "lost patience on the way to the bank",
                _ => "lost patience with \"processing\"",
            };
            let then = match page.state() {
                "paid" | "review" | "failed" | "expired" => return,
                "ready" => match tries.next() {
                    Some(wish) => self.pay(&page, *wish).await,
                    None => return,
                },
                "challenge" => self.face_the_bank().await,
                _ => Then::Looks,
            };
            if then == Then::Leaves {
                return;
            }
            sleep(pause).await;
        }
        self.tab.note(last);
    }

    async fn look_again(&mut self, insists: bool) {
        const SIMPLY: Try = Try {
            card: Kind::Good,
            submit: Submit::Once,
            repeats: false,
            at_bank: AtBank::Approve,
        };
        let start = Instant::now();
        while start.elapsed() < CALM {
            let Some(page) = self.tab.open("").await else { continue };
            if self.tab.story.settled_state.is_empty() {
                page.state().clone_into(&mut self.tab.story.settled_state);
                if !insists || page.state() != "ready" {
                    return;
                }
                self.tab.note(PAID_AFTER_ALL);
            }
            match page.state() {
                "paid" => return,
                "ready" => drop(self.pay(&page, SIMPLY).await),
                "challenge" => drop(self.face_the_bank().await),
                _ => sleep(RELOAD).await,
            }
        }
        self.tab.problem("cannot be paid although everything works again");
    }

    /// Fills in the form and sends it as wished.
    async fn pay(&mut self, page: &Page, wish: Try) -> Then {
        self.at_bank = Some(wish.at_bank);
        let card = self.tab.town.card(wish.card).clone();
        let fields = Shopper::filled(page, &card);
        let action = page.url.join(&page.card_form().action).expect("a URL").to_string();
        let browser = self.tab.town.browser.clone();
        let send = || browser.try_post(&action, &fields);
        let answer = match wish.submit {
            Submit::Once => send().await,
            Submit::Twice => {
                self.tab.note("submit twice");
                let (first, second) = tokio::join!(send(), send());
                self.tab.look_at(second.as_ref());
                first
            }
            Submit::TwoTabs => self.pay_in_two_tabs(&card, send()).await,
            Submit::HangUp(after) => {
                self.tab.note("hang up on the submit");
                timeout(after, send()).await.ok().flatten()
            }
        };
        let answer = match answer {
            None if wish.repeats => {
                self.tab.note("same form again");
                sleep(RELOAD).await;
                send().await
            }
            answer => answer,
        };
        match answer {
            Some(page) => self.go_on(page).await,
            None => Then::Looks,
        }
    }

    /// Sends a second form, with a key of its own, beside the first one.
    async fn pay_in_two_tabs(
        &mut self,
        card: &Card,
        first: impl Future<Output = Option<Page>>,
    ) -> Option<Page> {
        let other = self.tab.open("").await.filter(|page| page.state() == "ready");
        let Some(other) = other else { return first.await };
        self.tab.note("two tabs");
        let fields = Shopper::filled(&other, card);
        let action = other.url.join(&other.card_form().action).expect("a URL");
        let browser = self.tab.town.browser.clone();
        let (first, second) = tokio::join!(first, browser.try_post(action.as_str(), &fields));
        self.tab.look_at(second.as_ref());
        first
    }

    async fn face_the_bank(&mut self) -> Then {
        match self.tab.open("/step").await {
            Some(page) => self.go_on(page).await,
            None => Then::Looks,
        }
    }

    /// Goes on from a page; answers the bank if it asks.
    async fn go_on(&mut self, page: Page) -> Then {
        let Some(page) = self.tab.walk(page).await else { return Then::Looks };
        if page.html.form_with_button("Approve").is_none() {
            return Then::Looks;
        }
        let act = self.at_bank.take().unwrap_or(AtBank::Approve);
        self.tab.note(act.name());
        match act {
            AtBank::Approve => self.press(&page, "Approve").await,
            AtBank::Decline => self.press(&page, "Decline").await,
            AtBank::Cancel => self.press(&page, "Cancel").await,
            AtBank::Back => {}
            AtBank::ComeBack(after) => sleep(after).await,
            AtBank::Leave => return Then::Leaves,
            AtBank::HangUp(after) => {
                let pressed = self.tab.town.browser.try_press(&page, "Approve");
                let _ = timeout(after, pressed).await;
            }
            AtBank::TwoAnswers => {
                let browser = self.tab.town.browser.clone();
                let press = |button| browser.try_press(&page, button);
                let (first, _) = tokio::join!(press("Approve"), press("Decline"));
                if let Some(first) = first {
                    self.tab.walk(first).await;
                }
            }
            AtBank::ReturnByHand { approves } => {
                self.tab.return_by_hand().await;
                if approves {
                    self.press(&page, "Approve").await;
                }
            }
        }
        Then::Looks
    }

    async fn press(&mut self, page: &Page, button: &str) {
        if let Some(answer) = self.tab.town.browser.try_press(page, button).await {
            self.tab.walk(answer).await;
        }
    }
}
