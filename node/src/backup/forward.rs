//! From one backup towards the next: what was drawn between them, up to a moment. Where the later one's log goes back to the
//! earlier one it is done again instead, and tells of everything; this is for where it does not.
//!
//! A document's updates are kept for ever, each with its time, so the later backup says what came after the earlier one. It
//! is applied to the earlier state by the rules, in the order of time, as a log would be. What has no history stays as it was
//! in the earlier one: titles, people, who may see what, what is in the trash.
//!
//! Of a document all of it comes or nothing, since what may refuse an update (a board that is not there, or in the trash) does
//! not change on the way. So what is stored stays closed under "builds on".

use super::{BackupError, Manifest};
use easel_storage::blobs::{Blob, BlobHash};
use easel_storage::command::NewUpdate;
use easel_storage::records::UpdateRow;
use easel_storage::redb::State;
use easel_storage::rows::{ReadRows, Single};
use easel_storage::sharing::{AssetOfBoard, AssetRow, ImageRow, MemberRow, Role, SharingCommand};
use easel_storage::{Actor, Batch, BoardId, Command, DocName, Envelope, Fault, ReadTx, Time};
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Applied in one transaction.
const BATCHES_AT_ONCE: usize = 256;

/// What was brought from the later backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Forward {
    /// The backup it is from.
    pub(crate) from: String,
    pub(crate) boards: u64,
    pub(crate) pictures: u64,
    pub(crate) updates: u64,
    /// Of boards, pictures and updates, refused by the rules: of a board that was in the trash, or of somebody who had no
    /// account yet.
    pub(crate) refused: u64,
}

/// What to bring, in the order of time.
pub(super) struct Course {
    steps: Vec<(Time, Step)>,
    docs: Vec<DocName>,
    /// Pictures, and content that lies apart, which come with it.
    pub(super) blobs: Vec<Blob>,
}

/// Of one moment, boards come before what is on them.
enum Step {
    Board(Envelope),
    Copied(Envelope),
    Picture(Envelope),
    /// Of the document with this place in the list.
    Update {
        doc: usize,
        seq: u64,
    },
}

impl Step {
    fn order(&self) -> (u8, usize, u64) {
        match self {
            Step::Board(_) => (0, 0, 0),
            Step::Copied(_) => (1, 0, 0),
            Step::Picture(_) => (2, 0, 0),
            Step::Update { doc, seq } => (3, *doc, *seq),
        }
    }
}

/// The first backup after the earlier one that goes on from it: of the same cluster, whose log is one.
pub(super) fn next_of<'a>(base: &Manifest, all: &'a [Manifest]) -> Option<&'a Manifest> {
    all.iter()
        .filter(|other| other.cluster == base.cluster && other.index > base.index)
        .min_by_key(|other| other.index)
}

/// What the later state has of after the earlier one, up to the moment. `Err` in words: it does not go on from it.
pub(super) fn course(
    base: &State,
    later: &State,
    until: Time,
) -> Result<Result<Course, String>, BackupError> {
    let mut troubles = Vec::new();
    let docs = later
        .check_rows(&mut |trouble| troubles.push(trouble))?
        .docs;
    if let Some(trouble) = troubles.into_iter().next() {
        return Ok(Err(trouble));
    }
    let docs: Vec<DocName> = docs.into_iter().map(|(doc, _)| doc).collect();
    let mut course = Course {
        steps: Vec::new(),
        docs,
        blobs: Vec::new(),
    };
    let looked = later.read_tx(|later| base.read_tx(|base| course.look(base, later, until)))?;
    if let Err(why) = looked {
        return Ok(Err(why));
    }
    // Of one moment what was numbered first comes first.
    course.steps.sort_by_key(|(at, step)| (*at, step.order()));
    Ok(Ok(course))
}

