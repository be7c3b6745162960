//! `[server.NAME]` and `[host.NAME]`.

use std::collections::BTreeMap;

use super::reader::{Reader, Value};
use crate::call::ServerName;
use crate::policy::profile::{HostProfile, ServerProfile};
use crate::risk::Access;
use crate::risk::hidden::is_hidden;

/// The most servers, and the most hosts.
const MOST: usize = 1_000;
/// The most words, folders or domains of one server.
const MOST_TEXTS: usize = 256;

impl Reader<'_> {
    pub(super) fn servers(&mut self, value: &Value<'_>) -> BTreeMap<String, ServerProfile> {
        let mut servers = BTreeMap::new();
        let Some(table) = self.table(value, "server") else { return servers };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let Err(e) = ServerName::new(name) {
                self.error(key.span(), e.to_string());
            } else if servers.len() == MOST {
                self.error(key.span(), format!("more than {MOST} servers"));
                break;
            } else if let Some(profile) = self.server_profile(value, name, key.span().start) {
                servers.insert(name.to_owned(), profile);
            }
        }
        servers
    }

    fn server_profile(&mut self, value: &Value<'_>, name: &str, at: usize) -> Option<ServerProfile> {
        const KEYS: [&str; 6] = ["access", "hide", "roots", "domains", "command", "trusted"];
        let table = self.table(value, &format!("server.{name}"))?;
        let (line, _) = self.place(at);
        let mut profile = ServerProfile { line, label: format!("{}:{line}", self.label), ..ServerProfile::default() };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "access" => profile.access = self.access(value),
                "hide" => profile.hide = self.truth(value, "hide").unwrap_or_default(),
                "roots" => profile.roots = self.texts(value, "roots", folder),
                "domains" => profile.domains = self.texts(value, "domains", domain),
                "command" => profile.command = self.texts(value, "command", word),
                "trusted" => profile.trusted = self.truth(value, "trusted").unwrap_or_default(),
                other => self.unknown(key.span(), other, &KEYS),
            }
        }
        if profile.trusted && profile.command.is_empty() {
            let says = "`trusted` without `command`: a name can stand for anything; run: sayso trust NAME";
            self.error(value.span(), says);
        }
        if profile.hide && profile.access.is_none() {
            self.warn(value.span(), "`hide` without `access` hides nothing");
        }
        if !profile.trusted && !profile.command.is_empty() {
            self.warn(value.span(), "`command` without `trusted = true` says nothing");
        }
        Some(profile)
    }

    fn access(&mut self, value: &Value<'_>) -> Option<Access> {
        let text = self.text(value, "access")?;
        let access = Access::ALL.iter().copied().find(|access| access.as_str() == text);
        if access.is_none() {
            self.error(value.span(), format!("access: {text:?} is none of read, write, admin"));
        }
        access
    }

    /// A list of texts, each put into its form.
    fn texts(&mut self, value: &Value<'_>, what: &str, form: fn(&str) -> Result<String, String>) -> Vec<String> {
        let Some(values) = self.array(value, what, "a list of texts, as [\"a\", \"b\"]") else { return Vec::new() };
        if values.len() > MOST_TEXTS {
            self.error(value.span(), format!("{what} has more than {MOST_TEXTS} entries"));
            return Vec::new();
        }
        let mut texts = Vec::new();
        for value in values {
            let Some(text) = self.text(value, what) else { continue };
            match form(text) {
                Ok(text) => texts.push(text),
                Err(says) => self.error(value.span(), format!("{what}: {says}")),
            }
        }
        texts
    }

    pub(super) fn hosts(&mut self, value: &Value<'_>) -> BTreeMap<String, HostProfile> {
        let mut hosts = BTreeMap::new();
        let Some(table) = self.table(value, "host") else { return hosts };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if name.is_empty() || name.chars().count() > 128 || name.chars().any(|c| is_hidden(c) || c.is_control()) {
                self.error(key.span(), "a host is named by 1 to 128 visible characters, as it calls itself");
                continue;
            }
            if hosts.len() == MOST {
                self.error(key.span(), format!("more than {MOST} hosts"));
                break;
            }
            let (line, _) = self.place(key.span().start);
            let Some(host) = self.table(value, &format!("host.{}", name.escape_debug())) else { continue };
            let mut timeout = None;
            for (key, value) in host {
                match key.get_ref().as_ref() {
                    "timeout" => timeout = self.length(value, "timeout"),
                    other => self.unknown(key.span(), other, &["timeout"]),
                }
            }
            match timeout {
                Some(timeout) => drop(hosts.insert(name.to_owned(), HostProfile { line, timeout })),
                None if !host.contains_key("timeout") => {
                    self.error(value.span(), "the host is given nothing; give it a timeout");
                }
                None => {}
            }
        }
        hosts
    }
}

/// A folder from the root on.
fn folder(text: &str) -> Result<String, String> {
    match crate::policy::shape::Shape::under(text)? {
        crate::policy::shape::Shape::Under(folder) => Ok(folder),
        _ => Err(format!("{text:?} is not a folder")),
    }
}

/// The part of a mail address behind the `@`.
fn domain(text: &str) -> Result<String, String> {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if text.len() <= 253 && text.contains('.') && text.split('.').all(plain) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("{text:?} is no domain; write it as \"example.org\", in ASCII"))
    }
}

/// One word of a command line.
fn word(text: &str) -> Result<String, String> {
    match text.chars().find(|c| is_hidden(*c) || *c == '\0') {
        Some(c) => Err(format!("a word holds the invisible character U+{:04X}", u32::from(c))),
        None => Ok(text.to_owned()),
    }
}
