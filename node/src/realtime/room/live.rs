//! The room's Yjs document: the only place of the server that calls yrs with what people sent.
//!
//! yrs cannot roll back and may panic on what the gate let through, so every call is caught. After a failure the
//! document is worth nothing: the room is poisoned and built anew from the store.

use super::asking::{Change, Wish};
use bytes::Bytes;
use easel_board::StateVector;
use easel_board::gate::{self, Limits, Outline, Refusal};
use easel_board::json::{self, Refused, Written};
use easel_board::repair::{Inspector, Mended};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, Transact, Update};

/// What sort of document a room holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A board: held to Easel's schema.
    Board,
    /// Any Yjs document: only the gate looks at it.
    Raw,
}

/// The document cannot be trusted any longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("yrs refused the update: {0}")]
    Refused(String),
    #[error("yrs failed on the update")]
    Panicked,
    #[error("the update depends on itself")]
    Pending,
}

pub(crate) struct Live {
    doc: Doc,
    outline: Outline,
    inspector: Option<Inspector>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

impl Live {
    /// Builds the document from what the store holds. Slow for a large board: not for the room's own task.
    pub(crate) fn build(kind: Kind, client: u64, stored: &[Bytes]) -> Result<Self, Broken> {
        guarded(|| {
            let doc = document(client, stored)?;
            let mut outline = Outline::default();
            stored.iter().for_each(|update| outline.learn(update));
            let inspector = match kind {
                Kind::Board => Some(Inspector::attach(&doc)),
                Kind::Raw => None,
            };
            Ok(Self {
                doc,
                outline,
                inspector,
            })
        })
    }

    /// Whether an update that passed the gate and lacks nothing also fits the document. To be asked once, right before
    /// it is applied.
    pub(super) fn admit(&mut self, update: &[u8], limits: &Limits) -> Result<(), Refusal> {
        self.outline.admit(update, limits)
    }

    /// Applies an update that was admitted. Returns whether it brought anything new.
    pub(super) fn apply(&mut self, update: &[u8]) -> Result<bool, Broken> {
        guarded(|| apply(&self.doc, update))
    }

    /// Applies what is stored or was admitted by another node, whatever is in it.
    pub(super) fn apply_trusted(&mut self, update: &[u8]) -> Result<bool, Broken> {
        guarded(|| {
            self.outline.learn(update);
            apply(&self.doc, update)
        })
    }

    /// What a client with this state vector (Yjs v1 encoding) lacks; deletions always included.
    pub(super) fn diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, Broken> {
        guarded(|| {
            let theirs = yrs::StateVector::decode_v1(state_vector)
                .map_err(|e| Broken::Refused(e.to_string()))?;
            Ok(self.doc.transact().encode_diff_v1(&theirs))
        })
    }

    /// Writes an element, as an edit of the server's.
    pub(super) fn write(
        &mut self,
        wish: &Wish,
        by: Option<&str>,
    ) -> Result<Result<Written, Refused>, Broken> {
        guarded(|| {
            let doc = &self.doc;
            let written = match wish {
                Wish::Create { id, element } => json::create(doc, id, element, by),
                Wish::Change {
                    id,
                    change,
                    only_if,
                } => match change {
                    Change::Patch(patch) => json::patch(doc, id, patch, &only_if.0),
                    Change::Replace(element) => json::replace(doc, id, element, &only_if.0),
                    Change::Remove => json::remove(doc, id, &only_if.0),
                },
                Wish::Update(_) => Err(Refused::NotFound),
            };
            if let Ok(Written {
                update: Some(update),
                ..
            }) = &written
            {
                self.outline.learn(update);
            }
            Ok(written)
        })
    }

    /// Keeps those of these elements that do not say whose they are.
    pub(super) fn retain_unsigned<T>(
        &self,
        made: &mut BTreeMap<Arc<str>, T>,
    ) -> Result<(), Broken> {
        guarded(|| {
            let txn = self.doc.transact();
            made.retain(|id, _| json::is_unsigned(&txn, id));
            Ok(())
        })
    }

