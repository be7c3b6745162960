//! The console's loop: wait, drain everything that is ready, act, draw once.
//!
//! Invariant: the machine decides and this carries out; a frame is reported as drawn only after it was written. Ends,
//! with the terminal given back, on `q`, on SIGTERM and SIGHUP, and when the terminal is gone.

use std::env;
use std::fs;
use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_core::Stream as _;
use jiff::tz::TimeZone;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc;

use super::app::{App, Effect, Msg};
use super::keymap::Key;
use super::link::{self, News};
use super::term::{self, Screen};
use super::theme::{self, Theme};
use super::update::update;
use super::view::view;
use crate::config::Home;
use crate::wire::ToHub;

/// How a console is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose hub.
    pub home: Home,
    /// `dark`, `light`, `plain`, or a file; `None`: the home's `theme.toml`, or what suits the terminal.
    pub theme: Option<String>,
}

/// Opens the console and returns when the person leaves.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    term::check(variable("TERM").as_deref())?;
    crate::log::init(&options.home, "console").context("the console cannot keep its log")?;
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    let ascii = !locale.is_some_and(|name| is_utf8(&name));
    let (theme, warnings) = choose(options, variable("NO_COLOR").is_some(), variable("COLORFGBG").as_deref())?;
    for warning in warnings {
        tracing::warn!(warning, "theme");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot begin to run")?;
    let done = runtime.block_on(async {
        let signals = Signals::new()?;
        Console::open(&options.home, theme.with_ascii(ascii), ascii)?.go(signals).await
    });
    term::give_back();
    // A hub that is being connected to, or a key that is being waited for, is not waited for.
    runtime.shutdown_background();
    done
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.ends_with("utf-8") || locale.ends_with("utf8") || locale.contains("utf-8@") || locale.contains("utf8@")
}

/// The theme that was asked for, the home's own, or what suits the terminal; with what was not understood in it.
fn choose(options: &Options, no_color: bool, colors: Option<&str>) -> anyhow::Result<(Theme, Vec<String>)> {
    let own = options.home.config.join("theme.toml");
    let read = |path: &Path| {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read the theme {}", path.display()))?;
        Theme::read(&text).with_context(|| format!("cannot use the theme {}", path.display()))
    };
    match options.theme.as_deref() {
        Some(name) if theme::EMBEDDED.iter().any(|(known, _)| *known == name) => {
            Ok((Theme::embedded(name)?, Vec::new()))
        }
        Some(name) if Path::new(name).exists() => read(Path::new(name)),
        Some(name) => Err(theme::ThemeError::Unknown(name.to_owned()).into()),
        None if no_color => Ok((Theme::embedded("plain")?, Vec::new())),
        None if own.exists() => read(&own),
        None => {
            // `15;0`: the colours that rxvt and others say the terminal has, foreground and background.
            let light = colors.and_then(|c| c.rsplit(';').next()).is_some_and(|bg| bg == "7" || bg == "15");
            Ok((Theme::embedded(if light { "light" } else { "dark" })?, Vec::new()))
        }
    }
}

/// The signals that end the console, and the one after which it has the terminal again.
struct Signals {
    term: unix::Signal,
    hup: unix::Signal,
    int: unix::Signal,
    cont: unix::Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let catch = |kind| unix::signal(kind).context("cannot listen for signals");
        Ok(Self {
            term: catch(SignalKind::terminate())?,
            hup: catch(SignalKind::hangup())?,
            int: catch(SignalKind::interrupt())?,
            cont: catch(SignalKind::from_raw(Signal::CONT.as_raw()))?,
        })
    }
}

/// While calls wait the loop wakes every second. When it did not for so long, the process or the machine was stopped, and
/// what was typed meanwhile was typed at a picture.
const STOPPED: Duration = Duration::from_secs(2);

/// What the loop owns.
struct Console {
    app: App,
    theme: Theme,
    screen: Screen,
    events: EventStream,
    news: mpsc::Receiver<News>,
    wanted: mpsc::UnboundedSender<ToHub>,
    link: Option<(Home, mpsc::Sender<News>, mpsc::UnboundedReceiver<ToHub>)>,
    start: Instant,
    /// When the loop wakes by itself at the latest.
    due: Option<Instant>,
    effects: Vec<Effect>,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Leave,
}

