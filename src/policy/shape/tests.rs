//! Each kind of shape against values that are meant to slip past it.

use proptest::prelude::*;

use super::*;

const NOWHERE: Stand<'_> = Stand { links: &[], cwd: "/srv" };

/// Each value with how far it fits.
fn check(shape: &Shape, cases: &[(&str, Fit)]) {
    for (value, wanted) in cases {
        assert_eq!(shape.text(value, NOWHERE), *wanted, "{shape} and {value:?}");
    }
}

#[test]
fn a_regex_fits_as_a_whole_to_loosen_and_in_part_to_tighten() {
    let regex = Shape::Regex(Regular::new("git (log|diff).*|x").expect("a regex"));
    check(
        &regex,
        &[
            ("git log", Fit::Exact),
            ("git diff a", Fit::Exact),
            ("x", Fit::Exact),
            ("git log; rm -rf /", Fit::Wide),
            ("a git log", Fit::Wide),
            ("git log\nrm", Fit::Wide),
            ("git log $HOME", Fit::Wide),
            ("git push", Fit::No),
            ("g%69t log", Fit::Wide),
        ],
    );
    assert_eq!(regex.text(&"a".repeat(LONGEST_EXACT + 1), NOWHERE), Fit::Wide);
    assert_eq!((regex.scalar("7"), regex.whole("[\"git log\"]")), (Fit::No, Fit::Wide));
    // What would close the group around it is a mistake.
    assert!(Regular::new("a)|(b").is_err() && Regular::new("(?x)a # b").is_err());
}

#[test]
fn a_regex_made_to_be_slow_is_not() {
    for slow in ["(a+)+b", "(a|a)*b", "(.*a){12}b", "^(([a-z])+.)+[A-Z]([a-z])+b"] {
        let regex = Regular::new(slow).expect("a regex");
        assert!(!regex.fits_whole(&"a".repeat(20_000)));
    }
    for large in ["a{1000}{1000}", &"(".repeat(2_000), &"x".repeat(5_000), "(?:a{0,500}){0,500}"] {
        assert!(Regular::new(large).is_err(), "{}", &large[..20.min(large.len())]);
    }
    let bad = Regular::new("ab(c").expect_err("unclosed");
    assert_eq!((bad.says.as_str(), bad.at), ("regex: unclosed group", Some(2)));
}

#[test]
fn only_a_number_that_everybody_reads_alike_loosens() {
    let range = Shape::Number(Range::new(Some(1.0), Some(10.0)).expect("a range"));
    for (raw, wanted) in [
        ("1", Fit::Exact),
        ("10", Fit::Exact),
        ("9.5", Fit::Exact),
        ("0.999", Fit::No),
        ("11", Fit::No),
        ("1e0", Fit::Wide),
        ("1e1", Fit::Wide),
        ("1e9", Fit::No),
        ("10.000000000000000000001", Fit::Wide),
        ("123456789012345678901234567890", Fit::No),
        ("-0", Fit::No),
        ("true", Fit::Wide),
        ("null", Fit::Wide),
    ] {
        assert_eq!(range.scalar(raw), wanted, "{raw}");
    }
    check(
        &range,
        &[
            ("5", Fit::Wide),
            (" 5 ", Fit::Wide),
            ("50", Fit::No),
            ("010", Fit::Wide),
            ("0x05", Fit::Wide),
            ("five", Fit::Wide),
        ],
    );
    assert_eq!(range.whole("[5]"), Fit::Wide);
    let large = Shape::Number(Range::new(Some(1000.0), None).expect("a range"));
    assert_eq!((large.scalar("1e999"), large.scalar("-1e999")), (Fit::Wide, Fit::No));
    assert!(Range::new(Some(f64::NAN), None).is_err() && Range::new(Some(1e15), None).is_err());
}

#[test]
fn one_of_a_set_stands_for_itself() {
    let set = Shape::OneOf(["a*", "/x/../y", "b;c", "7"].map(str::to_owned).to_vec());
    check(
        &set,
        &[("a*", Fit::Exact), ("ab", Fit::No), ("b;c", Fit::Exact), ("/x/../y", Fit::Wide), ("/z/%2e", Fit::No)],
    );
    assert_eq!((set.scalar("7"), set.scalar("8"), set.whole("[7]")), (Fit::Exact, Fit::No, Fit::No));
}

