//! Where buttons, sheets and the checkout meet: what a tap, a token and an answer lead to.

use std::cell::Cell;
use std::rc::Rc;

use farthing_types::Wallet;
use js_sys::{Array, Function};
use wasm_bindgen::JsValue;
use web_sys::{Document, MessagePort};

use crate::apple::Apple;
use crate::flow::{Flow, Turn};
use crate::google::Google;
use crate::js;

/// Why a sheet ended without a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The shopper closed it, or the system did.
    Closed,
    /// It may work next time.
    Busy,
    /// It never will here: the merchant or this program is wrong.
    Unusable,
}

/// What the checkout told last.
pub(crate) struct Terms {
    looks: JsValue,
    /// Given back with a token: the checkout knows by it what the shopper saw.
    pub(crate) of: JsValue,
    /// What Google's client is told.
    pub(crate) google: JsValue,
    /// What Apple's session is told.
    pub(crate) apple: JsValue,
}

/// The document's one desk. Lives as long as the document.
pub(crate) struct Desk {
    document: Document,
    port: MessagePort,
    flow: Cell<Flow>,
    terms: Cell<Option<Rc<Terms>>>,
    apple: Apple,
    google: Google,
    /// How many tokens were handed over.
    tokens: Cell<u32>,
    /// Whether each wallet can be used, in the order of [`Wallet::ALL`]; nothing until it is known.
    usable: [Cell<Option<bool>>; 2],
}

