//! Thousands of payments in epochs. Each epoch draws a position for every switch of the gateway, shoppers with a will of their own, and
//! kills; when it is over and the faults are off, everything has to come to its end, and gateway, store and merchant have to agree.

mod compare;
mod plan;
mod reader;
mod shopper;
mod storm;
mod switches;
mod tab;
mod tally;
mod town;
mod wish;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use farthing_stories::World;
use farthing_stories::proxy::Wire;
use farthing_stories::receiver::Answer;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use self::compare::text;
use self::plan::{Plan, shares};
use self::reader::Reader;
use self::tab::{PAID_AFTER_ALL, Story};
use self::tally::{Seen, Tally};
use self::town::Town;
use crate::dice::{Dice, fresh_seed};
use crate::words;

/// How many payments and kills there are.
#[derive(Debug, Args)]
pub(crate) struct ChaosArguments {
    /// Shoppers, each with an order of its own; many make more than one payment, a few come to none.
    #[arg(long, default_value_t = 2000)]
    payments: usize,
    /// Kills, over all.
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// What all random choices come from; drawn and printed if absent.
    #[arg(long)]
    seed: Option<u64>,
    /// Minutes after which it stops; a run that is not complete by then has failed.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Runs this epoch of the plan alone, to look for what differed in it.
    #[arg(long)]
    epoch: Option<usize>,
}

/// Shoppers of one epoch.
const SHOPPERS: usize = 60;

/// From so many epochs on the first half may leave events behind that come after five minutes: a short run would wait for them.
const LONG: usize = 20;

/// So many mismatches say enough.
const ENOUGH: usize = 10;

