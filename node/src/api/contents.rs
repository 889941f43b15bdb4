//! Boards' contents as programs read them: documents made from what is stored, kept for a while and read on.
//!
//! No room is needed for it, and what is read is what is durable. A document costs many times its bytes, so few are kept,
//! and none for long.

use super::dates::Dates;
use super::store;
use crate::app::App;
use crate::http::problem::{Code, Problem};
use crate::realtime::{opened, read_on};
use bytes::Bytes;
use easel_storage::query::PAGE_ROWS_MAX;
use easel_storage::{BoardId, CommandId, Query, ReadLevel};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex as Turn, Semaphore};
use yrs::Doc;

/// Stored bytes of all documents that are kept; the one that was read last stays in any case.
const KEPT_BYTES_MAX: usize = 16 << 20;
const KEPT_MAX: usize = 64;
/// Since it was read last.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// Documents that are made at once.
const MADE_AT_ONCE_MAX: usize = 2;

pub(crate) struct Contents {
    kept: Arc<Mutex<HashMap<BoardId, Kept>>>,
    makers: Semaphore,
    /// Requests under a key that are being done.
    pub(super) running: Arc<Mutex<HashSet<CommandId>>>,
}

struct Kept {
    content: Arc<Turn<Option<Content>>>,
    used: Instant,
    bytes: usize,
}

/// A board's document as it was stored at `seq`.
pub(super) struct Content {
    pub(super) doc: Doc,
    pub(super) seq: u64,
    /// As far as somebody asked for them.
    pub(super) dates: Dates,
    bytes: usize,
    tag: Option<String>,
}

impl Default for Contents {
    fn default() -> Contents {
        Contents {
            kept: Arc::default(),
            makers: Semaphore::new(MADE_AT_ONCE_MAX),
            running: Arc::default(),
        }
    }
}

impl Content {
    /// Of all that is in it.
    pub(super) fn tag(&mut self) -> &str {
        self.tag.get_or_insert_with(|| {
            let (known, deleted) =
                easel_board::document::version(&yrs::Transact::transact(&self.doc));
            let mut hasher = blake3::Hasher::new();
            hasher.update(&known.encode());
            for (client, start, end) in deleted {
                hasher.update(&client.to_le_bytes());
                hasher.update(&start.to_le_bytes());
                hasher.update(&end.to_le_bytes());
            }
            format!("\"{}\"", &hasher.finalize().to_hex()[..32])
        })
    }
}

/// What of a board's content is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Document,
    /// Also when its elements were made and changed.
    Dates,
}

/// Reads something out of a board's content, off the request path.
pub(super) async fn read<T: Send + 'static>(
    app: &App,
    level: ReadLevel,
    board: BoardId,
    needs: Needs,
    work: impl FnOnce(&mut Content) -> T + Send + 'static,
) -> Result<T, Problem> {
    let slot = app.contents.slot(board);
    let mut content = slot.clone().lock_owned().await;
    let mut brought = bring_up_to_date(app, level, board, &mut content).await;
    if let (Ok(()), Needs::Dates, Some(content)) = (&brought, needs, &mut *content) {
        brought = bring_dates_up_to_date(app, level, board, content).await;
    }
    if let Err(problem) = brought {
        *content = None;
        return Err(problem);
    }
    let done = tokio::task::spawn_blocking(move || {
        let content_of = content.as_mut()?;
        let bytes = content_of.bytes + content_of.dates.bytes();
        let worked = std::panic::AssertUnwindSafe(|| work(content_of));
        match std::panic::catch_unwind(worked) {
            Ok(done) => Some((done, bytes)),
            Err(_) => {
                // Whatever is left of it is not to be trusted.
                *content = None;
                None
            }
        }
    });
    let (done, bytes) = done.await.ok().flatten().ok_or(Code::Internal)?;
    app.contents.note(board, bytes);
    Ok(done)
}

