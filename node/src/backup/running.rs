//! Backups of a running node: when somebody asks, and by the clock.

use super::jobs::{Job, Jobs, Turn, Work};
use super::{
    BackupError, Found, Manifest, Order, Place, Progress, Rule, Tell, Verified, create, list,
    new_id, opened, prune, verify,
};
use crate::api::time::parse_rfc3339;
use crate::app::AppState;
use crate::auth::{MasterSource, wall_clock};
use crate::config::Config;
use easel_cluster::{BackupSource, BackupState};
use easel_storage::blobs::Blobs;
use easel_storage::{Query, ReadLevel};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Whether one is due is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// In the data folder: the state of a backup that is looked at.
const LOOKED_AT_IN: &str = "verify";
/// After one that failed, the next is tried no sooner.
const AGAIN_AFTER: Duration = Duration::from_secs(10 * 60);

/// What a running node makes backups with.
#[derive(Debug)]
pub(crate) struct Backups {
    source: BackupSource,
    jobs: Jobs,
}

/// Whether the key that seals the keyring goes with the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    In,
    Apart,
}

impl Backups {
    pub(crate) fn new(source: BackupSource, data_dir: &Path) -> Backups {
        // What a node that was killed left of looking at one.
        let _ = std::fs::remove_dir_all(data_dir.join(LOOKED_AT_IN));
        Backups {
            source,
            jobs: Jobs::default(),
        }
    }

    /// The turn to make one, with the id that it will have.
    pub(crate) fn begin_making(&self) -> Result<Turn, BackupError> {
        self.jobs.begin(Work::Create, new_id(wall_clock()))
    }

    /// The turn to look at one.
    pub(crate) fn begin_looking(&self, id: String) -> Result<Turn, BackupError> {
        self.jobs.begin(Work::Verify, id)
    }

    /// What is being done, or was done last.
    pub(crate) fn job(&self) -> Option<Job> {
        self.jobs.last()
    }

    /// Those there are in the configured place; none where none is configured or nothing was kept yet.
    pub(crate) async fn list(app: &AppState) -> Result<Vec<Found>, BackupError> {
        if app.config.backup.to.is_empty() {
            return Ok(Vec::new());
        }
        match in_place(app, Access::Read, list).await {
            Err(BackupError::Nothing(_)) => Ok(Vec::new()),
            listed => listed,
        }
    }

    /// One of these.
    pub(crate) async fn one(app: &AppState, id: String) -> Result<Manifest, BackupError> {
        if app.config.backup.to.is_empty() {
            return Err(BackupError::Nothing("no place is configured".to_owned()));
        }
        in_place(app, Access::Read, move |place| opened::manifest(place, &id)).await
    }

    /// Makes one now. When the caller stops waiting, it ends at the next piece and nothing of it counts.
    pub(crate) async fn make(
        app: &AppState,
        to: Option<String>,
        key: Key,
        tell: Arc<Tell<'static>>,
    ) -> Result<Manifest, BackupError> {
        let turn = app.backups.begin_making()?;
        Backups::make_in(turn, app, to, key, tell).await
    }

    /// The same by who has the turn already.
    pub(crate) async fn make_in(
        turn: Turn,
        app: &AppState,
        to: Option<String>,
        key: Key,
        tell: Arc<Tell<'static>>,
    ) -> Result<Manifest, BackupError> {
        let is_the_place = to.as_ref().is_none_or(|to| *to == app.config.backup.to);
        let to = to.unwrap_or_else(|| app.config.backup.to.clone());
        // So that on a follower, too, all that was acknowledged before is in it.
        let confirmed = app.store.read(ReadLevel::Linearizable, Query::Instance);
        if let Err(error) = confirmed.await {
            tracing::warn!(%error, "the others cannot be asked: the backup is of what this node has");
        }
        let state = app.backups.source.begin().await;
        let state = state.map_err(|error| BackupError::State(std::io::Error::other(error)));
        let stop = app.draining.child_token();
        let _stop_with_caller = stop.clone().drop_guard();
        let (config, blobs) = (app.config.clone(), app.blobs.clone());
        let made = tokio::task::spawn_blocking(move || {
            let making = Making {
                id: &turn.backup,
                to: &to,
                key,
                tell: &|progress| {
                    turn.tell(progress);
                    tell(progress);
                },
                stop: &stop,
            };
            let made = state.and_then(|state| making.make(&config, state, &*blobs));
            turn.end(made.as_ref().map(|_| Vec::new()));
            made
        });
        let made = made.await.unwrap_or_else(stumbled)?;
        if is_the_place {
            note(app, &made);
        }
        Ok(made)
    }

