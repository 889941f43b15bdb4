//! Pictures on boards.

use super::{BOARD, add_image, asset_id, form, image, shared, wide, wide_secret};
use crate::support::board_id;
use crate::world::{World, user};
use easel_storage::blobs::{BlobHash, named};
use easel_storage::people::{Avatar, AvatarChange, PeopleCommand, UserChange};
use easel_storage::sharing::{ASSETS_MAX, AssetForm, SharingCommand, SharingOutcome};
use easel_storage::{AssetId, Command, Rejection, Time};

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

#[test]
fn a_picture_is_named_for_as_long_as_a_board_has_it() {
    let mut world = shared(1);
    let named = |world: &World| {
        let named = world.state.read_tx(named).unwrap();
        let mut noting = world.state.snapshot().unwrap().noting_blobs();
        std::io::copy(&mut noting, &mut std::io::sink()).unwrap();
        // What reads every row finds the same.
        assert_eq!(named, noting.into_blobs());
        named.into_keys().collect::<Vec<_>>()
    };
    let blob = |content: u8| BlobHash::from_bytes([content; 32]);
    assert_eq!(named(&world), []);
    world.share(1, add_image(BOARD, 1, 7));
    let sizes = vec![(64, [9; 32], 5)];
    let change = UserChange {
        avatar: Some(AvatarChange::Set(Avatar { sizes, at: Time(1) })),
        ..UserChange::default()
    };
    let (user, if_rev) = (user(1), None);
    let set = PeopleCommand::ChangeUser {
        user,
        change,
        if_rev,
    };
    world.by(1, set.into()).unwrap();
    assert_eq!(named(&world), [blob(7), blob(9)]);
    let if_rev = None;
    world
        .by(
            1,
            Command::TrashBoard {
                board: BOARD,
                if_rev,
            },
        )
        .unwrap();
    assert_eq!(named(&world), [blob(7), blob(9)]);
    world.by(1, Command::PurgeBoard { board: BOARD }).unwrap();
    assert_eq!(named(&world), [blob(9)]);
}
