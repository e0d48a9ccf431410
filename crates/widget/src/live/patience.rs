//! A request that does not wait for ever: connections fall silent without an end, on the move above all.

use gloo_timers::callback::Timeout;
use web_sys::{AbortController, AbortSignal};

/// Ends a request after a while. Dropped before, it lets the request be.
#[derive(Debug)]
pub(super) struct Patience {
    signal: Option<AbortSignal>,
    _timer: Option<Timeout>,
}

impl Patience {
    /// For so many milliseconds.
    pub(super) fn of(milliseconds: u32) -> Self {
        // Every browser that runs our module has it; without it the request merely waits as long as it likes.
        let Ok(controller) = AbortController::new() else {
            return Self { signal: None, _timer: None };
        };
        let signal = controller.signal();
        let timer = Timeout::new(milliseconds, move || controller.abort());
        Self { signal: Some(signal), _timer: Some(timer) }
    }

    /// What the request listens to.
    pub(super) fn signal(&self) -> Option<&AbortSignal> {
        self.signal.as_ref()
    }
}
