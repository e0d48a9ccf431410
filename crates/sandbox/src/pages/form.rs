//! `/smartcore/pay/{id}`: the hosted form of `initPayment`, and for a card payment the page that runs 3-D Secure.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as Shares};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use super::shell::amount;
use super::{Html, not_found, page, send_on};
use crate::control::Phase;
use crate::order::Order;
use crate::sandbox::Shared;
use crate::smartcore::card::CardInput;

/// `GET /smartcore/pay/{id}`: decides a payment that needs no challenge, so a `HEAD` does nothing.
pub(super) async fn open(
    Shares(shared): Shares<Arc<Shared>>,
    method: Method,
    Path(id): Path<String>,
) -> Response {
    if method == Method::HEAD {
        return StatusCode::OK.into_response();
    }
    shared.sweep();
    let (response, dispatch) = {
        let mut state = shared.lock();
        let dispatch = state.visit(&id);
        let response = match state.order(&id) {
            Some(order) if !order.has_form_url() => not_found(),
            None => not_found(),
            Some(order) if order.phase() == Phase::AwaitingCard => {
                show(order, None, Mistakes::default())
            }
            Some(order) => send_on(&shared, order),
        };
        (response, dispatch)
    };
    shared.dispatch(dispatch);
    response
}

/// What the shopper typed. Wiped when it is dropped.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    card_number: String,
    #[serde(default)]
    card_exp: String,
    #[serde(default)]
    card_cvv: String,
    #[serde(default)]
    card_holder: String,
    #[serde(default)]
    phone: String,
}

impl Drop for Typed {
    fn drop(&mut self) {
        self.card_number.zeroize();
        self.card_exp.zeroize();
        self.card_cvv.zeroize();
    }
}

/// Which inputs were wrong.
#[derive(Clone, Copy, Debug, Default)]
struct Mistakes {
    number: bool,
    expiry: bool,
    code: bool,
    holder: bool,
}

impl Mistakes {
    fn any(self) -> bool {
        self.number || self.expiry || self.code || self.holder
    }
}

/// `POST /smartcore/pay/{id}`: the card. Sent again, it leads where it led before.
pub(super) async fn submit(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    shared.sweep();
    let read = read(&typed);
    let (response, dispatch) = {
        let mut state = shared.lock();
        let Some(order) = state.order(&id) else { return not_found() };
        match (order.phase(), &read) {
            (Phase::AwaitingCard, Err(mistakes)) => return show(order, Some(&typed), *mistakes),
            (Phase::AwaitingCard, Ok(card)) => {
                let phone =
                    Some(typed.phone.clone()).filter(|phone| (1..=20).contains(&phone.len()));
                state.type_card(&id, card, phone);
            }
            _ => {}
        }
        let dispatch = state.visit(&id);
        (state.order(&id).map_or_else(not_found, |order| send_on(&shared, order)), dispatch)
    };
    shared.dispatch(dispatch);
    response
}

fn read(typed: &Typed) -> Result<CardInput, Mistakes> {
    let digits: Zeroizing<String> =
        Zeroizing::new(typed.card_number.chars().filter(|c| !matches!(c, ' ' | '-')).collect());
    let holder = typed.card_holder.trim();
    let mut mistakes = Mistakes {
        number: false,
        expiry: farthing_types::Expiry::parse(&typed.card_exp).is_err(),
        code: farthing_types::SecurityCode::parse(&typed.card_cvv).is_err(),
        holder: farthing_types::card::HolderName::parse(holder).is_err(),
    };
    let card = CardInput::new(digits, holder.to_owned());
    mistakes.number = card.is_none();
    card.filter(|_| !mistakes.any()).ok_or(mistakes)
}

fn show(order: &Order, typed: Option<&Typed>, mistakes: Mistakes) -> Response {
    let mut html = Html::default();
    let sum = amount(order.new.amount, &order.new.currency);
    html.raw("<main class=\"sheet\"><p class=\"soft\">");
    match order.new.merchant_site.as_ref().and_then(|site| site.host_str()) {
        Some(shop) => html.text("Pay ").text(shop),
        None => html.text("Payment"),
    };
    html.raw("</p><h1 class=\"total\">").text(&sum).raw("</h1>");
    if let Some(purpose) = &order.new.purpose {
        html.raw("<p class=\"soft\">").text(purpose).raw("</p>");
    }
    if mistakes.any() {
        html.raw("<p class=\"error\" role=\"alert\">Please look at the marked fields.</p>");
    }
    html.raw("<form method=\"post\" novalidate>");
    let number = Input {
        name: "card_number",
        label: "Card number",
        token: "cc-number",
        mode: "numeric",
        error: "This is not a card number.",
    };
    let expiry = Input {
        name: "card_exp",
        label: "Expires (MM/YY)",
        token: "cc-exp",
        mode: "numeric",
        error: "Month and year, like 12/30.",
    };
    let cvv = Input {
        name: "card_cvv",
        label: "Security code",
        token: "cc-csc",
        mode: "numeric",
        error: "3 or 4 digits.",
    };
    let holder = Input {
        name: "card_holder",
        label: "Name on card",
        token: "cc-name",
        mode: "text",
        error: "The name as on the card.",
    };
    number.write(&mut html, "", mistakes.number);
    html.raw("<div class=\"pair\"><div>");
    expiry.write(&mut html, "", mistakes.expiry);
    html.raw("</div><div>");
    cvv.write(&mut html, "", mistakes.code);
    html.raw("</div></div>");
    holder.write(&mut html, typed.map_or("", |typed| &typed.card_holder), mistakes.holder);
    if let Some(phone) = &order.new.phone {
        let input = Input { name: "phone", label: "Phone", token: "tel", mode: "tel", error: "" };
        input.write(&mut html, typed.map_or(phone, |typed| &typed.phone), false);
    }
    html.raw("<button class=\"main\">Pay ")
        .text(&sum)
        .raw("</button></form><p class=\"hint\">Test cards: 4012 0000 0000 3010 succeeds, 4003 8301 7187 4018 asks your bank, ")
        .raw("all others fail. Any date and code will do.</p></main>");
    page(
        if mistakes.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK },
        "Pay",
        &html,
    )
}

/// One labelled input with its error tied to it.
struct Input {
    name: &'static str,
    label: &'static str,
    token: &'static str,
    mode: &'static str,
    error: &'static str,
}

impl Input {
    fn write(&self, html: &mut Html, value: &str, wrong: bool) {
        let Self { name, label, token, mode, error } = self;
        html.raw(&format!("<label for=\"{name}\">{label}</label>"))
            .raw(&format!("<input id=\"{name}\" name=\"{name}\" autocomplete=\"{token}\" inputmode=\"{mode}\" value=\""))
            .text(value);
        if wrong {
            html.raw(&format!("\" aria-invalid=\"true\" aria-describedby=\"{name}-error\"><p class=\"error\" id=\"{name}-error\">{error}</p>"));
        } else {
            html.raw("\">");
        }
    }
}
