//! The servers that are measured: how each is started, and where it keeps a document.

use crate::client::{Dialect, Target};
use crate::http;
use crate::process::{Process, folder, free_port, repository};
use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub(crate) enum Kind {
    /// This repository's, with its log on.
    Easel,
    /// Bytes in, bytes out: one write for each delivery.
    Relay,
    /// The same, gathering for 4 ms.
    RelayGather,
    /// npm `@y/websocket-server`, with y-leveldb.
    YWebsocket,
    /// npm `@hocuspocus/server`, with its SQLite extension.
    Hocuspocus,
    /// crates.io `y-sweet`, on a folder.
    YSweet,
    /// Any other y-websocket server, named by --url.
    Url,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Easel => "easel",
            Self::Relay => "relay",
            Self::RelayGather => "relay, 4 ms",
            Self::YWebsocket => "y-websocket",
            Self::Hocuspocus => "hocuspocus",
            Self::YSweet => "y-sweet",
            Self::Url => "url",
        }
    }

    /// After so long it has written what it was sent, whether asked to end or not.
    pub(crate) fn writes_within_seconds(self) -> f64 {
        match self {
            Self::Easel | Self::Relay | Self::RelayGather => 0.0,
            // It stores after two seconds without an edit.
            Self::YWebsocket | Self::Hocuspocus | Self::Url => 3.0,
            // It stores every ten seconds.
            Self::YSweet => 12.0,
        }
    }

    /// Whether it has documents, and not only connections.
    pub(crate) fn has_documents(self) -> bool {
        !matches!(self, Self::Relay | Self::RelayGather)
    }
}

/// What the command line says about where servers are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Places {
    /// The `easel` binary [default: target/release/easel].
    #[arg(long, value_name = "FILE")]
    easel: Option<PathBuf>,
    /// A running server to measure; the room's name is appended: ws://127.0.0.1:8080/sync/
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    /// The process behind --url, for its CPU time and memory.
    #[arg(long, value_name = "PID", requires = "url")]
    pid: Option<i32>,
    /// Where servers keep their data while they are measured; on a real disk.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    data: PathBuf,
}

impl Places {
    pub(crate) fn easel(&self) -> PathBuf {
        let built = || repository().join("target/release/easel");
        self.easel.clone().unwrap_or_else(built)
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data.clone()
    }
}

/// A running server on a folder of its own.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) kind: Kind,
    address: String,
    /// What stands before a room's name.
    base: String,
    places: Places,
    folder: TempDir,
    process: Option<Process>,
}

impl Server {
    pub(crate) async fn start(kind: Kind, places: &Places) -> Result<Self> {
        let mut server = Self {
            kind,
            address: format!("127.0.0.1:{}", free_port()?),
            base: "/".to_owned(),
            places: places.clone(),
            folder: folder(&places.data)?,
            process: None,
        };
        match kind {
            Kind::Easel => server.base = "/sync/".to_owned(),
            Kind::Url => {
                let url = places.url.as_deref().context("--url names the server")?;
                let rest = url
                    .strip_prefix("ws://")
                    .context("--url begins with ws://")?;
                let at = rest.find('/').context("--url ends with a slash")?;
                server.address = rest[..at].to_owned();
                server.base = rest[at..].to_owned();
            }
            _ => {}
        }
        server.run().await.map_err(|error| server.explain(error))?;
        Ok(server)
    }

    /// Another of the same kind, with nothing in it.
    pub(crate) async fn another(&self) -> Result<Self> {
        Self::start(self.kind, &self.places).await
    }

    /// Starts the process on the folder as it is.
    pub(crate) async fn run(&mut self) -> Result<()> {
        let mut process = match self.kind {
            Kind::Url => {
                self.process = self.places.pid.map(Process::foreign);
                return Ok(());
            }
            Kind::Easel => self.easel()?,
            Kind::Relay => self.relay(&[])?,
            Kind::RelayGather => self.relay(&["--gather-ms", "4"])?,
            Kind::YWebsocket => self.node("y-websocket")?,
            Kind::Hocuspocus => self.node("hocuspocus")?,
            Kind::YSweet => self.y_sweet()?,
        };
        process.until_ready(&self.address).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it as an operator would, and starts it again.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.process_mut()?.stop().await?;
        self.run().await
    }

