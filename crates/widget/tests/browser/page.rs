//! A checkout mounted in the test's document, and a shopper's hands.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use farthing_types::CustomerField;
use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView};
use farthing_widget::{Checkout, CheckoutEvent, Model};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlFormElement, HtmlInputElement};

pub(crate) const READY: CheckoutState = CheckoutState::Ready { declined: None, wait_seconds: 0 };
/// A month that no card here outlives.
pub(crate) const LATER: &str = "12 / 39";

pub(crate) fn view() -> CheckoutView {
    CheckoutView {
        merchant: "Corner Books".to_owned(),
        purpose: None,
        amount: 1_000,
        currency: "EUR".parse().unwrap(),
        total: "€10.00".to_owned(),
        version: 1,
        card_entry: CardEntry::Embedded,
        ask: Vec::new(),
        checkout_path: Some("/checkout/cst_unit".to_owned()),
        attempt: "att_unit_key".to_owned(),
        state: READY,
        payment_id: None,
        payment_status: None,
        step: None,
        wallets: None,
        apple_pay_application_data: None,
        return_url: None,
        errors: Vec::new(),
        typed: Vec::new(),
    }
}

/// A mounted checkout. Taken away when dropped.
pub(crate) struct Page {
    pub(crate) model: Model,
    pub(crate) root: HtmlElement,
    pub(crate) events: Rc<RefCell<Vec<CheckoutEvent>>>,
    unmount: Option<Box<dyn std::any::Any>>,
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.unmount.take());
        self.root.remove();
    }
}

impl Page {
    /// Alive, as hydration leaves it.
    pub(crate) async fn live(view: CheckoutView) -> Self {
        let page = Self::still(view);
        page.wake().await;
        page
    }

    /// Alive, and following the server.
    pub(crate) async fn followed(view: CheckoutView) -> Self {
        let page = Self::mounted(view, true);
        until("it is alive", || page.model.live.get_untracked()).await;
        tick().await;
        page
    }

    /// Drawn, and not alive yet.
    pub(crate) fn still(view: CheckoutView) -> Self {
        Self::mounted(view, false)
    }

    fn mounted(view: CheckoutView, follows: bool) -> Self {
        let document = document();
        let root: HtmlElement = document.create_element("div").unwrap().unchecked_into();
        document.body().unwrap().append_child(&root).unwrap();
        let model = Rc::new(Cell::new(None));
        let made = Rc::clone(&model);
        let handle = mount_to(root.clone(), move || {
            let model = Model::new(&view);
            made.set(Some(model));
            Effect::new(move |_| {
                if follows {
                    let watch = StoredValue::new_local(farthing_widget::live::start(model));
                    on_cleanup(move || watch.with_value(farthing_widget::live::Watch::pause));
                }
            });
            view! { <Checkout view=view model=model /> }
        });
        let model = model.get().unwrap();
        let events = Rc::new(RefCell::new(Vec::new()));
        let heard = send_wrapper(Rc::clone(&events));
        model.listener.set_value(Some(Callback::new(move |event| heard.borrow_mut().push(event))));
        Self { model, root, events, unmount: Some(Box::new(handle)) }
    }

    pub(crate) async fn wake(&self) {
        self.model.live.set(true);
        tick().await;
    }

    pub(crate) fn form(&self) -> HtmlFormElement {
        self.one("form").unchecked_into()
    }

    pub(crate) fn one(&self, selector: &str) -> Element {
        self.find(selector).unwrap_or_else(|| panic!("{selector}"))
    }

    pub(crate) fn find(&self, selector: &str) -> Option<Element> {
        self.root.query_selector(selector).unwrap()
    }

    pub(crate) fn input(&self, name: &str) -> HtmlInputElement {
        self.one(&format!("[name={name}]")).unchecked_into()
    }

    pub(crate) fn value(&self, name: &str) -> String {
        self.input(name).value()
    }

    /// Puts the caret into an empty or filled field, behind what stands there.
    pub(crate) fn focus(&self, name: &str) -> HtmlInputElement {
        let input = self.input(name);
        input.focus().unwrap();
        assert!(input.matches(":focus").unwrap(), "the test's window has the focus");
        let end = u32::try_from(input.value().len()).unwrap();
        input.set_selection_range(end, end).unwrap();
        input
    }

