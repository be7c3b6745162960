use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::call::{Call, CallId, Definition, Params, Server, ServerName, ToolName};
use crate::decision::Scope;
use crate::record::Place;

const NOW: i64 = 1_795_300_000_000;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let sled = dir.path().join("sled");
    (dir, sled)
}

fn stamp(seq: u64) -> Stamp {
    Stamp { seq, hash: Digest::of(&seq.to_be_bytes()), place: Place { month: 202_611, number: 1, offset: seq * 100 } }
}

fn grant(id: u64, key: &[u8]) -> Grant {
    Grant {
        id: GrantId(id),
        key: Digest::of(key),
        cover: None,
        server: ServerName::new("fs").expect("a name"),
        tool: ToolName::new("read").expect("a name"),
        scope: Scope::Always,
        session: None,
        created_at: NOW,
        expires_at: None,
        call: CallId(1),
        who: "pid 1 on /dev/pts/1".into(),
    }
}

fn numbered(facts: &[Fact]) -> impl Iterator<Item = (Stamp, Fact)> {
    facts.iter().cloned().enumerate().map(|(i, fact)| (stamp(i as u64 + 1), fact))
}

fn apply(store: &Store, facts: &[Fact]) {
    for (stamp, fact) in numbered(facts) {
        store.apply(&stamp, &fact).expect("applied");
    }
}

fn found(store: &Store, key: &[u8], now: i64) -> Option<u64> {
    store.find(&Digest::of(key), now).expect("read").map(|grant| grant.id.0)
}

/// Opens with these facts as the journal.
fn recovered(dir: &Path, facts: &[Fact]) -> (Store, Vec<String>) {
    let knows = |s: &Stamp| Ok(s.seq <= facts.len() as u64 && stamp(s.seq) == *s);
    let after = |from: Option<&Stamp>| {
        let from = from.map_or(0, |s| s.seq);
        Ok(numbered(facts).filter(move |(s, _)| s.seq > from).map(Ok).collect::<Vec<_>>().into_iter())
    };
    recover::<_, StoreError>(dir, NOW, knows, after).expect("recovered")
}

