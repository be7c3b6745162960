//! What is remembered: the approvals that let a call pass, what could be remembered of one that waits, and the grant
//! that comes of a person's choice.
//!
//! Invariant: a console cannot invent a cover. It names one of the desk's own suggestions by its digest, and the desk
//! makes them anew from the call that it holds.

use super::{
    Answer, By, Call, CallId, Decision, DecisionKind, Desk, Digest, Effect, FromHub, Grants, Held, Now, PeerId,
    SESSION_CAP_MS, Scope, SessionId,
};
use crate::decision::{Cover, Grant, GrantId, Level};
use crate::policy::cover::covers;
use crate::policy::suggest::{Remember, Request, Suggestion, suggest};
use crate::policy::tally::Tally;
use crate::risk::{Facts, Link};
use crate::wire::{Offer, Suggestions};

/// What could be remembered of a call, as consoles are told it; `counted`: over so many calls.
pub fn told(tally: &Tally, counted: Option<u64>) -> Suggestions {
    let offers = tally.offers().map(|(suggestion, past)| Offer {
        cover: suggestion.cover.as_ref().map(Cover::digest),
        says: suggestion.says.clone(),
        past: counted.map(|_| past),
    });
    Suggestions { id: tally.id, params_digest: tally.params_digest, offers: offers.collect(), counted }
}

/// What an approval of exactly this call is found by: the call, and where the links in it led. A link that was put there,
/// or that leads elsewhere now, makes it another call.
fn exact_key(call: &Call, session: Option<&SessionId>, links: &[Link]) -> Digest {
    let key = call.grant_key(session);
    if links.is_empty() {
        return key;
    }
    let mut led: Vec<[&str; 2]> =
        links.iter().map(|link| [link.written.as_str(), link.leads.as_deref().unwrap_or_default()]).collect();
    led.sort_unstable();
    let led = led.iter().flatten().map(|text| text.as_bytes());
    Digest::of_fields([b"led" as &[u8], &key.0].into_iter().chain(led))
}

impl Held {
    /// What could be remembered of it, as the policy stands now.
    fn suggestions(&self, remember: Remember) -> Vec<Suggestion> {
        let level = self.risk.level.max(self.verdict.level);
        suggest(&Request::of(&self.call, &self.risk.findings, level, &self.facts), remember)
    }
}

impl Desk {
    /// The approval that covers the call, which is rated `level` now: one of exactly this call, else a wider one.
    pub(super) fn by_grant(
        &self,
        now: Now,
        call: &Call,
        level: Level,
        facts: &Facts,
        grants: &dyn Grants,
    ) -> Option<Decision> {
        if call.params.is_answer() {
            return None;
        }
        let counts = |grant: &Grant, session: Option<&SessionId>| {
            grant.session.as_ref() == session
                && grant.tool == call.tool
                && grant.holds_at(now.wall)
                && !self.revoked.contains(&grant.id)
        };
        let exact = |session| {
            let grant = grants.find(&exact_key(call, session, &facts.links), now.wall)?;
            (counts(&grant, session) && grant.cover.is_none()).then_some(grant)
        };
        let wide = |session| {
            let fits = |grant: &Grant| {
                let cover = grant.cover.as_ref();
                counts(grant, session)
                    && cover.is_some_and(|c| covers(self.ground.remember(), c, call, level, &facts.links))
            };
            grants.wide(&call.tool_key(session)?, now.wall).into_iter().find(fits)
        };
        let mine = Some(&call.session);
        let grant = exact(None).or_else(|| exact(mine)).or_else(|| wide(None)).or_else(|| wide(mine))?;
        Some(Decision { grant: Some(grant.id), ..Decision::new(DecisionKind::Allowed, By::Grant) })
    }

    /// What is to be remembered beyond the call: one of the hub's own suggestions, made anew, or nothing.
    pub(super) fn chosen(&self, id: CallId, answer: &Answer) -> Result<Option<Cover>, &'static str> {
        let Answer::Remember { cover: Some(digest), .. } = answer else { return Ok(None) };
        let held = self.held.get(&id).ok_or("it was settled before your answer came")?;
        let offered = held.suggestions(self.ground.remember()).into_iter().filter_map(|suggestion| suggestion.cover);
        let chosen = offered.into_iter().find(|cover| cover.digest() == *digest);
        chosen.map(Some).ok_or("what you chose is not offered for this call any more; nothing was done: choose anew")
    }

    /// Says what could be remembered of a call, at once, and has it counted.
    pub(super) fn suggest(&mut self, peer: PeerId, id: CallId, out: &mut Vec<Effect>) {
        let Some(held) = self.held.get(&id) else {
            let why = "it was settled before its suggestions were asked for".to_owned();
            return out.push(Effect::Send(peer, FromHub::Stale { id, why }));
        };
        let tally = Tally::new(&held.call, held.params_digest, held.suggestions(self.ground.remember()));
        out.push(Effect::Send(peer, FromHub::Suggestions(told(&tally, None))));
        out.push(Effect::Count(peer, Box::new(tally)));
    }

    /// None only where a cover has no key to be found by, which is then not offered either.
    pub(super) fn new_grant(
        &mut self,
        now: Now,
        held: &Held,
        scope: Scope,
        cover: Option<Cover>,
        who: String,
    ) -> Option<Grant> {
        let session = (scope == Scope::Session).then(|| held.call.session.clone());
        let lasts = scope.duration().and_then(|d| i64::try_from(d.as_millis()).ok());
        let lasts = lasts.or(session.is_some().then_some(SESSION_CAP_MS));
        let key = match cover {
            None => exact_key(&held.call, session.as_ref(), &held.facts.links),
            Some(_) => held.call.tool_key(session.as_ref())?,
        };
        let id = GrantId(self.next_grant);
        self.next_grant += 1;
        Some(Grant {
            id,
            key,
            cover,
            server: held.call.server.name.clone(),
            tool: held.call.tool.clone(),
            scope,
            session,
            created_at: now.wall,
            expires_at: lasts.map(|ms| now.wall.saturating_add(ms)),
            call: held.call.id,
            who,
        })
    }
}
