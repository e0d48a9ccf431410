//! Apple Pay's request object, exactly as Apple documents it.
//!
//! Source: "Apple Pay on the Web", API version 3, `ApplePayPaymentRequest`.

use farthing_types::CustomerField;
use farthing_types::wallet::ApplePayOffer;
use serde::Serialize;

use super::contact::Wanted;
use super::price;

/// `ApplePayPaymentRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequest<'a> {
    country_code: &'a str,
    currency_code: &'a str,
    /// Never `supportsEMV`: the gateway expects 3-D Secure data.
    merchant_capabilities: [&'static str; 1],
    supported_networks: &'a [String],
    total: LineItem<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required_billing_contact_fields: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required_shipping_contact_fields: Vec<&'static str>,
    /// Comes back signed, as a hash: binds the token to one attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    application_data: Option<&'a str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct LineItem<'a> {
    label: &'a str,
    amount: String,
    r#type: &'static str,
}

impl<'a> PaymentRequest<'a> {
    /// For an amount in minor units of a currency with `exponent` decimals.
    pub fn new(
        offer: &'a ApplePayOffer,
        amount: u64,
        currency: &'a str,
        exponent: u8,
        ask: &[CustomerField],
        application_data: Option<&'a str>,
    ) -> Self {
        let wanted = Wanted::of(ask);
        let list = |fields: [(bool, &'static str); 2]| {
            fields.into_iter().filter_map(|(wanted, name)| wanted.then_some(name)).collect()
        };
        Self {
            country_code: &offer.country,
            currency_code: currency,
            merchant_capabilities: ["supports3DS"],
            supported_networks: &offer.networks,
            total: LineItem {
                label: &offer.label,
                amount: price::decimal(amount, exponent),
                r#type: "final",
            },
            required_billing_contact_fields: list([
                (wanted.address || wanted.region, "postalAddress"),
                (wanted.name, "name"),
            ]),
            // Apple gives both with the shipping contact alone, also where nothing is shipped.
            required_shipping_contact_fields: list([
                (wanted.email, "email"),
                (wanted.phone, "phone"),
            ]),
            application_data,
        }
    }
}

/// Where Apple's sheet shows what is wrong with a customer field: `ApplePayError`'s code and contact field.
pub const fn contact_error(field: CustomerField) -> (&'static str, &'static str) {
    const BILLING: &str = "billingContactInvalid";
    const SHIPPING: &str = "shippingContactInvalid";
    match field {
        CustomerField::FirstName | CustomerField::LastName => (BILLING, "name"),
        CustomerField::Address => (BILLING, "addressLines"),
        CustomerField::City => (BILLING, "locality"),
        CustomerField::Zip => (BILLING, "postalCode"),
        CustomerField::Country => (BILLING, "countryCode"),
        CustomerField::Phone => (SHIPPING, "phoneNumber"),
        CustomerField::Email => (SHIPPING, "emailAddress"),
    }
}
