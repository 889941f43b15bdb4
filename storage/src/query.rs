//! Reads: every question that can be asked of durable state, and its answer.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::answered::{Answered, Apart, Place};
use crate::blobs::{Blob, BlobHash};
use crate::command::{Actor, Payload};
use crate::ids::{BoardId, CommandId, DocName, InstanceId, Time};
use crate::nodes::{self, NodesAnswer, NodesQuery, NodesView};
use crate::people::{self, PeopleAnswer, PeopleQuery};
use crate::records::{BoardRecord, UpdateRow};
use crate::rows::ReadRows;
use crate::sharing::{self, RequestRow, SharingAnswer, SharingQuery};
use crate::tx::{Counts, Fault, ReadTx};

/// More than this many rows are not given at once, whatever the limit asked for.
pub const PAGE_ROWS_MAX: u32 = 1000;
/// A page of updates ends early when its payloads pass this; it always holds at least one.
pub const TAIL_PAGE_BYTES_MAX: usize = 4 << 20;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    Instance,
    Board(BoardId),
    Boards(BoardsQuery),
    /// All that opening a document needs.
    Doc(DocName),
    /// Only which body that would have.
    BodySeq(DocName),
    /// The updates that made a document what it was at `seq`.
    DocAt {
        doc: DocName,
        seq: u64,
    },
    /// Updates after `after_seq`, in order and without gaps, be they tail or history.
    Tail {
        doc: DocName,
        after_seq: u64,
        limit: u32,
    },
    Stats,
    People(PeopleQuery),
    Sharing(SharingQuery),
    /// What a request under this key asked for and came to.
    Request(CommandId),
    Nodes(NodesQuery),
}

impl Query {
    /// Whether it looks up a few rows by their keys, and nothing that is long.
    pub fn is_small(&self) -> bool {
        match self {
            Query::Instance | Query::Board(_) | Query::BodySeq(_) | Query::Request(_) => true,
            Query::People(query) => query.is_small(),
            Query::Sharing(query) => query.is_small(),
            Query::Nodes(query) => query.is_small(),
            Query::Boards(_)
            | Query::Doc(_)
            | Query::DocAt { .. }
            | Query::Tail { .. }
            | Query::Stats => false,
        }
    }
}

/// Which boards to list, in which order, from where on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardsQuery {
    /// The trash, or everything else.
    pub trashed: bool,
    /// Only titles that contain this, whatever the case.
    pub text: Option<String>,
    pub sort: BoardSort,
    /// Only what comes after the last board of an earlier page of the same question.
    pub after: Option<BoardCursor>,
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardSort {
    /// Latest change first.
    UpdatedDesc,
    /// By title, whatever the case.
    Title,
}

/// The place of a board in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardCursor {
    UpdatedDesc { updated_at: Time, id: BoardId },
    Title { folded: String, id: BoardId },
}

/// One answer; the variant is that of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Instance(Option<InstanceId>),
    Board(Option<BoardRecord>),
    Boards(BoardPage),
    Doc(Option<DocState>),
    /// `None`: there is no such document. 0: it has no body.
    BodySeq(Option<u64>),
    /// `None`: there is no such document, or it has not come that far.
    DocAt(Option<Vec<Bytes>>),
    /// `None`: there is no such document.
    Tail(Option<Vec<StoredUpdate>>),
    Stats(Stats),
    People(Box<PeopleAnswer>),
    Sharing(SharingAnswer),
    /// `None`: there was none, or it is forgotten.
    Request(Option<Box<RequestRow>>),
    Nodes(NodesAnswer),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardPage {
    pub boards: Vec<BoardRecord>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<BoardCursor>,
}

/// A document: the body holds updates `1..=body.seq`, the tail is what follows, up to `head_seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocState {
    pub head_seq: u64,
    pub body: Option<Body>,
    pub tail: Vec<StoredUpdate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub seq: u64,
    pub bytes: Bytes,
    pub state_vector: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUpdate {
    pub seq: u64,
    pub at: Time,
    pub author: Actor,
    pub bytes: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    pub counts: Counts,
    /// The moment of the last batch applied.
    pub at: Time,
}

impl Answer {
    /// The answer to [`Query::Instance`]. This and its siblings panic on the answer to another question: the store
    /// that gave it is broken.
    pub fn into_instance(self) -> Option<InstanceId> {
        match self {
            Self::Instance(id) => id,
            other => other.mismatch("Instance"),
        }
    }

    pub fn into_board(self) -> Option<BoardRecord> {
        match self {
            Self::Board(board) => board,
            other => other.mismatch("Board"),
        }
    }

    pub fn into_boards(self) -> BoardPage {
        match self {
            Self::Boards(page) => page,
            other => other.mismatch("Boards"),
        }
    }

    pub fn into_doc(self) -> Option<DocState> {
        match self {
            Self::Doc(doc) => doc,
            other => other.mismatch("Doc"),
        }
    }

    pub fn into_request(self) -> Option<Box<RequestRow>> {
        match self {
            Self::Request(request) => request,
            other => other.mismatch("Request"),
        }
    }

