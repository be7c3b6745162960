//! One connection: who it is, then what it says, into the hub's inbox; and what it is told, out of the hub's hands.
//!
//! Invariant: nobody is heard before they have shown to be the same user, the same program and the same version. A peer
//! that does not read what it is told is dropped; it never holds up the hub.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::desk::{Event, PeerId, Process};
use super::projects::{self, Followed};
use super::run::Incoming;
use crate::call::Digest;
use crate::proc::{self, Key, Lineage, lineage};
use crate::socket::{Link, Other, Receiver, Sender};
use crate::wire::{FromHub, Hello, Role, ToHub, VERSION};

/// How long a peer may take to say hello.
const HELLO: Duration = Duration::from_secs(5);

/// A peer with more than this waiting to be read by it is dropped, in bytes: a full queue of calls with long arguments
/// passes, a peer that has stopped does not grow without end.
const MOST_QUEUED: usize = if cfg!(test) { 4 << 20 } else { 320 << 20 };

/// The hub's hand on what a peer is told.
#[derive(Clone, Debug)]
pub struct Outgoing(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sender: Mutex<State>,
    /// Something waits that the system did not take at once, or the connection is to end.
    wake: Notify,
}

#[derive(Debug)]
struct State {
    sender: Sender,
    /// What was queued is the last that is sent.
    closing: bool,
    /// Nothing more can be sent.
    broken: bool,
}

