//! What a node is doing about backups: one thing at a time, and kept for whoever asks until the next begins.

use super::{BackupError, Progress};
use crate::auth::wall_clock;
use easel_storage::Time;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Create,
    Verify,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    Running(Option<Progress>),
    /// With what was found wrong, in words.
    Done(Vec<String>),
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) backup: String,
    pub(crate) began_at: Time,
    pub(crate) ended_at: Option<Time>,
    pub(crate) stage: Stage,
}

#[derive(Debug)]
pub(super) struct Jobs {
    free: Arc<Semaphore>,
    last: Arc<Mutex<Option<Job>>>,
}

impl Default for Jobs {
    fn default() -> Jobs {
        Jobs {
            free: Arc::new(Semaphore::new(1)),
            last: Arc::default(),
        }
    }
}

impl Jobs {
    /// Refused while there is another.
    pub(super) fn begin(&self, work: Work, backup: String) -> Result<Turn, BackupError> {
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
            return Err(BackupError::Busy("this node".to_owned()));
        };
        *self.last.lock() = Some(Job {
            work,
            backup: backup.clone(),
            began_at: wall_clock(),
            ended_at: None,
            stage: Stage::Running(None),
        });
        Ok(Turn {
            backup,
            last: Arc::clone(&self.last),
            _permit: permit,
        })
    }

    /// The one that is running, or ran last.
    pub(super) fn last(&self) -> Option<Job> {
        self.last.lock().clone()
    }
}

/// The right to do something about backups. Dropped before its end, it was stopped.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) backup: String,
    last: Arc<Mutex<Option<Job>>>,
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    pub(super) fn tell(&self, progress: Progress) {
        if let Some(job) = &mut *self.last.lock() {
            job.stage = Stage::Running(Some(progress));
        }
    }

    pub(super) fn end(self, found: Result<Vec<String>, &BackupError>) {
        self.set(match found {
            Ok(troubles) => Stage::Done(troubles),
            Err(error) => Stage::Failed(error.to_string()),
        });
    }

    fn set(&self, stage: Stage) {
        if let Some(job) = &mut *self.last.lock() {
            job.stage = stage;
            job.ended_at = Some(wall_clock());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let is_running = |job: &Job| matches!(job.stage, Stage::Running(_));
        if self.last.lock().as_ref().is_some_and(is_running) {
            self.set(Stage::Failed(BackupError::Stopped.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Jobs, Stage, Work};
    use crate::backup::{BackupError, Doing, Progress};

    #[test]
    fn one_thing_at_a_time_is_done_and_its_end_is_kept() {
        let jobs = Jobs::default();
        assert_eq!(jobs.last(), None);
        let stage = || jobs.last().unwrap().stage;
        let turn = jobs.begin(Work::Create, "a".to_owned()).unwrap();
        assert_eq!(stage(), Stage::Running(None));
        let told = jobs.begin(Work::Verify, "b".to_owned()).unwrap_err();
        assert!(matches!(told, BackupError::Busy(_)), "{told}");
        let progress = Progress {
            doing: Doing::State,
            bytes: 3,
            of: None,
        };
        turn.tell(progress);
        assert_eq!(stage(), Stage::Running(Some(progress)));
        turn.end(Ok(Vec::new()));
        assert_eq!(stage(), Stage::Done(Vec::new()));

        let turn = jobs.begin(Work::Verify, "b".to_owned()).unwrap();
        turn.end(Err(&BackupError::Nothing("gone".to_owned())));
        assert_eq!(stage(), Stage::Failed("gone".to_owned()));
        drop(jobs.begin(Work::Verify, "c".to_owned()).unwrap());
        assert_eq!(stage(), Stage::Failed(BackupError::Stopped.to_string()));
        assert_eq!(jobs.last().unwrap().backup, "c");
    }
}
