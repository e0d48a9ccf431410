//! The error summary at the top of a refused form, and the notice about a declined attempt.

use farthing_types::checkout::{CheckoutState, Field, FieldError};
use leptos::prelude::*;

use crate::fields::Ids;
use crate::model::Model;
use crate::text;

/// Last part of the summary's id.
pub(crate) const SUMMARY: &str = "summary";
/// Last part of the id of the notice about a decline.
pub(crate) const DECLINED: &str = "declined";

/// What is wrong, each line a link to its input.
///
/// It takes the focus, so it is heard once and first: on a page that comes with it by `autofocus`, on a live one once per refused
/// submit. Its lines are those of that submit; what is put right afterwards is shown beside the inputs, and nothing above them
/// moves while the shopper types. Source: HTML, "The autofocus attribute" (any focusable element); WCAG 2.2, 3.3.1.
#[component]
pub fn ErrorSummary(
    /// The live part.
    model: Model,
    /// Whether the form has card fields: on a page that was loaded anew they come back empty.
    with_card: bool,
    /// The mount's ids.
    ids: Ids,
) -> impl IntoView {
    move || {
        let lines = |errors: &Vec<FieldError>| {
            errors
                .iter()
                .map(|FieldError { field, text }| {
                    // What is wrong with the whole form has no input to go to.
                    let href =
                        (*field != Field::Form).then(|| String::from("#") + &ids.of(field.name()));
                    (href, text.clone())
                })
                .collect()
        };
        model.summary.get().then(|| {
            let reloaded = with_card && !model.live.get_untracked();
            Notice {
                name: SUMMARY,
                heading: text::PROBLEM,
                lines: model.errors.with_untracked(lines),
                text: reloaded.then_some(text::TYPE_CARD_AGAIN),
                last: None,
                autofocus: !model.live.get_untracked(),
            }
            .view(&ids)
        })
    }
}

/// Why the attempt before failed and what can be done.
#[component]
pub fn DeclineNotice(
    /// The live part.
    model: Model,
    /// The mount's ids.
    ids: Ids,
    /// Seconds until the same card may be tried again; `None` says nothing about it.
    left: RwSignal<Option<u16>>,
) -> impl IntoView {
    move || {
        let CheckoutState::Ready { declined, .. } = model.state.get() else { return None };
        let declined = declined?;
        Some(
            Notice {
                name: DECLINED,
                heading: text::DECLINED,
                lines: Vec::new(),
                text: Some(declined.advice().text),
                last: left.get().map(text::wait_hint),
                // Not when an error summary stands above it.
                autofocus: !model.live.get_untracked() && !model.summary.get_untracked(),
            }
            .view(&ids),
        )
    }
}

/// Both notices look alike, and are drawn by one view.
struct Notice {
    name: &'static str,
    heading: &'static str,
    lines: Vec<(Option<String>, String)>,
    text: Option<&'static str>,
    last: Option<String>,
    autofocus: bool,
}

impl Notice {
    fn view(self, ids: &Ids) -> impl IntoView + use<> {
        let id = ids.of(self.name);
        let heading = ids.of(self.name) + "-heading";
        let labelled_by = heading.clone();
        let lines = self
            .lines
            .into_iter()
            .map(|(href, text)| view! { <li><a href=href>{text}</a></li> })
            .collect_view();
        view! {
            <div class="notice" id=id role="group" aria-labelledby=labelled_by tabindex="-1" autofocus=self.autofocus>
                <h2 id=heading>{self.heading}</h2>
                <ul>{lines}</ul>
                <p>{self.text}</p>
                <p>{self.last}</p>
            </div>
        }
    }
}
