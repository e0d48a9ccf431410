//! The icons of the states: inline, decorative, drawn in the colour of the text beside them. Smaller marks are the style sheet's.

use leptos::prelude::*;

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
    /// The path to draw: circle and sign.
    pub const fn strokes(self) -> &'static str {
        match self {
            Self::Done => "M45 24a21 21 0 1 1-42 0a21 21 0 0 1 42 0zM15 24.5l6.5 6.5L34 18",
            Self::Stop => "M45 24a21 21 0 1 1-42 0a21 21 0 0 1 42 0zM24 14v13M24 33.6v.4",
            Self::Wait => "M45 24a21 21 0 1 1-42 0a21 21 0 0 1 42 0zM24 13v11l7 5",
        }
    }
}

/// The mark of a state.
#[component]
pub fn MarkIcon(
    /// [`Mark::strokes`].
    #[prop(into)]
    strokes: Signal<Option<&'static str>>,
) -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 48 48" width="48" height="48" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
            // One path for circle and sign: a part that never changes would be built from text, which the page's policy forbids.
            <path d=strokes></path>
        </svg>
    }
}