    /// Looks at the backup that the turn is for, as far as there is room for its state.
    pub(crate) async fn look_in(turn: Turn, app: &AppState) -> Result<Verified, BackupError> {
        let config = app.config.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let looked = look(&config, &turn.backup, &|progress| turn.tell(progress));
            turn.end(looked.as_ref().map(|found| found.troubles.clone()));
            looked
        });
        looked.await.unwrap_or_else(stumbled)
    }
}

fn stumbled<T>(error: tokio::task::JoinError) -> Result<T, BackupError> {
    Err(BackupError::State(std::io::Error::other(error.to_string())))
}

/// Makes one out of a node that nobody else uses.
pub(crate) fn make(
    config: &Config,
    to: &str,
    key: Key,
    state: BackupState,
    blobs: &dyn Blobs,
    tell: &Tell<'_>,
) -> Result<Manifest, BackupError> {
    let making = Making {
        id: &new_id(wall_clock()),
        to,
        key,
        tell,
        stop: &CancellationToken::new(),
    };
    making.make(config, state, blobs)
}

fn look(config: &Config, id: &str, tell: &Tell<'_>) -> Result<Verified, BackupError> {
    let place = Place::to_read(&config.backup.to, &config.backup.access())?;
    let dir = &config.data_dir;
    // Nothing that people draw is to be refused for it.
    let needed = 2 * opened::manifest(&place, id)?.state.bytes + config.storage.disk_reserve.0;
    let free = easel_storage::disk::free_bytes(dir);
    let free =
        free.map_err(|error| BackupError::place(dir, "see how much room there is", error))?;
    if free < needed {
        let why = format!("looking at it takes {needed} bytes of room, and there are {free}");
        return Err(BackupError::Usage(why));
    }
    let scratch = dir.join(LOOKED_AT_IN);
    std::fs::create_dir_all(&scratch)
        .map_err(|error| BackupError::place(&scratch, "make the folder", error))?;
    let looked = verify(&place, id, &scratch, tell);
    let _ = std::fs::remove_dir_all(&scratch);
    looked
}

struct Making<'a> {
    id: &'a str,
    to: &'a str,
    key: Key,
    tell: &'a Tell<'a>,
    stop: &'a CancellationToken,
}

impl Making<'_> {
    fn make(
        &self,
        config: &Config,
        state: BackupState,
        blobs: &dyn Blobs,
    ) -> Result<Manifest, BackupError> {
        let place = Place::to_write(self.to, &config.backup.access())?;
        let order = Order {
            id: self.id,
            place: &place,
            blobs,
            master_key: match self.key {
                Key::In => Some(master_key(config)?),
                Key::Apart => None,
            },
            now: wall_clock(),
            tell: self.tell,
            stop: self.stop,
        };
        create(state, &order)
    }
}

/// The text of the key that this installation's keyring is sealed with.
fn master_key(config: &Config) -> Result<String, BackupError> {
    let named = Some(config.master_key_file.clone()).filter(|file| !file.as_os_str().is_empty());
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let path = match MasterSource::of(named, credentials, &config.data_dir) {
        MasterSource::File(path) | MasterSource::Credential(path) => path,
        MasterSource::DataDir(dir) => dir.join("master.key"),
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| BackupError::place(&path, "read the master key", error))?;
    Ok(text.trim().to_owned())
}

