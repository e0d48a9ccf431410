//! The few icons: inline, decorative, drawn in the colour of the text beside them.

use leptos::prelude::*;

/// Stands before errors and declines.
#[component]
pub fn AlertIcon() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true" focusable="false">
            <circle cx="10" cy="10" r="8"></circle>
            <path d="M10 5.8v5M10 14v.2"></path>
        </svg>
    }
}

/// What stands above a state, drawn inside a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A payment that was accepted: a tick.
    Done,
    /// A failure for good or an expired session: an exclamation mark.
    Stop,
    /// Everything that is still open: a clock's hands, which say "wait" without moving.
    Wait,
}

impl Mark {
    const fn strokes(self) -> &'static str {
        match self {
            Self::Done => "M15 24.5l6.5 6.5L34 18",
            Self::Stop => "M24 14v13M24 33.6v.4",
            Self::Wait => "M24 13v11l7 5",
        }
    }
}

/// The mark of a state.
#[component]
pub fn MarkIcon(
    /// Which one.
    mark: Mark,
) -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 48 48" width="48" height="48" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
            <circle cx="24" cy="24" r="21"></circle>
            <path d=mark.strokes()></path>
        </svg>
    }
}
