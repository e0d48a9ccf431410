//! What a merchant and a shopper do with wallets: certificates from the portal, tokens from the device, and opening Apple's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_types::Money;
use farthing_wallets::apple::{
    Expectations, MerchantKey, PaymentToken, Refusal, TrustRoots, Verifier,
};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{World, form_payment, json_of};

pub const MERCHANT_ID: &str = "merchant.com.example.checkout";

/// A merchant with a payment processing certificate.
pub struct AppleMerchant {
    pub verifier: Verifier,
    pub certificate: String,
}

impl AppleMerchant {
    pub async fn new(world: &World) -> Self {
        let files = world.certify(json!({"kind": "processing", "merchant_id": MERCHANT_ID})).await;
        let text = |name: &str| files[name].as_str().unwrap().to_owned();
        let (certificate, key) = (text("certificate"), text("key"));
        let root = world.vendors().await["apple_root_pem"].as_str().unwrap().to_owned();
        let roots = TrustRoots::danger_sandbox(root.as_bytes()).unwrap();
        Self { verifier: Verifier::new(roots, vec![merchant_key(&certificate, &key)]), certificate }
    }

    /// A token for EUR 19.99, unless `wish` says otherwise.
    pub async fn token(&self, world: &World, wish: Value) -> Value {
        let mut body = json!({"certificate": self.certificate, "amount": 1999, "currency": "EUR"});
        body.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        world.post("/_control/wallets/apple/token", body).await
    }

    pub fn open(&self, token: &Value, now: Timestamp) -> Result<String, Refusal> {
        let token = PaymentToken::from_json(token.to_string().as_bytes())?;
        let amount = Money::new(1999, "EUR".parse().unwrap()).unwrap();
        let expected = Expectations { amount, application_data: None };
        let payment = self.verifier.verify_and_decrypt(&token, &expected, now)?;
        Ok(payment.device_pan().expose_base64().to_string())
    }

    /// What goes to the gateway of a right token.
    pub async fn dpan(&self, world: &World, wish: Value) -> String {
        let token = self.token(world, wish).await;
        self.open(&token, world.now().await).unwrap()
    }
}

pub fn merchant_key(certificate: &str, key: &str) -> MerchantKey {
    MerchantKey::from_pem(MERCHANT_ID, certificate.as_bytes(), key.as_bytes()).unwrap()
}

impl World {
    pub async fn vendors(&self) -> Value {
        json_of(self.call(Method::GET, "/_control/wallets", None).await).await
    }

    pub async fn certify(&self, wish: Value) -> Value {
        self.post("/_control/wallets/apple/certificates", wish).await
    }

    pub async fn now(&self) -> Timestamp {
        let clock = json_of(self.call(Method::GET, "/_control/clock", None).await).await;
        clock["now"].as_str().unwrap().parse().unwrap()
    }

    /// `PaymentData` of a token for this gateway.
    pub async fn google_data(&self, wish: Value) -> Value {
        self.post("/_control/wallets/google/token", wish).await
    }

    /// What goes to the gateway of a token.
    pub async fn google_dpan(&self, wish: Value) -> String {
        let data = self.google_data(wish).await;
        let token = &data["paymentMethodData"]["tokenizationData"]["token"];
        STANDARD.encode(token.as_str().unwrap())
    }
}

/// An Apple Pay payment with every required field.
pub fn apple_payment(order_id: &str, dpan: &str) -> Value {
    let mut request = form_payment(order_id);
    request["payment_method"] = json!("applePayDPan");
    request["apple_pay_dpan"] = json!(dpan);
    request["apple_pay_payment_method_network"] = json!("Visa");
    request
}

/// A Google Pay payment with every required field.
pub fn google_payment(order_id: &str, dpan: &str) -> Value {
    let mut request = form_payment(order_id);
    request["payment_method"] = json!("googlePayDPan");
    request["google_pay_dpan"] = json!(dpan);
    request["google_pay_payment_method_network"] = json!("VISA");
    request
}
