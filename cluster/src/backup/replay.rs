//! Doing again what a log says came after a state, up to a moment: then the state is that of the moment, all of it.

use std::io::Read;

use easel_storage::redb::State;
use easel_storage::{Batch, Command, Fault, Time};
use openraft::EntryPayload;

use super::entries::{Entries, LogStreamError, batch_of};
use crate::codec::{self, Marker};
use crate::error::StartError;
use crate::raft::StoredMembership;

/// Applied in one transaction.
const BATCHES_AT_ONCE: usize = 256;

/// How far a state was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// So many entries came after what was there.
    pub entries: u64,
    /// When the last change in the state was accepted.
    pub at: Time,
}

/// Why a state was not brought further. It may have been brought a part of the way.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the log: {0}")]
    Log(#[from] LogStreamError),
    #[error("the log begins with entry {first}, and the state ends with entry {last}")]
    Gap { first: u64, last: u64 },
    #[error("the state is that of no cluster")]
    Empty,
    #[error(transparent)]
    State(#[from] StartError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Applies what the stream has after the state, up to and with the moment. `marker`: what the state has by now.
pub(super) fn replay(
    state: &State,
    mut marker: Marker,
    source: &mut dyn Read,
    until: Time,
) -> Result<Replayed, ReplayError> {
    let mut clock = state.read_tx(|tx| tx.clock())?;
    let mut done = Replayed {
        entries: 0,
        at: clock,
    };
    let mut entries = Entries::begin(source)?;
    let mut batches: Vec<Batch> = Vec::new();
    while let Some(entry) = entries.next()? {
        let index = entry.log_id.index;
        let last = marker.applied.map_or(0, |id| id.index);
        if index <= last {
            continue;
        }
        if index > last + 1 {
            return Err(ReplayError::Gap { first: index, last });
        }
        let batch = batch_of(&entry)
            .map_err(|error| LogStreamError::Damaged(format!("entry {index}: {error}")))?;
        if let Some(mut batch) = batch {
            // A body only folds a prefix of the history, is made anew when it is worth it, and may lie apart in a file that is
            // long gone. Nothing but the next body depends on it.
            batch
                .envelopes
                .retain(|envelope| !matches!(envelope.kind, Command::Compact { .. }));
            // As the rules set the clock: see `easel_storage::apply`.
            clock = clock.plus_ms(1).max(batch.at);
            if clock > until {
                break;
            }
            done.at = clock;
            batches.push(batch);
        }
        if let EntryPayload::Membership(membership) = entry.payload {
            marker.membership = StoredMembership::new(Some(entry.log_id), membership);
        }
        marker.applied = Some(entry.log_id);
        done.entries += 1;
        if batches.len() >= BATCHES_AT_ONCE {
            state.apply(&batches, &codec::encode_marker(&marker))?;
            batches.clear();
        }
    }
    state.apply(&batches, &codec::encode_marker(&marker))?;
    state.flush()?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use easel_storage::redb::State;
    use easel_storage::{
        Actor, BoardId, ClusterId, Command, Envelope, NewUpdate, Payload, Query, Time, Title,
    };
    use openraft::{CommittedLeaderId, EntryPayload};

    use super::{ReplayError, Replayed, replay};
    use crate::backup::entries::{LogStreamError, check_log, tests::stream_of};
    use crate::codec::Marker;
    use crate::raft::{Commands, Entry, LogId, Proposal, Stamp, StoredMembership};

    const BOARD: BoardId = BoardId::from_bytes([7; 16]);

    fn made() -> Command {
        let title: Title = "Plan".to_owned().try_into().expect("a title");
        let board = BOARD;
        Command::CreateBoard { board, title }
    }

    fn renamed(title: &str) -> Command {
        Command::RenameBoard {
            board: BOARD,
            title: title.to_owned().try_into().expect("a title"),
            if_rev: None,
        }
    }

    fn drawn(content: &'static [u8]) -> Command {
        let updates = vec![NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(content.into()),
        }];
        let doc = BOARD.into();
        Command::AppendUpdates { doc, updates }
    }

    /// The first follows entry `before`; each has its stamp.
    fn log(before: u64, steps: &[(u64, Command)]) -> Vec<u8> {
        let entries = (before + 1..).zip(steps).map(|(index, (stamp, command))| {
            let command = Envelope::new(Actor::Local, command.clone()).encode();
            Entry {
                log_id: LogId::new(CommittedLeaderId::new(1, 1), index),
                payload: EntryPayload::Normal(Proposal {
                    stamp: Stamp(*stamp),
                    commands: Commands::of(&[command.into()]),
                }),
            }
        });
        stream_of(entries)
    }

    /// As of entry `index`.
    fn marker(index: u64) -> Marker {
        Marker {
            cluster: ClusterId::from_bytes([1; 16]),
            applied: Some(LogId::new(CommittedLeaderId::new(1, 1), index)),
            membership: StoredMembership::default(),
        }
    }

    fn title(state: &State) -> String {
        let board = state.query(&Query::Board(BOARD)).expect("a read");
        format!("{board:?}")
    }

    #[test]
    fn what_came_up_to_the_moment_is_done_again_and_nothing_after_it() {
        // Of one stamp: each has the millisecond after the one before, as when they were applied.
        let steps = [
            (10, made()),
            (20, renamed("First")),
            (20, drawn(b"a")),
            (20, renamed("Second")),
            (30, renamed("Third")),
        ];
        let log = log(4, &steps);
        for (until, entries, at, shown) in [
            (9, 0, 0, "None"),
            (10, 1, 10, "Plan"),
            (21, 3, 21, "First"),
            (29, 4, 22, "Second"),
            (1_000, 5, 30, "Third"),
        ] {
            let state = State::in_memory().expect("a state");
            let done = replay(&state, marker(4), &mut &log[..], Time(until));
            let at = Time(at);
            assert_eq!(done.expect("it works"), Replayed { entries, at });
            assert!(title(&state).contains(shown), "{until}: {}", title(&state));
        }
        // From the middle on, and what the state has already is not done twice.
        let state = State::in_memory().expect("a state");
        replay(&state, marker(4), &mut &log[..], Time(20)).expect("it works");
        let done = replay(&state, marker(6), &mut &log[..], Time(1_000)).expect("it works");
        assert_eq!(done.entries, 3);
        assert!(title(&state).contains("Third"), "{}", title(&state));
    }

    #[test]
    fn a_log_with_a_gap_or_a_damaged_one_is_refused() {
        let state = State::in_memory().expect("a state");
        let late = log(4, &[(10, made())]);
        let refused = replay(&state, marker(3), &mut &late[..], Time(1_000));
        assert!(matches!(
            refused,
            Err(ReplayError::Gap { first: 5, last: 3 })
        ));
        let whole = log(4, &[(10, made()), (20, drawn(b"a"))]);
        let read = check_log(&mut &whole[..]).expect("it is whole");
        assert_eq!((read.first, read.count, read.since), (5, 2, Some(Time(10))));
        for cut in 0..whole.len() {
            let found = check_log(&mut &whole[..cut]);
            // Between two entries nobody sees it; how many there are stands elsewhere.
            assert!(found.as_ref().is_ok_and(|read| read.count < 2) || found.is_err());
        }
        for at in 12..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            assert!(check_log(&mut &altered[..]).is_err(), "{at}");
        }
        let mut newer = whole;
        newer[8] = 2;
        let refused = check_log(&mut &newer[..]);
        assert!(matches!(refused, Err(LogStreamError::Newer { found: 2 })));
    }
}
