//! The wrap's connection to the hub: made when there is something to say, made again after a loss.
//!
//! Invariant: messages leave in the order in which they were given. What the hub was not told when it was lost is not
//! told to the next one: the machine hears of the loss and asks again. Never decides; never blocks.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::follow::{Follower, Place};
use crate::config::Home;
use crate::socket::{self, SocketError};
use crate::wire::{FromHub, Role, ToHub};

/// How long the end of a call may wait for something else to tell the hub: it saves waking the hub once a call.
const PATIENT: Duration = Duration::from_millis(20);

/// With more than this waiting, the loop stops reading the host, in bytes.
const FULL: usize = 1 << 20;

/// The same while there is no hub yet, in messages (the machine bounds their bytes).
const MANY: usize = 1024;

type Attaching = Pin<Box<dyn Future<Output = Result<socket::Link, SocketError>>>>;

enum State {
    Idle,
    Attaching(Attaching),
    Up(socket::Link),
}

/// The connection.
pub struct Link {
    home: Home,
    role: Box<dyn Fn() -> Role>,
    state: State,
    /// Awaited while the hub does not read fast enough.
    room: Option<socket::Room>,
    /// What waits until it is known where its paths lead.
    follower: Follower,
    /// What is to be said once attached.
    waiting: Vec<ToHub>,
    /// Ends of calls, which are not urgent.
    patient: Vec<ToHub>,
    due: Option<Instant>,
}

impl Link {
    /// Nobody is connected to yet; `role` is made when somebody is. `place`: where the server stands.
    pub fn new(home: Home, role: Box<dyn Fn() -> Role>, place: Place) -> Self {
        let follower = Follower::new(place);
        Self {
            home,
            role,
            state: State::Idle,
            room: None,
            follower,
            waiting: Vec::new(),
            patient: Vec::new(),
            due: None,
        }
    }

    /// Tells the hub, at the next flush.
    pub fn send(&mut self, now: Instant, message: ToHub) {
        if matches!(message, ToHub::Finish(_)) {
            self.patient.push(message);
            self.due.get_or_insert(now + PATIENT);
            return;
        }
        if let State::Idle = self.state {
            let (home, role) = (self.home.clone(), (self.role)());
            self.state = State::Attaching(Box::pin(async move { socket::attach(&home, role).await }));
        }
        self.hurry();
        self.follower.push(message, &mut self.waiting);
    }

    /// Lets what is not urgent go with the next flush.
    pub fn hurry(&mut self) {
        self.due = None;
        // Without a hub that knows these calls there is nobody to tell.
        match self.state {
            State::Idle => self.patient.clear(),
            State::Attaching(_) | State::Up(_) => self.waiting.append(&mut self.patient),
        }
    }

    /// When [`Self::hurry`] is wanted at the latest.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether so much waits that nothing should be added.
    pub fn is_full(&self) -> bool {
        match &self.state {
            State::Idle => false,
            State::Attaching(_) => self.waiting.len() + self.follower.len() > MANY,
            State::Up(link) => link.sender.queued() > FULL || self.follower.len() > MANY,
        }
    }

    /// Writes what waits. Ready when all of it is written, with the reason when the hub is lost.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let followed = self.follower.poll(cx, &mut self.waiting);
        let State::Up(link) = &mut self.state else {
            return if self.waiting.is_empty() { followed.map(Ok) } else { Poll::Pending };
        };
        let mut write = || {
            for message in self.waiting.drain(..) {
                link.sender.queue(&message)?;
            }
            if let Some(room) = &self.room {
                ready!(room.poll(cx)).map_err(failed)?;
                self.room = None;
            }
            while !link.sender.try_flush().map_err(failed)? {
                let room = self.room.insert(link.sender.room().map_err(failed)?);
                ready!(room.poll(cx)).map_err(failed)?;
                self.room = None;
            }
            followed.map(Ok)
        };
        write().map_err(|why| self.lose(&why))
    }

    /// The next message from the hub, or the reason when it is lost.
    pub fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<FromHub, String>> {
        if let State::Attaching(attaching) = &mut self.state {
            match ready!(attaching.as_mut().poll(cx)) {
                Ok(link) => self.state = State::Up(link),
                Err(why) => return Poll::Ready(Err(self.lose(&why))),
            }
            if let Poll::Ready(Err(why)) = self.poll_flush(cx) {
                return Poll::Ready(Err(why));
            }
        }
        let State::Up(link) = &mut self.state else { return Poll::Pending };
        let gone = || SocketError::Strange("it went away".to_owned());
        let message = ready!(link.receiver.poll_recv(cx)).and_then(|message| message.ok_or_else(gone));
        Poll::Ready(message.map_err(|why| self.lose(&why)))
    }

    fn lose(&mut self, why: &SocketError) -> String {
        self.state = State::Idle;
        self.room = None;
        self.follower.clear();
        self.waiting.clear();
        self.patient.clear();
        self.due = None;
        why.to_string()
    }
}

fn failed(why: std::io::Error) -> SocketError {
    SocketError::Io { what: "talk with the hub".to_owned(), why }
}
