//! What a command may have changed for those who hold something open: sockets, lists, cached answers.
//!
//! Derived from the command and how it ended, so that every node that applies it knows at the same place in the order
//! what to look at again. Whoever hears of a change reads the state; a change heard of for nothing costs a read.

use crate::command::{Command, Envelope, Outcome, Reply};
use crate::ids::{BoardId, SessionId, TokenId, UserId};
use crate::nodes::NodesCommand;
use crate::people::{PeopleCommand, PeopleOutcome};
use crate::sharing::SharingCommand;

/// Something to look at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A board's title, policy, members, links or place in the trash.
    Board(BoardId),
    /// A person's account, and all that speaks for them.
    User(UserId),
    Session(SessionId),
    Token(TokenId),
    Keyring,
    /// Which nodes there are, or where.
    Nodes,
    /// All of it: another state took the place of this one.
    Everything,
}

/// Notes what the command changed, if it was not refused. What people draw changes nothing of this.
pub fn note_changes(envelope: &Envelope, reply: &Reply, changes: &mut Vec<Change>) {
    if let Ok(outcome) = reply {
        note(&envelope.kind, outcome, changes);
    }
}

fn note(command: &Command, outcome: &Outcome, changes: &mut Vec<Change>) {
    match command {
        Command::AppendUpdates { .. } | Command::Compact { .. } | Command::InitInstance { .. } => {}
        Command::Nodes(command) => nodes(command, changes),
        Command::CreateBoard { board, .. }
        | Command::RenameBoard { board, .. }
        | Command::TrashBoard { board, .. }
        | Command::RestoreBoard { board }
        | Command::PurgeBoard { board } => changes.push(Change::Board(*board)),
        Command::People(command) => people(command, outcome, changes),
        Command::Sharing(command) => sharing(command, changes),
        Command::Once { kind, .. } => note(kind, outcome, changes),
    }
}

fn nodes(command: &NodesCommand, changes: &mut Vec<Change>) {
    match command {
        NodesCommand::TakeJoin { .. }
        | NodesCommand::PutNode { .. }
        | NodesCommand::ForgetNode { .. }
        | NodesCommand::ForgetAll => changes.push(Change::Nodes),
        NodesCommand::PutAuthority { .. } | NodesCommand::OfferJoin { .. } => {}
    }
}

fn people(command: &PeopleCommand, outcome: &Outcome, changes: &mut Vec<Change>) {
    match command {
        // These take boards that are not named: every one that there is, and all that one person owned.
        PeopleCommand::CreateFirstUser(_) | PeopleCommand::DeleteUser { .. } => {
            changes.push(Change::Everything);
        }
        PeopleCommand::CreateUser(new) => changes.push(Change::User(new.user)),
        PeopleCommand::ChangeUser { user, .. }
        | PeopleCommand::SetPassword { user, .. }
        | PeopleCommand::TakeReset { user, .. }
        | PeopleCommand::SetDisabled { user, .. }
        | PeopleCommand::EndSessions { user, .. }
        // To make room it may have ended the session that was unused for longest.
        | PeopleCommand::StartSession { user, .. } => changes.push(Change::User(*user)),
        PeopleCommand::RotateSession { session, .. } => {
            if matches!(outcome, Outcome::People(PeopleOutcome::FamilyEnded { .. })) {
                changes.push(Change::Session(*session));
            }
        }
        PeopleCommand::EndSession { session } => changes.push(Change::Session(*session)),
        PeopleCommand::RevokeToken { token } => changes.push(Change::Token(*token)),
        PeopleCommand::PutKeyring { .. } => changes.push(Change::Keyring),
        PeopleCommand::RehashPassword { .. }
        | PeopleCommand::PutSettings { .. }
        | PeopleCommand::ConfirmSession { .. }
        | PeopleCommand::OfferReset { .. }
        | PeopleCommand::CreateToken { .. } => {}
    }
}

fn sharing(command: &SharingCommand, changes: &mut Vec<Change>) {
    match command {
        SharingCommand::SetArchived { board, .. }
        | SharingCommand::TransferBoard { board, .. }
        | SharingCommand::SetPolicy { board, .. }
        | SharingCommand::SetMember { board, .. }
        | SharingCommand::RemoveMember { board, .. }
        | SharingCommand::CreateLink { board, .. }
        | SharingCommand::ChangeLink { board, .. }
        | SharingCommand::RevokeLink { board, .. }
        | SharingCommand::AcceptInvitation { board, .. }
        | SharingCommand::AskForAccess { board, .. }
        | SharingCommand::AnswerRequest { board, .. } => changes.push(Change::Board(*board)),
        SharingCommand::NameGuest { session, .. } => changes.push(Change::Session(*session)),
        SharingCommand::SetFavourite { user, .. } => changes.push(Change::User(*user)),
        SharingCommand::OpenLink { .. }
        | SharingCommand::CreateInvitation { .. }
        | SharingCommand::RevokeInvitation { .. }
        | SharingCommand::DeclineInvitation { .. }
        | SharingCommand::NoteOpened { .. }
        | SharingCommand::NoteEdited { .. }
        | SharingCommand::NoteCopied { .. }
        | SharingCommand::AddAsset { .. }
        | SharingCommand::AddImage { .. } => {}
    }
}
