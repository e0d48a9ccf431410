//! `cargo xtask soak --parsers`: noise for the parsers of wallet tokens.

use std::process::ExitCode;

use clap::Parser;

use crate::steps::{self, Steps};
use crate::tools;

/// What follows `--parsers`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak --parsers", about = "Noise for the parsers of wallet tokens")]
struct Noise {
    /// How long each of them is fed.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    minutes: u64,
    /// The same inputs again: the seed that an earlier run has printed.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seed: Option<u64>,
}

/// Builds the release test and lets it run: the same loop that the tests run for a second.
pub(crate) fn parsers(arguments: &[String]) -> ExitCode {
    let program = String::from("cargo xtask soak --parsers");
    let Noise { minutes, seed } = Noise::parse_from(std::iter::once(&program).chain(arguments));
    let mut steps = Steps::default();
    let what = format!("noise for the parsers of wallet tokens, {minutes} minutes each");
    let done = steps.run("soak", &what, |_| {
        let mut test = tools::cargo();
        test.args(["test", "--release", "-p", "farthing-wallets", "--test", "soak"]);
        test.args(["--", "--nocapture"]).env("FARTHING_SOAK_MINUTES", minutes.to_string());
        if let Some(seed) = seed {
            test.env("FARTHING_SOAK_SEED", seed.to_string());
        }
        steps::run(&mut test)
    });
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_seed_are_numbers_above_nothing() {
        let read = |arguments: &[&str]| {
            let noise = Noise::try_parse_from([&["soak"], arguments].concat());
            noise.ok().map(|noise| (noise.minutes, noise.seed))
        };
        assert_eq!(read(&[]), Some((10, None)));
        assert_eq!(read(&["--minutes", "3", "--seed", "7"]), Some((3, Some(7))));
        for wrong in [["--minutes", "0"], ["--seed", "0"], ["--minutes", "soon"], ["--kills", "3"]]
        {
            assert_eq!(read(&wrong), None, "{wrong:?}");
        }
    }
}
