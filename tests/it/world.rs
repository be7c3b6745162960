//! A world of its own for one whole-process test: a temporary home, the real program in it, a scripted server behind a
//! real wrap, a console in a pseudo-terminal. Everything waits with a deadline and says what it was waiting for.
//!
//! Wraps are started through `fixture host`, a stand-in for the AI host, so that the console (a child of the test) does
//! not descend from it.

#![allow(dead_code, reason = "a kit for all test files: each uses a part of it")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A policy under which the fixture's `echo` runs at once and everything else is judged as it comes.
pub const ECHO_RUNS: &str = "[[rule]]\ntool = \"echo\"\naction = \"allow\"\n";

/// The program under test.
pub fn sayso() -> &'static str {
    env!("CARGO_BIN_EXE_sayso")
}

/// The scripted server (`examples/fixture.rs`), built once.
pub fn fixture() -> PathBuf {
    static BUILT: Once = Once::new();
    let path = Path::new(sayso()).with_file_name("examples").join("fixture");
    BUILT.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--example", "fixture"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if Path::new(sayso()).parent().is_some_and(|dir| dir.ends_with("release")) {
            cargo.arg("--release");
        }
        // Without cargo at hand, one that was built before will do.
        let built = cargo.status().is_ok_and(|status| status.success());
        assert!(built || path.exists(), "the fixture could not be built");
    });
    path
}

/// One home and what runs in it. Its hub is stopped and its files go when it is dropped.
pub struct World {
    home: TempDir,
}

impl World {
    /// An empty home: the built-in policy.
    pub fn new() -> Self {
        fixture();
        Self { home: tempfile::Builder::new().prefix("sayso-").tempdir().expect("a temporary folder") }
    }

    /// A home with this `policy.toml`.
    pub fn with_policy(text: &str) -> Self {
        let world = Self::new();
        world.policy(text);
        world
    }

    /// The home's folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes the policy file, whole, at once.
    pub fn policy(&self, text: &str) {
        let new = self.home().join("policy.new");
        fs::write(&new, text).expect("the policy is written");
        fs::rename(new, self.home().join("policy.toml")).expect("the policy is put in place");
    }

