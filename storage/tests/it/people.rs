//! Accounts, sessions and tokens: who may come in, and what ends when.

use bytes::Bytes;
use easel_storage::names::{Email, Label};
use easel_storage::people::{
    InstanceRole, KeyRow, KeyState, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery,
    ROTATION_GRACE_MS, SESSION_IDLE_MS, SESSION_MS_MAX, SESSIONS_MAX, Scope, SessionRow,
    TOKENS_MAX, UserByEmail, UserChange, UserRow,
};
use easel_storage::sharing::{MemberRow, Role, SharingCommand};
use easel_storage::{Actor, Command, Envelope, Rejection, Time, TokenId};

use crate::support::{batch, board_id, create, plain};
use crate::world::{World, email, new_user, password, secret, session_id, user};

#[derive(Debug, Clone, Copy)]
struct Turn {
    seq: u64,
    presented: u8,
    next: u8,
    client: u8,
}

fn rotate(turn: Turn) -> PeopleCommand {
    PeopleCommand::RotateSession {
        session: session_id(1),
        seq: turn.seq,
        presented: secret(turn.presented),
        next: secret(turn.next),
        successor: Bytes::from(vec![turn.next]),
        client: [turn.client; 16],
    }
}

/// A session whose first secret is 1.
fn signed_in() -> World {
    let mut world = World::with_people(1);
    world.start_session(1, 1);
    world
}

#[test]
fn of_fifty_refreshes_at_once_one_turns_and_all_get_its_successor() {
    let world = signed_in();
    let turn = |n| {
        let turn = Turn {
            seq: 1,
            presented: 1,
            next: n,
            client: 9,
        };
        plain(Command::People(rotate(turn)))
    };
    let all: Vec<_> = (100..150).map(turn).collect();
    let replies = world.state.apply(&[batch(2_000, all)], b"m").unwrap();
    let (first, rest) = replies[0].split_first().unwrap();
    let people = easel_storage::Outcome::People;
    assert_eq!(first, &Ok(people(PeopleOutcome::Rotated { seq: 2 })));
    let same = PeopleOutcome::RotatedBefore {
        seq: 2,
        successor: Bytes::from(vec![100]),
    };
    assert_eq!(rest.len(), 49);
    assert!(rest.iter().all(|reply| *reply == Ok(people(same.clone()))));
}

#[test]
fn a_secret_is_good_once_and_for_a_moment_more() {
    let ended = || {
        Ok(PeopleOutcome::FamilyEnded {
            user: Some(user(1)),
        })
    };
    let again = || {
        Ok(PeopleOutcome::RotatedBefore {
            seq: 3,
            successor: Bytes::from(vec![3]),
        })
    };
    let unknown = || Err(Rejection::SessionNotFound);
    let grace = ROTATION_GRACE_MS;
    // The session has turned twice: 1, 2, and now 3 under number 3. What is presented after how long, and what comes.
    for (what, later, seq, presented, client, wanted, lives) in [
        (
            "the current one",
            5,
            3,
            3,
            9,
            Ok(PeopleOutcome::Rotated { seq: 4 }),
            true,
        ),
        (
            "… from another client",
            5,
            3,
            3,
            8,
            Ok(PeopleOutcome::Rotated { seq: 4 }),
            true,
        ),
        (
            "… at the last moment",
            SESSION_IDLE_MS - 1,
            3,
            3,
            9,
            Ok(PeopleOutcome::Rotated { seq: 4 }),
            true,
        ),
        (
            "… unused for too long",
            SESSION_IDLE_MS,
            3,
            3,
            9,
            unknown(),
            true,
        ),
        ("the one before", 5, 2, 2, 9, again(), true),
        ("… at the last moment", grace - 1, 2, 2, 9, again(), true),
        ("… too late", grace, 2, 2, 9, ended(), false),
        ("… from another client", 5, 2, 2, 8, ended(), false),
        ("an older one", 5, 1, 1, 9, ended(), false),
        ("a guess at the current one", 5, 3, 77, 9, unknown(), true),
        ("a guess at a later one", 5, 4, 77, 9, unknown(), true),
        ("a guess of any number", 5, u64::MAX, 3, 9, unknown(), true),
    ] {
        let mut world = signed_in();
        for n in [1, 2] {
            let turn = Turn {
                seq: n.into(),
                presented: n,
                next: n + 1,
                client: 9,
            };
            world.admit(rotate(turn));
        }
        let before = world.get::<SessionRow>(&session_id(1));
        // The clock moves by one with each command.
        world.later(later - 1);
        let turn = Turn {
            seq,
            presented,
            next: 4,
            client,
        };
        assert_eq!(world.people(rotate(turn)), wanted, "{what}");
        assert_eq!(world.has_session(1), lives, "{what}");
        if wanted == unknown() || wanted == again() {
            assert_eq!(world.get::<SessionRow>(&session_id(1)), before, "{what}");
        }
        if !lives {
            let current = Turn {
                seq: 3,
                presented: 3,
                next: 5,
                client: 9,
            };
            assert_eq!(world.people(rotate(current)), unknown(), "{what}");
        }
    }
}