impl Desk {
    /// For the checkout at the other end of `port`; wallets that are not offered are known not to be there.
    pub(crate) fn new(document: Document, port: MessagePort, offered: [bool; 2]) -> Self {
        Self {
            document,
            port,
            flow: Cell::default(),
            terms: Cell::default(),
            apple: Apple::default(),
            google: Google::default(),
            tokens: Cell::new(0),
            usable: offered.map(|offered| Cell::new((!offered).then_some(false))),
        }
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    pub(crate) fn apple(&self) -> &Apple {
        &self.apple
    }

    pub(crate) fn google(&self) -> &Google {
        &self.google
    }

    pub(crate) fn terms(&self) -> Option<Rc<Terms>> {
        let terms = self.terms.take();
        self.terms.set(terms.clone());
        terms
    }

    fn flow<T>(&self, change: impl FnOnce(&mut Flow) -> T) -> T {
        let mut flow = self.flow.get();
        let result = change(&mut flow);
        self.flow.set(flow);
        result
    }

    /// A message of the checkout. `true` if these are its first terms.
    pub(crate) fn receive(&'static self, data: &JsValue) -> bool {
        match js::text(data, "type").as_deref() {
            Some("terms") => return self.adopt(data),
            Some("merchant_session") => {
                // An answer that comes late is for a sheet that has gone, and says nothing of the one that is open now.
                let turn = self.flow(|flow| flow.shown());
                let turn = turn.filter(|turn| js::get(data, "turn") == turn.number());
                if let Some(turn) = turn
                    && !self.apple.validated(&js::get(data, "session"))
                {
                    self.fail(turn, Wallet::ApplePay, Failure::Busy);
                    self.apple.close();
                }
            }
            Some("result") => {
                let errors = Apple::errors(&js::get(data, "errors"));
                if self.flow(|flow| flow.settle(errors.length() > 0)) == Some(Wallet::ApplePay) {
                    self.apple.complete(js::get(data, "ok").is_truthy(), &errors);
                }
            }
            _ => {}
        }
        false
    }

    fn adopt(&'static self, data: &JsValue) -> bool {
        let open = js::get(data, "open").is_truthy();
        if self.flow(|flow| flow.set_open(open)) == Some(Wallet::ApplePay) {
            // Google's sheet cannot be closed from here; what it gives is not wanted any more.
            self.apple.close();
        }
        let terms = Rc::new(Terms {
            looks: js::get(data, "looks"),
            of: js::get(data, "of"),
            google: js::get(data, Wallet::GooglePay.name()),
            apple: js::get(data, Wallet::ApplePay.name()),
        });
        let before = self.terms.replace(Some(Rc::clone(&terms)));
        let first = before.is_none();
        if before.is_none_or(|before| before.looks != terms.looks) {
            for wallet in Wallet::ALL {
                self.draw(wallet);
            }
            self.tell_shown();
        }
        first
    }

    /// A wallet can be used here, or it is known that it cannot. What is known stays: nothing may jump later.
    pub(crate) fn settle_wallet(&'static self, wallet: Wallet, usable: bool) {
        if self.slot(wallet).get().is_none() {
            self.slot(wallet).set(Some(usable));
            self.draw(wallet);
            self.tell_shown();
        }
    }

    fn draw(&'static self, wallet: Wallet) {
        let Some(place) = self.document.get_element_by_id(wallet.name()) else { return };
        let slot = self.slot(wallet);
        if let Some(terms) = self.terms().filter(|_| slot.get() == Some(true)) {
            let button = match wallet {
                Wallet::ApplePay => self.apple.button(&self.document, &terms, &self.tapped(wallet)),
                Wallet::GooglePay => self.google.button(&terms, &self.tapped(wallet)),
            };
            match button {
                Some(button) => place.replace_children_with_node_1(&button),
                None => slot.set(Some(false)),
            }
        }
        if slot.get() == Some(false) {
            place.remove();
        }
    }

    fn tapped(&'static self, wallet: Wallet) -> Function {
        js::function(move |_| {
            let Some(terms) = self.terms() else { return };
            let Some(turn) = self.flow(|flow| flow.tap(wallet)) else { return };
            match wallet {
                Wallet::ApplePay => self.apple.open(self, turn, &terms),
                Wallet::GooglePay => self.google.open(self, turn, &terms),
            }
        })
    }

    const fn slot(&self, wallet: Wallet) -> &Cell<Option<bool>> {
        let [apple, google] = &self.usable;
        match wallet {
            Wallet::ApplePay => apple,
            Wallet::GooglePay => google,
        }
    }

    /// Says which buttons stand there, as soon as it is known of all.
    fn tell_shown(&self) {
        let names = Array::new();
        for wallet in Wallet::ALL {
            match self.slot(wallet).get() {
                Some(true) => drop(names.push(&wallet.name().into())),
                Some(false) => {}
                None => return,
            }
        }
        self.post("shown", &[("wallets", &names)]);
    }

    /// Apple wants a merchant session for this sheet.
    pub(crate) fn validate(&'static self, turn: Turn) {
        if self.flow(|flow| flow.shown()) == Some(turn) {
            self.post("validate", &[("turn", &turn.number().into())]);
        }
    }

    /// Sends a token to the checkout. `false`: nobody wants it any more.
    pub(crate) fn hand_over(
        &'static self,
        turn: Turn,
        wallet: Wallet,
        data: &JsValue,
        of: &JsValue,
    ) -> bool {
        let stays = wallet == Wallet::ApplePay;
        let wanted = self.flow(|flow| flow.token(turn, stays));
        if wanted {
            let token = self.tokens.get().wrapping_add(1);
            self.tokens.set(token);
            if stays {
                Apple::wait(self, turn, token);
            }
            self.post("token", &[("wallet", &wallet.name().into()), ("data", data), ("of", of)]);
        }
        wanted
    }

    /// A sheet has ended without a token; or after its token, and then nothing is said.
    pub(crate) fn fail(&'static self, turn: Turn, wallet: Wallet, failure: Failure) {
        let is_end = self.flow(|flow| flow.gone(turn));
        if !is_end || failure == Failure::Closed {
            return;
        }
        self.post("failed", &[("wallet", &wallet.name().into())]);
        if failure == Failure::Unusable {
            self.slot(wallet).set(Some(false));
            self.draw(wallet);
            self.tell_shown();
        }
    }

    /// Apple's sheet has waited for an answer as long as it can.
    pub(crate) fn is_late(&self, turn: Turn, token: u32) {
        if self.tokens.get() == token && self.flow(|flow| flow.late(turn)) {
            // The answer will still come, and the checkout shows it.
            self.apple.complete(false, &Array::new());
        }
    }

    fn post(&self, kind: &str, members: &[(&str, &JsValue)]) {
        // A checkout that has gone takes its frame with it.
        let _ = self.port.post_message(&js::message(kind, members));
    }
}
