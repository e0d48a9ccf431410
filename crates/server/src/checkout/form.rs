//! The form as it arrives: read once, checked, and wiped.

use std::collections::BTreeMap;
use std::fmt;

use farthing_types::card::HolderName;
use farthing_types::checkout::{CardEntry, Field, FieldError};
use farthing_types::{
    Brand, BrowserInfo, Card, Customer, CustomerField, Expiry, Pan, SecurityCode,
};
use farthing_widget::errors;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::problem::ApiError;
use crate::wallets::token::Offered;

/// Names of fields that are not customer data.
const OTHER_FIELDS: [&str; 17] = [
    "attempt",
    "version",
    "card_brand",
    "card_number",
    "card_expiry",
    "card_code",
    "card_holder",
    "browser_java_enabled",
    "browser_color_depth",
    "browser_screen_height",
    "browser_screen_width",
    "browser_language",
    "browser_time_zone",
    "browser_js_enabled",
    "apple_pay_token",
    "google_pay_token",
    "google_pay_network",
];

/// The fields of a submit, as text that is wiped on drop and never printed.
pub struct Fields(BTreeMap<&'static str, Zeroizing<String>>);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({} of them)", self.0.len())
    }
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded`. Unknown and doubled fields are refused.
    pub fn from_form(body: &[u8]) -> Result<Self, ApiError> {
        let mut fields = Self(BTreeMap::new());
        for (name, value) in form_urlencoded::parse(body) {
            fields.add(&name, Zeroizing::new(value.into_owned()))?;
        }
        Ok(fields)
    }

    /// Reads a JSON object with text, numbers and booleans as values. Unknown and doubled fields are refused.
    pub fn from_json(body: &[u8]) -> Result<Self, ApiError> {
        let pairs: Pairs = crate::json::parse(body)?;
        let mut fields = Self(BTreeMap::new());
        for (name, value) in pairs.0 {
            fields.add(&name, value)?;
        }
        Ok(fields)
    }

    fn add(&mut self, name: &str, value: Zeroizing<String>) -> Result<(), ApiError> {
        let known = OTHER_FIELDS
            .into_iter()
            .chain(CustomerField::ALL.into_iter().map(CustomerField::name))
            .find(|known| *known == name);
        let Some(known) = known else {
            return Err(ApiError::field("body", "has a field that is not part of this form"));
        };
        if self.0.insert(known, value).is_some() {
            return Err(ApiError::field(known, "must not be given twice"));
        }
        Ok(())
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.as_str())
    }

    /// The attempt's key, if it has the shape of one.
    pub fn attempt(&self) -> Result<&str, ApiError> {
        let key = self.text("attempt");
        let fine = (8..=64).contains(&key.len())
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if fine {
            Ok(key)
        } else {
            Err(ApiError::field("attempt", "must be the key that the page carried"))
        }
    }

    /// The session's version on the page.
    pub fn version(&self) -> Result<u32, ApiError> {
        self.text("version")
            .parse()
            .map_err(|_| ApiError::field("version", "must be the version that the page carried"))
    }

    /// Whether any card field was sent.
    pub fn has_card(&self) -> bool {
        self.0.keys().any(|name| name.starts_with("card_"))
    }

    /// A wallet's token, if the submit carries one: then it carries no card.
    pub fn wallet(&mut self) -> Result<Option<Offered>, ApiError> {
        let apple = self.0.remove("apple_pay_token");
        let google = self.0.remove("google_pay_token");
        let network = self.0.remove("google_pay_network");
        let offered = match (apple, google, network) {
            (None, None, None) => return Ok(None),
            (Some(token), None, None) => Offered::Apple(token),
            (None, Some(token), Some(network)) => {
                Offered::Google { token, network: network.to_string() }
            }
            (None, Some(_), None) => {
                return Err(ApiError::field("google_pay_network", "is required with a token"));
            }
            (None, None, Some(_)) => {
                return Err(ApiError::field("google_pay_network", "is accepted with a token only"));
            }
            (Some(_), _, _) => {
                return Err(ApiError::field("google_pay_token", "must not come with Apple's"));
            }
        };
        if self.has_card() {
            return Err(ApiError::field(offered.field(), "must not come with a card"));
        }
        Ok(Some(offered))
    }

    /// What the page's script collected; without a script only what the headers say.
    pub fn browser(&self, headers: BrowserInfo, by_script: bool) -> BrowserInfo {
        let number = |name| self.text(name).parse().ok();
        if !by_script {
            return BrowserInfo { js_enabled: false, ..headers };
        }
        BrowserInfo {
            js_enabled: true,
            java_enabled: self.text("browser_java_enabled").parse().ok(),
            color_depth: number("browser_color_depth").and_then(|n: u32| n.try_into().ok()),
            screen_height: number("browser_screen_height"),
            screen_width: number("browser_screen_width"),
            language: Some(self.text("browser_language"))
                .filter(|tag| {
                    (2..=35).contains(&tag.len())
                        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                })
                .map(str::to_owned)
                .or(headers.language),
            time_zone: self.text("browser_time_zone").parse().ok(),
            accept_header: headers.accept_header,
            user_agent: headers.user_agent,
        }
    }

    /// The brand that the shopper chose on a card that carries more than one; `None` where nothing was chosen.
    pub fn brand(&self, pan: &Pan) -> Result<Option<Brand>, ApiError> {
        let name = self.text("card_brand");
        if name.is_empty() {
            return Ok(None);
        }
        name.parse()
            .ok()
            .filter(|brand| Brand::possible(pan.expose_digits()).contains(*brand))
            .map(Some)
            .ok_or_else(|| ApiError::field("card_brand", "must be a brand that the card can have"))
    }

    /// The card, or what is wrong with it.
    pub fn card(&self, now: Timestamp) -> Result<Card, Vec<FieldError>> {
        let mut errors = Vec::new();
        let pan = Pan::parse(self.text("card_number")).map_err(|error| {
            errors.push(wrong(Field::CardNumber, errors::card_number(error)));
        });
        // The shopper's calendar may be a day ahead of ours: the month counts where on earth it ends last.
        let last = now.to_zoned(TimeZone::fixed(jiff::tz::offset(-12)));
        let expiry = Expiry::parse(self.text("card_expiry"))
            .and_then(|expiry| {
                let year = u16::try_from(last.year()).unwrap_or(2000);
                let month = u8::try_from(last.month()).unwrap_or(1);
                expiry.check(year, month).map(|()| expiry)
            })
            .map_err(|error| errors.push(wrong(Field::CardExpiry, errors::card_expiry(error))));
        let brand = pan.as_ref().ok().and_then(Brand::of);
        let code = SecurityCode::parse(self.text("card_code"))
            .and_then(|code| match brand {
                Some(brand) => code.check_for(brand).map(|()| code),
                None => Ok(code),
            })
            .map_err(|error| errors.push(wrong(Field::CardCode, errors::card_code(error, brand))));
        let holder = HolderName::parse(self.text("card_holder"))
            .map_err(|error| errors.push(wrong(Field::CardHolder, errors::card_holder(error))));
        match (pan, expiry, code, holder) {
            (Ok(pan), Ok(expiry), Ok(code), Ok(holder)) => {
                Ok(Card { pan, expiry, security_code: Some(code), holder })
            }
            _ => Err(errors),
        }
    }

    /// Adds what the form asked for to what is known of the customer.
    pub fn complete(&self, customer: &mut Customer, asked: &[CustomerField]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for field in asked {
            if let Err(error) = customer.set(*field, self.text(field.name())) {
                errors.push(wrong(Field::Customer(*field), errors::customer(*field, error)));
            }
        }
        errors
    }

    /// What was typed that is not card data, to be given back with the errors.
    pub fn typed(&self, asked: &[CustomerField]) -> Vec<(CustomerField, String)> {
        asked
            .iter()
            .filter(|field| !self.text(field.name()).is_empty())
            .map(|field| (*field, self.text(field.name()).chars().take(200).collect()))
            .collect()
    }
}

/// Whether this form takes card data at all.
pub fn takes_cards(entry: CardEntry) -> bool {
    entry == CardEntry::Embedded
}

fn wrong(field: Field, text: impl Into<String>) -> FieldError {
    FieldError { field, text: text.into() }
}

/// A JSON object's members in order, scalars as text, in memory that is wiped.
struct Pairs(Vec<(String, Zeroizing<String>)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts, numbers and booleans")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, Scalar(value))) = map.next_entry::<String, Scalar>()? {
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

struct Scalar(Zeroizing<String>);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number or a boolean")
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(Zeroizing::new(value.to_owned())))
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(Zeroizing::new(value.to_string())))
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(Zeroizing::new(value.to_string())))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(Zeroizing::new(value.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
