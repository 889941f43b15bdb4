//! How commands become log entries, as a plain value: what is waiting, what travels together, and which
//! reply belongs to whom. No clock, no channel.
//!
//! A batch closes before the command that would pass a bound; one command that is larger than the bound
//! travels alone. Commands keep the order in which they came. A submission whose batch failed is over:
//! what was left of it is not proposed, so nobody is told "failed" about something that runs afterwards.

use std::collections::VecDeque;

use bytes::Bytes;
use easel_storage::Reply;

pub(crate) const BATCH_COMMANDS_MAX: usize = 1_024;
pub(crate) const BATCH_BYTES_MAX: usize = 1 << 20;

/// Encoded commands that wait for their turn. `W` is whoever wants to know.
#[derive(Debug)]
pub(crate) struct Waiting<W> {
    submissions: VecDeque<Submission<W>>,
    commands: usize,
    bytes: usize,
    /// A batch is in flight that holds the first part of a submission.
    cut: bool,
}

#[derive(Debug)]
struct Submission<W> {
    left: VecDeque<Bytes>,
    replies: Vec<Reply>,
    waiter: W,
}

/// What travels in one log entry, and whose it is.
#[derive(Debug)]
pub(crate) struct InFlight<W> {
    shares: Vec<Share<W>>,
}

#[derive(Debug)]
struct Share<W> {
    submission: Submission<W>,
    commands: usize,
}

/// A submission that has got its last reply.
#[derive(Debug)]
pub(crate) struct Finished<W> {
    pub(crate) waiter: W,
    pub(crate) replies: Vec<Reply>,
}

impl<W> Waiting<W> {
    pub(crate) fn new() -> Self {
        Self {
            submissions: VecDeque::new(),
            commands: 0,
            bytes: 0,
            cut: false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.submissions.is_empty()
    }

    /// There is no use in taking in more before the next batch was closed.
    pub(crate) fn fills_a_batch(&self) -> bool {
        self.commands >= BATCH_COMMANDS_MAX || self.bytes >= BATCH_BYTES_MAX
    }

    pub(crate) fn push(&mut self, commands: Vec<Bytes>, waiter: W) {
        self.commands += commands.len();
        self.bytes += bytes_of(&commands);
        self.submissions.push_back(Submission {
            replies: Vec::with_capacity(commands.len()),
            left: commands.into(),
            waiter,
        });
    }

    /// Several batches may be in flight, but nothing follows one that cut a submission: its rest waits
    /// for the fate of its first part, and what came later waits for its rest.
    pub(crate) fn can_close(&self) -> bool {
        !self.cut && !self.is_empty()
    }

    /// Closes a batch; only if [`Self::can_close`]. Batches must be settled or failed in the same order.
    pub(crate) fn close(&mut self) -> (Vec<Bytes>, InFlight<W>) {
        let mut room = Room::new();
        let mut commands = Vec::new();
        let mut shares = Vec::new();
        while let Some(mut submission) = self.submissions.pop_front() {
            let before = commands.len();
            while let Some(command) = submission.left.pop_front() {
                if !room.take(&command) {
                    submission.left.push_front(command);
                    break;
                }
                commands.push(command);
            }
            let taken = commands.len() - before;
            let cut = !submission.left.is_empty();
            if taken == 0 && cut {
                self.submissions.push_front(submission);
                break;
            }
            shares.push(Share {
                submission,
                commands: taken,
            });
            if cut {
                self.cut = true;
                break;
            }
        }
        self.commands -= commands.len();
        self.bytes -= bytes_of(&commands);
        (commands, InFlight { shares })
    }

    /// Gives each reply to its submission, in order; a submission with commands left goes first again.
    ///
    /// `replies` must be as many as the batch had commands.
    pub(crate) fn settle(
        &mut self,
        in_flight: InFlight<W>,
        replies: Vec<Reply>,
    ) -> Vec<Finished<W>> {
        let mut replies = replies.into_iter();
        let mut finished = Vec::new();
        for share in in_flight.shares {
            let mut submission = share.submission;
            submission
                .replies
                .extend(replies.by_ref().take(share.commands));
            if submission.left.is_empty() {
                finished.push(Finished {
                    waiter: submission.waiter,
                    replies: submission.replies,
                });
            } else {
                self.cut = false;
                self.submissions.push_front(submission);
            }
        }
        finished
    }

    /// Gives back everyone who had a share in a batch that failed.
    pub(crate) fn fail(&mut self, in_flight: InFlight<W>) -> Vec<W> {
        let mut waiters = Vec::new();
        for Share { submission, .. } in in_flight.shares {
            if !submission.left.is_empty() {
                self.cut = false;
            }
            self.commands -= submission.left.len();
            self.bytes -= bytes_of(&submission.left);
            waiters.push(submission.waiter);
        }
        waiters
    }

    /// Gives back everyone whose commands were not proposed, and whether some of them were and have run.
    pub(crate) fn abandon(&mut self) -> Vec<(W, bool)> {
        self.commands = 0;
        self.bytes = 0;
        let all = self.submissions.drain(..);
        all.map(|s| (s.waiter, !s.replies.is_empty())).collect()
    }
}

pub(crate) fn bytes_of<'a>(commands: impl IntoIterator<Item = &'a Bytes>) -> usize {
    commands.into_iter().map(Bytes::len).sum()
}

