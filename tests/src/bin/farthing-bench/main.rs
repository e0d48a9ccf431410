//! Measures the server on real processes: payments per second, its own overhead, memory, start-up, size, and what many stored payments cost.
//!
//! `cargo xtask bench server` builds the release binary and runs this program, which spawns the binary named in `FARTHING_BIN`. Nothing
//! here passes or fails by a time: the figures stand beside the goals of the design, and a person judges. What each one means is in
//! docs/benchmarks.md.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring program: a panic with what was seen is how it fails"
)]

mod direct;
mod figures;
mod load;
mod machine;
mod prefill;
mod rig;
mod stored;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;

use self::direct::Direct;
use self::figures::{Figures, Goal, Samples, bytes, millis};
use self::rig::{Gateway, Server};

/// Measures the server.
#[derive(Debug, Parser)]
#[command(name = "farthing-bench")]
struct Arguments {
    /// Also write the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the databases go: a real disk. A directory beside the binary is used otherwise.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Seconds of each load.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds of the open loop that measures the overhead.
    #[arg(long, default_value_t = 30)]
    overhead_seconds: u64,
    /// Payments a second of that loop.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// The larger number of stored payments.
    #[arg(long, default_value_t = 1_000_000)]
    stored: u32,
    /// Measure only these; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Payments per second.
    Throughput,
    /// Overhead over calling the sandbox directly.
    Overhead,
    /// Memory, start-up and size.
    Footprint,
    /// The cost of many stored payments.
    Stored,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let root = arguments.data.clone().unwrap_or_else(default_directory);
    std::fs::create_dir_all(&root).expect("a directory for the databases");
    let directory =
        tempfile::Builder::new().prefix("bench-").tempdir_in(&root).expect("a directory");
    let mut figures = Figures::default();
    machine::describe(&mut figures, directory.path());

    if wanted(Part::Footprint) {
        start_up(&mut figures, directory.path()).await;
    }
    if wanted(Part::Throughput) || wanted(Part::Overhead) || wanted(Part::Footprint) {
        loads(&arguments, &wanted, &mut figures, directory.path()).await;
    }
    if wanted(Part::Stored) {
        stored::measure(&mut figures, directory.path(), arguments.stored).await;
    }
    machine::describe_load(&mut figures, "at the end");
    println!("\n{}", figures.table());
    if let Some(path) = &arguments.json {
        std::fs::write(path, figures.json()).expect("a writable file");
        println!("written: {}", path.display());
    }
}

/// Beside the binary under test, which is in the target directory.
fn default_directory() -> PathBuf {
    let binary = farthing_stories::process::farthing();
    binary.parent().and_then(Path::parent).unwrap_or(Path::new(".")).join("tmp")
}

/// Start-up and the size of the binary.
async fn start_up(figures: &mut Figures, directory: &Path) {
    progress("start-up");
    let binary = std::fs::metadata(farthing_stories::process::farthing()).expect("the binary");
    figures.add(
        "binary.bytes",
        "binary: size",
        binary.len(),
        bytes(binary.len()),
        Goal::AtMost(20 * 1024 * 1024, "20 MB"),
    );
    let gateway = Gateway::start(directory).await;
    let first = Server::start(&gateway, &directory.join("start"));
    figures.add_time("start.first", "start: a new database", first.started_in, Goal::None);
    // Idle: loops have looked once, and nothing was asked yet.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let resident = first.process.resident_bytes();
    figures.add(
        "memory.start",
        "memory: resident, idle after start",
        resident,
        bytes(resident),
        Goal::AtMost(64 * 1024 * 1024, "64 MB"),
    );
    let mut times = Samples::default();
    let mut server = first;
    for _ in 0..10 {
        server.stop().await;
        server = Server::start(&gateway, &directory.join("start"));
        times.add(server.started_in);
    }
    server.stop().await;
    let goal = Goal::AtMost(1_000_000, "1 s");
    figures.add_time(
        "start.median",
        "start: spawn to announce line, median of 10",
        times.at(50),
        goal,
    );
    figures.add_time("start.worst", "start: the slowest of the 10", times.at(100), Goal::None);
}