    pub(crate) fn process(&self) -> Result<&Process> {
        self.process.as_ref().context("--pid tells the process")
    }

    pub(crate) fn process_mut(&mut self) -> Result<&mut Process> {
        self.process.as_mut().context("the server is not ours")
    }

    /// A document that nobody has used, by whatever way its server makes one.
    pub(crate) async fn room(&self, name: &str) -> Result<Target> {
        let mut target = Target {
            address: self.address.clone(),
            path: format!("{}{name}", self.base),
            dialect: Dialect::Plain,
        };
        match self.kind {
            Kind::Easel => {
                let title = format!(r#"{{"title":"{name}"}}"#);
                let board = http::post(&self.address, "/api/v1/boards", &title).await?;
                let id = board["id"].as_str().context("a board has an id")?;
                target.path = format!("{}{id}", self.base);
                target.dialect = Dialect::Easel;
            }
            Kind::Relay | Kind::RelayGather => target.dialect = Dialect::Relay,
            Kind::Hocuspocus => {
                target.dialect = Dialect::Hocuspocus {
                    name: name.to_owned(),
                };
            }
            Kind::YSweet => {
                let doc = format!(r#"{{"docId":"{name}"}}"#);
                http::post(&self.address, "/doc/new", &doc).await?;
                let path = format!("/doc/{name}/auth");
                let access = http::post(&self.address, &path, "{}").await?;
                let url = access["url"].as_str().context("y-sweet names a URL")?;
                let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
                let base = rest.find('/').map_or("/", |at| &rest[at..]);
                target.path = format!("{base}/{name}");
                if let Some(token) = access["token"].as_str() {
                    target.path += &format!("?token={token}");
                }
            }
            Kind::YWebsocket | Kind::Url => {}
        }
        Ok(target)
    }

    fn easel(&self) -> Result<Process> {
        let env = [
            ("EASEL_LISTEN__OPS", String::new()),
            ("EASEL_LOG__LEVEL", "warn".to_owned()),
            ("EASEL_REALTIME__CREATE_ON_JOIN", "true".to_owned()),
            ("EASEL_REALTIME__SEATS_MAX", "100000".to_owned()),
        ];
        let data = self.folder.path().join("data");
        let args: [&OsStr; 5] = [
            "serve".as_ref(),
            "--listen".as_ref(),
            self.address.as_ref(),
            "--data-dir".as_ref(),
            data.as_ref(),
        ];
        Process::start(&self.places.easel(), &args, &env, &self.log())
    }

    fn relay(&self, more: &[&str]) -> Result<Process> {
        let mut args: Vec<&OsStr> = vec!["relay".as_ref(), "--listen".as_ref()];
        args.push(self.address.as_ref());
        args.extend(more.iter().map(OsStr::new));
        Process::start(&std::env::current_exe()?, &args, &[], &self.log())
    }

    fn node(&self, package: &str) -> Result<Process> {
        let package = repository().join("bench/peers").join(package);
        if !package.join("node_modules").exists() {
            bail!("it is not installed (make bench-peers)");
        }
        let env = [
            ("NODE_ENV", "production".to_owned()),
            ("PORT", self.port().to_owned()),
            ("DATA", self.folder.path().display().to_string()),
        ];
        let script = package.join("server.mjs");
        Process::start(Path::new("node"), &[script.as_ref()], &env, &self.log())
    }

    fn y_sweet(&self) -> Result<Process> {
        let binary = repository().join(".tools/y-sweet/bin/y-sweet");
        if !binary.exists() {
            bail!("it is not installed (make bench-peers)");
        }
        let data = self.folder.path().join("data");
        std::fs::create_dir_all(&data)?;
        let args: [&OsStr; 4] = [
            "serve".as_ref(),
            "--port".as_ref(),
            self.port().as_ref(),
            data.as_ref(),
        ];
        let env = [
            ("RUST_LOG", "warn".to_owned()),
            ("NO_COLOR", "1".to_owned()),
        ];
        Process::start(&binary, &args, &env, &self.log())
    }

    fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("output.log")
    }

    /// With the end of what the server printed.
    pub(crate) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let printed = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = printed.lines().rev().take(3).collect();
        if lines.is_empty() {
            return error;
        }
        let end: Vec<&str> = lines.into_iter().rev().collect();
        anyhow::anyhow!("{error:#}; the server printed: {}", end.join("; "))
    }
}
