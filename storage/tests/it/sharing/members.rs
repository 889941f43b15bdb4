//! Owners, and how many may be let in.

use super::{BOARD, shared, wide};
use crate::world::{new_user, user};
use easel_storage::people::PeopleCommand;
use easel_storage::sharing::{MEMBERS_MAX, Role, SharingCommand};
use easel_storage::{Rejection, UserId};

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
