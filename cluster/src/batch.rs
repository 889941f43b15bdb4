//! How commands become log entries, as a plain value: what is waiting, what travels together, and which
//! reply belongs to whom. No clock, no channel.
//!
//! A batch closes before the command that would pass a bound; one command that is larger than the bound
//! travels alone. Commands keep the order in which they came. A submission whose batch failed is over:
//! what was left of it is not proposed, so nobody is told "failed" about something that runs afterwards.

use std::collections::VecDeque;

use easel_storage::Reply;

use crate::raft::EncodedEnvelope;

pub(crate) const BATCH_COMMANDS_MAX: usize = 1_024;
pub(crate) const BATCH_BYTES_MAX: usize = 1 << 20;

/// Commands that wait for their turn. `W` is whoever wants to know.
#[derive(Debug)]
pub(crate) struct Waiting<W> {
    submissions: VecDeque<Submission<W>>,
    commands: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Submission<W> {
    left: VecDeque<EncodedEnvelope>,
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
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.submissions.is_empty()
    }

    /// There is no use in taking in more before the next batch was closed.
    pub(crate) fn fills_a_batch(&self) -> bool {
        self.commands >= BATCH_COMMANDS_MAX || self.bytes >= BATCH_BYTES_MAX
    }

    pub(crate) fn push(&mut self, commands: Vec<EncodedEnvelope>, waiter: W) {
        self.commands += commands.len();
        self.bytes += bytes_of(&commands);
        self.submissions.push_back(Submission {
            left: commands.into(),
            replies: Vec::new(),
            waiter,
        });
    }

    /// Closes a batch. Only one may be in flight: the rest of a submission waits for the fate of its
    /// first part.
    pub(crate) fn close(&mut self) -> (Vec<EncodedEnvelope>, InFlight<W>) {
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
                self.submissions.push_front(submission);
            }
        }
        finished
    }

    /// Gives back everyone who had a share in a batch that failed.
    pub(crate) fn fail(&mut self, in_flight: InFlight<W>) -> Vec<W> {
        let mut waiters = Vec::new();
        for Share { submission, .. } in in_flight.shares {
            self.commands -= submission.left.len();
            self.bytes -= bytes_of(&submission.left);
            waiters.push(submission.waiter);
        }
        waiters
    }

    /// Gives back everyone whose commands were not proposed.
    pub(crate) fn abandon(&mut self) -> Vec<W> {
        self.commands = 0;
        self.bytes = 0;
        self.submissions.drain(..).map(|s| s.waiter).collect()
    }
}

fn bytes_of<'a>(commands: impl IntoIterator<Item = &'a EncodedEnvelope>) -> usize {
    commands.into_iter().map(|c| c.0.len()).sum()
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
    fn take(&mut self, command: &EncodedEnvelope) -> bool {
        let bytes = self.bytes + command.0.len();
        let fits = self.commands < BATCH_COMMANDS_MAX && bytes <= BATCH_BYTES_MAX;
        if fits || self.commands == 0 {
            self.commands += 1;
            self.bytes = bytes;
            return true;
        }
        false
    }
}