/// What a batch still takes.
struct Room {
    commands: usize,
    bytes: usize,
}

impl Room {
    fn new() -> Self {
        Self {
            commands: 0,
            bytes: 0,
        }
    }

    /// Takes the command in, if it fits; into an empty batch anything fits.
    fn take(&mut self, command: &Bytes) -> bool {
        let bytes = self.bytes + command.len();
        let fits = self.commands < BATCH_COMMANDS_MAX && bytes <= BATCH_BYTES_MAX;
        if fits || self.commands == 0 {
            self.commands += 1;
            self.bytes = bytes;
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use bytes::Bytes;
    use easel_storage::{Outcome, Rejection, Reply};
    use proptest::collection::vec;
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

    use super::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, InFlight, Waiting, bytes_of};

    /// A command whose bytes say which it is.
    fn command(id: u32, bytes: usize) -> Bytes {
        let mut content = id.to_be_bytes().to_vec();
        content.resize(bytes.max(4), 0);
        content.into()
    }

    fn id_of(command: &Bytes) -> u32 {
        let head = command.first_chunk::<4>().expect("four bytes");
        u32::from_be_bytes(*head)
    }

    /// A reply that only this command can get; every third is a rejection.
    fn reply_to(id: u32) -> Reply {
        let current = u64::from(id);
        match id % 3 {
            0 => Err(Rejection::RevisionMoved { current }),
            _ => Ok(Outcome::Compacted { body_seq: current }),
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// Command sizes of one submission.
        Push(Vec<usize>),
        Close,
        Settle,
        Fail,
    }

    fn step() -> impl Strategy<Value = Step> {
        let size = prop_oneof![
            20 => 4usize..2_000,
            2 => Just(BATCH_BYTES_MAX / 3),
            1 => Just(BATCH_BYTES_MAX + 1),
        ];
        prop_oneof![
            4 => vec(size, 0..6).prop_map(Step::Push),
            1 => any::<u16>().prop_map(|n| Step::Push(vec![8; usize::from(n) % 1_500])),
            4 => Just(Step::Close),
            4 => Just(Step::Settle),
            1 => Just(Step::Fail),
        ]
    }

    /// What one submission must be told: the ids of its commands.
    type Waiter = Vec<u32>;

    struct Checked {
        waiting: Waiting<Waiter>,
        /// Batches on their way, oldest first; each may yet succeed or fail, whatever became of another.
        in_flight: VecDeque<(Vec<Bytes>, InFlight<Waiter>)>,
        pushed: u32,
        /// The newest id that travelled.
        travelled: Option<u32>,
        answered: Vec<u32>,
        failed: Vec<u32>,
    }

    impl Checked {
        fn step(&mut self, step: Step) {
            match step {
                Step::Push(sizes) => {
                    let first = self.pushed;
                    let ids: Vec<_> = (first..).take(sizes.len()).collect();
                    self.pushed += ids.len() as u32;
                    let commands = ids.iter().zip(sizes).map(|(id, size)| command(*id, size));
                    self.waiting.push(commands.collect(), ids.clone());
                }
                Step::Close => {
                    if self.in_flight.len() < 3 && self.waiting.can_close() {
                        let (commands, in_flight) = self.waiting.close();
                        self.check_batch(&commands);
                        self.in_flight.push_back((commands, in_flight));
                    }
                }
                Step::Settle => {
                    if let Some((commands, in_flight)) = self.in_flight.pop_front() {
                        let replies = commands.iter().map(|c| reply_to(id_of(c))).collect();
                        for finished in self.waiting.settle(in_flight, replies) {
                            let wanted: Vec<_> =
                                finished.waiter.iter().map(|id| reply_to(*id)).collect();
                            assert_eq!(finished.replies, wanted, "another's replies");
                            self.answered.extend(finished.waiter);
                        }
                    }
                }
                Step::Fail => {
                    if let Some((_, in_flight)) = self.in_flight.pop_front() {
                        for waiter in self.waiting.fail(in_flight) {
                            self.failed.extend(waiter);
                        }
                    }
                }
            }
        }

        fn check_batch(&mut self, commands: &[Bytes]) {
            assert!(commands.len() <= BATCH_COMMANDS_MAX);
            let bytes = bytes_of(commands);
            assert!(bytes <= BATCH_BYTES_MAX || commands.len() == 1);
            for command in commands {
                let id = id_of(command);
                assert!(Some(id) > self.travelled, "out of order, or twice");
                assert!(
                    !self.failed.contains(&id),
                    "ran after it was said to have failed"
                );
                self.travelled = Some(id);
            }
        }
    }

    proptest! {
        #[test]
        fn everyone_gets_their_own_replies_once_and_in_order(steps in vec(step(), 1..60)) {
            let mut checked = Checked {
                waiting: Waiting::new(),
                in_flight: VecDeque::new(),
                pushed: 0,
                travelled: None,
                answered: Vec::new(),
                failed: Vec::new(),
            };
            for step in steps {
                checked.step(step);
            }
            while !checked.in_flight.is_empty() || !checked.waiting.is_empty() {
                checked.step(Step::Close);
                checked.step(Step::Settle);
            }
            assert_eq!((checked.waiting.commands, checked.waiting.bytes), (0, 0));
            let mut told = [checked.answered, checked.failed].concat();
            told.sort_unstable();
            let all: Vec<_> = (0..checked.pushed).collect();
            assert_eq!(told, all, "each command is answered once");
        }
    }

    #[test]
    fn a_batch_closes_before_the_command_that_would_pass_a_bound() {
        let close = |sizes: &[usize]| {
            let mut waiting = Waiting::new();
            waiting.push(sizes.iter().map(|size| command(0, *size)).collect(), ());
            waiting.close().0.len()
        };
        let most = BATCH_BYTES_MAX;
        assert_eq!(close(&[most - 4, 4, 4]), 2);
        assert_eq!(close(&[most - 4, 5, 4]), 1);
        assert_eq!(close(&[most * 3, 4]), 1, "a larger one travels alone");
        assert_eq!(close(&[4, most * 3]), 1);
        assert_eq!(close(&[4; BATCH_COMMANDS_MAX + 1]), BATCH_COMMANDS_MAX);
    }
}
