//! The checkout's end of the wallets' document: puts its frame on the page, tells it what is to be paid, and pays with what it gives.
//!
//! The frame is another origin's. Nothing that comes from it is believed beyond its shape: a token is checked by the server, and
//! what stands in the form's fields was put there by name.

mod config;
mod given;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use farthing_types::checkout::{CheckoutState, Field, FieldError};
use farthing_types::wallet::{HELLO, PROTOCOL};
use farthing_types::{Customer, Wallet};
use gloo_timers::callback::Timeout;
use js_sys::{Array, Object};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, Event, HtmlIFrameElement, MessageEvent, MessagePort};

use self::config::Offers;
use super::{send, wire};
use crate::errors;
use crate::event::CheckoutEvent;
use crate::form::control;
use crate::model::Model;
use crate::text;
use crate::wallets::apple_request::{self, contact_error};
use crate::wallets::google_request;

/// How long the answer of the server, which asks Apple, may take, milliseconds: the server waits ten seconds itself.
const SESSION_WITHIN: u32 = 20_000;
/// How long the document may take to say which buttons it has, milliseconds: vendors get eight seconds of it.
const SHOWN_WITHIN: u32 = 15_000;
/// What a frame of another origin may do: Google's sheet and Apple's code are windows of their own. It may not lead this page away.
const SANDBOX: &str = "allow-scripts allow-popups allow-same-origin allow-forms";
/// Asks for a new look at everything; the page's first script sends it too, when the shop has changed the theme.
const NEWS: &str = "farthing-news";
/// A number of buttons that nobody has.
const UNKNOWN: u32 = 9;
/// What the window is listened to for.
const EVENTS: [&str; 2] = ["message", NEWS];

/// Puts the wallets' frame where the checkout has a place for it, until the checkout is taken away.
pub(super) fn follow(model: Model) {
    let root = model.root.get_untracked();
    if let Some(place) =
        root.and_then(|root| root.query_selector(".pay > [data-frame]").ok().flatten())
    {
        open(model, place);
    }
}

/// Puts the wallets' frame into `place`, whose `data-frame` is its address.
pub(crate) fn open(model: Model, place: Element) {
    let link = StoredValue::new_local(Link::open(model, place));
    on_cleanup(move || {
        link.with_value(|link| {
            if let Some(link) = link {
                link.close();
            }
        });
    });
}

/// What is to be paid may have changed, or how it looks.
pub(super) fn tell() {
    if let Ok(event) = Event::new(NEWS) {
        // A window takes every event.
        let _ = window().dispatch_event(&event);
    }
}

type Listener = Closure<dyn Fn(Event)>;

/// The channel to the document.
struct Link {
    model: Model,
    /// Where the buttons stand. Its `data-shown` is how many there are, once that is known.
    place: Element,
    frame: HtmlIFrameElement,
    /// The wallets' origin.
    origin: String,
    offers: RefCell<Offers>,
    port: RefCell<Option<MessagePort>>,
    /// The first hears the window, the others ports.
    listeners: RefCell<Vec<Listener>>,
    /// How many buttons stand in the place, at most; more than there are while it is not known.
    count: Cell<u32>,
    /// Takes the place away if nothing is heard.
    _patience: Timeout,
}

impl Link {
    fn open(model: Model, place: Element) -> Option<Rc<Self>> {
        let src = place.get_attribute("data-frame")?;
        let frame: HtmlIFrameElement = document().create_element("iframe").ok()?.unchecked_into();
        for (name, value) in [
            ("title", text::WALLETS),
            ("allow", "payment"),
            ("sandbox", SANDBOX),
            ("referrerpolicy", "no-referrer"),
            ("src", &src),
        ] {
            frame.set_attribute(name, value).ok()?;
        }
        let link = Rc::new_cyclic(|weak: &std::rc::Weak<Self>| {
            let unheard = weak.clone();
            Self {
                model,
                place,
                origin: origin(&src).to_owned(),
                offers: RefCell::default(),
                port: RefCell::default(),
                listeners: RefCell::new(vec![listener(weak.clone(), Self::hear)]),
                frame,
                count: Cell::new(UNKNOWN),
                _patience: Timeout::new(SHOWN_WITHIN, move || {
                    if let Some(link) = unheard.upgrade().filter(|link| link.count.get() == UNKNOWN)
                    {
                        link.show(0);
                    }
                }),
            }
        });
        link.listen(true);
        link.place.append_child(&link.frame).ok()?;
        Some(link)
    }