/// One server under all loads: payments per second, overhead, memory afterwards.
async fn loads(
    arguments: &Arguments,
    wanted: &dyn Fn(Part) -> bool,
    figures: &mut Figures,
    directory: &Path,
) {
    let gateway = Gateway::start(directory).await;
    gateway.decide_at_once().await;
    let server = Server::start(&gateway, &directory.join("load"));
    let client = load::Client::new(&server);
    // Connections, caches and the allocator settle before anything is measured.
    load::closed(&client, 8, Duration::from_secs(3)).await;

    if wanted(Part::Throughput) {
        for shoppers in [1, 8, 32] {
            progress(&format!("payments per second, {shoppers} shoppers"));
            let run = load::closed(&client, shoppers, Duration::from_secs(arguments.seconds)).await;
            let what = |text: &str| format!("{shoppers} shoppers: {text}");
            let key = |text: &str| format!("closed.{shoppers}.{text}");
            let rate = run.per_second_tenths();
            figures.add(
                &key("per_second_tenths"),
                &what("payments a second"),
                rate,
                format!("{}.{}", rate / 10, rate % 10),
                Goal::None,
            );
            for percent in [50, 99] {
                figures.add_time(
                    &key(&format!("p{percent}")),
                    &what(&format!("submit to answer, p{percent}")),
                    run.pay.at(percent),
                    Goal::None,
                );
                figures.add_time(
                    &key(&format!("session.p{percent}")),
                    &what(&format!("creating the session, p{percent}")),
                    run.session.at(percent),
                    Goal::None,
                );
            }
        }
    }
    if wanted(Part::Overhead) {
        overhead(arguments, figures, &gateway, &client).await;
        gateway.send_to_the_bank().await;
        overhead_of_redirect(arguments, figures, &gateway, &client).await;
        gateway.decide_at_once().await;
    }
    server.outbox_empty().await;
    for (key, what, size) in [
        ("memory.load", "memory: resident, after the loads", server.process.resident_bytes()),
        (
            "memory.peak",
            "memory: highest during the loads",
            machine::peak_bytes(server.process.id()),
        ),
    ] {
        figures.add(key, what, size, bytes(size), Goal::AtMost(64 * 1024 * 1024, "64 MB"));
    }
    server.stop().await;
}

/// The submit against the same calls made directly, interleaved at the same rate.
async fn overhead(
    arguments: &Arguments,
    figures: &mut Figures,
    gateway: &Gateway,
    client: &load::Client,
) {
    let rate = arguments.rate;
    progress(&format!("own overhead at {rate} payments a second, decided at once"));
    let before = gateway.requests().await;
    let direct = Direct::new(gateway, direct::Calls::PayAndCheck);
    let run =
        load::open(client, &direct, rate, Duration::from_secs(arguments.overhead_seconds)).await;
    let after = gateway.requests().await;
    report_overhead(figures, "overhead", "decided at once", &run, rate == 50);
    let direct = u64::try_from(run.direct.len()).expect("a count");
    for (index, call) in ["pay", "check"].into_iter().enumerate() {
        let made = after[index] - before[index] - direct;
        let hundredths = made * 100 / u64::try_from(run.server.len()).expect("a count").max(1);
        figures.add(
            &format!("overhead.{call}_calls_hundredths"),
            &format!("overhead: calls of `{call}` for each payment through the server"),
            hundredths,
            format!("{}.{:02}", hundredths / 100, hundredths % 100),
            Goal::None,
        );
    }
}

/// The same where the shopper is sent to the bank: one call, and nothing is asked.
async fn overhead_of_redirect(
    arguments: &Arguments,
    figures: &mut Figures,
    gateway: &Gateway,
    client: &load::Client,
) {
    let rate = arguments.rate;
    progress(&format!("own overhead at {rate} payments a second, sent to the bank"));
    let direct = Direct::new(gateway, direct::Calls::Pay);
    let run =
        load::open(client, &direct, rate, Duration::from_secs(arguments.overhead_seconds)).await;
    report_overhead(figures, "overhead_redirect", "sent to the bank", &run, rate == 50);
}

fn report_overhead(figures: &mut Figures, key: &str, what: &str, run: &load::Open, at_goal: bool) {
    for percent in [50, 99] {
        let (ours, theirs) = (run.server.at(percent), run.direct.at(percent));
        figures.add_time(
            &format!("{key}.server.p{percent}"),
            &format!("{what}: through the server, p{percent}"),
            ours,
            Goal::None,
        );
        figures.add_time(
            &format!("{key}.direct.p{percent}"),
            &format!("{what}: the same calls directly, p{percent}"),
            theirs,
            Goal::None,
        );
        let goal = if percent == 99 && at_goal { Goal::AtMost(5_000, "5 ms") } else { Goal::None };
        figures.add_time(
            &format!("{key}.own.p{percent}"),
            &format!("{what}: own overhead, p{percent}"),
            ours.saturating_sub(theirs),
            goal,
        );
    }
    let late = run.late.at(99);
    figures.add_time(
        &format!("{key}.late.p99"),
        &format!("{what}: our own clock was late, p99"),
        late,
        Goal::None,
    );
}

fn progress(what: &str) {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed();
    eprintln!("[{:>8} ms] {what}", millis(since));
}
