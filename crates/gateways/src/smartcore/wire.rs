//! What goes over the wire: paths, field names, statuses and answers, shared with the sandbox's other side.
//!
//! Requests are listed by name and not as serde types: the one of `initPaymentHost2Host` holds a card or a wallet's token, and a type
//! that could be serialised could be logged. Answers are read by name too, because their types vary (see `reader`);
//! the structs here are what a gateway that follows its documents writes.
//!
//! Source: "SmartCore API" (profile v1) and "SmartPayments API" (profile v0), the sections named at each item.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Paths below the two base URLs, without a leading slash. Every call is a POST.
pub mod path {
    /// "Create payment form", "Mobile Commerce": below `api_url`.
    pub const INIT_PAYMENT: &str = "initPayment";
    /// "Create direct payment": below `card_url`.
    pub const INIT_PAYMENT_HOST2HOST: &str = "initPaymentHost2Host";
    /// "Check transaction status": below `api_url`.
    pub const CHECK: &str = "check";
}

/// `Content-Type` of requests and answers.
pub const JSON: &str = "application/json";
/// `Content-Type` of callbacks: "SmartCore API", Callback.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Names of request fields: "Request parameters" of each call.
pub mod field {
    /// Merchant account name; ends in `-sandbox` for test accounts.
    pub const ACCOUNT: &str = "account";
    /// Long, minor units.
    pub const AMOUNT: &str = "amount";
    /// Alpha-3 code.
    pub const CURRENCY: &str = "currency";
    /// The merchant's id of the order, unique for ever; also what `check` asks for.
    pub const ORDER_ID: &str = "order_id";
    /// URL of the shop.
    pub const MERCHANT_SITE: &str = "merchant_site";
    /// Boolean.
    pub const RECURRENT: &str = "recurrent";
    /// Text.
    pub const PURPOSE: &str = "purpose";
    /// Text.
    pub const CUSTOMER_FIRST_NAME: &str = "customer_first_name";
    /// Text.
    pub const CUSTOMER_LAST_NAME: &str = "customer_last_name";
    /// Text.
    pub const CUSTOMER_ADDRESS: &str = "customer_address";
    /// Text.
    pub const CUSTOMER_CITY: &str = "customer_city";
    /// String in the tables, a number in the samples: accept both, send a string.
    pub const CUSTOMER_ZIP_CODE: &str = "customer_zip_code";
    /// Alpha-2 code.
    pub const CUSTOMER_COUNTRY: &str = "customer_country";
    /// E.164 with the plus sign.
    pub const CUSTOMER_PHONE: &str = "customer_phone";
    /// E-mail address.
    pub const CUSTOMER_EMAIL: &str = "customer_email";
    /// IPv4 or IPv6 address.
    pub const CUSTOMER_IP_ADDRESS: &str = "customer_ip_address";
    /// Where callbacks go.
    pub const CALLBACK_URL: &str = "callback_url";
    /// Where the shopper goes after success.
    pub const SUCCESS_URL: &str = "success_url";
    /// Where the shopper goes after failure.
    pub const FAIL_URL: &str = "fail_url";
    /// Where the shopper goes while nothing is decided.
    pub const STATUS_URL: &str = "status_url";
    /// Digits; `initPayment` of profile v1 only ("Mobile Commerce").
    pub const FORM_PREFILLED_PHONE: &str = "form_prefilled_phone";
    /// One of [`super::METHOD_CARD`], [`super::METHOD_APPLE_PAY`] and [`super::METHOD_GOOGLE_PAY`].
    pub const PAYMENT_METHOD: &str = "payment_method";
    /// Text.
    pub const CARD_HOLDER: &str = "card_holder";
    /// Digits.
    pub const CARD_NUMBER: &str = "card_number";
    /// Two digits.
    pub const CARD_EXP_MONTH: &str = "card_exp_month";
    /// Two digits.
    pub const CARD_EXP_YEAR: &str = "card_exp_year";
    /// Three or four digits.
    pub const CARD_CVV: &str = "card_cvv";
    /// Base64 "of decoded value of paymentData.data token field": of the decrypted payment data, as the sample shows.
    pub const APPLE_PAY_DPAN: &str = "apple_pay_dpan";
    /// "Value of paymentMethod.network token field".
    pub const APPLE_PAY_PAYMENT_METHOD_NETWORK: &str = "apple_pay_payment_method_network";
    /// Base64 "of decoded value of paymentMethodData.tokenizationData.token": of the token, still encrypted, as the sample shows.
    pub const GOOGLE_PAY_DPAN: &str = "google_pay_dpan";
    /// "Value of paymentMethodData.info.cardNetwork".
    pub const GOOGLE_PAY_PAYMENT_METHOD_NETWORK: &str = "google_pay_payment_method_network";
    /// Long, days.
    pub const RECUR_FREQ: &str = "recur_freq";
    /// "Long" in the tables, an ISO 8601 text by their own description: a text.
    pub const RECUR_EXP: &str = "recur_exp";
    /// String.
    pub const BROWSER_ACCEPT_HEADER: &str = "browser_accept_header";
    /// String.
    pub const BROWSER_USER_AGENT: &str = "browser_user_agent";
    /// Boolean.
    pub const BROWSER_JAVA_ENABLED: &str = "browser_java_enabled";
    /// Boolean.
    pub const BROWSER_JS_ENABLED: &str = "browser_js_enabled";
    /// String of digits, bits.
    pub const BROWSER_COLOR_DEPTH: &str = "browser_color_depth";
    /// String of digits, pixels.
    pub const BROWSER_SCREEN_HEIGHT: &str = "browser_screen_height";
    /// String of digits, pixels.
    pub const BROWSER_SCREEN_WIDTH: &str = "browser_screen_width";
    /// String, BCP 47.
    pub const BROWSER_LANGUAGE: &str = "browser_language";
    /// String, minutes west of UTC.
    pub const BROWSER_TIME_ZONE: &str = "browser_time_zone";

