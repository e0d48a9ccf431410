//! What stands in place of the form in every state that is not the form's: a mark, a heading, some lines, one way on.
//!
//! The states differ in words alone, so they are data, and one view draws them all. While a result is open nothing here
//! calls it good or bad.

use farthing_types::checkout::{CardEntry, CheckoutState};
use farthing_types::{DeclineCode, StepWay};
use leptos::html;
use leptos::prelude::*;

use crate::icons::{Mark, MarkIcon};
use crate::model::Model;
use crate::text;

/// A page without a script looks for the result every so many seconds.
pub const REFRESH_SECONDS: u16 = 3;

/// One state in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// What stands above.
    pub mark: Mark,
    /// Class of the whole: colours of the mark.
    pub class: &'static str,
    /// The heading.
    pub heading: &'static str,
    /// Up to two paragraphs.
    pub lines: Vec<String>,
    /// A last paragraph in small print.
    pub small: Option<String>,
    /// Address and text of the way on.
    pub action: Option<(String, &'static str)>,
    /// Whether the way on leaves the frame, if there is one: banks refuse to be framed.
    pub top: bool,
    /// Whether the way on stands back: a thing that one may do, not the thing to do.
    pub second: bool,
}

/// What a panel needs to know beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The merchant's name.
    pub merchant: String,
    /// What is paid, as people read it.
    pub total: String,
    /// `/checkout/{cst}` on a page that may pay.
    pub path: Option<String>,
    /// Where the state can be read again.
    pub check_path: Option<String>,
    /// How often the page reloads itself without a script.
    pub refresh_seconds: Option<u16>,
    /// Whether cards are typed at the gateway.
    pub hosted: bool,
    /// Whether the page watches the state by itself.
    pub live: bool,
    /// How the way to the bank is shown, while the payment waits for it.
    pub step: Option<StepWay>,
}

impl Panel {
    /// The panel of a state, or nothing where the form stands.
    pub fn of(state: CheckoutState, facts: &Facts) -> Option<Self> {
        Some(match state {
            CheckoutState::Ready { .. } if facts.path.is_some() => return None,
            // The result view cannot pay, but the session behind it may: it must not say otherwise.
            CheckoutState::Ready { declined, .. } => Self::not_through(declined),
            CheckoutState::Failed { declined } if facts.path.is_none() => {
                Self::not_through(Some(declined))
            }
            CheckoutState::Challenge => Self::challenge(facts),
            CheckoutState::Processing => Self::processing(facts),
            CheckoutState::Review => Self::new(
                Mark::Wait,
                "state wait",
                text::REVIEW,
                text::review_note(&facts.merchant),
            ),
            CheckoutState::Paid => Self::new(
                Mark::Done,
                "state good",
                text::PAID,
                text::paid_note(&facts.total, &facts.merchant),
            ),
            CheckoutState::Failed { declined } => Self {
                lines: vec![text::failed_note(declined).to_owned(), text::FAILED_NOTE.to_owned()],
                ..Self::stop(text::FAILED)
            },
            CheckoutState::Expired => Self {
                lines: vec![text::EXPIRED_NOTE.to_owned()],
                class: "state",
                ..Self::stop(text::EXPIRED)
            },
        })
    }

    fn new(mark: Mark, class: &'static str, heading: &'static str, line: String) -> Self {
        Self {
            mark,
            class,
            heading,
            lines: vec![line],
            small: None,
            action: None,
            top: false,
            second: false,
        }
    }

    fn stop(heading: &'static str) -> Self {
        Self { lines: Vec::new(), ..Self::new(Mark::Stop, "state stop", heading, String::new()) }
    }

    fn not_through(declined: Option<DeclineCode>) -> Self {
        let mut lines = Vec::with_capacity(2);
        if let Some(declined) = declined {
            lines.push(text::failed_note(declined).to_owned());
        }
        lines.push(text::NOT_THROUGH_NOTE.to_owned());
        Self { lines, ..Self::stop(text::NOT_THROUGH) }
    }

    fn challenge(facts: &Facts) -> Self {
        let entry = if facts.hosted { CardEntry::Hosted } else { CardEntry::Embedded };
        let (heading, note, action) = text::challenge(entry);
        Self {
            action: facts.path.as_ref().map(|path| (format!("{path}/step"), action)),
            top: true,
            ..Self::new(Mark::Wait, "state wait", heading, note.to_owned())
        }
    }