    fn listen(&self, on: bool) {
        let listeners = self.listeners.borrow();
        let Some(hear) = listeners.first().map(|hear| hear.as_ref().unchecked_ref()) else {
            return;
        };
        for name in EVENTS {
            // A window always takes listeners.
            let _ = if on {
                window().add_event_listener_with_callback(name, hear)
            } else {
                window().remove_event_listener_with_callback(name, hear)
            };
        }
    }

    fn close(&self) {
        self.listen(false);
        if let Some(port) = self.port.take() {
            port.close();
        }
        self.frame.remove();
    }

    /// A word to the window. Only our own frame's document, from its exact origin, is heard.
    fn hear(self: &Rc<Self>, event: &Event) {
        if self.model.state.is_disposed() {
            return;
        }
        if event.type_() == NEWS {
            self.arrange();
            return self.tell_terms();
        }
        let event: &MessageEvent = event.unchecked_ref();
        let window = self.frame.content_window().map(JsValue::from);
        let ours = event.source().map(JsValue::from).is_some_and(|source| window == Some(source));
        let data = event.data();
        if !ours || event.origin() != self.origin || wire::number(&data, HELLO) != Some(PROTOCOL) {
            return;
        }
        let port = event.ports().get(0);
        if !port.is_object() {
            return;
        }
        let port: MessagePort = port.unchecked_into();
        if let Some(config) = wire::member(&data, "config") {
            self.offers.replace(Offers::read(&config));
        }
        let words = listener(Rc::downgrade(self), |link, event| {
            link.receive(&event.unchecked_ref::<MessageEvent>().data());
        });
        port.set_onmessage(Some(words.as_ref().unchecked_ref()));
        self.listeners.borrow_mut().push(words);
        // A document that was loaded again begins anew.
        if let Some(before) = self.port.replace(Some(port)) {
            before.close();
        }
        self.tell_terms();
    }

    fn post(&self, kind: &str, members: &[(&str, JsValue)]) {
        let message = Object::new();
        set(&message, "type", &kind.into());
        for (name, value) in members {
            set(&message, name, value);
        }
        if let Some(port) = &*self.port.borrow() {
            // Plain data can be posted.
            let _ = port.post_message(&message);
        }
    }

    /// Says what is to be paid, and what the vendors are to be asked.
    fn tell_terms(&self) {
        let terms = self.model.terms.get_value();
        let looks = Looks::of(&self.place);
        let (amount, currency) = (terms.amount, terms.currency.code());
        let exponent = terms.currency.exponent();
        let offers = self.offers.borrow();
        let apple_pay = offers.apple_pay.as_ref().filter(|_| looks.apple).map(|offer| {
            let request = apple_request::PaymentRequest::new(
                offer,
                amount,
                currency,
                exponent,
                &terms.ask,
                terms.application_data.as_deref(),
            );
            object(&[
                ("request", to_js(&request)),
                ("dark", looks.dark.into()),
                ("radius", (&looks.radius).into()),
                ("locale", (&looks.locale).into()),
            ])
        });
        let google_pay = offers.google_pay.as_ref().and_then(|offer| {
            let request =
                google_request::PaymentRequest::new(offer, amount, currency, exponent, &terms.ask)?;
            let locale = google_request::button_locale(&looks.locale);
            Some(object(&[
                ("request", to_js(&request)),
                ("environment", offer.environment.name().into()),
                ("color", if looks.dark { "white" } else { "black" }.into()),
                ("radius", (&looks.radius).into()),
                ("locale", locale.map_or(JsValue::UNDEFINED, JsValue::from)),
            ]))
        });
        let of = object(&[("attempt", (&terms.attempt).into()), ("version", terms.version.into())]);
        let dark = if looks.dark { "dark " } else { "light " };
        self.post(
            "terms",
            &[
                ("open", self.may_pay().into()),
                ("of", of),
                ("looks", [dark, &looks.radius, " ", &looks.locale].concat().into()),
                ("apple_pay", apple_pay.unwrap_or_default()),
                ("google_pay", google_pay.unwrap_or_default()),
            ],
        );
    }

