//! A shopper with wallets in a browser: the buttons in the checkout, and the vendors' sheets, which are windows of their own.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator;
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::shop::Site;
use crate::wait::{self, until};
use crate::world::{Session, World, merge};

/// Succeeds at once with either wallet: docs/sandbox.md, "Test cards".
pub const GOOD: &str = "4012000000003010";
/// A card on file with Google, which asks the bank; with Apple it succeeds at once.
pub const ON_FILE: &str = "4003830171874018";
/// Is refused for want of money.
pub const POOR: &str = "5555555555554444";

/// A wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wallet {
    /// Apple Pay, as its JavaScript SDK brings it.
    Apple,
    /// Google Pay.
    Google,
}

impl Wallet {
    /// Both, in the order of their buttons.
    pub const BOTH: [Self; 2] = [Self::Apple, Self::Google];

    /// As the product names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apple => "apple_pay",
            Self::Google => "google_pay",
        }
    }

    /// Its button, in the wallets' own document.
    const fn button(self) -> &'static str {
        match self {
            Self::Apple => "#apple_pay apple-pay-button",
            Self::Google => "#google_pay .gpay-button",
        }
    }
}

impl fmt::Display for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the checkout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a page of its own.
    Page,
    /// In a shop's page, on the same site.
    Shop,
}

impl Place {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Page, Self::Shop];
}

/// A checkout that is open in a browser, and its sheets.
#[derive(Debug)]
pub struct Purse<'a> {
    /// For whatever is done beside the wallets.
    pub browser: &'a Browser,
    /// What is paid.
    pub session: Session,
    world: &'a World,
    place: Place,
    page: WindowHandle,
}

/// Keeps what the checkout sends of a payment, also over a reload.
const KEEP_SENT: &str = "
    sessionStorage.clear();
    const send = window.fetch;
    window.fetch = (request, options) => {
        if (request instanceof Request && request.url.endsWith('/payments'))
            request.clone().text().then(body => sessionStorage.setItem(sessionStorage.length, body));
        return send(request, options);
    };
    return true";

impl<'a> Purse<'a> {
    /// Opens a new session's checkout, and waits until it is known which buttons stand there.
    pub async fn open(world: &'a World, browser: &'a Browser, place: Place) -> Self {
        Self::open_with(world, browser, place, json!({})).await
    }

    /// The same where the session's order has these members instead.
    pub async fn open_with(
        world: &'a World,
        browser: &'a Browser,
        place: Place,
        changes: Value,
    ) -> Self {
        let mut order = match place {
            Place::Page => json!({}),
            // Apple's session is for one page of the shop's.
            Place::Shop => json!({"origin": world.shop.origin(Site::Same)}),
        };
        merge(&mut order, changes);
        let session = world.session_with(order).await;
        browser.top().await;
        let page = browser.client.window().await.expect("a window");
        let purse = Self { browser, session, world, place, page };
        let address = match place {
            Place::Page => purse.session.url.clone(),
            Place::Shop => world.shop_page(&purse.session, Site::Same),
        };
        browser.open(&address).await;
        purse.look().await;
        browser.until_live().await;
        browser.script(KEEP_SENT).await;
        purse.until_known().await;
        purse
    }

    /// Waits until the checkout knows which buttons it has.
    pub async fn until_known(&self) {
        let known = "const place = document.querySelector('.wallets'); return !place || place.hasAttribute('data-shown')";
        self.browser.until_script("the wallets' buttons to be known", known).await;
    }

    /// Looks at the checkout, in whichever window it stands.
    pub async fn look(&self) {
        self.browser.show_tab(&self.page).await;
        self.browser.top().await;
        if self.place == Place::Shop {
            self.browser.enter_checkout().await;
        }
    }

    /// How many buttons the checkout says that it has; nothing while that is not known.
    pub async fn shown(&self) -> Option<String> {
        self.look().await;
        let place = self.browser.client.find(Locator::Css(".wallets")).await.ok()?;
        place.attr("data-shown").await.ok()?
    }

    /// Waits until it has so many. Without any nothing of them can be seen.
    pub async fn until_shown(&self, count: &str) {
        until(&format!("{count} buttons"), async || {
            (self.shown().await.as_deref() == Some(count)).then_some(())
        })
        .await;
        let seen = "return document.querySelector('.wallets').checkVisibility()";
        assert_eq!(self.browser.script(seen).await, json!(count != "0"), "{count} buttons");
    }

    /// Looks into the wallets' own document.
    pub async fn enter_buttons(&self) {
        self.look().await;
        self.browser.find(".wallets iframe").await.enter_frame().await.expect("a frame");
    }

    /// Whether a wallet's button stands there.
    pub async fn has_button(&self, wallet: Wallet) -> bool {
        self.enter_buttons().await;
        let has = self.browser.has(wallet.button()).await;
        self.look().await;
        has
    }

    /// Taps a wallet's button as often as told, as fast as a browser can be told.
    pub async fn tap_times(&self, wallet: Wallet, times: u32) {
        self.enter_buttons().await;
        let button = self.browser.find(wallet.button()).await;
        for _ in 0..times {
            button.click().await.expect("a button");
        }
    }

    /// Taps a wallet's button.
    pub async fn tap(&self, wallet: Wallet) {
        self.tap_times(wallet, 1).await;
    }

