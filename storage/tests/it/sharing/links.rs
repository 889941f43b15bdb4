//! Share links: how long, how often, and what ends them.

use super::{BOARD, change_link, invite, link_id, new_link, open, shared, wide, wide_secret};
use crate::world::{client, password, secret, session_id, user};
use easel_storage::names::DisplayName;
use easel_storage::people::{SESSION_IDLE_MS, SessionRow};
use easel_storage::sharing::{
    Access, LINKS_MAX, LinkBySecret, LinkChange, LinkRow, PolicyChange, Role, SharingAnswer,
    SharingCommand, SharingOutcome, SharingQuery, VISITS_MAX,
};
use easel_storage::{LinkId, Rejection, SessionId, Time};

#[test]
fn a_link_lets_in_as_long_and_as_often_as_it_may() {
    let mut world = shared(2);
    world.share(1, new_link(1, Some(50_000), Some(2)));
    let visit = Ok(SharingOutcome::Visit { role: Role::Editor });
    assert_eq!(world.sharing(2, open(1, 11)), visit);
    let again = world.sharing(2, open(1, 11));
    assert_eq!(again, Err(Rejection::SessionExists));
    assert_eq!(world.sharing(2, open(1, 12)), visit);
    let used_up = world.sharing(2, open(1, 13));
    assert_eq!(used_up, Err(Rejection::LinkUsedUp));
    let row = world.get::<LinkRow>(&(BOARD, link_id(1))).unwrap();
    assert_eq!(row.uses, 2);
    // A visit ends with its link, whatever was asked for.
    let row = world.get::<SessionRow>(&session_id(11)).unwrap();
    assert_eq!((row.ends_at, row.refresh), (Time(50_000), None));
    let missing = world.sharing(2, open(7, 13));
    assert_eq!(missing, Err(Rejection::LinkNotFound));

    let more = LinkChange {
        uses_max: Some(Some(3)),
        ..LinkChange::default()
    };
    world.share(1, change_link(more));
    world.share(2, open(1, 13));
    world.later(50_000);
    let over = world.sharing(2, open(1, 14));
    assert_eq!(over, Err(Rejection::LinkOver));
    let name = SharingCommand::NameGuest {
        session: session_id(13),
        name: DisplayName::try_from("Late".to_owned()).unwrap(),
    };
    assert_eq!(world.sharing(2, name), Err(Rejection::SessionNotFound));
}

#[test]
fn what_takes_a_link_away_ends_its_visits() {
    let none = LinkChange::default;
    let password = |to: Option<&str>| LinkChange {
        password: Some(to.map(password)),
        ..none()
    };
    let role = LinkChange {
        role: Some(Role::Viewer),
        ..none()
    };
    let expires = |at| LinkChange {
        expires_at: Some(Some(Time(at))),
        ..none()
    };
    let policy = |links_on| SharingCommand::SetPolicy {
        board: BOARD,
        change: PolicyChange {
            links_on: Some(links_on),
            ..PolicyChange::default()
        },
        if_rev: None,
    };
    let revoke = SharingCommand::RevokeLink {
        board: BOARD,
        link: link_id(1),
    };
    for (what, command, goes_on, opens) in [
        (
            "another password",
            change_link(password(Some("second"))),
            false,
            true,
        ),
        ("no password", change_link(password(None)), true, true),
        ("a lower role", change_link(role), true, true),
        (
            "an end that has come",
            change_link(expires(1_000)),
            false,
            false,
        ),
        ("an end to come", change_link(expires(5_000)), true, true),
        ("revocation", revoke, false, false),
        ("no links", policy(false), false, false),
        ("links as before", policy(true), true, true),
    ] {
        let mut world = shared(2);
        world.share(1, new_link(1, None, None));
        world.share(1, new_link(2, None, None));
        world.share(2, open(1, 11));
        world.share(2, open(2, 12));
        world.share(1, command.clone());
        assert_eq!(world.has_session(11), goes_on, "{what}");
        let others = command != policy(false);
        assert_eq!(
            world.has_session(12),
            others,
            "{what}: another link's visit"
        );
        let reply = world.sharing(2, open(1, 13));
        match opens {
            true => assert!(reply.is_ok(), "{what}: {reply:?}"),
            false => assert_eq!(reply, Err(Rejection::LinkOver), "{what}"),
        }
    }
    // A visit that was to last longer ends when the link now does.
    let mut world = shared(2);
    world.share(1, new_link(1, None, None));
    world.share(2, open(1, 11));
    world.share(1, change_link(expires(5_000)));
    let row = world.get::<SessionRow>(&session_id(11)).unwrap();
    assert_eq!(row.ends_at, Time(5_000));
}

