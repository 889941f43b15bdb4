//! The configuration: one struct, parsed and checked once. What passes inward is already the right type.
//!
//! Values come from built-in defaults, a file, the environment and flags, each over the one before; see [`mod@load`].
//! `config/easel.toml` in the repository is the reference, held equal to [`Config::default`] by a test.

mod buckets;
mod cluster;
mod load;
mod network;
mod origins;
mod public_url;
mod value;

pub(crate) use buckets::{Backup, Blob, BlobBackend, S3Access};
pub(crate) use cluster::Cluster;
pub(crate) use load::{Effective, Flag, LoadError, Loaded, Sources, check, load};
pub(crate) use network::Ranges;
pub(crate) use origins::Origins;
pub(crate) use public_url::PublicUrl;
pub(crate) use value::{Address, ByteSize, MaybeAddress, Span};

use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// How people reach this node; none: by the address it listens on.
    #[serde(with = "public_url::or_empty")]
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) data_dir: PathBuf,
    /// The key that seals the keyring; empty: `master.key` in the data folder, or systemd's credential `master_key`.
    pub(crate) master_key_file: PathBuf,
    pub(crate) listen: Listen,
    pub(crate) tls: Tls,
    pub(crate) proxy: Proxy,
    pub(crate) auth: Auth,
    pub(crate) storage: Storage,
    pub(crate) blob: Blob,
    pub(crate) backup: Backup,
    pub(crate) cluster: Cluster,
    pub(crate) realtime: Realtime,
    pub(crate) limits: Limits,
    pub(crate) rate_limits: RateLimits,
    pub(crate) cors: Cors,
    pub(crate) log: Log,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Listen {
    /// The web client, REST and WebSockets.
    pub(crate) http: Address,
    /// Metrics and the details of readiness, for whoever runs the node.
    pub(crate) ops: MaybeAddress,
    /// Other nodes of the cluster, over TLS of their own.
    pub(crate) peers: MaybeAddress,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tls {
    pub(crate) mode: TlsMode,
    /// PEM: the node's certificate, and those that lead to one that browsers know.
    pub(crate) cert_file: PathBuf,
    /// PEM, without a passphrase.
    pub(crate) key_file: PathBuf,
    /// The oldest version that is spoken.
    pub(crate) min: TlsMin,
}

/// What `listen.http` speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TlsMode {
    /// HTTP in the clear.
    Off,
    /// TLS, with the certificate in the files.
    Files,
    /// TLS, with a certificate that the node makes, for trying.
    SelfSigned,
}

/// Older ones are broken, and in no library that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TlsMin {
    #[serde(rename = "1.2")]
    Tls12,
    #[serde(rename = "1.3")]
    Tls13,
}

/// Proxies in front of the node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proxy {
    /// Whose word on where a request comes from is taken.
    pub(crate) trusted: Ranges,
    pub(crate) header: ProxyHeader,
}

