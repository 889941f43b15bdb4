//! Whom elements are put down to, looked at after one person's update.

use std::collections::BTreeSet;
use std::sync::Arc;

use yrs::branch::BranchID;
use yrs::{Any, Map, Out, ReadTxn};

use super::fix::Fix;
use super::index::Index;
use crate::schema::{ROOT_ELEMENTS, WORD_LENGTH_MAX};

#[derive(Debug, Default)]
pub(super) struct Signing {
    /// What is put right at once: somebody said that it is another's.
    wrong: Vec<(Arc<str>, Option<Arc<str>>)>,
    unsigned: Vec<Arc<str>>,
}

impl Signing {
    /// What the elements say now against what the index knows of them, which is how they were before.
    pub(super) fn of<T: ReadTxn>(
        index: &Index,
        txn: &T,
        ids: &BTreeSet<Arc<str>>,
        author: &str,
    ) -> Signing {
        let mut signing = Signing::default();
        let Some(elements) = txn.get_map(ROOT_ELEMENTS) else {
            return signing;
        };
        for id in ids {
            let Some(Out::YMap(map)) = elements.get(txn, id) else {
                continue;
            };
            let BranchID::Nested(branch) = map.as_ref().id() else {
                continue;
            };
            let branch = (branch.client.get(), branch.clock);
            let (says, is_word) = match map.get(txn, "by") {
                Some(Out::Any(Any::String(by))) if by.len() <= WORD_LENGTH_MAX => (Some(by), true),
                Some(_) => (None, false),
                None => (None, true),
            };
            let id = Arc::clone(id);
            match index.get(&id).filter(|known| known.branch == branch) {
                Some(known) if known.by == says && is_word => {}
                Some(known) => signing.wrong.push((id, known.by.clone())),
                None => match says {
                    Some(by) if *by == *author => {}
                    None if is_word => signing.unsigned.push(id),
                    Some(_) | None => signing.wrong.push((id, Some(author.into()))),
                },
            }
        }
        signing
    }

    /// Joins what is to be mended, and leaves the index as it will be then.
    pub(super) fn settle(
        self,
        index: &mut Index,
        fixes: &mut Vec<Fix>,
    ) -> (Vec<Fix>, Vec<Arc<str>>) {
        for (id, by) in self.wrong {
            index.set_by(&id, by.clone());
            fixes.push(Fix::SetBy { id, by });
        }
        (std::mem::take(fixes), self.unsigned)
    }
}
