//! The hub's one loop: wait, drain everything ready, let the desk handle each, commit once, answer.
//!
//! Invariant: an answer leaves after its entries are written, a person's decision after `fdatasync`; when the journal
//! cannot be written nothing is allowed. All state is owned here; tasks only feed the inbox. Nothing that may take long
//! (history, syncing what no person waits for) runs on this thread.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::accepted::{self, Copies};
use super::book::{Book, Synced};
use super::desk::{Desk, Effect, Event, Now, PeerId, PolicyFile, Recalled};
use super::pages::{Kind, Pages, Question};
use super::peer::{self, Outgoing};
use super::spawn::{self, Lock, Names};
use super::watch::{self, Watch};
use super::zone::Zone;
use crate::call::Digest;
use crate::config::Home;
use crate::socket::{self, Listener};
use crate::wire::{FromHub, ToHub};

/// With nothing attached for this long the hub leaves.
const IDLE: Duration = if cfg!(test) { Duration::from_secs(2) } else { Duration::from_mins(10) };
/// How long an entry that no person waits for may take to be synced.
const SYNC_WITHIN: Duration = Duration::from_millis(40);
/// How long the store may lag behind the journal.
const INDEX_WITHIN: Duration = Duration::from_millis(50);
/// How long peers may take to read their last words.
const FAREWELL: Duration = Duration::from_secs(1);
/// How many events are drained at once.
const BATCH: usize = 256;

/// Everything that can happen to a hub.
#[derive(Debug)]
pub enum Incoming {
    /// A peer was welcomed; what the desk is told of it.
    Joined(PeerId, Outgoing, Box<Event>),
    /// Something for the desk.
    Event(Event),
    /// The policy file says something new.
    Policy(watch::Found),
    /// A sync in the background ended.
    Synced(Synced),
    /// What a peer asked of the journal was read.
    Page(PeerId, Kind, Result<FromHub, String>),
}

/// How a start ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It served, and was stopped or left idle.
    Served,
    /// Another hub has this home.
    AnotherRuns,
}

