//! What happens to the console: one message in, effects out. Routes only; each pane has its file.
//!
//! Invariant: `Decide` is sent from one place (`answer`), for the call in focus, with the digest over the params that
//! are shown. Time is given.

use std::sync::Arc;

use crate::call::CallId;
use crate::decision::{Decision, Scope};
use crate::shown::Shown;
use crate::wire::{Answer, Decide, FromHub, ToHub};

use super::app::{App, Effect, LinkState, Msg, Tab};
use super::keymap::{Action, Context, Key, resolve};
use super::prompt::{Ask, Overlay, Prompt};
use super::queue::Held;
use super::remember::Choice;

/// Takes one message at this time (milliseconds on the console's own steady clock).
pub fn update(app: &mut App, now: u64, msg: Msg, out: &mut Vec<Effect>) {
    let before = std::mem::replace(&mut app.now, now);
    // While the process was stopped nobody saw anything.
    if !matches!(msg, Msg::Resumed) {
        app.queue.pass(now.saturating_sub(before));
    }
    match msg {
        Msg::Key(key) => on_key(app, key, out),
        Msg::Paste(text) => paste(app, &text),
        Msg::Resize(width, height) => resize(app, (width, height)),
        Msg::Hub(message) => hub(app, *message, out),
        Msg::LinkUp => {
            app.link = LinkState::Up;
            app.queue.clear();
            enter(app, out);
            app.dirty = true;
        }
        Msg::LinkDown(why) => link_down(app, why),
        Msg::Drawn(width, height) => drawn(app, (width, height), out),
        Msg::Resumed => {
            gap(app);
            out.push(Effect::Repaint);
        }
        Msg::Tick => {
            let long = app.focused.as_mut().is_some_and(super::detail::Detail::go_on)
                | app.past.as_mut().is_some_and(super::detail::Detail::go_on);
            app.dirty |= long || (now / 1000 != before / 1000 && !app.queue.held().is_empty());
        }
    }
    if app.said.as_ref().is_some_and(|(_, until)| now >= *until) {
        app.said = None;
        app.dirty = true;
    }
    if !app.on_screen() {
        app.queue.unseen();
    }
    let ready = app.queue.is_ready(now);
    app.dirty |= ready != app.ready_shown;
    app.ready_shown = ready;
    app.settle();
    if app.tab == Tab::History
        && app.link == LinkState::Up
        && let Some(ask) = app.history.older()
    {
        out.push(Effect::Send(ask));
    }
    if std::mem::take(&mut app.dirty) {
        out.push(Effect::Redraw);
    }
}

/// The call was not on the screen for a while: what was being answered is closed, and has to be looked at anew.
fn gap(app: &mut App) {
    if matches!(&app.overlay, Overlay::Prompt(prompt) if prompt.call().is_some()) {
        app.overlay = Overlay::None;
    }
    super::weigh::gap(app);
    app.queue.unseen();
    app.dirty = true;
}

fn resize(app: &mut App, size: (u16, u16)) {
    if app.size != size {
        app.size = size;
        app.dirty = true;
        if app.areas().is_none() {
            gap(app);
        }
    }
}

fn link_down(app: &mut App, why: String) {
    app.link = LinkState::Down(why);
    app.queue.clear();
    app.history.lost();
    app.rules.asked(false);
    app.stats.lost();
    app.status = None;
    super::weigh::told(app, None);
    gap(app);
}

fn drawn(app: &mut App, size: (u16, u16), out: &mut Vec<Effect>) {
    if app.size != size {
        // Drawn on another size than the one this console was laid out for: what was seen is not known.
        resize(app, size);
        return;
    }
    if let Overlay::Prompt(prompt) = &mut app.overlay {
        prompt.drawn = app.size.0 >= super::app::SMALLEST.0 && app.size.1 >= super::app::SMALLEST.1;
    }
    super::weigh::drawn(app, out);
    let (page, height) = (app.page(), app.areas().map_or(0, |areas| usize::from(areas.body)));
    if app.choosing().is_some() {
        let now = app.now;
        if let Some(choice) = app.choice.as_mut() {
            choice.drawn(now, page, height);
        }
    } else if app.on_screen()
        && let Some(detail) = &mut app.focused
    {
        detail.drawn();
    }
    if app.on_screen() && app.queue.seen(app.now) {
        out.push(Effect::DrainInput);
    }
}

fn paste(app: &mut App, text: &str) {
    match &mut app.overlay {
        Overlay::Prompt(prompt) if prompt.drawn && matches!(prompt.ask, Ask::Reason(_) | Ask::Filter) => {
            prompt.paste(text);
            app.dirty = true;
        }
        _ => {
            app.queue.disturb(app.now);
            super::weigh::disturb(app);
            app.say(Shown::own("pasted text is not taken as keys"));
        }
    }
}

