//! The gateway's switches for one epoch: everything that its documents leave open, and everything that can go wrong with a reply.
//!
//! They are listed in docs/sandbox.md. What is never drawn is a gateway that lies in the one answer that is believed: a check that says
//! success, failure or "processing" without cause cannot be told from the truth.

use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// A fault is active in so many of a hundred epochs, and while it is, it hits so many of a hundred requests.
///
/// Source: FoundationDB, "Buggify": a section is active in 25 % of the runs and fires in 25 % of the cases.
const ACTIVE: u64 = 25;
const FIRES: u64 = 25;

/// Far more than an epoch has requests: what is left of it at the end tells how often a fault hit.
pub(crate) const COUNT: u64 = 1_000_000;

/// A gateway that says "not found" of what it has makes us give up on money that is taken: rarely, for each such case is one that a
/// person has to look at.
const LIES_ABOUT_FINDING: u64 = 8;

/// A position for every switch.
pub(crate) fn draw(dice: &mut Dice) -> Value {
    let smaller = dice.percent(10);
    let final_amount = if smaller {
        json!({"smaller_by": dice.between(1, 100)})
    } else {
        json!(dice.one_of(&["equal", "equal", "absent"]))
    };
    let elsewhere = |is: bool| is.then_some("https://elsewhere.invalid/gateway");
    let mut replies = Vec::new();
    // Now and then replies are left alone, so that shoppers come as far as the bank.
    let spared = dice.percent(30);
    for on in ["pay", "check"].into_iter().filter(|on| *on == "check" || !spared) {
        for (percent, fault) in faults(on, smaller, dice) {
            if dice.percent(percent) {
                replies.push(entry(on, fault));
            }
        }
    }
    json!({
        "next_step": dice.one_of(&["form_url", "frictionless", "creq", "pa_req", "method", "method_form_url"]),
        "settle": dice.one_of(&["on_visit", "on_accept"]),
        "order_id_echo": dice.one_of(&["merchant", "processing", "absent"]),
        "waiting_status": dice.below(2),
        "check_step": !dice.percent(25),
        "check_by_processing_id": dice.percent(50),
        "check_unknown_http": dice.one_of(&[200, 400, 404, 422]),
        "refusal_http": dice.one_of(&[200, 400, 422]),
        "term_url_absent": dice.percent(15),
        "final_amount": final_amount,
        "card_time_limit": dice.percent(10),
        "fail_code": dice.percent(5).then(|| dice.one_of(&["LIMIT_PROCESSING_ERROR", "SOMETHING_NEW"])),
        "form_base": elsewhere(dice.percent(4)),
        "acs_base": elsewhere(dice.percent(4)),
        "acs": {"behaviour": bank_page(dice), "method": device_page(dice)},
        "timeouts": {
            "challenge_seconds": dice.one_of(&[20, 60, 600]),
            "redirect_seconds": dice.one_of(&[20, 60, 600]),
            "method_seconds": dice.between(1, 10),
        },
        "callbacks": callbacks(dice),
        "chance_seed": dice.between(1, 1_000_000_000),
        "replies": replies,
    })
}

/// Every switch as the documents have it.
pub(crate) fn calm() -> Value {
    let names = [
        "next_step",
        "settle",
        "order_id_echo",
        "waiting_status",
        "check_step",
        "check_by_processing_id",
        "check_unknown_http",
        "refusal_http",
        "term_url_absent",
        "final_amount",
        "card_time_limit",
        "fail_code",
        "form_base",
        "acs_base",
        "acs",
        "timeouts",
        "callbacks",
        "chance_seed",
        "replies",
    ];
    Value::Object(names.map(|name| (name.to_owned(), Value::Null)).into_iter().collect())
}

fn entry(on: &str, fault: Value) -> Value {
    let mut entry = Map::from_iter([
        ("on".to_owned(), json!(on)),
        ("count".to_owned(), json!(COUNT)),
        ("percent".to_owned(), json!(FIRES)),
    ]);
    if let Value::Object(fault) = fault {
        entry.extend(fault);
    }
    Value::Object(entry)
}

/// What can happen to a reply, and in how many of a hundred epochs it does.
fn faults(on: &str, smaller: bool, dice: &mut Dice) -> Vec<(u64, Value)> {
    let pay = on == "pay";
    let forms = ["html", "cut_json", "duplicate_keys", "deep", "bom", "nan", "bad_utf8", "empty"];
    let form = dice.one_of(&forms);
    let mut faults = vec![
        json!({"fault": "slow", "ms": dice.between(50, 1500)}),
        json!({"fault": "drip", "ms": dice.between(1, 3)}),
        json!({"fault": "silence"}),
        json!({"fault": "cut", "after_bytes": dice.below(700), "reset": dice.percent(50)}),
        json!({"fault": "huge", "bytes": 2_000_000}),
        json!({"fault": "malformed", "form": form}),
        http_status(pay, dice),
        json!({"fault": "status_value", "value": status(pay, dice)}),
        json!({"fault": "status_absent"}),
        json!({"fault": "numbers_as_text"}),
        json!({"fault": "extra_fields"}),
        json!({"fault": "order_id_echo", "echo": dice.one_of(&["merchant", "processing", "absent"])}),
        json!({"fault": "foreign_order_id"}),
        json!({"fault": "refuse", "err": dice.one_of(&[
            "VALIDATION_PROCESSING_ERROR", "TECHNICAL_PROCESSING_ERROR", "PLATFORM_ERROR_DUPLICATED_ORDER_ID",
        ])}),
    ];
    // Where less is taken than was asked for, the check has to say so: its word is all that there is.
    if !pay && !smaller {
        faults.push(json!({"fault": "final_amount", "says": dice.one_of(&["absent", "equal"])}));
    }
    // Both together would leave the doubled status alone: a check that says success without cause.
    if !pay && form == "duplicate_keys" {
        faults.retain(|fault| fault["fault"] != "status_absent");
    }
    let mut faults: Vec<_> = faults.into_iter().map(|fault| (ACTIVE, fault)).collect();
    if !pay {
        faults.push((LIES_ABOUT_FINDING, json!({"fault": "refuse", "err": "ORDER_NOT_FOUND"})));
    }
    faults
}

