//! The machine under a node: disks that forget what was not synced, and take their time.

use std::time::Duration;

use easel_storage::redb::{ForgetfulDisk, State};
use tokio::sync::mpsc;

use super::Planted;
use super::world::{Life, World};
use crate::codec::Identity;
use crate::log::LogFile;
use crate::raft::Vote;
use crate::tests::forgetful::ForgetfulFolder;

#[derive(Debug, Clone, Default)]
pub(super) struct Machine {
    log: ForgetfulFolder,
    state: ForgetfulDisk,
}

/// How a disk takes its turns during one life.
#[derive(Debug)]
pub(super) struct Turns {
    machine: Machine,
    is_slow: bool,
    /// What a power cut left.
    left: Option<Machine>,
}

const TURN_US: u64 = 2_000;
const SLOW_TURN_US: u64 = 700_000;

/// How long the disk of the node whose step this is takes for the next.
pub(super) fn turn(world: &World) -> Duration {
    let slow = world
        .disks
        .borrow()
        .get(&world.life())
        .is_some_and(|d| d.is_slow);
    Duration::from_micros(world.below(if slow { SLOW_TURN_US } else { TURN_US }))
}

pub(super) fn turned(world: &World) {
    let life = world.life();
    let cut = {
        let disks = world.disks.borrow();
        disks
            .get(&life)
            .is_some_and(|disk| disk.machine.log.after_cut().is_some())
    };
    if cut && !world.has_ended(life) {
        world.note("its power goes in the middle of a write");
        cut_power(world, life);
    }
}

/// Ends a life now. What is on its disks then is what [`left`] gives.
pub(super) fn cut_power(world: &World, life: Life) {
    let seed = world.below(u64::MAX);
    if let Some(turns) = world.disks.borrow_mut().get_mut(&life) {
        turns
            .left
            .get_or_insert_with(|| turns.machine.after_crash(seed));
    }
    world.end(life);
}

pub(super) fn left(world: &World, life: Life) -> Machine {
    let left = world.disks.borrow_mut().remove(&life);
    left.and_then(|turns| turns.left)
        .expect("its power was cut")
}

/// Lets the power go in the middle of one of the next changes of the log.
pub(super) fn cut_power_soon(world: &World, life: Life) {
    let (changes, seed) = (world.below(8), world.below(u64::MAX));
    if let Some(turns) = world.disks.borrow().get(&life) {
        turns.machine.log.cut_power_before(changes, seed);
    }
}

pub(super) fn be_slow(world: &World, life: Life, is_slow: bool) {
    if let Some(turns) = world.disks.borrow_mut().get_mut(&life) {
        turns.is_slow = is_slow;
    }
}

impl Machine {
    /// Opens what is on the disks.
    pub(super) fn open(
        &self,
        world: &World,
        life: Life,
        me: Identity,
        closed: &mpsc::Sender<()>,
        planted: Option<Planted>,
    ) -> (LogFile, State) {
        let turns = Turns {
            machine: self.clone(),
            is_slow: false,
            left: None,
        };
        world.disks.borrow_mut().insert(life, turns);
        let place = std::sync::Arc::new(self.log.clone());
        let log = LogFile::on_place(place, &me, closed.clone()).expect("the log opens");
        let state = State::on_backend(self.state.backend()).expect("the state opens");
        match planted {
            Some(Planted::LyingDisk) => self.log.lie(),
            Some(Planted::ForgottenVote) => log.save_vote(&Vote::default()).expect("a vote"),
            Some(Planted::NewIdForARetry | Planted::StaleRole) | None => {}
        }
        (log, state)
    }

    /// What a power cut now leaves, or has left.
    fn after_crash(&self, seed: u64) -> Self {
        let log = self.log.after_cut();
        Self {
            log: log.unwrap_or_else(|| self.log.after_crash(seed)),
            state: self.state.after_crash(seed.rotate_left(17)),
        }
    }
}