#[test]
fn b20_a_path_under_a_folder_leads_there_however_it_is_read() {
    let under = Shape::under("/home/me/p/").expect("a folder");
    check(
        &under,
        &[
            ("/home/me/p", Fit::Exact),
            ("/home/me/p/a/b", Fit::Exact),
            ("/home/me/project", Fit::No),
            ("/home/me/p/../x", Fit::Wide),
            ("/home/me/x/../p/a", Fit::Wide),
            ("/home/me/p/%2e%2e/x", Fit::Wide),
            ("/home/me/p/$HOME", Fit::Wide),
            ("/home/me/p/a;b", Fit::Wide),
            ("~/p/a", Fit::No),
            ("../home/me/p/a", Fit::Wide),
            ("p/a", Fit::No),
            ("/HOME/Me/p/a", Fit::Wide),
            ("/home/me/pÄ", Fit::No),
            ("FILE:/home/me/p/a", Fit::Wide),
            ("File://localhost/home/me/p/a", Fit::Wide),
            ("／home／me／p／a", Fit::Wide),
            ("/home/me/p/x／..／..／y", Fit::Wide),
        ],
    );
    let links = |leads: Option<&str>| [Link { written: "/home/me/p/a".to_owned(), leads: leads.map(str::to_owned) }];
    let fit = |leads, value| under.text(value, Stand { links: &links(leads), cwd: "/" });
    assert_eq!(fit(Some("/etc/passwd"), "/home/me/p/a"), Fit::Wide, "it leads outside");
    assert_eq!(fit(Some("/home/me/p/b"), "/home/me/p/a"), Fit::Exact);
    assert_eq!(fit(Some("/home/me/p/a"), "/home/me/p/a"), Fit::Exact);
    assert_eq!(fit(None, "/home/me/p/a"), Fit::Wide, "nobody knows where it leads");
    let hidden = [Link { written: String::new(), leads: None }];
    let behind = under.text("/home/me/p/a", Stand { links: &hidden, cwd: "/" });
    assert_eq!(behind, Fit::Wide, "it stands behind more paths than are looked at");
    let into = [Link { written: "/tmp/x".to_owned(), leads: Some("/home/me/p/b".to_owned()) }];
    assert_eq!(under.text("/tmp/x", Stand { links: &into, cwd: "/" }), Fit::Wide, "a denied folder, by a link");
    for bad in ["p", "~/p", "/a/../b", "", "$HOME"] {
        assert!(Shape::under(bad).is_err(), "{bad}");
    }
}

#[test]
fn b20_a_glob_is_no_ground_for_what_leads_elsewhere() {
    let glob = Shape::Glob(Glob::value("/home/me/p/**").expect("a glob"));
    let links = [Link { written: "/home/me/p/a".to_owned(), leads: Some("/home/me/.ssh/id".to_owned()) }];
    assert_eq!(glob.text("/home/me/p/a", Stand { links: &links, cwd: "/" }), Fit::Wide);
    assert_eq!(glob.text("/home/me/p/b", Stand { links: &links, cwd: "/" }), Fit::Exact);
    let denied = Shape::Glob(Glob::value("/home/me/.ssh/**").expect("a glob"));
    assert_eq!(denied.text("/home/me/p/a", Stand { links: &links, cwd: "/" }), Fit::Wide);
}

#[test]
fn b20_a_path_too_long_to_be_read_may_lead_anywhere() {
    let (under, glob) = (Shape::under("/etc").expect("a folder"), Shape::Glob(Glob::value("/etc/**").expect("a glob")));
    let long = format!("{}../etc/passwd", "x/../".repeat(20_000));
    assert_eq!((under.text(&long, NOWHERE), glob.text(&long, NOWHERE)), (Fit::Wide, Fit::Wide));
    let prose = "a.. b ".repeat(20_000);
    assert_eq!((under.text(&prose, NOWHERE), glob.text(&prose, NOWHERE)), (Fit::No, Fit::No));
}

