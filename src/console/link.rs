//! The link to the hub: connects, starts a hub when there is none, says what comes, and connects again when it is lost.
//!
//! Invariant: what the console wanted to say while there was no link is thrown away, never said later: an answer
//! belongs to the queue that was on the screen when it was given.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::config::Home;
use crate::socket::{self, Link, SocketError};
use crate::wire::{FromHub, Role, ToHub};

/// The first pause before connecting again; it doubles up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(3);

/// For so long after a hub has left, none is started: it may have been stopped on purpose, and its successor is coming.
const PATIENCE: Duration = Duration::from_secs(3);

/// What becomes of the link.
#[derive(Debug)]
pub enum News {
    /// It is up.
    Up,
    /// It is down, and why.
    Down(String),
    /// The hub says something.
    Message(Box<FromHub>),
}

/// Keeps the link until the console has gone.
pub async fn keep(home: Home, news: mpsc::Sender<News>, mut wanted: mpsc::UnboundedReceiver<ToHub>) {
    let mut pause = SHORTEST;
    let mut lost: Option<Instant> = None;
    loop {
        let attached = match lost {
            Some(at) if at.elapsed() < PATIENCE => connect(&home).await,
            _ => socket::attach(&home, Role::Console).await,
        };
        let why = match attached {
            Ok(link) => {
                while wanted.try_recv().is_ok() {}
                pause = SHORTEST;
                if news.send(News::Up).await.is_err() {
                    return;
                }
                let Some(why) = serve(link, &news, &mut wanted).await else { return };
                lost = Some(Instant::now());
                why
            }
            Err(error) => error.to_string(),
        };
        if news.send(News::Down(why)).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = news.closed() => return,
        }
        pause = (pause * 2).min(LONGEST);
    }
}

async fn connect(home: &Home) -> Result<Link, SocketError> {
    let mut link = socket::connect(home).await?;
    socket::greet(&mut link, home, Role::Console).await?;
    Ok(link)
}

/// Passes messages until the link is lost: why, or `None` when the console has gone.
async fn serve(
    mut link: Link,
    news: &mpsc::Sender<News>,
    wanted: &mut mpsc::UnboundedReceiver<ToHub>,
) -> Option<String> {
    loop {
        tokio::select! {
            heard = link.receiver.recv::<FromHub>() => match heard {
                Ok(Some(message)) => news.send(News::Message(Box::new(message))).await.ok()?,
                Ok(None) => return Some("the hub has ended; what it held is denied".to_owned()),
                Err(error) => return Some(error.to_string()),
            },
            said = wanted.recv() => {
                if let Err(error) = link.send(&said?).await {
                    return Some(error.to_string());
                }
            }
        }
    }
}
