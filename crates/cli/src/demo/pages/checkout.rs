//! The shop's own checkout page: the order, the payment form in its frame, and the live log beside it.

use serde_json::Value;

use super::super::books;
use super::super::html::{Html, text};
use super::super::journal::Entry;
use super::super::orders::Order;
use super::super::standing::{Stage, Standing};
use super::{Page, View, log, test_cards};

/// What there is to know of an order.
#[derive(Debug)]
pub(in super::super) struct Known<'a> {
    /// The order.
    pub(in super::super) order: &'a Order,
    /// What the server says of it.
    pub(in super::super) standing: &'a Standing,
    /// The log so far, oldest first.
    pub(in super::super) entries: &'a [Entry],
    /// Where the live log goes on.
    pub(in super::super) mark: &'a str,
    /// How often the browser reported that the shop's policy stopped something.
    pub(in super::super) reports: u64,
}

/// `/order/{id}`
pub(in super::super) fn order(view: &View<'_>, known: &Known<'_>) -> String {
    let Known { order, standing, entries, mark, reports } = known;
    let state = standing.state();
    let is_waiting = matches!(state, "processing" | "requires_action");
    let hidden = |wanted: Stage| if standing.stage() == wanted { "" } else { " hidden" };
    let heading = if standing.stage() == Stage::Done { "Your order" } else { "Checkout" };
    let main = Html::raw(format!(
        "<h1>{heading}</h1><div class=\"checkout\" data-order=\"{id}\"><div class=\"counter\">{summary}\
         <section data-stage=\"pay\"{hide_pay}>{pay}</section>\
         <section data-stage=\"done\" class=\"panel thanks\" aria-labelledby=\"thanks\"{hide_done}>{thanks}</section>\
         <section data-stage=\"over\" class=\"panel\" aria-labelledby=\"over\"{hide_over}>{over}</section>\
         {attempts}</div>\
         <aside aria-label=\"For whoever builds a shop\">{cards}\
         <section class=\"panel\" aria-labelledby=\"log\" data-live data-after=\"{mark}\"><h2 id=\"log\">Live log</h2>\
         <p class=\"soft\">What this page, the shop’s server and the API say of the order. Times are UTC. <span data-live-state></span>\
         <noscript>Load the page again to see more.</noscript></p>\
         <ol class=\"log\" tabindex=\"0\" aria-labelledby=\"log\">{log}</ol><p class=\"none soft\">Nothing yet.</p>\
         <p class=\"soft\">Session <code>{session}</code>: <span data-session>{session_status}</span>. \
         Reports of this page’s content security policy: <span data-reports>{reports}</span>.</p></section></aside></div>",
        id = text(&order.id),
        summary = summary(view, order, standing),
        hide_pay = hidden(Stage::Pay),
        hide_done = hidden(Stage::Done),
        hide_over = hidden(Stage::Over),
        pay = pay(view, order, standing),
        thanks = thanks(view, order),
        over = over(view, order),
        attempts = attempts(view, &standing.payments),
        cards = if standing.stage() == Stage::Pay { test_cards() } else { Html::default() },
        mark = text(mark),
        log = log(entries, false),
        session = text(&order.session_id),
        session_status = text(&standing.session),
    ));
    let head = if standing.stage() == Stage::Pay {
        Html::raw(format!(
            "<script async src=\"{}/farthing.js\"></script>\n",
            text(&view.places.server)
        ))
    } else {
        Html::default()
    };
    view.page(&Page {
        title: &format!("Order {}", order.id),
        path: &format!("/order/{}", order.id),
        refresh: is_waiting.then_some(3),
        head,
        main,
    })
}