/// Makes backups by the clock, on the node that leads, for as long as the process runs.
pub(crate) async fn run_timer(app: AppState) {
    let every = app.config.backup.every.0;
    if app.config.backup.to.is_empty() || every.is_zero() {
        return;
    }
    let mut last = None;
    let mut failed_at: Option<tokio::time::Instant> = None;
    let mut ticks = tokio::time::interval(LOOK_EVERY.min(every));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.draining.cancelled() => return,
        }
        let waits = failed_at.is_some_and(|at| at.elapsed() < AGAIN_AFTER.min(every));
        if waits || !app.node.borrow().is_leader {
            continue;
        }
        let done = turn(&app, every, &mut last).await;
        failed_at = None;
        match done {
            Ok(()) | Err(BackupError::Stopped) => {}
            Err(error) => {
                failed_at = Some(tokio::time::Instant::now());
                app.metrics.backups_failed.inc();
                tracing::error!(%error, "the backup was not made");
            }
        }
    }
}

/// Makes one if the newest there is is old enough. `last` is when that was made, once it is known.
async fn turn(app: &AppState, every: Duration, last: &mut Option<u64>) -> Result<(), BackupError> {
    let now = wall_clock().0;
    let is_due = |last: u64| u128::from(now.saturating_sub(last)) >= every.as_millis();
    // Also another node, or an operator, may have made one since.
    if last.is_none_or(is_due) {
        *last = newest(app).await?;
    }
    if !last.is_none_or(is_due) {
        return Ok(());
    }
    let made = Backups::make(app, None, Key::Apart, Arc::new(|_: Progress| {})).await?;
    *last = parse_rfc3339(&made.made_at);
    let keep = app.config.backup.keep as usize;
    if keep > 0 {
        let rule = Rule {
            keep: Some(keep),
            older_than: None,
        };
        let pruned = in_place(app, Access::Write, move |place| {
            prune(place, rule, wall_clock())
        });
        let pruned = pruned.await?;
        if !pruned.deleted.is_empty() {
            tracing::info!(
                deleted = pruned.deleted.len(),
                freed_bytes = pruned.freed_bytes,
                "old backups were deleted"
            );
        }
    }
    Ok(())
}

/// When the newest that can be read was made; the figures are set by it.
async fn newest(app: &AppState) -> Result<Option<u64>, BackupError> {
    let listed = in_place(app, Access::Read, list).await;
    let listed = match listed {
        // There is no folder yet.
        Err(BackupError::Nothing(_)) => return Ok(None),
        listed => listed?,
    };
    let newest = listed.into_iter().rev().find_map(|(_, found)| found.ok());
    if let Some(newest) = &newest {
        note(app, newest);
    }
    Ok(newest.and_then(|newest| parse_rfc3339(&newest.made_at)))
}

fn note(app: &AppState, made: &Manifest) {
    if let Some(at) = parse_rfc3339(&made.made_at) {
        app.metrics.backup_last_success.set(at as f64 / 1_000.0);
    }
    let bytes = i64::try_from(made.bytes()).unwrap_or(i64::MAX);
    app.metrics.backup_size_bytes.set(bytes);
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Does something with the configured place, on a thread that may block.
async fn in_place<T: Send + 'static>(
    app: &AppState,
    access: Access,
    work: impl FnOnce(&Place) -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let backup = app.config.backup.clone();
    let done = tokio::task::spawn_blocking(move || {
        let place = match access {
            Access::Read => Place::to_read(&backup.to, &backup.access())?,
            Access::Write => Place::to_write(&backup.to, &backup.access())?,
        };
        work(&place)
    });
    done.await.unwrap_or_else(stumbled)
}
