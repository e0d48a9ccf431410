//! The pause that a gateway demands before the same card is tried again, second by second.

use gloo_timers::callback::Interval;
use leptos::prelude::*;

use crate::model::Model;
use crate::pay_form::wait_of;
use crate::text;

/// Counts `left` down from what the state says, each time it says so. Another card may be used meanwhile: nothing is locked.
pub(super) fn run(model: Model, left: RwSignal<Option<u16>>) {
    Effect::new(move |before: Option<Option<Interval>>| {
        // Dropping a timer ends it.
        drop(before);
        let wait = wait_of(model.state.get());
        if !model.live.get() {
            return None;
        }
        left.set(wait);
        wait.map(|wait| {
            // By the clock: browsers slow the timers of pages that nobody looks at.
            let until = seconds_now() + u64::from(wait);
            Interval::new(1000, move || tick(model, left, until))
        })
    });
}

fn tick(model: Model, left: RwSignal<Option<u16>>, until: u64) {
    let seconds = u16::try_from(until.saturating_sub(seconds_now())).ok();
    // A checkout that was taken away has no signals any more; its timer ends with it.
    if left.try_get_untracked().is_none_or(|shown| shown == seconds) {
        return;
    }
    left.set(seconds);
    if seconds == Some(0) {
        model.said.set(text::TRY_AGAIN_NOW.to_owned());
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole milliseconds since 1970"
)]
fn seconds_now() -> u64 {
    js_sys::Date::now() as u64 / 1000
}