fn summary(view: &View<'_>, order: &Order, standing: &Standing) -> Html {
    let (class, words) = standing.sentence();
    let book = books::of(order);
    let cover = book.map_or_else(Html::default, |book| view.cover(book.slug));
    let author = book.map_or_else(Html::default, |book| {
        Html::raw(format!("<p class=\"author\">{}</p>", text(book.author)))
    });
    let copies = match (order.copies, book) {
        (0 | 1, _) | (_, None) => Html::default(),
        (copies, Some(book)) => Html::raw(format!(
            "<p class=\"soft\">{copies} copies at {}</p>",
            text(&view.price(book.price))
        )),
    };
    let to = if order.guest {
        "To the address that you enter with the payment"
    } else {
        "To Ada Reader, 1 Quay Street, Dublin D01 F5P2"
    };
    Html::raw(format!(
        "<section class=\"panel summary\" aria-label=\"Your order\">{cover}<div><h2>{title}</h2>{author}{copies}</div>\
         <dl><div><dt>Order</dt><dd>{id}</dd></div><div><dt>Delivery</dt><dd>{to}<br>Free, within two days</dd></div>\
         <div class=\"total\"><dt>Total</dt><dd class=\"price\">{total}</dd></div></dl>\
         <p class=\"state {class}\" role=\"status\" data-order-state=\"{state}\">{words}</p></section>",
        state = standing.state(),
        words = text(words),
        title = text(&order.title),
        id = text(&order.id),
        total = text(&view.price(order.amount)),
    ))
}

/// The payment form in its frame; a link where there are no scripts.
fn pay(view: &View<'_>, order: &Order, standing: &Standing) -> Html {
    if standing.stage() != Stage::Pay {
        return Html::default();
    }
    let label = match standing.state() {
        "unpaid" => format!("Pay {}", view.price(order.amount)),
        "processing" => "Look at the payment".to_owned(),
        "requires_action" => "Go on paying".to_owned(),
        _ => "Try again, or another card".to_owned(),
    };
    let (other, guest) = if order.guest {
        ("Use the address of Ada Reader", "no")
    } else {
        ("Pay as a guest instead", "yes")
    };
    // Another session would be refused while a payment is under way.
    let switch = if matches!(standing.state(), "processing" | "requires_action") {
        Html::default()
    } else {
        Html::raw(format!(
            "<form class=\"switch\" method=\"post\" action=\"{}\"><button type=\"submit\" name=\"guest\" value=\"{guest}\" class=\"quiet\">{other}</button></form>",
            view.link(&format!("/order/{}/session", order.id)),
        ))
    };
    Html::raw(format!(
        "<h2 class=\"unseen\">Payment</h2>\
         <farthing-checkout session=\"{token}\" theme=\"{theme}\" locale=\"en\"></farthing-checkout>\n\
         <noscript><p><a class=\"button\" href=\"{url}\">{label}</a></p></noscript>\
         <p class=\"panel bad\" data-missing hidden>The payment form could not be loaded here. <a href=\"{url}\">Pay on its own page</a>.</p>{switch}",
        token = text(order.token()),
        theme = view.theme.word(),
        url = text(&order.checkout_url),
        label = text(&label),
    ))
}

fn thanks(view: &View<'_>, order: &Order) -> Html {
    Html::raw(format!(
        "<h2 id=\"thanks\" tabindex=\"-1\">Thank you</h2>\
         <p>Your order number is <strong data-order-number>{}</strong>. {} have been asked of your card, once.</p>\
         <p class=\"soft\">The shop has asked its payment server before it showed you this; it does not take the browser’s word.</p>\
         <p><a class=\"button\" href=\"{}\">Back to the books</a></p>",
        text(&order.id),
        text(&view.price(order.amount)),
        view.link("/"),
    ))
}

fn over(view: &View<'_>, order: &Order) -> Html {
    Html::raw(format!(
        "<h2 id=\"over\" tabindex=\"-1\">The checkout is over</h2>\
         <p>It was open for a while and nothing was paid. The order is still here.</p>\
         <form method=\"post\" action=\"{}\"><button type=\"submit\">Start a new checkout</button></form>",
        view.link(&format!("/order/{}/session", order.id)),
    ))
}