    /// Writes whom elements are put down to. Returns the server's edit, if one was needed.
    pub(super) fn set_authors(
        &mut self,
        authors: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Result<Option<Vec<u8>>, Broken> {
        guarded(|| {
            let authors = authors.iter().map(|(id, by)| (&**id, &**by));
            let update = json::set_authors(&self.doc, authors);
            if let Some(update) = &update {
                self.outline.learn(update);
            }
            Ok(update)
        })
    }

    /// [`Live::repair`] after an update of one person's.
    pub(super) fn repair_after(&mut self, author: &str) -> Result<Mended, Broken> {
        guarded(|| {
            let mended = match &mut self.inspector {
                Some(inspector) => inspector.repair_after(&self.doc, author),
                None => Mended::default(),
            };
            if let Some(update) = &mended.update {
                self.outline.learn(update);
            }
            Ok(mended)
        })
    }

    /// Mends what breaks the schema. Returns the server's edit, if one was needed.
    pub(super) fn repair(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        guarded(|| {
            let repair = self
                .inspector
                .as_mut()
                .and_then(|inspector| inspector.repair(&self.doc));
            if let Some(update) = &repair {
                self.outline.learn(update);
            }
            Ok(repair)
        })
    }
}

/// Folds stored updates into one and tells its state vector; what a new body is made of.
pub(crate) fn fold(stored: &[Bytes]) -> Result<(Vec<u8>, Vec<u8>), Broken> {
    guarded(|| {
        let doc = document(CLIENT_OF_NOBODY, stored)?;
        let txn = doc.transact();
        Ok((
            txn.encode_state_as_update_v1(&yrs::StateVector::default()),
            txn.state_vector().encode_v1(),
        ))
    })
}

/// The state vector of stored updates: that of the body, advanced by each update of the tail.
pub(crate) fn state_vector(body: Option<&[u8]>, tail: &[Bytes]) -> Result<StateVector, Refusal> {
    // Whatever bounds were in force when it was stored: it is there, and must open.
    let limits = Limits::stored();
    let mut state = body.map_or_else(
        || Ok(StateVector::default()),
        |sv| gate::check_state_vector(sv, &limits),
    )?;
    for update in tail {
        state.advance(&gate::check_update(update, &limits)?);
    }
    Ok(state)
}

/// A document to be read, with these updates in it.
pub(crate) fn opened(stored: &[Bytes]) -> Result<Doc, Broken> {
    guarded(|| document(CLIENT_OF_NOBODY, stored))
}

/// Takes what came later into such a document.
pub(crate) fn read_on(doc: &Doc, updates: &[Bytes]) -> Result<(), Broken> {
    guarded(|| {
        updates
            .iter()
            .try_for_each(|update| apply(doc, update).map(drop))
    })
}

/// The client of a document that is only read.
pub(super) const CLIENT_OF_NOBODY: u64 = 0;

/// A document with these updates in it, written under this client id.
pub(super) fn document(client: u64, stored: &[Bytes]) -> Result<Doc, Broken> {
    // Each opening writes under a client id of its own, so a crash between an edit and its append reuses nothing.
    let mut options = Options::with_client_id(ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    // It would delete formatting marks while applying somebody's update: an edit of ours that nobody asked for.
    options.cleanup_formatting = false;
    let doc = Doc::with_options(options);
    for update in stored {
        apply(&doc, update)?;
    }
    Ok(doc)
}

fn apply(doc: &Doc, update: &[u8]) -> Result<bool, Broken> {
    let update = Update::decode_v1(update).map_err(|e| Broken::Refused(e.to_string()))?;
    let mut txn = doc.transact_mut();
    txn.apply_update(update)
        .map_err(|e| Broken::Refused(e.to_string()))?;
    if txn.has_missing_updates() {
        Err(Broken::Pending)
    } else {
        Ok(txn.has_changes())
    }
}

/// yrs may fail on anything.
fn guarded<T>(work: impl FnOnce() -> Result<T, Broken>) -> Result<T, Broken> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Broken::Panicked))
}
