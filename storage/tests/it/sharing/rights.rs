//! Who shares with others, asked where it is done.

use super::{BOARD, change_link, invitation_id, link_id, new_link, shared};
use crate::support::create;
use crate::world::{World, new_user, secret, session_id, user};
use easel_storage::people::PeopleCommand;
use easel_storage::sharing::{LinkChange, PolicyChange, Role, SharingCommand, SharingOutcome};
use easel_storage::{Actor, Command, Envelope, Rejection, Time};

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