    fn may_pay(&self) -> bool {
        matches!(self.model.state.get_untracked(), CheckoutState::Ready { .. })
            && !self.model.submitting.get_untracked()
    }

    fn receive(self: &Rc<Self>, data: &JsValue) {
        if self.model.state.is_disposed() {
            return;
        }
        match wire::text(data, "type").as_deref() {
            Some("shown") => {
                let names = wire::member(data, "wallets").unwrap_or_default();
                self.show(Array::from(&names).length());
            }
            Some("validate") => self.validate(wire::member(data, "turn").unwrap_or_default()),
            Some("token") => self.take(data),
            Some("failed") => self.fail(data),
            _ => {}
        }
    }

    /// So many buttons stand there. Fewer later, never more: what comes late must not make the form jump.
    fn show(&self, count: u32) {
        self.count.set(self.count.get().min(count));
        self.arrange();
    }

    /// Takes away the room of buttons that are not there, unless the shopper is typing: then nothing may move, and it is done later.
    fn arrange(&self) {
        let count = match self.count.get() {
            0 => "0",
            1 => "1",
            2 => "2",
            // Not known yet.
            _ => return,
        };
        let form = self.model.form.try_get_untracked().flatten();
        if count == "2" || !form.is_some_and(|form| form.matches(":focus-within").unwrap_or(false))
        {
            // Our own elements take our own attributes. It stays away for good.
            let _ = self.place.set_attribute("data-shown", count);
        }
    }

    /// A wallet could not be used, and not because the shopper wanted it so.
    fn fail(&self, message: &JsValue) {
        let Some(wallet) = wallet(message) else { return };
        let message = text::wallet_failed(wallet);
        if self.may_pay() {
            super::refuse(self.model, &message);
        }
        self.model.emit(CheckoutEvent::Error { code: "wallet", message });
    }

    /// Has the server ask Apple for a merchant session.
    fn validate(self: &Rc<Self>, turn: JsValue) {
        let Some(path) = self.model.terms.with_value(|terms| terms.path.clone()) else { return };
        let link = Rc::clone(self);
        spawn_local(async move {
            let url = [&path, "/apple-pay/session"].concat();
            let body = if wire::is_framed() { "{\"framed\":true}" } else { "{\"framed\":false}" };
            let answer = wire::ask(&url, Some(body.into()), SESSION_WITHIN).await;
            let session = answer.filter(|(ok, _)| *ok).map_or(JsValue::NULL, |(_, json)| json);
            link.post("merchant_session", &[("session", session), ("turn", turn)]);
        });
    }

    /// Takes a token. Its sheet is told if it leads to nothing, and the shopper where one was waited for.
    fn take(self: &Rc<Self>, message: &JsValue) {
        if self.pay(message).is_none() {
            self.answer(false, &[]);
            if self.may_pay() {
                self.fail(message);
            }
        }
    }

    /// Pays with a token. `None`: nobody waits for one, or it is not of the right shape.
    fn pay(self: &Rc<Self>, message: &JsValue) -> Option<()> {
        if !self.may_pay() {
            return None;
        }
        let wallet = wallet(message)?;
        let data = wire::member(message, "data")?;
        let fields = Object::new();
        given::add_token(&fields, wallet, &data)?;
        let errors = self.add_customer(&fields, wallet, &data);
        if !errors.is_empty() {
            self.answer(false, &errors);
            // Apple's sheet says it and stays; Google's is closed already.
            if wallet == Wallet::GooglePay {
                super::show_errors(self.model, errors);
            }
            return Some(());
        }
        // Of the terms that the shopper saw in the sheet: if the amount has changed since, the server refuses.
        let of = wire::member(message, "of")?;
        let attempt = wire::text(&of, "attempt")?;
        let fields = send::complete(&fields, &attempt, wire::number(&of, "version")?);
        self.model.errors.set(Vec::new());
        self.model.summary.set(false);
        let link = Rc::clone(self);
        let answered = Box::new(move |goes_on| link.answer(goes_on, &[]));
        send::deliver(self.model, fields, Some(answered));
        Some(())
    }

