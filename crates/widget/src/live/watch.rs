//! Following the server's state: its event stream, and asking again while there is none.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use farthing_types::checkout::CheckoutState;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{EventSource, MessageEvent};

use super::wire::{self, Status};
use crate::model::Model;

/// The first pause before the server is asked, milliseconds; it grows by half each time.
const FIRST_PAUSE: u32 = 1_000;
/// The longest pause, milliseconds.
const LONGEST_PAUSE: u32 = 15_000;
/// How long a stream may take to say its first word, milliseconds: some proxies swallow it.
const FIRST_WORD: u32 = 4_000;
/// While a result is open the server is asked now and then even if the stream stands, milliseconds.
const MISTRUST: u32 = 30_000;
/// How long the answer to a question may take, milliseconds.
const STATUS_WITHIN: u32 = 12_000;
/// So many answers without the stream, and it is tried again.
const TRY_STREAM_EVERY: u32 = 4;

/// Follows the state until it is dropped or nothing can follow any more.
#[derive(Clone, Debug)]
pub struct Watch(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    model: Model,
    path: String,
    stream: RefCell<Option<Stream>>,
    timer: RefCell<Option<Timeout>>,
    /// Questions since the stream last spoke.
    asked: Cell<u32>,
    /// Whether the stream that is open has said anything.
    spoke: Cell<bool>,
    stopped: Cell<bool>,
}

#[derive(Debug)]
struct Stream {
    source: EventSource,
    _on_status: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onerror(None);
        self.source.close();
    }
}

impl Watch {
    pub(super) fn start(model: Model) -> Self {
        let path = model.terms.with_value(|terms| terms.path.clone()).unwrap_or_default();
        let watch = Self(Rc::new(Inner {
            model,
            path,
            stream: RefCell::default(),
            timer: RefCell::default(),
            asked: Cell::new(0),
            spoke: Cell::new(false),
            stopped: Cell::new(false),
        }));
        watch.listen();
        watch
    }

    /// Stops: the page goes away, perhaps to come back.
    pub fn pause(&self) {
        self.0.stopped.set(true);
        self.rest();
    }

    /// Asks at once and goes on: the page has come back.
    pub fn resume(&self) {
        self.0.stopped.set(false);
        self.0.asked.set(0);
        self.ask();
        self.listen();
    }

    fn rest(&self) {
        self.0.stream.take();
        self.0.timer.take();
    }

    fn is_needed(&self) -> bool {
        !self.0.stopped.get()
            && !self.0.path.is_empty()
            && !super::is_over(self.0.model.state.get_untracked())
    }

    /// Opens the stream. Its first event comes at once and says how things stand.
    fn listen(&self) {
        if !self.is_needed() {
            return;
        }
        let mut url = self.0.path.clone();
        url.push_str("/events");
        let Ok(source) = EventSource::new(&url) else { return self.ask_later() };
        let weak = Rc::downgrade(&self.0);
        let on_status = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(inner) = weak.upgrade() else { return };
            let status = event
                .data()
                .as_string()
                .and_then(|text| js_sys::JSON::parse(&text).ok())
                .and_then(|value| Status::read(&value));
            if let Some(status) = status {
                inner.asked.set(0);
                inner.spoke.set(true);
                let watch = Self(inner);
                if watch.is_needed() {
                    watch.0.model.terms.update_value(|terms| terms.turn += 1);
                    watch.take(status);
                }
            }
        });
        let weak = Rc::downgrade(&self.0);
        let on_error = Closure::<dyn FnMut()>::new(move || {
            let Some(inner) = weak.upgrade() else { return };
            // The browser would try again by itself, every few seconds and all pages at once: our pauses are spread. The
            // stream is dropped by the next question, not here: this very closure belongs to it.
            if let Some(stream) = inner.stream.borrow().as_ref() {
                stream.source.close();
            }
            inner.spoke.set(false);
            Self(inner).ask_later();
        });
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let listening =
            source.add_event_listener_with_callback("status", on_status.as_ref().unchecked_ref());
        if listening.is_err() {
            return self.ask_later();
        }
        let stream = Stream { source, _on_status: on_status, _on_error: on_error };
        self.0.stream.replace(Some(stream));
        self.0.spoke.set(false);
        self.ask_in(FIRST_WORD);
    }

    /// The next question: soon without a stream, seldom with one, never while the shopper has the word.
    pub(super) fn ask_later(&self) {
        if self.0.spoke.get() {
            match self.0.model.state.get_untracked() {
                CheckoutState::Ready { .. } => drop(self.0.timer.take()),
                _ => self.ask_in(MISTRUST),
            }
            return;
        }
        let asked = self.0.asked.get();
        let mut pause = FIRST_PAUSE;
        for _ in 0..asked.min(8) {
            pause = (pause + pause / 2).min(LONGEST_PAUSE);
        }
        self.ask_in(pause);
    }

    fn ask_in(&self, pause: u32) {
        let weak = Rc::downgrade(&self.0);
        let timer = Timeout::new(spread(pause), move || {
            if let Some(inner) = weak.upgrade() {
                Self(inner).ask();
            }
        });
        self.0.timer.replace(Some(timer));
    }

    fn ask(&self) {
        if !self.is_needed() {
            return;
        }
        let watch = self.clone();
        let turn = self.turn();
        spawn_local(async move {
            let status = status_of(&watch.0.path).await;
            if !watch.is_needed() {
                return;
            }
            if watch.turn() != turn {
                // Something newer was sent or heard meanwhile: this answer may be older than that.
                return watch.ask_later();
            }
            let asked = watch.0.asked.get() + 1;
            watch.0.asked.set(asked);
            let answered = status.is_some();
            match status {
                Some(status) => watch.take(status),
                None => watch.ask_later(),
            }
            if answered && !watch.0.spoke.get() && asked.is_multiple_of(TRY_STREAM_EVERY) {
                watch.listen();
            }
        });
    }

    fn turn(&self) -> u32 {
        self.0.model.terms.with_value(|terms| terms.turn)
    }

    fn take(&self, status: Status) {
        // While a form is under way its own answer comes first, and after it whatever was missed: but the end is the end.
        if self.0.model.submitting.get_untracked() && !super::is_over(status.state) {
            self.0.spoke.set(false);
            return self.ask_in(FIRST_PAUSE);
        }
        super::apply(self.0.model, status);
        if self.is_needed() {
            return self.ask_later();
        }
        // Later: the stream's own closure may be what runs now.
        let watch = self.clone();
        spawn_local(async move { watch.rest() });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stopped.set(true);
    }
}

/// Asks for the state once; `None` if there is no readable answer.
pub(super) async fn status_of(path: &str) -> Option<Status> {
    let mut url = String::with_capacity(path.len() + 7);
    url.push_str(path);
    url.push_str("/status");
    read(wire::ask(&url, None, STATUS_WITHIN).await?)
}

/// The status in a good answer.
pub(super) fn read((ok, answer): (bool, JsValue)) -> Option<Status> {
    Status::read(&answer).filter(|_| ok)
}

/// Between 70 and 130 % of a pause, so that pages which lost the server together do not come back together.
fn spread(milliseconds: u32) -> u32 {
    #[expect(
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a drawn number between 0 and 600, no money"
    )]
    let drawn = (js_sys::Math::random() * 600.0) as u32;
    milliseconds / 1_000 * (700 + drawn)
}