/// How they say it. Of the other way the client itself could be the author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProxyHeader {
    XForwarded,
    Forwarded,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Auth {
    /// Who may make an account.
    pub(crate) registration: Registration,
    /// How long an access token is good for. Whoever is connected sends the next one before that.
    pub(crate) access_ttl: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Registration {
    /// Nobody: accounts are made by who runs the node.
    Closed,
    /// Who was invited to a board.
    Invite,
    /// Everybody who reaches the node.
    Open,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Storage {
    /// With less than this free, writes are refused until there is room again.
    pub(crate) disk_reserve: ByteSize,
    pub(crate) sync: Sync,
}

/// When an answer may say that something is saved. A faster, riskier way would be a further name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sync {
    /// After the disk has confirmed it.
    Always,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Realtime {
    /// Whether joining a name that is no board makes a document of that name.
    pub(crate) create_on_join: bool,
    /// The longest message a client may send.
    pub(crate) message_max: ByteSize,
    /// A silent connection is pinged this often …
    pub(crate) ping_every: Span,
    /// … and given up after this long without a byte from it.
    pub(crate) silent_max: Span,
    /// Messages a client may send in the long run; above it the client is read more slowly.
    pub(crate) messages_per_second: u32,
    /// Messages a client may send at once.
    pub(crate) messages_burst: u32,
    /// Connections to one board.
    pub(crate) seats_max: u32,
    /// A room stays in memory this long after the last person left.
    pub(crate) room_idle: Span,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// Open connections, WebSockets included; further ones wait in the system's queue.
    pub(crate) connections: u32,
    /// A JSON body.
    pub(crate) body: ByteSize,
    /// A picture for a board.
    pub(crate) image: ByteSize,
    /// A picture of oneself.
    pub(crate) avatar: ByteSize,
    /// Pixels of a picture, whatever its bytes are.
    pub(crate) image_pixels: u32,
    /// The same of a picture of oneself.
    pub(crate) avatar_pixels: u32,
    /// For a picture to arrive.
    pub(crate) upload_timeout: Span,
    /// From the first byte to the end of a request's head, and how long an idle connection is kept.
    pub(crate) header_timeout: Span,
    /// For a request's body to arrive.
    pub(crate) body_timeout: Span,
}

/// How often somebody may ask; 0: as often as they like. Nobody is counted while there are no accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RateLimits {
    /// Passwords, new accounts: in a minute, from one network.
    pub(crate) auth: u32,
    /// Sign-ins to one account in a quarter of an hour.
    pub(crate) auth_account: u32,
    /// Requests of one person in a minute.
    pub(crate) api: u32,
    /// Of these, such that change something.
    pub(crate) write: u32,
    /// What one person uploads in an hour.
    pub(crate) upload: ByteSize,
    /// WebSockets and streams that one person opens in a minute.
    pub(crate) ws_connect: u32,
    /// What one browser tells of its own errors in a minute.
    pub(crate) client_errors: u32,
}

/// Which pages elsewhere may use the interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cors {
    #[serde(with = "value::as_text")]
    pub(crate) origins: Origins,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or several for parts: `info,easel::realtime=debug`.
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Config {
        let loopback = |port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        Config {
            public_url: None,
            data_dir: PathBuf::from("./data"),
            master_key_file: PathBuf::new(),
            listen: Listen {
                http: Address(loopback(8080)),
                ops: MaybeAddress(Some(loopback(9180))),
                peers: MaybeAddress(None),
            },
            tls: Tls {
                mode: TlsMode::Off,
                cert_file: PathBuf::new(),
                key_file: PathBuf::new(),
                min: TlsMin::Tls12,
            },
            proxy: Proxy {
                trusted: Ranges::default(),
                header: ProxyHeader::XForwarded,
            },
            auth: Auth {
                registration: Registration::Invite,
                access_ttl: Span(Duration::from_secs(10 * 60)),
            },
            storage: Storage {
                disk_reserve: ByteSize(256 << 20),
                sync: Sync::Always,
            },
            blob: Blob::default(),
            backup: Backup::default(),
            cluster: Cluster::none(),
            realtime: Realtime {
                create_on_join: false,
                message_max: ByteSize(16 << 20),
                ping_every: Span(Duration::from_secs(25)),
                silent_max: Span(Duration::from_secs(60)),
                messages_per_second: 2_000,
                messages_burst: 4_000,
                seats_max: 500,
                room_idle: Span(Duration::from_secs(30)),
            },
            limits: Limits {
                connections: 10_000,
                body: ByteSize(1 << 20),
                image: ByteSize(25 << 20),
                avatar: ByteSize(5 << 20),
                image_pixels: 40_000_000,
                avatar_pixels: 16_000_000,
                upload_timeout: Span(Duration::from_secs(5 * 60)),
                header_timeout: Span(Duration::from_secs(10)),
                body_timeout: Span(Duration::from_secs(30)),
            },
            rate_limits: RateLimits {
                auth: 10,
                auth_account: 5,
                api: 600,
                write: 120,
                upload: ByteSize(200 << 20),
                ws_connect: 30,
                client_errors: 20,
            },
            cors: Cors {
                origins: Origins::default(),
            },
            log: Log {
                level: "info".to_owned(),
                format: LogFormat::Auto,
            },
        }
    }
}
