//! Who may do what on a board: what is given, taken away and runs out, and what is left of it.

use std::collections::BTreeSet;

use easel_storage::apply::OUTCOME_KEPT_MS;
use easel_storage::names::{DisplayName, SecretHash};
use easel_storage::people::{PeopleCommand, SESSION_IDLE_MS, SessionRow};
use easel_storage::rows::ReadRows;
use easel_storage::sharing::{
    ACTIVITY_MAX, ASSETS_MAX, Access, ActivityHeld, ActivityOf, ActivityOfUser, ActivityQuery,
    ActivityRow, AssetForm, AssetView, CardFilter, CardSort, CardsQuery, EDITED_EVERY_MS,
    FAVOURITES_MAX, Favourite, INVITATIONS_MAX, ImageRow, InvitationRow, LINKS_MAX, LinkBySecret,
    LinkChange, LinkRow, MEMBERS_MAX, Mine, OPENED_MAX, Opened, PolicyChange, Role, SharingAnswer,
    SharingCommand, SharingOutcome, SharingQuery, VISITS_MAX, What,
};
use easel_storage::{
    Actor, AssetId, BoardId, Command, Envelope, InvitationId, LinkId, Outcome, Rejection,
    SessionId, Time, UserId,
};

use crate::support::{board_id, command_id, create, snapshot_of, title};
use crate::world::{World, client, email, new_user, password, person, secret, session_id, user};

const BOARD: BoardId = BoardId::from_bytes([1; 16]);

/// Person 1 owns a board; the others are there.
fn shared(people: u8) -> World {
    let mut world = World::with_people(people);
    world.create(1, BOARD);
    world
}

fn link_id(n: u8) -> LinkId {
    LinkId::from_bytes([n; 16])
}

fn invitation_id(n: u8) -> InvitationId {
    InvitationId::from_bytes([n; 16])
}

/// Ids and secrets beyond those of one byte.
fn wide(n: usize) -> [u8; 16] {
    (n as u128 + (1 << 100)).to_be_bytes()
}

fn wide_secret(n: usize) -> SecretHash {
    SecretHash::from_bytes([wide(n), wide(n)].concat().try_into().unwrap())
}

#[test]
fn a_board_never_loses_its_last_owner() {
    let set = |n, role| SharingCommand::SetMember {
        board: BOARD,
        user: user(n),
        role,
    };
    let remove = |n| SharingCommand::RemoveMember {
        board: BOARD,
        user: user(n),
    };
    for way in [set(1, Role::Editor), set(1, Role::Viewer), remove(1)] {
        let mut world = shared(3);
        world.set(BOARD, 2, Role::Editor);
        let refused = world.sharing(1, way.clone());
        assert_eq!(refused, Err(Rejection::LastOwner), "{way:?}");
        assert_eq!(world.role(BOARD, 1), Some(Role::Owner));
        world.set(BOARD, 2, Role::Owner);
        world.share(2, way);
        assert_ne!(world.role(BOARD, 1), Some(Role::Owner));
    }
    let mut world = shared(3);
    let nobody = [
        (set(9, Role::Viewer), Rejection::UserNotFound),
        (remove(2), Rejection::MemberNotFound),
        (remove(9), Rejection::MemberNotFound),
    ];
    for (command, why) in nobody {
        assert_eq!(world.sharing(1, command), Err(why));
    }
}

#[test]
fn a_transfer_leaves_the_old_owners_as_editors() {
    let mut world = shared(4);
    world.set(BOARD, 2, Role::Owner);
    world.set(BOARD, 3, Role::Viewer);
    let transfer = |to| SharingCommand::TransferBoard {
        board: BOARD,
        to: user(to),
    };
    assert_eq!(world.sharing(1, transfer(9)), Err(Rejection::UserNotFound));
    world.share(1, transfer(4));
    let roles = [1, 2, 3, 4].map(|n| world.role(BOARD, n).unwrap());
    let wanted = [Role::Editor, Role::Editor, Role::Viewer, Role::Owner];
    assert_eq!(roles, wanted);
}

#[test]
fn a_board_has_so_many_members() {
    let mut world = shared(1);
    for n in 0..MEMBERS_MAX {
        let mut new = new_user(1);
        new.user = UserId::from_bytes(wide(n));
        new.email = format!("many{n}@example.org").try_into().unwrap();
        world.admit(PeopleCommand::CreateUser(new));
    }
    let set = |n| SharingCommand::SetMember {
        board: BOARD,
        user: UserId::from_bytes(wide(n)),
        role: Role::Viewer,
    };
    for n in 0..MEMBERS_MAX - 1 {
        world.share(1, set(n));
    }
    let full = Err(Rejection::TooMany {
        max: MEMBERS_MAX as u64,
    });
    let last = UserId::from_bytes(wide(MEMBERS_MAX - 1));
    assert_eq!(world.sharing(1, set(MEMBERS_MAX - 1)), full);
    let to_last = SharingCommand::TransferBoard {
        board: BOARD,
        to: last,
    };
    assert_eq!(world.sharing(1, to_last), full);
    // Who is in already can still be given another role.
    world.share(1, set(0));
}

