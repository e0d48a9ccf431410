//! `/`: the control page for people. Its forms go to the same routes as programs use.

use std::sync::Arc;

use axum::extract::State as Shares;
use axum::http::StatusCode;
use axum::response::Response;

use super::shell::amount;
use super::{Html, page};
use crate::control::{Faults, Ledger, LedgerOrder, PaymentMethod};
use crate::sandbox::Shared;
use crate::smartcore::card;

/// How many orders the page lists.
const SHOWN: usize = 50;
/// Positions of the issuer's page, as JSON, with delays that a person notices.
const ISSUERS: &[(&str, &str)] = &[
    (r#""normal""#, "as it should be"),
    (r#"{"slow":{"ms":5000}}"#, "5 s late"),
    (r#""silent""#, "never comes"),
    (r#""refuses_framing""#, "refuses frames"),
    (r#""closes_early""#, "breaks off"),
    (r#""never_posts_back""#, "never leads back"),
    (r#"{"result_late":{"ms":10000}}"#, "leads back 10 s before its result"),
];
/// Positions of the device data page.
const METHODS: &[(&str, &str)] = &[
    (r#""normal""#, "as it should be"),
    (r#"{"late":{"ms":5000}}"#, "5 s late"),
    (r#""never""#, "never comes"),
    (r#""no_notification""#, "never notifies"),
];

/// `GET /`.
pub(super) async fn show(Shares(shared): Shares<Arc<Shared>>) -> Response {
    shared.sweep();
    let (orders, faults, clock, totals) = {
        let state = shared.lock();
        // No order has an empty id, so this is the sums alone.
        let Ledger { totals, .. } = state.ledger(Some(""));
        (state.newest(SHOWN), state.faults.clone(), state.clock.state(), totals)
    };
    let mut html = Html::default();
    html.raw("<main class=\"wide\"><h1>SmartCore sandbox</h1><p class=\"soft\">")
        .text(&format!("Orders: {}. Charges: {}", totals.orders, totals.charges));
    for (currency, sum) in &totals.charged {
        html.text(", ").text(&amount(*sum, currency));
    }
    html.raw(". <a href=\"/\">Refresh</a> · <a href=\"/_control/ledger\">Ledger as JSON</a></p>");
    ledger(&mut html, &orders);
    html.raw("<h2>Controls</h2><div class=\"grid\">");
    quick(&mut html, &faults);
    html.raw("<div>");
    clock_panel(&mut html, &crate::smartcore::answer::date(clock.now), clock.frozen);
    cards(&mut html, &shared);
    html.raw("</div>");
    everything(&mut html, &faults);
    html.raw("</div></main>");
    page(StatusCode::OK, "SmartCore", &html)
}

fn ledger(html: &mut Html, orders: &[LedgerOrder]) {
    if orders.is_empty() {
        html.raw("<div class=\"panel\"><p>No orders yet. They appear here as soon as a merchant pays.</p></div>");
        return;
    }
    html.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Orders\"><table><thead><tr><th>Order</th><th>Made</th><th>Amount</th><th>Card</th><th>Status</th>")
        .raw("<th>Charges</th><th>Callbacks</th><th></th></tr></thead><tbody>");
    for order in orders {
        let (class, status) = match order.status {
            2 => ("good", "2 success".to_owned()),
            -1 => ("bad", format!("-1 {}", order.error.as_deref().unwrap_or_default())),
            0 => ("soft", "0 waiting for redirect".to_owned()),
            other => ("soft", format!("{other} processing")),
        };
        let callbacks: Vec<String> = order
            .callbacks
            .iter()
            .map(|sent| match (sent.lost, sent.http_status) {
                (true, _) => format!("{} lost", sent.status),
                (false, Some(http)) => format!("{} → {http}", sent.status),
                (false, None) => format!("{} → no answer", sent.status),
            })
            .collect();
        html.raw("<tr><td><code>")
            .text(&order.order_id)
            .raw("</code></td><td>")
            .text(&order.created_at.strftime("%H:%M:%S").to_string())
            .raw("</td><td class=\"number\">")
            .text(&amount(order.amount, &order.currency))
            .raw("</td><td>")
            .text(wallet(order.method))
            .text(order.card.as_deref().unwrap_or("–"))
            .raw("</td><td class=\"status ")
            .raw(class)
            .raw("\">")
            .text(&status)
            .raw("</td><td class=\"number\">")
            .text(&order.charges.len().to_string())
            .raw("</td><td>")
            .text(if callbacks.is_empty() { "–" } else { "" })
            .text(&callbacks.join(", "))
            .raw("</td><td><form method=\"post\" action=\"/_control/callbacks/")
            .text(
                &form_urlencoded::byte_serialize(order.order_id.as_bytes())
                    .collect::<String>()
                    .replace('+', "%20"),
            )
            .raw("\"><button>Send callback</button></form></td></tr>");
    }
    html.raw("</tbody></table></div>");
}

/// What stands before the number.
fn wallet(method: PaymentMethod) -> &'static str {
    match method {
        PaymentMethod::ApplePay => "Apple Pay ",
        PaymentMethod::Card | PaymentMethod::Form => "",
        PaymentMethod::GooglePay => "Google Pay ",
    }
}

/// The switches that one reaches for while trying things out.
fn quick(html: &mut Html, faults: &Faults) {
    html.raw(
        "<form class=\"panel\" method=\"post\" action=\"/_control/faults\"><h2>Behaviour</h2>",
    );
    let next_step = name(&faults.next_step);
    let settle = name(&faults.settle);
    select(
        html,
        "next_step",
        "Next step",
        &[
            ("form_url", "form_url, as documented"),
            ("frictionless", "none"),
            ("creq", "creq: 3-D Secure 2"),
            ("pa_req", "paReq: 3-D Secure 1"),
            ("method", "device data, then creq"),
            ("method_form_url", "device data, then form_url"),
        ],
        &next_step,
    );
    position(html, "acs_behaviour", "The bank’s page", ISSUERS, &faults.acs.behaviour);
    position(html, "acs_method", "Device data page", METHODS, &faults.acs.method);
    select(
        html,
        "settle",
        "Money is taken",
        &[("on_visit", "when form_url is opened"), ("on_accept", "at once")],
        &settle,
    );
    let fail = faults.fail_code.as_deref().unwrap_or_default();
    html.raw("<label for=\"fail_code\">Every card fails with</label><input id=\"fail_code\" name=\"fail_code\" placeholder=\"nothing: as the card says\" value=\"")
        .text(fail)
        .raw("\">");
    let limit = faults.card_time_limit.to_string();
    select(html, "card_time_limit", "60-second rule", &[("false", "off"), ("true", "on")], &limit);
    let lose = faults.callbacks.lose.to_string();
    select(html, "callbacks_lose", "Callbacks", &[("false", "sent"), ("true", "lost")], &lose);
    html.raw("<label for=\"callbacks_delay_ms\">Callbacks wait, ms</label><input id=\"callbacks_delay_ms\" name=\"callbacks_delay_ms\" inputmode=\"numeric\" value=\"")
        .text(&faults.callbacks.delay_ms.to_string())
        .raw("\"><button class=\"main\">Apply</button></form>");
}

fn clock_panel(html: &mut Html, now: &str, frozen: bool) {
    html.raw("<div class=\"panel\"><h2>Clock</h2><p><code>").text(now).raw("</code>");
    if frozen {
        html.raw(" (stopped)");
    }
    html.raw("</p><form class=\"row\" method=\"post\" action=\"/_control/clock\">");
    for (seconds, label) in [(60, "+1 min"), (600, "+10 min"), (3600, "+1 h")] {
        html.raw(&format!("<button name=\"advance_seconds\" value=\"{seconds}\">{label}</button>"));
    }
    html.raw("</form><h2 style=\"margin-top:1.25rem\">Start over</h2><form class=\"row\" method=\"post\" action=\"/_control/reset\">")
        .raw("<button>Reset orders, switches and clock</button></form></div>");
}

fn cards(html: &mut Html, shared: &Shared) {
    html.raw("<div class=\"panel\" style=\"margin-top:1rem\"><h2>Test cards</h2><dl>")
        .fact(card::FRICTIONLESS, "succeeds")
        .fact(card::CHALLENGE, "asks the bank")
        .fact("all others", "fail")
        .raw("</dl><p class=\"hint\">Gateway base URLs: <code>")
        .text(&shared.page("smartcore/card/"))
        .raw("</code> for cards, <code>")
        .text(&shared.page("smartcore/api/"))
        .raw("</code> for the rest.</p></div>");
}

fn everything(html: &mut Html, faults: &Faults) {
    let text = serde_json::to_string_pretty(faults).unwrap_or_default();
    html.raw("<form class=\"panel\" method=\"post\" action=\"/_control/faults\"><h2>All switches</h2>")
        .raw("<label for=\"json\">JSON; what is left out stays as it is</label><textarea id=\"json\" name=\"json\" rows=\"18\" spellcheck=\"false\">\n")
        .text(&text)
        .raw("</textarea><button class=\"main\">Apply</button></form>");
}

fn select(html: &mut Html, name: &str, label: &str, options: &[(&str, &str)], chosen: &str) {
    html.raw(&format!(
        "<label for=\"{name}\">{label}</label><select id=\"{name}\" name=\"{name}\">"
    ));
    for (value, text) in options {
        let selected = if *value == chosen { "\" selected>" } else { "\">" };
        html.raw("<option value=\"").text(value).raw(selected).text(text).raw("</option>");
    }
    html.raw("</select>");
}

/// A select of a switch whose positions are JSON. One that was set elsewhere is offered too, lest the form change it.
fn position(
    html: &mut Html,
    name: &str,
    label: &str,
    options: &[(&str, &str)],
    chosen: &impl serde::Serialize,
) {
    let chosen = serde_json::to_string(chosen).unwrap_or_default();
    let mut options = options.to_vec();
    if options.iter().all(|(value, _)| *value != chosen) {
        options.push((&chosen, &chosen));
    }
    select(html, name, label, &options, &chosen);
}

/// The JSON name of a switch's position.
fn name(position: &impl serde::Serialize) -> String {
    serde_json::to_value(position)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