    /// Required by `initPayment` in both versions.
    pub const REQUIRED_BY_FORM: &[&str] = &[
        ACCOUNT,
        AMOUNT,
        CURRENCY,
        ORDER_ID,
        CUSTOMER_FIRST_NAME,
        CUSTOMER_LAST_NAME,
        CUSTOMER_ADDRESS,
        CUSTOMER_CITY,
        CUSTOMER_ZIP_CODE,
        CUSTOMER_COUNTRY,
        CUSTOMER_PHONE,
        CUSTOMER_EMAIL,
        CUSTOMER_IP_ADDRESS,
    ];
    /// Required by `initPaymentHost2Host` on top of [`REQUIRED_BY_FORM`], for `payment_method` card.
    pub const REQUIRED_BY_CARD: &[&str] =
        &[MERCHANT_SITE, CARD_HOLDER, CARD_NUMBER, CARD_EXP_MONTH, CARD_EXP_YEAR, CARD_CVV];
    /// The same for `payment_method` applePayDPan.
    pub const REQUIRED_BY_APPLE_PAY: &[&str] =
        &[MERCHANT_SITE, PAYMENT_METHOD, APPLE_PAY_DPAN, APPLE_PAY_PAYMENT_METHOD_NETWORK];
    /// The same for `payment_method` googlePayDPan.
    pub const REQUIRED_BY_GOOGLE_PAY: &[&str] =
        &[MERCHANT_SITE, PAYMENT_METHOD, GOOGLE_PAY_DPAN, GOOGLE_PAY_PAYMENT_METHOD_NETWORK];
}

/// The value of `payment_method` for cards, and its default.
pub const METHOD_CARD: &str = "card";
/// The value of `payment_method` for Apple Pay: "Create direct payment" (v0), "Direct ApplePay DPan payment" (v1).
pub const METHOD_APPLE_PAY: &str = "applePayDPan";
/// The value of `payment_method` for Google Pay: "Google Pay" (v0), "Direct GooglePay DPan payment" (v1).
pub const METHOD_GOOGLE_PAY: &str = "googlePayDPan";

