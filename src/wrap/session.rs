//! The one loop of a wrap: wait, take in everything that is ready, let the machine act on it, write once.
//!
//! Invariant: every effect of the machine is carried out in its order; while one side does not read, the other is read
//! only until a bound is reached, and the hub, signals and the clock are always listened to.

use std::io;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::signal::unix::SignalKind;
use tokio::time::Sleep;

use super::Settings;
use super::child::{self, Server};
use super::errors::Errors;
use super::lines::{Lines, Piece};
use super::link::Link;
use super::outlet::Outlet;
use super::stream::{Stream, Way};
use crate::intercept::{self, Effect, Event, Intercept};
use crate::wire::FromHub;

/// How long after a server's process has ended (or its output has) the other is waited for.
const LINGER: Duration = Duration::from_millis(300);

/// How long the last words to host and hub may take once the server is gone.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// However much a server still says, its answers are waited for no longer than this after the host has gone.
const LONGEST_GRACE: Duration = Duration::from_mins(1);

/// How many reads of the server's standard error there are in one turn. Tokio lets a task go on for 128 steps and then
/// shows it nothing as ready: so it has to be well below that, or a flood here leaves none for host, hub and signals.
const ERRORS_AT_ONCE: usize = 16;

/// The signals that are passed on.
const SIGNALS: [(SignalKind, Signal); 3] = [
    (SignalKind::terminate(), Signal::TERM),
    (SignalKind::interrupt(), Signal::INT),
    (SignalKind::hangup(), Signal::HUP),
];

/// What a turn takes in. Bytes are in the buffers already.
#[derive(Debug)]
enum Happened {
    /// The host wrote.
    Host,
    /// The host wrote its last.
    HostEnd,
    /// The server wrote.
    Server,
    /// The server wrote its last.
    ServerEnd,
    /// The server's process ended.
    Exited,
    /// The hub spoke.
    Hub(Box<FromHub>),
    /// There is no hub, or none any more.
    HubLost(String),
    /// Somebody wants this process to end.
    Signal(Signal),
    /// A time that was waited for has come.
    Due,
}

/// How far the end of the server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It runs, or was not started.
    Open,
    /// Its input is closed; at this time its group is asked to end.
    Closing(Instant),
    /// It was asked to end; at this time its group is killed.
    Asked(Instant),
    /// It was killed; at this time it is given up.
    Killed(Instant),
}

/// A wrap's session.
pub struct Session<'a> {
    settings: Settings,
    command: &'a [String],
    began: Instant,
    intercept: Intercept,
    effects: Vec<Effect>,
    happened: Vec<Happened>,
    host: Option<Stream>,
    host_lines: Lines,
    to_host: Outlet,
    server: Option<Server>,
    server_lines: Lines,
    errors: Errors,
    link: Link,
    signals: Vec<(tokio::signal::unix::Signal, Signal)>,
    sleep: Pin<Box<Sleep>>,
    /// When `sleep` wakes; `None` when it is not waited for.
    armed: Option<Instant>,
    fate: Fate,
    /// When the host's end was heard of.
    host_ended: Option<Instant>,
    /// When the server counts as ended although one of its process and its output has not.
    linger: Option<Instant>,
    /// Whether the machine was told of the server's end.
    told: bool,
    /// The exit code and until when last words may be written, once nothing else is to come.
    over: Option<(u8, Instant)>,
}

impl<'a> Session<'a> {
    /// On the process's own standard streams.
    pub fn open(settings: Settings, command: &'a [String], link: Link) -> io::Result<Self> {
        let now = Instant::now();
        let machine = intercept::Settings { max_line: settings.max_line, ..intercept::Settings::default() };
        let mut signals = Vec::with_capacity(SIGNALS.len());
        for (kind, signal) in SIGNALS {
            signals.push((tokio::signal::unix::signal(kind)?, signal));
        }
        Ok(Self {
            settings,
            command,
            began: now,
            intercept: Intercept::new(machine),
            effects: Vec::new(),
            happened: Vec::new(),
            host: Some(Stream::standard(io::stdin().as_fd(), Way::In)?),
            host_lines: Lines::new(settings.max_line),
            to_host: Outlet::new(Stream::standard(io::stdout().as_fd(), Way::Out)?),
            server: None,
            server_lines: Lines::new(settings.max_line),
            errors: Errors::new(Stream::standard(io::stderr().as_fd(), Way::Out).ok()),
            link,
            signals,
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
            armed: None,
            fate: Fate::Open,
            host_ended: None,
            linger: None,
            told: false,
            over: None,
        })
    }