impl Course {
    fn look(
        &mut self,
        base: &dyn ReadTx,
        later: &dyn ReadTx,
        until: Time,
    ) -> Result<Result<(), String>, Fault> {
        self.look_for_boards(base, later, until)?;
        self.look_for_pictures(base, later, until)?;
        let clock = base.clock()?;
        for (nth, doc) in self.docs.iter().enumerate() {
            let known = base.doc(doc)?.map_or(0, |row| row.head_seq);
            if last(base, doc, known)? != last(later, doc, known)? {
                return Ok(Err(format!("{doc} has another history in it")));
            }
            let mut is_earlier = false;
            let (steps, blobs) = (&mut self.steps, &mut self.blobs);
            later.scan_updates(doc, known + 1..=u64::MAX, &mut |seq, row| {
                is_earlier |= row.at <= clock;
                // Later ones have later times.
                if row.at > until {
                    return Ok(ControlFlow::Break(()));
                }
                blobs.extend(row.payload.apart());
                steps.push((row.at, Step::Update { doc: nth, seq }));
                Ok(ControlFlow::Continue(()))
            })?;
            if is_earlier {
                return Ok(Err(format!("{doc} has another history in it")));
            }
        }
        Ok(Ok(()))
    }

    fn look_for_boards(
        &mut self,
        base: &dyn ReadTx,
        later: &dyn ReadTx,
        until: Time,
    ) -> Result<(), Fault> {
        let steps = &mut self.steps;
        later.scan_boards(&mut |board, row| {
            if row.created_at > until || base.board(board)?.is_some() {
                return Ok(ControlFlow::Continue(()));
            }
            let members = later.all::<MemberRow>(&board)?;
            let owner = members
                .iter()
                .find(|(_, member)| member.role == Role::Owner);
            let actor = owner.map_or(Actor::Local, |((_, user), _)| Actor::User(*user));
            let title = row.title;
            let command = Command::CreateBoard { board, title };
            steps.push((row.created_at, Step::Board(Envelope::new(actor, command))));
            // What it has of another board it has as that one's copy.
            let mut sources = BTreeSet::new();
            for (_, asset) in later.keys::<AssetOfBoard>(&board)? {
                sources.insert(later.get_known::<AssetRow>(&asset)?.board);
            }
            sources.remove(&board);
            for from in sources {
                let command = SharingCommand::NoteCopied { board, from };
                let step = Step::Copied(Envelope::new(actor, command.into()));
                steps.push((row.created_at, step));
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    fn look_for_pictures(
        &mut self,
        base: &dyn ReadTx,
        later: &dyn ReadTx,
        until: Time,
    ) -> Result<(), Fault> {
        let (steps, blobs) = (&mut self.steps, &mut self.blobs);
        later.scan::<AssetRow>(&Single, &mut |asset, row| {
            if row.at > until || base.get::<AssetRow>(&asset)?.is_some() {
                return Ok(ControlFlow::Continue(()));
            }
            blobs.extend(row.forms.iter().map(|form| Blob {
                hash: BlobHash::from_bytes(form.hash),
                len: form.len,
            }));
            let (board, forms): (BoardId, _) = (row.board, row.forms);
            let command = match later.get::<ImageRow>(&asset)? {
                Some(image) => SharingCommand::AddImage {
                    board,
                    asset,
                    forms,
                    image,
                },
                None => SharingCommand::AddAsset {
                    board,
                    asset,
                    forms,
                },
            };
            let step = Step::Picture(Envelope::new(row.by, command.into()));
            steps.push((row.at, step));
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Takes it. Each moment is a batch of its own, so that everything keeps its time.
    pub(super) fn take(
        self,
        base: &State,
        later: &State,
        from: &Manifest,
    ) -> Result<Forward, BackupError> {
        let marker = base.marker()?.unwrap_or_default();
        let mut forward = Forward {
            from: from.id.clone(),
            ..Forward::default()
        };
        let docs = self.docs;
        let mut steps = self.steps.into_iter().peekable();
        while steps.peek().is_some() {
            let mut batches: Vec<Batch> = Vec::new();
            // What is of one moment stays together.
            while let Some((at, step)) = steps.next_if(|(at, _)| {
                batches.len() < BATCHES_AT_ONCE || batches.last().is_some_and(|last| last.at == *at)
            }) {
                let (count, envelope) = match step {
                    Step::Board(envelope) => (Some(&mut forward.boards), envelope),
                    Step::Copied(envelope) => (None, envelope),
                    Step::Picture(envelope) => (Some(&mut forward.pictures), envelope),
                    Step::Update { doc, seq } => {
                        let envelope = said_again(later, &docs[doc], seq)?;
                        (Some(&mut forward.updates), envelope)
                    }
                };
                if let Some(count) = count {
                    *count += 1;
                }
                match batches.last_mut() {
                    Some(batch) if batch.at == at => batch.envelopes.push(envelope),
                    _ => batches.push(Batch {
                        at,
                        envelopes: vec![envelope],
                    }),
                }
            }
            let replies = base.apply(&batches, &marker)?;
            let refused = replies.iter().flatten().filter(|reply| reply.is_err());
            forward.refused += refused.count() as u64;
        }
        base.flush()?;
        Ok(forward)
    }
}

fn last(tx: &dyn ReadTx, doc: &DocName, seq: u64) -> Result<Option<UpdateRow>, Fault> {
    let mut found = None;
    if seq > 0 {
        tx.scan_updates(doc, seq..=seq, &mut |_, row| {
            found = Some(row);
            Ok(ControlFlow::Break(()))
        })?;
    }
    Ok(found)
}

/// As it was said, by who drew it. It is no repeat of anything: what the earlier state had is not said again.
fn said_again(later: &State, doc: &DocName, seq: u64) -> Result<Envelope, BackupError> {
    let row = later.read_tx(|tx| last(tx, doc, seq))?;
    let row = row.ok_or_else(|| Fault::Corrupt(format!("{doc}: update {seq} is missing")))?;
    let updates = vec![NewUpdate {
        author: row.author,
        origin: None,
        payload: row.payload,
    }];
    let doc = doc.clone();
    Ok(Envelope::new(
        row.author,
        Command::AppendUpdates { doc, updates },
    ))
}

#[cfg(test)]
mod tests {
    use super::{Course, Forward, course};
    use crate::backup::manifest::tests::sample;
    use easel_storage::blobs::{Blob, BlobHash, named};
    use easel_storage::command::NewUpdate;
    use easel_storage::redb::State;
    use easel_storage::{Actor, Batch, BoardId, Command, DocName, Envelope, Payload, ReadTx, Time};
    use std::ops::ControlFlow;

    const BOARD: BoardId = BoardId::from_bytes([7; 16]);

    fn made(board: BoardId) -> Command {
        let title = "Plan".to_owned().try_into().unwrap();
        Command::CreateBoard { board, title }
    }

    fn drawn(board: BoardId, words: &'static str) -> Command {
        let updates = vec![NewUpdate {
            author: Actor::Local,
            origin: None,
            payload: Payload::Inline(words.into()),
        }];
        let doc = board.into();
        Command::AppendUpdates { doc, updates }
    }

    /// After these, each at its time.
    fn state(steps: &[(u64, Command)]) -> State {
        let state = State::in_memory().unwrap();
        for (at, command) in steps {
            let batch = Batch {
                at: Time(*at),
                envelopes: vec![Envelope::new(Actor::Local, command.clone())],
            };
            let replies = state.apply(&[batch], b"marker").unwrap();
            replies[0][0].as_ref().unwrap();
        }
        state
    }

    fn updates(state: &State, board: BoardId) -> String {
        let doc = DocName::from(board);
        let mut found = Vec::new();
        let walk = |tx: &dyn ReadTx| {
            tx.scan_updates(&doc, 1..=u64::MAX, &mut |seq, row| {
                let Payload::Inline(bytes) = row.payload else {
                    panic!("a short update");
                };
                let words = String::from_utf8(bytes.to_vec()).unwrap();
                found.push(format!("{seq} {words}@{}", row.at.0));
                Ok(ControlFlow::Continue(()))
            })
        };
        state.read_tx(walk).unwrap();
        found.join(", ")
    }

    fn brought(base: &State, later: &State, until: u64) -> Forward {
        let course: Course = course(base, later, Time(until)).unwrap().unwrap();
        course.take(base, later, &sample("later", "x")).unwrap()
    }

    #[test]
    fn what_was_drawn_up_to_the_moment_comes_and_keeps_its_time() {
        let other = BoardId::from_bytes([8; 16]);
        let after = BoardId::from_bytes([9; 16]);
        let steps = [
            (10, made(BOARD)),
            (20, drawn(BOARD, "a")),
            (30, drawn(BOARD, "b")),
            (40, made(other)),
            (50, drawn(other, "x")),
            (60, drawn(BOARD, "c")),
            (70, drawn(BOARD, "d")),
            (80, made(after)),
            (90, drawn(after, "y")),
        ];
        let (base, later) = (state(&steps[..2]), state(&steps));
        let forward = brought(&base, &later, 60);
        let expected = Forward {
            from: "later".to_owned(),
            boards: 1,
            pictures: 0,
            updates: 3,
            refused: 0,
        };
        assert_eq!(forward, expected);
        assert_eq!(updates(&base, BOARD), "1 a@20, 2 b@30, 3 c@60");
        assert_eq!(updates(&base, other), "1 x@50");
        assert_eq!(updates(&base, after), "");
        // And on from there.
        assert_eq!(brought(&base, &later, 1_000).updates, 2);
        assert_eq!(updates(&base, BOARD), updates(&later, BOARD));
        assert_eq!(updates(&base, after), "1 y@90");
        assert_eq!(brought(&base, &later, 1_000).updates, 0);
    }

    #[test]
    fn content_that_lies_apart_comes_with_its_blob() {
        let blob = Blob {
            hash: BlobHash::of(b"large"),
            len: 5,
        };
        let large = || {
            let mut command = drawn(BOARD, "");
            if let Command::AppendUpdates { updates, .. } = &mut command {
                updates[0].payload = blob.into();
            }
            command
        };
        let steps = [
            (10, made(BOARD)),
            (20, large()),
            (30, drawn(BOARD, "a")),
            (40, large()),
            (50, large()),
        ];
        let (base, later) = (state(&steps[..1]), state(&steps));
        // Whether it is there already is for whoever puts it to look.
        let course = course(&base, &later, Time(40)).unwrap().unwrap();
        assert_eq!(course.blobs, [blob, blob]);
        let forward = course.take(&base, &later, &sample("later", "x")).unwrap();
        assert_eq!((forward.updates, forward.refused), (3, 0));
        let named = base.read_tx(named).unwrap();
        assert_eq!(named.into_iter().collect::<Vec<_>>(), [(blob.hash, 5)]);
    }

    #[test]
    fn a_board_in_the_trash_takes_nothing_and_it_is_told() {
        let trash = Command::TrashBoard {
            board: BOARD,
            if_rev: None,
        };
        let back = Command::RestoreBoard { board: BOARD };
        let steps = [
            (10, made(BOARD)),
            (20, drawn(BOARD, "a")),
            (30, trash),
            (40, back),
            (50, drawn(BOARD, "b")),
            (60, drawn(BOARD, "c")),
        ];
        let (base, later) = (state(&steps[..3]), state(&steps));
        let forward = brought(&base, &later, 60);
        assert_eq!((forward.updates, forward.refused), (2, 2));
        assert_eq!(updates(&base, BOARD), "1 a@20");
    }

    #[test]
    fn a_later_state_of_another_history_is_refused() {
        let base = state(&[
            (10, made(BOARD)),
            (20, drawn(BOARD, "a")),
            (30, drawn(BOARD, "b")),
        ]);
        for other in [
            vec![(20, drawn(BOARD, "a")), (30, drawn(BOARD, "c"))],
            vec![(20, drawn(BOARD, "a"))],
            vec![
                (20, drawn(BOARD, "a")),
                (31, drawn(BOARD, "b")),
                (40, drawn(BOARD, "c")),
            ],
        ] {
            let steps = [vec![(10, made(BOARD))], other].concat();
            let told = course(&base, &state(&steps), Time(60)).unwrap();
            let why = told.err().unwrap();
            assert!(why.contains("another history"), "{why}");
        }
    }
}