/// Transaction statuses: Dictionary, "Transaction statuses".
pub mod status {
    /// Failed, finally. (Also what a successful cancel of an authorisation answers.)
    pub const FAIL: i64 = -1;
    /// Waiting for redirect; profile v1 only.
    pub const WAITING: i64 = 0;
    /// Under way.
    pub const PROCESSING: i64 = 1;
    /// The money was taken.
    pub const SUCCESS: i64 = 2;
}

/// Names of answer fields: "Response parameters", and the samples.
pub mod answer {
    /// A status, see [`super::status`].
    pub const STATUS: &str = "status";
    /// Where the shopper has to go.
    pub const FORM_URL: &str = "form_url";
    /// Ours or the gateway's id, by mood; ours in `check`.
    pub const ORDER_ID: &str = "order_id";
    /// Why the request was refused.
    pub const ERR: &str = "err";
    /// Text.
    pub const MSG: &str = "msg";
    /// Text.
    pub const MESSAGE: &str = "message";
    /// Why the transaction failed.
    pub const ERROR_MESSAGE: &str = "errorMessage";
    /// Why the transaction failed, in callbacks and in `cascadeErrors`.
    pub const ERROR_CATEGORY: &str = "errorCategory";
    /// null, an array of [`super::CascadeError`], or a text.
    pub const CASCADE_ERRORS: &str = "cascadeErrors";
    /// Long, minor units.
    pub const AMOUNT: &str = "amount";
    /// Long, minor units; profile v1 only.
    pub const FINAL_AMOUNT: &str = "finalAmount";
    /// Payment, Refund, Withdrawal and more.
    pub const TYPE: &str = "type";
    /// An object, see [`super::CheckedCard`].
    pub const CARD: &str = "card";
    /// When the transaction ended, ISO 8601, or null.
    pub const END_DATE: &str = "endDate";
    /// `card.number`: masked.
    pub const CARD_NUMBER: &str = "number";
    /// `card.type`: the brand.
    pub const CARD_TYPE: &str = "type";
    /// 3-D Secure 2 challenge request. Read in any case of letters, like the four below.
    pub const CREQ: &str = "creq";
    /// 3-D Secure 1 request.
    pub const PA_REQ: &str = "paReq";
    /// The issuer's page.
    pub const ACS_URL: &str = "acsurl";
    /// 3-D Secure 1 merchant data; the session data of a 3-D Secure 2 challenge.
    pub const MD: &str = "md";
    /// Where the issuer posts its 3-D Secure 1 result.
    pub const TERM_URL: &str = "termUrl";
    /// Device data step.
    pub const THREE_DS_METHOD_DATA: &str = "threeDSMethodData";
}

/// `type` of a payment in `check` and in callbacks.
pub const TYPE_PAYMENT: &str = "Payment";
/// `responseType` of every documented answer that redirects.
pub const RESPONSE_TYPE_REDIRECT: &str = "REDIRECT";

/// How the sandbox says that `check` does not know the order.
///
/// No document shows this answer. Our reading: HTTP 2xx, 400, 404 or 422, a JSON object whose `err` or `errorMessage` is
/// this code, or one of [`NOT_FOUND_TEXTS`].
pub const ORDER_NOT_FOUND: &str = "ORDER_NOT_FOUND";
/// What counts as [`ORDER_NOT_FOUND`], in small letters, with `_` and `-` as spaces and without a final stop.
///
/// Whole texts only: `PLATFORM_ERROR_GATE_NOT_FOUND` is an answer about a payment that exists.
pub const NOT_FOUND_TEXTS: &[&str] =
    &["order not found", "transaction not found", "payment not found", "not found"];

