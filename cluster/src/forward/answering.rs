//! The leader's side: what comes from other nodes goes into this node's own intake, and nowhere else. A node that does
//! not lead says so, and whoever asked looks for the leader anew.

use std::sync::Arc;

use bytes::Bytes;
use easel_storage::{Envelope, Submitted};
use openraft::ServerState;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::wire::{self, Answer, Question, Refused};
use super::{SIGN_OF_LIFE_EVERY, SILENCE_MAX};
use crate::network::frame::{self, FrameError};
use crate::network::{ENTRIES_BYTES_MAX, Stream};
use crate::propose::Intake;
use crate::raft::Raft;
use crate::runtime;

/// Of questions of one connection that are not answered yet. When it is full the connection is not read.
const UNANSWERED_BYTES_MAX: usize = ENTRIES_BYTES_MAX;
/// What a question counts at least.
const PERMIT_BYTES: usize = 4 << 10;

/// What is to be written, and what it holds of the connection's room until then.
type Due = (Vec<u8>, OwnedSemaphorePermit);

pub(crate) async fn answer_all(
    stream: Stream,
    raft: &Raft,
    intake: &Intake,
) -> Result<(), FrameError> {
    let (reading, writing) = tokio::io::split(stream);
    // Bounded by the permits.
    let (answers, due) = mpsc::unbounded_channel();
    tokio::select! {
        biased;
        ended = read(reading, raft, intake, answers) => ended,
        ended = write(writing, due) => ended,
    }
}

async fn read(
    mut stream: impl AsyncRead + Unpin,
    raft: &Raft,
    intake: &Intake,
    answers: mpsc::UnboundedSender<Due>,
) -> Result<(), FrameError> {
    let room = Arc::new(Semaphore::new(UNANSWERED_BYTES_MAX / PERMIT_BYTES));
    while let Some(len) = frame::read_len(&mut stream, ENTRIES_BYTES_MAX, SILENCE_MAX).await? {
        if len == 0 {
            continue;
        }
        let permits = u32::try_from(len.div_ceil(PERMIT_BYTES)).expect("far below 2^32");
        let held = room.clone().acquire_many_owned(permits).await;
        let held = held.expect("nobody closes it");
        let body = Bytes::from(frame::read_body(&mut stream, len).await?);
        let question = wire::decode_question(&body)?;
        let (raft, intake, answers) = (raft.clone(), intake.clone(), answers.clone());
        runtime::spawn(async move {
            let number = question.number;
            let result = run(&raft, &intake, question).await;
            let answer = wire::encode_answer(&Answer::To { number, result });
            // The connection may have ended: the commands ran all the same.
            let _ = answers.send((answer, held));
        });
    }
    Ok(())
}

async fn run(raft: &Raft, intake: &Intake, question: Question) -> Result<Submitted, Refused> {
    if raft.server_metrics().borrow().state != ServerState::Leader {
        return Err(Refused::NotLeader);
    }
    for command in &question.commands {
        if let Err(error) = Envelope::decode(command) {
            tracing::warn!(%error, "another node sent a command that cannot be read");
            return Err(Refused::Unreadable);
        }
    }
    if question.commands.is_empty() {
        return Err(Refused::Unreadable);
    }
    let submitted = intake
        .submit_encoded(question.commands, question.left)
        .await;
    submitted.map_err(Refused::from)
}

async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut due: mpsc::UnboundedReceiver<Due>,
) -> Result<(), FrameError> {
    let mut frames = Vec::new();
    loop {
        match runtime::timeout(SIGN_OF_LIFE_EVERY, due.recv()).await {
            // Reading has ended, and everything is answered.
            Ok(None) => return Ok(()),
            Ok(Some((answer, held))) => {
                frame::put_frame(&mut frames, &answer);
                let mut all_held = vec![held];
                while frames.len() < UNANSWERED_BYTES_MAX / 64
                    && let Ok((answer, held)) = due.try_recv()
                {
                    frame::put_frame(&mut frames, &answer);
                    all_held.push(held);
                }
                frame::write_frames(&mut stream, &frames).await?;
            }
            Err(_) => {
                frame::put_frame(&mut frames, &wire::encode_answer(&Answer::Alive));
                frame::write_frames(&mut stream, &frames).await?;
            }
        }
        frames.clear();
    }
}
