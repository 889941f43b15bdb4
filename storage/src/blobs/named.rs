//! Which blobs the records name.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{Blob, BlobHash};
use crate::apart::ApartRow;
use crate::people::UserRow;
use crate::rows::{ReadRows, Single};
use crate::sharing::AssetRow;
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

pub(crate) fn of_asset(row: &AssetRow, note: &mut dyn FnMut(BlobHash, u64)) {
    for form in &row.forms {
        note(BlobHash::from_bytes(form.hash), form.len);
    }
}

pub(crate) fn of_user(row: &UserRow, note: &mut dyn FnMut(BlobHash, u64)) {
    for (_, hash, len) in row.avatar.iter().flat_map(|avatar| &avatar.sizes) {
        note(BlobHash::from_bytes(*hash), *len);
    }
}
