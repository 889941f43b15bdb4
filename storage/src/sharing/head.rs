//! What a look at a board and a list of boards read of it, from three rows.

use super::records::{Access, AccessRow, Role};
use crate::ids::BoardId;
use crate::query::read_board;
use crate::records::BoardRecord;
use crate::rows::ReadRows;
use crate::tx::{Fault, ReadTx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardHead {
    pub board: BoardRecord,
    /// `None`: a board of a time before accounts, that nobody owns yet.
    pub policy: Option<AccessRow>,
    /// The title as lists are sorted and searched by.
    pub folded: Box<str>,
}

impl BoardHead {
    pub(crate) fn new(board: BoardRecord, policy: Option<AccessRow>) -> Self {
        Self {
            folded: board.title.as_str().to_lowercase().into(),
            board,
            policy,
        }
    }

    pub(crate) fn read(tx: &dyn ReadTx, id: BoardId) -> Result<Option<Self>, Fault> {
        let Some(board) = read_board(tx, id)? else {
            return Ok(None);
        };
        Ok(Some(Self::new(board, tx.get::<AccessRow>(&id)?)))
    }

    /// What everybody with an account is there.
    pub(crate) fn workspace_role(&self) -> Option<Role> {
        match self.policy.as_ref()?.access {
            Access::Private => None,
            Access::Workspace(role) => Some(role),
        }
    }
}
