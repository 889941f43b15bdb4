//! Whether who asks still may, looked up where the command is applied.
//!
//! The node asked before and answered in detail; a role may have been lowered since, and what is granted after that
//! would stay. So what lets others in, or changes on which terms, is checked here again, on every node alike.

use std::ops::ControlFlow;

use super::command::SharingCommand;
use super::records::{Access, AccessRow, MemberRow, Role};
use super::rules::policy;
use crate::command::{Actor, Rejection};
use crate::ids::{BoardId, UserId};
use crate::people::UserRow;
use crate::rows::{ReadRows, Single};
use crate::tx::{Fault, WriteTx};

/// What a command takes of the actor's role on its board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// It is theirs to do, or the node's to know.
    Nothing,
    Owner,
    /// Whoever may let others in, and nobody gives more than they have.
    ToShare(Role),
}

pub(super) fn still_may(
    tx: &dyn WriteTx,
    actor: Actor,
    command: &SharingCommand,
) -> Result<Result<(), Rejection>, Fault> {
    let (Some(board), needs) = (command.board(), needs(tx, actor, command)?) else {
        return Ok(Ok(()));
    };
    if needs == Needs::Nothing {
        return Ok(Ok(()));
    }
    let user = match actor {
        Actor::System => return Ok(Ok(())),
        Actor::Local => return Ok(allowed(!has_people(tx)?)),
        Actor::Guest(_) => return Ok(allowed(false)),
        Actor::User(user) => user,
    };
    let policy = policy(tx, board)?;
    let role = role_of(tx, &policy, board, user)?;
    let is_enough = |least: Role| role.is_some_and(|role| role >= least);
    Ok(allowed(match needs {
        Needs::Nothing => true,
        Needs::Owner => is_enough(Role::Owner),
        Needs::ToShare(given) => is_enough(policy.sharing_from.max(given)),
    }))
}

fn allowed(may: bool) -> Result<(), Rejection> {
    match may {
        true => Ok(()),
        false => Err(Rejection::RoleTooLow),
    }
}

fn needs(tx: &dyn WriteTx, actor: Actor, command: &SharingCommand) -> Result<Needs, Fault> {
    Ok(match command {
        SharingCommand::SetArchived { .. }
        | SharingCommand::TransferBoard { .. }
        | SharingCommand::SetPolicy { .. }
        | SharingCommand::ChangeLink { .. }
        | SharingCommand::RevokeLink { .. }
        | SharingCommand::AnswerRequest { .. } => Needs::Owner,
        // Nor does anybody change the role of somebody who has more than they have themselves.
        SharingCommand::SetMember { board, user, role } => {
            let before = tx.get::<MemberRow>(&(*board, *user))?;
            Needs::ToShare(before.map_or(*role, |before| before.role.max(*role)))
        }
        SharingCommand::CreateLink { role, .. } | SharingCommand::CreateInvitation { role, .. } => {
            Needs::ToShare(*role)
        }
        SharingCommand::RevokeInvitation { .. } => Needs::ToShare(Role::Viewer),
        SharingCommand::RemoveMember { user, .. } if actor == Actor::User(*user) => Needs::Nothing,
        SharingCommand::RemoveMember { .. } => Needs::Owner,
        SharingCommand::OpenLink { .. }
        | SharingCommand::NameGuest { .. }
        | SharingCommand::AcceptInvitation { .. }
        | SharingCommand::DeclineInvitation { .. }
        | SharingCommand::AskForAccess { .. }
        | SharingCommand::SetFavourite { .. }
        | SharingCommand::NoteOpened { .. }
        | SharingCommand::NoteEdited { .. }
        | SharingCommand::NoteCopied { .. }
        | SharingCommand::AddAsset { .. }
        | SharingCommand::AddImage { .. } => Needs::Nothing,
    })
}

fn role_of(
    tx: &dyn WriteTx,
    policy: &AccessRow,
    board: BoardId,
    user: UserId,
) -> Result<Option<Role>, Fault> {
    let account = tx.get::<UserRow>(&user)?;
    if account.is_none_or(|account| account.disabled_at.is_some()) {
        return Ok(None);
    }
    let by_policy = match policy.access {
        Access::Private => None,
        Access::Workspace(role) => Some(role),
    };
    let member = tx.get::<MemberRow>(&(board, user))?;
    Ok(by_policy.max(member.map(|member| member.role)))
}

fn has_people(tx: &dyn WriteTx) -> Result<bool, Fault> {
    let mut any = false;
    tx.scan::<UserRow>(&Single, &mut |_, _| {
        any = true;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(any)
}
