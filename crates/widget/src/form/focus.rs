//! Where the focus goes after a submit: to what has to be read next, once.

use farthing_types::DeclineCode;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::model::Model;
use crate::summary::{DECLINED, SUMMARY, declined};

/// Follows the model: a refused submit focuses the summary, a decline its notice.
///
/// Nothing is focused that was there when the page came: `autofocus` has done that.
pub(super) fn follow(model: Model, root: NodeRef<html::Div>) {
    // Notified once per refused submit, also when the one before was refused too.
    Effect::new(move |before: Option<()>| {
        if model.summary.get() && before.is_some() {
            soon(root, SUMMARY);
        }
    });
    Effect::new(move |before: Option<(Option<DeclineCode>, bool)>| {
        let now = (declined(model.state.get()), model.submitting.get());
        if let Some((code, submitting)) = before
            && now.0.is_some()
            && !now.1
            && (code != now.0 || submitting)
            && !model.summary.get_untracked()
        {
            soon(root, DECLINED);
        }
        now
    });
}

/// Focuses the notice when it stands there: other effects of the same change draw it first.
fn soon(root: NodeRef<html::Div>, name: &'static str) {
    gloo_timers::callback::Timeout::new(0, move || {
        let notice = root
            .try_get_untracked()
            .flatten()
            .and_then(|root| root.query_selector(&["[id$='-", name, "']"].concat()).ok().flatten());
        if let Some(notice) = notice {
            // It has a tabindex, so it takes the focus.
            let _ = notice.unchecked_ref::<web_sys::HtmlElement>().focus();
        }
    })
    .forget();
}
