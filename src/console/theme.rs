//! Roles to styles, from TOML: `[palette]` names colours, `inherits` names another theme, `[roles]` says the rest.
//!
//! Invariants: views know roles, never colours; nothing is told by colour alone, so any theme may leave any role plain. A
//! theme can change how things look and nothing else: an unknown key is a warning, a broken file is an error in words.

use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};
use toml::{Table, Value};

use crate::decision::Level;

use super::detail::rows::Ink;

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What something on the screen is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Role { $($(#[$doc])* $variant),+ }

        impl Role {
            /// Every role, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in a theme.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

roles! {
    /// The top row.
    Header = "header",
    /// The tab that is shown.
    Tab = "tab",
    /// Headings.
    Title = "title",
    /// Lines that part things.
    Border = "border",
    /// Our own words.
    Text = "text",
    /// Our own words of less weight.
    Muted = "muted",
    /// What stands before a value.
    Label = "label",
    /// Names and keys of JSON.
    Key = "key",
    /// Untrusted text.
    Value = "value",
    /// Numbers and words of JSON.
    Number = "number",
    /// Brackets, quotes, gutters.
    Mark = "mark",
    /// What stands for a character that would not be seen.
    Escape = "escape",
    /// What a finding is about.
    Finding = "finding",
    /// The row in focus.
    Focus = "focus",
    /// Low risk.
    RiskLow = "risk.low",
    /// Medium risk.
    RiskMedium = "risk.medium",
    /// High risk.
    RiskHigh = "risk.high",
    /// What a person must know.
    Notice = "notice",
    /// What has just happened.
    Message = "message",
    /// A question and its answer.
    Prompt = "prompt",
    /// What a key does.
    Hint = "hint",
    /// The key.
    HintKey = "hint.key",
}

impl From<Level> for Role {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => Self::RiskLow,
            Level::Medium => Self::RiskMedium,
            Level::High => Self::RiskHigh,
        }
    }
}

impl From<Ink> for Role {
    fn from(ink: Ink) -> Self {
        match ink {
            Ink::Label => Self::Label,
            Ink::Key => Self::Key,
            Ink::Text => Self::Value,
            Ink::Plain => Self::Number,
            Ink::Mark => Self::Mark,
            Ink::Escape => Self::Escape,
            Ink::Finding => Self::Finding,
            Ink::Risk(level) => level.into(),
        }
    }
}

/// The themes that are built in: the name and the text.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("plain", include_str!("../../themes/plain.toml")),
];

/// The signs that are drawn around text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// A row that goes on from the one above.
    pub wrap: &'static str,
    /// Before a line of a text of several lines.
    pub gutter: &'static str,
    /// What lines are made of.
    pub line: &'static str,
    /// Before the row in focus.
    pub focus: &'static str,
    /// Before a row with something that a finding is about.
    pub finding: &'static str,
}

/// For terminals that draw Unicode.
const UNICODE: Glyphs = Glyphs { wrap: "↪", gutter: "│", line: "─", focus: "▶", finding: "▸" };

/// For the others.
const ASCII: Glyphs = Glyphs { wrap: ">", gutter: "|", line: "-", focus: ">", finding: "*" };

/// A theme.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: Vec<Style>,
    /// The signs.
    pub glyphs: Glyphs,
    /// The terminal draws nothing beyond ASCII.
    pub ascii: bool,
}

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ThemeError {
    /// There is none of this name.
    #[error("there is no theme {0:?}; there are dark, light and plain, or give a file")]
    Unknown(String),
    /// Not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// A value of the wrong kind.
    #[error("{0} cannot be {1}")]
    Value(String, String),
    /// A theme that inherits itself, or too many.
    #[error("themes inherit one another too deeply")]
    Deep,
}

impl Theme {
    /// One that is built in.
    pub fn embedded(name: &str) -> Result<Self, ThemeError> {
        let (theme, _) = Self::read(text_of(name)?)?;
        Ok(theme)
    }

    /// From the text of a file, with what was not understood.
    pub fn read(text: &str) -> Result<(Self, Vec<String>), ThemeError> {
        let mut theme = Self { styles: vec![Style::new(); Role::ALL.len()], glyphs: UNICODE, ascii: false };
        let mut warnings = Vec::new();
        theme.apply(text, 0, &mut warnings)?;
        Ok((theme, warnings))
    }

