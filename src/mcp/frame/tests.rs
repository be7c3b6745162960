//! What is a message, and what is not.

use super::*;

fn host(line: &str) -> Result<Frame, Refusal> {
    Frame::from_host(line.as_bytes(), &Limits::default())
}

fn refused(line: &str) -> (i32, Option<String>) {
    let refusal = host(line).expect_err(line);
    (refusal.code, refusal.id)
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be there")]
fn id(token: &str) -> Option<String> {
    Some(token.to_owned())
}

fn call(params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#)
}

fn misfit(line: &str) -> i32 {
    let frame = host(line).expect(line);
    let refusal = frame.tool_call().expect_err(line);
    assert_eq!(refusal.id.as_deref(), Some("7"), "{line}");
    refusal.code
}

#[test]
fn a_message_is_emitted_compactly_and_otherwise_to_the_letter() {
    let given = "\t{ \"z\" : [ 1.0 , 123456789012345678901234567890 ] , \"method\" : \"x\\/y\" ,\r\"id\" : 12345678901234567890 , \
                 \"jsonrpc\" : \"\\u0032.0\" , \"params\" : { \"b\" : 1e2 , \"a\" : \"\\u00e9é\" } } \r";
    let frame = host(given).expect("it is a request");
    assert_eq!(
        (frame.kind(), frame.id(), frame.method().as_deref()),
        (Kind::Request, Some("12345678901234567890"), Some("x/y"))
    );
    assert_eq!(frame.param("a"), Some(r#""\u00e9é""#));
    let want = "{\"z\":[1.0,123456789012345678901234567890],\"method\":\"x\\/y\",\"id\":12345678901234567890,\
                \"jsonrpc\":\"\\u0032.0\",\"params\":{\"b\":1e2,\"a\":\"\\u00e9é\"}}\n";
    assert_eq!(String::from_utf8(frame.into_line()).as_deref(), Ok(want));
}

#[test]
fn emitting_a_message_does_not_copy_it_again() {
    let frame = host(&call(r#"{"name":"a"}"#)).expect("it is a request");
    let at = frame.text().as_ptr();
    let line = frame.into_line();
    assert_eq!(line.as_ptr(), at);
}

#[test]
fn every_kind_of_message_is_told_apart() {
    let kind = |line| host(line).map(|frame| frame.kind());
    assert_eq!(kind(r#"{"jsonrpc":"2.0","id":"","method":"ping"}"#), Ok(Kind::Request));
    assert_eq!(kind(r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":{}}"#), Ok(Kind::Notification));
    assert_eq!(kind(r#"{"jsonrpc":"2.0","id":-5,"result":{}}"#), Ok(Kind::Response));
    assert_eq!(kind(r#"{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"x"}}"#), Ok(Kind::Response));
}

#[test]
fn b01_a_batch_is_refused_whatever_is_in_it() {
    for line in [&format!("[{}]", call(r#"{"name":"a"}"#)), "[]", " [ 1 ]", "[[{}]]"] {
        assert_eq!(refused(line), (INVALID_REQUEST, None), "{line}");
        assert!(Frame::from_server(line.as_bytes()).is_err());
    }
    for line in ["1", "null", "\"tools/call\"", "true"] {
        assert_eq!(refused(line), (INVALID_REQUEST, None), "{line}");
    }
}

#[test]
fn b02_an_odd_envelope_is_refused_and_answered_under_its_id_when_that_is_certain() {
    let odd = [
        (r#"{"jsonrpc":"2","id":7,"method":"tools/call","params":{}}"#, id("7")),
        (r#"{"jsonrpc":2.0,"id":7,"method":"tools/call","params":{}}"#, id("7")),
        (r#"{"jsonrpc":"2.0 ","id":"7","method":"tools/call"}"#, id("\"7\"")),
        (r#"{"id":7,"method":"tools/call","params":{}}"#, id("7")),
        (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{},"result":null}"#, None),
        (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{},"error":{}}"#, None),
        (r#"{"jsonrpc":"2.0","id":7,"result":{},"error":{}}"#, None),
        (r#"{"jsonrpc":"2.0","id":7,"result":{},"params":{}}"#, None),
        (r#"{"jsonrpc":"2.0","id":7,"error":null}"#, None),
        (r#"{"jsonrpc":"2.0","id":7}"#, None),
        (r#"{"jsonrpc":"2.0","result":{}}"#, None),
        (r#"{"jsonrpc":"2.0","id":7,"method":["tools/call"]}"#, id("7")),
        (r#"{"jsonrpc":"2.0","id":7,"method":"x","params":[1]}"#, id("7")),
        (r#"{"jsonrpc":"2.0","id":7,"method":"x","params":null}"#, id("7")),
        (r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{}}"#, None),
        (r#"{"jsonrpc":"2.0","id":null,"error":{}}"#, None),
        ("{}", None),
    ];
    for (line, id) in odd {
        assert_eq!(refused(line), (INVALID_REQUEST, id), "{line}");
    }
}

#[test]
fn an_id_is_a_string_or_an_integer() {
    for token in ["1.0", "1e0", "-0", "true", "{}", "[1]", "null"] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":{token},"method":"ping"}}"#);
        assert_eq!(refused(&line), (INVALID_REQUEST, None), "{line}");
    }
    let long = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(MAX_ID));
    assert_eq!(refused(&long), (INVALID_REQUEST, None));
    assert_eq!(IdKey::of(r#""a""#), IdKey::of(r#""\u0061""#));
    assert_ne!(IdKey::of("1"), IdKey::of("\"1\""));
    assert_eq!((IdKey::of("-"), IdKey::of(""), IdKey::of("null")), (None, None, None));
}

#[test]
fn b03_duplicate_keys_are_refused_from_the_host_wherever_they_are() {
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"\u0070arams":{"name":"b"}}"#,
        &call(r#"{"name":"a","n\u0061me":"b"}"#),
        &call(r#"{"name":"a","arguments":{"path":"/tmp/a","path":"/etc/shadow"}}"#),
        &call(r#"{"name":"a","arguments":{"list":[{"deep":{"x":1,"y":2,"\u0078":3}}]}}"#),
        &call(r#"{"name":"a","_meta":{"progressToken":1,"progressToken":2}}"#),
    ] {
        assert_eq!(refused(line).0, INVALID_REQUEST, "{line}");
    }
    assert_eq!(refused(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call"}"#), (INVALID_REQUEST, None));
    assert_eq!(refused(&call(r#"{"name":"a","name":"b"}"#)), (INVALID_REQUEST, id("7")));
}

#[test]
fn b03_duplicate_keys_from_the_server_are_refused_in_the_envelope() {
    let twice = [
        r#"{"jsonrpc":"2.0","id":1,"id":2,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"isError":true,"isError":false}}"#,
    ];
    assert!(twice.iter().all(|line| Frame::from_server(line.as_bytes()).is_err()));
    let deep = r#"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"a":1,"a":2}}}"#;
    assert_eq!(Frame::from_server(deep.as_bytes()).map(Frame::into_line), Ok(format!("{deep}\n").into_bytes()));
}

#[test]
fn b04_a_bare_cr_inside_a_line_never_reaches_the_server() {
    let inner = call(r#"{"name":"rm","arguments":{}}"#);
    let line = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{{\"a\":[\r{inner}\r]}}}}");
    let emitted = host(&line).expect("one valid document").into_line();
    assert_eq!(emitted.iter().filter(|b| **b < 0x20).count(), 1, "only the line's own end");
    // Within a string it cannot be taken out, so the line is refused; so are other ends of lines some readers know.
    assert_eq!(refused(&call("{\"name\":\"a\rb\"}")), (PARSE_ERROR, id("7")));
    for raw in ["\u{85}", "\u{2028}", "\u{2029}"] {
        let line =
            call(&format!("{{\"name\":\"a\",\"arguments\":{{\"x\":\"1{raw}{}{raw}\"}}}}", inner.replace('"', "\\\"")));
        let emitted = String::from_utf8(host(&line).expect("it is a request").into_line()).expect("text");
        assert!(!emitted.contains(raw) && emitted.trim_end().lines().count() == 1, "{emitted}");
    }
}

#[test]
fn b05_keys_that_differ_only_by_case_are_refused() {
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","PARAMS":{"name":"a"}}"#,
        r#"{"JSONRPC":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}"#,
        r#"{"jsonrpc":"2.0","İd":1,"method":"x"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","\u0052esult":{}}"#,
    ] {
        assert_eq!(refused(line).0, INVALID_REQUEST, "{line}");
        assert!(Frame::from_server(line.as_bytes()).is_err(), "{line}");
    }
    for params in [
        r#"{"name":"a","NAME":"b"}"#,
        r#"{"Name":"b"}"#,
        r#"{"name":"a","Argumentſ":{}}"#,
        r#"{"name":"a","arguments":{},"aRguments":{}}"#,
    ] {
        assert_eq!(misfit(&call(params)), INVALID_PARAMS);
    }
    // In arguments the keys are the tool's own.
    assert!(
        host(&call(r#"{"name":"a","arguments":{"Name":1,"METHOD":2}}"#)).is_ok_and(|frame| frame.tool_call().is_ok())
    );
}

#[test]
fn b05_a_method_that_only_looks_like_tools_call_is_refused() {
    for method in [
        "Tools/Call",
        "tools/call ",
        " tools/call",
        "tools/call\\n",
        "tools\\u200b/call",
        "TOOLS/CALL",
        "tools//call",
        "tools.call",
        "toolſ/call",
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"name":"a"}}}}"#);
        assert_eq!(refused(&line), (INVALID_REQUEST, id("1")), "{line}");
    }
    let escaped = r#"{"jsonrpc":"2.0","id":7,"method":"tools\/c\u0061ll","params":{"name":"a"}}"#;
    let frame = host(escaped).expect("the same method in another spelling");
    assert_eq!(frame.method().as_deref(), Some(TOOLS_CALL));
    assert!(host(r#"{"jsonrpc":"2.0","id":1,"method":"tools/callers"}"#).is_ok());
}

#[test]
fn b06_a_tools_call_whose_params_do_not_fit_is_refused() {
    for params in [
        "{}",
        r#"{"name":null}"#,
        r#"{"name":["a"]}"#,
        r#"{"name":""}"#,
        r#"{"tool":"a"}"#,
        r#"{"name":"a","arguments":null}"#,
        r#"{"name":"a","arguments":"{}"}"#,
        r#"{"name":"a","arguments":[{}]}"#,
        r#"{"name":"a","_meta":[]}"#,
        &format!(r#"{{"name":"{}"}}"#, "x".repeat(ToolName::MAX + 1)),
    ] {
        assert_eq!(misfit(&call(params)), INVALID_PARAMS, "{params}");
    }
    assert_eq!(misfit(r#"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#), INVALID_PARAMS);
}

#[test]
fn b11_nothing_beside_the_params_goes_along_with_a_call() {
    let line = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a"},"approved":true}"#;
    assert_eq!(misfit(line), INVALID_REQUEST);
    let other = r#"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{},"trace":"x"}"#;
    assert_eq!(host(other).map(Frame::into_line), Ok(format!("{other}\n").into_bytes()));
}

#[test]
fn b07_what_is_judged_is_a_slice_of_what_is_emitted() {
    let frame = host(&call(
        " { \"arguments\" : { \"b\" : 1.50 , \"a\" : \"\\u0041\" } , \"name\" : \"\\u0061\" , \"task\" : { } } ",
    ))
    .expect("ok");
    let parts = frame.tool_call().expect("it fits");
    assert_eq!(parts.params, r#"{"arguments":{"b":1.50,"a":"\u0041"},"name":"\u0061","task":{}}"#);
    assert_eq!((parts.tool.as_str(), parts.era), ("a", Era::Legacy));
    assert!(frame.text().contains(parts.params));
    assert_eq!(frame.params_digest(), Digest::of(parts.params.as_bytes()));
}

#[test]
fn b08_an_oversized_line_is_answered_under_its_id_when_that_is_certain() {
    let limits = Limits { max_line: 64 };
    let line = call(&format!(r#"{{"name":"{}"}}"#, "x".repeat(100)));
    let refusal = Frame::from_host(line.as_bytes(), &limits).expect_err("too long");
    assert_eq!((refusal.code, refusal.id), (INVALID_REQUEST, id("7")));
    let head = |head: &str| oversized(head.as_bytes(), 100_000_000, &limits).id;
    assert_eq!(
        head(
            r#"{"jsonrpc":"2.0","id":"a\u0062","method":"tools/call","params":{"name":"x","arguments":{"text":"{\"id\":9,"#
        ),
        id(r#""a\u0062""#)
    );
    assert_eq!(head(r#"{"id":7,"params":[[["#), id("7"));
    for doubtful in [
        r#"{"id":7,"#,
        r#"{"id":7,"result":{"x":"#,
        r#"{"params":{"id":7,"x":"#,
        r#"{"id":7"#,
        r#"{"method":"x","id":7"#,
        r#"{"id":7,"ID":8,"method":"x","params":{"#,
        r#"{"id":7,"\u0069d":8,"method":"x","params":{"#,
        r#"{"id":1.5,"method":"x","params":{"#,
        r#"[{"id":7,"method":"x","params":{"#,
        r#"{"jsonrpc":"2.0","method":"x","params":{"#,
        "",
        "{",
        "{\"id",
        "{\"id\":\"\\",
    ] {
        assert_eq!(head(doubtful), None, "{doubtful}");
    }
}

#[test]
fn b08_a_broken_line_is_answered_under_its_id_when_that_is_certain() {
    assert_eq!(
        refused(r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a""#),
        (PARSE_ERROR, id("7"))
    );
    assert_eq!(refused(r#"{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":NaN}}"#), (PARSE_ERROR, id("7")));
    assert_eq!(refused(r#"{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":"\ud800"}}"#), (PARSE_ERROR, id("7")));
    let deep = call(&"[".repeat(1_000));
    assert_eq!(refused(&deep), (PARSE_ERROR, id("7")));
    let mut half = call(r#"{"name":"a"}"#).into_bytes();
    half.insert(60, 0xc3);
    let refusal = Frame::from_host(&half, &Limits::default()).expect_err("not UTF-8");
    assert_eq!((refusal.code, refusal.id), (PARSE_ERROR, id("7")));
    assert_eq!(refused("\u{feff}{}"), (PARSE_ERROR, None));
    assert_eq!(refused("hello"), (PARSE_ERROR, None));
}

#[test]
fn a_server_may_say_that_it_could_not_read_an_id() {
    let error = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#;
    let frame = Frame::from_server(error.as_bytes()).expect("JSON-RPC allows it");
    assert_eq!((frame.id(), frame.id_key()), (Some("null"), None));
    assert!(Frame::from_server(br#"{"jsonrpc":"2.0","id":null,"result":{}}"#).is_err());
    assert_eq!(
        Frame::from_server(br#"{"jsonrpc":"2.0","id":3,"result":{"t":"\ud83d"}}"#).expect_err("half a pair").id,
        id("3")
    );
    assert_eq!(
        Frame::from_server(br#"{"jsonrpc":"2.0","id":3,"method":"x","params":{"t":"\ud83d"}}"#)
            .expect_err("half a pair")
            .id,
        None
    );
}

#[test]
fn the_era_is_told_by_the_version_in_meta() {
    let era = |params| host(&call(params)).and_then(|frame| frame.tool_call().map(|call| call.era));
    assert_eq!(
        era(r#"{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#),
        Ok(Era::Modern)
    );
    assert_eq!(era(r#"{"name":"a","_meta":{"progressToken":1}}"#), Ok(Era::Legacy));
    assert_eq!(era(r#"{"name":"a","io.modelcontextprotocol/protocolVersion":"x"}"#), Ok(Era::Legacy));
    let frame = host(&call(r#"{"name":"a","_meta":{"progressToken":"t\u0031"},"requestState":"s\n"}"#)).expect("ok");
    let parts = frame.tool_call().expect("it fits");
    assert_eq!((parts.progress_token, parts.request_state.as_deref()), (Some(r#""t\u0031""#), Some("s\n")));
}

mod properties {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// A message in which every part is right most of the time.
    fn nearly_a_message() -> impl Strategy<Value = String> {
        let member = |good: Vec<&'static str>, odd: Vec<&'static str>| prop_oneof![12 => prop::sample::select(good), 1 => prop::sample::select(odd)];
        let members = [
            member(
                vec![r#""jsonrpc":"2.0""#, "\"jsonrpc\" :\r\"2.\\u0030\""],
                vec!["", r#""jsonrpc":"2""#, r#""Jsonrpc":"2.0""#],
            ),
            member(
                vec![r#""id":1"#, r#""id" : "\u0061""#, r#""id":"a""#, ""],
                vec![r#""id":null"#, r#""id":1.0"#, r#""ID":1"#],
            ),
            member(
                vec![r#""method":"tools/call""#, r#""method":"tools\/list""#],
                vec!["", r#""method":"Tools/Call""#, r#""result":{}"#],
            ),
            member(
                vec![
                    r#""params" : {"name" : "a" , "arguments" : { "x" : [ 1 , 2.50 ] } }"#,
                    "\"params\":{\"name\":\"a\u{2028}\",\"_meta\":{\"progressToken\":1},\r\"task\":{}}",
                    r#""params":{"arguments":{"deep":{"deeper":"\ud83d\ude00"}},"n\u0061me":"\n"}"#,
                ],
                vec!["", r#""params":[]"#, r#""params":{"name":"a","name":"b"}"#, "\"params\":{\"name\":\"\r\"}"],
            ),
            member(vec!["", r#""other" : { "a" : null }"#], vec![r#""error":{}"#, r#""x":}"#]),
        ];
        let order = Just((0..5_usize).collect::<Vec<_>>()).prop_shuffle();
        (members, order).prop_map(|(members, order)| {
            let all: Vec<_> = order.into_iter().map(|at| members[at]).filter(|text| !text.is_empty()).collect();
            format!("{{ {} }}", all.join(" , "))
        })
    }

    fn check(line: &[u8]) {
        let Ok(frame) = Frame::from_host(line, &Limits::default()) else { return };
        let params = frame.params().map(str::to_owned);
        let emitted = frame.clone().into_line();
        let (end, body) = emitted.split_last().expect("there is an end");
        assert_eq!(*end, b'\n');
        assert!(body.iter().all(|b| *b >= 0x20), "a control byte is emitted");
        let before: Value = serde_json::from_slice(line).expect("what is let through is JSON");
        let after: Value = serde_json::from_slice(body).expect("what is emitted is JSON");
        assert_eq!(before, after);
        assert_eq!(
            params.map(|text| serde_json::from_str::<Value>(&text).expect("so are params")),
            after.get("params").cloned()
        );
        let again = Frame::from_host(body, &Limits::default()).expect("what is emitted is a message");
        assert_eq!(again.into_line(), emitted);
        if let Ok(call) = frame.tool_call() {
            assert_eq!(after["params"]["name"], call.tool.as_str());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_line_is_refused_or_keeps_its_value(line in nearly_a_message()) {
            check(line.as_bytes());
        }

        #[test]
        fn any_bytes_are_refused_or_keep_their_value(line in prop::collection::vec(any::<u8>(), 0..64)) {
            check(&line);
        }

        #[test]
        fn one_changed_byte_is_refused_or_keeps_its_value(line in nearly_a_message(), at: usize, byte: u8) {
            let mut line = line.into_bytes();
            let at = at % line.len();
            line[at] = byte;
            check(&line);
        }

        #[test]
        fn a_cut_line_is_refused_under_its_own_id_or_none(line in nearly_a_message(), cut: usize) {
            let cut = cut % line.len();
            let Err(refusal) = Frame::from_host(&line.as_bytes()[..cut], &Limits::default()) else { return Ok(()) };
            let whole: Option<Value> = serde_json::from_str(&line).ok();
            if let (Some(id), Some(whole)) = (refusal.id, whole) {
                prop_assert_eq!(serde_json::from_str::<Value>(&id).ok(), whole.get("id").cloned());
            }
        }
    }
}
