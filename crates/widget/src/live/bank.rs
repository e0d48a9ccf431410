//! The bank's page: shown in front of the checkout, watched, and taken away again; and the issuer's look at the browser, which nobody sees.
//!
//! Nothing here believes a frame. A page of ours in it says that the bank is done; what came of it, and whether the device data step is
//! over, only the server says, which asks the gateway.

use std::cell::RefCell;
use std::rc::Rc;

use farthing_types::checkout::CheckoutState;
use farthing_types::{ChallengeWindow, StepWay};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement, HtmlIFrameElement};

use super::wire::{self, Status};
use crate::event::CheckoutEvent;
use crate::model::Model;
use crate::text;

/// After so long without an end the shopper is shown another way, milliseconds.
const STUCK_AFTER: u32 = 10_000;
/// How long the issuer may look at the browser, milliseconds (EMV 3-D Secure 2.2.0, 5.8.1).
const METHOD_WITHIN: u32 = 10_000;
/// How long the page around the frame may take to make room, milliseconds.
const ROOM_WITHIN: u32 = 400;
/// How long the answer to a question may take, milliseconds: the server waits four seconds for the gateway.
const CHECK_WITHIN: u32 = 12_000;
/// What stands beside, and above and below the bank's frame, CSS pixels.
const AROUND: (u32, u32) = (32, 144);

/// Class of the button that closes the window.
const CLOSE: &str = "close";
/// Class of the button that opens the bank's page in the whole window of the browser.
const WHOLE: &str = "whole";

/// Tells the checkout that the state may have changed.
const NEWS: &str = "farthing-step";
/// Listeners of the checkout's root. `load` and `cancel` do not bubble, so all are heard on their way down.
const EVENTS: [&str; 4] = ["click", "cancel", "load", NEWS];

/// Follows the way to the bank, from now until the checkout is taken away.
pub(super) fn follow(model: Model) {
    let Some(root) = model.root.get_untracked() else { return };
    let root: Element = root.unchecked_into();
    let bank = Rc::new(Bank {
        model,
        root: root.clone(),
        open: RefCell::default(),
        method: RefCell::default(),
    });
    // What nobody has begun yet is begun here, also by a page that was loaded again.
    if model.terms.with_value(|terms| terms.step) == Some(StepWay::Hidden) {
        bank.look_at_browser();
    }
    let listening = Rc::clone(&bank);
    let listener = Closure::<dyn Fn(Event)>::new(move |event| listening.handle(&event));
    let listen = move |root: &Element, listener: &Closure<dyn Fn(Event)>, on: bool| {
        let callback = listener.as_ref().unchecked_ref();
        for name in EVENTS {
            // Elements always take listeners.
            let _ = if on {
                root.add_event_listener_with_callback_and_bool(name, callback, true)
            } else {
                root.remove_event_listener_with_callback_and_bool(name, callback, true)
            };
        }
    };
    listen(&root, &listener, true);
    let alive = StoredValue::new_local((root, listener, bank));
    on_cleanup(move || {
        alive.with_value(|(root, listener, bank)| {
            listen(root, listener, false);
            bank.look_away();
            bank.put_away();
        });
    });
}

/// The state may have changed: perhaps there is a way to the bank now, or none any more.
pub(super) fn tell(model: Model) {
    let event = Event::new(NEWS).ok();
    if let Some((root, event)) = model.root.get_untracked().zip(event) {
        // Nobody listens after the checkout has gone; then there is nobody to tell.
        let _ = root.dispatch_event(&event);
    }
}

/// What leads to the bank while the page is alive.
struct Bank {
    model: Model,
    root: Element,
    /// The window, while the bank's page is shown in it.
    open: RefCell<Option<Window>>,
    /// The frame that nobody sees, and the end of its time.
    method: RefCell<Option<(HtmlIFrameElement, Timeout)>>,
}

/// `<dialog>` keeps the focus inside, makes everything behind it unreachable and closes with Escape, by itself.
struct Window {
    dialog: HtmlDialogElement,
    place: Element,
    /// What is offered to a shopper who is stuck. There from the start, or nothing would be heard when it fills.
    help: Element,
    frame: Option<HtmlIFrameElement>,
    /// Waits for room, then for the shopper to be stuck.
    timer: Option<Timeout>,
}