fn hub(app: &mut App, message: FromHub, out: &mut Vec<Effect>) {
    app.dirty = true;
    match message {
        FromHub::Pending(call) => {
            close_prompt_of(app, call.id);
            let now = app.now;
            app.queue.add(Arc::new(*call), now);
        }
        FromHub::Settled { id, decision } => settled(app, id, &decision, out),
        FromHub::Stats(report) => app.stats.take(*report, &app.zone),
        FromHub::Suggestions(told) => {
            app.dirty = app.choice.as_mut().is_some_and(|choice| choice.take(told));
            if let Overlay::Prompt(prompt @ Prompt { ask: Ask::Remember(_), .. }) = &mut app.overlay {
                // What has changed has to be drawn before a key counts.
                prompt.drawn &= !app.dirty;
            }
        }
        FromHub::Stale { id, why } => {
            app.queue.set_answered(id, false);
            app.say(Shown::line(&format!("call {id}: nothing was done: {why}")));
        }
        FromHub::History { before, filter, rows, next } => {
            app.dirty = app.history.take(before, &filter, rows, next);
        }
        FromHub::Approvals(grants) => {
            app.rules.take(grants);
            if matches!(&app.overlay, Overlay::Prompt(Prompt { ask: Ask::Revoke(id), .. }) if app.rules.get(*id).is_none())
            {
                app.overlay = Overlay::None;
            }
        }
        FromHub::Status(status) => {
            app.dirty = app.status.as_ref() != Some(&status);
            app.status = Some(status);
        }
        FromHub::Proposal(proposal) => super::weigh::told(app, proposal.map(|proposal| *proposal)),
        FromHub::Unweighed { digest, why } => super::weigh::unweighed(app, digest, &why),
        FromHub::Refused(why) => link_down(app, why),
        // Not said to a console.
        FromHub::Hello(_) | FromHub::Held { .. } | FromHub::Decided { .. } | FromHub::Hide(_) => {
            app.dirty = false;
        }
    }
}

fn settled(app: &mut App, id: CallId, decision: &Decision, out: &mut Vec<Effect>) {
    close_prompt_of(app, id);
    app.history.settled();
    if app.tab == Tab::Approvals {
        // A call that was remembered is in the list now.
        ask_approvals(app, out);
    }
    if let Some(Held { call, .. }) = app.queue.remove(id) {
        let tool = Shown::name(call.tool.as_str()).clip(40);
        let mut text = Shown::line(&format!("call {id} {}/", call.server.name));
        text.push(&tool);
        text.push(&Shown::line(&format!(": {} by {}", decision.kind, decision.by)));
        app.say(text);
    }
}

/// A prompt belongs to one call: it goes with it, and what was typed goes nowhere.
fn close_prompt_of(app: &mut App, id: CallId) {
    if matches!(&app.overlay, Overlay::Prompt(prompt) if prompt.call() == Some(id)) {
        app.overlay = Overlay::None;
        app.queue.unseen();
    }
}

fn on_key(app: &mut App, key: Key, out: &mut Vec<Effect>) {
    let context = app.context();
    let action = resolve(context, key);
    match action {
        Some(Action::Quit) => return out.push(Effect::Quit),
        Some(Action::Suspend) => return out.push(Effect::Suspend),
        Some(Action::Repaint) => return out.push(Effect::Repaint),
        _ => {}
    }
    if matches!(app.overlay, Overlay::Prompt(_)) {
        return prompt_key(app, key, action, out);
    }
    let Some(action) = action else {
        // Somebody is typing, perhaps after an `r` that did not count: the next letter is no answer either.
        app.queue.disturb(app.now);
        super::weigh::disturb(app);
        return;
    };
    match context {
        Context::Help => help_key(app, action),
        Context::Policy => super::weigh::key(app, action, out),
        _ => tab_key(app, action, out),
    }
}

fn help_key(app: &mut App, action: Action) {
    let Overlay::Help(scroll) = &mut app.overlay else { return };
    match action {
        Action::LineDown => *scroll += 1,
        Action::LineUp => *scroll = scroll.saturating_sub(1),
        Action::PageDown => *scroll += 10,
        Action::PageUp => *scroll = scroll.saturating_sub(10),
        Action::Start => *scroll = 0,
        Action::End => *scroll = usize::MAX,
        _ => {
            app.overlay = Overlay::None;
            app.queue.unseen();
        }
    }
    if let Overlay::Help(scroll) = &mut app.overlay {
        *scroll = (*scroll).min(help_rows().saturating_sub(1));
    }
    app.dirty = true;
}

