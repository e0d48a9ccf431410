//! The shop's pages. No script: what changes is shown by loading the page again.

use farthing_types::{Currency, Money};
use jiff::Timestamp;
use serde_json::Value;

use super::html::{Html, text};
use super::orders::Order;
use super::webhooks::Received;

/// A book of the shop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Book {
    /// Its name in forms.
    pub(super) slug: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// A line about it.
    pub(super) about: &'static str,
    /// Integer minor units.
    pub(super) price: u64,
}

/// What the shop sells.
pub(super) const BOOKS: [Book; 3] = [
    Book {
        slug: "small-coins",
        title: "A History of Small Coins",
        about: "From the obol to the farthing: four centuries of change.",
        price: 1000,
    },
    Book {
        slug: "ledgers",
        title: "Ledgers That Balance",
        about: "Double entry for people who would rather be reading.",
        price: 2450,
    },
    Book {
        slug: "mint-marks",
        title: "The Mint Mark Pocket Guide",
        about: "Fits a pocket; so does its price.",
        price: 99,
    },
];

/// The cards that the sandbox knows: SmartCore API, "Test cards". Any other number is declined.
const TEST_CARDS: [(&str, &str); 3] = [
    ("4012000000003010", "paid at once"),
    ("4003830171874018", "the bank asks: approve, decline or cancel"),
    ("4111111111111111", "declined, like every other number"),
];

/// Where things are, for links.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The server's address.
    pub(super) server: String,
    /// The sandbox's address.
    pub(super) sandbox: String,
}

/// An amount for people.
pub(super) fn price(minor: u64, currency: Currency) -> String {
    Money::new(minor, currency).map_or_else(|_| minor.to_string(), |money| money.to_string())
}

fn page(title: &str, refresh_seconds: Option<u8>, places: &Places, main: &Html) -> String {
    let refresh = refresh_seconds.map_or_else(String::new, |seconds| {
        format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n")
    });
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{refresh}\
         <title>{} – Farthing Books</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/shop.css\">\n</head>\n<body>\n\
         <header><strong><a href=\"/\">Farthing Books</a></strong>\
         <nav aria-label=\"Shop\"><a href=\"/\">Books</a><a href=\"/events\">Events and webhooks</a>\
         <a href=\"{}\">Sandbox</a></nav></header>\n<main>\n{main}</main>\n\
         <footer>A demo. No money moves: the gateway is the sandbox. Server: <code>{}</code></footer>\n</body>\n</html>\n",
        text(title),
        text(&places.sandbox),
        text(&places.server),
    )
}

fn test_cards() -> Html {
    let rows = TEST_CARDS.iter().map(|(number, what)| {
        Html::raw(format!("<tr><td><code>{}</code></td><td>{}</td></tr>", text(number), text(what)))
    });
    Html::raw(format!(
        "<section class=\"panel\"><h2>Test cards</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Number</th>\
         <th scope=\"col\">What happens</th></tr></thead><tbody>{}</tbody></table></div>\
         <p class=\"soft\">Any expiry date in the future, any three digits as code, any name.</p></section>",
        Html::all(rows)
    ))
}

/// `/`
pub(super) fn home(orders: &[String], currency: Currency, places: &Places) -> String {
    let books = BOOKS.iter().map(|book| {
        Html::raw(format!(
            "<li><h3>{title}</h3><p class=\"soft\">{}</p><p class=\"price\">{}</p>\
             <form method=\"post\" action=\"/orders\"><input type=\"hidden\" name=\"book\" value=\"{}\">\
             <label><input type=\"checkbox\" name=\"guest\" value=\"yes\"> as a guest, with no address on file</label>\
             <button type=\"submit\" aria-label=\"Buy {title}\">Buy</button></form></li>",
            text(book.about),
            text(&price(book.price, currency)),
            text(book.slug),
            title = text(book.title),
        ))
    });
    let main = Html::raw(format!(
        "<h1>Books about small change</h1><p>Buy one; pay with a test card.</p><ul class=\"books\">{}</ul>{}{}",
        Html::all(books),
        test_cards(),
        past_orders(orders)
    ));
    page("Books", None, places, &main)
}

fn past_orders(orders: &[String]) -> Html {
    if orders.is_empty() {
        return Html::default();
    }
    let items = orders
        .iter()
        .map(|id| Html::raw(format!("<li><a href=\"/order/{id}\">{id}</a></li>", id = text(id))));
    Html::raw(format!("<h2>Orders so far</h2><ul>{}</ul>", Html::all(items)))
}

/// What the server says of an order.
#[derive(Debug)]
pub(super) struct Standing {
    /// `GET /v1/payments?order_id=…`, newest first.
    pub(super) payments: Vec<Value>,
    /// The session's status.
    pub(super) session: String,
}

