//! Commands that are handed in where nobody leads: they travel to the leader's intake and their answer comes back.
//!
//! A node that leads takes them in itself, and a node alone never comes here. Else a submission goes over one connection
//! to the leader (`line`), which answers as it would its own (`answering`); what travels there together becomes one entry
//! in the leader's batcher.
//!
//! - **Everything that travels can be asked again.** What has no id is given one, unless it is an append whose every
//!   update has its origin: the state drops a repeat of either. So when an answer stays out (the connection broke, another
//!   node leads now) the same is asked again, of whoever leads, for as long as the caller waits.
//! - Without a leader a submission waits for one for a few seconds, which is longer than an election takes; then it is
//!   `Unavailable`, and was not run. Once it may have been run it is `TimedOut` at the end.
//! - **The caller's next local read sees it**: a forwarded submission is answered when this node has applied it too. If
//!   that takes too long (a snapshot is under way here) it is answered all the same: then only a read at least at the
//!   answer's index, or at another node, sees it.

mod answering;
mod line;
pub(crate) mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use easel_storage::{
    Command, CommandId, CommitIndex, Envelope, Outcome, Reply, SubmitError, Submitted,
};

pub(crate) use answering::answer_all;

use crate::leaders::{Leader, Leaders};
use crate::network::Link;
use crate::propose::{self, ANSWER_WAIT_MAX, COMMAND_BYTES_MAX, Intake, NoReply};
use crate::read::Reader;
use crate::runtime;
use line::{Line, Missed};
use wire::Refused;

/// Commands that nobody can have run wait so long for a leader. Another leads a second or two after the last fell silent; it
/// takes longer where disks are slow or machines busy.
const LEADER_WAIT_MAX: Duration = Duration::from_secs(8);
/// Before the same is asked again of whoever leads then.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// What this node may take to apply what another has answered.
const APPLIED_WAIT_MAX: Duration = Duration::from_secs(5);
/// Commands of one submission that travel together, unless one alone is larger.
const PART_BYTES_MAX: usize = 8 << 20;
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(3);
/// A connection on which nothing comes for so long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Where a node of a group hands its commands in.
#[derive(Debug)]
pub(crate) struct Forward {
    intake: Intake,
    leaders: Leaders,
    reader: Reader,
    line: Line,
}

impl Forward {
    pub(crate) fn new(intake: Intake, leaders: Leaders, reader: Reader) -> Self {
        Self {
            intake,
            leaders,
            reader,
            line: Line::default(),
        }
    }

    pub(crate) async fn submit(&self, batch: Vec<Envelope>) -> Result<Submitted, SubmitError> {
        if batch.is_empty() {
            return Ok(self.intake.submit(&batch).await?);
        }
        let leads_here = matches!(self.leaders.now(), Leader::Here);
        if leads_here && !batch.iter().all(can_be_repeated) {
            match self.intake.submit(&batch).await {
                // Another leads meanwhile.
                Err(NoReply::NotLed) => {}
                Err(NoReply::Failed(error)) => return Err(error),
                Ok(submitted) => return Ok(submitted),
            }
        }
        let mut errand = Errand::new(batch);
        loop {
            let went = match self.leaders.now() {
                Leader::Here => self.here(&mut errand).await,
                Leader::There { link } => self.there(&mut errand, &link).await,
                Leader::Unknown => Went::Again,
            };
            match went {
                Went::Done(submitted) => return Ok(submitted),
                Went::Refused(error) => return Err(errand.refused(error)),
                Went::Again => {}
            }
            if errand.time_left().is_zero() {
                return Err(errand.refused(SubmitError::Unavailable));
            }
            runtime::sleep(AGAIN_AFTER).await;
        }
    }

    async fn here(&self, errand: &mut Errand) -> Went {
        let (rest, left) = (errand.rest().to_vec(), ANSWER_WAIT_MAX);
        match self.intake.submit_encoded(rest, left).await {
            Ok(submitted) => {
                errand.take(submitted);
                Went::Done(errand.finish())
            }
            // Leadership was lost meanwhile, or the time is over.
            Err(NoReply::Failed(SubmitError::TimedOut)) => {
                errand.may_have_run = true;
                Went::Again
            }
            Err(NoReply::NotLed) => Went::Again,
            Err(NoReply::Failed(error)) => Went::Refused(error),
        }
    }

