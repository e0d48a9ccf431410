//! A shopper with wallets in a browser: the buttons in the checkout, and the vendors' sheets, which are windows of their own.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::live::PAY;
use crate::shop::Site;
use crate::wait::{self, until};
use crate::world::{Session, World};

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

    /// What its sheet shows at its end. Apple's waits for the gateway and says how it ended: `refused` or not. Google's has done its part
    /// before.
    pub const fn last_view(self, refused: bool) -> &'static str {
        match self {
            Self::Apple if refused => "failed",
            Self::Apple | Self::Google => "done",
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
    /// In a shop's page.
    Shop(Site),
}

impl Place {
    /// In a shop on the same site.
    pub const SHOP: Self = Self::Shop(Site::Same);
    /// On a page of its own, and in a shop on the same site.
    pub const BOTH: [Self; 2] = [Self::Page, Self::SHOP];
    /// These, and a shop on another site.
    pub const ALL: [Self; 3] = [Self::Page, Self::SHOP, Self::Shop(Site::Named)];

    /// The shop's.
    pub const fn site(self) -> Option<Site> {
        match self {
            Self::Page => None,
            Self::Shop(site) => Some(site),
        }
    }
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

/// Keeps what the checkout sends of a payment, also over a reload; but nothing of a card, which must not be found afterwards.
const KEEP_SENT: &str = "
    sessionStorage.clear();
    const send = window.fetch;
    window.fetch = (request, options) => {
        if (request instanceof Request && request.url.endsWith('/payments'))
            request.clone().text().then(body => {
                const {attempt, version, google_pay_token, apple_pay_token} = JSON.parse(body);
                sessionStorage.setItem(sessionStorage.length, JSON.stringify({attempt, version, google_pay_token, apple_pay_token}));
            });
        return send(request, options);
    };
    return true";

/// Keeps what the wallets' document asks the vendors for, and asks them.
const KEEP_REQUESTS: &str = "
    window.requests = {};
    const copy = value => JSON.parse(JSON.stringify(value));
    const {prototype} = google.payments.api.PaymentsClient, {loadPaymentData} = prototype;
    prototype.loadPaymentData = function (request) {
        window.requests.google_pay = copy(request);
        return loadPaymentData.call(this, request);
    };
    window.ApplePaySession = new Proxy(window.ApplePaySession, {
        construct(target, [version, request]) {
            window.requests.apple_pay = copy(request);
            return new target(version, request);
        },
    });
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
        let purse = Self::arrive(world, browser, place, changes).await;
        purse.until_known().await;
        purse
    }

    /// The same, but does not wait for the buttons.
    pub async fn arrive(
        world: &'a World,
        browser: &'a Browser,
        place: Place,
        changes: Value,
    ) -> Self {
        let mut order = changes;
        if let Some(site) = place.site() {
            // Apple's session is for one page of the shop's.
            order["origin"] = json!(world.shop.origin(site));
        }
        let session = world.session_with(order).await;
        browser.top().await;
        let page = browser.client.window().await.expect("a window");
        let purse = Self { browser, session, world, place, page };
        let address = match place {
            Place::Page => purse.session.url.clone(),
            Place::Shop(site) => world.shop_page(&purse.session, site),
        };
        browser.open(&address).await;
        purse.look().await;
        browser.until_live().await;
        browser.script(KEEP_SENT).await;
        purse
    }

    /// Waits until the checkout knows which buttons it has.
    pub async fn until_known(&self) {
        let known = "const place = document.querySelector('.wallets'); return !place || place.hasAttribute('data-shown')";
        self.browser.until_script("the wallets' buttons to be known", known).await;
    }

    /// Looks at the page that the checkout stands in.
    pub async fn leave_sheet(&self) {
        self.browser.show_tab(&self.page).await;
        self.browser.top().await;
    }

    /// Looks at the checkout, in whichever window it stands.
    pub async fn look(&self) {
        self.leave_sheet().await;
        if self.place.site().is_some() {
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

    /// Taps a wallet's button, as somebody whose hands have left the form. A driver's are quicker than any: at its speed a frame that takes
    /// the focus is a thief to the page (`www/frame/boot.js`).
    pub async fn tap(&self, wallet: Wallet) {
        self.look().await;
        let leave = "document.body.tabIndex = -1; document.body.focus();
             document.body.removeAttribute('tabindex'); return true";
        self.browser.script(leave).await;
        self.enter_buttons().await;
        self.browser.find(wallet.button()).await.click().await.expect("a button");
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

    /// Taps as one movement of the hand: all of these buttons, one right after the other.
    pub async fn tap_fast(&self, wallets: &[Wallet]) {
        self.enter_buttons().await;
        let mut hand = MouseActions::new("hand".to_owned());
        for wallet in wallets {
            let element = self.browser.find(wallet.button()).await;
            hand =
                hand.then(PointerAction::MoveToElement { element, duration: None, x: 0., y: 0. });
            hand = hand.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
            hand = hand.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        }
        self.browser.client.perform_actions(hand).await.expect("a hand");
    }

    /// Looks at the sheet that is open. It stays until [`Purse::until_ended`], however it ends: its last words can be read.
    pub async fn sheet(&self) {
        let sheet = until("a sheet", async || self.sheets().await.pop()).await;
        self.browser.show_tab(&sheet).await;
        self.browser.find("#wallet").await;
        self.browser
            .script("window.close = () => { window.wantsToClose = true; }; return true")
            .await;
    }

    /// Waits until the sheet that is looked at says this at its end, and wants to close. Looks at the page then; gives the words.
    pub async fn until_ended(&self, view: &str) -> String {
        self.until_view(view).await;
        let said = self.browser.find("#status").await.text().await.expect("a text");
        self.close_sheet().await;
        said
    }

    /// Waits until the sheet that is looked at wants to close, and lets it. Looks at the page then.
    pub async fn close_sheet(&self) {
        self.browser
            .until_script("the sheet to close", "return window.wantsToClose === true")
            .await;
        self.browser.client.close_window().await.expect("a window");
        self.leave_sheet().await;
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

    /// Pays in the sheet that is looked at, and looks at the checkout when the sheet has said this at its end.
    pub async fn pay_until(&self, card: &str, view: &str) {
        self.pay(card).await;
        self.until_ended(view).await;
        self.look().await;
    }

    /// The checkout does not want the open sheet's token any more: Apple's is closed from its side. Google's cannot be closed by a page;
    /// it is paid in, and what it gives is dropped. Looks at the checkout then.
    pub async fn until_dropped(&self, wallet: Wallet) {
        match wallet {
            Wallet::Apple => self.until_closed().await,
            Wallet::Google => {
                self.sheet().await;
                self.pay_until(GOOD, "done").await;
            }
        }
    }

    /// Ends the sheet in another way, by the button of this text.
    pub async fn ending(&self, text: &str) {
        self.browser.script("document.querySelector('details').open = true; return true").await;
        self.browser.press(text).await;
    }

    /// Cancels the sheet, and looks at the checkout.
    pub async fn cancel(&self) {
        self.browser.find("#cancel").await.click().await.expect("a button");
        self.close_sheet().await;
        self.look().await;
    }

    /// Waits until the sheet was closed from the checkout's side, and looks at the checkout.
    pub async fn until_closed(&self) {
        until("the sheet to be closed", async || self.sheets().await.is_empty().then_some(()))
            .await;
        self.look().await;
    }

    /// Taps, pays in the sheet, and looks at the checkout when the sheet is gone, as it goes where the payment is `refused` or not.
    pub async fn pay_with(&self, wallet: Wallet, card: &str, refused: bool) {
        self.open_sheet(wallet).await;
        self.pay_until(card, wallet.last_view(refused)).await;
    }

    /// Waits for a wallet's failure as the shop hears of it.
    pub async fn wait_for_error(&self, code: &str) -> Value {
        let error = until("the shop to hear of it", async || {
            let events = self.browser.events().await;
            events
                .into_iter()
                .find(|event| event.kind == "farthing-error" && event.detail["code"] == code)
        })
        .await;
        self.look().await;
        error.detail
    }

    /// The checkout is paid: so says the page, and so the store. What was sent is from now on looked for.
    pub async fn is_paid(&self, wallet: Wallet) -> Value {
        self.browser.wait_for_state("paid").await;
        assert!(!self.sent().await.is_empty(), "nothing of what was sent is known");
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

    /// The notices that can be read above the form.
    pub async fn notices(&self) -> String {
        let said = "return [...document.querySelectorAll('.notice')].filter(one => one.checkVisibility()).map(one => one.innerText).join(' ')";
        self.browser.script(said).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a notice says this.
    pub async fn until_noticed(&self, text: &str) {
        until(&format!("the notice {text:?}"), async || {
            self.notices().await.contains(text).then_some(())
        })
        .await;
    }

    /// Keeps what the vendors are asked from now on.
    pub async fn watch_requests(&self) {
        self.enter_buttons().await;
        self.browser.script(KEEP_REQUESTS).await;
    }

    /// What the vendor was asked for the last sheet. [`Purse::watch_requests`] comes first.
    pub async fn request(&self, wallet: Wallet) -> Value {
        self.enter_buttons().await;
        self.browser.script(&format!("return window.requests.{}", wallet.name())).await
    }

    /// Waits until the pay button names this total.
    pub async fn until_total(&self, total: &str) {
        until(&format!("the total {total}"), async || {
            let button = self.browser.client.find(Locator::Css(PAY)).await.ok()?;
            button.text().await.ok()?.contains(total).then_some(())
        })
        .await;
    }

    /// The checkout can be paid, and says nothing of a failure.
    pub async fn is_untouched(&self) {
        self.browser.wait_for_state("ready").await;
        assert_eq!(self.notices().await, "", "a notice without a reason");
    }

    /// Changes the amount, as the merchant does.
    pub async fn change_amount(&self, amount: u64) {
        let body = json!({"amount": amount}).to_string();
        let path = format!("/v1/sessions/{}", self.session.id);
        let key = crate::api::fresh_key();
        let answer = self.world.api.send("PATCH", &path, Some(&key), Some(body.as_bytes())).await;
        answer.expect("an answer").expect(200);
    }

    /// Ends the session, as the merchant does.
    pub async fn expire(&self) {
        let path = format!("/v1/sessions/{}/expire", self.session.id);
        self.world.api.post(&path, &json!({})).await.expect(200);
    }

    /// What the checkout has sent as payments, oldest first: keys, version and tokens.
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