impl Standing {
    /// The order's state: that of the payment that took money, else that of the newest attempt.
    fn state(&self) -> &str {
        let settled = ["paid", "authorized", "partially_refunded", "refunded", "needs_attention"];
        let status =
            |payment: &'_ Value| payment.get("status").and_then(Value::as_str).map(str::to_owned);
        let all: Vec<String> = self.payments.iter().filter_map(status).collect();
        settled
            .into_iter()
            .find(|settled| all.iter().any(|status| status == settled))
            .or_else(|| {
                let newest = all.first()?;
                ["requires_action", "processing", "failed", "canceled"]
                    .into_iter()
                    .find(|known| known == newest)
            })
            .unwrap_or("unpaid")
    }
}

fn sentence(state: &str) -> (&'static str, &'static str) {
    match state {
        "paid" => ("good", "Paid. Thank you: your book is on its way."),
        "authorized" => ("good", "Reserved on your card. Thank you."),
        "partially_refunded" | "refunded" => ("", "Refunded."),
        "needs_attention" => ("", "We are looking into your payment and will write to you."),
        "requires_action" => ("", "Your bank is waiting for you."),
        "processing" => ("", "Your payment is being processed. This page looks again by itself."),
        "failed" => ("bad", "The payment did not go through. You have not been charged."),
        "canceled" => ("bad", "The payment was canceled. You have not been charged."),
        _ => ("", "Your order is ready to be paid."),
    }
}

/// `/order/{id}`
pub(super) fn order(
    order: &Order,
    standing: &Standing,
    currency: Currency,
    places: &Places,
) -> String {
    let state = standing.state();
    let (class, words) = sentence(state);
    let may_pay = matches!(state, "unpaid" | "failed" | "canceled" | "requires_action");
    let label = match state {
        "unpaid" => "Pay",
        "requires_action" => "Go on paying",
        _ => "Try again, or another card",
    };
    let action = match standing.session.as_str() {
        "open" | "processing" if may_pay => format!(
            "<p><a class=\"button\" href=\"{}\">{label} {}</a></p>",
            text(&order.checkout_url),
            text(&price(order.amount, currency))
        ),
        "expired" if may_pay => format!(
            "<p>The checkout is over.</p><form method=\"post\" action=\"/order/{}/session\">\
             <button type=\"submit\">Start a new checkout</button></form>",
            text(&order.id)
        ),
        _ => String::new(),
    };
    let waiting = matches!(state, "processing" | "requires_action").then_some(3);
    let main = Html::raw(format!(
        "<h1>Order {id}</h1><p>{title}, <span class=\"price\">{}</span></p>\
         <p class=\"state {class}\" role=\"status\" data-order-state=\"{state}\">{}</p>{action}{}{}\
         <p class=\"soft\">All of this was just read from the server's API. Session <code>{}</code>: {}.</p>",
        text(&price(order.amount, currency)),
        text(words),
        attempts(&standing.payments, currency),
        if may_pay { test_cards() } else { Html::default() },
        text(&order.session_id),
        text(&standing.session),
        id = text(&order.id),
        title = text(&order.title),
    ));
    page(&format!("Order {}", order.id), waiting, places, &main)
}

fn attempts(payments: &[Value], currency: Currency) -> Html {
    if payments.is_empty() {
        return Html::default();
    }
    let rows = payments.iter().map(|payment| {
        let cell =
            |pointer: &str| payment.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let card = match (cell("/card/brand"), cell("/card/last4")) {
            (brand, "") => brand.to_owned(),
            (brand, last4) => format!("{brand} … {last4}"),
        };
        let amount = payment
            .get("amount")
            .and_then(Value::as_u64)
            .map_or_else(String::new, |minor| price(minor, currency));
        Html::raw(format!(
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(cell("/id")),
            text(cell("/status")),
            text(&amount),
            text(&card),
            text(cell("/decline/message")),
        ))
    });
    Html::raw(format!(
        "<h2 id=\"attempts\">Attempts</h2><div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"attempts\"><table><thead><tr><th scope=\"col\">Payment</th><th scope=\"col\">Status</th>\
         <th scope=\"col\">Amount</th><th scope=\"col\">Card</th><th scope=\"col\">Reason</th></tr></thead><tbody>{}</tbody></table></div>",
        Html::all(rows)
    ))
}

/// `/events`
pub(super) fn events(
    events: &[Value],
    webhooks: &[Received],
    refused: u64,
    places: &Places,
) -> String {
    let event_rows = events.iter().rev().map(|event| {
        let cell = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
        let at = cell("/timestamp").parse::<Timestamp>().map_or_else(|_| "-".to_owned(), clock);
        row(&[cell("/type"), cell("/data/order_id"), cell("/data/status"), &at, cell("/id")])
    });
    let webhook_rows = webhooks.iter().map(|webhook| {
        let Received { at, id, kind, order_id, status, deliveries } = webhook;
        row(&[kind, order_id, status, &clock(*at), id, &deliveries.to_string()])
    });
    let refused = if refused == 0 {
        String::new()
    } else {
        format!("<p class=\"bad\">Refused because they did not verify: {refused}</p>")
    };
    let main = Html::raw(format!(
        "<h1>Events and webhooks</h1><p class=\"soft\">This page looks again every three seconds.</p>\
         <h2 id=\"webhooks\">Webhooks, verified</h2>{refused}{}<h2 id=\"events\">Events, from <code>GET /v1/events</code></h2>{}",
        listing(
            "webhooks",
            &["Type", "Order", "Status", "Arrived, UTC", "Id", "Deliveries"],
            webhook_rows.collect()
        ),
        listing("events", &["Type", "Order", "Status", "Time, UTC", "Id"], event_rows.collect()),
    ));
    page("Events and webhooks", Some(3), places, &main)
}

