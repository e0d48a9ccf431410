//! The noisy part of an epoch: shoppers come, switches are set, the server dies and is started again.

use std::time::{Duration, Instant};

use farthing_stories::World;
use farthing_stories::proxy::Wire;
use farthing_stories::sandbox::Sandbox;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::plan::{Death, Kill, Plan};
use super::shopper;
use super::switches::COUNT;
use super::tab::Story;
use super::tally::Tally;
use super::town::Town;
use crate::words;

/// A process that is to die by itself, or on a wire, gets so long; then it is killed like any other.
const REACHED: Duration = Duration::from_secs(4);

/// No shopper stays as long as this.
const ALL_GONE: Duration = Duration::from_secs(90);

/// Runs it until the last shopper is gone and the last kill is done. The server may be left with a crash point.
pub(crate) async fn rage(
    world: &mut World,
    town: &Town,
    plan: &Plan,
    tally: &mut Tally,
) -> Vec<Story> {
    if let Some(Kill { death: Death::Point(name), .. }) = plan.kills.first() {
        world.restart_with(&[("FARTHING_CRASH_AT", name)]);
    }
    world.sandbox.faults(plan.switches.clone()).await;
    let endpoint = plan.endpoint.clone();
    world.webhooks.answer_by(move |event, before| endpoint.answer(event, before));
    world.wire().set(usual_wire(plan));
    let clock = tokio::spawn(turn_clock(world.sandbox.clone(), plan.clock_pace));
    let shoppers: Vec<JoinHandle<Story>> = plan
        .wishes
        .iter()
        .map(|wish| tokio::spawn(shopper::visit(town.clone(), wish.clone())))
        .collect();
    for (number, kill) in plan.kills.iter().enumerate() {
        let next = plan.kills.get(number + 1).map(|kill| kill.death);
        one_life(world, plan, *kill, next, tally).await;
    }
    let mut stories = Vec::new();
    for shopper in shoppers {
        stories.push(match tokio::time::timeout(ALL_GONE, shopper).await {
            Ok(Ok(story)) => story,
            Ok(Err(ended)) => {
                let said =
                    ended.try_into_panic().map_or_else(|_| String::new(), |panic| words(&*panic));
                Story::failed(format!("a shopper panicked: {said}"))
            }
            Err(_) => Story::failed("a shopper never left".to_owned()),
        });
    }
    clock.abort();
    tally.add_hits(hits(&world.sandbox.switches().await));
    stories
}

/// The wire when nothing is held on it.
fn usual_wire(plan: &Plan) -> Wire {
    plan.late.map_or(Wire::Open, |(every, by)| Wire::LateRequests { every, by })
}

/// Lets the process live until it dies as planned, and starts the next one, which is made to die as `next` says.
async fn one_life(
    world: &mut World,
    plan: &Plan,
    kill: Kill,
    next: Option<Death>,
    tally: &mut Tally,
) {
    let mut death = kill.death;
    match kill.death {
        Death::AnyMoment => sleep(kill.after).await,
        Death::HeldReply | Death::HeldRequest => {
            let wire =
                if kill.death == Death::HeldReply { Wire::HoldReplies } else { Wire::HoldRequests };
            world.wire().forget_held();
            world.wire().set(wire);
            if !within(REACHED, || world.wire().held() > 0).await {
                death = Death::AnyMoment;
            }
            // Others come to the wire meanwhile; a call is given up after a second.
            sleep(kill.after.min(Duration::from_millis(900))).await;
        }
        Death::Point(_) => {
            let server = world.server();
            if !within(REACHED, || !server.is_alive()).await {
                death = Death::AnyMoment;
            }
        }
    }
    if !matches!(kill.death, Death::Point(_)) && !world.server().is_alive() {
        tally.differ("the server died by itself".to_owned());
    }
    world.kill_server();
    world.wire().set(usual_wire(plan));
    sleep(kill.down).await;
    let armed = match next {
        Some(Death::Point(name)) => vec![("FARTHING_CRASH_AT", name)],
        _ => Vec::new(),
    };
    let restart = world.restart_with(&armed);
    tally.add_kill(death, restart);
}

/// Looks until it is so; gives whether it was within this time.
async fn within(longest: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > longest {
            return false;
        }
        sleep(Duration::from_millis(5)).await;
    }
    true
}

/// Lets the gateway's clock run faster than ours.
async fn turn_clock(sandbox: Sandbox, pace: u64) {
    let seconds = i64::try_from(pace).expect("seconds");
    loop {
        sleep(Duration::from_secs(1)).await;
        sandbox.advance_clock(seconds).await;
    }
}

/// How often each fault of replies hit: what its count has lost.
fn hits(switches: &Value) -> Vec<(String, u64)> {
    let faults = switches["replies"].as_array().map_or(&[][..], Vec::as_slice);
    faults
        .iter()
        .map(|fault| {
            let name = |member: &str| fault[member].as_str().unwrap_or_default().to_owned();
            let left = fault["count"].as_u64().unwrap_or_default();
            (format!("{} {}", name("on"), name("fault")), COUNT.saturating_sub(left))
        })
        .collect()
}