    /// The answer to [`NodesQuery::All`].
    pub fn into_nodes(self) -> NodesView {
        match self {
            Self::Nodes(NodesAnswer::All(view)) => view,
            other => other.mismatch("Nodes"),
        }
    }

    pub fn into_body_seq(self) -> Option<u64> {
        match self {
            Self::BodySeq(seq) => seq,
            other => other.mismatch("BodySeq"),
        }
    }

    pub fn into_doc_at(self) -> Option<Vec<Bytes>> {
        match self {
            Self::DocAt(updates) => updates,
            other => other.mismatch("DocAt"),
        }
    }

    pub fn into_tail(self) -> Option<Vec<StoredUpdate>> {
        match self {
            Self::Tail(updates) => updates,
            other => other.mismatch("Tail"),
        }
    }

    pub fn into_stats(self) -> Stats {
        match self {
            Self::Stats(stats) => stats,
            other => other.mismatch("Stats"),
        }
    }

    pub fn into_people(self) -> PeopleAnswer {
        match self {
            Self::People(answer) => *answer,
            other => other.mismatch("People"),
        }
    }

    pub fn into_sharing(self) -> SharingAnswer {
        match self {
            Self::Sharing(answer) => answer,
            other => other.mismatch("Sharing"),
        }
    }

    fn mismatch(&self, wanted: &str) -> ! {
        panic!("asked for {wanted}, answered {self:?}")
    }
}

/// Answers one question from one consistent state, but for content that lies apart.
pub fn answer(tx: &dyn ReadTx, query: &Query) -> Result<Answered, Fault> {
    let mut apart = Vec::new();
    let answer = answer_noting(tx, query, &mut apart)?;
    Ok(Answered { answer, apart })
}

fn answer_noting(tx: &dyn ReadTx, query: &Query, apart: &mut Vec<Apart>) -> Result<Answer, Fault> {
    match query {
        Query::Instance => Ok(Answer::Instance(tx.instance()?.map(|row| row.id))),
        Query::Board(board) => Ok(Answer::Board(read_board(tx, *board)?)),
        Query::Boards(query) => Ok(Answer::Boards(list_boards(tx, query)?)),
        Query::Doc(doc) => Ok(Answer::Doc(read_doc(tx, doc, apart)?)),
        Query::BodySeq(doc) => Ok(Answer::BodySeq(tx.doc(doc)?.map(|row| row.body_seq))),
        Query::DocAt { doc, seq } => Ok(Answer::DocAt(read_doc_at(tx, doc, *seq, apart)?)),
        Query::Tail {
            doc,
            after_seq,
            limit,
        } => {
            let after = (*after_seq, *limit);
            Ok(Answer::Tail(read_tail(tx, doc, after, apart)?))
        }
        Query::Stats => Ok(Answer::Stats(Stats {
            counts: tx.counts()?,
            at: tx.clock()?,
        })),
        Query::People(query) => Ok(Answer::People(Box::new(people::answer(tx, query)?))),
        Query::Sharing(query) => Ok(Answer::Sharing(sharing::answer(tx, query)?)),
        Query::Nodes(query) => Ok(Answer::Nodes(nodes::answer(tx, *query)?)),
        Query::Request(id) => Ok(Answer::Request(tx.get::<RequestRow>(id)?.map(Box::new))),
    }
}

pub(crate) fn read_board(tx: &dyn ReadTx, board: BoardId) -> Result<Option<BoardRecord>, Fault> {
    let Some(row) = tx.board(board)? else {
        return Ok(None);
    };
    let doc = tx.doc(&board.into())?;
    let doc = doc.ok_or_else(|| Fault::Corrupt(format!("{board} has no document")))?;
    Ok(Some(row.join(board, &doc)))
}

