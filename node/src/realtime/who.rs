//! Whose a seat is, and what they may do in the room.

use super::awareness::SeatNo;
use crate::auth::{Caller, Presented};
use easel_storage::sharing::Role;
use easel_storage::{Actor, DocName, Time};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Somebody in a room.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) role: Role,
    /// Whom what they draw is put down to.
    pub(crate) actor: Actor,
    /// How the others are to see them; without it they say so themselves.
    pub(crate) shown: Option<Arc<Shown>>,
}

/// What the server says of somebody, whatever they say themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: Arc<str>,
    pub(crate) name: String,
    /// What their picture is asked for with; nothing when they have none.
    pub(crate) picture: Option<String>,
}

impl Who {
    /// Nobody in particular: on a node without accounts, or in a room of another application.
    pub(crate) const fn local() -> Self {
        Self {
            role: Role::Editor,
            actor: Actor::Local,
            shown: None,
        }
    }

    pub(super) fn may_edit(&self) -> bool {
        self.role >= Role::Editor
    }

    pub(super) fn role_word(role: Role) -> &'static str {
        match role {
            Role::Viewer => "viewer",
            Role::Commenter => "commenter",
            Role::Editor => "editor",
            Role::Owner => "owner",
        }
    }
}

/// Somebody at the door, with what they showed there: it is looked at again when something about it changes.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    pub(crate) who: Who,
    /// `None`: nothing about them can change.
    pub(crate) caller: Option<Arc<Caller>>,
    /// When what they showed is good no longer; `None`: it does not run out by itself.
    pub(crate) ends_at: Option<Time>,
}

#[cfg(test)]
impl Admission {
    pub(crate) const fn local() -> Self {
        Self {
            who: Who::local(),
            caller: None,
            ends_at: None,
        }
    }
}

/// A seat of somebody whose access can change.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) doc: DocName,
    pub(crate) seat: SeatNo,
    pub(crate) role: Role,
    pub(crate) caller: Arc<Caller>,
}

/// What somebody may do, and what they showed for it.
#[derive(Debug)]
struct Inside {
    role: Role,
    caller: Arc<Caller>,
    /// When that is good no longer. `None` also for who was told to go for it.
    ends_at: Option<Time>,
}

/// A token that somebody sent over their connection, to stay longer than the one they came with.
#[derive(Debug)]
pub(crate) struct Renewal {
    pub(crate) doc: DocName,
    pub(crate) seat: SeatNo,
    pub(crate) token: String,
}

/// Tokens that wait to be looked at. A connection that sends one more is not read until there is room.
const RENEWALS_MAX: usize = 64;

/// Who sits where, of those whose access can change.
#[derive(Debug)]
pub(super) struct Door {
    inside: Mutex<HashMap<(DocName, SeatNo), Inside>>,
    /// Bounded by the seats there are: each arrives once.
    arrivals: mpsc::UnboundedSender<Watched>,
    renewals: mpsc::Sender<Renewal>,
    unwatched: Mutex<Option<Comings>>,
}

/// What the one who watches the door hears of.
#[derive(Debug)]
pub(crate) struct Comings {
    /// Who comes in. What changed between the look at their access and their seat is not missed: they are looked at again.
    pub(crate) arrivals: mpsc::UnboundedReceiver<Watched>,
    pub(crate) renewals: mpsc::Receiver<Renewal>,
}

impl Door {
    pub(super) fn new() -> Self {
        let (arrivals, arriving) = mpsc::unbounded_channel();
        let (renewals, renewing) = mpsc::channel(RENEWALS_MAX);
        let comings = Comings {
            arrivals: arriving,
            renewals: renewing,
        };
        Self {
            inside: Mutex::default(),
            arrivals,
            renewals,
            unwatched: Mutex::new(Some(comings)),
        }
    }

    /// Once, for the one who watches.
    pub(super) fn comings(&self) -> Option<Comings> {
        self.unwatched.lock().take()
    }

    pub(super) fn enter(&self, doc: &DocName, seat: SeatNo, admission: &Admission) {
        if let Some(caller) = &admission.caller {
            let role = admission.who.role;
            let inside = Inside {
                role,
                caller: caller.clone(),
                ends_at: admission.ends_at,
            };
            self.inside.lock().insert((doc.clone(), seat), inside);
            // Nobody looks when the node is going away.
            let _ = self.arrivals.send(Watched {
                doc: doc.clone(),
                seat,
                role,
                caller: caller.clone(),
            });
        }
    }

    pub(super) fn leave(&self, doc: &DocName, seat: SeatNo) {
        let mut inside = self.inside.lock();
        // Most rooms of a node without accounts never have anybody here.
        if !inside.is_empty() {
            inside.remove(&(doc.clone(), seat));
        }
    }

    pub(super) fn now_is(&self, doc: &DocName, seat: SeatNo, role: Role) {
        if let Some(inside) = self.inside.lock().get_mut(&(doc.clone(), seat)) {
            inside.role = role;
        }
    }

    /// Hands on a token that came over a connection; waits while too many are to be looked at.
    pub(super) async fn show(&self, renewal: Renewal) {
        // Nobody looks when the node is going away.
        let _ = self.renewals.send(renewal).await;
    }

