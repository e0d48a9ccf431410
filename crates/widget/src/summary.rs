//! The error summary at the top of a refused form, and the notice about a declined attempt.
//!
//! Both are always in the page, hidden while they have nothing to say: a browser that takes the page over has only texts to change.

use farthing_types::DeclineCode;
use farthing_types::checkout::{CheckoutState, Field};
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
    /// The form's fields, in order.
    fields: Vec<Field>,
    /// The mount's ids.
    ids: Ids,
) -> impl IntoView {
    let with_card = fields.contains(&Field::CardNumber);
    // What is wrong with the whole form comes first, and has no input to go to.
    let lines = [Field::Form]
        .into_iter()
        .chain(fields)
        .map(|field| {
            let href = (field != Field::Form).then(|| String::from("#") + &ids.of(field.name()));
            (field, href)
        })
        .map(|(field, href)| {
            let error = Signal::derive(move || {
                model.summary.track();
                untrack(|| model.error_of(field)).unwrap_or_default()
            });
            (href, error)
        })
        .collect();
    Notice {
        name: SUMMARY,
        heading: text::PROBLEM,
        hidden: Signal::derive(move || (!model.summary.get()).then_some("")),
        lines,
        // On a page that was loaded anew the card's fields come back empty.
        text: Signal::derive(move || {
            let reloaded = with_card && !model.live.get();
            if reloaded { text::TYPE_CARD_AGAIN.to_owned() } else { String::new() }
        }),
        last: Signal::derive(String::new),
        autofocus: model.summary.get_untracked(),
    }
    .view(&ids)
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
    Notice {
        name: DECLINED,
        heading: text::DECLINED,
        hidden: Signal::derive(move || declined(model.state.get()).is_none().then_some("")),
        lines: Vec::new(),
        text: Signal::derive(move || {
            declined(model.state.get()).map_or("", |declined| declined.advice().text).to_owned()
        }),
        last: Signal::derive(move || left.get().map(text::wait_hint).unwrap_or_default()),
        // Not when an error summary stands above it.
        autofocus: declined(model.state.get_untracked()).is_some()
            && !model.summary.get_untracked(),
    }
    .view(&ids)
}

/// Why the attempt before failed, while the next one may be made.
pub(crate) const fn declined(state: CheckoutState) -> Option<DeclineCode> {
    match state {
        CheckoutState::Ready { declined, .. } => declined,
        _ => None,
    }
}

/// Both notices look alike, and are drawn by one view.
struct Notice {
    name: &'static str,
    heading: &'static str,
    hidden: Signal<Option<&'static str>>,
    lines: Vec<(Option<String>, Signal<String>)>,
    text: Signal<String>,
    last: Signal<String>,
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
            .map(|(href, text)| {
                let hidden = Signal::derive(move || text.get().is_empty().then_some(""));
                view! { <li hidden=hidden><a href=href>{text}</a></li> }
            })
            .collect_view();
        view! {
            <div class="notice" id=id hidden=self.hidden role="group" aria-labelledby=labelled_by tabindex="-1" autofocus=self.autofocus>
                <h2 id=heading>{self.heading}</h2>
                <ul>{lines}</ul>
                <p>{self.text}</p>
                <p>{self.last}</p>
            </div>
        }
    }
}