/// Reads every board and sorts: an index by change would cost every stroke two more rows, and ten thousand boards
/// are read in milliseconds.
fn list_boards(tx: &dyn ReadTx, query: &BoardsQuery) -> Result<BoardPage, Fault> {
    let text = query.text.as_deref().map(str::to_lowercase);
    let mut found = Vec::new();
    tx.scan_boards(&mut |id, row| {
        let folded = row.title.as_str().to_lowercase();
        let wanted = row.trashed_at.is_some() == query.trashed
            && text.as_deref().is_none_or(|text| folded.contains(text));
        if wanted {
            let doc = tx.doc(&id.into())?;
            let doc = doc.ok_or_else(|| Fault::Corrupt(format!("{id} has no document")))?;
            let board = row.join(id, &doc);
            let place = place_of(&board, folded, query.sort);
            if query
                .after
                .as_ref()
                .is_none_or(|after| after_place(after, &place))
            {
                found.push((place, board));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    found.sort_unstable_by(|(a, _), (b, _)| compare_places(a, b));

    let limit = page_rows(query.limit);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(place, _)| place.clone());
    let boards = found.into_iter().map(|(_, board)| board).collect();
    Ok(BoardPage { boards, next })
}

fn place_of(board: &BoardRecord, folded: String, sort: BoardSort) -> BoardCursor {
    let id = board.id;
    match sort {
        BoardSort::UpdatedDesc => BoardCursor::UpdatedDesc {
            updated_at: board.updated_at,
            id,
        },
        BoardSort::Title => BoardCursor::Title { folded, id },
    }
}

fn after_place(after: &BoardCursor, place: &BoardCursor) -> bool {
    compare_places(place, after) == Ordering::Greater
}

/// Places of one list. A cursor of another sort order compares as equal, which gives an empty page.
fn compare_places(a: &BoardCursor, b: &BoardCursor) -> Ordering {
    match (a, b) {
        (
            BoardCursor::UpdatedDesc { updated_at, id },
            BoardCursor::UpdatedDesc {
                updated_at: other_updated_at,
                id: other_id,
            },
        ) => (other_updated_at, other_id).cmp(&(updated_at, id)),
        (
            BoardCursor::Title { folded, id },
            BoardCursor::Title {
                folded: other_folded,
                id: other_id,
            },
        ) => (folded, id).cmp(&(other_folded, other_id)),
        (BoardCursor::UpdatedDesc { .. }, BoardCursor::Title { .. })
        | (BoardCursor::Title { .. }, BoardCursor::UpdatedDesc { .. }) => Ordering::Equal,
    }
}

pub(crate) fn page_rows(limit: u32) -> usize {
    limit.clamp(1, PAGE_ROWS_MAX) as usize
}

fn read_doc(
    tx: &dyn ReadTx,
    doc: &DocName,
    apart: &mut Vec<Apart>,
) -> Result<Option<DocState>, Fault> {
    let Some(row) = tx.doc(doc)? else {
        return Ok(None);
    };
    let body = match row.body_seq {
        0 => None,
        seq => {
            let content = tx.body(doc)?;
            let content = content.ok_or_else(|| Fault::Corrupt(format!("{doc} lost its body")))?;
            Some(Body {
                seq,
                bytes: bytes_of(content.content, Place::Body, apart)?,
                state_vector: content.state_vector,
            })
        }
    };
    let mut tail = Vec::new();
    tx.scan_updates(doc, row.body_seq + 1..=row.head_seq, &mut |seq, update| {
        tail.push(stored(seq, update, tail.len(), apart)?);
        Ok(ControlFlow::Continue(()))
    })?;
    check_complete(doc, row.head_seq - row.body_seq, tail.len())?;
    Ok(Some(DocState {
        head_seq: row.head_seq,
        body,
        tail,
    }))
}

fn read_doc_at(
    tx: &dyn ReadTx,
    doc: &DocName,
    seq: u64,
    apart: &mut Vec<Apart>,
) -> Result<Option<Vec<Bytes>>, Fault> {
    if tx.doc(doc)?.is_none_or(|row| seq > row.head_seq) {
        return Ok(None);
    }
    let mut updates = Vec::new();
    tx.scan_updates(doc, 1..=seq, &mut |seq, update| {
        updates.push(stored(seq, update, updates.len(), apart)?.bytes);
        Ok(ControlFlow::Continue(()))
    })?;
    check_complete(doc, seq, updates.len())?;
    Ok(Some(updates))
}

fn read_tail(
    tx: &dyn ReadTx,
    doc: &DocName,
    (after_seq, limit): (u64, u32),
    apart: &mut Vec<Apart>,
) -> Result<Option<Vec<StoredUpdate>>, Fault> {
    let Some(row) = tx.doc(doc)? else {
        return Ok(None);
    };
    let mut updates = Vec::new();
    let mut bytes = 0;
    let limit = page_rows(limit);
    let first = after_seq.saturating_add(1);
    tx.scan_updates(doc, first..=row.head_seq, &mut |seq, update| {
        bytes += update.payload.content_len();
        if bytes > TAIL_PAGE_BYTES_MAX as u64 && !updates.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        updates.push(stored(seq, update, updates.len(), apart)?);
        if updates.len() == limit {
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Some(updates))
}

/// The update, which becomes the `nth` of the answer.
fn stored(
    seq: u64,
    row: UpdateRow,
    nth: usize,
    apart: &mut Vec<Apart>,
) -> Result<StoredUpdate, Fault> {
    Ok(StoredUpdate {
        seq,
        at: row.at,
        author: row.author,
        bytes: bytes_of(row.payload, Place::Update(nth), apart)?,
    })
}

/// What is not here is noted, and its place left empty.
fn bytes_of(payload: Payload, place: Place, apart: &mut Vec<Apart>) -> Result<Bytes, Fault> {
    match payload {
        Payload::Inline(bytes) => Ok(bytes),
        Payload::Apart { hash, len } => {
            let hash = BlobHash::from_bytes(hash);
            let blob = Blob { hash, len };
            apart.push(Apart { place, blob });
            Ok(Bytes::new())
        }
        Payload::Blob { .. } => {
            let why = "content is named in a form that was never accepted";
            Err(Fault::Corrupt(why.to_owned()))
        }
    }
}

fn check_complete(doc: &DocName, expected: u64, found: usize) -> Result<(), Fault> {
    if expected == found as u64 {
        return Ok(());
    }
    Err(Fault::Corrupt(format!(
        "{doc} should have {expected} updates here and has {found}"
    )))
}
