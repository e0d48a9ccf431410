//! One run: shoppers submit, the process dies somewhere, it is started again, and the shoppers insist until their orders are paid.

use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use farthing_stories::form::Page;
use farthing_stories::proxy::Wire;
use farthing_stories::world::{Session, customer, fresh_order};
use farthing_stories::{Card, Shopper, World};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::dice::Dice;

/// A point of the order of writes (docs/architecture.md, "How a payment runs").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    /// Parsed, nothing stored.
    K0,
    /// Intent stored, nothing sent.
    K1,
    /// The request is on the wire.
    K2,
    /// The gateway has accepted, its reply is on the wire.
    K3,
    /// The reply is read, nothing stored.
    K4,
    /// The outcome is stored, nobody told.
    K5,
    /// The answer is about to leave.
    K6,
}

impl Point {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::K0, Self::K1, Self::K2, Self::K3, Self::K4, Self::K5, Self::K6];

    /// Its name, as in `FARTHING_CRASH_AT`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::K0 => "K0",
            Self::K1 => "K1",
            Self::K2 => "K2",
            Self::K3 => "K3",
            Self::K4 => "K4",
            Self::K5 => "K5",
            Self::K6 => "K6",
        }
    }

    /// What the wire does for a point that lies outside the process.
    const fn wire(self) -> Option<Wire> {
        match self {
            Self::K2 => Some(Wire::HoldRequests),
            Self::K3 => Some(Wire::HoldReplies),
            _ => None,
        }
    }
}

/// How the gateway treats a card payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// It decides at once and says so.
    Decides,
    /// It decides at once and sends the shopper on.
    DecidesAndRedirects,
    /// It decides when the shopper arrives.
    Redirects,
}

/// What one run will do; all of it is drawn before it begins.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Where the process dies, if it does.
    pub(crate) point: Option<Point>,
    gateway: Gateway,
    callbacks: Value,
    shoppers: Vec<Wish>,
    kill_after: Duration,
}

/// What one shopper does.
#[derive(Clone, Copy, Debug)]
struct Wish {
    submit_after: Duration,
    /// Which of the declined cards is tried first, if any.
    declined: Option<usize>,
    /// Sends the same form again after the crash, instead of looking first.
    repeats: bool,
}

impl Plan {
    /// A run that kills the process at this point, with one to four shoppers on their way.
    pub(crate) fn killed(point: Point, dice: &mut Dice) -> Self {
        let shoppers = 1 + dice.below(4);
        Self::draw(Some(point), shoppers, dice)
    }

    /// A run in which only callbacks go wrong.
    pub(crate) fn quiet(payments: usize, dice: &mut Dice) -> Self {
        Self::draw(None, u64::try_from(payments).expect("a count"), dice)
    }

    /// How many shoppers it has.
    pub(crate) fn shoppers(&self) -> usize {
        self.shoppers.len()
    }

    fn draw(point: Option<Point>, shoppers: u64, dice: &mut Dice) -> Self {
        let gateway =
            dice.one_of(&[Gateway::Decides, Gateway::DecidesAndRedirects, Gateway::Redirects]);
        let callbacks = json!({
            "lose": dice.percent(25),
            "repeat": 1 + dice.below(5),
            "before_reply": dice.percent(25),
            "delay_ms": if dice.percent(50) { 0 } else { dice.below(400) },
            "statuses_before": if dice.percent(20) { json!([1]) } else { json!([]) },
            "statuses_after": if dice.percent(20) { json!([-1]) } else { json!([]) },
        });
        let shoppers = (0..shoppers)
            .map(|_| Wish {
                submit_after: Duration::from_millis(dice.below(40)),
                declined: dice.percent(25).then(|| dice.one_of(&[0, 1, 2])),
                repeats: dice.percent(50),
            })
            .collect();
        let kill_after = Duration::from_millis(dice.below(30));
        Self { point, gateway, callbacks, shoppers, kill_after }
    }
}

/// The cards of a soak: few, for each is searched for at the end.
#[derive(Debug)]
pub(crate) struct Cards {
    good: Card,
    declined: Vec<Card>,
}

impl Cards {
    /// Takes them from the world's stack.
    pub(crate) fn take(world: &World) -> Self {
        Self { good: world.good_card(), declined: (0..3).map(|_| world.bad_card()).collect() }
    }
}

/// What a run did.
#[derive(Debug)]
pub(crate) struct Done {
    /// The orders that were paid.
    pub(crate) orders: Vec<String>,
    /// Spawn to announce line of the process that came after the killed one.
    pub(crate) restart: Option<Duration>,
    /// From the kill until each shopper saw something other than "processing".
    pub(crate) recoveries: Vec<Duration>,
    /// Attempts that were under way when the process died and that the gateway had charged.
    pub(crate) charged_at_kill: usize,
}

/// What a shopper saw.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    recovered: Duration,
}

/// A submit that is ready to be sent.
struct Submit {
    session: Session,
    action: String,
    fields: Vec<(String, String)>,
    wish: Wish,
}

/// A process without a crash point, on a wire that is open.
pub(crate) fn start_again(world: &mut World) -> Duration {
    world.wire().set(Wire::Open);
    world.restart()
}