#[test]
fn a_revoked_link_stays_known_and_cannot_be_changed() {
    let mut world = shared(1);
    world.share(1, new_link(1, None, None));
    let revoke = SharingCommand::RevokeLink {
        board: BOARD,
        link: link_id(1),
    };
    world.share(1, revoke.clone());
    world.share(1, revoke);
    let change = world.sharing(1, change_link(LinkChange::default()));
    assert_eq!(change, Err(Rejection::LinkOver));
    match world.ask_sharing(SharingQuery::LinkBySecret(secret(1))) {
        SharingAnswer::Link(Some(view)) => assert!(view.row.revoked_at.is_some()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_becomes_an_owner_by_a_link_an_invitation_or_a_policy() {
    let mut world = shared(2);
    world.share(1, new_link(1, None, None));
    let mut link = new_link(2, None, None);
    if let SharingCommand::CreateLink { role, .. } = &mut link {
        *role = Role::Owner;
    }
    let raised = LinkChange {
        role: Some(Role::Owner),
        ..LinkChange::default()
    };
    let policy = SharingCommand::SetPolicy {
        board: BOARD,
        change: PolicyChange {
            access: Some(Access::Workspace(Role::Owner)),
            ..PolicyChange::default()
        },
        if_rev: None,
    };
    let ask = SharingCommand::AskForAccess {
        board: BOARD,
        user: user(2),
        role: Role::Owner,
        message: None,
    };
    let invite = invite(1, None, Role::Owner, 1_000_000);
    for command in [link, change_link(raised), policy, ask, invite] {
        let reply = world.sharing(1, command.clone());
        assert_eq!(reply, Err(Rejection::RoleTooHigh), "{command:?}");
    }
}

#[test]
fn a_board_has_so_many_links_and_a_link_so_many_visits() {
    let mut world = shared(1);
    let new = |n: usize| SharingCommand::CreateLink {
        board: BOARD,
        link: LinkId::from_bytes(wide(n)),
        hash: wide_secret(n),
        role: Role::Viewer,
        label: None,
        password: None,
        expires_at: None,
        uses_max: None,
    };
    for n in 0..LINKS_MAX {
        world.share(1, new(n));
    }
    let full = |max: usize| Err(Rejection::TooMany { max: max as u64 });
    assert_eq!(world.sharing(1, new(LINKS_MAX)), full(LINKS_MAX));
    world.share(
        1,
        SharingCommand::RevokeLink {
            board: BOARD,
            link: LinkId::from_bytes(wide(5)),
        },
    );
    world.share(1, new(LINKS_MAX));
    // The revoked one made room, and its secret went with it.
    assert_eq!(world.get::<LinkBySecret>(&wide_secret(5)), None);
    let twice = SharingCommand::CreateLink {
        board: BOARD,
        link: LinkId::from_bytes(wide(6)),
        hash: wide_secret(777),
        role: Role::Viewer,
        label: None,
        password: None,
        expires_at: None,
        uses_max: None,
    };
    assert_eq!(world.sharing(1, twice), Err(Rejection::LinkExists));

    let open = |n: usize| SharingCommand::OpenLink {
        board: BOARD,
        link: LinkId::from_bytes(wide(0)),
        session: SessionId::from_bytes(wide(n)),
        client: client(),
        ends_at: Time(if n == VISITS_MAX / 2 {
            3_000
        } else {
            u64::MAX / 2
        }),
    };
    world.now = 2_000 - VISITS_MAX as u64;
    for n in 0..VISITS_MAX {
        world.share(1, open(n));
    }
    assert_eq!(world.sharing(1, open(VISITS_MAX)), full(VISITS_MAX));
    // One that is over makes room, wherever it stands.
    world.now = 3_000;
    world.share(1, open(VISITS_MAX));
    let over = SessionId::from_bytes(wide(VISITS_MAX / 2));
    assert_eq!(world.get::<SessionRow>(&over), None);
    assert_eq!(world.sharing(1, open(VISITS_MAX + 1)), full(VISITS_MAX));
    world.later(SESSION_IDLE_MS);
    world.share(1, open(VISITS_MAX + 1));
}