    /// Tells the person something on standard error: one line, safe to draw.
    pub fn say(&mut self, words: &str) {
        self.errors.say(words);
    }

    /// Until the end; the exit code.
    pub async fn run(mut self) -> u8 {
        loop {
            if let Some(code) = std::future::poll_fn(|cx| self.poll_turn(cx)).await {
                return code;
            }
            self.act();
        }
    }

    /// Writes what waits, then takes in whatever is ready: `None` when something happened, the exit code at the end.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Option<u8>> {
        let all_said = self.flush(cx);
        if let Some((code, until)) = self.over
            && (all_said || until <= Instant::now())
        {
            return Poll::Ready(Some(code));
        }
        self.poll_hub(cx);
        self.poll_server(cx);
        self.poll_host(cx);
        for (stream, signal) in &mut self.signals {
            if stream.poll_recv(cx).is_ready() {
                self.happened.push(Happened::Signal(*signal));
            }
        }
        self.poll_clock(cx);
        if self.happened.is_empty() { Poll::Pending } else { Poll::Ready(None) }
    }

    /// Whether nothing waits to be written to host, hub and person.
    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(server) = &mut self.server
            && let Some(input) = &mut server.input
            && input.poll_flush(cx).is_ready()
        {
            if input.is_broken() {
                // It reads no more: it has ended, or it is no server any more.
                self.linger.get_or_insert_with(|| Instant::now() + LINGER);
            }
            if input.is_broken() || self.fate != Fate::Open {
                server.input = None;
            }
        }
        let mut all_said = self.to_host.poll_flush(cx).is_ready();
        if self.to_host.is_broken() && self.host.take().is_some() {
            self.happened.push(Happened::HostEnd);
        }
        all_said &= self.errors.poll_flush(cx).is_ready();
        match self.link.poll_flush(cx) {
            Poll::Ready(Ok(())) => all_said,
            Poll::Ready(Err(why)) => {
                self.happened.push(Happened::HubLost(why));
                all_said
            }
            Poll::Pending => false,
        }
    }

    fn poll_hub(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(message) = self.link.poll_message(cx) {
            match message {
                Ok(message) => self.happened.push(Happened::Hub(Box::new(message))),
                Err(why) => {
                    self.happened.push(Happened::HubLost(why));
                    return;
                }
            }
        }
    }

    fn poll_server(&mut self, cx: &mut Context<'_>) {
        let Some(server) = &mut self.server else { return };
        if let Some(output) = server.output.as_ref().filter(|_| !self.to_host.is_full()) {
            match output.poll_read(cx, self.server_lines.room()) {
                Poll::Ready(Ok(1..)) => self.happened.push(Happened::Server),
                Poll::Ready(_) => {
                    server.output = None;
                    self.happened.push(Happened::ServerEnd);
                }
                Poll::Pending => {}
            }
        }
        for turn in 0.. {
            let Some(errors) = server.errors.as_ref().filter(|_| !self.errors.is_full()) else { break };
            if turn == ERRORS_AT_ONCE {
                // The rest in the next turn: a server that never stops complaining keeps nobody else waiting.
                cx.waker().wake_by_ref();
                break;
            }
            match errors.poll_read(cx, self.errors.room()) {
                Poll::Ready(Ok(1..)) => self.errors.relay(false),
                Poll::Ready(_) => {
                    server.errors = None;
                    self.errors.relay(true);
                }
                Poll::Pending => break,
            }
            // What was just taken in is written in this turn, or waits with the loop woken for it.
            let _ = self.errors.poll_flush(cx);
        }
        if server.poll_exit(cx).is_ready() {
            self.happened.push(Happened::Exited);
        }
    }

    fn poll_host(&mut self, cx: &mut Context<'_>) {
        let server_is_full = self.server.as_ref().and_then(|s| s.input.as_ref()).is_some_and(Outlet::is_full);
        // A refused message is answered: a host that does not read is not read either.
        if server_is_full || self.link.is_full() || self.to_host.is_full() || self.over.is_some() {
            return;
        }
        let Some(host) = &self.host else { return };
        match host.poll_read(cx, self.host_lines.room()) {
            Poll::Ready(Ok(1..)) => self.happened.push(Happened::Host),
            Poll::Ready(_) => {
                self.host = None;
                self.happened.push(Happened::HostEnd);
            }
            Poll::Pending => {}
        }
    }

    fn poll_clock(&mut self, cx: &mut Context<'_>) {
        let Some(wanted) = self.next_wake() else { return };
        // A wake-up that comes too early is cheaper than arming the clock anew for every call.
        if self.armed.is_none_or(|armed| wanted < armed) {
            self.sleep.as_mut().reset(wanted.into());
            self.armed = Some(wanted);
        }
        if self.sleep.as_mut().poll(cx).is_ready() {
            self.armed = None;
            self.happened.push(Happened::Due);
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let fate = match self.fate {
            Fate::Open => None,
            Fate::Closing(at) | Fate::Asked(at) | Fate::Killed(at) => Some(at),
        };
        let machine = self.intercept.next_wake_ms().map(|ms| self.began + Duration::from_millis(ms));
        let over = self.over.map(|(_, until)| until);
        [fate, machine, over, self.linger, self.link.due()].into_iter().flatten().min()
    }

    fn act(&mut self) {
        let now = Instant::now();
        let mut happened = std::mem::take(&mut self.happened);
        for happened in happened.drain(..) {
            match happened {
                Happened::Host => self.host_spoke(now),
                Happened::HostEnd => self.host_end(now),
                Happened::Server => self.server_spoke(now),
                Happened::ServerEnd => {
                    self.server_spoke(now);
                    let exited = self.server.as_ref().is_some_and(|server| server.status.is_some());
                    self.linger = Some(if exited { now } else { now + LINGER });
                }
                Happened::Exited => {
                    let silent = self.server.as_ref().is_some_and(|server| server.output.is_none());
                    self.linger = Some(if silent { now } else { now + LINGER });
                }
                Happened::Hub(message) => self.tell(now, Event::Hub(*message)),
                Happened::HubLost(why) => {
                    tracing::warn!("there is no hub");
                    self.tell(now, Event::HubLost(why));
                }
                Happened::Signal(signal) => self.signal(now, signal),
                Happened::Due => {}
            }
        }
        self.happened = happened;
        self.on_time(now);
        self.carry_out(now);
    }

    fn tell(&mut self, now: Instant, event: Event<'_>) {
        self.intercept.handle(ms_since(self.began, now), event, &mut self.effects);
    }

    fn host_spoke(&mut self, now: Instant) {
        if self.server.is_none() && self.over.is_none() {
            self.start_server(now);
        }
        let ms = ms_since(self.began, now);
        while let Some(piece) = self.host_lines.next_piece() {
            self.intercept.handle(ms, from_host(&piece), &mut self.effects);
        }
    }

    fn host_end(&mut self, now: Instant) {
        tracing::info!("the host ended");
        self.host_ended.get_or_insert(now);
        let ms = ms_since(self.began, now);
        if let Some(piece) = self.host_lines.last_piece() {
            self.intercept.handle(ms, from_host(&piece), &mut self.effects);
        }
        self.tell(now, Event::HostEnd);
        if self.server.is_none() {
            self.over.get_or_insert((0, now + LAST_WORDS));
        }
    }

    fn server_spoke(&mut self, now: Instant) {
        let ms = ms_since(self.began, now);
        loop {
            let ended = self.server.as_ref().is_none_or(|server| server.output.is_none());
            let piece = match self.server_lines.next_piece() {
                None if ended => self.server_lines.last_piece(),
                piece => piece,
            };
            let Some(piece) = piece else { break };
            let event = match piece {
                Piece::Line(line) => Event::ServerLine(line),
                Piece::Oversized { head, len } => Event::ServerOversized { head, len },
            };
            self.intercept.handle(ms, event, &mut self.effects);
        }
        // While it still answers what was asked, it may take its time.
        if let (Fate::Closing(_), Some(ended)) = (self.fate, self.host_ended)
            && self.intercept.in_flight() > 0
            && !self.to_host.is_broken()
        {
            self.fate = Fate::Closing((now + self.settings.grace).min(ended + LONGEST_GRACE));
        }
    }

    fn start_server(&mut self, now: Instant) {
        match Server::start(self.command) {
            Ok(server) => {
                tracing::info!("the server was started");
                self.server = Some(server);
            }
            Err(failure) => {
                // Neither the words nor the command: both may hold what is the person's own.
                tracing::error!(code = failure.code, "the server cannot be started");
                self.errors.say(&failure.words);
                self.tell(now, Event::ServerEnd { words: failure.words });
                self.over = Some((failure.code, now + LAST_WORDS));
            }
        }
    }

    fn signal(&mut self, now: Instant, signal: Signal) {
        let Some(server) = &self.server else {
            let code = u8::try_from(128 + signal.as_raw()).unwrap_or(1);
            self.over.get_or_insert((code, now + LAST_WORDS));
            return;
        };
        server.signal(signal);
        self.host_ended.get_or_insert(now);
        // An interrupt is the server's own to understand; the others mean the end.
        if signal != Signal::INT && !matches!(self.fate, Fate::Asked(_) | Fate::Killed(_)) {
            self.fate = Fate::Asked(now + self.settings.last_grace);
        }
    }

    /// What is due by the clock.
    fn on_time(&mut self, now: Instant) {
        if self.intercept.next_wake_ms().is_some_and(|ms| ms <= ms_since(self.began, now)) {
            self.tell(now, Event::Tick);
        }
        if self.link.due().is_some_and(|due| due <= now) {
            self.link.hurry();
        }
        if self.linger.is_some_and(|at| at <= now) {
            self.linger = None;
            self.server_end(now);
        }
        let Some(server) = &self.server else { return };
        match self.fate {
            Fate::Closing(at) if at <= now => {
                server.signal(Signal::TERM);
                self.fate = Fate::Asked(now + self.settings.last_grace);
            }
            Fate::Asked(at) if at <= now => {
                server.signal(Signal::KILL);
                self.fate = Fate::Killed(now + LAST_WORDS);
            }
            Fate::Killed(at) if at <= now => {
                let code = 128 + Signal::KILL.as_raw();
                self.over.get_or_insert((u8::try_from(code).unwrap_or(1), now));
            }
            _ => {}
        }
    }

    /// The server's process or its output has ended, and the other has had its time.
    fn server_end(&mut self, now: Instant) {
        let Some(server) = &mut self.server else { return };
        let words = match server.status {
            Some(status) => child::describe(status),
            None => "the server closed its output or its input".to_owned(),
        };
        match server.status {
            Some(status) => {
                // Whatever it left behind in its group goes with it.
                server.signal(Signal::KILL);
                self.over.get_or_insert((child::code(status), now + LAST_WORDS));
            }
            None if self.fate == Fate::Open => {
                server.input = None;
                self.fate = Fate::Closing(now + self.settings.grace);
            }
            None => {}
        }
        if !std::mem::replace(&mut self.told, true) {
            tracing::info!(code = server.status.map(child::code), "the server ended");
            if self.host_ended.is_none() {
                self.errors.say(&words);
            }
            self.tell(now, Event::ServerEnd { words });
        }
    }

    fn carry_out(&mut self, now: Instant) {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::ToServer(line) => {
                    if let Some(input) = self.server.as_mut().and_then(|server| server.input.as_mut()) {
                        input.push(line);
                    }
                }
                Effect::ToHost(line) => self.to_host.push(line),
                Effect::ToHub(message) => self.link.send(now, message),
                Effect::Warn(text) => self.errors.say(&text),
                Effect::CloseServer if self.fate == Fate::Open => {
                    self.fate = Fate::Closing(now + self.settings.grace);
                }
                Effect::CloseServer => {}
            }
        }
        if self.over.is_some() {
            self.link.hurry();
        }
    }
}

fn ms_since(began: Instant, now: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(began).as_millis()).unwrap_or(u64::MAX)
}

fn from_host<'a>(piece: &Piece<'a>) -> Event<'a> {
    match *piece {
        Piece::Line(line) => Event::HostLine(line),
        Piece::Oversized { head, len } => Event::HostOversized { head, len },
    }
}
