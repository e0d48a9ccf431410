//! The product's processes: started, heard, killed by their own id only.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use url::Url;

use crate::wait;

/// How long a process may take to say that it listens.
const START: Duration = Duration::from_secs(30);

/// A process that announced itself. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    /// Where it listens.
    pub url: Url,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// What a process is started with.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Names the two files that catch its output.
    pub name: &'a str,
    /// The program; `None` is the product's own binary.
    pub program: Option<&'a Path>,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment on top of the inherited one.
    pub env: Vec<(String, String)>,
    /// Where its output is written.
    pub dir: &'a Path,
    /// Reads the announced address from one line of standard output.
    pub announced: fn(&str) -> Option<Url>,
}

/// The product's binary: `FARTHING_BIN`, else `farthing` in the directory above that of the test executable.
pub fn farthing() -> PathBuf {
    if let Some(path) = std::env::var_os("FARTHING_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test has a path");
    let path = test.ancestors().nth(2).expect("target/debug/deps/test").join("farthing");
    assert!(
        path.exists(),
        "{} is missing: cargo build -p farthing-cli, or set FARTHING_BIN",
        path.display()
    );
    path
}

/// The announce line of the product: the address is its last word.
pub fn farthing_line(line: &str) -> Option<Url> {
    line.contains("listening on ").then(|| line.split_whitespace().last()?.parse().ok())?
}

impl Process {
    /// Starts a process and waits for its announce line.
    pub fn start(plan: &Plan<'_>) -> Result<Self, StartError> {
        let (child, stdout, stderr, lines) = spawn(plan);
        let mut starting = Starting { child: Some(child) };
        let deadline = std::time::Instant::now() + START;
        let url = loop {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if let Ok(line) = lines.recv_timeout(left) {
                if let Some(url) = (plan.announced)(&line) {
                    break url;
                }
            } else {
                let mut child = starting.child.take().expect("not taken yet");
                let _ = child.kill();
                let status = child.wait().ok();
                return Err(StartError {
                    name: plan.name.to_owned(),
                    status,
                    stderr: tail(&stderr, 4000),
                });
            }
        };
        let child = starting.child.take().expect("not taken yet");
        Ok(Self { child, name: plan.name.to_owned(), url, stdout, stderr })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `host:port` of where it listens.
    pub fn authority(&self) -> String {
        self.url.authority().to_owned()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.url.port().expect("an address with a port")
    }

    /// Kills it as a crash would: SIGKILL.
    pub fn kill_9(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop (SIGTERM) and gives how it ended.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.ended(Duration::from_secs(45)).await
    }

    /// Sends SIGTERM and does not wait.
    pub fn ask_to_stop(&self) {
        let pid =
            i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        let _ = rustix::process::kill_process(pid, Signal::TERM);
    }

    /// Waits for it to end by itself, as it does at a crash point.
    pub async fn ended(&mut self, deadline: Duration) -> ExitStatus {
        let name = format!("the end of {}", self.name);
        let child = &mut self.child;
        wait::until_within(deadline, &name, async || child.try_wait().expect("a child of ours"))
            .await
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        std::fs::read(&self.stderr)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// What it wrote to standard output so far.
    pub fn stdout(&self) -> String {
        std::fs::read(&self.stdout)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Resident memory in bytes, from `/proc`.
    pub fn resident_bytes(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<u64>().ok())
            .unwrap_or_default()
            * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_9();
    }
}

/// Why a process did not start.
#[derive(Debug)]
pub struct StartError {
    name: String,
    /// How it ended, if it ended.
    pub status: Option<ExitStatus>,
    /// The end of what it said.
    pub stderr: String,
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} did not announce itself ({:?}):\n{}", self.name, self.status, self.stderr)
    }
}

impl std::error::Error for StartError {}

/// Runs a command of the product to its end: exit code, standard output, standard error.
pub fn run<S: AsRef<OsStr>>(
    args: &[S],
    env: &[(&str, &str)],
    stdin: Option<&str>,
) -> (Option<i32>, String, String) {
    let mut command = Command::new(farthing());
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (key, value) in env {
        command.env(key, value);
    }
    let mut child = command.spawn().expect("the product runs");
    if let Some(mut pipe) = child.stdin.take() {
        let _ = pipe.write_all(stdin.unwrap_or_default().as_bytes());
    }
    let output = child.wait_with_output().expect("the product ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Kills a child that never announced itself.
struct Starting {
    child: Option<Child>,
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(plan: &Plan<'_>) -> (Child, PathBuf, PathBuf, mpsc::Receiver<String>) {
    let path = |suffix: &str| plan.dir.join(format!("{}.{suffix}", plan.name));
    let (stdout, stderr) = (path("stdout"), path("stderr"));
    let program = plan.program.map_or_else(farthing, Path::to_path_buf);
    let mut command = Command::new(&program);
    command
        .args(&plan.args)
        .envs(plan.env.iter().map(|(key, value)| (key, value)))
        .current_dir(plan.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(append(&stderr));
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let pipe = child.stdout.take().expect("piped");
    let (send, lines) = mpsc::channel();
    let mut copy = append(&stdout);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let _ = writeln!(copy, "{line}");
            let _ = send.send(line);
        }
    });
    (child, stdout, stderr, lines)
}

fn append(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tail(path: &Path, bytes: usize) -> String {
    let all = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&all[all.len().saturating_sub(bytes)..]).into_owned()
}
