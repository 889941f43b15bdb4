//! What sharing means in a board's life: archive, trash, the end; and stars.

use super::{
    BOARD, accept, add_image, asset_id, change_link, form, invite, new_link, open, shared, wide,
};
use crate::support::{board_id, command_id, create, snapshot_of};
use crate::world::{World, person, secret, user};
use easel_storage::apply::OUTCOME_KEPT_MS;
use easel_storage::sharing::{
    Access, FAVOURITES_MAX, Favourite, LinkBySecret, LinkChange, OPENED_MAX, Opened, PolicyChange,
    Role, SharingCommand,
};
use easel_storage::{BoardId, Command, Envelope, Outcome, Rejection};

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
