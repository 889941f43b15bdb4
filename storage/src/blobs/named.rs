//! Which blobs the records name, and which a command.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{Blob, BlobHash};
use crate::apart::ApartRow;
use crate::command::{Actor, Command, Payload};
use crate::ids::{DocName, UserId};
use crate::people::{Avatar, AvatarChange, PeopleCommand, UserRow};
use crate::rows::{ReadRows, Single};
use crate::sharing::{AssetForm, AssetRow, SharingCommand};
use crate::tx::{Fault, ReadTx};

/// Every blob that this state names, with its length: by files of boards, of trashed and archived ones too, and of whatever a
/// board's history still shows, since a file stays on its board; by people's pictures; and by the updates, which are history
/// for ever, and the current body of each document. Some 50 bytes of memory for each. What a snapshot notes, which reads every
/// row, is held against this by a test.
pub fn named(tx: &dyn ReadTx) -> Result<BTreeMap<BlobHash, u64>, Fault> {
    let mut named = BTreeMap::new();
    tx.scan::<AssetRow>(&Single, &mut |_, row| {
        of_asset(&row, &mut |hash, len| named.extend([(hash, len)]));
        Ok(ControlFlow::Continue(()))
    })?;
    tx.scan::<UserRow>(&Single, &mut |_, row| {
        of_user(&row, &mut |hash, len| named.extend([(hash, len)]));
        Ok(ControlFlow::Continue(()))
    })?;
    tx.scan::<ApartRow>(&Single, &mut |_, row| {
        let Blob { hash, len } = row.blob();
        named.insert(hash, len);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(named)
}

/// What a blob belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    Document(DocName),
    Person(UserId),
}

/// What names each of the blobs that are looked for, of all that this state names.
pub fn owners(
    tx: &dyn ReadTx,
    is_looked_for: &dyn Fn(BlobHash) -> bool,
) -> Result<BTreeMap<BlobHash, Owner>, Fault> {
    let mut owners = BTreeMap::new();
    let mut note = |hash, owner: Owner| {
        if is_looked_for(hash) {
            owners.insert(hash, owner);
        }
    };
    tx.scan::<AssetRow>(&Single, &mut |_, row| {
        of_asset(&row, &mut |hash, _| {
            note(hash, Owner::Document(row.board.into()))
        });
        Ok(ControlFlow::Continue(()))
    })?;
    tx.scan::<UserRow>(&Single, &mut |user, row| {
        of_user(&row, &mut |hash, _| note(hash, Owner::Person(user)));
        Ok(ControlFlow::Continue(()))
    })?;
    tx.scan::<ApartRow>(&Single, &mut |key, row| {
        note(row.blob().hash, Owner::Document(key.doc().clone()));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(owners)
}

impl Owner {
    /// Of what a command names, if it names any.
    pub fn by(actor: Actor, command: &Command) -> Option<Owner> {
        match command {
            Command::AppendUpdates { doc, .. } | Command::Compact { doc, .. } => {
                Some(Owner::Document(doc.clone()))
            }
            Command::Sharing(command) => command.board().map(|board| Owner::Document(board.into())),
            Command::People(_) => match actor {
                Actor::User(user) => Some(Owner::Person(user)),
                Actor::System | Actor::Local | Actor::Guest(_) => None,
            },
            Command::Once { kind, .. } => Owner::by(actor, kind),
            Command::InitInstance { .. }
            | Command::CreateBoard { .. }
            | Command::RenameBoard { .. }
            | Command::TrashBoard { .. }
            | Command::RestoreBoard { .. }
            | Command::PurgeBoard { .. }
            | Command::Nodes(_) => None,
        }
    }
}

/// Every blob that a command names, with its length: each was there when the command was handed in.
pub fn named_by(command: &Command, note: &mut dyn FnMut(BlobHash, u64)) {
    let mut of_content = |content: &Payload| {
        if let Some(Blob { hash, len }) = content.apart() {
            note(hash, len);
        }
    };
    match command {
        Command::AppendUpdates { updates, .. } => {
            updates
                .iter()
                .for_each(|update| of_content(&update.payload));
        }
        Command::Compact { body, .. } => of_content(body),
        Command::Sharing(
            SharingCommand::AddAsset { forms, .. } | SharingCommand::AddImage { forms, .. },
        ) => of_forms(forms, note),
        Command::People(PeopleCommand::ChangeUser { change, .. }) => {
            if let Some(AvatarChange::Set(avatar)) = &change.avatar {
                of_avatar(avatar, note);
            }
        }
        Command::Once { kind, .. } => named_by(kind, note),
        Command::InitInstance { .. }
        | Command::CreateBoard { .. }
        | Command::RenameBoard { .. }
        | Command::TrashBoard { .. }
        | Command::RestoreBoard { .. }
        | Command::PurgeBoard { .. }
        | Command::People(_)
        | Command::Sharing(_)
        | Command::Nodes(_) => {}
    }
}

pub(crate) fn of_asset(row: &AssetRow, note: &mut dyn FnMut(BlobHash, u64)) {
    of_forms(&row.forms, note);
}

fn of_forms(forms: &[AssetForm], note: &mut dyn FnMut(BlobHash, u64)) {
    for form in forms {
        note(BlobHash::from_bytes(form.hash), form.len);
    }
}

pub(crate) fn of_user(row: &UserRow, note: &mut dyn FnMut(BlobHash, u64)) {
    if let Some(avatar) = &row.avatar {
        of_avatar(avatar, note);
    }
}

fn of_avatar(avatar: &Avatar, note: &mut dyn FnMut(BlobHash, u64)) {
    for (_, hash, len) in &avatar.sizes {
        note(BlobHash::from_bytes(*hash), *len);
    }
}
