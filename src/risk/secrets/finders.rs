//! What is looked for in every text, and what finds it: made once, since making one costs more than most texts do.

use std::sync::LazyLock;

use memchr::memmem;

/// Where a key between lines begins.
pub(super) const BEGIN: &str = "-----BEGIN ";

/// A program that is given a password.
pub(super) const SSHPASS: &str = "sshpass -p";

/// Where a path is the secret: whoever knows it may write there.
pub(super) const HOOKS: &[(&str, &str)] = &[
    ("hooks.slack.com", "/services/"),
    ("discord.com", "/api/webhooks/"),
    ("discordapp.com", "/api/webhooks/"),
    ("webhook.office.com", "/webhookb2/"),
    ("hooks.zapier.com", "/hooks/"),
    ("api.telegram.org", "/bot"),
    ("hook.eu1.make.com", "/"),
    ("hook.us1.make.com", "/"),
    ("maker.ifttt.com", "/trigger/"),
];

/// What is looked for in every text; made once.
pub(super) struct Finders {
    /// One for each of [`HOOKS`].
    pub(super) hooks: Vec<memmem::Finder<'static>>,
    pub(super) scheme: memmem::Finder<'static>,
    pub(super) option: memmem::Finder<'static>,
    pub(super) bearer: memmem::Finder<'static>,
    pub(super) user: memmem::Finder<'static>,
    pub(super) begin: memmem::Finder<'static>,
    pub(super) end: memmem::Finder<'static>,
    pub(super) sshpass: memmem::Finder<'static>,
}

pub(super) static FINDERS: LazyLock<Finders> = LazyLock::new(|| Finders {
    hooks: HOOKS.iter().map(|(name, _)| memmem::Finder::new(*name)).collect(),
    scheme: memmem::Finder::new("://"),
    option: memmem::Finder::new("--"),
    bearer: memmem::Finder::new("earer "),
    user: memmem::Finder::new("-u "),
    begin: memmem::Finder::new(BEGIN),
    end: memmem::Finder::new("</"),
    sshpass: memmem::Finder::new(SSHPASS),
});