/// Runs a plan until every order is paid.
pub(crate) async fn run(world: &mut World, plan: &Plan, cards: &Cards) -> Done {
    let (next_step, settle) = match plan.gateway {
        Gateway::Decides => ("frictionless", "on_accept"),
        Gateway::DecidesAndRedirects => ("form_url", "on_accept"),
        Gateway::Redirects => ("form_url", "on_visit"),
    };
    world
        .sandbox
        .faults(json!({"next_step": next_step, "settle": settle, "callbacks": plan.callbacks}))
        .await;
    if let Some(point) = plan.point.filter(|point| point.wire().is_none()) {
        world.restart_with(&[("FARTHING_CRASH_AT", point.name())]);
    }
    let mut submits = Vec::new();
    for wish in &plan.shoppers {
        submits.push(prepare(world, cards, *wish).await);
    }
    let before = world.sandbox.charges().await;
    let Some(point) = plan.point else {
        let world = &*world;
        join_all(submits.iter().map(|submit| async {
            tokio::time::sleep(submit.wish.submit_after).await;
            let shopper = world.shopper();
            let page = shopper.post(&submit.action, &submit.fields).await;
            assert!(page.status < 500, "a submit gives {} {}", page.status, page.html.text());
            shopper.walk(page).await;
            insist(world, plan, cards, submit, None).await
        }))
        .await;
        return Done {
            orders: orders(&submits),
            restart: None,
            recoveries: Vec::new(),
            charged_at_kill: 0,
        };
    };
    let killed = crash(world, plan, point, &submits).await;
    let charged_at_kill = world.sandbox.charges().await - before;
    let restart = start_again(world);
    let world = &*world;
    let seen =
        join_all(submits.iter().map(|submit| insist(world, plan, cards, submit, Some(killed))))
            .await;
    Done {
        orders: orders(&submits),
        restart: Some(restart),
        recoveries: seen.iter().map(|seen| seen.recovered).collect(),
        charged_at_kill,
    }
}

fn orders(submits: &[Submit]) -> Vec<String> {
    submits.iter().map(|submit| submit.session.order_id.clone()).collect()
}

async fn prepare(world: &World, cards: &Cards, wish: Wish) -> Submit {
    let session = session(world).await;
    let page = world.shopper().get(&session.path).await;
    let card = wish.declined.map_or(&cards.good, |which| &cards.declined[which]);
    let fields = Shopper::filled(&page, card);
    Submit { session, action: page.card_form().action.clone(), fields, wish }
}

/// A session that the world does not remember: a thousand tokens would make the search at the end take hours. The stories search for them.
async fn session(world: &World) -> Session {
    let order = json!({
        "order_id": fresh_order(),
        "amount": 1295,
        "currency": "EUR",
        "purpose": "Larkspur and other poems",
        "customer": customer(),
    });
    let json = world.api.post("/v1/sessions", &order).await.expect(201).json;
    let text = |name: &str| json[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
    let path = format!("/checkout/{}", text("token"));
    Session {
        id: text("id"),
        path,
        url: text("url"),
        order_id: text("order_id"),
        json: json.clone(),
    }
}

/// Sends the submits and lets the process die; gives when it did.
async fn crash(world: &mut World, plan: &Plan, point: Point, submits: &[Submit]) -> Instant {
    if let Some(wire) = point.wire() {
        world.wire().forget_held();
        world.wire().set(wire);
    }
    let sending: Vec<_> = submits
        .iter()
        .map(|submit| {
            let (shopper, after) = (world.shopper(), submit.wish.submit_after);
            let (action, fields) = (submit.action.clone(), submit.fields.clone());
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                shopper.try_post(&action, &fields).await
            })
        })
        .collect();
    if point.wire().is_some() {
        world.wire().wait_for_held().await;
        tokio::time::sleep(plan.kill_after).await;
        world.kill_server();
    } else {
        let status = world.server().ended(Duration::from_secs(15)).await;
        assert_eq!(status.signal(), Some(9), "{} was never reached", point.name());
    }
    let killed = Instant::now();
    // Nobody is answered 5xx by a dead process; whoever was answered before it died was told the truth, which the books show.
    for answer in sending {
        let answer: Option<Page> = answer.await.expect("the request ends");
        assert!(answer.is_none_or(|page| page.status < 500), "an answer with an error");
    }
    world.wire().set(Wire::Open);
    killed
}

/// What an impatient shopper does until the order is paid; gives when the page first knew more than "processing".
async fn insist(
    world: &World,
    plan: &Plan,
    cards: &Cards,
    submit: &Submit,
    killed: Option<Instant>,
) -> Seen {
    let shopper = world.shopper();
    let path = &submit.session.path;
    let start = killed.unwrap_or_else(Instant::now);
    if killed.is_some() && submit.wish.repeats {
        let again = shopper.post(&submit.action, &submit.fields).await;
        assert!(
            again.status < 500,
            "the same form again gives {} {}",
            again.status,
            again.html.text()
        );
    }
    let mut recovered = None;
    let mut timed_out_at_gateway = false;
    loop {
        let page = shopper.get(path).await;
        let state = page.state().to_owned();
        if state != "processing" {
            recovered.get_or_insert_with(|| start.elapsed());
        }
        match &*state {
            "paid" => return Seen { recovered: recovered.unwrap_or_default() },
            "ready" => {
                let answer = shopper.pay(path, &cards.good).await;
                assert!(
                    answer.status < 500,
                    "paying gives {} {}",
                    answer.status,
                    answer.html.text()
                );
                shopper.walk(answer).await;
            }
            "challenge" => {
                let step = shopper.get(&format!("{path}/step")).await;
                shopper.walk(step).await;
            }
            "processing" => {
                // The way to the bank died with the process: the gateway gives up on the shopper some time.
                let lost_step = plan.gateway == Gateway::Redirects
                    && !timed_out_at_gateway
                    && start.elapsed() > Duration::from_secs(4);
                if lost_step {
                    timed_out_at_gateway = true;
                    world.sandbox.advance_clock(3600).await;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            other => panic!("the page of {} shows {other}", submit.session.order_id),
        }
        assert!(
            start.elapsed() < Duration::from_secs(90),
            "{} is not paid after {:?}: the page shows {state}",
            submit.session.order_id,
            start.elapsed()
        );
    }
}
