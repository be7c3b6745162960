use super::*;

#[test]
fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
    let stat = b"42 (a) (b ) S 7 42 42 34819 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 2000";
    let process = parse_stat(42, stat).expect("a whole line");
    assert_eq!(process.key, Key { pid: 42, started: 98765 });
    assert_eq!((process.parent, process.name.as_str()), (7, "a) (b "));
    assert_eq!(process.terminal().as_deref(), Some("/dev/pts/3"));
}

#[test]
fn a_torn_stat_is_no_process() {
    for stat in [&b""[..], b"42 (a", b"42 (a) S 7", b"42 (a) S x 42 42 0 42 0 1 2 3 4 5 6 7 8 20 0 1 0 98765"] {
        assert_eq!(parse_stat(42, stat), None);
    }
}

#[test]
fn terminals_are_named_for_a_person() {
    let cases =
        [(0, None), (136 << 8, Some("/dev/pts/0")), (0x10_8805, Some("/dev/pts/261")), (0x401, Some("/dev/tty1"))];
    for (device, name) in cases {
        assert_eq!(terminal_name(device).as_deref(), name, "{device:x}");
    }
}

#[test]
fn the_own_lineage_begins_with_the_own_process_and_its_parent() {
    let own = std::process::id();
    let lineage = lineage_of(own).expect("/proc is readable");
    assert_eq!(lineage.chain[0].key.pid, own);
    assert_eq!(lineage.chain[1].key.pid, std::os::unix::process::parent_id());
    assert!(lineage.chain.windows(2).all(|pair| pair[1].key.started <= pair[0].key.started));
}

#[test]
fn b36_another_program_is_not_taken_for_ours() {
    let mut other = std::process::Command::new("sleep").arg("30").spawn().expect("sleep starts");
    // Between fork and exec the child still is this program.
    let mut checked = check_program(Some(other.id()));
    while checked.is_ok() {
        std::thread::yield_now();
        checked = check_program(Some(other.id()));
    }
    other.kill().expect("it is ours");
    other.wait().expect("it ends");
    assert!(matches!(checked, Err(NotOurs::Other { .. })), "{checked:?}");
    assert!(matches!(check_program(Some(other.id())), Err(NotOurs::Unseen { .. })));
    assert!(matches!(check_program(None), Err(NotOurs::NoPid)));
    assert!(matches!(check_program(Some(0)), Err(NotOurs::NoPid)));
    assert!(check_program(Some(std::process::id())).is_ok());
}
