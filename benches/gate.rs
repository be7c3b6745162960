//! What the gate costs: one call through `sayso wrap` and the hub against the same call through a bare two-thread byte
//! pump, over the same echo server, in the same run, on one core, taking turns.
//!
//! Round trips jump with the wake-ups of processors, so the numbers to look at are the ratios. Without `--bench`, or
//! with `--test`, every measurement is made once, so that this file cannot rot.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its table and stops where it cannot go on"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    calls: usize,
    large: usize,
    starts: usize,
}

const FULL: Effort = Effort { rounds: 20, calls: 500, large: 8, starts: 8 };
const ONCE: Effort = Effort { rounds: 1, calls: 3, large: 1, starts: 1 };

/// What stands between the bench and the echo server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Direct,
    Pump,
    Wrap,
}

const TARGETS: [Target; 3] = [Target::Direct, Target::Pump, Target::Wrap];

struct Bench {
    home: tempfile::TempDir,
    fixture: PathBuf,
}

/// The bench's end of a running target.
struct Line {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    answer: Vec<u8>,
}

fn main() {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let effort = if asked("--bench") && !asked("--test") { FULL } else { ONCE };
    on_one_core();
    let bench = Bench::new();
    println!("sayso {}, all processes on one core, targets taking turns", env!("CARGO_PKG_VERSION"));
    println!("{:<34}{:>12}{:>12}{:>12}{:>10}{:>10}", "", "direct", "pump", "wrap", "× pump", "at most");
    bench.round_trips(effort);
    bench.in_flight(effort);
    bench.large(effort);
    bench.start(effort);
    bench.memory(effort);
}

/// Keeps this process, and so everything it starts, on the last core it may use.
fn on_one_core() {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let all = sched_getaffinity(None).unwrap();
        let last = (0..CpuSet::MAX_CPU).rev().find(|&cpu| all.is_set(cpu)).unwrap();
        let mut one = CpuSet::new();
        one.set(last);
        sched_setaffinity(None, &one).unwrap();
    }
}

impl Bench {
    fn new() -> Self {
        let fixture = Path::new(env!("CARGO_BIN_EXE_sayso")).with_file_name("examples").join("fixture");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--example", "fixture"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success() || fixture.exists(), "the echo server cannot be built");
        let home = tempfile::Builder::new().prefix("sayso-").tempdir().unwrap();
        fs::write(home.path().join("policy.toml"), "[[rule]]\ntool = \"echo\"\naction = \"allow\"\n").unwrap();
        Self { home, fixture }
    }

    fn line(&self, target: Target) -> Line {
        let mut command = match target {
            Target::Direct => Command::new(&self.fixture),
            Target::Pump => {
                let mut command = Command::new(&self.fixture);
                command.arg("pump").arg(&self.fixture);
                command
            }
            Target::Wrap => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_sayso"));
                command.args(["wrap", "--name", "bench", "--"]).arg(&self.fixture);
                command.env("SAYSO_HOME", self.home.path());
                command
            }
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::with_capacity(1 << 16, child.stdout.take().unwrap());
        Line { input: child.stdin.take(), child, output, answer: Vec::new() }
    }

    /// All three, with a session open and every definition known.
    fn lines(&self) -> [Line; 3] {
        TARGETS.map(|target| {
            let mut line = self.line(target);
            line.open();
            line.call(&call(1, 64));
            assert!(!contains(&line.answer, b"isError"), "refused: {}", String::from_utf8_lossy(&line.answer));
            line
        })
    }

    fn round_trips(&self, effort: Effort) {
        let mut lines = self.lines();
        let mut times = [const { Vec::new() }; 3];
        let mut id = 10;
        for _ in 0..effort.rounds {
            for (line, times) in lines.iter_mut().zip(&mut times) {
                for _ in 0..effort.calls {
                    id += 1;
                    let call = call(id, 64);
                    let start = Instant::now();
                    line.call(&call);
                    times.push(start.elapsed());
                }
            }
        }
        row("64 bytes, p50", times.each_ref().map(|times| quantile(times, 0.50)), "2.00");
        row("64 bytes, p99", times.each_ref().map(|times| quantile(times, 0.99)), "3.00");
    }