fn new_link(n: u8, expires_at: Option<u64>, uses_max: Option<u32>) -> SharingCommand {
    SharingCommand::CreateLink {
        board: BOARD,
        link: link_id(n),
        hash: secret(n),
        role: Role::Editor,
        label: None,
        password: Some(password("first")),
        expires_at: expires_at.map(Time),
        uses_max,
    }
}

fn open(link: u8, session: u8) -> SharingCommand {
    SharingCommand::OpenLink {
        board: BOARD,
        link: link_id(link),
        session: session_id(session),
        client: client(),
        ends_at: Time(10_000_000),
    }
}

fn change_link(change: LinkChange) -> SharingCommand {
    SharingCommand::ChangeLink {
        board: BOARD,
        link: link_id(1),
        change,
        if_rev: None,
    }
}

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

fn invite(n: u8, to: Option<u8>, role: Role, expires_at: u64) -> SharingCommand {
    SharingCommand::CreateInvitation {
        board: BOARD,
        invitation: invitation_id(n),
        hash: secret(n),
        email: to.map(email),
        role,
        message: None,
        expires_at: Time(expires_at),
    }
}

fn accept(n: u8, by: u8) -> SharingCommand {
    SharingCommand::AcceptInvitation {
        board: BOARD,
        invitation: invitation_id(n),
        user: user(by),
    }
}

#[test]
fn an_invitation_is_taken_once_and_by_who_was_meant() {
    let mut world = shared(4);
    let (board, end) = (BOARD, 100_000);
    world.share(1, invite(1, Some(2), Role::Editor, end));
    let wrong = world.sharing(3, accept(1, 3));
    assert_eq!(wrong, Err(Rejection::WrongAddress));
    assert_eq!(world.sharing(9, accept(1, 9)), Err(Rejection::UserNotFound));
    world.share(2, accept(1, 2));
    assert_eq!(world.role(board, 2), Some(Role::Editor));
    let over = Err(Rejection::InvitationOver);
    assert_eq!(world.sharing(2, accept(1, 2)), over);

    // To whoever holds it; less than one has takes nothing away.
    world.share(1, invite(2, None, Role::Viewer, end));
    world.share(2, accept(2, 2));
    assert_eq!(world.role(board, 2), Some(Role::Editor));

    let answers = [
        SharingCommand::RevokeInvitation {
            board,
            invitation: invitation_id(3),
        },
        SharingCommand::DeclineInvitation {
            board,
            invitation: invitation_id(4),
        },
    ];
    // Withdrawn by who may let others in, declined by who has it.
    for ((n, by), answer) in [(3, 1), (4, 3)].into_iter().zip(answers) {
        world.share(1, invite(n, None, Role::Viewer, end));
        world.share(by, answer.clone());
        assert_eq!(world.sharing(3, accept(n, 3)), over);
        assert_eq!(world.sharing(by, answer), over);
    }
    world.share(1, invite(5, None, Role::Viewer, end));
    let twice = world.sharing(1, invite(5, None, Role::Viewer, end));
    assert_eq!(twice, Err(Rejection::InvitationExists));
    let missing = world.sharing(3, accept(77, 3));
    assert_eq!(missing, Err(Rejection::InvitationNotFound));
    world.admit(PeopleCommand::SetDisabled {
        user: user(4),
        disabled: true,
    });
    let disabled = world.sharing(4, accept(5, 4));
    assert_eq!(disabled, Err(Rejection::UserDisabled));
    world.later(end);
    assert_eq!(world.sharing(3, accept(5, 3)), over);
    assert_eq!(world.role(board, 3), None);
}

#[test]
fn a_board_has_so_many_open_invitations() {
    let mut world = shared(1);
    let new = |n: usize| SharingCommand::CreateInvitation {
        board: BOARD,
        invitation: InvitationId::from_bytes(wide(n)),
        hash: wide_secret(n),
        email: None,
        role: Role::Viewer,
        message: None,
        expires_at: Time(if n == 3 { 5_000 } else { u64::MAX }),
    };
    for n in 0..INVITATIONS_MAX {
        world.share(1, new(n));
    }
    let max = INVITATIONS_MAX as u64;
    let refused = world.sharing(1, new(INVITATIONS_MAX));
    assert_eq!(refused, Err(Rejection::TooMany { max }));
    world.later(5_000);
    world.share(1, new(INVITATIONS_MAX));
    let third = (BOARD, InvitationId::from_bytes(wide(3)));
    assert_eq!(world.get::<InvitationRow>(&third), None);
}

