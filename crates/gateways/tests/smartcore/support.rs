//! An adapter, an order and a card to test with.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use farthing_gateways::smartcore::{
    Config, DEFAULT_API_URL, DEFAULT_CARD_URL, DEFAULT_FORM_HOSTS, Profile, SmartCore,
};
use farthing_gateways::{Order, WireRequest, WireResponse};
use farthing_types::card::HolderName;
use farthing_types::{Card, Currency, Customer, CustomerField, Expiry, Money, Pan, SecurityCode};
use secrecy::SecretString;
use serde_json::Value;

pub(crate) const CARD_NUMBER: &str = "4012000000003010";

pub(crate) fn config(profile: Profile) -> Config {
    Config {
        profile,
        accounts: BTreeMap::from([("EUR".parse::<Currency>().unwrap(), "EUR-sandbox".to_owned())]),
        merchant_key: "test".to_owned(),
        secret: SecretString::from("qwerty"),
        old_secrets: Vec::new(),
        card_url: DEFAULT_CARD_URL.parse().unwrap(),
        api_url: DEFAULT_API_URL.parse().unwrap(),
        form_hosts: DEFAULT_FORM_HOSTS.iter().map(|host| (*host).to_owned()).collect(),
        allow_http: false,
    }
}

pub(crate) fn smartcore(profile: Profile) -> SmartCore {
    SmartCore::new(config(profile)).unwrap()
}

/// The customer of every documented example.
pub(crate) fn customer() -> Customer {
    let mut customer = Customer::default();
    for (field, value) in [
        (CustomerField::FirstName, "John"),
        (CustomerField::LastName, "Doe"),
        (CustomerField::Address, "10 Downing Street"),
        (CustomerField::City, "London"),
        (CustomerField::Zip, "121165"),
        (CustomerField::Country, "GB"),
        (CustomerField::Phone, "+442079460612"),
        (CustomerField::Email, "john.doe@example.com"),
    ] {
        customer.set(field, value).unwrap();
    }
    customer
}

/// The order of every documented example, with one way back for all three.
pub(crate) fn order<'a>(gateway_order_id: &'a str, customer: &'a Customer) -> Order<'a> {
    Order {
        gateway_order_id,
        amount: Money::new(1000, "EUR".parse().unwrap()).unwrap(),
        purpose: Some("description"),
        merchant_site: "https://merchant.site",
        customer,
        customer_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        return_url: "https://site.com/redir",
        callback_url: "https://site.com/callback",
        recurrent: None,
    }
}

/// The card of the documented example.
pub(crate) fn card() -> Card {
    Card {
        pan: Pan::parse(CARD_NUMBER).unwrap(),
        expiry: Expiry::parse("02/25").unwrap(),
        security_code: Some(SecurityCode::parse("123").unwrap()),
        holder: HolderName::parse("John Doe").unwrap(),
    }
}

pub(crate) fn body(request: &WireRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

pub(crate) fn answer(status: u16, body: &str) -> WireResponse {
    WireResponse { status, body: body.as_bytes().to_vec() }
}
