//! 3-D Secure 1: `PaReq` and `PaRes`, each base64 of a compressed XML text.
//!
//! Source: 3-D Secure, Protocol Specification 1.0.2. The standard has an XML signature under the result; here it is an HMAC, for
//! whoever checks it is the one who made it.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_types::Currency;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use subtle::ConstantTimeEq;

use super::Names;
use crate::order::{Answer, Order};

/// The longest message, encoded.
const MAX_MESSAGE: usize = 16 * 1024;
/// The longest message, unpacked: a short text can hold gigabytes.
const MAX_XML: u64 = 16 * 1024;

/// `paReq` of a reply.
pub(crate) fn pa_req(names: &Names, order: &Order) -> String {
    pack(&request(names, order))
}

/// Checks that a request is the one that was issued for this payment.
pub(crate) fn check_pa_req(names: &Names, order: &Order, text: &str) -> Result<(), &'static str> {
    let xml = unpack(text).ok_or("PaReq is not base64 of a compressed text.")?;
    if xml == request(names, order) {
        Ok(())
    } else {
        Err("PaReq is not the one that was issued for this payment.")
    }
}

/// `PaRes`: what the shopper answered, or that nobody did.
pub(crate) fn pa_res(names: &Names, order: &Order, answer: Option<Answer>) -> String {
    pack(&result(names, order, answer))
}

/// Reads a result that only this process can have made.
pub(crate) fn read_pa_res(
    names: &Names,
    order: &Order,
    text: &str,
) -> Result<Option<Answer>, &'static str> {
    let xml = unpack(text).ok_or("PaRes is not base64 of a compressed text.")?;
    let answers = [Some(Answer::Approve), Some(Answer::Decline), Some(Answer::Cancel), None];
    let said = |answer: &Option<Answer>| {
        bool::from(xml.as_bytes().ct_eq(result(names, order, *answer).as_bytes()))
    };
    answers.into_iter().find(said).ok_or("PaRes was not made by the issuer for this payment.")
}

fn request(names: &Names, order: &Order) -> String {
    let site = order.new.merchant_site.as_ref().and_then(|site| site.host_str());
    let purchase = purchase(names, order);
    let account = names.account();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ThreeDSecure><Message id=\"{}\"><PAReq><version>1.0.2</version>\
         <Merchant><name>{}</name></Merchant>{purchase}<CH><acctID>{account}</acctID></CH></PAReq></Message></ThreeDSecure>",
        order.processing_id,
        escape(site.unwrap_or("The shop")),
    )
}

fn result(names: &Names, order: &Order, answer: Option<Answer>) -> String {
    let id = &order.processing_id;
    let status = if answer == Some(Answer::Approve) { "Y" } else { "N" };
    // The standard has no word for a shopper who left, and this place for words of one's own.
    let left = match answer {
        Some(Answer::Cancel) => "<Extension id=\"sandbox.cancelled\" critical=\"false\"/>",
        None => "<Extension id=\"sandbox.unanswered\" critical=\"false\"/>",
        Some(Answer::Approve | Answer::Decline) => "",
    };
    let message = format!(
        "<PARes id=\"{id}\"><version>1.0.2</version>{}<TX><status>{status}</status></TX>{left}</PARes>",
        purchase(names, order),
    );
    let seal = names.seal(&message);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ThreeDSecure><Message id=\"{id}\">{message}\
         <Signature>{seal}</Signature></Message></ThreeDSecure>"
    )
}

