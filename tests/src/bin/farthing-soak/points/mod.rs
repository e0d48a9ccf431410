//! Kills at every point of the order of writes: shoppers insist until their orders are paid, and after each run the gateway's ledger, our
//! store and the events have to tell the same story.

mod books;
mod run;
mod tally;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use farthing_stories::World;
use futures_util::FutureExt as _;

use self::books::Books;
use self::run::{Cards, Plan, Point};
use self::tally::Tally;
use crate::dice::{Dice, fresh_seed};
use crate::words;

/// How many kills and payments there are.
#[derive(Debug, Args)]
pub(crate) struct PointArguments {
    /// Kills at each of the seven points.
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Payments between the kills, over all.
    #[arg(long, default_value_t = 200)]
    payments: usize,
    /// What all random choices come from; drawn and printed if absent.
    #[arg(long)]
    seed: Option<u64>,
    /// Minutes after which it stops; a run that is not complete by then has failed.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

/// So many mismatches say enough.
const ENOUGH: usize = 10;

/// Shoppers of a run without a kill.
const AT_ONCE: usize = 5;

/// Runs the loop to its end.
pub(crate) async fn soak(arguments: PointArguments) -> ExitCode {
    let seed = arguments.seed.unwrap_or_else(fresh_seed);
    println!("seed {seed}");
    let deadline = Instant::now() + Duration::from_secs(arguments.minutes * 60);
    let mut dice = Dice::new(seed);
    let mut points: Vec<Point> =
        Point::ALL.iter().flat_map(|point| vec![*point; arguments.kills]).collect();
    dice.shuffle(&mut points);
    let plans = plans(&points, arguments.payments, &mut dice);

    let mut world = World::builder().proxied().start().await;
    let cards = Cards::take(&world);
    let mut books = Books::default();
    let mut tally = Tally::default();
    for (number, plan) in plans.iter().enumerate() {
        if Instant::now() > deadline {
            tally.stopped_early = true;
            break;
        }
        one(&mut world, &mut books, &mut tally, plan, &cards).await;
        if tally.mismatches.len() >= ENOUGH {
            break;
        }
        if number % 20 == 19 {
            let count = tally.mismatches.len();
            println!("{} of {} runs, {count} mismatches", number + 1, plans.len());
        }
    }
    finish(world, &books, &mut tally).await;
    println!("{}", tally.report(seed, arguments.kills));
    if tally.is_clean(arguments.kills) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Kills in the order of `points`, and `payments` others spread evenly between them, a few at a time.
fn plans(points: &[Point], payments: usize, dice: &mut Dice) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut left = payments;
    for done in 0..=points.len() {
        // What is left is shared by the gaps that are left; the last gap is after the last kill.
        let mut share = left / (points.len() + 1 - done);
        left -= share;
        while share > 0 {
            let few = share.min(AT_ONCE);
            plans.push(Plan::quiet(few, dice));
            share -= few;
        }
        if let Some(point) = points.get(done) {
            plans.push(Plan::killed(*point, dice));
        }
    }
    plans
}

/// One run, and the comparison after it. A run that panics is a mismatch with its message.
async fn one(world: &mut World, books: &mut Books, tally: &mut Tally, plan: &Plan, cards: &Cards) {
    let done = AssertUnwindSafe(async {
        let done = run::run(world, plan, cards).await;
        let differences = books.compare(world, &done.orders).await;
        (done, differences)
    })
    .catch_unwind()
    .await;
    match done {
        Ok((done, differences)) => {
            tally.add(plan, &done);
            tally.differ(plan, differences);
        }
        Err(panic) => {
            tally.differ(plan, vec![words(&*panic)]);
            // Whatever state the run left behind, the next one starts from a fresh process.
            let again = AssertUnwindSafe(async { run::start_again(world) }).catch_unwind().await;
            if let Err(panic) = again {
                tally.differ(plan, vec![words(&*panic)]);
            }
        }
    }
}

/// The books of all runs together, an orderly stop, and the search for card data in everything that was left behind.
async fn finish(world: World, books: &Books, tally: &mut Tally) {
    println!("comparing all, stopping, searching what was left behind");
    let clean = tally.mismatches.is_empty();
    let done = AssertUnwindSafe(async move {
        let differences = books.compare_all(&world).await;
        // Ends in a panic if the story went wrong, so that the world shows the server's last words and keeps its directory if told to.
        assert!(clean && differences.is_empty(), "the books differ: {}", differences.join("; "));
        world.finish().await;
    })
    .catch_unwind()
    .await;
    if let Err(panic) = done {
        tally.mismatches.push(format!("at the end: {}", words(&*panic)));
    }
}
