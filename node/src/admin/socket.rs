//! The socket's end in the node: who may connect, and how much is taken on.

use super::{Answered, Asked, LINE_BYTES_MAX, Task, Trouble, VERSION, work};
use crate::app::AppState;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// Its name in the data folder.
pub(crate) const NAME: &str = "easel.sock";
const NAME_WHILE_MADE: &str = "easel.sock.new";

/// Whoever comes beyond these waits until one is done.
const CONNECTIONS_MAX: usize = 8;
/// For the one line that is asked.
const ASK_MAX: Duration = Duration::from_secs(10);
/// What is told of how far something has come; when nobody reads it, the rest is left out.
const TOLD_MAX: usize = 16;
/// An address of a socket has 108 bytes, its end included.
const ADDRESS_BYTES_MAX: usize = 107;

/// A way to the socket that fits into an address. A longer one leads through the opened folder, which must stay open.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) path: PathBuf,
    _folder: Option<File>,
}

impl Way {
    pub(super) fn to(data_dir: &Path, name: &str) -> io::Result<Way> {
        let path = data_dir.join(name);
        if path.as_os_str().len() <= ADDRESS_BYTES_MAX {
            return Ok(Way {
                path,
                _folder: None,
            });
        }
        let folder = File::open(data_dir)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()));
        Ok(Way {
            path,
            _folder: Some(folder),
        })
    }
}

/// The node's end. The file goes when this does.
#[derive(Debug)]
pub(crate) struct Socket {
    listener: UnixListener,
    file: PathBuf,
}

impl Socket {
    /// Takes the place of one that a killed node left behind: the folder's lock says that there is no other node.
    pub(crate) fn bind(data_dir: &Path) -> io::Result<Socket> {
        let (made, file) = (data_dir.join(NAME_WHILE_MADE), data_dir.join(NAME));
        match std::fs::remove_file(&made) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let way = Way::to(data_dir, NAME_WHILE_MADE)?;
        let listener = UnixListener::bind(&way.path)?;
        // Under its name it is never there with the rights that the process happens to give new files.
        std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&made, &file)?;
        Ok(Socket { listener, file })
    }

    /// Answers until it is told to stop.
    pub(crate) async fn serve(self, app: AppState, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let place = places.clone().acquire_owned().await;
            let place = place.expect("it is never closed");
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => return,
            };
            let Ok((stream, _)) = accepted else {
                // No descriptor is left, say: those that are open are done first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let app = app.clone();
            tokio::spawn(async move {
                let _place = place;
                if let Err(error) = answer(&app, stream).await {
                    tracing::debug!(%error, "nobody waited for an answer on the socket");
                }
            });
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

async fn answer(app: &AppState, mut stream: UnixStream) -> io::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    let peer = stream.peer_cred()?.uid();
    let answered = match may(peer, own) {
        false => {
            tracing::warn!(peer, "somebody else's user tried the socket");
            Answered::Refused(trouble("forbidden", "the socket is for another user"))
        }
        true => match tokio::time::timeout(ASK_MAX, read(&mut stream)).await {
            Ok(Ok(asked)) => perform(app, asked.task, peer, &mut stream).await?,
            Ok(Err(trouble)) => Answered::Refused(trouble),
            Err(_) => Answered::Refused(trouble("body-timeout", "nothing was asked in time")),
        },
    };
    say(&mut stream, &answered).await?;
    stream.shutdown().await
}

/// Does it, and tells meanwhile how far it has come. Ends early when nobody listens any more.
async fn perform(
    app: &AppState,
    task: Task,
    peer: u32,
    stream: &mut UnixStream,
) -> io::Result<Answered> {
    let (tell, mut told) = mpsc::channel(TOLD_MAX);
    let work = work::perform(app, task, peer, tell);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(match done {
                Ok(done) => Answered::Done(done),
                Err(trouble) => Answered::Refused(trouble),
            }),
            Some(progress) = told.recv() => say(stream, &Answered::Progress(progress)).await?,
        }
    }
}

async fn say(stream: &mut UnixStream, answered: &Answered) -> io::Result<()> {
    let mut line = serde_json::to_vec(answered)?;
    line.push(b'\n');
    stream.write_all(&line).await
}

/// Root, and the user the node runs as. The file's mode says the same; a copied or mounted folder may have lost it.
fn may(peer: u32, own: u32) -> bool {
    peer == 0 || peer == own
}