/// Serves this home until stopped or idle. `background`: standard error is closed once the socket is there.
pub fn run(home: &Home, background: bool) -> Result<Ended> {
    // Whatever is made from here on, sled's own files too, is for this user alone.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    home.make()?;
    let Some(lock) = Lock::take(home)? else { return Ok(Ended::AnotherRuns) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Few are ever busy; but a project's folder may be on a file system that does not answer.
        .max_blocking_threads(64)
        .build()
        .context("cannot begin to run")?;
    // A task among those that feed it: the runtime looks for news from the system between tasks and what it blocks on,
    // but not between one task and the next.
    let served = runtime.block_on(async { tokio::spawn(serve(home.clone(), background)).await });
    let ended = served.context("the hub broke down; its log says where")?;
    // A search through a long history is not waited for.
    runtime.shutdown_timeout(FAREWELL);
    drop(lock);
    ended.map(|()| Ended::Served)
}

async fn serve(home: Home, background: bool) -> Result<()> {
    let home = &home;
    let log = crate::log::init(home, "hub");
    let start = Instant::now();
    let (book, opened) = Book::open(home, wall())?;
    let mut desk = Desk::new(std::process::id(), home_name(home), opened.last_call, opened.last_grant);
    let mut watch = Watch::new();
    let policy = accepted::as_file(watch.look(&home.policy()).unwrap_or(Ok(None)));
    let copies = Copies::new(home.accepted());
    let recalled = copies.recall(opened.policy, opened.new, &policy);
    let listener = socket::bind(home)?;
    let names = Arc::new(Names::of(home)?);
    if background {
        spawn::name_itself();
        spawn::hush()?;
    }
    tracing::info!(pid = std::process::id(), version = env!("CARGO_PKG_VERSION"), "the hub is up");
    let mut notices = opened.notices;
    notices.extend(taken(&recalled, &policy));
    notices.extend(log.err().map(|e| format!("there is no log: {e:#}")));
    notices.extend(
        crate::proc::own_program()
            .err()
            .map(|e| format!("the system does not show which program a process runs ({e}): peers cannot be checked")),
    );

    let (sender, inbox) = mpsc::channel(BATCH * 4);
    let mut tasks = JoinSet::new();
    tasks.spawn(accept(listener, home.digest(), sender.clone()));
    tasks.spawn(signals(sender.clone())?);
    tasks.spawn(follow(home.policy(), watch, Arc::clone(&names), sender.clone()));
    let mut effects: Vec<Effect> = opened.records.into_iter().map(Effect::Journal).collect();
    let mut hub = Hub {
        start,
        zone: Zone::default(),
        book,
        copies,
        peers: BTreeMap::new(),
        pages: Pages::new(home.journal.clone(), sender.clone()),
        sender,
        sync_at: None,
        syncing: false,
        index_at: None,
        idle_at: Some(start + IDLE),
        touched: BTreeSet::new(),
        told: BTreeSet::new(),
        stopping: false,
    };
    let now = hub.now();
    let policy = [Event::Recalled(Box::new(recalled)), Event::Policy(Box::new(policy))];
    for event in notices.into_iter().map(Event::Notice).chain(policy) {
        desk.handle(now, event, &hub.book, &mut effects);
    }
    hub.commit(&mut desk, now, effects);
    hub.serve(&mut desk, inbox).await;
    // Nobody finds the way in any more; whoever is on it is told by the end of the connection.
    if names.are_ours() {
        _ = std::fs::remove_file(home.socket());
    }
    tasks.shutdown().await;
    hub.farewell().await;
    tracing::info!("the hub leaves");
    Ok(())
}

/// What the shell owns beside the desk.
struct Hub {
    start: Instant,
    zone: Zone,
    book: Book,
    copies: Copies,
    peers: BTreeMap<PeerId, Outgoing>,
    pages: Pages,
    sender: mpsc::Sender<Incoming>,
    /// When what was written must be synced.
    sync_at: Option<Instant>,
    syncing: bool,
    /// When the store must have caught up.
    index_at: Option<Instant>,
    idle_at: Option<Instant>,
    /// Peers with something queued in this round.
    touched: BTreeSet<PeerId>,
    /// Notices that need not be given twice.
    told: BTreeSet<String>,
    stopping: bool,
}

impl Hub {
    fn now(&self) -> Now {
        let mono = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let wall = wall();
        Now { mono, wall, local: self.zone.local(mono, wall) }
    }

    async fn serve(&mut self, desk: &mut Desk, mut inbox: mpsc::Receiver<Incoming>) {
        let mut events = Vec::new();
        while !self.stopping {
            tokio::select! {
                biased;
                _ = inbox.recv_many(&mut events, BATCH) => {}
                () = sleep_until(self.wake_at(desk)) => {}
            }
            let now = self.now();
            let mut effects = Vec::new();
            for incoming in events.drain(..) {
                if let Some(event) = self.take(incoming, &mut effects) {
                    desk.handle(now, event, &self.book, &mut effects);
                }
            }
            if desk.next_deadline().is_some_and(|at| at <= now.mono) {
                desk.handle(now, Event::Tick, &self.book, &mut effects);
            }
            self.commit(desk, now, effects);
            self.look_around(desk, now);
        }
    }

    /// What is for the desk; the rest is done here.
    fn take(&mut self, incoming: Incoming, effects: &mut Vec<Effect>) -> Option<Event> {
        match incoming {
            Incoming::Joined(id, outgoing, event) => {
                self.peers.insert(id, outgoing);
                Some(*event)
            }
            Incoming::Event(Event::Gone(id)) => {
                self.peers.remove(&id);
                self.pages.gone(id);
                Some(Event::Gone(id))
            }
            Incoming::Event(event) => Some(event),
            Incoming::Policy(found) => {
                let file = accepted::as_file(found);
                // Not what is wrong with it: that may quote the file.
                tracing::info!(valid = file.policy.why_invalid().is_none(), "a policy was read");
                Some(Event::Policy(Box::new(file)))
            }
            Incoming::Synced(synced) => {
                self.syncing = false;
                let e = synced.err()?;
                tracing::error!(error = %e, "the journal cannot be synced");
                // Every append from now on fails, so that nothing is allowed.
                Some(Event::Notice(format!("the journal may not be on the disk: {e}")))
            }
            Incoming::Page(id, kind, page) => {
                self.pages.done(id, kind);
                match page {
                    Ok(page) => effects.push(Effect::Send(id, page)),
                    Err(why) => return self.told.insert(why.clone()).then_some(Event::Notice(why)),
                }
                None
            }
        }
    }

    /// When there is something to do even if nothing comes in.
    fn wake_at(&self, desk: &Desk) -> Instant {
        let deadline = desk.next_deadline().map(|at| self.start + Duration::from_millis(at));
        let sync = self.sync_at.filter(|_| !self.syncing);
        let due = [deadline, sync, self.index_at, self.idle_at].into_iter().flatten().min();
        due.unwrap_or_else(|| Instant::now() + IDLE)
    }

    /// The one way out: what must be written first is written first, together, and then everything is sent.
    fn commit(&mut self, desk: &mut Desk, now: Now, effects: Vec<Effect>) {
        let mut effects = match self.write(now, effects) {
            Ok((0, effects)) => effects,
            Ok((_, mut effects)) if desk.in_trouble() => {
                let mut more = Vec::new();
                desk.journal_recovered(&mut more);
                // If this one entry fails, the desk is in trouble again; what was written before stays written.
                match self.write(now, more) {
                    Ok((_, more)) => effects.extend(more),
                    Err((why, more)) => effects.extend(desk.journal_failed(more, &why)),
                }
                effects
            }
            Ok((_, effects)) => effects,
            Err((why, effects)) => {
                tracing::error!(%why, "the journal cannot be written");
                desk.journal_failed(effects, &why)
            }
        };
        for effect in effects.drain(..) {
            self.carry_out(now, effect);
        }
        for id in std::mem::take(&mut self.touched) {
            if let Some(peer) = self.peers.get(&id) {
                peer.flush();
            }
        }
    }

    /// Writes the entries among the effects: how many there were and what is left to do, or why it cannot be done and
    /// all effects as they were.
    fn write(&mut self, now: Now, effects: Vec<Effect>) -> Result<(usize, Vec<Effect>), (String, Vec<Effect>)> {
        let weighty = effects.iter().any(Effect::is_weighty);
        for effect in &effects {
            if let Effect::Keep(digest, text) = effect
                && let Err(e) = self.copies.keep(*digest, text.as_deref().unwrap_or_default())
            {
                // Then a change made while no hub runs is compared with nothing, and everything is asked for.
                tracing::error!(error = %e, "the accepted policy is not kept");
            }
        }
        let mut records = Vec::new();
        let mut rest = Vec::with_capacity(effects.len());
        for effect in effects {
            match effect {
                Effect::Journal(record) => records.push(record),
                other => rest.push(other),
            }
        }
        if records.is_empty() {
            return Ok((0, rest));
        }
        if let Err(why) = self.book.write(now.wall, &records, weighty) {
            return Err((why, records.into_iter().map(Effect::Journal).chain(rest).collect()));
        }
        let at = Instant::now();
        self.index_at.get_or_insert(at + INDEX_WITHIN);
        self.sync_at = if weighty { None } else { self.sync_at.or(Some(at + SYNC_WITHIN)) };
        Ok((records.len(), rest))
    }

    fn carry_out(&mut self, now: Now, effect: Effect) {
        match effect {
            Effect::Journal(_) => {}
            Effect::Keep(digest, _) => self.copies.drop_others(digest),
            Effect::Send(id, message) => self.send(id, &message),
            Effect::SendApprovals(id) => {
                let listed = self.book.list(now.wall);
                self.send(id, &listed.map_or_else(FromHub::Refused, FromHub::Approvals));
            }
            Effect::SendHistory(id, question) => {
                if let ToHub::History { before, filter, limit } = question {
                    self.pages.ask(id, Question::Page { before, filter, limit });
                }
            }
            Effect::SendStats(id, since) => self.pages.ask(id, Question::Stats(since)),
            Effect::Count(id, tally) => self.pages.ask(id, Question::Count(tally)),
            Effect::Close(id) => {
                if let Some(peer) = self.peers.get(&id) {
                    peer.close();
                }
            }
            Effect::Stop => self.stopping = true,
        }
    }

    fn send(&mut self, id: PeerId, message: &FromHub) {
        if let Some(peer) = self.peers.get(&id) {
            peer.queue(message);
            self.touched.insert(id);
        }
    }

    /// What is due by the clock and concerns no call.
    fn look_around(&mut self, desk: &mut Desk, now: Now) {
        let at = Instant::now();
        let mut notice = None;
        if self.sync_at.is_some_and(|due| due <= at) && !self.syncing {
            self.sync_at = None;
            self.syncing = self.sync_aside();
        }
        if self.index_at.is_some_and(|due| due <= at) {
            self.index_at = None;
            notice = self.book.index(now.wall);
        }
        let idle = desk.is_idle() && self.peers.is_empty();
        self.idle_at = if idle { self.idle_at.or(Some(at + IDLE)) } else { None };
        self.stopping |= self.idle_at.is_some_and(|due| due <= at);
        if let Some(notice) = notice.filter(|notice| self.told.insert(notice.clone())) {
            let mut effects = Vec::new();
            desk.handle(now, Event::Notice(notice), &self.book, &mut effects);
            self.commit(desk, now, effects);
        }
    }

    /// Syncs on another thread; whether there was anything to sync.
    fn sync_aside(&mut self) -> bool {
        let Some(sync) = self.book.sync_aside() else { return false };
        let sender = self.sender.clone();
        tokio::task::spawn_blocking(move || {
            // The hub may have ended: then it has synced itself.
            _ = sender.blocking_send(Incoming::Synced(sync()));
        });
        true
    }

    /// The last words are read, or not waited for any longer; everything is on the disk.
    async fn farewell(&mut self) {
        self.book.close(wall());
        for peer in self.peers.values() {
            peer.close();
        }
        let read = async {
            while !self.peers.values().all(Outgoing::is_done) {
                self.peers.values().for_each(Outgoing::flush);
                sleep(Duration::from_millis(5)).await;
            }
        };
        _ = timeout(FAREWELL, read).await;
    }
}

/// Milliseconds since the Unix epoch.
fn wall() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn home_name(home: &Home) -> String {
    home.given.as_ref().unwrap_or(&home.config).display().to_string()
}

/// What a person should know of the first policy of a home.
fn taken(recalled: &Recalled, file: &PolicyFile) -> Option<String> {
    let digest = file.digest.filter(|_| matches!(recalled, Recalled::New))?;
    Some(format!("a new home: its policy file was taken as it stands (digest {})", digest.short()))
}

/// Lets everybody in who knocks.
async fn accept(listener: Listener, home: Digest, inbox: mpsc::Sender<Incoming>) {
    let mut peers = JoinSet::new();
    let mut next = 0;
    loop {
        tokio::select! {
            link = listener.accept() => match link {
                Ok(link) => {
                    next += 1;
                    peers.spawn(peer::serve(link, PeerId(next), home, inbox.clone()));
                }
                Err(e) => {
                    // No more file descriptors, mostly: others have to go first.
                    tracing::error!(error = %e, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = peers.join_next() => {}
        }
    }
}

/// A signal to end stops the hub as a person would.
fn signals(inbox: mpsc::Sender<Incoming>) -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("cannot listen to signals");
    let (mut term, mut int, mut hangup) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?, listen(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            _ = hangup.recv() => {}
        }
        _ = inbox.send(Incoming::Event(Event::Stop)).await;
    })
}

/// Tells what becomes of the policy file. When the hub's lock or socket was taken away, nobody finds it any more: it
/// ends, so that the next one can begin.
async fn follow(path: PathBuf, mut watch: Watch, names: Arc<Names>, inbox: mpsc::Sender<Incoming>) {
    loop {
        sleep(watch::EVERY).await;
        if !names.are_ours() {
            tracing::error!("the hub's lock or socket was removed or replaced; the hub leaves");
            _ = inbox.send(Incoming::Event(Event::Stop)).await;
            return;
        }
        if let Some(found) = watch.look(&path)
            && inbox.send(Incoming::Policy(found)).await.is_err()
        {
            return;
        }
    }
}