/// How many rows the help has.
pub(super) fn help_rows() -> usize {
    super::keymap::sections().map(|(_, bindings)| bindings.len() + 2).sum()
}

fn tab_key(app: &mut App, action: Action, out: &mut Vec<Effect>) {
    app.dirty = true;
    match action {
        _ if action.decides() => decide_key(app, action, out),
        Action::Next => step(app, 1),
        Action::Previous => step(app, -1),
        Action::LineDown | Action::LineUp | Action::PageDown | Action::PageUp | Action::Start | Action::End => {
            if app.tab == Tab::Stats {
                app.stats.scroll(action);
            }
            if let Some(body) = app.body() {
                match action {
                    Action::LineDown => body.scroll(1),
                    Action::LineUp => body.scroll(-1),
                    Action::PageDown => body.page(1),
                    Action::PageUp => body.page(-1),
                    Action::Start => body.to_start(),
                    _ => body.to_end(),
                }
            }
        }
        Action::NextTab => switch(app, 1, out),
        Action::PreviousTab => switch(app, Tab::ALL.len() - 1, out),
        Action::Help => app.overlay = Overlay::Help(0),
        Action::Policy => super::weigh::open(app),
        Action::Filter => {
            let mut prompt = Prompt::new(Ask::Filter);
            app.history.line().clone_into(&mut prompt.line);
            app.overlay = Overlay::Prompt(prompt);
        }
        Action::Reload => enter(app, out),
        Action::Revoke => {
            if let Some(id) = app.rules.selected().map(|grant| grant.id) {
                app.overlay = Overlay::Prompt(Prompt::new(Ask::Revoke(id)));
            }
        }
        _ => {}
    }
}

fn step(app: &mut App, by: isize) {
    match app.tab {
        Tab::Queue => app.queue.step(by),
        Tab::History => app.history.step(by),
        Tab::Approvals => app.rules.step(by),
        Tab::Stats => false,
    };
}

fn switch(app: &mut App, by: usize, out: &mut Vec<Effect>) {
    app.tab = app.tab.step(by);
    enter(app, out);
}

/// A tab comes up, or is to be asked for again.
fn enter(app: &mut App, out: &mut Vec<Effect>) {
    app.dirty = true;
    if app.link != LinkState::Up {
        return;
    }
    match app.tab {
        Tab::Queue => {}
        Tab::History => out.push(Effect::Send(app.history.reload())),
        Tab::Approvals => ask_approvals(app, out),
        Tab::Stats => out.push(Effect::Send(app.stats.ask())),
    }
}

fn ask_approvals(app: &mut App, out: &mut Vec<Effect>) {
    app.rules.asked(true);
    out.push(Effect::Send(ToHub::Approvals));
}

/// A key that decides, or begins to.
fn decide_key(app: &mut App, action: Action, out: &mut Vec<Effect>) {
    let (id, confirm) = match app.answerable() {
        Ok(held) => (held.call.id, held.call.confirm),
        Err(why) => {
            let now = app.now;
            if !app.queue.is_ready(now) {
                app.queue.disturb(now);
            }
            return app.say(why);
        }
    };
    let allows = matches!(action, Action::Allow | Action::Remember);
    if allows && !app.focused.as_ref().is_some_and(super::detail::Detail::begin_seen) {
        return app.say(Shown::own("look at what will be sent first (PgDn), then press the key again"));
    }
    if allows && confirm && !app.focused.as_ref().is_some_and(super::detail::Detail::end_seen) {
        return app.say(Shown::own("first look at all that will be sent (End or PgDn), then press the key again"));
    }
    app.said = None;
    match action {
        Action::Allow if confirm => app.overlay = Overlay::Prompt(Prompt::new(Ask::Yes(id, None))),
        Action::Allow => answer(app, id, Answer::Allow, out),
        Action::Remember => {
            app.choice = app.queue.focused().map(|held| Choice::new(&held.call));
            app.overlay = Overlay::Prompt(Prompt::new(Ask::Remember(id)));
            out.push(Effect::Send(ToHub::Suggest(id)));
        }
        Action::Deny => answer(app, id, Answer::Deny(None), out),
        _ => app.overlay = Overlay::Prompt(Prompt::new(Ask::Reason(id))),
    }
}

