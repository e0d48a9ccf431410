//! Whatever happens to orders, and in whatever order.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::control::{
    ClockChange, FinalAmount, NextStep, OrderKind, PaymentMethod, Phase, Timeouts,
};
use crate::order::Ways;

/// Something that happens to one of a few orders.
#[derive(Clone, Copy, Debug)]
enum Event {
    Accept { order: u8, card: u8, wallet: Option<Wallet>, form: bool, settle_now: bool },
    Visit(u8),
    TypeCard { order: u8, card: u8 },
    EndMethod(u8),
    OpenChallenge(u8),
    Answer { order: u8, answer: Answer },
    Report(u8),
    ComeBack(u8),
    NextStep(NextStep),
    Advance(u16),
    Timeouts(u8),
    Sweep,
}

/// Which wallet's token a card comes in.
#[derive(Clone, Copy, Debug)]
enum Wallet {
    Device(u8),
    OnFile(u8),
}

fn wallet() -> impl Strategy<Value = Option<Wallet>> {
    let token = 0..4_u8;
    prop_oneof![
        Just(None),
        token.clone().prop_map(|token| Some(Wallet::Device(token))),
        token.prop_map(|token| Some(Wallet::OnFile(token))),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let order = 0..4_u8;
    prop_oneof![
        3 => (order.clone(), 0..3_u8, wallet(), any::<bool>(), any::<bool>())
            .prop_map(|(order, card, wallet, form, settle_now)| Event::Accept { order, card, wallet, form, settle_now }),
        3 => order.clone().prop_map(Event::Visit),
        2 => (order.clone(), 0..3_u8).prop_map(|(order, card)| Event::TypeCard { order, card }),
        2 => order.clone().prop_map(Event::OpenChallenge),
        2 => order.clone().prop_map(Event::EndMethod),
        3 => (order.clone(), prop::sample::select(vec![Answer::Approve, Answer::Cancel, Answer::Decline]))
            .prop_map(|(order, answer)| Event::Answer { order, answer }),
        2 => order.clone().prop_map(Event::Report),
        1 => order.prop_map(Event::ComeBack),
        3 => prop::sample::select(vec![
            NextStep::Creq,
            NextStep::FormUrl,
            NextStep::Frictionless,
            NextStep::Method,
            NextStep::MethodFormUrl,
            NextStep::PaReq,
        ]).prop_map(Event::NextStep),
        2 => (0..900_u16).prop_map(Event::Advance),
        1 => any::<u8>().prop_map(Event::Timeouts),
        2 => Just(Event::Sweep),
    ]
}

fn card(which: u8) -> CardInput {
    let number = ["4012000000003010", "4003830171874018", "4242424242424242"][usize::from(which)];
    CardInput::new(Zeroizing::new(number.to_owned()), "Ann Lee".to_owned()).unwrap()
}

fn new_order(order: u8, form: bool) -> NewOrder {
    NewOrder {
        order_id: format!("order-{order}"),
        kind: if form { OrderKind::Form } else { OrderKind::Host2host },
        method: if form { PaymentMethod::Form } else { PaymentMethod::Card },
        account: "EUR-sandbox".to_owned(),
        amount: 1999,
        currency: "EUR".to_owned(),
        purpose: None,
        merchant_site: None,
        first_name: "Ann".to_owned(),
        last_name: "Lee".to_owned(),
        phone: None,
        ways: Ways { callback: "http://127.0.0.1:9/".parse().ok(), ..Ways::default() },
    }
}

/// Lets it happen; how many series of callbacks it caused.
fn apply(state: &mut State, event: Event) -> usize {
    let id = |order: u8| format!("id-{order}");
    match event {
        Event::Accept { order, card: which, wallet, form, settle_now } => {
            let once = |token: u8| Zeroizing::new(token.to_string());
            let card = (!form).then(|| match wallet {
                None => card(which),
                Some(Wallet::Device(token)) => card(which).of_device(once(token)),
                Some(Wallet::OnFile(token)) => card(which).on_file(once(token)),
            });
            let accepted =
                state.accept(new_order(order, form), card.as_ref(), id(order), settle_now);
            usize::from(accepted.is_ok_and(|accepted| accepted.dispatch.is_some()))
        }
        Event::Visit(order) => usize::from(state.visit(&id(order)).is_some()),
        Event::TypeCard { order, card: which } => {
            state.type_card(&id(order), &card(which), None);
            0
        }
        Event::EndMethod(order) => {
            let now = state.clock.now();
            usize::from(state.end_method(&id(order), now).is_some())
        }
        Event::OpenChallenge(order) => {
            state.open_challenge(&id(order), Asked::default());
            0
        }
        Event::Answer { order, answer } => {
            state.answer(&id(order), answer);
            0
        }
        Event::Report(order) => {
            let answer = state.order(&id(order)).and_then(Order::answer);
            let reported = state.report(&id(order)).is_some();
            if reported {
                let order = state.order(&id(order)).unwrap();
                let expected = answer.map(|answer| order.outcome_of(answer));
                assert_eq!(order.outcome(), expected.as_ref(), "the first answer counts");
            }
            usize::from(reported)
        }
        Event::ComeBack(order) => {
            state.come_back(&id(order));
            0
        }
        Event::NextStep(next_step) => {
            state.set_faults(Faults { next_step, ..state.faults.clone() });
            0
        }
        Event::Advance(seconds) => {
            state
                .clock
                .change(ClockChange { advance_seconds: seconds.into(), ..ClockChange::default() });
            0
        }
        Event::Timeouts(seconds) => {
            let seconds = u32::from(seconds);
            let timeouts = Timeouts {
                form_seconds: seconds * 3,
                method_seconds: seconds / 8,
                redirect_seconds: seconds * 2,
                challenge_seconds: seconds,
            };
            state.set_faults(Faults { timeouts, ..state.faults.clone() });
            0
        }
        Event::Sweep => {
            let ended = state.sweep().len();
            let now = state.clock.now();
            let late = |order: &Order| {
                order.timeout(state.faults.timeouts).is_some_and(|(due, _)| due <= now)
            };
            assert!(!state.orders.values().any(late), "an overdue order is open after a sweep");
            ended
        }
    }
}

proptest! {
    #[test]
    fn an_order_ends_once_is_announced_once_and_charged_at_most_once(
        events in prop::collection::vec(event(), 0..80), on_accept: bool,
    ) {
        let settle = if on_accept { Settle::OnAccept } else { Settle::OnVisit };
        let faults = Faults { settle, final_amount: FinalAmount::SmallerBy(1), ..Faults::default() };
        let mut state = State::new(3, SecretString::from("secret"), [7; 32], faults);
        let now = "2030-01-01T00:00:00Z".parse().ok();
        state.clock.change(ClockChange { now, frozen: Some(true), ..ClockChange::default() });
        let mut ended: HashMap<String, LedgerOrder> = HashMap::new();
        let mut announced = 0;
        for event in events {
            announced += apply(&mut state, event);
            prop_assert!(state.orders.len() <= 3 && state.by_order_id.len() == state.orders.len());
            let open: BTreeSet<_> =
                state.orders.values().filter_map(|order| Some((order.listed?, order.processing_id.clone()))).collect();
            prop_assert_eq!(&open, &state.timeouts);
            let tokens: Vec<_> = state.orders.values().filter_map(|order| order.token).collect();
            prop_assert_eq!(tokens.len(), state.spent.len(), "a wallet's token counts once");
            prop_assert!(tokens.iter().all(|token| state.spent.contains(token)));
            for order in state.orders.values().filter(|order| order.has_challenge()) {
                let is_paid = order.outcome() == Some(&Outcome::Succeeded);
                prop_assert!(!is_paid || order.answer() == Some(Answer::Approve), "nobody approved");
                prop_assert!(order.answer().is_none() || order.asked().is_some(), "nobody was asked");
                prop_assert!(order.phase() != Phase::AwaitingResult || order.answer().is_some());
            }
            for order in state.ledger(None).orders {
                let paid: u64 = order.charges.iter().map(|charge| charge.amount).sum();
                prop_assert_eq!(paid, if order.status == 2 { 1998 } else { 0 });
                prop_assert_eq!(order.phase == Phase::Ended, matches!(order.status, 2 | -1));
                prop_assert_eq!(state.timeouts.iter().any(|(_, id)| *id == order.processing_id), order.phase != Phase::Ended);
                if order.phase == Phase::Ended {
                    // An order that was dropped may come back under its id: then it was made at another time or ends anew.
                    let key = format!("{}-{}", order.processing_id, state.dropped);
                    let before = ended.entry(key).or_insert_with(|| order.clone());
                    prop_assert_eq!(&*before, &order);
                }
            }
        }
        let over = state.orders.values().filter(|order| order.outcome().is_some()).count();
        prop_assert!(announced >= over);
        if state.dropped == 0 {
            prop_assert_eq!(announced, over);
        }
    }
}