    /// Types key by key, each with its trusted input event.
    pub(crate) fn type_into(&self, name: &str, keys: &str) {
        self.focus(name);
        for key in keys.chars() {
            insert(&key.to_string());
        }
    }

    /// The error beside a field.
    pub(crate) fn error(&self, name: &str) -> Option<String> {
        let text = self.one(&format!("#farthing-{name}-error"));
        let shown = text.closest("[hidden]").unwrap().is_none();
        assert_eq!(shown, !text.text_content().unwrap().is_empty(), "{name}");
        shown.then(|| text.text_content().unwrap())
    }

    /// What stands above the form, if anything does.
    pub(crate) fn notice(&self) -> Option<Element> {
        self.find(".notice:not([hidden])")
    }

    /// The lines of the summary.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.root.query_selector_all(".notice:not([hidden]) li:not([hidden])").unwrap();
        (0..lines.length()).map(|i| lines.get(i).unwrap().text_content().unwrap()).collect()
    }

    /// The brands that are offered.
    pub(crate) fn offered(&self) -> Vec<String> {
        let found = self
            .root
            .query_selector_all(".brands:not([hidden]) .brand:not([hidden]) label")
            .unwrap();
        (0..found.length()).map(|i| found.get(i).unwrap().text_content().unwrap()).collect()
    }

    pub(crate) fn brand(&self) -> String {
        self.form().get_attribute("data-brand").unwrap()
    }

    /// What assistive technology is to say.
    pub(crate) fn said(&self) -> String {
        self.one(".pay [role=status]").text_content().unwrap()
    }

    /// A whole card by hand.
    pub(crate) fn type_card(&self) {
        self.type_into("card_number", "4111111111111111");
        self.type_into("card_expiry", "1239");
        self.type_into("card_code", "123");
        self.type_into("card_holder", "Ada Lovelace");
    }

    pub(crate) fn press_pay(&self) {
        self.one("button[type=submit]").unchecked_into::<HtmlElement>().click();
    }
}

pub(crate) fn asking(ask: &[CustomerField]) -> CheckoutView {
    CheckoutView { ask: ask.to_vec(), ..view() }
}

fn send_wrapper<T>(value: T) -> leptos::__reexports::send_wrapper::SendWrapper<T> {
    leptos::__reexports::send_wrapper::SendWrapper::new(value)
}

/// Inserts at the caret as a key or a paste does. Source: execCommand (W3C draft), "insertText".
pub(crate) fn insert(text: &str) {
    assert!(command("insertText", text), "the focus is in a field");
}

pub(crate) fn backspace() {
    assert!(command("delete", ""), "the focus is in a field");
}

pub(crate) fn delete_forward() {
    assert!(command("forwardDelete", ""), "the focus is in a field");
}

fn command(name: &str, text: &str) -> bool {
    let run = js_sys::Function::new_with_args(
        "name, text",
        "return document.execCommand(name, false, text)",
    );
    run.call2(&JsValue::NULL, &name.into(), &text.into()).unwrap().is_truthy()
}

pub(crate) fn script(body: &str) -> JsValue {
    js_sys::Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
}

/// Sets a value as autofill and password managers do: no key, no focus, plain events.
pub(crate) fn fill(input: &HtmlInputElement, value: &str) {
    input.set_value(value);
    let fire = js_sys::Function::new_with_args(
        "input, name",
        "input.dispatchEvent(new Event(name, {bubbles: true}))",
    );
    for name in ["input", "change"] {
        fire.call2(&JsValue::NULL, input, &name.into()).unwrap();
    }
}

/// Lets everything that is due happen.
pub(crate) async fn tick() {
    pause(0).await;
}

async fn pause(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds)
            .unwrap();
    });
    JsFuture::from(promise).await.unwrap();
}

/// Waits until something holds, and fails if it never does.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = js_sys::Date::now();
    while !holds() {
        assert!(js_sys::Date::now() - start < 5_000.0, "never: {what}");
        pause(5).await;
    }
}

/// The element that has the focus.
pub(crate) fn focused() -> Element {
    document().active_element().unwrap()
}

/// Waits until more time has passed than the form takes before it shows an error of a field that was left for no other.
pub(crate) async fn longer_than_a_press() {
    pause(400).await;
}