/// Names of callback fields: "SmartCore API", Callback. The set is open: whatever arrives is signed.
pub mod callback {
    /// Our id of the order.
    pub const ORDER_ID: &str = "orderId";
    /// 2 or -1.
    pub const STATUS: &str = "status";
    /// Minor units.
    pub const AMOUNT: &str = "amount";
    /// Minor units.
    pub const FINAL_AMOUNT: &str = "finalAmount";
    /// Alpha-3 code.
    pub const CURRENCY: &str = "currency";
    /// Payment, Refund, Withdrawal and more.
    pub const TYPE: &str = "type";
    /// Status message.
    pub const MESSAGE: &str = "message";
    /// Why the transaction failed.
    pub const ERROR_CATEGORY: &str = "errorCategory";
    /// Errors of the gates that were tried.
    pub const CASCADE_ERRORS: &str = "cascadeErrors";
    /// `true` or `false`.
    pub const IS_TRUSTED_TRANSACTION: &str = "isTrustedTransaction";
    /// Of two-step payments.
    pub const AUTHORIZE_STATUS: &str = "authorize_status";
    /// Mobile commerce.
    pub const PAYMENT_PHONE_NUMBER: &str = "paymentPhoneNumber";
    /// Mobile commerce.
    pub const PAYMENT_PHONE_OPERATOR: &str = "paymentPhoneOperator";
    /// Electronic commerce indicator.
    pub const ECI: &str = "eci";
    /// Customer's given name.
    pub const FIRST_NAME: &str = "firstName";
    /// Customer's family name.
    pub const LAST_NAME: &str = "lastName";
    /// Retrieval reference number.
    pub const RRN: &str = "rrn";
    /// In the sample only.
    pub const CARD_HOLDER: &str = "card_holder";
    /// In the sample only: masked.
    pub const CARD_NUMBER: &str = "card_number";
    /// In the sample only.
    pub const CARD_EXP_MONTH: &str = "card_exp_month";
    /// In the sample only.
    pub const CARD_EXP_YEAR: &str = "card_exp_year";
    /// The signature, which is not itself signed.
    pub const SIGN: &str = "sign";
    /// How absent values are written.
    pub const NULL: &str = "null";
    /// How absent card values are written.
    pub const NOT_AVAILABLE: &str = "N/A";
}

/// The answer of `initPayment`, as sampled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormAnswer {
    /// 3-D Secure field, null in every sample.
    #[serde(rename = "ACSUrl")]
    pub acs_url: Option<String>,
    /// 3-D Secure field, null in every sample.
    #[serde(rename = "MD")]
    pub md: Option<String>,
    /// 3-D Secure field, null in every sample.
    #[serde(rename = "TermUrl")]
    pub term_url: Option<String>,
    /// Empty in every sample.
    pub description: String,
    /// See [`status`].
    pub status: i64,
    /// Where the shopper has to go.
    pub form_url: Option<String>,
    /// Ours in the samples, the gateway's by the table of v1.
    pub order_id: Option<String>,
    /// `REDIRECT`.
    #[serde(rename = "responseType")]
    pub response_type: Option<String>,
    /// By the table of v1; in no sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err: Option<String>,
}

/// The answer of `initPaymentHost2Host`, as sampled: absent values are null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardAnswer {
    /// Where the shopper has to go.
    pub form_url: Option<String>,
    /// Device data step, base64url.
    #[serde(rename = "threeDSMethodData")]
    pub three_ds_method_data: Option<String>,
    /// The gateway's id in the sample of v0, ours in that of v1.
    pub order_id: Option<String>,
    /// See [`status`].
    pub status: i64,
    /// Meaning unknown.
    pub stage: Option<String>,
    /// Empty in every sample.
    pub description: String,
    /// When the transaction ended.
    #[serde(rename = "endDate")]
    pub end_date: Option<String>,
    /// `REDIRECT` in every sample.
    #[serde(rename = "responseType")]
    pub response_type: Option<String>,
    /// Why the request was refused.
    pub err: Option<String>,
    /// Text.
    pub msg: Option<String>,
    /// 3-D Secure 1 request.
    #[serde(rename = "paReq")]
    pub pa_req: Option<String>,
    /// 3-D Secure 2 challenge request.
    pub creq: Option<String>,
    /// 3-D Secure 1 merchant data.
    pub md: Option<String>,
    /// Where the issuer posts its result.
    #[serde(rename = "termUrl")]
    pub term_url: Option<String>,
    /// The issuer's page.
    pub acsurl: Option<String>,
}

