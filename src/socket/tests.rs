use super::*;
use crate::call::{CallId, Digest};
use crate::wire::{Answer, Decide, Status};

fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let home = Home::find(Some(dir.path())).expect("a home");
    home.make().expect("its folders");
    (dir, home)
}

fn on_a_runtime<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
}

/// A hub that says only this.
async fn answer(listener: &Listener, first: &FromHub) -> Option<ToHub> {
    let mut link = listener.accept().await.expect("somebody of the same user");
    let heard = link.receiver.recv().await.expect("a message");
    link.send(first).await.expect("sent");
    heard
}

#[test]
fn nobody_there_is_said_as_such_and_a_dead_hubs_socket_too() {
    on_a_runtime(async {
        let (_dir, home) = home();
        assert!(matches!(connect(&home).await, Err(SocketError::NoHub)));
        drop(bind(&home).expect("listens"));
        assert!(home.socket().exists(), "a dead hub leaves its socket behind");
        assert!(matches!(connect(&home).await, Err(SocketError::NoHub)));
        let _listener = bind(&home).expect("the holder of the lock replaces it");
        assert!(connect(&home).await.is_ok());
    });
}

#[test]
fn the_socket_is_closed_to_others() {
    on_a_runtime(async {
        let (_dir, home) = home();
        let _listener = bind(&home).expect("listens");
        let mode = fs::metadata(home.socket()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!home.run.join(".hub.tmp").exists());
    });
}

#[test]
fn an_address_too_long_asks_for_a_shorter_home() {
    on_a_runtime(async {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let deep = Home::find(Some(&dir.path().join("d".repeat(100)))).expect("a home");
        deep.make().expect("its folders");
        for error in [bind(&deep).expect_err("refused"), connect(&deep).await.expect_err("refused")] {
            assert!(matches!(error, SocketError::TooLong(..)));
            assert!(error.to_string().contains("shorter --home"), "{error}");
        }
    });
}

#[test]
fn versions_are_compared_and_a_refusal_is_passed_on() {
    on_a_runtime(async {
        let (_dir, home) = home();
        let listener = bind(&home).expect("listens");
        let own = Some(Box::new(home.digest()));
        let hello_of = |version, home| FromHub::Hello(Hello { version, build: "9.9.9".to_owned(), role: None, home });
        let hello = |version| hello_of(version, own.clone());
        let cases = [
            (hello(VERSION), None),
            (hello(VERSION + 1), Some("version 4")),
            (hello_of(VERSION, Some(Box::new(Digest::of(b"another")))), Some("other folders")),
            (hello_of(VERSION, None), Some("other folders")),
            (FromHub::Refused("not you".to_owned()), Some("not you")),
            (FromHub::Status(Status::default()), Some("no hello")),
        ];
        for (first, says) in cases {
            let mut link = connect(&home).await.expect("the same program");
            let (greeted, heard) = tokio::join!(greet(&mut link, &home, Role::Console), answer(&listener, &first));
            assert!(matches!(heard, Some(ToHub::Hello(Hello { version: VERSION, role: Some(Role::Console), .. }))));
            match says {
                None => greeted.expect("welcome"),
                Some(says) => {
                    let error = greeted.expect_err("not welcome").to_string();
                    assert!(error.contains(says), "{error}");
                }
            }
        }
    });
}

#[test]
fn messages_arrive_whole_in_order_and_many_at_once() {
    on_a_runtime(async {
        let (near, far) = UnixStream::pair().expect("a pair");
        let (mut near, mut far) = (Link::of(near).expect("ours"), Link::of(far).expect("ours"));
        let sizes = [0, 1, 100, 70_000, 5, 3 << 20, 2];
        let sending = async {
            for (size, id) in sizes.into_iter().zip(0..) {
                let answer = Answer::Deny(Some("x".repeat(size)));
                let decide = Decide { id: CallId(id), params_digest: Digest::of(b""), answer, looked_ms: 900 };
                near.sender.queue(&ToHub::Decide(decide)).expect("fits");
            }
            near.sender.flush().await.expect("written");
            assert_eq!(near.sender.queued(), 0);
            drop(near);
        };
        let receiving = async {
            for (size, id) in sizes.into_iter().zip(0..) {
                let Ok(Some(ToHub::Decide(decide))) = far.receiver.recv().await else { panic!("no message {id}") };
                assert_eq!((decide.id, decide.answer), (CallId(id), Answer::Deny(Some("x".repeat(size)))));
            }
            assert!(matches!(far.receiver.recv::<ToHub>().await, Ok(None)));
        };
        tokio::join!(sending, receiving);
    });
}

