//! Elements as JSON: what programs read of a board, and what they write into it.
//!
//! The JSON is the document's element in the words of [`schema`](crate::schema): members that differ from their default,
//! text as text, ink as points. Reading is total, as everywhere. Writing is strict: what is not just right is refused
//! with a pointer before anything is written, and what is written is one transaction that changes nothing but the
//! members that differ, so that it mixes well with what people do at the same time. What a later version keeps in an
//! element is not shown and stays.

mod image;
mod joints;
mod order;
mod parents;
mod read;
mod runs;
mod wanted;
mod write;

pub use order::above;
pub use read::{Object, element, outline};
pub use write::{Written, create, is_unsigned, patch, remove, replace, set_authors};

use yrs::{Map, MapRef, Out, ReadTxn};

use crate::schema::{ELEMENTS_MAX, ROOT_ELEMENTS};

/// One thing that is wrong with what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901.
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

impl Fault {
    fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Fault {
        Fault {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }

    fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Fault {
        Fault::new(pointer, "invalid", detail)
    }
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("there is no such element")]
    NotFound,
    #[error("an element with this id exists")]
    Exists,
    #[error("the board holds {ELEMENTS_MAX} elements, which is all it may")]
    Full,
    #[error("the element is locked")]
    Locked,
    #[error("the element is not as the caller thinks")]
    Moved,
    #[error("what was asked for is not valid")]
    Invalid(Vec<Fault>),
}

fn find<T: ReadTxn>(txn: &T, id: &str) -> Option<MapRef> {
    match txn.get_map(ROOT_ELEMENTS)?.get(txn, id)? {
        Out::YMap(map) => Some(map),
        _ => None,
    }
}
