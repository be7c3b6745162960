//! Secrets stay out of what is kept; the person who is asked sees all that will be sent.

use super::*;
use crate::decision::Keep;

const SECRET: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

fn asked(policy: &str) -> (World, Pending) {
    let mut w = World::with_console();
    // The first policy of a new home is taken as it stands.
    w.event(Event::Recalled(Box::new(Recalled::New)));
    let policy = crate::policy::parse(policy, "policy.toml").policy;
    let file = PolicyFile { digest: Some(Digest::of(b"file")), policy, ..PolicyFile::none() };
    w.event(Event::Policy(Box::new(file)));
    w.submit(UNKNOWN, &format!(r#"{{"text":"use {SECRET}","password":"hunter2","path":"/home/me/{SECRET}/.env"}}"#));
    let pending = w.newest_pending();
    (w, pending)
}

fn kept(w: &World) -> String {
    let texts = w.journal.iter().map(|record| serde_json::to_string(record).expect("JSON"));
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_journal_keeps_no_secret_and_the_console_is_shown_all_of_it() {
    let (mut w, pending) = asked("");
    assert!(pending.params.text().contains(SECRET) && pending.params.text().contains("hunter2"));
    w.answer(CONSOLE, pending.id, Answer::Deny(Some(format!("not with {SECRET} and hunter2"))));
    let journal = kept(&w);
    assert!(!journal.contains(SECRET) && !journal.contains("hunter2"), "{journal}");
    assert!(journal.contains("‹masked: 40 characters›") && journal.contains("‹masked: 7 characters›"), "{journal}");
    let told = w.sent.iter().any(|(_, m)| matches!(m, FromHub::Decided { decision, .. } if decision.reason.as_deref().is_some_and(|r| r.contains(SECRET))));
    assert!(told, "the reason reaches the model as the person wrote it");
    let digest = w.journal.iter().find_map(|record| match record {
        Record::Submitted(submitted) => Some((submitted.params_digest, submitted.masked.expect("something is masked"))),
        _ => None,
    });
    let (digest, masking) = digest.expect("it is written down");
    assert_eq!(digest, pending.params.digest(), "the digest is over what is sent");
    assert_eq!((masking.keep, masking.parts), (Keep::Masked, 3));
}

#[test]
fn the_policy_may_keep_everything_or_nothing_but_names() {
    let (w, pending) = asked("[journal]\narguments = \"full\"\n");
    assert!(kept(&w).contains(pending.params.text()));
    let (w, _) = asked("[journal]\narguments = \"digest\"\n");
    let journal = kept(&w);
    assert!(journal.contains(r#""text":"‹44 characters›""#), "{journal}");
    assert!(!journal.contains("/home/me") && !journal.contains(SECRET), "{journal}");
}
