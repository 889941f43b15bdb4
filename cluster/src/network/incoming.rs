//! A snapshot on its way in. It is loaded beside the state while the state goes on working, checked whole, and only
//! then shown to openraft, so that a damaged or broken-off one changes nothing and installing is a rename.
//!
//! A note in the folder says that the state may be ahead of the log: after the rename and before the log is cut
//! that is so, and without the note it would look like two files of different moments.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use easel_storage::redb::Received;
use openraft::Snapshot;
use tokio::sync::{Semaphore, mpsc};

use super::frame::{self, FrameError};
use super::wire::{self, Response};
use super::{PIECE_BYTES_MAX, Stream};
use crate::codec::{self, Identity};
use crate::disk::Reserve;
use crate::raft::{LogId, Raft, Vote};
use crate::runtime;
use crate::snapshot::{Meta, SnapshotStream};
use crate::state::{StateError, StateFile};

/// Pieces between the connection and the disk; when full, the connection is not read.
const PIECES_MAX: usize = 4;
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(1);
const NOTE: &str = "received";

/// Takes snapshots in, one at a time.
#[derive(Debug)]
pub(crate) struct Arrivals {
    me: Identity,
    dir: PathBuf,
    state: Arc<StateFile>,
    reserve: Arc<Reserve>,
    one: Arc<Semaphore>,
}

/// Why a snapshot was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("the disk is nearly full")]
    DiskFull,
    #[error("{0}")]
    State(#[from] StateError),
    #[error("it holds another state than was announced")]
    NotAnnounced,
    #[error("the note in the folder could not be written: {0}")]
    Note(io::Error),
    #[error("{0}")]
    Raft(String),
}

impl Arrivals {
    pub(crate) fn new(
        me: Identity,
        dir: PathBuf,
        state: Arc<StateFile>,
        reserve: Arc<Reserve>,
    ) -> Self {
        Self {
            me,
            dir,
            state,
            reserve,
            one: Arc::new(Semaphore::new(1)),
        }
    }

    /// Takes one snapshot in; returns the last word to its sender.
    pub(super) async fn take(
        self: &Arc<Self>,
        raft: &Raft,
        stream: &mut Stream,
        vote: Vote,
        meta: Meta,
    ) -> Result<Response, FrameError> {
        let failed = |why: &dyn std::fmt::Display| Response::Failed {
            why: why.to_string(),
        };
        match raft.with_raft_state(|state| *state.vote_ref()).await {
            Ok(mine) if mine > vote => return Ok(Response::Installed { vote: mine }),
            Ok(_) => {}
            Err(fatal) => return Ok(failed(&fatal)),
        }
        let Ok(turn) = self.one.clone().try_acquire_owned() else {
            return Ok(failed(&"another snapshot is on its way in"));
        };
        frame::write_frame(stream, &wire::encode_response(&Response::Go)).await?;
        let (pieces, source) = mpsc::channel(PIECES_MAX);
        // Tasks of their own: what has begun to be installed is finished even when the sender hangs up.
        let arrivals = self.clone();
        let raft = raft.clone();
        let mut taking = runtime::spawn(async move {
            let _turn = turn;
            let received = arrivals
                .state
                .receive(Box::new(Pieces::new(source)))
                .await?;
            arrivals.install(&raft, vote, meta, received).await
        });
        let short = match self.pass_on(stream, pieces).await? {
            Passed::All => false,
            Passed::DiskFull => true,
        };
        let mut clock = runtime::interval(SIGN_OF_LIFE_EVERY);
        let taken = loop {
            tokio::select! {
                biased;
                taken = &mut taking => break taken,
                _ = clock.tick() => {
                    frame::write_frame(stream, &wire::encode_response(&Response::Working)).await?;
                }
            }
        };
        Ok(match taken {
            Ok(Ok(vote)) => Response::Installed { vote },
            Ok(Err(_)) if short => failed(&NotTaken::DiskFull),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a snapshot was not taken");
                failed(&error)
            }
            Err(panic) => failed(&panic),
        })
    }

    async fn pass_on(
        &self,
        stream: &mut Stream,
        pieces: mpsc::Sender<Bytes>,
    ) -> Result<Passed, FrameError> {
        loop {
            let piece = frame::read_frame(stream, PIECE_BYTES_MAX, frame::STALL_MAX).await?;
            if piece.is_empty() {
                return Ok(Passed::All);
            }
            if self.reserve.is_short(runtime::now()) {
                return Ok(Passed::DiskFull);
            }
            // Refused means that what came so far is damaged. The rest is not worth reading.
            if pieces.send(piece.into()).await.is_err() {
                return Ok(Passed::All);
            }
        }
    }

    async fn install(
        &self,
        raft: &Raft,
        vote: Vote,
        meta: Meta,
        received: Received,
    ) -> Result<Vote, NotTaken> {
        let marker = received.marker().map_err(StateError::from)?;
        let marker = marker.map(|bytes| codec::decode_marker(&bytes));
        let marker = marker.transpose().map_err(StateError::from)?;
        let at = match (marker, meta.last_log_id) {
            (Some(marker), Some(announced))
                if marker.applied == Some(announced) && marker.cluster == self.me.cluster =>
            {
                announced
            }
            _ => return Err(NotTaken::NotAnnounced),
        };
        write_note(&self.dir, at).map_err(NotTaken::Note)?;
        let arriving = self.state.arriving(at.index);
        let snapshot = Snapshot {
            meta,
            snapshot: Box::new(SnapshotStream::received(received)),
        };
        let response = raft.install_full_snapshot(vote, snapshot).await;
        drop(arriving);
        let response = response.map_err(|e| NotTaken::Raft(e.to_string()))?;
        // The log has been cut by now.
        remove_note(&self.dir).map_err(NotTaken::Note)?;
        Ok(response.vote)
    }
}

enum Passed {
    All,
    DiskFull,
}

/// Where a state may end that is ahead of its log.
pub(crate) fn arrived(dir: &Path) -> io::Result<Option<LogId>> {
    match fs::read(dir.join(NOTE)) {
        // A note that was cut short was not followed by a rename.
        Ok(bytes) => Ok(codec::decode_log_id(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write_note(dir: &Path, at: LogId) -> io::Result<()> {
    let mut file = File::create(dir.join(NOTE))?;
    file.write_all(&codec::encode_log_id(at))?;
    file.sync_all()?;
    File::open(dir)?.sync_all()
}

/// Whether it is gone after a crash does not matter: by then the log has what it lacked.
fn remove_note(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(NOTE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What arrives, as something to read from. Ends early when the connection does, which the hash of a snapshot tells.
struct Pieces {
    source: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Pieces {
    fn new(source: mpsc::Receiver<Bytes>) -> Self {
        Self {
            source,
            current: Bytes::new(),
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty() {
            match self.source.blocking_recv() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let count = self.current.len().min(out.len());
        out[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}
