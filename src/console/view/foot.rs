//! The two rows at the foot: what has happened or is asked, and what the keys do or what is typed.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::Pen;
use super::lists::spoken;
use crate::call::CallId;
use crate::console::app::{App, Tab};
use crate::console::keymap::{self, Action};
use crate::console::prompt::{Ask, Overlay, Prompt};
use crate::console::theme::{Role, Theme};
use crate::decision::Scope;
use crate::shown::Shown;

pub(super) fn draw(app: &App, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let first = Rect { height: 1, ..area };
    let second = Rect { y: area.y + 1, height: 1, ..area };
    if let Overlay::Prompt(prompt) = &app.overlay {
        let question = match &prompt.wrong {
            Some(wrong) => Shown::line(wrong),
            None => question(app, &prompt.ask),
        };
        Pen::new(frame, theme, first).skip(1).put(Role::Prompt, &question);
        return if prompt.takes_text() {
            typed(prompt, theme, second, frame);
        } else {
            hints(app, theme, second, frame);
        };
    }
    let (role, words) = match &app.said {
        Some((said, _)) => (Role::Message, said.clone()),
        None => (Role::Muted, state(app)),
    };
    Pen::new(frame, theme, first).skip(1).put(role, &words);
    hints(app, theme, second, frame);
}

/// How things stand with the focused call.
fn state(app: &App) -> Shown {
    if let Some(weighing) = app.weighing.as_ref().filter(|_| app.weighs()) {
        return Shown::own(match (weighing.answered, weighing.is_ready(app.now), weighing.end_seen()) {
            (true, ..) => "your answer is on its way to the hub",
            (_, false, _) => "look first: keys count in half a second",
            (_, _, false) => "to accept it, first look at all of it: End or PgDn",
            _ => "it waits for your answer",
        });
    }
    let Some(held) = app.queue.focused().filter(|_| app.tab == Tab::Queue && app.overlay == Overlay::None) else {
        return Shown::default();
    };
    if held.answered {
        return Shown::own("your answer is on its way to the hub");
    }
    if !app.ready_shown {
        return Shown::own("look first: keys count in half a second");
    }
    let unseen = held.call.confirm && !app.focused.as_ref().is_some_and(crate::console::detail::Detail::end_seen);
    if unseen {
        return Shown::own("to allow it, first look at all that will be sent: End or PgDn");
    }
    Shown::line(&format!("call {} waits for your answer", held.call.id))
}

fn name(app: &App, id: CallId) -> Shown {
    let Some(held) = app.queue.get(id) else { return Shown::default() };
    let mut out = Shown::line(&format!("call {id} {}/", held.call.server.name));
    out.push(&Shown::name(held.call.tool.as_str()).clip(30));
    out
}

fn question(app: &App, ask: &Ask) -> Shown {
    let mut out = Shown::default();
    match ask {
        Ask::Remember(id) => {
            out.push(&match app.choosing() {
                Some(choice) if choice.cover().is_some() => {
                    Shown::own("allow, and remember what is marked for how long?")
                }
                _ => Shown::own("allow, and remember exactly this for how long?"),
            });
            out.push(&Shown::own(" "));
            out.push(&name(app, *id));
        }
        Ask::Yes(id, scope) => {
            out.push(&Shown::own(match scope {
                None => "type yes, then Enter, to allow once: ",
                Some((Scope::Session, _)) => "type yes, Enter, to allow and remember for this session: ",
                Some((Scope::Hour, _)) => "type yes, Enter, to allow and remember for 1 hour: ",
                Some((Scope::Day, _)) => "type yes, Enter, to allow and remember for 1 day: ",
                Some((Scope::Always, _)) => "type yes, Enter, to allow and remember always: ",
            }));
            if let Some(held) = app.queue.get(*id) {
                out.push(&Shown::own(spoken(held.call.level)));
                out.push(&Shown::own(" risk, "));
            }
            out.push(&name(app, *id));
        }
        Ask::Reason(id) => {
            out.push(&Shown::own("why not? the model is told; Enter denies: "));
            out.push(&name(app, *id));
        }
        Ask::Accept(_) => out.push(&Shown::own("type yes, then Enter, to put what is looser in force too:")),
        Ask::Filter => out.push(&Shown::own("words to look for, server: tool: risk: decision:")),
        Ask::Revoke(id) => out.push(&match app.rules.get(*id) {
            Some(grant) => {
                let mut text = Shown::line(&format!("take approval {id} back, for {}/", grant.server));
                text.push(&Shown::name(grant.tool.as_str()).clip(30));
                text.push(&Shown::own("?"));
                text
            }
            None => Shown::default(),
        }),
    }
    out
}

/// What is typed; the end of a long line is what is shown.
fn typed(prompt: &Prompt, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let mut pen = Pen::new(frame, theme, area);
    pen.skip(1).glyph(Role::Prompt, "> ");
    let room = pen.room().saturating_sub(1);
    // Blanks at the end are where the cursor stands; anywhere else they are drawn as text.
    let words = prompt.line.trim_end_matches(' ');
    let blanks = prompt.line.len() - words.len();
    let tail = |from: usize| {
        let text = Shown::line(&words[from..]);
        if theme.ascii { text.ascii() } else { text }
    };
    let mut from = 0;
    while from < words.len() && tail(from).width() + blanks > room.saturating_sub(if from > 0 { 3 } else { 0 }) {
        from += words[from..].chars().next().map_or(1, char::len_utf8);
    }
    if from > 0 {
        pen.glyph(Role::Muted, "...");
    }
    pen.exactly(Role::Prompt, &tail(from)).skip(blanks);
    let place = pen.place();
    frame.set_cursor_position(place);
}

fn hints(app: &App, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let context = app.context();
    let mut pen = Pen::new(frame, theme, area);
    let decides = !app.queue.held().is_empty();
    // The help always has its place.
    let mut help = keymap::of(context).filter(|b| b.action == Action::Help).map(|b| (b.label, "help"));
    let kept = help.next();
    let reserved = kept.map_or(0, |(label, word)| label.len() + word.len() + 2);
    for binding in keymap::of(context).filter(|b| b.action != Action::Help) {
        if !decides && binding.action.decides() {
            continue;
        }
        let short = match (binding.short, binding.action) {
            (None, Action::Cancel) => Some("back"),
            (short, _) => short,
        };
        let Some(short) = short else { continue };
        let key = binding.label.split(' ').next().unwrap_or_default();
        if key.len() + short.len() + 2 + reserved > pen.room() {
            break;
        }
        pen.skip(1).glyph(Role::HintKey, key).skip(1).glyph(Role::Hint, short);
    }
    if let Some((label, word)) = kept {
        pen.skip(1).glyph(Role::HintKey, label).skip(1).glyph(Role::Hint, word);
    }
}