#[test]
fn a_session_ends_ninety_days_after_it_began_however_busy() {
    let mut world = signed_in();
    let step = SESSION_IDLE_MS - 10;
    for n in 1..=3 {
        world.later(step);
        let turn = Turn {
            seq: n.into(),
            presented: n,
            next: n + 1,
            client: 9,
        };
        world.admit(rotate(turn));
    }
    world.later(SESSION_MS_MAX - 3 * step);
    let turn = Turn {
        seq: 4,
        presented: 4,
        next: 5,
        client: 9,
    };
    assert_eq!(world.people(rotate(turn)), Err(Rejection::SessionNotFound));
    let confirm = PeopleCommand::ConfirmSession {
        session: session_id(1),
    };
    assert_eq!(world.people(confirm), Err(Rejection::SessionNotFound));
}

#[test]
fn a_person_has_so_many_sessions_and_the_longest_unused_makes_room() {
    let mut world = World::with_people(1);
    let last = u8::try_from(SESSIONS_MAX).unwrap();
    for n in 1..=last {
        world.start_session(n, 1);
    }
    // The first is used again, so the second is the one.
    let turn = Turn {
        seq: 1,
        presented: 1,
        next: 200,
        client: 9,
    };
    world.admit(rotate(turn));
    world.start_session(last + 1, 1);
    let alive: Vec<_> = (1..=last + 1).filter(|n| world.has_session(*n)).collect();
    let wanted: Vec<_> = (1..=last + 1).filter(|n| *n != 2).collect();
    assert_eq!(alive, wanted);
    match world.ask_people(PeopleQuery::SessionsOf(user(1))) {
        PeopleAnswer::Sessions(sessions) => assert_eq!(sessions.len(), SESSIONS_MAX),
        other => panic!("{other:?}"),
    }
    let again = PeopleCommand::StartSession {
        session: session_id(1),
        user: user(1),
        hash: secret(1),
        client: crate::world::client(),
    };
    assert_eq!(world.people(again), Err(Rejection::SessionExists));
}

#[test]
fn the_first_person_is_the_admin_and_owns_what_was_there() {
    let mut world = World::new();
    for n in [1, 2] {
        let made = Envelope::new(Actor::Local, create(board_id(n)));
        world.run(made).unwrap();
    }
    // Archived before anybody owned it: that gives it a policy and no owner.
    let archived = SharingCommand::SetArchived {
        board: board_id(2),
        archived: true,
    };
    let archived = Envelope::new(Actor::Local, Command::Sharing(archived));
    world.run(archived).unwrap();
    assert_eq!(
        world.ask_people(PeopleQuery::AnyUser),
        PeopleAnswer::AnyUser(false)
    );
    world.admit(PeopleCommand::CreateFirstUser(new_user(1)));
    let row = world.get::<UserRow>(&user(1)).unwrap();
    assert_eq!(row.role, InstanceRole::Admin);
    for n in [1, 2] {
        assert_eq!(world.role(board_id(n), 1), Some(Role::Owner));
    }
    let second = PeopleCommand::CreateFirstUser(new_user(2));
    assert_eq!(world.people(second), Err(Rejection::NotTheFirstUser));
    assert_eq!(world.get::<UserRow>(&user(2)), None);
}

#[test]
fn somebody_always_remains_who_can_administer() {
    let change = |role| PeopleCommand::ChangeUser {
        user: user(1),
        change: UserChange {
            role: Some(role),
            ..UserChange::default()
        },
        if_rev: None,
    };
    let disable = |n, disabled| PeopleCommand::SetDisabled {
        user: user(n),
        disabled,
    };
    let delete = PeopleCommand::DeleteUser {
        user: user(1),
        boards_to: None,
    };
    let ways = [change(InstanceRole::Member), disable(1, true), delete];
    for way in ways {
        let mut world = World::with_people(2);
        let before = world.get::<UserRow>(&user(1));
        assert_eq!(world.people(way.clone()), Err(Rejection::LastAdmin));
        // A second one who is disabled is none.
        let promote = PeopleCommand::ChangeUser {
            user: user(2),
            change: UserChange {
                role: Some(InstanceRole::Admin),
                ..UserChange::default()
            },
            if_rev: None,
        };
        world.admit(promote);
        world.admit(disable(2, true));
        assert_eq!(world.people(way.clone()), Err(Rejection::LastAdmin));
        assert_eq!(world.get::<UserRow>(&user(1)), before);
        world.admit(disable(2, false));
        world.admit(way);
    }
}

