//! The error summary at the top of a refused form, and the notice about a declined attempt.

use farthing_types::DeclineCode;
use farthing_types::checkout::{Field, FieldError};
use leptos::either::Either;
use leptos::prelude::*;

use crate::fields::Ids;
use crate::icons::AlertIcon;
use crate::text;

/// What is wrong, each line a link to its input.
///
/// It takes the focus when the page loads, so it is heard once and first, without a script and without a live region.
/// Source: HTML, "The autofocus attribute" (any focusable element); WCAG 2.2, 3.3.1.
#[component]
pub fn ErrorSummary(
    /// All errors of the form, in its order.
    errors: Vec<FieldError>,
    /// Whether the form has card fields: they come back empty.
    with_card: bool,
    /// The mount's ids.
    ids: Ids,
) -> impl IntoView {
    let heading = ids.of("summary-heading");
    let labelled_by = heading.clone();
    let lines = errors
        .into_iter()
        .map(|FieldError { field, text }| match field {
            Field::Form => Either::Left(view! { <li>{text}</li> }),
            field => Either::Right(
                view! { <li><a href=format!("#{}", ids.of(field.name()))>{text}</a></li> },
            ),
        })
        .collect_view();
    view! {
        <div class="notice error" id=ids.of("summary") role="group" aria-labelledby=labelled_by tabindex="-1" autofocus=true>
            <AlertIcon />
            <div>
                <h2 id=heading>{text::PROBLEM}</h2>
                <ul>{lines}</ul>
                {with_card.then(|| view! { <p>{text::TYPE_CARD_AGAIN}</p> })}
            </div>
        </div>
    }
}

/// Why the attempt before failed and what can be done.
#[component]
pub fn DeclineNotice(
    /// The gateway's reason, already mapped.
    declined: DeclineCode,
    /// Seconds until the same card may be tried again; zero says nothing.
    wait_seconds: u16,
    /// The mount's ids.
    ids: Ids,
    /// Whether this notice takes the focus: not when an error summary stands above it.
    focus: bool,
) -> impl IntoView {
    let heading = ids.of("declined-heading");
    let labelled_by = heading.clone();
    view! {
        <div class="notice error" id=ids.of("declined") role="group" aria-labelledby=labelled_by tabindex="-1" autofocus=focus>
            <AlertIcon />
            <div>
                <h2 id=heading>{text::DECLINED}</h2>
                <p>{declined.advice().text}</p>
                {(wait_seconds > 0).then(|| view! { <p>{text::wait_hint(wait_seconds)}</p> })}
            </div>
        </div>
    }
}
