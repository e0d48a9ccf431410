//! Everything that the shop heard.

use super::super::html::{Html, text};
use super::super::journal::{Entry, Source};
use super::{Page, View, log};

/// `/events`; `mark` is where the live log goes on.
pub(in super::super) fn events(view: &View<'_>, entries: &[Entry], mark: &str) -> String {
    let of = |sources: &[Source]| -> Vec<Entry> {
        entries.iter().filter(|entry| sources.contains(&entry.source)).cloned().collect()
    };
    let listing = |id: &str, sources: &[Source]| {
        let words: Vec<&str> = sources.iter().map(|source| source.word()).collect();
        Html::raw(format!(
            "<ol class=\"log\" tabindex=\"0\" data-sources=\"{}\" aria-labelledby=\"{id}\">{}</ol><p class=\"none soft\">None yet.</p>",
            words.join(" "),
            log(&of(sources), true),
        ))
    };
    let refused = of(&[Source::Refused]).len();
    let refused = if refused == 0 {
        Html::default()
    } else {
        Html::raw(format!("<p class=\"bad\">Refused because they did not verify: {refused}</p>"))
    };
    let main = Html::raw(format!(
        "<h1>Events and webhooks</h1><p class=\"soft\">Times are UTC, newest first. <span data-live-state></span>\
         <noscript>This page looks again every three seconds.</noscript></p>\
         <div data-live data-after=\"{}\"><div class=\"pair\">\
         <section class=\"panel\" aria-labelledby=\"webhooks\"><h2 id=\"webhooks\">Webhooks, verified</h2>{refused}{}</section>\
         <section class=\"panel\" aria-labelledby=\"events\"><h2 id=\"events\">Events, from <code>GET /v1/events</code></h2>{}</section>\
         </div></div>",
        text(mark),
        listing("webhooks", &[Source::Webhook, Source::Refused]),
        listing("events", &[Source::Event]),
    ));
    view.page(&Page {
        title: "Events and webhooks",
        path: "/events",
        refresh: Some(3),
        head: Html::default(),
        main,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::journal::Journal;
    use super::super::Theme;
    use super::super::tests::with_view;
    use super::*;

    #[test]
    fn webhooks_and_events_are_listed_apart_and_refusals_are_counted() {
        let journal = Journal::new();
        let now = jiff::Timestamp::UNIX_EPOCH;
        journal.webhook("evt_1", br#"{"type": "payment.paid", "data": {"order_id": "FB-1"}}"#, now);
        journal.event(&json!({"id": "evt_1", "seq": 7, "type": "payment.failed"}), now);
        journal.refused("the signature does not fit", now);
        let html = with_view(Theme::Auto, |view| events(&view, &journal.after(0, None), "mark-3"));
        let (webhooks, events) = html.split_once("id=\"events\"").unwrap();
        assert!(webhooks.contains("payment.paid") && webhooks.contains("did not verify: 1"));
        assert!(events.contains("payment.failed") && !events.contains("payment.paid"));
        assert!(html.contains("data-after=\"mark-3\""));
    }

    #[test]
    fn only_a_browser_without_scripts_loads_the_page_again() {
        let html = with_view(Theme::Auto, |view| events(&view, &[], "0-0"));
        let (before, _) = html.split_once("http-equiv=\"refresh\"").unwrap();
        assert!(before.ends_with("<noscript><meta "));
    }
}