    /// The same with signs of ASCII.
    #[must_use]
    pub const fn with_ascii(mut self, ascii: bool) -> Self {
        self.ascii = ascii;
        self.glyphs = if ascii { ASCII } else { UNICODE };
        self
    }

    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    fn apply(&mut self, text: &str, depth: usize, warnings: &mut Vec<String>) -> Result<(), ThemeError> {
        if depth > 4 {
            return Err(ThemeError::Deep);
        }
        let table: Table = text.parse().map_err(|e: toml::de::Error| ThemeError::Syntax(e.message().to_owned()))?;
        match table.get("inherits") {
            None => {}
            Some(Value::String(name)) => self.apply(text_of(name)?, depth + 1, warnings)?,
            Some(other) => return Err(ThemeError::Value("inherits".to_owned(), other.to_string())),
        }
        let nothing = Table::new();
        let palette = sub_table(&table, "palette")?.unwrap_or(&nothing);
        for (name, wanted) in sub_table(&table, "roles")?.unwrap_or(&nothing) {
            match Role::ALL.iter().find(|role| role.name() == name) {
                Some(role) => self.styles[*role as usize] = style(name, wanted, palette, warnings)?,
                None => warnings.push(format!("theme: there is no role {name:?}")),
            }
        }
        for key in table.keys().filter(|key| !["inherits", "palette", "roles"].contains(&key.as_str())) {
            warnings.push(format!("theme: the key {key:?} means nothing"));
        }
        Ok(())
    }
}

fn text_of(name: &str) -> Result<&'static str, ThemeError> {
    let found = EMBEDDED.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| ThemeError::Unknown(name.to_owned()))
}

fn sub_table<'a>(table: &'a Table, key: &str) -> Result<Option<&'a Table>, ThemeError> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::Table(inner)) => Ok(Some(inner)),
        Some(other) => Err(ThemeError::Value(key.to_owned(), other.to_string())),
    }
}

fn style(role: &str, wanted: &Value, palette: &Table, warnings: &mut Vec<String>) -> Result<Style, ThemeError> {
    let wrong = |key: &str, value: &Value| ThemeError::Value(format!("{role}.{key}"), value.to_string());
    let Value::Table(table) = wanted else { return Err(ThemeError::Value(role.to_owned(), wanted.to_string())) };
    let mut style = Style::new();
    for (key, value) in table {
        let modifier = match key.as_str() {
            "fg" | "bg" => {
                let color = value.as_str().and_then(|name| color(name, palette)).ok_or_else(|| wrong(key, value))?;
                style = if key == "fg" { style.fg(color) } else { style.bg(color) };
                continue;
            }
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underline" => Modifier::UNDERLINED,
            "reverse" => Modifier::REVERSED,
            _ => {
                warnings.push(format!("theme: {role}.{key} means nothing"));
                continue;
            }
        };
        if value.as_bool().ok_or_else(|| wrong(key, value))? {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

/// A name of the palette, one of the terminal's sixteen, `#rrggbb`, or the number of a colour.
fn color(name: &str, palette: &Table) -> Option<Color> {
    let name = palette.get(name).and_then(Value::as_str).unwrap_or(name);
    Color::from_str(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_themes_know_every_role_and_nothing_else() {
        for (name, text) in EMBEDDED {
            let (_, warnings) = Theme::read(text).expect(name);
            assert!(warnings.is_empty(), "{name}: {warnings:?}");
        }
        let plain: Table = text_of("plain").expect("embedded").parse().expect("toml");
        for role in Role::ALL {
            assert!(plain["roles"].get(role.name()).is_some(), "plain has no {}", role.name());
        }
    }

    #[test]
    fn plain_has_no_colour_at_all() {
        let plain = Theme::embedded("plain").expect("embedded");
        assert!(Role::ALL.iter().all(|role| plain.style(*role).fg.is_none() && plain.style(*role).bg.is_none()));
    }

    #[test]
    fn a_theme_inherits_and_names_its_own_colours() {
        let text =
            "inherits = \"plain\"\n[palette]\nalarm = \"#ff0000\"\n[roles]\n\"risk.high\" = { fg = \"alarm\" }\n";
        let (theme, warnings) = Theme::read(text).expect("good");
        assert!(warnings.is_empty());
        assert_eq!(theme.style(Role::RiskHigh), Style::new().fg(Color::Rgb(255, 0, 0)));
        assert_eq!(theme.style(Role::Key), Style::new().add_modifier(Modifier::BOLD));
    }

    #[test]
    fn an_unknown_key_is_a_warning_and_a_wrong_value_an_error() {
        let (_, warnings) = Theme::read("x = 1\n[roles]\nnope = {}\n\"key\" = { blink = true }\n").expect("usable");
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        let error = |text| Theme::read(text).map(|_| ()).expect_err("wrong").to_string();
        assert_eq!(error("[roles]\n\"key\" = { fg = \"mauve-ish\" }"), "key.fg cannot be \"mauve-ish\"");
        assert_eq!(
            error("inherits = \"mine\""),
            "there is no theme \"mine\"; there are dark, light and plain, or give a file"
        );
        assert!(error("[roles").starts_with("not TOML"));
        assert_eq!(error("palette = 3"), "palette cannot be 3");
    }
}
