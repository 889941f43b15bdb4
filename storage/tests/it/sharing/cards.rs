//! The boards that a person sees, in order.

use crate::support::{board_id, title};
use crate::world::{World, user};
use easel_storage::sharing::{
    Access, CardFilter, CardSort, CardsQuery, Mine, PolicyChange, Role, SharingAnswer,
    SharingCommand, SharingQuery,
};
use easel_storage::{Actor, BoardId, Command, Envelope};
use std::collections::BTreeSet;

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
