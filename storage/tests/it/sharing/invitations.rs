//! Invitations and requests.

use super::{BOARD, accept, invitation_id, invite, shared, wide, wide_secret};
use crate::world::{World, user};
use easel_storage::people::PeopleCommand;
use easel_storage::sharing::{
    INVITATIONS_MAX, InvitationRow, Role, SharingAnswer, SharingCommand, SharingQuery,
};
use easel_storage::{InvitationId, Rejection, Time, UserId};

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
