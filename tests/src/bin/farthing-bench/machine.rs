//! What the figures were measured on.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use crate::figures::{Figures, Samples, millis};

/// Processors, load, and what one durable write of the disk costs without us.
pub(crate) fn describe(figures: &mut Figures, directory: &Path) {
    describe_processor(figures);
    describe_load(figures, "at the start");
    let syncs = sync_times(directory);
    figures.machine(
        "disk, 4 KiB appended and synced",
        format!("p50 {} ms, p99 {} ms", millis(syncs.at(50)), millis(syncs.at(99))),
    );
}

/// Processors.
pub(crate) fn describe_processor(figures: &mut Figures) {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    figures.machine("processor", format!("{model}, {cores} cores"));
}

/// The load of the machine: anything else that runs is part of every figure.
pub(crate) fn describe_load(figures: &mut Figures, when: &str) {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    figures.machine(&format!("load average {when}"), load);
}

/// The highest resident memory of a process so far, bytes.
pub(crate) fn peak_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}

fn sync_times(directory: &Path) -> Samples {
    let path = directory.join("sync-probe");
    let mut file = File::create(&path).expect("a writable directory");
    let mut samples = Samples::default();
    for _ in 0..300 {
        let start = Instant::now();
        file.write_all(&[7; 4096]).expect("a writable file");
        file.sync_data().expect("a disk that syncs");
        samples.add(start.elapsed());
    }
    drop(file);
    std::fs::remove_file(path).expect("ours to remove");
    samples
}