#[test]
fn the_first_words_of_a_command_cover_no_second_one() {
    let command = Shape::command("git log").expect("words");
    check(
        &command,
        &[
            ("git log", Fit::Exact),
            ("git log --oneline -5 src/a.rs", Fit::Exact),
            ("git  log", Fit::Wide),
            ("git logs", Fit::No),
            ("git log; rm x", Fit::Wide),
            ("git log | sh", Fit::Wide),
            ("git log $(rm x)", Fit::Wide),
            ("git log > ~/.bashrc", Fit::Wide),
            ("git log\nrm x", Fit::Wide),
            ("git log *", Fit::Wide),
            ("GIT_PAGER=x git log", Fit::Wide),
            ("PATH=. git log", Fit::Wide),
            ("git 'log'", Fit::Wide),
            ("g\\it lo\"\"g", Fit::Wide),
            ("sudo /usr/bin/git log", Fit::Wide),
            ("git -C /x --bare log", Fit::Wide),
            ("bash -c 'git log'", Fit::Wide),
            ("git push", Fit::No),
            ("echo git; log", Fit::Wide),
            ("git lo\\\ng", Fit::Wide),
            ("git lo\\\r\ng", Fit::Wide),
            ("git${IFS}log", Fit::Wide),
            ("git$IFS'log'", Fit::Wide),
            ("{git,log,-1}", Fit::Wide),
            ("git,log", Fit::No),
            ("git -C git log", Fit::Wide),
            ("git -x a b log", Fit::No),
            ("", Fit::No),
        ],
    );
    assert_eq!(command.whole(r#"["git","log","-1"]"#), Fit::Exact);
    assert_eq!(command.whole(r#"["git","log","a b"]"#), Fit::Wide);
    for joined in [r#"["git",["log"]]"#, r#"["git","log",1]"#, r#"[["git","log"]]"#, r#"{"argv":["git","log"]}"#] {
        assert_eq!(command.whole(joined), Fit::Wide, "{joined}");
    }
    assert_eq!(command.whole(r#"{"git":"log"}"#), Fit::No);
    assert!(Shape::command("git log;").is_err() && Shape::command("  ").is_err() && Shape::command("$x").is_err());
}

#[test]
fn a_command_line_made_to_be_slow_is_not() {
    // Where every word may begin the command and options stand between, looking from each would take hours.
    let command = Shape::command("git log").expect("words");
    assert_eq!(command.text(&"git -x ".repeat(100_000), NOWHERE), Fit::No);
    assert_eq!(command.text(&format!("{}log", "git -x ".repeat(100_000)), NOWHERE), Fit::Wide);
}

#[test]
fn a_value_with_many_readings_is_not_matched_against_a_regex_without_end() {
    let regex = Shape::Regex(Regular::new("x").expect("a regex"));
    assert_eq!(regex.text(&"\\.%25255c".repeat(1_500), NOWHERE), Fit::Wide);
    assert_eq!(regex.text(&"a".repeat(15_000), NOWHERE), Fit::No);
}

fn shape() -> impl Strategy<Value = Shape> {
    let path = prop::sample::select(&["/a", "/a/b", "/", "/a/c", "a", "7", "a;b", "[7]"][..]);
    let glob =
        prop::sample::select(&["**", "*", "/a/**", "/a/*", "/a/b*", "a", "7", "a;b", "a*", "?", "[*", "[7]"][..]);
    let range = (prop::option::of(0..4_i8), prop::option::of(2..9_i8));
    let words = prop::sample::select(&["a", "a b", "b", "a b c"][..]);
    prop_oneof![
        glob.prop_map(|text| Shape::Glob(Glob::value(text).expect("a glob"))),
        prop::collection::vec(path.clone(), 1..3)
            .prop_map(|p| Shape::OneOf(p.into_iter().map(str::to_owned).collect())),
        path.prop_filter_map("a folder", |text| Shape::under(text).ok()),
        range.prop_map(|(a, b)| Shape::Number(Range::new(a.map(f64::from), b.map(f64::from)).expect("a range"))),
        words.prop_map(|text| Shape::command(text).expect("words")),
        prop::sample::select(&["a", "7", "a.*", "/a/.*"][..])
            .prop_map(|t| Shape::Regex(Regular::new(t).expect("a regex"))),
        Just(Shape::Absent),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_within_another_shape_never_fits_further(
        (a, b) in (shape(), shape()),
        value in "(/a|/b|/c|a| |b|c|7|;|/\\.\\.|\\[|\\]|,|\\.|~){0,6}",
    ) {
        prop_assert!(a.is_within(&a));
        if a.is_within(&b) {
            let far = |shape: &Shape, fit: Fit| if shape.is_any() { Fit::Exact } else { fit };
            prop_assert!(far(&a, a.text(&value, NOWHERE)) <= far(&b, b.text(&value, NOWHERE)), "{a} {b}");
            prop_assert!(far(&a, a.scalar(&value)) <= far(&b, b.scalar(&value)), "{a} {b}");
            // Of nothing but a list or an object it is asked how far it fits as a whole.
            let list = format!("[{value}]");
            prop_assert!(far(&a, a.whole(&list)) <= far(&b, b.whole(&list)), "{a} {b}");
        }
    }
}