impl Bank {
    /// What the server says now, or the answer to this page's own submit. Only the page that began a payment leads on by itself; another
    /// window merely shows how things stand.
    fn react(self: &Rc<Self>) {
        let (step, leads) = self.model.terms.with_value(|terms| (terms.step, terms.leads));
        if step == Some(StepWay::Hidden) {
            if leads {
                self.look_at_browser();
            }
            return;
        }
        self.look_away();
        let state = self.model.state.get_untracked();
        if state != CheckoutState::Challenge {
            // Between the device data step and the challenge the gateway may think; anything else is an end.
            self.lead(leads && state == CheckoutState::Processing);
            return self.put_away();
        }
        if leads {
            self.lead(false);
            if step == Some(StepWay::Modal) {
                self.open();
            } else {
                self.leave();
            }
        }
    }

    fn lead(&self, leads: bool) {
        self.model.terms.update_value(|terms| terms.leads = leads);
    }

    fn handle(self: &Rc<Self>, event: &Event) {
        let kind = event.type_();
        if kind == NEWS {
            return self.react();
        }
        if kind == "load" {
            return self.loaded(event);
        }
        if kind == "cancel" {
            event.prevent_default();
            return self.close();
        }
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok())
        else {
            return;
        };
        let class = target.class_name();
        if class == CLOSE {
            self.close();
        } else if class == WHOLE {
            self.put_away();
            self.leave();
        } else if self.model.terms.with_value(|terms| terms.step) == Some(StepWay::Modal)
            && matches!(target.closest("a[href$='/step']"), Ok(Some(_)))
        {
            event.prevent_default();
            self.open();
        }
    }

    /// A page below the checkout's own.
    fn path(&self, rest: &str) -> String {
        let mut path = self.model.terms.with_value(|terms| terms.path.clone()).unwrap_or_default();
        path.push_str(rest);
        path
    }

    /// On to the bank in the whole window.
    fn leave(&self) {
        self.model.emit(CheckoutEvent::Navigate(self.path("/step")));
    }

    /// Opens the window, and the bank's page in it as soon as there is room.
    fn open(self: &Rc<Self>) {
        if self.open.borrow().is_some() {
            return;
        }
        let mut title = self.model.total.get_untracked();
        title.insert_str(0, text::CHALLENGE_OF);
        let Some(mut window) = Window::make(&self.root, &title) else { return };
        self.model.emit(CheckoutEvent::Modal(true));
        let waits = if wire::is_framed() { ROOM_WITHIN } else { 0 };
        let bank = Rc::clone(self);
        window.timer = Some(Timeout::new(waits, move || bank.fill()));
        self.open.replace(Some(window));
    }

    fn fill(self: &Rc<Self>) {
        let (width, height) = room();
        let size = ChallengeWindow::that_fits(width, height);
        let mut src = self.path("/step?in=modal&window=");
        src.push_str(size.name());
        let Some(frame) = frame(&src) else { return };
        let mut open = self.open.borrow_mut();
        let Some(window) = open.as_mut() else { return };
        set(&window.dialog, "data-window", size.name());
        set(&frame, "title", text::CHALLENGE);
        // A passkey may be how the bank confirms, in a frame that may only if all around it let it.
        set(&frame, "allow", "payment; publickey-credentials-get");
        let _ = window.place.append_child(&frame);
        window.frame = Some(frame);
        let help = window.help.clone();
        window.timer = Some(Timeout::new(STUCK_AFTER, move || {
            let said = make("p", "quiet", text::STUCK);
            let button = make("button", WHOLE, text::WHOLE_WINDOW);
            for part in [said, button].into_iter().flatten() {
                let _ = help.append_child(&part);
            }
        }));
    }

    /// A document has come into the bank's frame. What of another origin it is nobody can say; a page of ours that is not the way to the
    /// bank means that the bank has led back.
    fn loaded(&self, event: &Event) {
        let frame = self.open.borrow().as_ref().and_then(|window| window.frame.clone());
        let Some(frame) =
            frame.filter(|frame| event.target().is_some_and(|target| frame.loose_eq(&target)))
        else {
            return;
        };
        let Some(document) = frame.content_document() else { return };
        let is_blank = document.url().is_ok_and(|url| url.starts_with("about:"));
        let is_on_the_way = document.query_selector("[data-state=challenge]").ok().flatten();
        if !is_blank && is_on_the_way.is_none() {
            self.put_away();
            self.ask(false);
        }
    }

    /// The shopper closes the window: the bank may have been quicker, so the gateway is asked before anything is offered.
    fn close(&self) {
        self.put_away();
        self.ask(true);
    }

    fn put_away(&self) {
        let Some(window) = self.open.take() else { return };
        window.dialog.close();
        window.dialog.remove();
        self.model.emit(CheckoutEvent::Modal(false));
        // The focus goes back to the button that was pressed, which may be gone: to the news instead, once they are drawn.
        let root = self.root.clone();
        Timeout::new(0, move || {
            if let Ok(Some(heading)) = root.query_selector(".state h1") {
                // Where the form stands again the heading is hidden, and takes none.
                let _ = heading.unchecked_ref::<HtmlElement>().focus();
            }
        })
        .forget();
    }

    /// Learns how things stand: from the server alone, or from the gateway through it.
    fn ask(&self, gateway: bool) {
        let (model, path) = (self.model, self.path(""));
        spawn_local(async move {
            let status =
                if gateway { check(&path).await } else { super::watch::status_of(&path).await };
            if let Some(status) = status.filter(|_| !model.state.is_disposed()) {
                super::apply(model, status);
            }
        });
    }

    /// Lets the issuer look at the browser, in a frame that nobody sees. Its `load` proves nothing: some browsers fire it early, some never.
    fn look_at_browser(self: &Rc<Self>) {
        if self.method.borrow().is_some() {
            return;
        }
        self.lead(true);
        let Some(frame) = frame(&self.path("/step?in=hidden")) else { return };
        set(&frame, "hidden", "");
        let _ = self.root.append_child(&frame);
        let bank = Rc::clone(self);
        let over = Timeout::new(METHOD_WITHIN, move || bank.look_away());
        self.method.replace(Some((frame, over)));
    }

    fn look_away(&self) {
        if let Some((frame, _)) = self.method.take() {
            frame.remove();
        }
    }
}

