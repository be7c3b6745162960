//! What is a message, and what is not.

use super::*;

#[test]
fn a_request_is_emitted_compactly_and_to_the_letter() {
    let line = b" {\"jsonrpc\": \"2.0\",\r \"id\": 1e0 } ";
    assert!(Frame::from_host(line, &Limits::default()).is_err());
    let line = b" {\"jsonrpc\": \"2.0\",\r \"id\": 12345678901234567890, \"method\":\"x\" , \"z\":[1.0 ]} ";
    let frame = Frame::from_host(line, &Limits::default()).expect("it is a request");
    assert_eq!(frame.into_line(), b"{\"jsonrpc\":\"2.0\",\"id\":12345678901234567890,\"method\":\"x\",\"z\":[1.0]}\n");
}