async fn bring_up_to_date(
    app: &App,
    level: ReadLevel,
    board: BoardId,
    content: &mut Option<Content>,
) -> Result<(), Problem> {
    while let Some(known) = content {
        let query = Query::Tail {
            doc: board.into(),
            after_seq: known.seq,
            limit: PAGE_ROWS_MAX,
        };
        let tail = store::read(app, level, query).await?.into_tail();
        let tail = tail.ok_or(Code::BoardNotFound)?;
        let Some(last) = tail.last() else {
            return Ok(());
        };
        known.seq = last.seq;
        known.tag = None;
        let updates: Vec<Bytes> = tail.into_iter().map(|update| update.bytes).collect();
        known.bytes += updates.iter().map(Bytes::len).sum::<usize>();
        read_on(&known.doc, &updates).map_err(|broken| {
            tracing::error!(%board, %broken, "what is stored cannot be read on");
            Code::Internal
        })?;
    }
    let read = store::read(app, level, Query::Doc(board.into())).await?;
    let state = read.into_doc().ok_or(Code::BoardNotFound)?;
    let body = state.body.map(|body| body.bytes);
    let stored: Vec<Bytes> = body
        .into_iter()
        .chain(state.tail.into_iter().map(|update| update.bytes))
        .collect();
    let _turn = app.contents.makers.acquire().await;
    let bytes = stored.iter().map(Bytes::len).sum();
    let made = tokio::task::spawn_blocking(move || opened(&stored)).await;
    let doc = made.ok().and_then(Result::ok).ok_or(Code::Internal)?;
    *content = Some(Content {
        doc,
        seq: state.head_seq,
        dates: Dates::default(),
        bytes,
        tag: None,
    });
    Ok(())
}

/// Reads what was stored since, which is all that ever was for the first who asks.
async fn bring_dates_up_to_date(
    app: &App,
    level: ReadLevel,
    board: BoardId,
    content: &mut Content,
) -> Result<(), Problem> {
    while content.dates.seq() < content.seq {
        let query = Query::Tail {
            doc: board.into(),
            after_seq: content.dates.seq(),
            limit: PAGE_ROWS_MAX,
        };
        let page = store::read(app, level, query).await?.into_tail();
        let page = page.filter(|page| !page.is_empty());
        let page = page.ok_or(Code::BoardNotFound)?;
        let mut dates = std::mem::take(&mut content.dates);
        let read = tokio::task::spawn_blocking(move || {
            dates.read_on(&page);
            dates
        });
        content.dates = read.await.map_err(|_| Code::Internal)?;
    }
    Ok(())
}

impl Contents {
    fn slot(&self, board: BoardId) -> Arc<Turn<Option<Content>>> {
        let mut kept = self.kept.lock();
        let is_new = !kept.contains_key(&board);
        let slot = kept.entry(board).or_insert_with(|| Kept {
            content: Arc::default(),
            used: Instant::now(),
            bytes: 0,
        });
        slot.used = Instant::now();
        let content = slot.content.clone();
        drop(kept);
        if is_new {
            tokio::spawn(forget_in_time(Arc::downgrade(&self.kept), board));
        }
        content
    }

    /// It was read: others go to make room for it.
    fn note(&self, board: BoardId, bytes: usize) {
        let mut kept = self.kept.lock();
        if let Some(slot) = kept.get_mut(&board) {
            (slot.used, slot.bytes) = (Instant::now(), bytes);
        }
        while kept.len() > 1
            && (kept.len() > KEPT_MAX
                || kept.values().map(|slot| slot.bytes).sum::<usize>() > KEPT_BYTES_MAX)
        {
            let others = kept.iter().filter(|(other, _)| **other != board);
            let oldest = others.min_by_key(|(_, slot)| slot.used).map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            kept.remove(&oldest);
        }
    }
}

async fn forget_in_time(kept: std::sync::Weak<Mutex<HashMap<BoardId, Kept>>>, board: BoardId) {
    loop {
        tokio::time::sleep(KEPT_FOR).await;
        let Some(kept) = kept.upgrade() else { return };
        let mut kept = kept.lock();
        match kept.get(&board) {
            Some(slot) if slot.used.elapsed() < KEPT_FOR => {}
            Some(_) => {
                kept.remove(&board);
                return;
            }
            None => return,
        }
    }
}
