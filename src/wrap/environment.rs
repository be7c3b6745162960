//! The digest over the environment that a server is started in: part of what an approval is bound to (B10).
//!
//! Invariant: every variable counts but those in the two tables below, which change from one terminal, editor window or
//! login to the next and name no program, library, search path or setting that a server would follow. Anything not known
//! counts: at worst a question is asked once more. Names and values leave this room only as a digest.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use crate::call::Digest;

/// Which terminal, display, login session or window it is.
const VOLATILE: &[&str] = &[
    "ALACRITTY_LOG",
    "ALACRITTY_SOCKET",
    "ALACRITTY_WINDOW_ID",
    "CHROME_DESKTOP",
    "CLAUDECODE",
    "COLORFGBG",
    "COLORTERM",
    "COLUMNS",
    "DBUS_SESSION_BUS_ADDRESS",
    "DBUS_SESSION_BUS_PID",
    "DBUS_STARTER_ADDRESS",
    "DBUS_STARTER_BUS_TYPE",
    "DBUS_SYSTEM_BUS_ADDRESS",
    "DESKTOP_STARTUP_ID",
    "DISPLAY",
    "ELECTRON_NO_ATTACH_CONSOLE",
    "GIO_LAUNCHED_DESKTOP_FILE",
    "GIO_LAUNCHED_DESKTOP_FILE_PID",
    "GNOME_TERMINAL_SCREEN",
    "GNOME_TERMINAL_SERVICE",
    "GPG_TTY",
    "INVOCATION_ID",
    "ITERM_PROFILE",
    "ITERM_SESSION_ID",
    "JOURNAL_STREAM",
    "KITTY_LISTEN_ON",
    "KITTY_PID",
    "KITTY_PUBLIC_KEY",
    "KITTY_WINDOW_ID",
    "KONSOLE_DBUS_SERVICE",
    "KONSOLE_DBUS_SESSION",
    "KONSOLE_DBUS_WINDOW",
    "KONSOLE_VERSION",
    "LINES",
    "LS_COLORS",
    "MANAGERPID",
    "NO_COLOR",
    "OLDPWD",
    "ORIGINAL_XDG_CURRENT_DESKTOP",
    "PWD",
    "SESSION_MANAGER",
    "SHLVL",
    "SSH_AGENT_PID",
    "SSH_AUTH_SOCK",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "SYSTEMD_EXEC_PID",
    "TERM",
    "TERMINATOR_DBUS_NAME",
    "TERMINATOR_DBUS_PATH",
    "TERMINATOR_UUID",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID",
    "TILIX_ID",
    "TMUX",
    "TMUX_PANE",
    "VTE_VERSION",
    "WAYLAND_DISPLAY",
    "WAYLAND_SOCKET",
    "WEZTERM_PANE",
    "WEZTERM_UNIX_SOCKET",
    "WINDOW",
    "WINDOWID",
    "WINDOWPATH",
    "XAUTHORITY",
    "XDG_ACTIVATION_TOKEN",
    "XDG_RUNTIME_DIR",
    "XDG_SEAT",
    "XDG_SEAT_PATH",
    "XDG_SESSION_CLASS",
    "XDG_SESSION_DESKTOP",
    "XDG_SESSION_ID",
    "XDG_SESSION_PATH",
    "XDG_SESSION_TYPE",
    "XDG_VTNR",
    "ZELLIJ",
    "ZELLIJ_PANE_ID",
    "ZELLIJ_SESSION_NAME",
    "_",
    "__CFBundleIdentifier",
];

/// Variables with which hosts mark the processes that they start: by how they begin, unless they hold a word of
/// [`COUNTS_ALL_THE_SAME`].
const VOLATILE_PREFIXES: &[&str] = &["CLAUDE_CODE_", "CODEX_", "CURSOR_", "VSCODE_"];

/// Words in the name of a host's variable that names a program, a place to load from or a setting.
const COUNTS_ALL_THE_SAME: &[&str] =
    &["ASKPASS", "BASE_URL", "CONFIG", "DIR", "HOME", "OPTIONS", "PATH", "PROXY", "SCRIPT", "SHELL"];

fn is_volatile(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    VOLATILE.contains(&name)
        || (VOLATILE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && !COUNTS_ALL_THE_SAME.iter().any(|word| name.contains(word)))
}

/// The digest over these variables, whatever their order.
pub fn digest(variables: impl Iterator<Item = (OsString, OsString)>) -> Digest {
    let mut counted: Vec<_> = variables.filter(|(name, _)| !is_volatile(name.as_bytes())).collect();
    counted.sort();
    Digest::of_fields(counted.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Digest {
        digest(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn what_can_change_what_a_server_does_counts() {
        let names = [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "DYLD_INSERT_LIBRARIES",
            "NODE_OPTIONS",
            "NODE_PATH",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PATH",
            "HOME",
            "SHELL",
            "BASH_ENV",
            "GIT_SSH_COMMAND",
            "SSH_ASKPASS",
            "VSCODE_GIT_ASKPASS_MAIN",
            "VSCODE_GIT_ASKPASS_NODE",
            "ELECTRON_RUN_AS_NODE",
            "CLAUDE_CONFIG_DIR",
            "CODEX_HOME",
            "HTTPS_PROXY",
            "API_KEY",
            "XDG_CONFIG_HOME",
            "TERMINFO",
            "sshtty",
            "display",
            "",
        ];
        for name in names {
            assert_ne!(of(&[]), of(&[(name, "x")]), "{name} is passed over");
            assert_ne!(of(&[(name, "x")]), of(&[(name, "y")]), "the value of {name} is passed over");
        }
    }

    #[test]
    fn another_terminal_or_editor_window_asks_nothing_again() {
        let base = [("PATH", "/bin"), ("A", "1")];
        let names = ["TERM", "SHLVL", "TMUX_PANE", "SSH_TTY", "VSCODE_PID", "CURSOR_TRACE_ID", "CLAUDECODE", "DISPLAY"];
        for name in names {
            assert_eq!(of(&base), of(&[base[0], (name, "x"), base[1]]), "{name} counts");
        }
    }

    #[test]
    fn the_order_does_not_count_and_nothing_runs_together() {
        assert_eq!(of(&[("A", "1"), ("B", "2")]), of(&[("B", "2"), ("A", "1")]));
        assert_ne!(of(&[("A", "1B"), ("C", "")]), of(&[("A", "1"), ("BC", "")]));
        assert_ne!(of(&[("A", "B=C")]), of(&[("A=B", "C")]));
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(VOLATILE.is_sorted());
    }
}
