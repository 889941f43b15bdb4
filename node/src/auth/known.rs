//! What was read of sessions, tokens and accounts, until something changes it.
//!
//! Every request asks whether its session is still there. Asking the store costs a thread's turn; this answers from
//! memory, and is told of each change by the state machine itself, on every node, before the change is answered.

use easel_storage::changes::Change;
use easel_storage::people::{SessionView, Subject, TokenView};
use easel_storage::{SessionId, TokenId, UserId};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// When there are more of a kind, all are forgotten and read again as they are asked for.
const ENTRIES_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Known {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Grows with each change.
    changes: u64,
    any_user: Option<bool>,
    keyring_is_read: bool,
    sessions: HashMap<SessionId, Arc<SessionView>>,
    tokens: HashMap<TokenId, Arc<TokenView>>,
}

/// What was known when a read began. What it brought is not kept if something changed meanwhile: it may be of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before(u64);

impl Known {
    pub(crate) fn changed(&self, changes: &[Change]) {
        let mut inner = self.inner.lock();
        inner.changes += 1;
        for change in changes {
            match change {
                // Its policy or a link of it may have ended visits.
                Change::Board(board) => inner.sessions.retain(|_, view| {
                    !matches!(&view.row.subject, Subject::Link { board: of, .. } if of == board)
                }),
                Change::User(user) => inner.forget_user(*user),
                Change::Session(session) => {
                    inner.sessions.remove(session);
                }
                Change::Token(token) => {
                    inner.tokens.remove(token);
                }
                Change::Keyring => inner.keyring_is_read = false,
                Change::Nodes => {}
                Change::Everything => inner.forget(),
            }
        }
    }

    pub(crate) fn begin(&self) -> Before {
        Before(self.inner.lock().changes)
    }

    pub(crate) fn any_user(&self) -> Option<bool> {
        self.inner.lock().any_user
    }

    pub(crate) fn put_any_user(&self, before: Before, any: bool) {
        let mut inner = self.inner.lock();
        if inner.changes == before.0 {
            inner.any_user = Some(any);
        }
    }

    /// Whether the keyring is the one that was read last.
    pub(crate) fn keyring_is_read(&self) -> bool {
        self.inner.lock().keyring_is_read
    }

    pub(crate) fn put_keyring_is_read(&self, before: Before) {
        let mut inner = self.inner.lock();
        if inner.changes == before.0 {
            inner.keyring_is_read = true;
        }
    }

    pub(crate) fn session(&self, session: SessionId) -> Option<Arc<SessionView>> {
        self.inner.lock().sessions.get(&session).cloned()
    }

    pub(crate) fn put_session(&self, before: Before, session: SessionId, view: Arc<SessionView>) {
        let mut inner = self.inner.lock();
        if inner.changes == before.0 {
            put(&mut inner.sessions, session, view);
        }
    }

    pub(crate) fn forget_session(&self, session: SessionId) {
        let mut inner = self.inner.lock();
        inner.changes += 1;
        inner.sessions.remove(&session);
    }

    pub(crate) fn token(&self, token: TokenId) -> Option<Arc<TokenView>> {
        self.inner.lock().tokens.get(&token).cloned()
    }

    pub(crate) fn put_token(&self, before: Before, token: TokenId, view: Arc<TokenView>) {
        let mut inner = self.inner.lock();
        if inner.changes == before.0 {
            put(&mut inner.tokens, token, view);
        }
    }
}

impl Inner {
    fn forget_user(&mut self, user: UserId) {
        // The first account turns a node without any into one with.
        if self.any_user == Some(false) {
            self.any_user = None;
        }
        self.sessions
            .retain(|_, view| view.row.subject != Subject::User(user));
        self.tokens.retain(|_, view| view.row.user != user);
    }

    fn forget(&mut self) {
        self.any_user = None;
        self.keyring_is_read = false;
        self.sessions.clear();
        self.tokens.clear();
    }
}

fn put<K: Eq + Hash, V>(entries: &mut HashMap<K, V>, key: K, value: V) {
    if entries.len() >= ENTRIES_MAX {
        entries.clear();
    }
    entries.insert(key, value);
}

#[cfg(test)]
mod tests {
    use super::Known;
    use easel_storage::changes::Change;
    use easel_storage::people::{SessionRow, SessionView, Subject};
    use easel_storage::{BoardId, SessionId, Time, UserId};
    use std::sync::Arc;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const SESSION: SessionId = SessionId::from_bytes([2; 16]);

    fn view() -> Arc<SessionView> {
        let row = SessionRow {
            subject: Subject::User(ADA),
            created_at: Time(0),
            used_at: Time(0),
            authenticated_at: Time(0),
            agent: String::new(),
            network: String::new(),
            refresh: None,
            ends_at: Time(1),
        };
        Arc::new(SessionView { row, user: None })
    }

    #[test]
    fn what_changed_is_read_again() {
        for (change, stays) in [
            (Change::Session(SESSION), false),
            (Change::User(ADA), false),
            (Change::Everything, false),
            (Change::User(UserId::from_bytes([9; 16])), true),
            (Change::Session(SessionId::from_bytes([9; 16])), true),
            (Change::Board(BoardId::from_bytes([9; 16])), true),
        ] {
            let known = Known::default();
            known.put_session(known.begin(), SESSION, view());
            assert!(known.session(SESSION).is_some());
            known.changed(&[change]);
            assert_eq!(known.session(SESSION).is_some(), stays, "{change:?}");
        }
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let known = Known::default();
        let before = known.begin();
        known.changed(&[Change::Session(SESSION)]);
        known.put_session(before, SESSION, view());
        assert_eq!(known.session(SESSION), None);

        let before = known.begin();
        known.changed(&[Change::User(ADA)]);
        known.put_any_user(before, false);
        assert_eq!(known.any_user(), None);
    }

    #[test]
    fn the_first_account_is_noticed() {
        let known = Known::default();
        known.put_any_user(known.begin(), false);
        assert_eq!(known.any_user(), Some(false));
        known.changed(&[Change::User(ADA)]);
        assert_eq!(known.any_user(), None);
        known.put_any_user(known.begin(), true);
        known.changed(&[Change::User(ADA)]);
        assert_eq!(known.any_user(), Some(true));
    }
}
