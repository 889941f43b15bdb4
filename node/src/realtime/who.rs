//! Whose a seat is, and what they may do in the room.

use super::awareness::SeatNo;
use crate::auth::Caller;
use easel_storage::sharing::Role;
use easel_storage::{Actor, DocName};
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
}

#[cfg(test)]
impl Admission {
    pub(crate) const fn local() -> Self {
        Self {
            who: Who::local(),
            caller: None,
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
type Inside = (Role, Arc<Caller>);

/// Who sits where, of those whose access can change.
#[derive(Debug)]
pub(super) struct Door {
    inside: Mutex<HashMap<(DocName, SeatNo), Inside>>,
    /// Bounded by the seats there are: each arrives once.
    arrivals: mpsc::UnboundedSender<Watched>,
    unwatched: Mutex<Option<mpsc::UnboundedReceiver<Watched>>>,
}

impl Door {
    pub(super) fn new() -> Self {
        let (arrivals, unwatched) = mpsc::unbounded_channel();
        Self {
            inside: Mutex::default(),
            arrivals,
            unwatched: Mutex::new(Some(unwatched)),
        }
    }

    /// Who comes in. What changed between the look at their access and their seat is not missed: they are looked at again.
    pub(super) fn arrivals(&self) -> Option<mpsc::UnboundedReceiver<Watched>> {
        self.unwatched.lock().take()
    }

    pub(super) fn enter(&self, doc: &DocName, seat: SeatNo, admission: &Admission) {
        if let Some(caller) = &admission.caller {
            let role = admission.who.role;
            let inside = (role, caller.clone());
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
        if let Some((known, _)) = self.inside.lock().get_mut(&(doc.clone(), seat)) {
            *known = role;
        }
    }

    pub(super) fn watched(&self, concerns: impl Fn(&DocName, &Caller) -> bool) -> Vec<Watched> {
        let inside = self.inside.lock();
        let found = inside
            .iter()
            .filter(|((doc, _), (_, caller))| concerns(doc, caller));
        found
            .map(|((doc, seat), (role, caller))| Watched {
                doc: doc.clone(),
                seat: *seat,
                role: *role,
                caller: caller.clone(),
            })
            .collect()
    }
}