fn requests(world: &World) -> Vec<UserId> {
    match world.ask_sharing(SharingQuery::Requests(BOARD)) {
        SharingAnswer::Requests(views) => views.into_iter().map(|view| view.user.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_answered_once_and_takes_nothing_away() {
    let mut world = shared(4);
    let board = BOARD;
    let ask = |n, role| SharingCommand::AskForAccess {
        board,
        user: user(n),
        role,
        message: None,
    };
    let answer = |n, role| SharingCommand::AnswerRequest {
        board,
        user: user(n),
        role,
    };
    let stranger = world.sharing(2, ask(9, Role::Viewer));
    assert_eq!(stranger, Err(Rejection::UserNotFound));
    for n in 2..=4 {
        world.share(n, ask(n, Role::Editor));
        world.share(n, ask(n, Role::Commenter));
    }
    assert_eq!(requests(&world), [2, 3, 4].map(user));
    world.share(1, answer(2, None));
    assert_eq!(world.role(board, 2), None);
    world.share(1, answer(3, Some(Role::Viewer)));
    assert_eq!(world.role(board, 3), Some(Role::Viewer));
    let twice = world.sharing(1, answer(3, Some(Role::Viewer)));
    assert_eq!(twice, Err(Rejection::RequestNotFound));
    let has_more = world.sharing(3, ask(3, Role::Viewer));
    assert_eq!(has_more, Err(Rejection::AlreadyMember));

    // Somebody else let them in as an owner meanwhile, and the old owner went.
    world.share(3, ask(3, Role::Editor));
    world.share(1, SharingCommand::TransferBoard { board, to: user(3) });
    assert_eq!(requests(&world), [user(4)]);
    world.share(
        3,
        SharingCommand::SetMember {
            board,
            user: user(4),
            role: Role::Viewer,
        },
    );
    assert_eq!(requests(&world), []);
    world.share(4, ask(4, Role::Editor));
    world.admit(PeopleCommand::DeleteUser {
        user: user(4),
        boards_to: None,
    });
    assert_eq!(requests(&world), []);
    let gone = world.sharing(3, answer(4, Some(Role::Viewer)));
    assert_eq!(gone, Err(Rejection::RequestNotFound));
}

#[test]
fn only_a_live_board_is_shared() {
    let mut world = shared(2);
    world.share(1, new_link(1, None, None));
    world.share(1, invite(1, None, Role::Viewer, u64::MAX));
    world.set(BOARD, 2, Role::Editor);
    let trash = Command::TrashBoard {
        board: BOARD,
        if_rev: None,
    };
    world.by(1, trash).unwrap();
    let board = BOARD;
    let remove = SharingCommand::RemoveMember {
        board,
        user: user(2),
    };
    for command in [
        SharingCommand::SetArchived {
            board,
            archived: true,
        },
        SharingCommand::TransferBoard { board, to: user(2) },
        new_link(2, None, None),
        change_link(LinkChange::default()),
        open(1, 11),
        invite(2, None, Role::Viewer, u64::MAX),
        accept(1, 2),
    ] {
        let reply = world.sharing(1, command.clone());
        assert_eq!(reply, Err(Rejection::BoardTrashed), "{command:?}");
    }
    world.share(1, remove);
    let nowhere = SharingCommand::SetArchived {
        board: board_id(99),
        archived: true,
    };
    assert_eq!(world.sharing(1, nowhere), Err(Rejection::BoardNotFound));
}

#[test]
fn a_board_is_archived_once_and_brought_back_once() {
    let mut world = shared(1);
    let archive = |archived| SharingCommand::SetArchived {
        board: BOARD,
        archived,
    };
    let refused = world.sharing(1, archive(false));
    assert_eq!(refused, Err(Rejection::BoardNotArchived));
    world.share(1, archive(true));
    let refused = world.sharing(1, archive(true));
    assert_eq!(refused, Err(Rejection::BoardArchived));
    world.share(1, archive(false));
}

#[test]
fn a_person_has_so_many_stars_and_remembers_so_many_boards() {
    let mut world = World::with_people(2);
    let board = |n: usize| BoardId::from_bytes(wide(n));
    for n in 0..=FAVOURITES_MAX {
        world.create(1, board(n));
    }
    let star = |n, on| SharingCommand::SetFavourite {
        board: board(n),
        user: user(2),
        on,
    };
    for n in 0..FAVOURITES_MAX {
        world.share(2, star(n, true));
    }
    // Again changes nothing.
    world.share(2, star(0, true));
    let max = FAVOURITES_MAX as u64;
    let full = world.sharing(2, star(FAVOURITES_MAX, true));
    assert_eq!(full, Err(Rejection::TooMany { max }));
    world.share(2, star(0, false));
    world.share(2, star(FAVOURITES_MAX, true));
    assert_eq!(world.get::<Favourite>(&(user(2), board(0))), None);
    let nowhere = SharingCommand::SetFavourite {
        board: board(9_999),
        user: user(2),
        on: true,
    };
    assert_eq!(world.sharing(2, nowhere), Err(Rejection::BoardNotFound));

    for n in (0..OPENED_MAX).chain([0, OPENED_MAX]) {
        let opened = SharingCommand::NoteOpened {
            board: board(n),
            user: user(2),
        };
        world.share(2, opened);
    }
    // The first was opened again, so the second is the one opened longest ago.
    let there = |n| world.get::<Opened>(&(user(2), board(n))).is_some();
    let left: Vec<_> = (0..=OPENED_MAX).filter(|n| !there(*n)).collect();
    assert_eq!(left, [1]);
}

fn lines(world: &World, of: ActivityOf, limit: u32) -> Vec<(u64, What)> {
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let query = ActivityQuery {
            of,
            by: None,
            since: None,
            after,
            limit,
        };
        match world.ask_sharing(SharingQuery::Activity(query)) {
            SharingAnswer::Activity(page) => {
                assert!(page.lines.len() <= limit as usize);
                lines.extend(
                    page.lines
                        .into_iter()
                        .map(|line| (line.no.0, line.row.what)),
                );
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return lines;
        }
    }
}

#[test]
fn activity_is_told_latest_first_in_pages_without_gaps() {
    let mut world = shared(3);
    let other = board_id(2);
    world.create(2, other);
    world.set(BOARD, 2, Role::Editor);
    let rename = |text| Command::RenameBoard {
        board: BOARD,
        title: title(text),
        if_rev: None,
    };
    world.by(2, rename("One")).unwrap();
    world.by(1, rename("Two")).unwrap();
    // The server's own upkeep is nobody's activity.
    world
        .run(Envelope::new(Actor::System, rename("Three")))
        .unwrap();
    let renamed = |text| What::Renamed { title: title(text) };
    let member = What::MemberSet {
        user: user(2),
        role: Role::Editor,
    };
    let of_board = [
        (5, renamed("Two")),
        (4, renamed("One")),
        (3, member),
        (1, What::Created),
    ];
    let of_second = [(4, renamed("One")), (2, What::Created)];
    for limit in [1, 2, 3, 4, 100] {
        assert_eq!(lines(&world, ActivityOf::Board(BOARD), limit), of_board);
        assert_eq!(lines(&world, ActivityOf::User(user(2)), limit), of_second);
    }
    let query = |by, since| ActivityQuery {
        of: ActivityOf::Board(BOARD),
        by,
        since,
        after: None,
        limit: 10,
    };
    let numbers = |query| match world.ask_sharing(SharingQuery::Activity(query)) {
        SharingAnswer::Activity(page) => {
            let lines = page.lines.iter();
            lines.map(|line| (line.no.0, line.name.clone())).collect()
        }
        other => panic!("{other:?}"),
    };
    let of_two: Vec<_> = numbers(query(Some(user(2)), None));
    assert_eq!(of_two, [(4, Some("Person 2".to_owned()))]);
    let since: Vec<_> = numbers(query(None, Some(Time(world.now - 1))));
    assert_eq!(since, [(5, Some("Person 1".to_owned()))]);
}

#[test]
fn drawing_is_noted_now_and_then_for_each_who_draws() {
    let mut world = shared(2);
    let name = DisplayName::try_from("Guest".to_owned()).unwrap();
    let guest = Actor::Guest(session_id(5));
    let mut draw = |actor, later| {
        world.later(later);
        let guest = matches!(actor, Actor::Guest(_)).then(|| name.clone());
        let note = SharingCommand::NoteEdited {
            board: BOARD,
            guest,
        };
        let reply = world.run(Envelope::new(actor, Command::Sharing(note)));
        assert_eq!(reply, Ok(Outcome::Sharing(SharingOutcome::Done)));
        let lines = lines(&world, ActivityOf::Board(BOARD), 100);
        lines
            .iter()
            .filter(|(_, what)| *what == What::Edited)
            .count()
    };
    assert_eq!(draw(person(1), 0), 1);
    assert_eq!(draw(person(1), 5), 1);
    assert_eq!(draw(person(2), 5), 2);
    assert_eq!(draw(guest, 5), 3);
    assert_eq!(draw(guest, 5), 3);
    assert_eq!(draw(Actor::System, 5), 3);
    assert_eq!(draw(person(1), EDITED_EVERY_MS), 4);
    // On a board that is gone: nothing, and no fault.
    let note = SharingCommand::NoteEdited {
        board: board_id(99),
        guest: None,
    };
    world.share(1, note);
}

#[test]
fn a_request_runs_once_for_its_key() {
    let mut world = World::with_people(1);
    let once = |asked: u8, board| Envelope {
        id: Some(command_id(1)),
        actor: person(1),
        kind: Command::Once {
            asked: [asked; 32],
            kind: Box::new(create(board)),
        },
    };
    let first = world.run(once(1, board_id(1)));
    assert!(matches!(first, Ok(Outcome::Board(_))), "{first:?}");
    let again = world.run(once(1, board_id(1)));
    assert_eq!(again, Ok(Outcome::Again(Box::new(first.clone()))));
    let other = world.run(once(2, board_id(2)));
    assert_eq!(other, Err(Rejection::RequestReused));
    world.later(OUTCOME_KEPT_MS);
    // A day later the key is free, and what it stood for runs again.
    let later = world.run(once(2, board_id(2)));
    assert!(matches!(later, Ok(Outcome::Board(_))), "{later:?}");
    // A refusal is kept too.
    let refused = Envelope {
        id: Some(command_id(2)),
        ..once(1, board_id(1))
    };
    let exists = world.run(refused.clone());
    assert_eq!(exists, Err(Rejection::BoardExists));
    assert_eq!(world.run(refused), Ok(Outcome::Again(Box::new(exists))));
}

#[test]
fn a_purged_board_leaves_nothing() {
    let mut world = shared(4);
    let board = BoardId::from_bytes(*b"a board to purge");
    world.create(2, board);
    let user_of = user;
    world.set(board, 3, Role::Owner);
    let in_board = |command: &SharingCommand| {
        let mut command = command.clone();
        match &mut command {
            SharingCommand::CreateLink { board: b, .. }
            | SharingCommand::OpenLink { board: b, .. }
            | SharingCommand::CreateInvitation { board: b, .. } => *b = board,
            other => panic!("{other:?}"),
        }
        command
    };
    let policy = PolicyChange {
        access: Some(Access::Workspace(Role::Viewer)),
        ..PolicyChange::default()
    };
    for command in [
        in_board(&new_link(1, None, None)),
        in_board(&open(1, 11)),
        in_board(&invite(1, None, Role::Viewer, u64::MAX)),
        SharingCommand::SetPolicy {
            board,
            change: policy,
            if_rev: None,
        },
        SharingCommand::AskForAccess {
            board,
            user: user_of(4),
            role: Role::Editor,
            message: None,
        },
        // By one who is no member: they see it because everybody does.
        SharingCommand::SetFavourite {
            board,
            user: user_of(4),
            on: true,
        },
        SharingCommand::NoteOpened {
            board,
            user: user_of(4),
        },
        SharingCommand::NoteEdited { board, guest: None },
        SharingCommand::AddAsset {
            board,
            asset: asset_id(9),
            forms: vec![form(1)],
        },
        add_image(board, 8, 2),
    ] {
        world.share(3, command);
    }
    let holds = |world: &World| {
        let bytes = snapshot_of(&world.state);
        bytes
            .windows(16)
            .filter(|window| window == board.as_bytes())
            .count()
    };
    assert!(holds(&world) > 10);
    let trash = Command::TrashBoard {
        board,
        if_rev: None,
    };
    world.by(2, trash).unwrap();
    world.by(2, Command::PurgeBoard { board }).unwrap();
    assert_eq!(holds(&world), 0);
    assert!(!world.has_session(11));
    assert_eq!(world.get::<LinkBySecret>(&secret(1)), None);
    for n in [8, 9] {
        assert_eq!(world.asset(n), None);
    }
}

fn asset_id(n: u8) -> AssetId {
    AssetId::from_bytes([n; 16])
}

fn form(content: u8) -> AssetForm {
    AssetForm {
        name: "full".to_owned(),
        hash: [content; 32],
        len: 1,
        media: "image/png".to_owned(),
        width: 1,
        height: 1,
    }
}

fn image() -> ImageRow {
    ImageRow {
        sums: vec![[3; 32]],
        blurhash: "L".to_owned(),
    }
}

fn add_image(board: BoardId, asset: u8, content: u8) -> SharingCommand {
    SharingCommand::AddImage {
        board,
        asset: asset_id(asset),
        forms: vec![form(content)],
        image: image(),
    }
}

impl World {
    fn asset(&self, n: u8) -> Option<AssetView> {
        match self.ask_sharing(SharingQuery::Asset(asset_id(n))) {
            SharingAnswer::Asset(view) => view,
            other => panic!("{other:?}"),
        }
    }

    fn assets(&self, board: BoardId) -> Vec<AssetId> {
        match self.ask_sharing(SharingQuery::Assets(board)) {
            SharingAnswer::Assets(views) => views.into_iter().map(|view| view.id).collect(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_same_picture_is_one_on_a_board_and_another_elsewhere() {
    let mut world = shared(1);
    let other = board_id(2);
    world.create(1, other);
    let mut add = |board, asset, content| match world.sharing(1, add_image(board, asset, content)) {
        Ok(SharingOutcome::Image {
            asset,
            row,
            image: told,
            is_new,
        }) => {
            assert_eq!((row.forms, told), (vec![form(content)], image()));
            (asset, is_new)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(add(BOARD, 1, 7), (asset_id(1), true));
    assert_eq!(add(BOARD, 2, 7), (asset_id(1), false));
    assert_eq!(add(BOARD, 3, 8), (asset_id(3), true));
    assert_eq!(add(other, 4, 7), (asset_id(4), true));
    assert_eq!(world.assets(BOARD), [asset_id(1), asset_id(3)]);
    assert_eq!(world.assets(other), [asset_id(4)]);
    assert_eq!(world.asset(2), None);
    assert_eq!(world.asset(1).unwrap().boards, [BOARD]);
    let taken = world.sharing(1, add_image(other, 1, 9));
    assert_eq!(taken, Err(Rejection::AssetExists));
    let none = SharingCommand::AddImage {
        board: other,
        asset: asset_id(5),
        forms: Vec::new(),
        image: image(),
    };
    assert_eq!(world.sharing(1, none), Err(Rejection::Empty));
}

#[test]
fn a_copy_has_the_pictures_and_keeps_them() {
    let mut world = shared(1);
    world.share(1, add_image(BOARD, 1, 7));
    let (copy, from) = (board_id(2), BOARD);
    world.create(1, copy);
    world.share(1, SharingCommand::NoteCopied { board: copy, from });
    assert_eq!(world.asset(1).unwrap().boards, [BOARD, copy]);
    // There it is known by its content, too.
    world.share(1, add_image(copy, 2, 7));
    assert_eq!(world.assets(copy), [asset_id(1)]);
    let purge = |world: &mut World, board| {
        let if_rev = None;
        world.by(1, Command::TrashBoard { board, if_rev }).unwrap();
        world.by(1, Command::PurgeBoard { board }).unwrap();
    };
    purge(&mut world, BOARD);
    let left = world.asset(1).unwrap();
    assert_eq!((left.boards, left.row.board), (vec![copy], copy));
    purge(&mut world, copy);
    assert_eq!(world.asset(1), None);
}

#[test]
fn a_board_has_so_many_files() {
    let mut world = shared(1);
    let add = |n: usize| SharingCommand::AddImage {
        board: BOARD,
        asset: AssetId::from_bytes(wide(n)),
        forms: vec![AssetForm {
            hash: *wide_secret(n).as_bytes(),
            ..form(0)
        }],
        image: image(),
    };
    for n in 0..ASSETS_MAX {
        world.share(1, add(n));
    }
    let full = Err(Rejection::TooMany {
        max: ASSETS_MAX as u64,
    });
    assert_eq!(world.sharing(1, add(ASSETS_MAX)), full);
    // One that is there is not one more.
    world.share(1, add(0));
}

fn cards(world: &World, n: u8, filter: CardFilter, sort: CardSort, limit: u32) -> Vec<BoardId> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let query = CardsQuery {
            user: user(n),
            filter,
            text: None,
            sort,
            after,
            limit,
        };
        match world.ask_sharing(SharingQuery::Cards(query)) {
            SharingAnswer::Cards(page) => {
                assert!(page.cards.len() <= limit as usize);
                found.extend(page.cards.into_iter().map(|card| card.board.id));
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return found;
        }
    }
}

/// Of twelve boards person 2 owns 1 to 4, is a member of 5 to 8, sees 9 as everybody does, and not 10 to 12.
fn library() -> World {
    let mut world = World::with_people(3);
    for n in 1..=12 {
        world.create(if n <= 4 { 2 } else { 1 }, board_id(n));
    }
    for n in 5..=8 {
        world.set(board_id(n), 2, Role::Viewer);
    }
    let open = |n, access| SharingCommand::SetPolicy {
        board: board_id(n),
        change: PolicyChange {
            access: Some(access),
            ..PolicyChange::default()
        },
        if_rev: None,
    };
    world.share(1, open(9, Access::Workspace(Role::Commenter)));
    world.share(1, open(10, Access::Workspace(Role::Commenter)));
    world.share(1, open(10, Access::Private));
    // Lower than what person 2 is there anyway.
    world.share(2, open(1, Access::Workspace(Role::Viewer)));
    for n in [6, 2] {
        let (board, user) = (board_id(n), user(2));
        world.share(2, SharingCommand::NoteOpened { board, user });
        let on = true;
        world.share(2, SharingCommand::SetFavourite { board, user, on });
    }
    for (n, by) in [(3, 2), (7, 1)] {
        let trash = Command::TrashBoard {
            board: board_id(n),
            if_rev: None,
        };
        world.by(by, trash).unwrap();
    }
    for n in [4, 8] {
        let archived = true;
        let board = board_id(n);
        let archive = SharingCommand::SetArchived { board, archived };
        let envelope = Envelope::new(Actor::System, Command::Sharing(archive));
        world.run(envelope).unwrap();
    }
    world
}

#[test]
fn a_person_sees_the_boards_that_are_theirs_to_see() {
    let world = library();
    let any = CardFilter::default;
    let mine = |mine| CardFilter { mine, ..any() };
    for (what, filter, wanted) in [
        ("all", any(), vec![1, 2, 4, 5, 6, 8, 9]),
        ("owned", mine(Mine::Owned), vec![1, 2, 4]),
        ("shared", mine(Mine::Shared), vec![5, 6, 8]),
        ("opened", mine(Mine::Opened), vec![2, 6]),
        (
            "starred",
            CardFilter {
                starred: true,
                ..any()
            },
            vec![2, 6],
        ),
        (
            "archived",
            CardFilter {
                archived: Some(true),
                ..any()
            },
            vec![4, 8],
        ),
        (
            "in use",
            CardFilter {
                archived: Some(false),
                ..any()
            },
            vec![1, 2, 5, 6, 9],
        ),
        // In the trash only what one could take out again.
        (
            "trashed",
            CardFilter {
                trashed: true,
                ..any()
            },
            vec![3],
        ),
        (
            "of the first",
            CardFilter {
                owner: Some(user(1)),
                ..any()
            },
            vec![5, 6, 8, 9],
        ),
        (
            "of nobody",
            CardFilter {
                owner: Some(user(3)),
                ..any()
            },
            vec![],
        ),
    ] {
        let wanted: BTreeSet<_> = wanted.into_iter().map(board_id).collect();
        for sort in SORTS {
            for limit in [1, 2, 3, 100] {
                let found = cards(&world, 2, filter, sort, limit);
                let set: BTreeSet<_> = found.iter().copied().collect();
                assert_eq!(set, wanted, "{what} by {sort:?}, {limit} at a time");
                assert_eq!(found.len(), set.len(), "{what} by {sort:?}: twice");
            }
        }
    }
    assert_eq!(
        cards(&world, 3, any(), CardSort::CreatedDesc, 10),
        [9, 1].map(board_id)
    );
}

const SORTS: [CardSort; 5] = [
    CardSort::UpdatedDesc,
    CardSort::UpdatedAsc,
    CardSort::CreatedDesc,
    CardSort::Title,
    CardSort::OpenedDesc,
];

#[test]
fn cards_come_in_the_order_asked_for_and_say_what_the_person_may() {
    let mut world = library();
    let rename = Command::RenameBoard {
        board: board_id(5),
        title: title("aardvark"),
        if_rev: None,
    };
    world.by(1, rename).unwrap();
    let first = |sort| cards(&world, 2, CardFilter::default(), sort, 100);
    assert_eq!(first(CardSort::UpdatedDesc)[0], board_id(5));
    assert_eq!(first(CardSort::UpdatedAsc)[0], board_id(1));
    assert_eq!(first(CardSort::CreatedDesc)[0], board_id(9));
    assert_eq!(first(CardSort::Title)[0], board_id(5));
    assert_eq!(first(CardSort::OpenedDesc)[..2], [2, 6].map(board_id));
    let query = CardsQuery {
        user: user(2),
        filter: CardFilter::default(),
        text: Some("AARD".to_owned()),
        sort: CardSort::Title,
        after: None,
        limit: 10,
    };
    match world.ask_sharing(SharingQuery::Cards(query)) {
        SharingAnswer::Cards(page) => {
            let [card] = &page.cards[..] else {
                panic!("{page:?}");
            };
            assert_eq!(card.role, Role::Viewer);
            assert_eq!(card.owner, Some(user(1)));
            assert_eq!(card.owner_name.as_deref(), Some("Person 1"));
        }
        other => panic!("{other:?}"),
    }
    let view = |board, user| match world.ask_sharing(SharingQuery::Board { board, user }) {
        SharingAnswer::Board(view) => view.map(|view| (view.member, view.role)),
        other => panic!("{other:?}"),
    };
    let (two, commenter) = (Some(user(2)), Some(Role::Commenter));
    assert_eq!(view(board_id(9), two), Some((None, commenter)));
    assert_eq!(view(board_id(9), None), Some((None, None)));
    assert_eq!(view(board_id(10), two), Some((None, None)));
    let owner = Some(Role::Owner);
    assert_eq!(view(board_id(1), two), Some((owner, owner)));
    assert_eq!(view(board_id(99), two), None);
    let share = |a, b| match world.ask_sharing(SharingQuery::ShareABoard(user(a), user(b))) {
        SharingAnswer::ShareABoard(share) => share,
        other => panic!("{other:?}"),
    };
    assert!(share(1, 2) && share(2, 1) && !share(2, 3));
}

/// Each command, by whom it is still done when the board lets editors share, and by whom no more.
#[test]
fn what_lets_others_in_asks_again_whether_the_actor_may() {
    let set = |n, role| SharingCommand::SetMember {
        board: BOARD,
        user: user(n),
        role,
    };
    let link = |n, role| match new_link(n, None, None) {
        SharingCommand::CreateLink {
            board,
            link,
            hash,
            label,
            password,
            expires_at,
            uses_max,
            ..
        } => SharingCommand::CreateLink {
            board,
            link,
            hash,
            role,
            label,
            password,
            expires_at,
            uses_max,
        },
        other => panic!("{other:?}"),
    };
    let invite = |n, role| SharingCommand::CreateInvitation {
        board: BOARD,
        invitation: invitation_id(n),
        hash: secret(100 + n),
        email: None,
        role,
        message: None,
        expires_at: Time(9_000_000),
    };
    let policy = SharingCommand::SetPolicy {
        board: BOARD,
        change: PolicyChange::default(),
        if_rev: None,
    };
    let transfer = SharingCommand::TransferBoard {
        board: BOARD,
        to: user(5),
    };
    let archive = SharingCommand::SetArchived {
        board: BOARD,
        archived: true,
    };
    let answer = SharingCommand::AnswerRequest {
        board: BOARD,
        user: user(6),
        role: Some(Role::Viewer),
    };
    let remove = |n| SharingCommand::RemoveMember {
        board: BOARD,
        user: user(n),
    };
    let revoke = SharingCommand::RevokeLink {
        board: BOARD,
        link: link_id(1),
    };
    // Owner 1, editor 2, viewer 3, nobody 4; 5 and 6 are there to be let in.
    for (command, may) in [
        (set(5, Role::Editor), &[1, 2][..]),
        (set(5, Role::Owner), &[1]),
        (set(3, Role::Editor), &[1, 2]),
        (set(1, Role::Viewer), &[]),
        (link(2, Role::Editor), &[1, 2]),
        (invite(2, Role::Editor), &[1, 2]),
        (policy, &[1]),
        (transfer, &[1]),
        (archive, &[1]),
        (answer, &[1]),
        (change_link(LinkChange::default()), &[1]),
        (revoke, &[1]),
        (remove(3), &[1, 3]),
        (remove(2), &[1, 2]),
    ] {
        for n in 1..=4 {
            let mut world = shared(6);
            world.set(BOARD, 2, Role::Editor);
            world.set(BOARD, 3, Role::Viewer);
            world.share(1, new_link(1, None, None));
            let change = PolicyChange {
                sharing_from: Some(Role::Editor),
                ..PolicyChange::default()
            };
            world.share(
                1,
                SharingCommand::SetPolicy {
                    board: BOARD,
                    change,
                    if_rev: None,
                },
            );
            world.share(
                6,
                SharingCommand::AskForAccess {
                    board: BOARD,
                    user: user(6),
                    role: Role::Viewer,
                    message: None,
                },
            );
            let reply = world.sharing(n, command.clone());
            let refused = matches!(reply, Err(Rejection::RoleTooLow));
            assert_eq!(
                refused,
                !may.contains(&n) && !is_last_owner(&reply),
                "{n}: {command:?} {reply:?}"
            );
            // Nor does anybody who is shut out, whatever they were.
            if may.contains(&n) && n != 1 {
                let mut world = shared(6);
                world.set(BOARD, n, Role::Owner);
                world.admit(PeopleCommand::SetDisabled {
                    user: user(n),
                    disabled: true,
                });
                let reply = world.sharing(n, set(5, Role::Viewer));
                assert_eq!(reply, Err(Rejection::RoleTooLow));
            }
        }
    }
}

fn is_last_owner(reply: &Result<SharingOutcome, Rejection>) -> bool {
    matches!(reply, Err(Rejection::LastOwner))
}

#[test]
fn nobody_shares_for_nobody_in_particular_once_there_are_people() {
    let mut world = World::new();
    world
        .run(Envelope::new(Actor::Local, create(BOARD)))
        .unwrap();
    let archive = |archived| {
        Command::Sharing(SharingCommand::SetArchived {
            board: BOARD,
            archived,
        })
    };
    let local = |kind| Envelope::new(Actor::Local, kind);
    world.run(local(archive(true))).unwrap();
    world.admit(PeopleCommand::CreateFirstUser(new_user(1)));
    let refused = Err(Rejection::RoleTooLow);
    assert_eq!(world.run(local(archive(false))), refused);
    let guest = Envelope::new(Actor::Guest(session_id(1)), archive(false));
    assert_eq!(world.run(guest), refused);
    let server = Envelope::new(Actor::System, archive(false));
    world.run(server).unwrap();
}

#[test]
fn a_boards_activity_is_kept_up_to_a_bound_and_the_oldest_goes() {
    let mut world = shared(1);
    let rename = |n: usize| {
        let title = title(&n.to_string());
        let if_rev = None;
        let board = BOARD;
        Envelope::new(
            person(1),
            Command::RenameBoard {
                board,
                title,
                if_rev,
            },
        )
    };
    let held = |world: &World| {
        let lines = world
            .state
            .read_tx(|tx| tx.keys::<ActivityRow>(&BOARD))
            .unwrap();
        let of_user = world
            .state
            .read_tx(|tx| tx.keys::<ActivityOfUser>(&user(1)))
            .unwrap();
        assert_eq!(lines.len(), of_user.len());
        let counted = world.get::<ActivityHeld>(&BOARD).unwrap();
        assert_eq!(counted.0, lines.len() as u64);
        lines.len()
    };
    let before = held(&world);
    let mut most = 0;
    for batch in 0..11 {
        let envelopes = (0..1_000).map(|n| rename(batch * 1_000 + n)).collect();
        world.later(10);
        let at = world.now;
        world
            .state
            .apply(&[crate::support::batch(at, envelopes)], b"m")
            .unwrap();
        most = most.max(held(&world));
    }
    assert_eq!(before, 1);
    // Whatever the batches were: dropped at 10,500 to 10,000, and on from there.
    assert_eq!(
        held(&world),
        ACTIVITY_MAX + (11_000 + before - ACTIVITY_MAX) % 500
    );
    assert!(most < ACTIVITY_MAX + 500);
    let query = SharingQuery::Activity(ActivityQuery {
        of: ActivityOf::Board(BOARD),
        by: None,
        since: None,
        after: None,
        limit: 1,
    });
    match world.ask_sharing(query) {
        SharingAnswer::Activity(page) => {
            let latest = What::Renamed {
                title: title("10999"),
            };
            assert_eq!(page.lines[0].row.what, latest);
        }
        other => panic!("{other:?}"),
    }
}