/// The one place where a decision leaves.
fn answer(app: &mut App, id: CallId, answer: Answer, out: &mut Vec<Effect>) {
    match app.answerable() {
        Ok(held) if held.call.id == id => {
            let params_digest = held.call.params.digest();
            let looked_ms = held.looked_ms;
            out.push(Effect::Send(ToHub::Decide(Decide { id, params_digest, answer, looked_ms })));
            app.queue.set_answered(id, true);
        }
        Ok(_) => app.say(Shown::own("that call is not in focus any more; nothing was sent")),
        Err(why) => app.say(why),
    }
    app.dirty = true;
}

fn prompt_key(app: &mut App, key: Key, action: Option<Action>, out: &mut Vec<Effect>) {
    let Overlay::Prompt(prompt) = &mut app.overlay else { return };
    if !prompt.drawn {
        // Typed before the question could be read.
        return;
    }
    app.dirty = true;
    let ask = prompt.ask.clone();
    if matches!(ask, Ask::Remember(_)) {
        prompt.wrong = None;
    }
    match (action, key) {
        (Some(Action::Cancel), _) => close(app),
        (Some(Action::Submit), _) => submit(app, &ask, out),
        (Some(Action::Erase), _) => {
            prompt.line.pop();
        }
        (Some(Action::EraseAll), _) => prompt.line.clear(),
        (Some(Action::Next), _) => choose(app, 1),
        (Some(Action::Previous), _) => choose(app, -1),
        (Some(Action::ForSession), _) => remember(app, &ask, Scope::Session, out),
        (Some(Action::ForHour), _) => remember(app, &ask, Scope::Hour, out),
        (Some(Action::ForDay), _) => remember(app, &ask, Scope::Day, out),
        (Some(Action::ForAlways), _) => remember(app, &ask, Scope::Always, out),
        (Some(Action::RevokeYes), _) => {
            if let Ask::Revoke(id) = ask {
                close(app);
                out.push(Effect::Send(ToHub::Revoke(vec![id])));
                ask_approvals(app, out);
            }
        }
        (None, Key::Char(c)) => prompt.push(c),
        _ => {}
    }
}

/// Closes what is open: the call has to be looked at anew.
fn close(app: &mut App) {
    app.overlay = if app.weighs() { Overlay::Policy } else { Overlay::None };
    super::weigh::gap(app);
    app.queue.unseen();
}

fn remember(app: &mut App, ask: &Ask, scope: Scope, out: &mut Vec<Effect>) {
    let Ask::Remember(id) = *ask else { return };
    let now = app.now;
    let Some(choice) = app.choice.as_mut().filter(|choice| choice.id() == id) else { return };
    if !choice.is_ready(now) {
        choice.disturb(now);
        if let Overlay::Prompt(prompt) = &mut app.overlay {
            prompt.wrong =
                Some("look first: a wider one counts once all of it has stood here for half a second".to_owned());
        }
        return;
    }
    let cover = choice.cover();
    if app.queue.get(id).is_some_and(|held| held.call.confirm) {
        app.overlay = Overlay::Prompt(Prompt::new(Ask::Yes(id, Some((scope, cover)))));
        return;
    }
    app.overlay = Overlay::None;
    answer(app, id, Answer::Remember { scope, cover }, out);
}

/// Chooses another of the things that could be remembered.
fn choose(app: &mut App, by: isize) {
    let moved = app.choice.as_mut().is_some_and(|choice| choice.step(by));
    if let Overlay::Prompt(prompt) = &mut app.overlay {
        prompt.drawn &= !moved;
    }
}

fn submit(app: &mut App, ask: &Ask, out: &mut Vec<Effect>) {
    let Overlay::Prompt(prompt) = std::mem::take(&mut app.overlay) else { return };
    match ask {
        Ask::Yes(id, remember) if prompt.says_yes() => {
            let remembered = remember.map(|(scope, cover)| Answer::Remember { scope, cover });
            answer(app, *id, remembered.unwrap_or(Answer::Allow), out);
        }
        Ask::Accept(digest) => super::weigh::answered(app, *digest, prompt.says_yes(), out),
        Ask::Yes(..) => {
            app.queue.unseen();
            app.say(Shown::own("not allowed: the word was not yes; the call still waits"));
        }
        Ask::Reason(id) => {
            let reason = prompt.line.trim();
            answer(app, *id, Answer::Deny((!reason.is_empty()).then(|| reason.to_owned())), out);
        }
        Ask::Filter => match app.history.filter(&prompt.line) {
            Ok(question) => out.push(Effect::Send(question)),
            Err(why) => app.overlay = Overlay::Prompt(Prompt { wrong: Some(why), drawn: false, ..prompt }),
        },
        Ask::Remember(_) | Ask::Revoke(_) => {}
    }
}

#[cfg(test)]
mod tests;