fn call(arguments: &str) -> Call {
    let raw = |text: String| RawValue::from_string(text).expect("JSON");
    let params = json_compact(&format!(r#"{{"name":"write","arguments":{arguments}}}"#));
    let tool = ToolName::new("write").expect("a name");
    Call {
        id: CallId(1),
        session: SessionId("s".into()),
        server: Arc::new(Server {
            name: ServerName::new("fs").expect("a name"),
            command: "npx".into(),
            args: vec!["server".into()],
            cwd: "/home/me".into(),
            environment: Digest::of(b""),
        }),
        tool: tool.clone(),
        params: Params::new(raw(params)),
        definition: Some(Arc::new(Definition::new(tool, raw(r#"{"name":"write"}"#.into())))),
    }
}

fn json_compact(text: &str) -> String {
    crate::json::compact(text.as_bytes(), crate::json::Duplicates::Everywhere).expect("strict JSON")
}

#[test]
fn b10_an_approval_covers_exactly_the_call_it_was_given_for() {
    let (_dir, sled) = folder();
    let (store, _) = Store::open(&sled).expect("opens");
    let approved = call(r#"{"path":"/a","n":1}"#);
    let mut given = grant(1, b"");
    given.key = approved.grant_key(None);
    store.apply(&stamp(1), &Fact::Granted(given)).expect("applied");
    let covers = |call: &Call| store.find(&call.grant_key(None), NOW).expect("read").is_some();
    assert!(covers(&approved));
    assert!(covers(&call(r#"{ "n":1, "path":"\u002fa" }"#)), "the same value, spelt otherwise");

    assert!(!covers(&call(r#"{"path":"/b","n":1}"#)), "other arguments");
    let other = |change: &dyn Fn(&mut Call)| {
        let mut call = approved.clone();
        change(&mut call);
        covers(&call)
    };
    let server = |change: fn(&mut Server)| other(&|call| change(Arc::make_mut(&mut call.server)));
    assert!(!other(&|call| call.tool = ToolName::new("write2").expect("a name")), "another tool");
    assert!(!other(&|call| call.definition = None), "a definition that is gone");
    let raw = r#"{"name":"write","description":"new"}"#.to_owned();
    let raw = RawValue::from_string(raw).expect("JSON");
    let changed = Arc::new(Definition::new(approved.tool.clone(), raw));
    assert!(!other(&|call| call.definition = Some(Arc::clone(&changed))), "a changed definition");
    assert!(!server(|s| s.command = "npm".into()), "another command behind the same label");
    assert!(!server(|s| s.args.push("-x".into())), "another argument of the command");
    assert!(!server(|s| s.cwd = "/".into()), "another folder");
    assert!(!server(|s| s.environment = Digest::of(b"LD_PRELOAD")), "another environment");
    assert!(server(|s| s.name = ServerName::new("files").expect("a name")), "the label decides nothing");
}

#[test]
fn b33_an_approval_is_of_the_whole_arguments_however_long_and_of_their_value() {
    let (_dir, sled) = folder();
    let (store, _) = Store::open(&sled).expect("opens");
    let long = "x".repeat(100_000);
    let approved = call(&format!(r#"{{"text":"{long}","then":"ls"}}"#));
    let mut given = grant(1, b"");
    given.key = approved.grant_key(None);
    store.apply(&stamp(1), &Fact::Granted(given)).expect("applied");
    let covers = |text: &str| store.find(&call(text).grant_key(None), NOW).expect("read").is_some();
    assert!(covers(&format!(r#"{{"then":"ls","text":"{long}"}}"#)), "the order of keys is no part of the value");
    assert!(!covers(&format!(r#"{{"text":"{long}","then":"rm"}}"#)), "the end counts as the beginning does");
    assert!(!covers(&format!(r#"{{"text":"{long}y","then":"ls"}}"#)));
    assert!(!covers(&format!(r#"{{"text":"{long}","then":"ls","more":null}}"#)));
    assert!(!covers(&format!(r#"{{"text":"{long}","then":["ls"]}}"#)));
    // Keys and values cannot trade places, nor run into each other.
    assert_ne!(call(r#"{"a":"b","c":"d"}"#).grant_key(None), call(r#"{"a":"b\",\"c\":\"d"}"#).grant_key(None));
    assert_ne!(call(r#"{"n":1}"#).grant_key(None), call(r#"{"n":1.0}"#).grant_key(None), "1 and 1.0 are two");
}

#[test]
fn b31_a_revoked_approval_is_gone_at_once_and_stays_gone() {
    let (_dir, sled) = folder();
    let facts = [
        Fact::Granted(grant(1, b"k")),
        Fact::Granted(grant(2, b"k")),
        Fact::Revoked(GrantId(1)),
        Fact::Revoked(GrantId(2)),
    ];
    let (store, _) = Store::open(&sled).expect("opens");
    apply(&store, &facts[..2]);
    assert_eq!(found(&store, b"k", NOW), Some(1));
    store.apply(&stamp(3), &facts[2]).expect("applied");
    assert_eq!(found(&store, b"k", NOW), Some(2), "each approval is taken back by itself");
    store.apply(&stamp(4), &facts[3]).expect("applied");
    assert_eq!(found(&store, b"k", NOW), None);
    // What was applied before does not come back by being applied again.
    apply(&store, &facts[..2]);
    assert_eq!(found(&store, b"k", NOW), None);
    drop(store);
    assert_eq!(found(&recovered(&sled, &facts).0, b"k", NOW), None);
    fs::remove_dir_all(&sled).expect("removed");
    assert_eq!(found(&recovered(&sled, &facts).0, b"k", NOW), None);
}

#[test]
fn an_approval_ends_with_its_time_or_its_session() {
    let (_dir, sled) = folder();
    let (store, _) = Store::open(&sled).expect("opens");
    let session = SessionId("abc".into());
    let hour = Grant { expires_at: Some(NOW + 3_600_000), scope: Scope::Hour, ..grant(1, b"hour") };
    let bound = Grant { session: Some(session.clone()), scope: Scope::Session, ..grant(2, b"session") };
    let other = Grant { session: Some(SessionId("ab".into())), ..grant(3, b"other") };
    let later = Grant { created_at: NOW + 10_000_000, ..grant(4, b"later") };
    apply(&store, &[hour, bound, other, later].map(Fact::Granted));
    assert_eq!(found(&store, b"hour", NOW + 3_599_999), Some(1));
    assert_eq!(found(&store, b"hour", NOW + 3_600_000), None);
    assert_eq!(found(&store, b"later", NOW), None, "not before it was given: the clock was set back");
    assert_eq!(store.of_session(&session).expect("read"), [GrantId(2)]);
    assert_eq!(store.list(NOW + 3_600_000, 10).expect("read").len(), 2);
    store.tidy(NOW + 3_600_000).expect("tidied");
    assert_eq!(store.ids().expect("read"), [GrantId(2), GrantId(3), GrantId(4)]);
    assert_eq!(found(&store, b"hour", NOW), None, "what ended stays ended when the clock goes back");
    assert_eq!(store.get(GrantId(1)).expect("read"), None);
}

#[test]
fn uses_are_counted_once_even_when_entries_are_applied_again() {
    let (_dir, sled) = folder();
    let used = Fact::Used(GrantId(1));
    let facts = [Fact::Granted(grant(1, b"k")), used.clone(), used.clone(), Fact::Other, used, Fact::Used(GrantId(9))];
    let (store, _) = Store::open(&sled).expect("opens");
    apply(&store, &facts[..3]);
    assert_eq!(store.list(NOW, 10).expect("read"), [(grant(1, b"k"), 2)]);
    drop(store);
    for _ in 0..3 {
        let (store, notices) = recovered(&sled, &facts);
        assert_eq!((store.list(NOW, 10).expect("read"), notices), (vec![(grant(1, b"k"), 3)], vec![]));
    }
}

#[test]
fn the_newest_approvals_come_first_and_no_more_than_asked() {
    let (_dir, sled) = folder();
    let (store, _) = Store::open(&sled).expect("opens");
    apply(&store, &(1..=300).map(|id| Fact::Granted(grant(id, &[1]))).collect::<Vec<_>>());
    let ids: Vec<_> = store.list(NOW, 3).expect("read").into_iter().map(|(grant, _)| grant.id.0).collect();
    assert_eq!(ids, [300, 299, 298]);
}

#[test]
fn a_broken_journal_forgets_what_was_approved_before_the_break() {
    let (_dir, sled) = folder();
    let facts =
        [Fact::Granted(grant(1, b"old")), Fact::Used(GrantId(1)), Fact::Broken, Fact::Granted(grant(2, b"new"))];
    let (store, _) = recovered(&sled, &facts);
    assert_eq!((found(&store, b"old", NOW), found(&store, b"new", NOW)), (None, Some(2)));
    assert_eq!(store.ids().expect("read"), [GrantId(2)]);
}

#[test]
fn a_deleted_store_is_made_again_from_the_journal_and_says_so() {
    let (_dir, sled) = folder();
    let facts = [Fact::Granted(grant(1, b"k")), Fact::Used(GrantId(1))];
    assert_eq!(recovered(&sled, &[]).1, [""; 0], "nothing is missing at the first start");
    drop(recovered(&sled, &facts));
    fs::remove_dir_all(&sled).expect("removed");
    let (store, notices) = recovered(&sled, &facts);
    assert_eq!(store.list(NOW, 10).expect("read"), [(grant(1, b"k"), 1)]);
    assert!(notices[0].contains("made again"), "{notices:?}");
}

#[test]
fn a_journal_that_lost_entries_the_store_has_seen_is_noticed() {
    let (dir, sled) = folder();
    let facts = [Fact::Granted(grant(1, b"k")), Fact::Granted(grant(2, b"l"))];
    drop(recovered(&sled, &facts));
    let (store, notices) = recovered(&sled, &facts[..1]);
    assert!(notices[0].contains("entry 2"), "{notices:?}");
    assert_eq!((found(&store, b"k", NOW), found(&store, b"l", NOW)), (Some(1), None));
    assert!(dir.path().join(format!("sled.bad-{NOW}")).is_dir());
}

#[test]
fn whatever_lies_in_the_folder_is_set_aside() {
    use std::os::unix::fs::symlink;
    type Spoil = fn(&Path);
    let spoils: [(&str, Spoil); 8] = [
        ("a file", |p| fs::write(p, "x").expect("written")),
        ("a link", |p| symlink("/", p).expect("made")),
        ("zeros", |p| spoil(p, "db", &vec![0; 1 << 20])),
        ("text", |p| spoil(p, "db", "no database".repeat(100_000).as_bytes())),
        ("a bad configuration", |p| spoil(p, "conf", b"segment_size: 7\nversion: 0.1\nabcdefgh")),
        ("a link within", |p| {
            fs::create_dir(p).expect("made");
            symlink("/dev/zero", p.join("db")).expect("made");
        }),
        ("a pipe", |p| {
            fs::create_dir(p).expect("made");
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(rustix::fs::CWD, p.join("db"), rustix::fs::FileType::Fifo, mode, 0).expect("made");
        }),
        ("an attempt that did not come back", |p| spoil(p, "opening", b"")),
    ];
    for (name, make) in spoils {
        let (_dir, sled) = folder();
        make(&sled);
        let facts = [Fact::Granted(grant(1, b"k"))];
        let (store, notices) = recovered(&sled, &facts);
        assert_eq!(found(&store, b"k", NOW), Some(1), "{name}");
        assert_eq!(notices.len(), 1, "{name}");
    }
}

fn spoil(dir: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir(dir).expect("made");
    fs::write(dir.join(name), bytes).expect("written");
}

#[test]
fn few_folders_that_were_set_aside_are_kept() {
    let (dir, sled) = folder();
    for more in 0..5 {
        fs::create_dir(&sled).expect("made");
        set_aside(&sled, NOW + more).expect("set aside");
    }
    let mut left: Vec<_> =
        fs::read_dir(dir.path()).expect("listed").map(|item| item.expect("listed").file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, [format!("sled.bad-{}", NOW + 3).as_str(), &format!("sled.bad-{}", NOW + 4)]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("made");
    for item in fs::read_dir(from).expect("listed") {
        let item = item.expect("listed");
        if item.file_type().expect("a kind").is_dir() {
            copy(&item.path(), &to.join(item.file_name()));
        } else {
            fs::copy(item.path(), to.join(item.file_name())).expect("copied");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is done to its bytes: it opens, and no approval is found that the journal does not have.
    #[test]
    fn a_damaged_store_opens_or_is_made_again(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..40),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (dir, sled) = folder();
        let facts: Vec<_> = (1..=200).map(|id: u64| {
            if id.is_multiple_of(5) { Fact::Revoked(GrantId(id - 1)) } else { Fact::Granted(grant(id, &id.to_be_bytes())) }
        }).collect();
        drop(recovered(&sled, &facts));
        let damaged = dir.path().join("damaged");
        copy(&sled, &damaged);
        let files: Vec<_> = fs::read_dir(&damaged).expect("listed").map(|i| i.expect("listed").path()).filter(|p| p.is_file()).collect();
        for (file, at, byte) in hits {
            let file = &files[file.index(files.len())];
            let mut bytes = fs::read(file).expect("read");
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
                fs::write(file, bytes).expect("written");
            }
        }
        if let Some(cut) = cut {
            let file = &files[0];
            let mut bytes = fs::read(file).expect("read");
            bytes.truncate(cut.index(bytes.len() + 1));
            fs::write(file, bytes).expect("written");
        }
        let (store, _) = recovered(&damaged, &facts);
        for id in 1..=200_u64 {
            // An approval that is lost asks again; one that was never given, or was taken back, must not appear.
            let may = !matches!(id % 5, 0 | 4);
            if let Ok(Some(grant)) = store.find(&Digest::of(&id.to_be_bytes()), NOW) {
                prop_assert!(may && grant.id.0 == id);
            }
        }
    }
}
