//! `cargo xtask …`: set-up, build, demo, test, bench and soak.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner talks to its terminal"
)]

mod bench;
mod installed;
mod package;
mod run;
mod sizes;
mod soak;
mod steps;
mod system;
mod tests_run;
mod tools;
mod web;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Set-up, build, demo, test, bench and soak", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build and run shop, server and sandbox in one process.
    Demo {
        /// The shop's port; server, sandbox and the wallets' origin take the next three.
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Keep the demo's data in this directory; a temporary one is used otherwise.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Run every lint and every test; install what they need.
    Test {
        /// Run only this step; may be given several times.
        #[arg(long, value_enum, value_name = "STEP")]
        only: Vec<tests_run::Step>,
    },
    /// Build the release binary and print its size.
    Build,
    /// Build what a browser loads into `dist/`, and hold it to its limits of bytes.
    Web {
        /// Print where the bytes of the module go, with this many functions.
        #[arg(long, value_name = "ROWS", num_args = 0..=1, default_missing_value = "40")]
        sizes: Option<usize>,
    },
    /// Called by trunk at the end of its build.
    #[command(hide = true)]
    Package,
    /// Measure.
    Bench {
        /// What to measure.
        #[arg(value_enum, default_value_t = bench::Subject::Server)]
        subject: bench::Subject,
        /// Handed to the measuring program, after `--`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Take a picture of every state of the checkout, light and dark, at three widths.
    Gallery {
        /// Handed to the program as they are: the directory, `--only NAME`, `--plain`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the long loops: payments through crashes or, with `--parsers`, noise through every parser of wallet tokens.
    Soak {
        /// Noise for the parsers of wallet tokens, with `--minutes N` and `--seed N`.
        #[arg(long)]
        parsers: bool,
        /// Handed to the program as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo { port, data } => run::demo(port, data.as_deref()),
        Task::Test { only } => Ok(tests_run::test(&only)),
        Task::Build => Ok(run::build()),
        Task::Web { sizes } => Ok(web::web(sizes)),
        Task::Package => package::run().map(|()| ExitCode::SUCCESS),
        Task::Bench { subject, arguments } => bench::bench(subject, &arguments),
        Task::Gallery { arguments } => bench::gallery(&arguments),
        Task::Soak { parsers: true, arguments } => Ok(soak::parsers(&arguments)),
        Task::Soak { parsers: false, arguments } => bench::soak(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_no_contradiction() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_soak_is_one_of_payments_unless_parsers_are_named_first() {
        for (typed, of_parsers, handed) in [
            (&["soak"][..], false, &[][..]),
            (&["soak", "--kills", "3"], false, &["--kills", "3"]),
            (&["soak", "--parsers"], true, &[]),
            (&["soak", "--parsers", "--minutes", "3"], true, &["--minutes", "3"]),
        ] {
            let typed = [&["cargo xtask"], typed].concat();
            let Task::Soak { parsers, arguments } = Arguments::parse_from(typed).task else {
                panic!("not a soak");
            };
            assert_eq!(parsers, of_parsers);
            assert_eq!(arguments, handed);
        }
    }
}
