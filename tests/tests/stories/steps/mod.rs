//! The steps of 3-D Secure: every one that an answer can ask for, with every end, wherever the checkout stands.

mod endings;
mod method;
mod plain;
mod resume;
mod stuck;
mod targets;

use farthing_stories::browser::Browser;
use farthing_stories::world::Session;
use farthing_stories::{Site, World, until};
use serde_json::{Value, json};

/// Where the checkout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On a page of its own.
    Page,
    /// In a shop's page.
    Shop(Site),
}

impl Place {
    const ALL: [Self; 3] = [Self::Page, Self::Shop(Site::Same), Self::Shop(Site::Cross)];

    fn site(self) -> Option<Site> {
        match self {
            Self::Page => None,
            Self::Shop(site) => Some(site),
        }
    }
}

/// One shopper on the way through one payment.
struct Walk<'a> {
    world: &'a World,
    browser: &'a Browser,
    place: Place,
    session: Session,
}

impl<'a> Walk<'a> {
    /// Opens the checkout.
    async fn open(world: &'a World, browser: &'a Browser, place: Place) -> Self {
        let session = world.session().await;
        browser.top().await;
        match place {
            Place::Page => {
                browser.open(&session.url).await;
                browser.until_live().await;
            }
            Place::Shop(site) => browser.open_shop(&world.shop_page(&session, site)).await,
        }
        Self { world, browser, place, session }
    }

    /// Opens the checkout and pays with the card that is challenged.
    async fn pay(world: &'a World, browser: &'a Browser, place: Place) -> Self {
        let walk = Self::open(world, browser, place).await;
        walk.submit().await;
        walk
    }

    async fn submit(&self) {
        self.browser.wait_for_state("ready").await;
        self.browser.type_card(&self.world.challenge_card()).await;
        self.browser.submit_card().await;
    }

    /// The attempt that is under way or over: the newest.
    async fn payment(&self) -> Value {
        until("a payment", async || {
            let payments = self.world.api.payments_of(&self.session.order_id).await;
            payments.into_iter().next()
        })
        .await
    }

    async fn payment_is(&self, status: &str) -> Value {
        let payment = self.payment().await;
        self.world.api.wait_for_status(payment["id"].as_str().unwrap(), status).await
    }

    /// Presses a button on the bank's page in front of the checkout, and looks at the checkout again.
    async fn answer(&self, button: &str) {
        self.browser.enter_bank().await;
        self.browser.press(button).await;
        self.back().await;
    }

    /// Looks at the checkout.
    async fn back(&self) {
        self.browser.leave_bank(self.place.site()).await;
    }

    /// Waits for the checkout's state, the bank's window gone.
    async fn ends(&self, state: &str) {
        self.back().await;
        self.browser.wait_for_state(state).await;
        self.browser.until_bank_is_gone().await;
        if self.place.site().is_some() {
            self.browser.top().await;
            assert_eq!(
                covered(self.browser).await,
                json!(false),
                "the shop's page is still covered"
            );
            self.browser.enter_checkout().await;
        }
    }

    /// At most one attempt of the order may be open.
    async fn one_open_attempt(&self) {
        let payments = self.world.api.payments_of(&self.session.order_id).await;
        let open = payments.iter().filter(|payment| {
            matches!(payment["status"].as_str(), Some("processing" | "requires_action"))
        });
        assert!(open.count() <= 1, "{payments:?}");
    }
}

/// Whether anything of the shop's page cannot be reached.
async fn covered(browser: &Browser) -> Value {
    browser
        .script("return !!document.querySelector('[inert]') || document.documentElement.style.overflow === 'hidden'")
        .await
}

/// While nobody knows the result, no word may call it good or bad.
fn neutral(text: &str) {
    for word in ["accepted", "failed", "declined", "did not go through", "successful"] {
        assert!(!text.to_lowercase().contains(word), "{word:?} in {text}");
    }
}

/// Waits until the gateway's ledger says that the order is over.
async fn over_at_gateway(world: &World, payment: &Value) -> Value {
    let id = payment["gateway_order_id"].as_str().unwrap();
    until("the gateway to be done", async || {
        world.sandbox.order(id).await.filter(|order| order["phase"] == "ended")
    })
    .await
}