/// Refused credentials are believed at once, so that they are true: such a request is thrown away.
fn http_status(pay: bool, dice: &mut Dice) -> Value {
    let code = dice.one_of(&[401, 403, 429, 500, 502, 503, 504]);
    let before_acceptance = pay && (code < 429 || dice.percent(50));
    let retry_after = dice.percent(30).then(|| dice.between(1, 5));
    json!({"fault": "http_status", "code": code, "before_acceptance": before_acceptance, "retry_after": retry_after})
}

/// A status that is none; to a payment request any, for what it says there only a check can confirm.
///
/// A check that says "processing" of a payment that the gateway never had is believed by decision (docs/gateways/smartcore.md, Not
/// found): the order then waits 72 hours for a person, longer than a soak.
fn status(pay: bool, dice: &mut Dice) -> Value {
    let none =
        [json!(3), json!("x"), json!(1.5), json!(true), Value::Null, json!("2 "), json!([2])];
    let any = [json!(2), json!(-1), json!("2"), json!("-1"), json!(0), json!(1)];
    if pay && dice.percent(50) { dice.one_of(&any) } else { dice.one_of(&none) }
}

fn bank_page(dice: &mut Dice) -> Value {
    if dice.percent(40) {
        return json!("normal");
    }
    let (slow, late) = (dice.between(100, 2000), dice.between(100, 4000));
    dice.one_of(&[
        json!({"slow": {"ms": slow}}),
        json!("silent"),
        json!("closes_early"),
        json!("refuses_framing"),
        json!("never_posts_back"),
        json!({"result_late": {"ms": late}}),
    ])
}

/// Shoppers without scripts never see this page, so that the gateway goes on without its data, whatever it does.
fn device_page(dice: &mut Dice) -> Value {
    dice.one_of(&[
        json!("normal"),
        json!({"late": {"ms": 3000}}),
        json!("never"),
        json!("no_notification"),
    ])
}

fn callbacks(dice: &mut Dice) -> Value {
    json!({
        "lose": dice.percent(ACTIVE),
        "repeat": 1 + dice.below(5),
        "before_reply": dice.percent(ACTIVE),
        "delay_ms": if dice.percent(50) { 0 } else { dice.below(3000) },
        "statuses_before": if dice.percent(20) { json!([1]) } else { json!([]) },
        "statuses_after": if dice.percent(20) { json!([-1]) } else { json!([]) },
        "encoding": dice.one_of(&["form", "form", "json"]),
        "wrong_sign": dice.percent(10),
        "unsigned": dice.percent(10),
        "uppercase_sign": dice.percent(ACTIVE),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_seed_draws_one_set_and_all_positions_come_in_time() {
        assert_eq!(draw(&mut Dice::new(7)), draw(&mut Dice::new(7)));
        let mut dice = Dice::new(7);
        let (mut steps, mut faults, mut banks) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for _ in 0..300 {
            let switches = draw(&mut dice);
            steps.insert(switches["next_step"].to_string());
            banks.insert(
                switches["acs"]["behaviour"].to_string().chars().take(6).collect::<String>(),
            );
            for fault in switches["replies"].as_array().unwrap() {
                faults.insert(format!("{} {}", fault["on"], fault["fault"]));
            }
        }
        assert_eq!(steps.len(), 6);
        assert_eq!(banks.len(), 7, "{banks:?}");
        assert_eq!(faults.len(), 14 + 15, "{faults:?}");
    }

    #[test]
    fn a_check_never_lies_about_money() {
        let mut dice = Dice::new(1);
        for _ in 0..300 {
            let switches = draw(&mut dice);
            let smaller = switches["final_amount"].is_object();
            for fault in switches["replies"].as_array().unwrap() {
                if fault["on"] == "check" && fault["fault"] == "status_value" {
                    assert!(
                        ![json!(2), json!("2"), json!(-1), json!("-1")].contains(&fault["value"])
                    );
                }
                assert!(!smaller || fault["fault"] != "final_amount");
            }
            let check = |name: &str| {
                let mut faults = switches["replies"].as_array().unwrap().iter();
                faults.any(|fault| fault["on"] == "check" && fault.to_string().contains(name))
            };
            assert!(!check("duplicate_keys") || !check("status_absent"));
        }
    }

    #[test]
    fn calm_takes_back_whatever_was_drawn() {
        let drawn = draw(&mut Dice::new(3));
        let calm = calm();
        assert!(
            drawn
                .as_object()
                .unwrap()
                .keys()
                .all(|name| calm[name].is_null() && calm.get(name).is_some())
        );
    }
}