#[test]
fn a_message_cut_short_or_too_long_or_of_another_kind_is_an_error() {
    let cases: [(&[u8], &str); 4] = [
        (b"\0\0\0\x08\"Sta", "end of file"),
        (b"\xff\xff\xff\xff", "longer than sayso sends"),
        (b"\0\0\0\x04null", "not a message of this version"),
        (b"\0\0\0\x08\"decide\"", "not a message of this version"),
    ];
    on_a_runtime(async {
        for (bytes, says) in cases {
            let (near, far) = UnixStream::pair().expect("a pair");
            let mut far = Link::of(far).expect("ours");
            near.try_write(bytes).expect("written");
            drop(near);
            let error = far.receiver.recv::<ToHub>().await.expect_err("refused").to_string();
            assert!(error.contains(says), "{error}");
        }
    });
}

#[test]
fn waiting_may_be_abandoned_without_losing_a_byte() {
    on_a_runtime(async {
        let (near, far) = UnixStream::pair().expect("a pair");
        let mut far = Link::of(far).expect("ours");
        let mut bytes = Vec::new();
        crate::wire::encode(&ToHub::Status, &mut bytes).expect("fits");
        for byte in bytes {
            assert!(futures_poll(far.receiver.recv::<ToHub>()).await.is_none(), "not whole yet");
            near.try_write(&[byte]).expect("written");
        }
        assert!(matches!(far.receiver.recv().await, Ok(Some(ToHub::Status))));
    });
}

/// Gives the future a moment, then drops it.
async fn futures_poll<F: Future>(future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = async { for _ in 0..3 { tokio::task::yield_now().await; } } => None,
    }
}

/// Both ends of a connection of this process with itself; one watched, one plain.
fn pair() -> (Link, std::os::unix::net::UnixStream) {
    let (near, far) = UnixStream::pair().expect("a pair");
    (Link::of(near).expect("ours"), far.into_std().expect("a stream"))
}

fn message() -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::wire::encode(&ToHub::Status, &mut bytes).expect("encodes");
    bytes
}

#[test]
fn b36_what_another_process_writes_on_the_connection_is_not_believed() {
    on_a_runtime(async {
        use std::io::Write as _;
        let (mut link, mut far) = pair();
        far.write_all(&message()).expect("written");
        assert!(matches!(link.receiver.recv::<ToHub>().await, Ok(Some(ToHub::Status))), "its own process is heard");
        // A child that was given the descriptor, as by fork and exec: it writes a whole, well-formed message.
        let dir = tempfile::tempdir().expect("a scratch folder");
        let file = dir.path().join("message");
        fs::write(&file, message()).expect("written");
        let keep = far.try_clone().expect("a second descriptor");
        let status = std::process::Command::new("cat").arg(&file).stdout(std::os::fd::OwnedFd::from(far)).status();
        assert!(status.expect("cat runs").success());
        let error = link.receiver.recv::<ToHub>().await.expect_err("not believed").to_string();
        assert!(error.contains("writes as process"), "{error}");
        drop(keep);
    });
}

#[test]
fn b36_a_descriptor_that_is_passed_along_ends_the_conversation() {
    on_a_runtime(async {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
        let (mut link, far) = pair();
        let fds = [std::os::fd::AsFd::as_fd(&far)];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
        let bytes = message();
        sendmsg(&far, &[std::io::IoSlice::new(&bytes)], &mut control, SendFlags::empty()).expect("sent");
        assert!(link.receiver.recv::<ToHub>().await.is_err());
    });
}

#[test]
fn b36_who_speaks_before_it_is_looked_at_is_refused() {
    on_a_runtime(async {
        use std::io::Write as _;
        let (link, mut far) = pair();
        assert!(link.check().is_ok());
        // Whatever program it is by now: this may have been said by the one before.
        far.write_all(&message()).expect("written");
        assert!(matches!(link.check(), Err(NotOurs::Early)));
    });
}