/// The answer of `check`, as sampled.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedAnswer {
    /// The merchant's id.
    pub order_id: String,
    /// See [`status`].
    pub status: i64,
    /// Minor units.
    pub amount: u64,
    /// Minor units; profile v1 only.
    #[serde(rename = "finalAmount", default, skip_serializing_if = "Option::is_none")]
    pub final_amount: Option<u64>,
    /// The card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CheckedCard>,
    /// Why the transaction failed.
    #[serde(rename = "errorMessage")]
    pub error_message: Option<String>,
    /// What each gate said.
    #[serde(rename = "cascadeErrors")]
    pub cascade_errors: Option<Vec<CascadeError>>,
    /// When the transaction ended.
    #[serde(rename = "endDate")]
    pub end_date: Option<String>,
    /// Of two-step payments; null in every sample.
    pub authorize_status: Option<String>,
    /// `Payment` in every sample.
    #[serde(rename = "type")]
    pub kind: String,
    /// Customer's given name.
    #[serde(rename = "firstName")]
    pub first_name: Option<String>,
    /// Customer's family name.
    #[serde(rename = "lastName")]
    pub last_name: Option<String>,
    /// The next step, in the fields of [`CardAnswer`]: in no sample. Our reading, for after the device data step nothing else could
    /// tell what follows.
    #[serde(flatten)]
    pub step: StepFields,
}

/// The fields of [`CardAnswer`] that name a next step, left out where they are empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFields {
    /// Where the shopper has to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_url: Option<String>,
    /// Device data step, base64url.
    #[serde(rename = "threeDSMethodData", default, skip_serializing_if = "Option::is_none")]
    pub three_ds_method_data: Option<String>,
    /// 3-D Secure 1 request.
    #[serde(rename = "paReq", default, skip_serializing_if = "Option::is_none")]
    pub pa_req: Option<String>,
    /// 3-D Secure 2 challenge request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creq: Option<String>,
    /// 3-D Secure 1 merchant data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md: Option<String>,
    /// Where the issuer posts its result.
    #[serde(rename = "termUrl", default, skip_serializing_if = "Option::is_none")]
    pub term_url: Option<String>,
    /// The issuer's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acsurl: Option<String>,
}

impl fmt::Debug for StepFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A next step opens the payment to whoever holds it.
        f.write_str("StepFields(..)")
    }
}

impl fmt::Debug for CheckedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names and masked card numbers are personal data.
        write!(f, "CheckedAnswer({}, status {})", self.order_id, self.status)
    }
}

/// `card` of [`CheckedAnswer`], as sampled in both versions.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedCard {
    /// First six and last four digits around six asterisks.
    pub number: String,
    /// First six or eight digits.
    pub bin: String,
    /// Issuer's country, in words.
    pub country: String,
    /// Issuer's country, alpha-3.
    pub iso: String,
    /// The brand.
    #[serde(rename = "type")]
    pub brand: String,
}

impl fmt::Debug for CheckedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckedCard(..)")
    }
}

/// One entry of `cascadeErrors`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CascadeError {
    /// Position of the gate in the cascade.
    #[serde(rename = "gatePriority")]
    pub gate_priority: u32,
    /// A code of the dictionary, or more.
    #[serde(rename = "errorCategory")]
    pub error_category: String,
}

/// An answer that is nothing but a refusal: our reading, no document shows one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAnswer {
    /// Why the request was refused.
    pub err: String,
}