    /// `sayso` in this home.
    pub fn sayso(&self) -> Command {
        let mut command = Command::new(sayso());
        command.env("SAYSO_HOME", self.home()).env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    /// Runs `sayso ARGS` to its end: exit code, standard output, standard error.
    pub fn run(&self, args: &[&str]) -> (i32, String, String) {
        let out = self.sayso().args(args).output().expect("sayso starts");
        let text = |bytes| String::from_utf8(bytes).expect("sayso speaks UTF-8");
        (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
    }

    /// `sayso wrap --name fix` on the fixture with these flags, started by a stand-in host. What reaches the server
    /// is in [`World::received`].
    pub fn wrap(&self, flags: &[&str]) -> Host {
        self.wrap_as("fix", flags)
    }

    /// The same under another label.
    pub fn wrap_as(&self, name: &str, flags: &[&str]) -> Host {
        let mut words: Vec<String> = vec![fixture().display().to_string()];
        words.extend(["--log".to_owned(), self.log().display().to_string()]);
        words.extend(flags.iter().map(|&flag| flag.to_owned()));
        self.wrap_command(Some(name), &words)
    }

    /// `sayso wrap` on any command, started by a stand-in host.
    pub fn wrap_command(&self, name: Option<&str>, words: &[impl AsRef<str>]) -> Host {
        self.wrap_changed(name, words, |_| ())
    }

    /// The same with changes to how it is started: other variables, another working directory.
    pub fn wrap_changed(
        &self,
        name: Option<&str>,
        words: &[impl AsRef<str>],
        change: impl FnOnce(&mut Command),
    ) -> Host {
        let mut command = Command::new(fixture());
        command.arg("host").arg(sayso()).arg("wrap").env("SAYSO_HOME", self.home());
        if let Some(name) = name {
            command.args(["--name", name]);
        }
        command.arg("--").args(words.iter().map(AsRef::as_ref));
        change(&mut command);
        Host::start(command)
    }

    /// The same without the stand-in, so that the child is the wrap itself (for signals). A console of this test then
    /// descends from the host and may not decide.
    pub fn wrap_direct(&self, words: &[impl AsRef<str>]) -> Host {
        let mut command = self.sayso();
        command.args(["wrap", "--name", "fix", "--"]).args(words.iter().map(AsRef::as_ref));
        Host::start(command)
    }

    /// The file with every raw line that reached the fixture.
    pub fn log(&self) -> PathBuf {
        self.home().join("received.log")
    }

    /// Every raw line that reached the fixture, in order, without line ends.
    pub fn received(&self) -> Vec<String> {
        let bytes = fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).split_terminator('\n').map(str::to_owned).collect()
    }

    /// The `tools/call` lines that reached the fixture (and whatever is not JSON): the proof of what ran.
    pub fn ran(&self) -> Vec<String> {
        let is_call = |line: &String| match serde_json::from_str::<Value>(line) {
            Ok(message) => message["method"] == "tools/call",
            Err(_) => true,
        };
        self.received().into_iter().filter(is_call).collect()
    }

    /// The history, newest first, as `sayso history --json` tells it.
    pub fn history(&self) -> Vec<Value> {
        let (code, out, err) = self.run(&["history", "--json", "--limit", "100000"]);
        assert_eq!(code, 0, "sayso history failed: {err}");
        out.lines().map(|line| serde_json::from_str(line).expect("history prints JSON")).collect()
    }

    /// Waits until the history answers to this.
    pub fn history_until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let rows = self.history();
            if holds(&rows) {
                return rows;
            }
            assert!(start.elapsed() < PATIENCE, "waited for {what}; the history is {rows:?}");
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// Stops the hub, if one runs.
    pub fn stop_hub(&self) {
        let _ = self.sayso().args(["hub", "stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }

    /// A console in a pseudo-terminal of 100 columns and 30 rows.
    pub fn console(&self) -> Screen {
        self.console_sized(100, 30)
    }

    /// A console in a pseudo-terminal of this size.
    pub fn console_sized(&self, columns: u16, rows: u16) -> Screen {
        let mut command = CommandBuilder::new(sayso());
        command.env("SAYSO_HOME", self.home());
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR");
        Screen::start(command, columns, rows)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop_hub();
    }
}

/// One end of a reader thread: lines as they come.
struct Lines {
    from: Receiver<Vec<u8>>,
}

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (to, from) = channel();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            loop {
                let mut line = Vec::new();
                match stream.read_until(b'\n', &mut line) {
                    Ok(n) if n > 0 => {
                        if to.send(line).is_err() {
                            return;
                        }
                    }
                    _ => return,
                }
            }
        });
        Self { from }
    }
}

/// The host's end of a wrapped server.
pub struct Host {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_ended: Receiver<()>,
}