/// A currency that we do not know is "no currency": ISO 4217, code 999.
fn purchase(names: &Names, order: &Order) -> String {
    let currency = order.new.currency.parse::<Currency>();
    let (numeric, exponent) =
        currency.map_or((999, 0), |currency| (currency.numeric(), currency.exponent()));
    format!(
        "<Purchase><xid>{}</xid><date>{}</date><purchAmount>{}</purchAmount><currency>{numeric:03}</currency>\
         <exponent>{exponent}</exponent></Purchase>",
        STANDARD.encode(names.xid()),
        order.created_at.strftime("%Y%m%d %H:%M:%S"),
        order.new.amount,
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn pack(xml: &str) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let packed = encoder.write_all(xml.as_bytes()).and_then(|()| encoder.finish());
    STANDARD.encode(packed.unwrap_or_default())
}

fn unpack(text: &str) -> Option<String> {
    let packed = STANDARD.decode(Some(text).filter(|text| text.len() <= MAX_MESSAGE)?).ok()?;
    let mut xml = String::new();
    ZlibDecoder::new(packed.as_slice()).take(MAX_XML).read_to_string(&mut xml).ok()?;
    Some(xml)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::control::{NextStep, OrderKind, PaymentMethod};
    use crate::order::{NewOrder, Ways};

    fn names() -> Names {
        Names::of(&[7; 32], "64a7eec2d46c5db10d082b3d")
    }

    fn order() -> Order {
        let new = NewOrder {
            order_id: "a".to_owned(),
            kind: OrderKind::Host2host,
            method: PaymentMethod::Card,
            account: "EUR-sandbox".to_owned(),
            amount: 1999,
            currency: "EUR".to_owned(),
            purpose: None,
            merchant_site: "https://a&b.example/shop".parse().ok(),
            first_name: "Ann".to_owned(),
            last_name: "Lee".to_owned(),
            phone: None,
            ways: Ways::default(),
        };
        let now = "2030-01-02T03:04:05Z".parse().unwrap();
        Order::new(new, "64a7eec2d46c5db10d082b3d".to_owned(), NextStep::PaReq, now)
    }

    #[test]
    fn a_request_is_written_as_in_the_standard() {
        let xid = STANDARD.encode(names().xid());
        let account = names().account();
        let expected = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ThreeDSecure><Message id=\"64a7eec2d46c5db10d082b3d\"><PAReq>\
             <version>1.0.2</version><Merchant><name>a&amp;b.example</name></Merchant><Purchase><xid>{xid}</xid>\
             <date>20300102 03:04:05</date><purchAmount>1999</purchAmount><currency>978</currency><exponent>2</exponent>\
             </Purchase><CH><acctID>{account}</acctID></CH></PAReq></Message></ThreeDSecure>"
        );
        assert_eq!(unpack(&pa_req(&names(), &order())).unwrap(), expected);
        assert_eq!(check_pa_req(&names(), &order(), &pa_req(&names(), &order())), Ok(()));
    }

    #[test]
    fn a_result_is_read_as_it_was_written_by_whoever_has_the_key() {
        let stranger = Names::of(&[8; 32], "64a7eec2d46c5db10d082b3d");
        for answer in [Some(Answer::Approve), Some(Answer::Decline), Some(Answer::Cancel), None] {
            let text = pa_res(&names(), &order(), answer);
            assert_eq!(read_pa_res(&names(), &order(), &text), Ok(answer));
            let forged = pa_res(&stranger, &order(), answer);
            assert!(read_pa_res(&names(), &order(), &forged).is_err());
        }
    }

    #[test]
    fn a_text_that_unpacks_to_gigabytes_is_not_unpacked_to_the_end() {
        let bomb = pack(&" ".repeat(5_000_000));
        assert!(bomb.len() < MAX_MESSAGE);
        assert_eq!(unpack(&bomb).unwrap().len() as u64, MAX_XML);
    }

    proptest! {
        #[test]
        fn one_flipped_bit_breaks_a_result(at in any::<prop::sample::Index>(), bit in 0..7_u32) {
            let mut xml = unpack(&pa_res(&names(), &order(), Some(Answer::Decline))).unwrap().into_bytes();
            xml[at.index(result(&names(), &order(), Some(Answer::Decline)).len())] ^= 1 << bit;
            let text = pack(&String::from_utf8(xml).unwrap());
            prop_assert!(read_pa_res(&names(), &order(), &text).is_err());
        }

        #[test]
        fn no_text_of_a_stranger_passes(text in "[A-Za-z0-9=+/ ]{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for text in [text, STANDARD.encode(bytes)] {
                prop_assert!(check_pa_req(&names(), &order(), &text).is_err());
                prop_assert!(read_pa_res(&names(), &order(), &text).is_err());
            }
        }
    }
}
