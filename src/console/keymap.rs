//! Which key does what, where: one const table that feeds the `?` help, the footer and `docs/keys.md`.
//!
//! Invariant: Enter and Space are bound to nothing that allows a call. Keys with Alt, and keys not in the table, do nothing.

/// A key press, free of any terminal crate. Modified keys that are not listed here never reach the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character as typed, without Ctrl or Alt.
    Char(char),
    /// Ctrl and a letter.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// The arrow.
    Up,
    /// The arrow.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the start.
    Home,
    /// To the end.
    End,
}

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The calls that wait.
    Queue,
    /// The history.
    History,
    /// The remembered approvals.
    Approvals,
    /// How people are asked and how they answer.
    Stats,
    /// The help.
    Help,
    /// How long an approval is to be remembered.
    Remember,
    /// A line where the word `yes` is typed.
    Yes,
    /// A line where text is typed: a reason, a filter.
    Line,
    /// Whether an approval is to be taken back.
    Revoke,
    /// The policy that waits.
    Policy,
}

impl Context {
    /// All, in the order of the help.
    pub const ALL: &'static [Self] = &[
        Self::Queue,
        Self::Remember,
        Self::Yes,
        Self::Line,
        Self::History,
        Self::Approvals,
        Self::Revoke,
        Self::Stats,
        Self::Policy,
        Self::Help,
    ];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Queue => "Waiting calls",
            Self::History => "History",
            Self::Approvals => "Remembered approvals",
            Self::Stats => "Stats: how you are asked, and how you answer",
            Self::Help => "This help",
            Self::Remember => "After A: remember what, and for how long",
            Self::Yes => "Where the word yes is asked for",
            Self::Line => "Where a reason or a filter is typed",
            Self::Revoke => "After x: take an approval back",
            Self::Policy => "After P: the policy that waits for you",
        }
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Allow the focused call, this once.
    Allow,
    /// Allow it and remember.
    Remember,
    /// Deny it.
    Deny,
    /// Deny it with a reason.
    DenyBecause,
    /// The next call or row.
    Next,
    /// The one before.
    Previous,
    /// Scroll one line down.
    LineDown,
    /// Scroll one line up.
    LineUp,
    /// Scroll a page down.
    PageDown,
    /// Scroll a page up.
    PageUp,
    /// Scroll to the start.
    Start,
    /// Scroll to the end.
    End,
    /// The next tab.
    NextTab,
    /// The tab before.
    PreviousTab,
    /// Open the help.
    Help,
    /// Leave; the hub goes on.
    Quit,
    /// Stop this process until the shell's `fg`.
    Suspend,
    /// Draw everything anew.
    Repaint,
    /// Close what is open, change nothing.
    Cancel,
    /// Answer with what was typed.
    Submit,
    /// Take the last character back.
    Erase,
    /// Take the whole line back.
    EraseAll,
    /// Remember for this session.
    ForSession,
    /// Remember for one hour.
    ForHour,
    /// Remember for one day.
    ForDay,
    /// Remember until it is revoked.
    ForAlways,
    /// Type a filter.
    Filter,
    /// Ask for the list again.
    Reload,
    /// Take an approval back.
    Revoke,
    /// Yes, take it back.
    RevokeYes,
    /// Show the policy that waits.
    Policy,
    /// Accept it.
    Accept,
    /// Refuse it.
    Refuse,
}