impl Console {
    fn open(home: &Home, theme: Theme, ascii: bool) -> anyhow::Result<Self> {
        let (tell, news) = mpsc::channel(32);
        let (wanted, asked) = mpsc::unbounded_channel();
        let screen = Screen::new()?;
        let size = screen.terminal.size().context("cannot tell the size of the terminal")?;
        Ok(Self {
            app: App::new((size.width, size.height), ascii, TimeZone::system()),
            theme,
            screen,
            events: EventStream::new(),
            news,
            wanted,
            link: Some((home.clone(), tell, asked)),
            start: Instant::now(),
            due: None,
            effects: vec![Effect::Redraw],
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn take(&mut self, msg: Msg) {
        let now = self.now();
        update(&mut self.app, now, msg, &mut self.effects);
    }

    async fn go(mut self, mut signals: Signals) -> anyhow::Result<()> {
        let mut tasks = tokio::task::JoinSet::new();
        if let Some((home, tell, asked)) = self.link.take() {
            tasks.spawn(link::keep(home, tell, asked));
        }
        let mut turn = Instant::now();
        while self.act().await? == Next::Go {
            let wake = self.app.next_wake().map(|at| self.start + Duration::from_millis(at));
            // From one instant to the next no stop goes unseen: what a turn took too long for was one as well.
            let now = Instant::now();
            if now.duration_since(turn) > STOPPED {
                self.take(Msg::Resumed);
            }
            self.due = wake.map(|at| at.max(now));
            let sleep = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = poll_fn(|context| Pin::new(&mut self.events).poll_next(context)) => match event {
                    Some(Ok(event)) => self.event(event),
                    // The terminal is gone.
                    Some(Err(_)) | None => break,
                },
                news = self.news.recv() => match news {
                    Some(news) => {
                        self.look_for_a_stop();
                        self.hear(news);
                    }
                    None => break,
                },
                () = sleep => {
                    // What was typed meanwhile may come only later.
                    self.look_for_a_stop();
                    self.take(Msg::Tick);
                }
                _ = signals.term.recv() => break,
                _ = signals.hup.recv() => break,
                _ = signals.int.recv() => break,
                _ = signals.cont.recv() => if self.resume() == Next::Leave { break },
            }
            turn = Instant::now();
            if self.drain().await == Next::Leave {
                break;
            }
        }
        Ok(())
    }

    /// Takes everything that is ready, keys first: they were meant for what was on the screen.
    async fn drain(&mut self) -> Next {
        for _ in 0..1024 {
            match self.ready().await {
                Poll::Ready(Some(Ok(event))) => self.event(event),
                Poll::Ready(_) => return Next::Leave,
                Poll::Pending => break,
            }
        }
        for _ in 0..4096 {
            match self.news.try_recv() {
                Ok(news) => self.hear(news),
                Err(_) => break,
            }
        }
        Next::Go
    }

    /// The next event, if there is one now.
    async fn ready(&mut self) -> Poll<Option<std::io::Result<Event>>> {
        poll_fn(|context| Poll::Ready(Pin::new(&mut self.events).poll_next(context))).await
    }

    /// Whether the loop woke much later than it was due: then nobody knows what was on the screen.
    fn look_for_a_stop(&mut self) {
        if self.due.take_if(|at| at.elapsed() > STOPPED).is_some() {
            self.take(Msg::Resumed);
        }
    }

    fn event(&mut self, event: Event) {
        self.look_for_a_stop();
        match event {
            Event::Key(event) => {
                if let Some(key) = key(event) {
                    self.take(Msg::Key(key));
                }
            }
            Event::Paste(text) => self.take(Msg::Paste(text)),
            Event::Resize(width, height) => self.take(Msg::Resize(width, height)),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => {}
        }
    }

    fn hear(&mut self, news: News) {
        self.take(match news {
            News::Up => {
                tracing::info!("the hub is there");
                Msg::LinkUp
            }
            News::Down(why) => {
                tracing::warn!("there is no hub");
                Msg::LinkDown(why)
            }
            News::Message(message) => Msg::Hub(message),
        });
    }

    /// Carries out what the machine wants, and draws at most once for each round of it.
    async fn act(&mut self) -> anyhow::Result<Next> {
        while !self.effects.is_empty() {
            let mut draw = false;
            for effect in std::mem::take(&mut self.effects) {
                match effect {
                    // Without a link nobody hears it, and that is as it should be.
                    Effect::Send(message) => drop(self.wanted.send(message)),
                    Effect::Quit => return Ok(Next::Leave),
                    Effect::Suspend => {
                        if self.suspend()? == Next::Leave {
                            return Ok(Next::Leave);
                        }
                        draw = true;
                    }
                    Effect::DrainInput => self.throw_away().await,
                    Effect::Repaint => {
                        if self.screen.clear().is_err() {
                            return Ok(Next::Leave);
                        }
                        draw = true;
                    }
                    Effect::Redraw => draw = true,
                }
            }
            if draw {
                let (app, theme) = (&self.app, &self.theme);
                match self.screen.terminal.draw(|frame| view(app, theme, frame)) {
                    Ok(frame) => {
                        let (width, height) = (frame.area.width, frame.area.height);
                        self.take(Msg::Drawn(width, height));
                    }
                    // The terminal is gone: there is nobody to tell.
                    Err(_) => return Ok(Next::Leave),
                }
            }
        }
        Ok(Next::Go)
    }

    /// Throws away what was typed before the call came up. Sizes count still.
    async fn throw_away(&mut self) {
        while let Poll::Ready(Some(Ok(event))) = self.ready().await {
            if let Event::Resize(width, height) = event {
                self.take(Msg::Resize(width, height));
            }
        }
    }

    /// Stops as Ctrl-Z does, and goes on when the shell says so.
    fn suspend(&mut self) -> anyhow::Result<Next> {
        term::give_back();
        kill_process(getpid(), Signal::TSTP).context("cannot suspend")?;
        Ok(self.resume())
    }

    /// Takes the terminal over again. A hang-up comes with a SIGCONT: then there is none.
    fn resume(&mut self) -> Next {
        if self.screen.again().is_err() {
            return Next::Leave;
        }
        self.take(Msg::Resumed);
        Next::Go
    }
}

/// The key that was pressed, if it is one that may mean something: none with Alt or the like.
fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let shift = event.modifiers == KeyModifiers::SHIFT || event.modifiers.is_empty();
    match event.code {
        KeyCode::Char(c) if event.modifiers == KeyModifiers::CONTROL => Some(Key::Ctrl(c.to_ascii_lowercase())),
        _ if !shift => None,
        KeyCode::Char(c) => Some(Key::Char(c)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Esc),
        KeyCode::Tab => Some(Key::Tab),
        KeyCode::BackTab => Some(Key::BackTab),
        KeyCode::Backspace => Some(Key::Backspace),
        KeyCode::Up => Some(Key::Up),
        KeyCode::Down => Some(Key::Down),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown => Some(Key::PageDown),
        KeyCode::Home => Some(Key::Home),
        KeyCode::End => Some(Key::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_alt_is_no_key() {
        let press = |code, modifiers| key(KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::Char('a'), KeyModifiers::ALT), None);
        assert_eq!(press(KeyCode::Enter, KeyModifiers::CONTROL), None);
        assert_eq!(press(KeyCode::Char('a'), KeyModifiers::CONTROL | KeyModifiers::ALT), None);
        assert_eq!(press(KeyCode::Char('A'), KeyModifiers::SHIFT), Some(Key::Char('A')));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Ctrl('c')));
    }

    #[test]
    fn only_a_locale_of_utf_8_gets_more_than_ascii() {
        assert!(is_utf8("en_GB.UTF-8") && is_utf8("C.utf8") && is_utf8("de_DE.UTF-8@euro"));
        assert!(!is_utf8("C") && !is_utf8("POSIX") && !is_utf8("de_DE.ISO-8859-1"));
    }
}