    /// Adds what the gateway requires of the shopper: as the wallet says, else as it was typed. The wallet's words go into the form,
    /// where they can be read and mended. What is wrong comes back.
    fn add_customer(&self, fields: &Object, wallet: Wallet, data: &JsValue) -> Vec<FieldError> {
        let form = self.model.form.get_untracked();
        let mut wrong = Vec::new();
        for field in self.model.terms.with_value(|terms| terms.ask.clone()) {
            let mut text = given::told(wallet, data, field).unwrap_or_default();
            let mut error = Customer::default().set(field, &text).err();
            if let Some(input) = form.as_ref().and_then(|form| control::of(form, field.name())) {
                let typed = input.value();
                if error.is_some() && Customer::default().set(field, &typed).is_ok() {
                    (text, error) = (typed, None);
                } else if !text.is_empty() {
                    input.set_value(&text);
                    control::tell_changed(&input);
                }
            }
            set(fields, field.name(), &JsValue::from_str(&text));
            if let Some(error) = error {
                let text = errors::customer(field, error);
                wrong.push(FieldError { field: Field::Customer(field), text });
            }
        }
        wrong
    }

    /// Tells the document what became of its token.
    fn answer(&self, ok: bool, errors: &[FieldError]) {
        let list = Array::new();
        for error in errors {
            let Field::Customer(field) = error.field else { continue };
            let (code, contact_field) = contact_error(field);
            // Apple's rules: without a full stop, and of 128 characters at most, which no sentence of ours has.
            let text = error.text.strip_suffix('.').unwrap_or(&error.text);
            list.push(&Array::of3(&code.into(), &contact_field.into(), &text.into()));
        }
        self.post("result", &[("ok", ok.into()), ("errors", list.into())]);
    }
}

/// How the checkout looks.
struct Looks {
    dark: bool,
    /// How round its buttons are, such as `10px`.
    radius: String,
    /// Its language, BCP 47.
    locale: String,
    /// Whether Apple Pay can come, as far as the page's first script knows.
    apple: bool,
}

impl Looks {
    /// As seen at an element of the checkout.
    fn of(element: &Element) -> Self {
        let style = window().get_computed_style(element).ok().flatten();
        let get = |name: &str| {
            style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default()
        };
        let root = document().document_element();
        let attribute = |name| root.as_ref().and_then(|root| root.get_attribute(name));
        Self {
            // The style sheet says so of every page that is dark, also where the shopper's system made it so.
            dark: get("color-scheme") == "dark",
            radius: get("border-top-left-radius"),
            locale: attribute("lang").unwrap_or_default(),
            apple: attribute("data-apple").as_deref() != Some("no"),
        }
    }
}

/// Calls a method of the link for as long as there is one.
fn listener(link: std::rc::Weak<Link>, call: fn(&Rc<Link>, &Event)) -> Listener {
    Closure::new(move |event: Event| {
        if let Some(link) = link.upgrade() {
            call(&link, &event);
        }
    })
}

fn wallet(message: &JsValue) -> Option<Wallet> {
    wire::text(message, "wallet")?.parse().ok()
}

/// A request as a plain object: maps are objects, and what is not there is left out.
fn to_js(request: &impl Serialize) -> JsValue {
    // Texts, numbers and lists: nothing in them can fail.
    request.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or_default()
}

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        set(&object, name, value);
    }
    object.into()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // An object of our own takes every member.
    let _ = js_sys::Reflect::set(object, &JsValue::from_str(name), value);
}

/// The origin of an absolute address.
fn origin(url: &str) -> &str {
    let mut slashes = url.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    slashes.nth(2).and_then(|(end, _)| url.get(..end)).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_an_address_is_its_scheme_and_host() {
        let url = "https://wallets.example:8443/wallets/apple_pay";
        assert_eq!(origin(url), "https://wallets.example:8443");
        assert_eq!(origin("http://localhost:8083/"), "http://localhost:8083");
        assert_eq!(origin("http://localhost:8083"), "http://localhost:8083");
    }
}