#[test]
fn an_address_belongs_to_one_person_whatever_its_case() {
    let mut world = World::with_people(2);
    let shout = |n| Email::try_from(email(n).as_str().to_uppercase()).unwrap();
    let mut third = new_user(3);
    third.email = shout(1);
    let taken = PeopleCommand::CreateUser(third);
    assert_eq!(world.people(taken), Err(Rejection::UserExists));
    let change = |n, email| PeopleCommand::ChangeUser {
        user: user(n),
        change: UserChange {
            email: Some(email),
            ..UserChange::default()
        },
        if_rev: None,
    };
    let reply = world.people(change(2, shout(1)));
    assert_eq!(reply, Err(Rejection::UserExists));
    // One's own in another spelling, then another: the old one is free.
    world.admit(change(1, shout(1)));
    world.admit(change(1, email(9)));
    assert_eq!(world.get::<UserByEmail>(&email(1).folded()), None);
    let found = world.ask_people(PeopleQuery::UserByEmail(shout(9)));
    assert!(matches!(found, PeopleAnswer::User(Some(view)) if view.id == user(1)));
    world.admit(change(2, email(1)));
}

#[test]
fn a_stale_profile_or_keyring_or_setting_is_refused() {
    let mut world = World::with_people(1);
    let rename = |if_rev| PeopleCommand::ChangeUser {
        user: user(1),
        change: UserChange::default(),
        if_rev: Some(if_rev),
    };
    let settings = |if_rev| PeopleCommand::PutSettings {
        user: user(1),
        json: "{}".to_owned(),
        if_rev: Some(if_rev),
    };
    let key = KeyRow {
        id: "k4.lid.x".to_owned(),
        state: KeyState::Active,
        sealed: Bytes::from_static(b"sealed"),
        created_at: Time(1),
        since: Time(1),
    };
    let keyring = |if_rev| PeopleCommand::PutKeyring {
        if_rev,
        keys: vec![key.clone()],
    };
    let moved = |current| Err(Rejection::RevisionMoved { current });
    let good: [(&dyn Fn(u64) -> PeopleCommand, u64); 3] =
        [(&rename, 1), (&settings, 0), (&keyring, 0)];
    for (command, first) in good {
        assert_eq!(world.people(command(first + 1)), moved(first));
        world.admit(command(first));
        assert_eq!(world.people(command(first)), moved(first + 1));
        world.admit(command(first + 1));
    }
}

#[test]
fn a_new_password_ends_the_other_sessions_and_a_better_hash_none() {
    let mut world = World::with_people(1);
    for n in 1..=3 {
        world.start_session(n, 1);
    }
    world.admit(PeopleCommand::RehashPassword {
        user: user(1),
        old: password("first"),
        new: password("better"),
    });
    assert!((1..=3).all(|n| world.has_session(n)));
    // It lost to a new password: that one stays.
    world.admit(PeopleCommand::RehashPassword {
        user: user(1),
        old: password("first"),
        new: password("stale"),
    });
    let row = world.get::<UserRow>(&user(1)).unwrap();
    assert_eq!(row.password, Some(password("better")));
    world.admit(PeopleCommand::SetPassword {
        user: user(1),
        password: password("second"),
        keep: Some(session_id(2)),
    });
    assert_eq!(
        [1, 2, 3].map(|n| world.has_session(n)),
        [false, true, false]
    );
}

fn token(n: u8, of: u8, expires_at: u64) -> PeopleCommand {
    PeopleCommand::CreateToken {
        token: TokenId::from_bytes([n; 16]),
        user: user(of),
        name: Label::try_from("robot".to_owned()).unwrap(),
        scopes: vec![Scope::BoardsRead],
        board: None,
        hash: secret(n),
        expires_at: Time(expires_at),
    }
}

