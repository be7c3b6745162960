//! A person weighs the policy that waits: opens it, reads it, accepts or refuses it.
//!
//! Invariant: `Weigh` is sent from one place (`send`), with the digest of the change that is laid out, while it is on the
//! screen, past its guard, and, to accept, after its end was seen and the word yes was typed.

use super::app::{App, Effect, LinkState};
use super::keymap::Action;
use super::prompt::{Ask, Overlay, Prompt};
use super::weighing::Weighing;
use crate::call::Digest;
use crate::shown::Shown;
use crate::wire::{Proposal, ToHub};

/// The hub says what waits. A question about another change is closed, and what was typed goes nowhere.
pub(super) fn told(app: &mut App, proposal: Option<Proposal>) {
    if app.weighing.as_ref().map(Weighing::proposal) == proposal.as_ref() {
        return;
    }
    if app.weighs() {
        let before = app.weighing.as_ref().map(Weighing::digest);
        app.say(Shown::own(match &proposal {
            None => "no policy waits any more",
            Some(now) if Some(now.digest) == before => "refused: what is looser in the file does not hold",
            Some(_) => "the policy that waits has changed: look at it anew",
        }));
        // A refusal ends it; it can be opened again.
        let changed = proposal.as_ref().is_some_and(|now| Some(now.digest) != before);
        app.overlay = if changed { Overlay::Policy } else { Overlay::None };
        app.queue.unseen();
    }
    app.weighing = proposal.map(Weighing::new);
    app.dirty = true;
}

/// The hub did not take the word.
pub(super) fn unweighed(app: &mut App, digest: Digest, why: &str) {
    if let Some(weighing) = app.weighing.as_mut().filter(|weighing| weighing.digest() == digest) {
        weighing.answered = false;
    }
    app.say(Shown::line(&format!("the policy is as it was: {why}")));
}

/// It was not on the screen for a while: a question about it is closed.
pub(super) fn gap(app: &mut App) {
    if app.weighs() {
        app.overlay = Overlay::Policy;
    }
    if let Some(weighing) = &mut app.weighing {
        weighing.unseen();
    }
}

/// The screen was drawn as the console is now.
pub(super) fn drawn(app: &mut App, out: &mut Vec<Effect>) {
    let seen = app.weighs() && app.areas().is_some();
    let now = app.now;
    let Some(weighing) = &mut app.weighing else { return };
    if !seen {
        weighing.unseen();
    } else if weighing.drawn(now) {
        out.push(Effect::DrainInput);
    }
}

/// A key was pressed, or text was pasted, that means nothing here.
pub(super) fn disturb(app: &mut App) {
    let now = app.now;
    if let Some(weighing) = &mut app.weighing {
        weighing.disturb(now);
    }
}

/// Shows it, if there is one.
pub(super) fn open(app: &mut App) {
    match &mut app.weighing {
        Some(weighing) => {
            weighing.unseen();
            app.overlay = Overlay::Policy;
        }
        None => app.say(Shown::own("no policy waits: what the file says is in force")),
    }
}

/// A key while it is open.
pub(super) fn key(app: &mut App, action: Action, out: &mut Vec<Effect>) {
    app.dirty = true;
    let Some(weighing) = &mut app.weighing else {
        app.overlay = Overlay::None;
        return;
    };
    match action {
        Action::LineDown => weighing.scroll(1),
        Action::LineUp => weighing.scroll(-1),
        Action::PageDown => weighing.page(1),
        Action::PageUp => weighing.page(-1),
        Action::Start => weighing.scroll(isize::MIN),
        Action::End => weighing.scroll(isize::MAX),
        Action::Accept | Action::Refuse => weigh(app, action == Action::Accept, out),
        _ => {
            app.overlay = Overlay::None;
            app.queue.unseen();
        }
    }
}

fn weigh(app: &mut App, accept: bool, out: &mut Vec<Effect>) {
    let digest = match weighable(app) {
        Ok(weighing) if accept && !weighing.end_seen() => {
            return app.say(Shown::own("look at all of it first (End or PgDn), then press the key again"));
        }
        Ok(weighing) => weighing.digest(),
        Err(why) => {
            disturb(app);
            return app.say(why);
        }
    };
    app.said = None;
    if accept {
        app.overlay = Overlay::Prompt(Prompt::new(Ask::Accept(digest)));
    } else {
        send(app, digest, false, out);
    }
}

/// What waits, if a word on it counts now, or why not.
fn weighable(app: &App) -> Result<&Weighing, Shown> {
    let weighing = app.weighing.as_ref().ok_or_else(|| Shown::own("no policy waits any more"))?;
    if app.link != LinkState::Up {
        return Err(Shown::own("no hub is connected, so nothing can be decided"));
    }
    if let Some(why) = app.status.as_ref().and_then(|s| s.may_not_decide.as_deref()) {
        return Err(Shown::line(&format!("this console cannot decide: {why}")));
    }
    if weighing.answered {
        return Err(Shown::own("your answer is on its way to the hub"));
    }
    if !app.weighs() || !weighing.is_ready(app.now) {
        return Err(Shown::own("look first: keys count half a second after it has come up"));
    }
    Ok(weighing)
}

/// What was typed where the word yes was asked for.
pub(super) fn answered(app: &mut App, digest: Digest, yes: bool, out: &mut Vec<Effect>) {
    app.overlay = Overlay::Policy;
    if yes {
        return send(app, digest, true, out);
    }
    gap(app);
    app.say(Shown::own("not accepted: the word was not yes; the policy still waits"));
}

/// The one place where a word on a policy leaves.
fn send(app: &mut App, digest: Digest, accept: bool, out: &mut Vec<Effect>) {
    match weighable(app) {
        Ok(weighing) if weighing.digest() == digest && (!accept || weighing.end_seen()) => {
            out.push(Effect::Send(ToHub::Weigh { digest, accept }));
        }
        Ok(_) => return app.say(Shown::own("that is not what is on the screen any more; nothing was sent")),
        Err(why) => return app.say(why),
    }
    if let Some(weighing) = &mut app.weighing {
        weighing.answered = true;
    }
}

#[cfg(test)]
pub(super) mod tests;
