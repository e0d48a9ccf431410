//! Measures what a shopper waits for: cold loads of the checkout in a browser, over a slow network, on a slow processor.
//!
//! `cargo xtask bench web` builds the release binary with all that a browser loads, and runs this program, which spawns the binary
//! named in `FARTHING_BIN`. Nothing here passes or fails by a time. What each figure means is in docs/benchmarks.md.
#![allow(
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring program: a panic with what was seen is how it fails"
)]

#[path = "../farthing-bench/figures.rs"]
#[allow(dead_code, reason = "shared with the measuring of the server, which needs more of it")]
mod figures;
mod load;
#[path = "../farthing-bench/machine.rs"]
#[allow(dead_code, reason = "shared with the measuring of the server, which needs more of it")]
mod machine;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use farthing_stories::World;

use self::figures::{Figures, Goal, Samples};
use self::load::{Load, Network, Place};

/// Measures the checkout in a browser.
#[derive(Debug, Parser)]
#[command(name = "farthing-bench-web")]
struct Arguments {
    /// Also write the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Cold loads of each page; figures are medians.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(5..=101))]
    loads: u32,
    /// Milliseconds that the network adds to each request.
    #[arg(long, default_value_t = 150)]
    latency: u32,
    /// Kilobits a second of the network, each way.
    #[arg(long, default_value_t = 1600)]
    kilobits: u32,
    /// How many times slower the processor is.
    #[arg(long, default_value_t = 4)]
    slowdown: u32,
    /// Measure only these; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Place>,
}

/// What of a load has a goal.
#[derive(Clone, Copy, Debug)]
struct Goals {
    typable: Goal,
    live: Goal,
    bytes: Goal,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    let network = Network {
        latency: Duration::from_millis(arguments.latency.into()),
        bytes_a_second: u64::from(arguments.kilobits) * 1000 / 8,
        slowdown: arguments.slowdown,
    };
    let mut figures = Figures::default();
    machine::describe_processor(&mut figures);
    machine::describe_load(&mut figures, "at the start");
    figures.machine(
        "network and processor",
        format!(
            "{} ms, {} kbit/s each way, {} times slower; medians of {} cold loads",
            arguments.latency, arguments.kilobits, arguments.slowdown, arguments.loads
        ),
    );
    figures.machine(
        "a peer, measured earlier in this way",
        "Adyen Drop-in 6.45: 108.1 KB, typable after 1.41 to 1.47 s".to_owned(),
    );

    let world = World::start().await;
    for place in [Place::Bare, Place::Page, Place::Shop] {
        if !arguments.only.is_empty() && !arguments.only.contains(&place) {
            continue;
        }
        let mut loads = Vec::new();
        for number in 1..=arguments.loads {
            eprintln!("{}: load {number} of {}", place.name(), arguments.loads);
            loads.push(Load::measure(&world, place, &network).await);
        }
        report(&mut figures, place, &loads);
    }
    machine::describe_load(&mut figures, "at the end");
    println!("\n{}", figures.table());
    if let Some(path) = &arguments.json {
        std::fs::write(path, figures.json()).expect("a writable file");
        println!("written: {}", path.display());
    }
    world.finish().await;
}

/// The goals of the design, section 8, are those of the page itself; a shop's page comes before its frame.
fn goals(place: Place) -> Goals {
    match place {
        Place::Page => Goals {
            typable: Goal::AtMost(430_000, "430 ms"),
            live: Goal::AtMost(870_000, "870 ms"),
            bytes: Goal::AtMost(81_000, "81 KB"),
        },
        Place::Shop => {
            Goals { typable: Goal::None, live: Goal::None, bytes: Goal::AtMost(84_000, "84 KB") }
        }
        Place::Bare => Goals { typable: Goal::None, live: Goal::None, bytes: Goal::None },
    }
}

/// Reads one time of a load.
type Pick = fn(&Load) -> Duration;

fn report(figures: &mut Figures, place: Place, loads: &[Load]) {
    let (key, name, goals) = (place.key(), place.name(), goals(place));
    for (kind, what) in [
        ("document", "HTML with styles and first scripts"),
        ("script", "glue and start code"),
        ("wasm", "module"),
        ("picture", "pictures"),
        ("loader", "loader"),
        ("other", "anything else"),
    ] {
        let bytes = median(loads, |load| load.bytes(kind));
        let goal = if kind == "loader" && place == Place::Shop {
            Goal::AtMost(3_000, "3 KB")
        } else {
            Goal::None
        };
        if bytes > 0 {
            let what = format!("{name}: bytes, {what}");
            figures.add(&format!("{key}.bytes.{kind}"), &what, bytes, kilobytes(bytes), goal);
        }
    }
    let all = median(loads, Load::all_bytes);
    let what = format!("{name}: bytes, all of them");
    figures.add(&format!("{key}.bytes.all"), &what, all, kilobytes(all), goals.bytes);
    let times: [(&str, &str, Pick, Goal); 8] = [
        ("html", "the HTML has arrived", |load| load.html, Goal::None),
        ("paint", "first paint of the checkout", |load| load.paint, Goal::None),
        ("contentful", "first text of the checkout", |load| load.contentful, Goal::None),
        ("typable", "the card number takes typing", |load| load.typable, goals.typable),
        ("glue", "the glue has arrived", |load| load.glue, Goal::None),
        ("module", "the module has arrived", |load| load.module, Goal::None),
        ("live", "fully live", |load| load.live, goals.live),
        ("blocked", "main thread blocked, beyond 50 ms a task", |load| load.blocked, Goal::None),
    ];
    for (part, what, pick, goal) in times {
        let mut samples = Samples::default();
        for load in loads {
            samples.add(pick(load));
        }
        // The bare page has no glue, no module and never comes alive.
        if place == Place::Bare && samples.at(50).is_zero() {
            continue;
        }
        figures.add_time(
            &format!("{key}.{part}"),
            &format!("{name}: {what}"),
            samples.at(50),
            goal,
        );
    }
    let shift = median(loads, |load| load.shift);
    let text = format!("0.{shift:04}");
    figures.add(
        &format!("{key}.shift.tenthousandths"),
        &format!("{name}: layout shift"),
        shift,
        text,
        Goal::None,
    );
    for (part, what, pick) in [
        ("heap", "JavaScript's memory", (|load: &Load| load.heap) as fn(&Load) -> u64),
        ("wasm_memory", "the module's memory", |load| load.memory),
    ] {
        let bytes = median(loads, pick);
        if bytes == 0 {
            continue;
        }
        figures.add(
            &format!("{key}.{part}.bytes"),
            &format!("{name}: {what}"),
            bytes,
            kilobytes(bytes),
            Goal::None,
        );
    }
}

/// The middle one; of two, the smaller.
fn median(loads: &[Load], pick: impl Fn(&Load) -> u64) -> u64 {
    let mut all: Vec<u64> = loads.iter().map(pick).collect();
    all.sort_unstable();
    all[(all.len() - 1) / 2]
}

/// `80.1 KB` of 1000 bytes, as the goals count.
fn kilobytes(bytes: u64) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}
