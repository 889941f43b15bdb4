//! What a caller may do on a board: looked up once, then carried as proof.
//!
//! Whoever has no business with a board is told that there is none (404), and so learns nothing of what exists; who may
//! see it and not do this is told so (403).

use super::store;
use crate::app::App;
use crate::auth::{Caller, UserCaller, wall_clock};
use crate::http::problem::{Code, Problem};
use easel_storage::people::Scope;
use easel_storage::sharing::{AccessRow, BoardView, Role, SharingAnswer, SharingQuery};
use easel_storage::{BoardId, Query, ReadLevel};

/// A board that the caller may see, and what they are there.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) view: BoardView,
    pub(crate) role: Role,
}

impl Seen {
    pub(crate) fn is_archived(&self) -> bool {
        let policy = self.view.policy.as_ref();
        policy.is_some_and(|policy| policy.archived_at.is_some())
    }

    /// What they may do to the content: an archived board is only looked at.
    pub(crate) fn content_role(&self) -> Role {
        match self.is_archived() {
            true => Role::Viewer,
            false => self.role,
        }
    }

    pub(crate) fn needs(self, role: Role) -> Result<Seen, Problem> {
        match self.role >= role {
            true => Ok(self),
            false => Err(too_little(role)),
        }
    }
}

/// The board, for a caller who is at least this there.
pub(crate) async fn board_as(
    app: &App,
    caller: &Caller,
    board: BoardId,
    role: Role,
) -> Result<Seen, Problem> {
    seen(app, caller, ReadLevel::Local, board)
        .await?
        .needs(role)
}

/// The board, in whatever role the caller has there.
pub(crate) async fn seen(
    app: &App,
    caller: &Caller,
    level: ReadLevel,
    board: BoardId,
) -> Result<Seen, Problem> {
    let (user, visitor) = match caller {
        Caller::Anonymous => return Err(Code::Unauthenticated.into()),
        Caller::Local => (None, None),
        Caller::User(user) => {
            if user.board.is_some_and(|only| only != board) {
                return Err(Code::BoardNotFound.into());
            }
            (Some(user.user), None)
        }
        Caller::Visitor(visitor) => {
            if visitor.board != board {
                return Err(Code::BoardNotFound.into());
            }
            (None, Some(visitor))
        }
    };
    let query = Query::Sharing(SharingQuery::Board { board, user });
    let SharingAnswer::Board(view) = store::read(app, level, query).await?.into_sharing() else {
        return Err(Code::Internal.into());
    };
    let view = view.ok_or(Code::BoardNotFound)?;
    let role = match (caller, visitor) {
        (Caller::Local, _) => Some(Role::Owner),
        (_, Some(visitor)) => Some(guest_role(visitor.role, view.policy.as_ref())),
        _ => view.role,
    };
    // What is in the trash is there for who can take it out again.
    let role = role.filter(|role| view.board.trashed_at.is_none() || *role == Role::Owner);
    let role = role.ok_or(Code::BoardNotFound)?;
    Ok(Seen { view, role })
}

/// Whether somebody without an account may comment is the board's policy, whatever the link says.
fn guest_role(role: Role, policy: Option<&AccessRow>) -> Role {
    let may_comment = policy.is_some_and(|policy| policy.guests_comment);
    match role {
        Role::Commenter if !may_comment => Role::Viewer,
        Role::Viewer | Role::Commenter | Role::Editor | Role::Owner => role,
    }
}

fn too_little(role: Role) -> Problem {
    let word = role_word(role);
    Problem::new(Code::Forbidden).detail(format!("this takes the role {word} on the board"))
}

/// A person with an account (or nobody in particular, on a node without accounts): visitors and strangers are not.
pub(crate) fn person(caller: &Caller) -> Result<&UserCaller, Problem> {
    match caller {
        Caller::User(user) => Ok(user),
        Caller::Anonymous => Err(Code::Unauthenticated.into()),
        Caller::Local => Err(Problem::new(Code::Forbidden)
            .detail("this node has no accounts yet: make the first at its setup address")),
        Caller::Visitor(_) => {
            Err(Problem::new(Code::Forbidden).detail("this takes an account, not a share link"))
        }
    }
}

/// How long a password that was given counts for what asks for it again.
const CONFIRMED_MS: u64 = 10 * 60 * 1000;

/// An admin who is there in person: no token does for it.
pub(super) fn admin(caller: &Caller) -> Result<(), Problem> {
    let user = person(caller)?;
    match user.admin && user.session.is_some() {
        true => Ok(()),
        false => Err(Problem::new(Code::Forbidden).detail("this takes an admin, signed in")),
    }
}

/// For what cannot be taken back: the person has shown a short while ago that it is them.
pub(crate) fn confirmed(caller: &Caller) -> Result<(), Problem> {
    match caller {
        // There is nothing to show.
        Caller::Local => Ok(()),
        Caller::User(UserCaller {
            authenticated_at: Some(at),
            ..
        }) if wall_clock() < at.plus_ms(CONFIRMED_MS) => Ok(()),
        Caller::Anonymous | Caller::User(_) | Caller::Visitor(_) => Err(Code::ConfirmNeeded.into()),
    }
}

/// Tokens do what they are for and nothing else.
pub(crate) fn scope(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    match has(caller, scope) {
        true => Ok(()),
        false => Err(Problem::new(Code::Forbidden)
            .detail(format!("the token lacks the scope {}", scope_word(scope)))),
    }
}

/// Whether a token's scopes allow this; who is there in person may all they may.
fn has(caller: &Caller, scope: Scope) -> bool {
    match caller {
        Caller::User(UserCaller {
            scopes: Some(scopes),
            ..
        }) => scopes.contains(&scope),
        Caller::Anonymous | Caller::Local | Caller::User(_) | Caller::Visitor(_) => true,
    }
}

/// A token for one board does nothing beside it.
pub(crate) fn any_board(caller: &Caller) -> Result<(), Problem> {
    match caller {
        Caller::User(UserCaller { board: Some(_), .. }) => {
            Err(Problem::new(Code::Forbidden).detail("the token is for one board alone"))
        }
        Caller::Anonymous | Caller::Local | Caller::User(_) | Caller::Visitor(_) => Ok(()),
    }
}

pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Commenter => "commenter",
        Role::Editor => "editor",
        Role::Owner => "owner",
    }
}

pub(crate) const SCOPES: [(&str, Scope); 7] = [
    ("boards:read", Scope::BoardsRead),
    ("boards:write", Scope::BoardsWrite),
    ("elements:read", Scope::ElementsRead),
    ("elements:write", Scope::ElementsWrite),
    ("assets:write", Scope::AssetsWrite),
    ("members:write", Scope::MembersWrite),
    ("raw:join", Scope::RawJoin),
];

pub(crate) fn scope_word(scope: Scope) -> &'static str {
    let found = SCOPES.iter().find(|(_, known)| *known == scope);
    found.map_or("", |(word, _)| word)
}