impl Action {
    /// Whether it answers the focused call, or begins to.
    pub const fn decides(self) -> bool {
        matches!(self, Self::Allow | Self::Remember | Self::Deny | Self::DenyBecause)
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where.
    pub contexts: &'static [Context],
    /// Which keys.
    pub keys: &'static [Key],
    /// The keys in words.
    pub label: &'static str,
    /// What it does.
    pub action: Action,
    /// That in words.
    pub help: &'static str,
    /// A short word when it belongs in the footer.
    pub short: Option<&'static str>,
}

use Context::{Approvals, Help, History, Line, Policy, Queue, Remember, Revoke, Stats, Yes};

const fn bind(
    contexts: &'static [Context],
    keys: &'static [Key],
    label: &'static str,
    action: Action,
    help: &'static str,
    short: Option<&'static str>,
) -> Binding {
    Binding { contexts, keys, label, action, help, short }
}

const QUEUE: &[Context] = &[Queue];
const ASKED: &[Context] = &[History, Approvals, Stats];
const LISTS: &[Context] = &[Queue, History, Approvals];
const TABS: &[Context] = &[Queue, History, Approvals, Stats];
const BODIES: &[Context] = &[Queue, History, Stats, Policy, Help];
const PROMPTS: &[Context] = &[Yes, Line];

/// The table.
pub const TABLE: &[Binding] = &[
    bind(QUEUE, &[Key::Char('a')], "a", Action::Allow, "allow once; high risk asks for the word yes", Some("allow")),
    bind(
        QUEUE,
        &[Key::Char('A')],
        "A",
        Action::Remember,
        "allow, and remember: exactly this call, or more of its kind",
        Some("remember"),
    ),
    bind(QUEUE, &[Key::Char('d')], "d", Action::Deny, "deny", Some("deny")),
    bind(QUEUE, &[Key::Char('r')], "r", Action::DenyBecause, "deny with a reason for the model", Some("reason")),
    bind(
        &[Remember],
        &[Key::Down, Key::Char('n'), Key::Char('j')],
        "Down n j",
        Action::Next,
        "choose the next, which lets more through",
        Some("wider"),
    ),
    bind(
        &[Remember],
        &[Key::Up, Key::Char('p'), Key::Char('k')],
        "Up p k",
        Action::Previous,
        "choose the one before",
        None,
    ),
    bind(&[Remember], &[Key::Char('1')], "1", Action::ForSession, "until this session ends", Some("session")),
    bind(&[Remember], &[Key::Char('2')], "2", Action::ForHour, "for one hour", Some("hour")),
    bind(&[Remember], &[Key::Char('3')], "3", Action::ForDay, "for one day", Some("day")),
    bind(&[Remember], &[Key::Char('4')], "4", Action::ForAlways, "until it is revoked", Some("always")),
    bind(&[Revoke], &[Key::Char('y')], "y", Action::RevokeYes, "take it back", Some("take it back")),
    bind(&[History], &[Key::Char('/')], "/", Action::Filter, "filter", Some("filter")),
    bind(&[Approvals], &[Key::Char('x')], "x", Action::Revoke, "take the approval back", Some("revoke")),
    bind(ASKED, &[Key::Char('r')], "r", Action::Reload, "ask for the list again", Some("reload")),
    bind(LISTS, &[Key::Char('n'), Key::Char('j')], "n j", Action::Next, "the next call or row", Some("next")),
    bind(LISTS, &[Key::Char('p'), Key::Char('k')], "p k", Action::Previous, "the call or row before", None),
    bind(&[Approvals, History], &[Key::Down], "Down", Action::Next, "the next row", None),
    bind(&[Approvals, History], &[Key::Up], "Up", Action::Previous, "the row before", None),
    bind(&[Policy], &[Key::Char('a')], "a", Action::Accept, "accept it; asks for the word yes", Some("accept")),
    bind(&[Policy], &[Key::Char('d')], "d", Action::Refuse, "refuse it; what is tighter in it holds", Some("refuse")),
    bind(&[Queue, Stats, Policy, Help], &[Key::Down], "Down", Action::LineDown, "scroll one line down", None),
    bind(&[Queue, Stats, Policy, Help], &[Key::Up], "Up", Action::LineUp, "scroll one line up", None),
    bind(BODIES, &[Key::PageDown], "PgDn", Action::PageDown, "scroll one page down", Some("scroll")),
    bind(BODIES, &[Key::PageUp], "PgUp", Action::PageUp, "scroll one page up", None),
    bind(BODIES, &[Key::Home], "Home", Action::Start, "scroll to the start", None),
    bind(BODIES, &[Key::End], "End", Action::End, "scroll to the end", None),
    bind(
        TABS,
        &[Key::Tab],
        "Tab",
        Action::NextTab,
        "waiting calls, history, remembered approvals, stats",
        Some("tabs"),
    ),
    bind(TABS, &[Key::BackTab], "Shift-Tab", Action::PreviousTab, "the same, backwards", None),
    bind(TABS, &[Key::Char('P')], "P", Action::Policy, "the policy file got looser: look at the change", None),
    bind(TABS, &[Key::Char('?')], "?", Action::Help, "this help", Some("help")),
    bind(TABS, &[Key::Char('q')], "q", Action::Quit, "leave; the hub and the calls stay as they are", Some("quit")),
    bind(Context::ALL, &[Key::Ctrl('c')], "Ctrl-C", Action::Quit, "leave", None),
    bind(Context::ALL, &[Key::Ctrl('z')], "Ctrl-Z", Action::Suspend, "suspend", None),
    bind(Context::ALL, &[Key::Ctrl('l')], "Ctrl-L", Action::Repaint, "draw the screen anew", None),
    bind(&[Help], &[Key::Esc, Key::Char('?'), Key::Char('q')], "Esc ? q", Action::Cancel, "close", Some("close")),
    bind(&[Policy], &[Key::Esc, Key::Char('P'), Key::Char('q')], "Esc P q", Action::Cancel, "close", Some("close")),
    bind(
        PROMPTS,
        &[Key::Enter],
        "Enter",
        Action::Submit,
        "answer with what is typed; a call is allowed only by the word yes",
        None,
    ),
    bind(PROMPTS, &[Key::Backspace], "Backspace", Action::Erase, "take the last character back", None),
    bind(PROMPTS, &[Key::Ctrl('u')], "Ctrl-U", Action::EraseAll, "take the line back", None),
    bind(&[Remember, Yes, Line, Revoke], &[Key::Esc], "Esc", Action::Cancel, "back; nothing is decided", Some("back")),
];

/// What a key does here.
pub fn resolve(context: Context, key: Key) -> Option<Action> {
    TABLE.iter().find(|b| b.contexts.contains(&context) && b.keys.contains(&key)).map(|b| b.action)
}

/// The lines of the table that hold here.
pub fn of(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |b| b.contexts.contains(&context))
}