fn attempts(view: &View<'_>, payments: &[Value]) -> Html {
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
            .map_or_else(String::new, |minor| view.price(minor));
        let reason = match cell("/decline/message") {
            "" => Html::default(),
            reason => Html::raw(format!("<span class=\"reason\">{}</span>", text(reason))),
        };
        Html::raw(format!(
            "<li><span class=\"tag\">{}</span> <span>{}</span> <span class=\"price\">{}</span> <code>{}</code>{reason}</li>",
            text(cell("/status")),
            text(&card),
            text(&amount),
            text(cell("/id")),
        ))
    });
    Html::raw(format!(
        "<section class=\"panel attempts\" aria-labelledby=\"attempts\"><h2 id=\"attempts\">Attempts</h2><ul>{}</ul></section>",
        Html::all(rows)
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Theme;
    use super::super::tests::with_view;
    use super::*;

    fn an_order() -> Order {
        Order {
            id: "FB-1".to_owned(),
            title: "<b>Bold</b>".to_owned(),
            amount: 1000,
            guest: false,
            book: "ledgers".to_owned(),
            copies: 2,
            session_id: "ses_1".to_owned(),
            checkout_url: "http://localhost:8081/checkout/cst_1".to_owned(),
        }
    }

    fn shown(theme: Theme, payments: Vec<Value>, session: &str) -> String {
        let standing = Standing { payments, session: session.to_owned() };
        let order = an_order();
        let known =
            Known { order: &order, standing: &standing, entries: &[], mark: "0-0", reports: 0 };
        with_view(theme, |view| super::order(&view, &known))
    }

    #[test]
    fn an_unpaid_order_embeds_the_checkout_and_links_to_it_where_there_is_no_script() {
        let html = shown(Theme::Dark, Vec::new(), "open");
        assert!(html.contains("<script async src=\"http://localhost:8081/farthing.js\"></script>"));
        assert!(
            html.contains("<farthing-checkout session=\"cst_1\" theme=\"dark\" locale=\"en\">")
        );
        let noscript = html.split("<noscript><p>").nth(1).unwrap();
        assert!(
            noscript
                .starts_with("<a class=\"button\" href=\"http://localhost:8081/checkout/cst_1\">")
        );
        assert!(html.contains("data-order-state=\"unpaid\""));
        assert!(html.contains(
            "data-stage=\"done\" class=\"panel thanks\" aria-labelledby=\"thanks\" hidden"
        ));
    }

    #[test]
    fn a_paid_order_says_thank_you_and_has_no_way_to_pay_again() {
        let payments = vec![json!({"status": "failed"}), json!({"status": "paid"})];
        let html = shown(Theme::Auto, payments, "complete");
        assert!(!html.contains("/checkout/cst_") && !html.contains("farthing.js"));
        assert!(!html.contains("<farthing-checkout"));
        assert!(html.contains("data-order-state=\"paid\""));
        assert!(html.contains("class=\"panel thanks\" aria-labelledby=\"thanks\">"));
    }

    #[test]
    fn after_a_decline_the_order_offers_another_try() {
        let payments = vec![json!({"status": "failed", "decline": {"message": "No & no"}})];
        let html = shown(Theme::Auto, payments, "open");
        assert!(html.contains("Try again, or another card"));
        assert!(html.contains("No &amp; no"));
    }

    #[test]
    fn an_expired_checkout_can_be_started_anew() {
        let html = shown(Theme::Auto, Vec::new(), "expired");
        assert!(html.contains("data-stage=\"over\" class=\"panel\" aria-labelledby=\"over\">"));
        assert!(html.contains("action=\"/order/FB-1/session\""));
        assert!(!html.contains("<farthing-checkout"));
    }

    #[test]
    fn only_a_page_that_waits_refreshes_itself_and_only_without_scripts() {
        let html = |status: &str| shown(Theme::Auto, vec![json!({"status": status})], "processing");
        let refresh = "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>";
        assert!(html("processing").contains(refresh));
        assert!(!html("paid").contains("http-equiv=\"refresh\""));
    }

    #[test]
    fn while_a_payment_is_under_way_no_other_checkout_is_offered() {
        let html = |status: &str| shown(Theme::Auto, vec![json!({"status": status})], "processing");
        assert!(!html("processing").contains("name=\"guest\""));
        assert!(html("failed").contains("name=\"guest\" value=\"yes\""));
    }

    #[test]
    fn text_from_elsewhere_is_escaped() {
        let html = shown(Theme::Auto, Vec::new(), "open");
        assert!(html.contains("&lt;b&gt;Bold&lt;/b&gt;") && !html.contains("<b>Bold"));
    }
}