    fn processing(facts: &Facts) -> Self {
        let mut small = String::new();
        if let Some(seconds) = facts.refresh_seconds.filter(|_| !facts.live) {
            small.push_str(&text::refresh_note(seconds));
            small.push(' ');
        }
        small.push_str(text::PROCESSING_LEAVE);
        // Back from the bank too early, or by the browser's Back: whoever is not done there can go on.
        let bank = facts
            .path
            .as_ref()
            .filter(|_| matches!(facts.step, Some(StepWay::Window | StepWay::Modal)));
        let check = facts.check_path.as_ref().or(facts.path.as_ref());
        Self {
            small: Some(small),
            top: bank.is_some(),
            // A page that watches by itself has nothing else to press.
            action: bank.map(|path| (format!("{path}/step"), text::NOT_DONE_AT_BANK)).or_else(
                || check.filter(|_| !facts.live).map(|path| (path.clone(), text::CHECK_AGAIN)),
            ),
            second: true,
            ..Self::new(
                Mark::Wait,
                "state wait",
                text::PROCESSING,
                text::PROCESSING_NOTE.to_owned(),
            )
        }
    }
}

/// Draws the panel of the present state. It is always in the page, hidden while the form stands there: a page that is taken over
/// then has nothing to build.
///
/// Its heading can take the focus: when a state comes while the page is open, that is how it is heard.
#[component]
pub fn StatePanel(
    /// The live part.
    model: Model,
    /// What does not change.
    facts: Facts,
    /// Where the heading is, for the focus.
    heading: NodeRef<html::H1>,
) -> impl IntoView {
    let facts = StoredValue::new(facts);
    let panel = move || {
        let state = model.state.get();
        let facts = Facts {
            total: model.total.get(),
            live: model.live.get(),
            step: model.terms.with_value(|terms| terms.step),
            ..facts.get_value()
        };
        Panel::of(state, &facts)
    };
    // Two kinds of parts, so that the browser's module has two kinds of effects and not one for each part.
    let part = move |of: fn(Panel) -> Option<String>| {
        Signal::derive(move || panel().and_then(of).unwrap_or_default())
    };
    let mark =
        move |of: fn(Panel) -> Option<&'static str>| Signal::derive(move || panel().and_then(of));
    let hidden = move |of: fn(Panel) -> bool| {
        Signal::derive(move || if panel().is_some_and(of) { None } else { Some("") })
    };
    view! {
        <div class=mark(|panel| Some(panel.class)) hidden=hidden(|_| true)>
            <MarkIcon strokes=mark(|panel| Some(panel.mark.strokes())) />
            <h1 tabindex="-1" node_ref=heading>{part(|panel| Some(panel.heading.to_owned()))}</h1>
            <p hidden=hidden(|panel| !panel.lines.is_empty())>
                {part(|panel| panel.lines.into_iter().next())}
            </p>
            <p hidden=hidden(|panel| panel.lines.len() > 1)>
                {part(|panel| panel.lines.into_iter().nth(1))}
            </p>
            <p class="quiet" hidden=hidden(|panel| panel.small.is_some())>{part(|panel| panel.small)}</p>
            <a
                class=mark(|panel| Some(if panel.second { "action second" } else { "action" }))
                href=part(|panel| panel.action.map(|(href, _)| href))
                target=mark(|panel| panel.top.then_some("_top"))
                hidden=hidden(|panel| panel.action.is_some())
            >
                {part(|panel| panel.action.map(|(_, label)| label.to_owned()))}
            </a>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            merchant: "Corner Books".to_owned(),
            total: "€10.00".to_owned(),
            path: Some("/checkout/cst_x".to_owned()),
            ..Facts::default()
        }
    }

    #[test]
    fn the_form_stands_alone_where_it_can_pay_and_the_result_view_never_has_one() {
        let ready = CheckoutState::Ready { declined: None, wait_seconds: 0 };
        assert_eq!(Panel::of(ready, &facts()), None);
        let result = Panel::of(ready, &Facts { path: None, ..facts() }).unwrap();
        assert_eq!(result.heading, text::NOT_THROUGH);
    }

    #[test]
    fn a_page_that_watches_by_itself_speaks_of_no_reload_and_has_nothing_to_press() {
        let plain = Facts { refresh_seconds: Some(3), ..facts() };
        let still = Panel::of(CheckoutState::Processing, &plain).unwrap();
        assert!(still.small.unwrap().contains("every 3 seconds"));
        assert_eq!(still.action, Some(("/checkout/cst_x".to_owned(), text::CHECK_AGAIN)));
        let live = Panel::of(CheckoutState::Processing, &Facts { live: true, ..plain }).unwrap();
        assert!(!live.small.unwrap().contains("seconds"));
        assert_eq!(live.action, None);
    }

    #[test]
    fn whoever_came_back_too_early_can_go_on_at_the_bank() {
        for live in [false, true] {
            for way in [StepWay::Window, StepWay::Modal] {
                let facts = Facts { step: Some(way), live, ..facts() };
                let panel = Panel::of(CheckoutState::Processing, &facts).unwrap();
                assert_eq!(
                    panel.action,
                    Some(("/checkout/cst_x/step".to_owned(), text::NOT_DONE_AT_BANK))
                );
                assert!(panel.top && panel.second);
            }
        }
        let unseen = Facts { step: Some(StepWay::Hidden), live: true, ..facts() };
        assert_eq!(Panel::of(CheckoutState::Processing, &unseen).unwrap().action, None);
    }
}
