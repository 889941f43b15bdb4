//! An answer on its way out of the state: what of it lies apart is brought when the transaction that found it has ended.

use std::io::Read;

use bytes::Bytes;

use crate::blobs::{Blob, BlobError, BlobHash, Blobs};
use crate::query::Answer;
use crate::tx::Fault;

/// All of a blob.
pub type Get<'a> = dyn Fn(BlobHash) -> Result<Box<dyn Read + Send>, BlobError> + 'a;

/// An answer, and which of its content is still to be brought.
#[derive(Debug)]
pub struct Answered {
    pub(crate) answer: Answer,
    pub(crate) apart: Vec<Apart>,
}

/// One piece of content that lies apart.
#[derive(Debug)]
pub(crate) struct Apart {
    pub(crate) place: Place,
    pub(crate) blob: Blob,
}

/// Where in the answer it belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Body,
    /// The nth of the updates.
    Update(usize),
}

impl Answered {
    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        self.apart.is_empty()
    }

    /// The answer of a state that nothing was named apart in.
    pub fn whole(self) -> Result<Answer, Fault> {
        match self.apart.first() {
            None => Ok(self.answer),
            Some(Apart { blob, .. }) => Err(Fault::Corrupt(format!(
                "the content {} lies apart, and nobody has said where",
                blob.hash
            ))),
        }
    }

    /// Brings what is missing, each held against its hash. Blocks for as long as the blobs do.
    pub fn complete(self, blobs: &dyn Blobs) -> Result<Answer, BlobError> {
        self.complete_by(&|hash| blobs.get(hash, 0..u64::MAX))
    }

    /// The same, by whatever gives a blob, held against its hash.
    pub fn complete_by(mut self, get: &Get<'_>) -> Result<Answer, BlobError> {
        for Apart { place, blob } in &self.apart {
            *self.answer.content_at(*place) = bring(get, *blob)?;
        }
        Ok(self.answer)
    }
}

impl Answer {
    fn content_at(&mut self, place: Place) -> &mut Bytes {
        const NOTED: &str = "its place was noted when the answer was made";
        match (self, place) {
            (Self::Doc(Some(doc)), Place::Body) => &mut doc.body.as_mut().expect(NOTED).bytes,
            (Self::Doc(Some(doc)), Place::Update(nth)) => &mut doc.tail[nth].bytes,
            (Self::DocAt(Some(updates)), Place::Update(nth)) => &mut updates[nth],
            (Self::Tail(Some(updates)), Place::Update(nth)) => &mut updates[nth].bytes,
            _ => unreachable!("only documents have content"),
        }
    }
}

fn bring(get: &Get<'_>, blob: Blob) -> Result<Bytes, BlobError> {
    let mut source = get(blob.hash)?;
    let mut bytes = Vec::with_capacity(usize::try_from(blob.len).unwrap_or(0));
    // One more than it may have, so that a longer one shows.
    let read = (&mut source).take(blob.len + 1).read_to_end(&mut bytes);
    read.map_err(BlobError::Source)?;
    match bytes.len() as u64 == blob.len {
        true => Ok(bytes.into()),
        false => Err(BlobError::Damaged(blob.hash)),
    }
}