    /// Taps a wallet's button and looks at its sheet, which lets the shopper choose.
    pub async fn open_sheet(&self, wallet: Wallet) {
        self.tap(wallet).await;
        self.sheet().await;
        self.until_view("choosing").await;
    }

    /// The windows beside that of the checkout.
    pub async fn sheets(&self) -> Vec<WindowHandle> {
        let windows = self.browser.client.windows().await.expect("windows");
        windows.into_iter().filter(|window| *window != self.page).collect()
    }

    /// Looks at the sheet that is open.
    pub async fn sheet(&self) {
        let sheet = until("a sheet", async || self.sheets().await.pop()).await;
        self.browser.show_tab(&sheet).await;
    }

    /// Waits until the sheet that is looked at shows one of these.
    pub async fn until_view(&self, view: &str) {
        let script = "return document.querySelector('#wallet').dataset.view";
        let last = wait::until_or_last(async || {
            let now = self.browser.try_script(script).await;
            if now == Some(json!(view)) { Ok(()) } else { Err(now) }
        })
        .await;
        if let Err(last) = last {
            let text = self.browser.text().await;
            panic!("the sheet shows {last:?} instead of {view}, in {:?}: {text}", self.place);
        }
    }

    /// Chooses a card in the sheet.
    pub async fn choose(&self, card: &str) {
        let css = format!("input[name=card][value=\"{card}\"]");
        self.browser.find(&css).await.click().await.expect("a card");
    }

    /// Pays in the sheet with a card.
    pub async fn pay(&self, card: &str) {
        self.choose(card).await;
        self.browser.find("#pay").await.click().await.expect("a button");
    }

    /// Ends the sheet in another way, by the button of this text.
    pub async fn ending(&self, text: &str) {
        self.browser.script("document.querySelector('details').open = true; return true").await;
        self.browser.press(text).await;
    }

    /// Cancels the sheet.
    pub async fn cancel(&self) {
        self.browser.find("#cancel").await.click().await.expect("a button");
    }

    /// Waits until no sheet is open any more, and looks at the checkout.
    pub async fn back(&self) {
        until("the sheet to be closed", async || self.sheets().await.is_empty().then_some(()))
            .await;
        self.look().await;
    }

    /// Taps, pays in the sheet, and looks at the checkout when the sheet is gone. Apple's sheet says how it ended.
    pub async fn pay_with(&self, wallet: Wallet, card: &str, ended: &str) {
        self.open_sheet(wallet).await;
        self.pay(card).await;
        if wallet == Wallet::Apple {
            self.until_view(ended).await;
        }
        self.back().await;
    }

    /// The checkout is paid: so says the page, and so the store. What was sent is from now on looked for.
    pub async fn is_paid(&self, wallet: Wallet) -> Value {
        self.browser.wait_for_state("paid").await;
        self.watch_sent().await;
        let payments = self.payments().await;
        let paid = payments.iter().filter(|payment| payment["status"] == "paid");
        let paid = paid.cloned().collect::<Vec<_>>();
        assert_eq!(paid.len(), 1, "{payments:?}");
        assert_eq!(paid[0]["method"], wallet.name(), "{payments:?}");
        paid[0].clone()
    }

    /// Whether a button can be seen.
    pub async fn shows_buttons(&self) -> bool {
        let seen = "const frame = document.querySelector('.wallets iframe'); return !!frame && frame.checkVisibility()";
        self.browser.script(seen).await == json!(true)
    }

    /// All attempts of the order, newest first.
    pub async fn payments(&self) -> Vec<Value> {
        self.world.api.payments_of(&self.session.order_id).await
    }

    /// The checkout can be paid, and says nothing of a failure.
    pub async fn is_untouched(&self) {
        self.browser.wait_for_state("ready").await;
        let said = "return [...document.querySelectorAll('[role=alert], .notice, [aria-invalid=true]')]
            .filter(one => one.checkVisibility()).map(one => one.innerText.trim()).filter(text => text !== '')";
        assert_eq!(self.browser.script(said).await, json!([]), "a notice without a reason");
    }

    /// What the checkout has sent as payments, oldest first.
    pub async fn sent(&self) -> Vec<Value> {
        let sent = "return [...Array(sessionStorage.length).keys()].map(number => sessionStorage.getItem(number))";
        let sent = self.browser.script(sent).await;
        let bodies = sent.as_array().into_iter().flatten().filter_map(Value::as_str);
        bodies.map(|body| serde_json::from_str(body).expect("JSON")).collect()
    }

    /// From now on, the tokens that the checkout has sent are searched for in store and logs.
    pub async fn watch_sent(&self) {
        for fields in self.sent().await {
            let text = |name: &str| fields[name].as_str();
            let google = text("google_pay_token").map(|token| {
                let token = STANDARD.decode(token).expect("base64");
                serde_json::from_slice::<Value>(&token).expect("JSON")["signature"].clone()
            });
            let apple = text("apple_pay_token").map(|token| {
                let token = serde_json::from_str::<Value>(token).expect("JSON");
                token["paymentData"]["data"].clone()
            });
            for part in google.into_iter().chain(apple) {
                let part = part.as_str().expect("a text");
                self.world.watch_token(part.get(8..56).expect("a long text"));
            }
        }
    }
}