/// Runs it to its end.
pub(crate) async fn soak(arguments: ChaosArguments) -> ExitCode {
    let seed = arguments.seed.unwrap_or_else(fresh_seed);
    println!("seed {seed}");
    let deadline = Instant::now() + Duration::from_secs(arguments.minutes * 60);
    let mut plans = plans(&arguments, &mut Dice::new(seed));
    let epochs = plans.len();
    plans.retain(|plan| arguments.epoch.is_none_or(|epoch| epoch == plan.number));
    let wanted_kills: usize = plans.iter().map(|plan| plan.kills.len()).sum();
    let wanted_payments: usize = plans.iter().map(|plan| plan.wishes.len()).sum();

    let mut world = World::builder().proxied().start().await;
    let town = Town::of(&world);
    let mut reader = Reader::default();
    let mut tally = Tally::default();
    for plan in &plans {
        if Instant::now() > deadline {
            tally.stopped_early = true;
            break;
        }
        let (before, start) = (tally.mismatches.len(), Instant::now());
        one(&mut world, &town, &mut reader, &mut tally, plan).await;
        let (payments, kills) = (reader.books.payments.len(), tally.kills());
        let (number, took) = (plan.number, start.elapsed().as_secs());
        println!("epoch {number} of {epochs}: {payments} payments, {kills} kills so far, {took} s");
        if tally.mismatches.len() > before {
            println!("in {plan}seed {seed}, epoch {number} of {epochs}");
        }
        if tally.mismatches.len() >= ENOUGH {
            break;
        }
    }
    finish(world, &mut reader, &mut tally).await;
    println!("{}", tally.report(seed, &reader.books));
    let complete = tally.kills() >= wanted_kills && reader.books.payments.len() >= wanted_payments;
    let clean = complete && tally.mismatches.is_empty() && !tally.stopped_early;
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Epochs of about the same size.
fn plans(arguments: &ChaosArguments, dice: &mut Dice) -> Vec<Plan> {
    let epochs = arguments.payments.div_ceil(SHOPPERS).max(1);
    let sizes = shares(arguments.payments, epochs).into_iter().zip(shares(arguments.kills, epochs));
    (1..)
        .zip(sizes)
        .map(|(number, (shoppers, kills))| {
            let is_early = epochs >= LONG && number * 2 <= epochs;
            Plan::draw(number, shoppers, kills, is_early, &mut dice.fork())
        })
        .collect()
}

/// One epoch, and the comparison after it. What panics is a mismatch with its message.
async fn one(world: &mut World, town: &Town, reader: &mut Reader, tally: &mut Tally, plan: &Plan) {
    let done = AssertUnwindSafe(epoch(world, town, reader, tally, plan)).catch_unwind().await;
    if let Err(panic) = done {
        tally.differ(words(&*panic));
        // Whatever it left behind, the next one starts from a fresh process.
        let again = AssertUnwindSafe(async { world.restart() }).catch_unwind().await;
        if let Err(panic) = again {
            tally.differ(words(&*panic));
        }
    }
}

async fn epoch(
    world: &mut World,
    town: &Town,
    reader: &mut Reader,
    tally: &mut Tally,
    plan: &Plan,
) {
    let mark = Seen::mark(&reader.books);
    let stories = storm::rage(world, town, plan, tally).await;
    let start = Instant::now();
    calm(world, plan).await;
    reader.settle(world, plan.merchant_asks).await;
    let settling = start.elapsed();
    // Whoever comes back now finds an order that is paid, or can be.
    let back = stories.into_iter().zip(&plan.wishes);
    let back = back.map(|(story, wish)| shopper::look_again(town.clone(), story, wish.insists));
    let stories = join_all(back).await;
    reader.settle(world, true).await;
    let mut wrong = reader.compare(world, false).await;
    for story in &stories {
        wrong.extend(story.problems.iter().cloned());
        wrong.extend(shown(story, reader));
    }
    for what in wrong {
        tally.differ(what);
    }
    let seen = Seen {
        settling,
        memory: world.server().resident_bytes(),
        late_requests: world.wire().late().1,
        ..Seen::since(&mark, &reader.books)
    };
    tally.add_epoch(plan, &seen, &stories);
}

/// Ends the faults: switches as documented, an endpoint that takes everything, a server without a crash point. Then all of the gateway's
/// time-outs pass.
async fn calm(world: &mut World, plan: &Plan) {
    world.sandbox.faults(switches::calm()).await;
    world.webhooks.answer(Answer::Take);
    world.wire().set(Wire::Open);
    let longest = plan.late.map_or(Duration::ZERO, |(_, by)| by);
    let start = Instant::now();
    while world.wire().late().0 > 0 && start.elapsed() < longest * 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.sandbox.advance_clock(3600).await;
}

/// Whether the page told a shopper the truth about the order.
fn shown(story: &Story, reader: &Reader) -> Vec<String> {
    let Some(checkout) = &story.checkout else { return Vec::new() };
    let order_id = checkout.order_id.as_str();
    let attempts =
        reader.books.payments.iter().filter(|payment| text(payment, "order_id") == order_id);
    let statuses: Vec<&str> = attempts.map(|payment| text(payment, "status")).collect();
    let (paid, attention) = (statuses.contains(&"paid"), statuses.contains(&"needs_attention"));
    let mut wrong = Vec::new();
    if story.told_paid && !paid {
        wrong.push(format!("{order_id}: a page said that it is paid, but {statuses:?}"));
    }
    let fits = match story.settled_state.as_str() {
        "paid" => paid,
        "review" => attention,
        // Money of an earlier try that came late: the page waits for a person.
        "processing" => attention && !paid,
        // Paid only if the shopper has come back since, and then it must be.
        "ready" => !attention && paid == story.acts.contains_key(PAID_AFTER_ALL),
        // Also where money came late for an earlier checkout.
        "failed" | "expired" => !paid,
        _ => false,
    };
    if !fits {
        wrong.push(format!(
            "{order_id}: after all time-outs the page shows {:?}, but {statuses:?}",
            story.settled_state
        ));
    }
    wrong
}

/// The events that are owed, the books once more, an orderly stop, and the search for card data in everything that was left behind.
async fn finish(world: World, reader: &mut Reader, tally: &mut Tally) {
    println!(
        "waiting for the last events, comparing all, stopping, searching what was left behind"
    );
    let clean = tally.mismatches.is_empty();
    let done = AssertUnwindSafe(async {
        if clean {
            reader.wait_for_owed(&world).await;
        }
        let differences = reader.compare(&world, true).await;
        // For the scanner: what the merchant was told.
        world.api.events().await;
        // Ends in a panic if something went wrong, so that the world shows the server's last words and keeps its directory if told to.
        assert!(clean && differences.is_empty(), "the books differ: {}", differences.join("; "));
        world.finish_compared().await;
    })
    .catch_unwind()
    .await;
    if let Err(panic) = done {
        tally.mismatches.push(format!("at the end: {}", words(&*panic)));
    }
}