    async fn there(&self, errand: &mut Errand, link: &Arc<Link>) -> Went {
        let Some(part) = errand.next_part() else {
            return Went::Refused(SubmitError::TooLarge);
        };
        // What has left this node may be run for as long as anybody waits.
        let left = ANSWER_WAIT_MAX.saturating_sub(runtime::now().duration_since(errand.begun));
        let mut leaders = self.leaders.clone();
        let asked = tokio::select! {
            biased;
            asked = self.line.ask(link, part, left) => asked,
            // It will not answer any more, or with what nobody can rely on.
            () = leaders.replaced(link.target) => Err(Missed::Unknown),
            () = runtime::sleep(left) => Err(Missed::Unknown),
        };
        match asked {
            Ok(Ok(submitted)) => {
                errand.take(submitted);
                if !errand.is_done() {
                    return Went::Again;
                }
                let applied = self.reader.applied(errand.index.0);
                let _ = runtime::timeout(APPLIED_WAIT_MAX, applied).await;
                Went::Done(errand.finish())
            }
            Ok(Err(Refused::NotLeader | Refused::Stopped)) | Err(Missed::NotSent) => Went::Again,
            Ok(Err(Refused::TimedOut)) | Err(Missed::Unknown) => {
                errand.may_have_run = true;
                Went::Again
            }
            Ok(Err(Refused::Unreadable | Refused::Unavailable)) => {
                Went::Refused(SubmitError::Unavailable)
            }
            Ok(Err(Refused::DiskFull)) => Went::Refused(SubmitError::DiskFull),
            Ok(Err(Refused::TooLarge)) => Went::Refused(SubmitError::TooLarge),
        }
    }
}

/// How one attempt ended.
enum Went {
    Done(Submitted),
    Refused(SubmitError),
    Again,
}

/// A submission on its way, however often it has to be asked.
struct Errand {
    commands: Vec<Bytes>,
    replies: Vec<Reply>,
    index: CommitIndex,
    begun: Instant,
    /// Some of it was handed in and not answered, so what comes next may be a repeat.
    may_have_run: bool,
}

impl Errand {
    /// Gives an id to what could not be asked again without one.
    fn new(batch: Vec<Envelope>) -> Self {
        let commands = batch.into_iter().map(|mut envelope| {
            if !can_be_repeated(&envelope) {
                envelope.id = Some(CommandId::mint());
            }
            propose::encode(&envelope)
        });
        Self {
            commands: commands.collect(),
            replies: Vec::new(),
            index: CommitIndex::default(),
            begun: runtime::now(),
            may_have_run: false,
        }
    }

    fn time_left(&self) -> Duration {
        let all = match self.may_have_run || !self.replies.is_empty() {
            true => ANSWER_WAIT_MAX,
            false => LEADER_WAIT_MAX,
        };
        all.saturating_sub(runtime::now().duration_since(self.begun))
    }

    fn rest(&self) -> &[Bytes] {
        &self.commands[self.replies.len()..]
    }

    /// What is to be run next. Nothing, if a command is larger than any node takes.
    fn next_part(&self) -> Option<Vec<Bytes>> {
        if self.commands.iter().any(|c| c.len() > COMMAND_BYTES_MAX) {
            return None;
        }
        let mut bytes = 0;
        let rest = self.rest().iter().enumerate();
        let part = rest.take_while(|(at, command)| {
            bytes += command.len();
            *at == 0 || bytes <= PART_BYTES_MAX
        });
        Some(part.map(|(_, command)| command.clone()).collect())
    }

    fn take(&mut self, submitted: Submitted) {
        self.index = self.index.max(submitted.index);
        let repeats = self.may_have_run;
        let first_told = |reply: Reply| match reply {
            // To the caller it is the first answer, not a repeat.
            Ok(Outcome::Again(first)) if repeats => *first,
            reply => reply,
        };
        self.replies
            .extend(submitted.replies.into_iter().map(first_told));
    }

    fn is_done(&self) -> bool {
        self.replies.len() >= self.commands.len()
    }

    fn finish(&mut self) -> Submitted {
        Submitted {
            index: self.index,
            replies: std::mem::take(&mut self.replies),
        }
    }

    /// What may have run was not refused, whatever was said of a repeat.
    fn refused(&self, error: SubmitError) -> SubmitError {
        match self.may_have_run || !self.replies.is_empty() {
            true => SubmitError::TimedOut,
            false => error,
        }
    }
}

/// The state tells a repeat of it from the first.
fn can_be_repeated(envelope: &Envelope) -> bool {
    let Command::AppendUpdates { updates, .. } = &envelope.kind else {
        return envelope.id.is_some();
    };
    envelope.id.is_some() || updates.iter().all(|update| update.origin.is_some())
}