impl Host {
    /// Starts any command with pipes.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the host starts");
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let (ended, stderr_ended) = channel();
        let (mut stream, sink) = (child.stderr.take().expect("a pipe"), Arc::clone(&stderr));
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(n @ 1..) = stream.read(&mut chunk) {
                sink.lock().expect("one writer").extend_from_slice(&chunk[..n]);
            }
            let _ = ended.send(());
        });
        Self {
            stdin: child.stdin.take(),
            stdout: Lines::of(child.stdout.take().expect("a pipe")),
            child,
            stderr,
            stderr_ended,
        }
    }

    /// The process that was started: the stand-in host, or the wrap itself with [`World::wrap_direct`].
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends one line; `text` may be any bytes without a line end.
    pub fn send(&mut self, text: impl AsRef<[u8]>) {
        let mut line = text.as_ref().to_vec();
        line.push(b'\n');
        self.send_raw(&line);
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the host's end is open");
        // A wrap that ended is noticed by what is asserted next.
        let _ = stdin.write_all(bytes).and_then(|()| stdin.flush());
    }

    /// Sends a `tools/call`.
    pub fn call(&mut self, id: u64, tool: &str, arguments: &Value) {
        let params = json!({"name": tool, "arguments": arguments});
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string());
    }

    /// The next line from the wrap, raw and without its end.
    pub fn raw(&mut self) -> String {
        self.raw_or_end().unwrap_or_else(|| panic!("the wrap ended; its standard error: {}", self.stderr()))
    }

    /// The next line, or `None` when the wrap closed its output.
    pub fn raw_or_end(&mut self) -> Option<String> {
        match self.stdout.from.recv_timeout(PATIENCE) {
            Ok(mut line) => {
                assert_eq!(line.pop(), Some(b'\n'), "a line from the wrap has no end");
                Some(String::from_utf8(line).expect("the wrap speaks UTF-8"))
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line from the wrap; its standard error: {}", self.stderr()),
        }
    }

    /// The next line as JSON.
    pub fn message(&mut self) -> Value {
        let line = self.raw();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("the wrap wrote what is not JSON ({e}): {line}"))
    }

    /// The answer to this id; notifications before it are passed over, any other answer is a failure.
    pub fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.message();
            if message.get("method").is_none() {
                assert_eq!(message["id"], json!(id), "another answer came first: {message}");
                return message;
            }
        }
    }

    /// Nothing comes for so long.
    pub fn quiet(&mut self, how_long: Duration) {
        if let Ok(line) = self.stdout.from.recv_timeout(how_long) {
            panic!("the wrap spoke: {}", String::from_utf8_lossy(&line));
        }
    }

    /// Opens a legacy session: `initialize` and its notification.
    pub fn initialize(&mut self) -> Value {
        self.send(
            r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"world","version":"1"}}}"#,
        );
        let answer = self.answer(0);
        self.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        answer
    }

    /// Lists the tools.
    pub fn list(&mut self, id: u64) -> Value {
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": "tools/list"}).to_string());
        self.answer(id)
    }

    /// Closes the host's end of the wrap's input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Waits for the end: the exit code (128 + n for a signal).
    pub fn wait(&mut self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                let _ = self.stderr_ended.recv_timeout(Duration::from_secs(2));
                return status.code().or(status.signal().map(|n| 128 + n)).unwrap_or(-1);
            }
            assert!(start.elapsed() < PATIENCE, "the wrap does not end; its standard error: {}", self.stderr());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What came on standard error so far.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.lock().expect("one writer")).into_owned()
    }

    /// Waits until standard error holds this.
    pub fn stderr_until(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let words = self.stderr();
            if words.contains(text) {
                return words;
            }
            assert!(start.elapsed() < PATIENCE, "waited for {text:?} on standard error; it is {words:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stdin = None;
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(8) {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program in a pseudo-terminal.
pub struct Screen {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

impl Screen {
    /// Starts a program in a pseudo-terminal of this size.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let mut output = pair.master.try_clone_reader().expect("the master can be read");
        let (screen, all) = (Arc::clone(&parser), Arc::clone(&raw));
        let reader = thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(n @ 1..) = output.read(&mut chunk) {
                all.lock().expect("one writer").extend_from_slice(&chunk[..n]);
                screen.lock().expect("one writer").process(&chunk[..n]);
            }
        });
        let keys = pair.master.take_writer().expect("the master can be written");
        Self { child, keys, master: pair.master, parser, raw, reader }
    }

    /// Presses keys, as bytes a terminal would send (`"\r"` is Enter, `"\x1b[6~"` is Page Down).
    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal is open");
        self.keys.flush().expect("the terminal is open");
    }

    /// Presses keys after the time in which a fresh prompt takes none.
    pub fn keys_after_guard(&mut self, keys: &str) {
        thread::sleep(Duration::from_millis(700));
        self.keys(keys);
    }

    /// What is on the screen, a line a row.
    pub fn text(&self) -> String {
        self.parser.lock().expect("one writer").screen().contents()
    }

    /// Every byte that the program wrote so far.
    pub fn raw(&self) -> Vec<u8> {
        self.raw.lock().expect("one writer").clone()
    }

    /// Waits until the screen holds this; the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the screen no longer holds this; the screen.
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait_until(&format!("no {text}"), |screen| !screen.contains(text))
    }

    /// Waits until the screen answers to this; the screen.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.text();
            if holds(&screen) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "waited for {what:?} on the screen; it shows:\n{screen}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it was started")
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("the terminal is open");
        self.parser.lock().expect("one writer").screen_mut().set_size(cells(rows), cells(columns));
    }

    /// Waits for the end, and until all that was written was read; the exit code.
    pub fn wait(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                let ended = Instant::now();
                while !self.reader.is_finished() && ended.elapsed() < Duration::from_secs(5) {
                    thread::sleep(Duration::from_millis(5));
                }
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "the program does not end; its screen:\n{}", self.text());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a screen has a size")
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