/// Whether a line of the table holds everywhere.
const fn is_everywhere(binding: &Binding) -> bool {
    binding.contexts.len() == Context::ALL.len()
}

/// The table by headings: what holds in each place, and last what holds everywhere.
pub fn sections() -> impl Iterator<Item = (&'static str, Vec<&'static Binding>)> {
    let places = Context::ALL.iter().map(|c| (c.title(), of(*c).filter(|b| !is_everywhere(b)).collect()));
    places.chain(std::iter::once_with(|| ("Everywhere", TABLE.iter().filter(|b| is_everywhere(b)).collect())))
}

/// The table as `docs/keys.md` has it.
pub fn markdown() -> String {
    let rows = |bindings: Vec<&Binding>| -> String {
        bindings.into_iter().flat_map(|b| ["| `", b.label, "` | ", b.help, " |\n"]).collect()
    };
    let tables: String = sections()
        .map(|(title, bindings)| ["\n## ", title, "\n\n| key | does |\n|---|---|\n", &rows(bindings)].concat())
        .collect();
    let head = "# Keys\n\nThe console's keys, from the table in `src/console/keymap.rs`; a test keeps the two equal.\n\n\
         Enter and Space never allow a call. No key acts on a call until it has been on the screen for half a second\n\
         without a key being pressed. Pasted text is never taken as keys.\n";
    [head, &tables].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b24_enter_and_space_decide_nothing() {
        for context in Context::ALL {
            assert_eq!(resolve(*context, Key::Char(' ')), None, "{context:?}");
            let enter = resolve(*context, Key::Enter);
            assert!(enter.is_none() || (PROMPTS.contains(context) && enter == Some(Action::Submit)), "{context:?}");
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for context in Context::ALL {
            let mut keys: Vec<_> = of(*context).flat_map(|b| b.keys).collect();
            let all = keys.len();
            keys.sort_by_key(|key| format!("{key:?}"));
            keys.dedup();
            assert_eq!(keys.len(), all, "{context:?}");
        }
    }

    #[test]
    fn the_page_about_keys_says_what_the_table_says() {
        assert_eq!(include_str!("../../docs/keys.md"), markdown(), "write keymap::markdown() to docs/keys.md");
    }
}