    /// Whether a seat is this person's. One that nothing was asked for is anybody's.
    pub(super) fn is_of(&self, doc: &DocName, seat: SeatNo, admission: &Admission) -> bool {
        let inside = self.inside.lock();
        let known = inside.get(&(doc.clone(), seat));
        match (known, &admission.caller) {
            (None, _) => true,
            (Some(known), Some(caller)) => known.caller.is_same_person(caller),
            (Some(_), None) => false,
        }
    }

    /// Somebody inside showed again who they are. `None`: that is somebody else, or nobody is there any more.
    pub(super) fn renew(&self, doc: &DocName, seat: SeatNo, shown: Presented) -> Option<Watched> {
        let mut all = self.inside.lock();
        let inside = all.get_mut(&(doc.clone(), seat))?;
        if !inside.caller.is_same_person(&shown.caller) {
            return None;
        }
        inside.caller = Arc::new(shown.caller);
        // Over one connection tokens come in order, over several not: the one that is good for longest counts.
        inside.ends_at = inside
            .ends_at
            .zip(shown.ends_at)
            .map(|(before, now)| before.max(now));
        Some(watched(doc, seat, inside))
    }

    /// The same, by coming again rather than by sending a token.
    pub(super) fn renew_by(&self, doc: &DocName, seat: SeatNo, admission: &Admission) {
        if let Some(caller) = &admission.caller {
            let shown = Presented {
                caller: Caller::clone(caller),
                ends_at: admission.ends_at,
            };
            self.renew(doc, seat, shown);
        }
    }

    /// Those whose token ended so long ago without another; each is named once.
    pub(super) fn overdue(&self, now: Time, grace_ms: u64) -> Vec<Watched> {
        let mut all = self.inside.lock();
        let overdue = all.iter_mut().filter_map(|((doc, seat), inside)| {
            inside
                .ends_at
                .take_if(|ends_at| ends_at.plus_ms(grace_ms) <= now)?;
            Some(watched(doc, *seat, inside))
        });
        overdue.collect()
    }

    pub(super) fn watched(&self, concerns: impl Fn(&DocName, &Caller) -> bool) -> Vec<Watched> {
        let inside = self.inside.lock();
        let found = inside
            .iter()
            .filter(|((doc, _), inside)| concerns(doc, &inside.caller));
        found
            .map(|((doc, seat), inside)| watched(doc, *seat, inside))
            .collect()
    }
}

fn watched(doc: &DocName, seat: SeatNo, inside: &Inside) -> Watched {
    Watched {
        doc: doc.clone(),
        seat,
        role: inside.role,
        caller: inside.caller.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Door, Who};
    use crate::auth::{Caller, Presented, UserCaller};
    use easel_storage::{DocName, Time, UserId};
    use std::sync::Arc;

    const GRACE_MS: u64 = 60_000;

    fn user(last: u8) -> Caller {
        Caller::User(UserCaller {
            user: UserId::from_bytes([last; 16]),
            session: None,
            token: None,
            admin: false,
            name: "Ada".to_owned().try_into().unwrap(),
            pictured_at: None,
            scopes: None,
            board: None,
            authenticated_at: None,
        })
    }

    /// Somebody comes at 0 with a token that is good until 600,000; `script` then tells what happens at which time:
    /// `self UNTIL` and `other UNTIL` are tokens, `look` names whether they are sent away.
    fn check(script: &str, expected: &str) {
        let (door, doc) = (Door::new(), "a-room".parse::<DocName>().unwrap());
        let admission = Admission {
            who: Who::local(),
            caller: Some(Arc::new(user(1))),
            ends_at: Some(Time(600_000)),
        };
        door.enter(&doc, 7, &admission);
        let mut got = Vec::new();
        for line in script.split("; ") {
            let (verb, at) = line.split_once(' ').unwrap();
            let at = Time(at.parse().unwrap());
            let presented = |last| Presented {
                caller: user(last),
                ends_at: Some(at),
            };
            got.push(match verb {
                "self" => door
                    .renew(&doc, 7, presented(1))
                    .map_or("refused", |_| "taken"),
                "other" => door
                    .renew(&doc, 7, presented(2))
                    .map_or("refused", |_| "taken"),
                "look" => match door.overdue(at, GRACE_MS).len() {
                    0 => "stays",
                    _ => "goes",
                },
                other => panic!("{other}"),
            });
        }
        assert_eq!(got.join(", "), expected, "{script}");
    }

    #[test]
    fn who_sends_no_other_token_goes_a_minute_after_the_end_of_theirs() {
        check(
            "look 600000; look 659999; look 660000",
            "stays, stays, goes",
        );
        // Once: it takes a while until they are gone.
        check("look 660000; look 661000", "goes, stays");
    }

    #[test]
    fn a_token_in_time_or_within_the_minute_lets_them_stay() {
        check(
            "self 1200000; look 660000; look 1260000",
            "taken, stays, goes",
        );
        check(
            "look 630000; self 1200000; look 660000",
            "stays, taken, stays",
        );
        // Older than the one that is known: it takes nothing away.
        check(
            "self 1200000; self 700000; look 760000",
            "taken, taken, stays",
        );
    }

    #[test]
    fn another_persons_token_changes_nothing() {
        check("other 1200000; look 660000", "refused, goes");
    }
}