    fn in_flight(&self, effort: Effort) {
        const WINDOW: u64 = 64;
        let mut lines = self.lines();
        let mut times = [const { Vec::new() }; 3];
        let total = (effort.calls as u64 * 4).max(WINDOW);
        let mut id = 10;
        for _ in 0..effort.rounds.div_ceil(4) {
            for (line, times) in lines.iter_mut().zip(&mut times) {
                let start = Instant::now();
                for n in 0..total + WINDOW {
                    if n < total {
                        id += 1;
                        line.send(&call(id, 64));
                    }
                    if n >= WINDOW {
                        line.receive();
                    }
                }
                times.push(start.elapsed() / u32::try_from(total).unwrap());
            }
        }
        let medians = times.each_ref().map(|times| quantile(times, 0.5));
        row("64 in flight, a call", medians, "6.67");
    }

    fn large(&self, effort: Effort) {
        let mut lines = self.lines();
        let mut times = [const { Vec::new() }; 3];
        let mut id = 10;
        for _ in 0..effort.rounds {
            for (line, times) in lines.iter_mut().zip(&mut times) {
                for _ in 0..effort.large {
                    id += 1;
                    let call = call(id, 1 << 20);
                    let start = Instant::now();
                    line.call(&call);
                    times.push(start.elapsed());
                    assert!(line.answer.len() > 1 << 20, "the answer is no echo");
                }
            }
        }
        row("1 MiB both ways, p50", times.each_ref().map(|times| quantile(times, 0.5)), "2.50");
    }

    fn start(&self, effort: Effort) {
        // A hub that runs: its start is not part of this.
        let mut warm = self.line(Target::Wrap);
        warm.open();
        warm.call(&call(1, 64));
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..effort.rounds {
            for (target, times) in TARGETS.into_iter().zip(&mut times) {
                for _ in 0..effort.starts {
                    let start = Instant::now();
                    let mut line = self.line(target);
                    line.open();
                    times.push(start.elapsed());
                }
            }
        }
        let [direct, pump, wrap] = times.each_ref().map(|times| quantile(times, 0.5));
        let over = wrap.saturating_sub(pump);
        println!(
            "{:<34}{:>12}{:>12}{:>12}{:>10}{:>10}",
            "start to tools/list, p50",
            us(direct),
            us(pump),
            us(wrap),
            format!("+{}", us(over)),
            "+5 ms"
        );
    }

    fn memory(&self, effort: Effort) {
        for (what, size, most) in [("peak memory of the wrap", 64, 6), ("the same after 1 MiB messages", 1 << 20, 12)] {
            let mut line = self.line(Target::Wrap);
            line.open();
            for id in 0..effort.calls.min(100) {
                line.call(&call(id as u64 + 1, size));
            }
            // The rest is the program's file, which all wraps, the hub and the consoles share.
            let (peak, own) = (memory_kib(line.child.id(), "VmHWM:"), memory_kib(line.child.id(), "RssAnon:"));
            println!(
                "{what:<34}{:>36}{:>10}{:>10}",
                format!("{peak} KiB, now {own} its own"),
                "",
                format!("{most} MiB")
            );
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let mut stop = Command::new(env!("CARGO_BIN_EXE_sayso"));
        stop.args(["hub", "stop"]).env("SAYSO_HOME", self.home.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = stop.status();
    }
}

impl Line {
    fn send(&mut self, line: &[u8]) {
        self.input.as_mut().unwrap().write_all(line).unwrap();
    }

    fn receive(&mut self) {
        self.answer.clear();
        assert!(self.output.read_until(b'\n', &mut self.answer).unwrap() > 0, "the target ended");
    }

    fn call(&mut self, line: &[u8]) {
        self.send(line);
        self.receive();
    }

    fn open(&mut self) {
        self.call(b"{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"bench\",\"version\":\"1\"}}}\n");
        self.send(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
        self.call(b"{\"jsonrpc\":\"2.0\",\"id\":\"l\",\"method\":\"tools/list\"}\n");
        assert!(contains(&self.answer, b"read_note"), "no list: {}", String::from_utf8_lossy(&self.answer));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// A call of the echo tool with an argument of this many bytes.
fn call(id: u64, size: usize) -> Vec<u8> {
    let text = "x".repeat(size);
    let params = format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}}}"#);
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{params}}}\n").into_bytes()
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(hay, needle).is_some()
}

fn quantile(times: &[Duration], q: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
    let at = ((sorted.len() - 1) as f64 * q).round() as usize;
    sorted[at]
}

fn us(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

fn row(what: &str, [direct, pump, wrap]: [Duration; 3], most: &str) {
    let ratio = wrap.as_secs_f64() / pump.as_secs_f64();
    println!("{what:<34}{:>12}{:>12}{:>12}{ratio:>10.2}{most:>10}", us(direct), us(pump), us(wrap));
}

/// A line of a process's memory, such as `VmHWM:` (the most it has had resident).
fn memory_kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