impl Outgoing {
    fn new(sender: Sender) -> Self {
        let state = State { sender, closing: false, broken: false };
        Self(Arc::new(Shared { sender: Mutex::new(state), wake: Notify::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message behind those that wait. A peer that does not read is dropped here.
    pub fn queue(&self, message: &FromHub) {
        let mut state = self.state();
        if state.closing || state.broken {
            return;
        }
        let queued = state.sender.queue(message);
        if queued.is_err() || state.sender.queued() > MOST_QUEUED {
            tracing::warn!(queued = state.sender.queued(), "a peer does not read what it is told; it is dropped");
            state.broken = true;
            self.0.wake.notify_one();
        }
    }

    /// Writes what the system takes at once; the rest follows as it goes.
    pub fn flush(&self) {
        let mut state = self.state();
        let done = !state.broken && state.sender.try_flush().unwrap_or(false);
        if !done || state.closing {
            self.0.wake.notify_one();
        }
    }

    /// Ends the connection after what was queued.
    pub fn close(&self) {
        self.state().closing = true;
        self.0.wake.notify_one();
    }

    /// Writes on whenever the system takes more. Returns when the connection is to end.
    async fn drain(&self) {
        loop {
            let room = {
                let mut state = self.state();
                if state.broken {
                    return;
                }
                match state.sender.try_flush() {
                    Ok(true) if state.closing => return,
                    Ok(true) => None,
                    Ok(false) => Some(state.sender.room()),
                    Err(_) => return,
                }
            };
            // Also while the system takes nothing: a peer that was given up is not waited for.
            match room {
                None => self.0.wake.notified().await,
                Some(Ok(room)) => tokio::select! {
                    () = self.0.wake.notified() => {}
                    writable = room.wait() => if writable.is_err() { return },
                },
                Some(Err(_)) => return,
            }
        }
    }

    /// Whether everything was written or cannot be.
    pub fn is_done(&self) -> bool {
        let state = self.state();
        state.broken || state.sender.queued() == 0
    }
}

/// Serves one connection until it ends.
pub async fn serve(link: Link, id: PeerId, home: Digest, inbox: mpsc::Sender<Incoming>) {
    let mut link = link;
    let welcomed = welcome(&mut link, id).await;
    let Link { mut receiver, mut sender, .. } = link;
    let (event, other) = match welcomed {
        Ok(welcomed) => welcomed,
        Err(why) => {
            tracing::warn!("refused a connection");
            if sender.queue(&FromHub::Refused(why)).is_ok() {
                // Whoever was refused need not be waited for.
                _ = timeout(HELLO, sender.flush()).await;
            }
            return;
        }
    };
    let mut event = event;
    let outgoing = Outgoing::new(sender);
    outgoing.queue(&FromHub::Hello(Hello::new(None, home)));
    outgoing.flush();
    // Nothing that a wrap says is heard before it is known what its project says.
    let mut followed = Followed::default();
    if let Event::Wrap { server, project, .. } = &mut event {
        (*project, followed) = projects::first(&server.cwd).await;
    }
    if inbox.send(Incoming::Joined(id, outgoing.clone(), Box::new(event))).await.is_err() {
        return;
    }
    tokio::select! {
        () = listen(&mut receiver, id, other, &inbox) => {}
        () = outgoing.drain() => {}
        () = projects::follow(followed, id, inbox.clone()) => {}
    }
    // The hub may have ended meanwhile: then nobody is left to be told.
    _ = inbox.send(Incoming::Event(Event::Gone(id))).await;
}

/// Hears hello and looks who says it.
async fn welcome(link: &mut Link, id: PeerId) -> Result<(Event, Other), String> {
    let hello = match timeout(HELLO, link.receiver.recv::<ToHub>()).await {
        Ok(Ok(Some(ToHub::Hello(hello)))) => hello,
        Ok(Ok(Some(_))) => return Err("the first word must be hello".to_owned()),
        Ok(Ok(None)) => return Err("it hung up".to_owned()),
        Ok(Err(e)) => return Err(format!("cannot read what you say: {e}")),
        Err(_) => return Err(format!("no hello within {} s", HELLO.as_secs())),
    };
    if hello.version != VERSION {
        return Err(format!(
            "this hub (sayso {}) speaks version {VERSION}, you (sayso {}) speak version {}; run: sayso hub stop",
            env!("CARGO_PKG_VERSION"),
            hello.build.escape_debug(),
            hello.version
        ));
    }
    let other = link.check().map_err(|e| {
        format!("this hub refuses you: {e}. If you have just installed another sayso, run: sayso hub stop")
    })?;
    let role = hello.role.ok_or("hello needs a role")?;
    let event = introduce(role, id, other.pid);
    // What was seen of its lineage is its own only if it is still there.
    if other.is_there() { Ok((event, other)) } else { Err("you have ended".to_owned()) }
}

/// What the desk is told of a peer, from what the system says of its process.
fn introduce(role: Role, peer: PeerId, pid: Option<u32>) -> Event {
    let seen: io::Result<Lineage> = pid.map_or_else(|| Err(io::ErrorKind::NotFound.into()), proc::lineage_of);
    if let Err(e) = &seen {
        tracing::warn!(pid, error = %e, "cannot see where a peer comes from");
    }
    let seen = seen.unwrap_or_default();
    let terminal = seen.chain.first().and_then(proc::Process::terminal);
    let pid = pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string());
    let who = format!("pid {pid} on {}", terminal.as_deref().unwrap_or("no terminal"));
    match role {
        Role::Wrap { session, server } => {
            let host = lineage::host_of(&seen.chain).map(process);
            tracing::info!(peer = peer.0, pid, host = host.map(|host| host.pid), "a wrap attached");
            Event::Wrap { peer, session, server, host, project: Vec::new() }
        }
        Role::Console => {
            let unfit = lineage::unfit(&seen);
            tracing::info!(peer = peer.0, pid, fit = unfit.is_none(), "a console attached");
            Event::Console { peer, who, lineage: seen.chain.iter().map(|p| process(p.key)).collect(), unfit }
        }
        Role::Command => Event::Command { peer, who },
    }
}

fn process(key: Key) -> Process {
    Process { pid: key.pid, start: key.started }
}

async fn listen(receiver: &mut Receiver, id: PeerId, other: Other, inbox: &mpsc::Sender<Incoming>) {
    loop {
        match receiver.recv::<ToHub>().await {
            // The system named the writer by its number; a decision is worth a look whether it still is the same process.
            Ok(Some(ToHub::Decide(_) | ToHub::Weigh { .. })) if !other.is_there() => {
                tracing::warn!(peer = id.0, "a console that is not there any more cannot decide");
                return;
            }
            Ok(Some(message)) => {
                if inbox.send(Incoming::Event(Event::Said(id, message))).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(_) => {
                // Not what it said: that may quote a call.
                tracing::warn!(peer = id.0, "a peer cannot be understood; it is dropped");
                return;
            }
        }
    }
}