/// The time of day.
fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

fn row(cells: &[&str]) -> Html {
    let cells = cells.iter().map(|cell| Html::raw(format!("<td>{}</td>", text(cell))));
    Html::raw(format!("<tr>{}</tr>", Html::all(cells)))
}

fn listing(label: &str, headings: &[&str], rows: Vec<Html>) -> Html {
    if rows.is_empty() {
        return Html::raw("<p>None yet.</p>");
    }
    let headings = headings
        .iter()
        .map(|heading| Html::raw(format!("<th scope=\"col\">{}</th>", text(heading))));
    Html::raw(format!(
        "<div class=\"scroll list\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{label}\"><table aria-labelledby=\"{label}\"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        Html::all(headings),
        Html::all(rows)
    ))
}

/// Something went wrong.
pub(super) fn trouble(words: &str, places: &Places) -> String {
    let main = Html::raw(format!(
        "<h1>That did not work</h1><p>{}</p><p><a href=\"/\">Back to the books</a></p>",
        text(words)
    ));
    page("That did not work", None, places, &main)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places() -> Places {
        Places {
            server: "http://localhost:8081".to_owned(),
            sandbox: "http://localhost:8082".to_owned(),
        }
    }

    fn eur() -> Currency {
        "EUR".parse().unwrap()
    }

    fn an_order() -> Order {
        Order {
            id: "FB-1".to_owned(),
            title: "<b>Bold</b>".to_owned(),
            amount: 1000,
            guest: false,
            session_id: "ses_1".to_owned(),
            checkout_url: "http://localhost:8081/checkout/cst_1".to_owned(),
        }
    }

    #[test]
    fn the_first_page_lists_every_book_and_the_test_cards() {
        let html = home(&["FB-1".to_owned()], eur(), &places());
        for book in BOOKS {
            assert!(html.contains(book.title));
        }
        assert!(html.contains("href=\"/order/FB-1\""));
        for (number, _) in TEST_CARDS {
            assert!(html.contains(number));
        }
    }

    #[test]
    fn an_unpaid_order_links_to_the_checkout_and_a_paid_one_does_not() {
        let unpaid = Standing { payments: Vec::new(), session: "open".to_owned() };
        let html = order(&an_order(), &unpaid, eur(), &places());
        assert!(html.contains("href=\"http://localhost:8081/checkout/cst_1\""));
        assert!(html.contains("data-order-state=\"unpaid\""));
        let paid = Standing {
            payments: vec![json!({"status": "failed"}), json!({"status": "paid"})],
            session: "complete".to_owned(),
        };
        let html = order(&an_order(), &paid, eur(), &places());
        assert!(!html.contains("/checkout/"), "money taken once is never asked for again");
        assert!(html.contains("data-order-state=\"paid\""));
    }

    #[test]
    fn after_a_decline_the_order_offers_another_try() {
        let standing = Standing {
            payments: vec![json!({"status": "failed", "decline": {"message": "No & no"}})],
            session: "open".to_owned(),
        };
        let html = order(&an_order(), &standing, eur(), &places());
        assert!(html.contains("Try again, or another card"));
        assert!(html.contains("No &amp; no"));
    }

    #[test]
    fn an_unknown_state_never_reads_as_paid() {
        let standing =
            Standing { payments: vec![json!({"status": "PAID!"})], session: "open".to_owned() };
        assert_eq!(standing.state(), "unpaid");
    }

    #[test]
    fn only_a_page_that_waits_refreshes_itself() {
        let html = |status: &str| {
            let standing = Standing {
                payments: vec![json!({"status": status})],
                session: "processing".to_owned(),
            };
            order(&an_order(), &standing, eur(), &places())
        };
        assert!(html("processing").contains("http-equiv=\"refresh\""));
        assert!(!html("paid").contains("http-equiv=\"refresh\""));
    }

    #[test]
    fn text_from_elsewhere_is_escaped() {
        let unpaid = Standing { payments: Vec::new(), session: "open".to_owned() };
        let html = order(&an_order(), &unpaid, eur(), &places());
        assert!(html.contains("&lt;b&gt;Bold&lt;/b&gt;"));
        let shown = events(&[json!({"type": "<script>"})], &[], 0, &places());
        assert!(!shown.contains("<script>"));
    }
}
