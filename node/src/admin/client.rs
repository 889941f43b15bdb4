//! The socket's end in the command.

use super::socket::{NAME, Way};
use super::{Answered, Asked, Done, Task, Trouble, VERSION};
use crate::backup::Tell;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Why there is no answer, or not the wanted one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error(
        "no node is running on {}. Start one with `easel serve --data-dir {}`, or name another folder with --data-dir",
        .0.display(), .0.display()
    )]
    NotRunning(PathBuf),
    #[error(
        "the node on {} is another user's. Run this as that user, or as root", .0.display()
    )]
    NotYours(PathBuf),
    #[error("the node did not answer: {0}")]
    NoAnswer(io::Error),
    #[error("{}", .0.message)]
    Refused(Trouble),
}

/// Has the node with this data folder do something.
pub(crate) fn ask(data_dir: &Path, task: Task) -> Result<Done, Failed> {
    ask_and_watch(data_dir, task, &|_| {})
}

/// The same, with what is told of it meanwhile.
pub(crate) fn ask_and_watch(data_dir: &Path, task: Task, tell: &Tell<'_>) -> Result<Done, Failed> {
    let folder = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let connected = Way::to(&folder, NAME).and_then(|way| UnixStream::connect(&way.path));
    let mut stream = connected.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Failed::NotYours(folder),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Failed::NotRunning(folder),
        _ => Failed::NoAnswer(error),
    })?;
    match exchange(&mut stream, task, tell).map_err(Failed::NoAnswer)? {
        Answered::Done(done) => Ok(done),
        Answered::Refused(trouble) => Err(Failed::Refused(trouble)),
        Answered::Progress(_) => Err(Failed::NoAnswer(io::ErrorKind::UnexpectedEof.into())),
    }
}

fn exchange(stream: &mut UnixStream, task: Task, tell: &Tell<'_>) -> io::Result<Answered> {
    let asked = Asked {
        easel: VERSION,
        task,
    };
    let mut line = serde_json::to_vec(&asked)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answers = BufReader::new(stream);
    loop {
        let mut answer = String::new();
        answers.read_line(&mut answer)?;
        if answer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match serde_json::from_str(&answer)? {
            Answered::Progress(progress) => tell(progress),
            last => return Ok(last),
        }
    }
}
