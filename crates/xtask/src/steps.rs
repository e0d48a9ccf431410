//! Running one step after the other: what it does, how long it took, how it ended.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what it says.
    Passed,
    /// It could not be done here, which is no fault of the code; why.
    Skipped(String),
    /// It found something wrong; what.
    Failed(String),
}

/// One finished step.
#[derive(Debug)]
struct Finished {
    name: String,
    took: Duration,
    outcome: Outcome,
}

/// Tests counted in cargo's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Tests that are marked as ignored.
    pub(crate) ignored: u64,
}

impl Tally {
    /// Adds the numbers of one `test result: …` line; any other line counts nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let Some((_, numbers)) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in numbers.split(';') {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

/// All steps of one task.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    finished: Vec<Finished>,
    tally: Tally,
}

impl Steps {
    /// Runs one step and says what it does and how long it took. An error is a failed step, not the end of the task.
    pub(crate) fn run(
        &mut self,
        name: &str,
        what: &str,
        step: impl FnOnce(&mut Tally) -> Result<Outcome>,
    ) -> bool {
        println!("\n==> {name}: {what}");
        flush();
        let start = Instant::now();
        let outcome =
            step(&mut self.tally).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        let took = start.elapsed();
        match &outcome {
            Outcome::Passed => println!("    {name} done in {}", seconds(took)),
            Outcome::Skipped(why) => println!("    {name} skipped after {}: {why}", seconds(took)),
            Outcome::Failed(why) => println!("    {name} FAILED after {}: {why}", seconds(took)),
        }
        flush();
        let passed = !matches!(outcome, Outcome::Failed(_));
        self.finished.push(Finished { name: name.to_owned(), took, outcome });
        passed
    }

    /// Prints the table of steps and the closing line, and gives the exit code.
    pub(crate) fn close(&self) -> ExitCode {
        print!("\n{}", self.summary());
        flush();
        if self.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Failed tests, plus one for every failed step in which no test failed: lints, builds, a test program that died.
    fn failures(&self) -> u64 {
        let counted = u64::from(self.tally.failed > 0);
        let steps =
            self.finished.iter().filter(|step| matches!(step.outcome, Outcome::Failed(_))).count();
        self.tally.failed + u64::try_from(steps).unwrap_or(u64::MAX).saturating_sub(counted)
    }

    fn summary(&self) -> String {
        let width = self.finished.iter().map(|step| step.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for Finished { name, took, outcome } in &self.finished {
            let word = match outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Skipped(why) => format!("skipped: {why}"),
                Outcome::Failed(why) => format!("FAILED: {why}"),
            };
            let _ = writeln!(text, "{name:width$}  {:>8}  {word}", seconds(*took));
        }
        let total = self.finished.iter().map(|step| step.took).sum::<Duration>();
        let _ = writeln!(text, "{:width$}  {:>8}", "total", seconds(total));
        if self.tally.ignored > 0 {
            let _ = writeln!(text, "{} ignored", self.tally.ignored);
        }
        let _ = writeln!(text, "{} passed, {} failed", self.tally.passed, self.failures());
        text
    }
}

/// Runs a command with the terminal's input and output; a non-zero exit is a failed step.
pub(crate) fn run(command: &mut Command) -> Result<Outcome> {
    println!("    $ {}", shown(command));
    flush();
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    Ok(if status.success() {
        Outcome::Passed
    } else {
        Outcome::Failed(format!("{} ended with {status}", shown(command)))
    })
}

/// The same for something that has to work before the step makes sense.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    match run(command)? {
        Outcome::Failed(why) => bail!(why),
        Outcome::Passed | Outcome::Skipped(_) => Ok(()),
    }
}

/// Runs `cargo test`, shows its output as it comes and counts the results in it.
pub(crate) fn run_counted(command: &mut Command, tally: &mut Tally) -> Result<Outcome> {
    println!("    $ {}", shown(command));
    flush();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let output = child.stdout.take().context("the child's output is not a pipe")?;
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    let mut seen = Tally::default();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let mut terminal = std::io::stdout().lock();
        terminal.write_all(&line)?;
        terminal.flush()?;
        seen.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait()?;
    tally.passed += seen.passed;
    tally.failed += seen.failed;
    tally.ignored += seen.ignored;
    Ok(match (status.success(), seen.failed) {
        (true, 0) if seen.passed == 0 => Outcome::Failed("no test ran".to_owned()),
        (true, 0) => Outcome::Passed,
        (_, 0) => Outcome::Failed(format!("{} ended with {status}", shown(command))),
        (_, failed) => Outcome::Failed(format!("{failed} failed")),
    })
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    // The name without its directory: the same line works in anybody's shell.
    let program = std::path::Path::new(command.get_program());
    let mut text =
        program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// `4.2 s`, `12 min 03 s`.
pub(crate) fn seconds(took: Duration) -> String {
    if took.as_secs() >= 60 {
        format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
    } else {
        format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100)
    }
}

fn flush() {
    let _ = std::io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_test_programs_are_added() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1.00s\n",
            "a test printed: test result: ok. 9 passed; 9 failed",
        ] {
            tally.read(line);
        }
        assert_eq!(tally, Tally { passed: 15, failed: 2, ignored: 1 });
    }

    #[test]
    fn a_failed_test_counts_once_and_a_failed_lint_counts_too() {
        let mut steps = Steps::default();
        steps.run("fmt", "formatting", |_| Ok(Outcome::Failed("found".to_owned())));
        steps.run("tests", "tests", |tally| {
            tally.read("test result: FAILED. 3 passed; 2 failed; 0 ignored");
            Ok(Outcome::Failed("2 failed".to_owned()))
        });
        assert!(steps.summary().ends_with("3 passed, 3 failed\n"), "{}", steps.summary());
    }

    #[test]
    fn a_test_program_that_dies_without_a_result_is_a_failure() {
        let mut steps = Steps::default();
        steps.run("tests", "tests", |tally| {
            run_counted(Command::new("sh").args(["-c", "exit 101"]), tally)
        });
        assert!(steps.summary().ends_with("0 passed, 1 failed\n"), "{}", steps.summary());
    }

    #[test]
    fn an_empty_run_of_tests_is_a_failure() {
        let mut tally = Tally::default();
        let outcome = run_counted(&mut Command::new("true"), &mut tally);
        assert_eq!(outcome.ok(), Some(Outcome::Failed("no test ran".to_owned())));
    }

    #[test]
    fn a_skipped_step_is_named_and_fails_nothing() {
        let mut steps = Steps::default();
        assert!(steps.run("advisories", "look", |_| Ok(Outcome::Skipped("no network".to_owned()))));
        assert!(steps.summary().contains("skipped: no network"));
        assert_eq!(steps.failures(), 0);
    }

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(Duration::from_millis(4250)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(723)), "12 min 03 s");
    }
}
