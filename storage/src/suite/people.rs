//! People: accounts, sessions that turn, and what ends with them.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::join_all;

use super::{Bench, expect_refused, unique};
use crate::command::{Actor, Command, Envelope, Outcome, Rejection, Reply};
use crate::ids::{SessionId, UserId};
use crate::names::{DisplayName, Email, PasswordHash, SecretHash};
use crate::people::{
    ClientInfo, InstanceRole, NewUser, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery,
    UserChange, UserView,
};
use crate::query::Query;

impl Bench {
    pub(super) async fn people(&self, command: PeopleCommand) -> Reply {
        let kind = Command::People(command);
        self.submit(Envelope::new(Actor::System, kind)).await.1
    }

    pub(super) async fn ask_people(&self, query: PeopleQuery) -> PeopleAnswer {
        self.read(Query::People(query)).await.into_people()
    }

    /// Somebody new. The store may have been used before: the first admin is then somebody else.
    pub(super) async fn person(&self) -> UserId {
        let first = new_user();
        let reply = self
            .people(PeopleCommand::CreateFirstUser(first.clone()))
            .await;
        if reply == Err(Rejection::NotTheFirstUser) {
            let made = self.people(PeopleCommand::CreateUser(first.clone())).await;
            made.expect("an account");
        }
        first.user
    }

    async fn session(&self, session: SessionId) -> Option<UserId> {
        match self.ask_people(PeopleQuery::Session(session)).await {
            PeopleAnswer::Session(view) => view.and_then(|view| view.user).map(|user| user.id),
            other => panic!("{other:?}"),
        }
    }

    async fn user(&self, user: UserId) -> Option<UserView> {
        match self.ask_people(PeopleQuery::User(user)).await {
            PeopleAnswer::User(view) => view,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn new_user() -> NewUser {
    let name = unique();
    NewUser {
        user: UserId::mint(),
        email: Email::try_from(format!("{name}@Example.org")).expect("an address"),
        name: DisplayName::try_from(name).expect("a name"),
        role: InstanceRole::Member,
        password: Some(PasswordHash::new("hash".to_owned())),
    }
}

pub(super) fn client() -> ClientInfo {
    ClientInfo {
        agent: "Firefox".to_owned(),
        network: "192.0.2.0/24".to_owned(),
    }
}

/// A hash that no other check has used.
pub(super) fn secret() -> SecretHash {
    let (one, other) = (SessionId::mint(), SessionId::mint());
    let bytes = [*one.as_bytes(), *other.as_bytes()].concat();
    SecretHash::from_bytes(bytes.try_into().expect("twice sixteen bytes"))
}

pub(super) async fn an_address_is_one_persons(bench: &Bench) {
    bench.person().await;
    let new = new_user();
    let make = || PeopleCommand::CreateUser(new.clone());
    let replies = join_all((0..8).map(|_| bench.people(make()))).await;
    let made = replies.iter().filter(|reply| reply.is_ok()).count();
    assert_eq!(made, 1);
    let mut other = new_user();
    other.email = Email::try_from(new.email.as_str().to_uppercase()).expect("an address");
    let spelled = other.email.clone();
    expect_refused(
        bench.people(PeopleCommand::CreateUser(other)).await,
        Rejection::UserExists,
    );
    match bench.ask_people(PeopleQuery::UserByEmail(spelled)).await {
        PeopleAnswer::User(Some(view)) => assert_eq!(view.id, new.user),
        other => panic!("{other:?}"),
    }
}

pub(super) async fn of_many_refreshes_one_turns(bench: &Bench) {
    const CALLERS: u8 = 50;
    let (user, session, first) = (bench.person().await, SessionId::mint(), secret());
    let start = PeopleCommand::StartSession {
        session,
        user,
        hash: first,
        client: client(),
    };
    bench.people(start).await.expect("a session");
    assert_eq!(bench.session(session).await, Some(user));
    let rotate = |n: u8| PeopleCommand::RotateSession {
        session,
        seq: 1,
        presented: first,
        next: SecretHash::from_bytes([n; 32]),
        successor: Bytes::from(vec![n]),
        client: [7; 16],
    };
    let replies = join_all((0..CALLERS).map(|n| bench.people(rotate(n)))).await;
    let mut turned = Vec::new();
    let mut successors = BTreeSet::new();
    for (n, reply) in (0..CALLERS).zip(replies) {
        match reply {
            Ok(Outcome::People(PeopleOutcome::Rotated { seq: 2 })) => turned.push(vec![n]),
            Ok(Outcome::People(PeopleOutcome::RotatedBefore { seq: 2, successor })) => {
                successors.insert(successor.to_vec());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(turned.len(), 1);
    assert_eq!(successors.into_iter().collect::<Vec<_>>(), turned);

    // From another client it is a theft: everything ends.
    let stolen = PeopleCommand::RotateSession {
        session,
        seq: 1,
        presented: first,
        next: secret(),
        successor: Bytes::from_static(b"stolen"),
        client: [8; 16],
    };
    let ended = PeopleOutcome::FamilyEnded { user: Some(user) };
    let reply = bench.people(stolen.clone()).await;
    assert_eq!(reply, Ok(Outcome::People(ended)));
    assert_eq!(bench.session(session).await, None);
    expect_refused(bench.people(stolen).await, Rejection::SessionNotFound);
}

pub(super) async fn a_person_comes_changes_and_goes(bench: &Bench) {
    let (user, session) = (bench.person().await, SessionId::mint());
    // Somebody else must be able to administer, whoever was first.
    let other = bench.person().await;
    let promote = UserChange {
        role: Some(InstanceRole::Admin),
        ..UserChange::default()
    };
    let change = |user, change, if_rev| PeopleCommand::ChangeUser {
        user,
        change,
        if_rev,
    };
    bench
        .people(change(other, promote, None))
        .await
        .expect("an admin");
    let rename = UserChange {
        name: Some(DisplayName::try_from("Ada".to_owned()).expect("a name")),
        ..UserChange::default()
    };
    let rev = bench.user(user).await.expect("the account").row.rev;
    let renamed = bench.people(change(user, rename.clone(), Some(rev))).await;
    renamed.expect("a new name");
    let current = rev + 1;
    expect_refused(
        bench.people(change(user, rename, Some(rev))).await,
        Rejection::RevisionMoved { current },
    );
    let row = bench.user(user).await.expect("the account").row;
    assert_eq!((row.name.as_str(), row.rev), ("Ada", current));

    let start = |session| PeopleCommand::StartSession {
        session,
        user,
        hash: secret(),
        client: client(),
    };
    bench.people(start(session)).await.expect("a session");
    let disable = |disabled| PeopleCommand::SetDisabled { user, disabled };
    bench.people(disable(true)).await.expect("an end");
    assert_eq!(bench.session(session).await, None);
    let refused = bench.people(start(SessionId::mint())).await;
    expect_refused(refused, Rejection::UserDisabled);
    let delete = PeopleCommand::DeleteUser {
        user,
        boards_to: None,
    };
    bench.people(delete.clone()).await.expect("an end");
    assert_eq!(bench.user(user).await, None);
    expect_refused(bench.people(delete).await, Rejection::UserNotFound);
}