fn tokens(world: &World, of: u8) -> usize {
    match world.ask_people(PeopleQuery::TokensOf(user(of))) {
        PeopleAnswer::Tokens(tokens) => tokens.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_has_so_many_tokens_and_expired_ones_make_room() {
    let mut world = World::with_people(1);
    let last = u8::try_from(TOKENS_MAX).unwrap();
    for n in 1..=last {
        let expires_at = if n == 7 { 5_000 } else { 1_000_000 };
        world.admit(token(n, 1, expires_at));
    }
    let max = TOKENS_MAX as u64;
    let one_more = token(last + 1, 1, 1_000_000);
    assert_eq!(
        world.people(one_more.clone()),
        Err(Rejection::TooMany { max })
    );
    world.later(5_000);
    world.admit(one_more);
    assert_eq!(tokens(&world, 1), TOKENS_MAX);
    let revoke = |n| PeopleCommand::RevokeToken {
        token: TokenId::from_bytes([n; 16]),
    };
    assert_eq!(world.people(revoke(7)), Err(Rejection::TokenNotFound));
    world.admit(revoke(8));
    assert_eq!(world.people(revoke(8)), Err(Rejection::TokenNotFound));
    world.admit(token(8, 1, 1_000_000));
    world.admit(revoke(9));
    let twice = token(8, 1, 1_000_000);
    assert_eq!(world.people(twice), Err(Rejection::TokenExists));
}

#[test]
fn disabled_a_person_is_out_and_stays_who_they_were() {
    let mut world = World::with_people(2);
    world.create(2, board_id(1));
    world.start_session(1, 2);
    world.admit(token(1, 2, 1_000_000));
    let disable = |disabled| PeopleCommand::SetDisabled {
        user: user(2),
        disabled,
    };
    world.admit(disable(true));
    assert!(!world.has_session(1));
    assert_eq!(tokens(&world, 2), 0);
    assert_eq!(world.role(board_id(1), 2), Some(Role::Owner));
    let start = PeopleCommand::StartSession {
        session: session_id(2),
        user: user(2),
        hash: secret(2),
        client: crate::world::client(),
    };
    let out = Err(Rejection::UserDisabled);
    assert_eq!(world.people(start.clone()), out);
    assert_eq!(world.people(token(2, 2, 1_000_000)), out);
    // A command that was on its way when they were disabled.
    let late = world.by(2, create(board_id(2)));
    assert_eq!(late, Err(Rejection::UserDisabled));
    world.admit(disable(false));
    assert!(!world.has_session(1));
    world.admit(start);
}

#[test]
fn what_a_person_leaves_goes_to_the_heir_or_into_the_trash() {
    for heir in [None, Some(3)] {
        let mut world = World::with_people(3);
        let (alone, shared, other) = (board_id(1), board_id(2), board_id(3));
        world.create(2, alone);
        world.create(2, shared);
        world.set(shared, 1, Role::Owner);
        world.create(1, other);
        world.set(other, 2, Role::Editor);
        world.set(alone, 3, Role::Viewer);
        world.start_session(1, 2);
        world.admit(token(1, 2, 1_000_000));
        world.admit(PeopleCommand::DeleteUser {
            user: user(2),
            boards_to: heir.map(user),
        });
        assert!(!world.has_session(1));
        assert_eq!(tokens(&world, 2), 0);
        assert_eq!(world.get::<UserByEmail>(&email(2).folded()), None);
        for board in [alone, shared, other] {
            assert_eq!(world.role(board, 2), None);
        }
        let trashed = |board| {
            let query = easel_storage::Query::Board(board);
            let board = world.state.query(&query).unwrap().into_board();
            board.unwrap().trashed_at.is_some()
        };
        assert_eq!([shared, other].map(trashed), [false; 2]);
        assert_eq!(trashed(alone), heir.is_none());
        let wanted = heir.map_or(Role::Viewer, |_| Role::Owner);
        assert_eq!(world.role(alone, 3), Some(wanted));
        if heir.is_none() {
            // Whoever takes it out of the trash owns it; the server itself cannot.
            let restore = || Command::RestoreBoard { board: alone };
            let by_server = world.run(Envelope::new(Actor::System, restore()));
            assert_eq!(by_server, Err(Rejection::LastOwner));
            world.by(1, restore()).unwrap();
            assert_eq!(world.role(alone, 1), Some(Role::Owner));
        }
        let gone = world.by(2, create(board_id(4)));
        assert_eq!(gone, Err(Rejection::UserNotFound));
        // The address is free.
        let mut again = new_user(2);
        again.user = user(9);
        world.admit(PeopleCommand::CreateUser(again));
    }
}

#[test]
fn nobody_inherits_from_themselves_or_is_made_an_heir_who_is_not_there() {
    let mut world = World::with_people(3);
    world.create(2, board_id(1));
    world.admit(PeopleCommand::SetDisabled {
        user: user(3),
        disabled: true,
    });
    for heir in [2, 3, 9] {
        let delete = PeopleCommand::DeleteUser {
            user: user(2),
            boards_to: Some(user(heir)),
        };
        assert_eq!(world.people(delete), Err(Rejection::UserNotFound));
    }
    assert!(world.get::<MemberRow>(&(board_id(1), user(2))).is_some());
}

#[test]
fn people_are_found_by_name_and_address_page_by_page() {
    let world = World::with_people(12);
    let page = |text: Option<&str>, after, limit| {
        let query = PeopleQuery::Users {
            text: text.map(str::to_owned),
            after,
            limit,
        };
        match world.ask_people(query) {
            PeopleAnswer::Users(page) => page,
            other => panic!("{other:?}"),
        }
    };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let next = page(None, after, 5);
        found.extend(next.users.iter().map(|user| user.id));
        after = next.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, (1..=12).map(user).collect::<Vec<_>>());
    let some = page(Some("PERSON 1"), None, 100);
    let ids: Vec<_> = some.users.iter().map(|user| user.id).collect();
    assert_eq!(ids, [1, 10, 11, 12].map(user));
    assert_eq!(some.next, None);
    assert_eq!(page(Some("person 2"), None, 100).users.len(), 1);
    assert_eq!(page(Some("nobody"), None, 100).users.len(), 0);
    // An address is found by all of it: by parts it could be read out letter by letter.
    assert_eq!(page(Some("PERSON2@example.org"), None, 100).users.len(), 1);
    assert_eq!(page(Some("person2@exam"), None, 100).users.len(), 0);
}

#[test]
fn a_secret_to_set_a_password_works_once_and_in_time() {
    let offer = |n: u8, expires_at| PeopleCommand::OfferReset {
        user: user(2),
        hash: secret(n),
        expires_at: Time(expires_at),
    };
    let take = |n: u8, of: u8| PeopleCommand::TakeReset {
        user: user(of),
        hash: secret(n),
        password: password("second"),
    };
    let over = || Err(Rejection::ResetOver);
    let offered = |world: &World, n| match world.ask_people(PeopleQuery::Reset(secret(n))) {
        PeopleAnswer::Reset(found) => found.map(|(view, end)| (view.id, end)),
        other => panic!("{other:?}"),
    };
    let new = || {
        let mut world = World::with_people(3);
        world.admit(offer(1, 100_000));
        world.start_session(7, 2);
        world
    };
    let mut world = new();
    assert_eq!(offered(&world, 1), Some((user(2), Time(100_000))));
    assert_eq!(world.people(take(9, 2)), over(), "nobody was given it");
    assert_eq!(world.people(take(1, 3)), over(), "it is somebody else's");
    assert!(world.has_session(7));
    world.admit(take(1, 2));
    assert!(!world.has_session(7));
    let row = world.get::<UserRow>(&user(2)).unwrap();
    assert_eq!(row.password, Some(password("second")));
    assert_eq!(world.people(take(1, 2)), over(), "it was used");

    // What makes it worthless before it is used.
    let set = PeopleCommand::SetPassword {
        user: user(2),
        password: password("third"),
        keep: None,
    };
    let disable = PeopleCommand::SetDisabled {
        user: user(2),
        disabled: true,
    };
    let delete = PeopleCommand::DeleteUser {
        user: user(2),
        boards_to: None,
    };
    for command in [set, disable, delete, offer(2, 100_000)] {
        let mut world = new();
        world.admit(command.clone());
        assert_eq!(world.people(take(1, 2)), over(), "{command:?}");
        assert_eq!(offered(&world, 1), None, "{command:?}");
    }
    for (at, wanted) in [(99_999, Ok(())), (100_000, over().map(drop))] {
        let mut world = new();
        world.later(at - world.now - 1);
        assert_eq!(world.people(take(1, 2)).map(drop), wanted, "at {at}");
    }

    let mut world = World::with_people(2);
    world.admit(PeopleCommand::SetDisabled {
        user: user(2),
        disabled: true,
    });
    let refused = world.people(offer(1, 100_000));
    assert_eq!(refused, Err(Rejection::UserDisabled));
}

#[test]
fn nobody_comes_before_the_first_admin() {
    let mut world = World::new();
    let refused = world.people(PeopleCommand::CreateUser(new_user(1)));
    assert_eq!(refused, Err(Rejection::NoFirstUser));
    world.admit(PeopleCommand::CreateFirstUser(new_user(1)));
    world.admit(PeopleCommand::CreateUser(new_user(2)));
}