async fn read(stream: &mut UnixStream) -> Result<Asked, Trouble> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(stream).take(LINE_BYTES_MAX);
    let read = reader.read_until(b'\n', &mut line).await;
    if read.is_err() || !line.ends_with(b"\n") {
        return Err(trouble("malformed-json", "one line is asked, and no more"));
    }
    // Of another version nothing but the number can be relied on.
    let version = serde_json::from_slice::<serde_json::Value>(&line)
        .ok()
        .and_then(|asked| asked["easel"].as_u64());
    if version.is_some_and(|version| version != u64::from(VERSION)) {
        let message =
            "this node is of another release than the command; use the program it was started from";
        return Err(trouble("conflict", message));
    }
    serde_json::from_slice(&line)
        .map_err(|error| trouble("malformed-json", &format!("not understood: {error}")))
}

fn trouble(code: &str, message: &str) -> Trouble {
    Trouble {
        code: code.to_owned(),
        message: message.to_owned(),
        by_rule: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{NAME, Socket, Way, may};
    use crate::admin::client::{Failed, ask};
    use crate::admin::{Done, Task};
    use crate::testing::TestNode;
    use std::io::{BufRead, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use tokio_util::sync::CancellationToken;

    #[test]
    fn root_and_the_nodes_own_user_may() {
        for (peer, own, expected) in [
            (0, 0, true),
            (0, 1000, true),
            (1000, 1000, true),
            (1000, 0, false),
            (1001, 1000, false),
        ] {
            assert_eq!(may(peer, own), expected, "{peer} asks {own}");
        }
    }

    async fn open(dir: &Path) -> TestNode {
        let node = TestNode::start().await;
        let socket = Socket::bind(dir).unwrap();
        tokio::spawn(socket.serve(node.app.clone(), CancellationToken::new()));
        node
    }

    async fn say(dir: &Path, text: &str) -> String {
        let (dir, text) = (dir.to_owned(), text.to_owned());
        tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(dir.join(NAME)).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            std::io::BufReader::new(stream)
                .read_line(&mut answer)
                .unwrap();
            answer
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn a_line_that_is_not_a_task_is_answered_with_why() {
        let dir = tempfile::tempdir().unwrap();
        let _node = open(dir.path()).await;
        let mode = std::fs::metadata(dir.path().join(NAME)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        let long = format!("{{\"easel\":1,\"task\":\"{}\"}}\n", "x".repeat(1 << 20));
        for (line, expected) in [
            ("GET / HTTP/1.1\r\n\r\n", "not understood"),
            ("{}\n", "not understood"),
            ("no end", "one line is asked"),
            (long.as_str(), "one line is asked"),
            ("{\"easel\":2,\"anything\":[]}\n", "another release"),
            ("{\"easel\":1,\"task\":{\"fly\":{}}}\n", "unknown variant"),
            (
                "{\"easel\":1,\"task\":{\"list_users\":{\"after\":null,\"x\":1}}}\n",
                "unknown field",
            ),
        ] {
            let answer = say(dir.path(), line).await;
            assert!(answer.contains(expected), "{answer}");
        }
        let none = "{\"easel\":1,\"task\":{\"list_users\":{\"after\":null}}}\n";
        let answer = say(dir.path(), none).await;
        assert_eq!(
            answer,
            "{\"done\":{\"users\":{\"users\":[],\"next\":null}}}\n"
        );
    }

    #[tokio::test]
    async fn a_long_folder_is_reached_too_and_a_dead_socket_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let long = dir.path().join("x".repeat(120));
        std::fs::create_dir(&long).unwrap();
        // As a node leaves it that is killed.
        let way = Way::to(&long, NAME).unwrap();
        drop(std::os::unix::net::UnixListener::bind(&way.path).unwrap());
        let task = || Task::ListUsers { after: None };
        let asking =
            |dir: std::path::PathBuf| tokio::task::spawn_blocking(move || ask(&dir, task()));
        let failed = asking(long.clone()).await.unwrap();
        assert!(matches!(failed, Err(Failed::NotRunning(_))), "{failed:?}");
        let _node = open(&long).await;
        let done = asking(long.clone()).await.unwrap();
        assert!(matches!(done, Ok(Done::Users { .. })), "{done:?}");
    }

    #[tokio::test]
    async fn the_file_goes_with_the_socket() {
        let dir = tempfile::tempdir().unwrap();
        let socket = Socket::bind(dir.path()).unwrap();
        assert!(dir.path().join(NAME).exists());
        drop(socket);
        assert!(!dir.path().join(NAME).exists());
    }
}