impl Window {
    /// Shows the window, still empty.
    fn make(root: &Element, title: &str) -> Option<Self> {
        let dialog = make("dialog", "modal", "")?;
        set(&dialog, "aria-label", title);
        let [bar, place, help] =
            [("bar", ""), ("place", text::CONNECTING), ("bar", "")].map(|(class, text)| {
                let part = make("div", class, text)?;
                dialog.append_child(&part).ok()?;
                Some(part)
            });
        let (bar, place, help) = (bar?, place?, help?);
        bar.append_child(&make("h2", "", title)?.into()).ok()?;
        bar.append_child(&make("button", CLOSE, text::CLOSE)?.into()).ok()?;
        set(&help, "role", "status");
        root.append_child(&dialog).ok()?;
        let dialog: HtmlDialogElement = dialog.unchecked_into();
        dialog.show_modal().ok()?;
        Some(Self { dialog, place, help, frame: None, timer: None })
    }
}

fn make(tag: &str, class: &str, text: &str) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    element.set_class_name(class);
    element.set_text_content(Some(text));
    Some(element)
}

fn set(element: &Element, name: &str, value: &str) {
    // Our names are names: no browser refuses them.
    let _ = element.set_attribute(name, value);
}

/// A frame that loads a page of our own server.
fn frame(src: &str) -> Option<HtmlIFrameElement> {
    let frame = make("iframe", "", "")?;
    set(&frame, "src", src);
    Some(frame.unchecked_into())
}

/// What there is for the bank's frame, CSS pixels.
fn room() -> (u32, u32) {
    let root = document().document_element();
    let (width, height) = root.map_or((0, 0), |root| (root.client_width(), root.client_height()));
    let (beside, above) = AROUND;
    let number = |size: i32| u32::try_from(size).unwrap_or(0);
    (number(width).saturating_sub(beside), number(height).saturating_sub(above))
}

/// Has the server ask the gateway; `None` if there is no readable answer.
async fn check(path: &str) -> Option<Status> {
    let mut url = String::with_capacity(path.len() + 6);
    url.push_str(path);
    url.push_str("/check");
    super::watch::read(wire::ask(&url, Some(JsValue::from_str("")), CHECK_WITHIN).await?)
}
