use std::fs;

use super::*;
use crate::call::{CallId, ServerName, ToolName};
use crate::decision::{Cover, Level, Part, Scope};
use crate::record::Revoked;

const NOW: i64 = 1_700_000_000_000;

fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let home = Home::find(Some(dir.path())).expect("a home");
    home.make().expect("its folders");
    (dir, home)
}

fn key(n: u64) -> Digest {
    Digest::of(&n.to_be_bytes())
}

fn grant(n: u64) -> Grant {
    Grant {
        id: GrantId(n),
        key: key(n),
        cover: None,
        server: ServerName::new("fs").expect("a name"),
        tool: ToolName::new("write").expect("a name"),
        scope: Scope::Hour,
        session: None,
        created_at: NOW,
        expires_at: Some(NOW + 3_600_000),
        call: CallId(n),
        who: "pid 1 on /dev/pts/1".to_owned(),
    }
}

fn revoked(n: u64) -> Record {
    Record::Revoked(Revoked { id: GrantId(n), who: "pid 1 on /dev/pts/1".to_owned() })
}

/// Opens as the hub does: what must be written first is written.
fn open(home: &Home) -> (Book, Vec<String>) {
    let (mut book, opened) = Book::open(home, NOW).expect("opens");
    book.write(NOW, &opened.records, false).expect("written");
    (book, opened.notices)
}

fn wide(n: u64, tool: u64) -> Grant {
    let args = vec![("path".to_owned(), Part::Under("/srv/app".to_owned())), ("text".to_owned(), Part::Any)];
    Grant { key: key(tool), cover: Some(Cover { args, others: false, level: Level::Medium }), ..grant(n) }
}

#[test]
fn wide_approvals_are_found_by_their_tool_and_made_again_from_the_journal() {
    let (_dir, home) = home();
    let (mut book, _) = open(&home);
    let records = [wide(1, 7), wide(2, 7), wide(3, 8), grant(4)].map(Record::Granted);
    book.write(NOW, &records, true).expect("written");
    book.write(NOW, &[revoked(1)], true).expect("written");
    assert_eq!(book.wide(&key(7), NOW), [wide(2, 7)]);
    assert!(book.wide(&key(7), NOW + 3_600_000).is_empty(), "they end by the clock");
    book.close(NOW);
    drop(book);
    std::fs::remove_dir_all(&home.sled).expect("the cache is lost");
    let (book, _) = open(&home);
    assert_eq!(book.wide(&key(7), NOW), [wide(2, 7)]);
    assert_eq!(book.wide(&key(8), NOW), [wide(3, 8)]);
    assert_eq!(book.find(&key(4), NOW), Some(grant(4)));
}

#[test]
fn an_approval_of_before_there_were_wide_ones_is_of_exactly_one_call() {
    let text = serde_json::to_string(&grant(1)).expect("JSON");
    assert!(!text.contains("cover"), "{text}");
    assert_eq!(serde_json::from_str::<Grant>(&text).expect("a grant"), grant(1));
}

#[test]
fn b31_an_approval_counts_from_its_entry_to_its_revocation() {
    let (_dir, home) = home();
    let (mut book, _) = open(&home);
    assert!(book.find(&key(1), NOW).is_none());
    book.write(NOW, &[Record::Granted(grant(1)), Record::Granted(grant(2))], true).expect("written");
    assert_eq!(book.find(&key(1), NOW), Some(grant(1)));
    assert!(book.find(&key(1), NOW + 3_600_000).is_none(), "it ends by the clock");
    book.write(NOW, &[revoked(1)], true).expect("written");
    assert!(book.find(&key(1), NOW).is_none());
    assert_eq!(book.list(NOW).expect("listed"), [(grant(2), 0)]);
}

#[test]
fn what_is_remembered_outlives_the_hub() {
    let (_dir, home) = home();
    let (mut book, notices) = open(&home);
    assert!(notices.is_empty(), "{notices:?}");
    book.write(NOW, &[Record::Granted(grant(1)), Record::Granted(grant(2)), revoked(2)], true).expect("written");
    drop(book);
    let (book, notices) = open(&home);
    assert!(notices.is_empty(), "{notices:?}");
    assert_eq!(book.find(&key(1), NOW), Some(grant(1)));
    assert!(book.find(&key(2), NOW).is_none());
    assert_eq!(book.known(&[]), [GrantId(1)]);
    assert_eq!(book.known(&[GrantId(2), GrantId(1)]), [GrantId(1)]);
}

#[test]
fn a_cache_that_is_gone_or_spoilt_is_made_again_and_said_so() {
    let (_dir, home) = home();
    let (mut book, _) = open(&home);
    book.write(NOW, &[Record::Granted(grant(1)), Record::Granted(grant(2)), revoked(2)], true).expect("written");
    drop(book);
    let spoil: [&dyn Fn(); 3] = [
        &|| fs::remove_dir_all(&home.sled).expect("removed"),
        &|| fs::write(home.sled.join("db"), b"nothing of the kind").expect("spoilt"),
        &|| {
            fs::remove_dir_all(&home.sled).expect("removed");
            fs::write(&home.sled, b"a file").expect("spoilt");
        },
    ];
    for spoil in spoil {
        spoil();
        let (book, notices) = open(&home);
        assert!(notices.iter().any(|notice| notice.contains("made again from the journal")), "{notices:?}");
        assert_eq!(book.find(&key(1), NOW), Some(grant(1)));
        assert!(book.find(&key(2), NOW).is_none(), "what was taken back stays taken back");
    }
    let journal: Vec<_> = journal::facts(&home.journal, None).expect("read").collect();
    assert!(journal.iter().all(Result::is_ok));
    assert!(journal::verify(&home.journal).is_ok());
}

#[test]
fn a_cache_that_fails_amid_everything_is_made_again_and_meanwhile_nothing_is_remembered() {
    let (_dir, home) = home();
    let (mut book, _) = open(&home);
    book.write(NOW, &[Record::Granted(grant(1))], true).expect("written");
    // As if sled had said that it cannot go on.
    let failed: Option<()> = book.note(Err(StoreError::Stopped));
    assert_eq!(failed, None);
    book.store = None;
    assert!(book.find(&key(1), NOW).is_none());
    assert_eq!(book.known(&[GrantId(1)]), [GrantId(1)], "what cannot be looked up is taken back all the same");
    book.write(NOW, &[Record::Granted(grant(2))], true).expect("the journal is what counts");
    let notice = book.index(NOW).expect("said");
    assert!(notice.contains("made again from the journal"), "{notice}");
    assert_eq!(book.find(&key(1), NOW), Some(grant(1)));
    assert_eq!(book.find(&key(2), NOW), Some(grant(2)));
    assert_eq!(book.index(NOW), None);
}

#[test]
fn a_cache_that_cannot_be_made_again_is_an_error_to_whoever_asks() {
    let (_dir, home) = home();
    let (mut book, _) = open(&home);
    book.note::<()>(Err(StoreError::Stopped));
    book.store = None;
    book.healed_at = NOW;
    let why = book.list(NOW).expect_err("not told as an empty list");
    assert!(why.contains("sayso hub stop"), "{why}");
}
