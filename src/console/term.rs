//! The terminal: taken over by a guard, given back in every way out, a panic included.
//!
//! Invariants: what was taken is given back exactly once; while it is held the terminal wraps nothing by itself and
//! orders nothing by direction (ECMA-48 BDSM), so that a row holds what was drawn into it. No mouse is captured.

use std::io::{self, IsTerminal as _, Stdout, Write as _};
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, style};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};

/// Bidirectional support mode (ECMA-48 section 7.2.1): explicit, what is drawn stays where it is drawn.
const EXPLICIT: &str = "\u{1b}[8l";

/// The same: implicit, as terminals begin.
const IMPLICIT: &str = "\u{1b}[8h";

/// Whether the terminal is held.
static HELD: AtomicBool = AtomicBool::new(false);

/// Refuses what cannot show a dialog, in words.
pub fn check(term: Option<&str>) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!("the console needs a terminal: run `sayso` in one, without pipes (the past is in `sayso history`)");
    }
    match term {
        None | Some("" | "dumb") => bail!(
            "this terminal (TERM={}) cannot place text, so no call can be shown safely; use another one",
            term.unwrap_or_default()
        ),
        Some(_) => Ok(()),
    }
}

/// The terminal while it is held.
pub struct Screen {
    /// Draws. Never dropped: its own way of giving the cursor back prints an error, and panics when there is no terminal
    /// left to print it on.
    pub terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl Screen {
    /// Takes the terminal over.
    pub fn new() -> anyhow::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        take()?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout())).context("cannot draw on this terminal");
        if terminal.is_err() {
            give_back();
        }
        Ok(Self { terminal: ManuallyDrop::new(terminal?) })
    }

    /// Takes the terminal over again after it was somebody else's, and forgets what was on it.
    pub fn again(&mut self) -> anyhow::Result<()> {
        give_back();
        take()?;
        self.clear()
    }

    /// Clears the terminal and forgets what was on it. Not by [`Terminal::clear`]: that asks the terminal where its
    /// cursor is, and the answer never comes, because it is read with the keys, on another thread.
    pub fn clear(&mut self) -> anyhow::Result<()> {
        let size = self.terminal.size().context("cannot tell the size of the terminal")?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size))).context("cannot clear the terminal")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> anyhow::Result<()> {
    enable_raw_mode().context("cannot take the terminal over")?;
    HELD.store(true, Ordering::SeqCst);
    let entered = execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        DisableLineWrap,
        style::Print(EXPLICIT),
        cursor::Hide
    );
    if entered.is_err() {
        give_back();
    }
    entered.context("cannot take the terminal over")
}

/// Gives the terminal back, if it is held. Errors mean that it is gone.
pub fn give_back() {
    if HELD.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(
            out,
            style::ResetColor,
            style::Print(IMPLICIT),
            EnableLineWrap,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}
