//! A node from start to end: what is opened in which order, and how it stops without losing what it accepted.

use crate::admin::socket::Socket;
use crate::api::time::rfc3339;
use crate::api::{Bodies, Contents, Cursors, Listeners, Previews, Reports, Thumbnails};
use crate::app::{App, AppState};
use crate::auth::{Auth, AuthOptions, CookieKind, HashCost, Known, MasterSource, wall_clock};
use crate::backup::{self, Backups};
use crate::bucket::{self, BucketCare};
use crate::cli::say;
use crate::config::{BlobBackend, Config, LoadError, MaybeAddress, PublicUrl, TlsMode};
use crate::http::rates::Rates;
use crate::http::tls::{self, Tls, TlsMetrics};
use crate::http::{self, AppPage, Guard, Limits, Listener, Stopping};
use crate::images::{Images, PixelsMax};
use crate::metrics::Metrics;
use crate::neighbours::{self, Neighbours};
use crate::observe::ClusterWork;
use crate::peers::{self, Peers};
use crate::process;
use crate::realtime::Rooms;
use crate::standing;
use crate::systemd::{self, Sockets};
use anyhow::Context;
use easel_cluster::{Node, Options, PeerOptions, Status};
use easel_storage::Change;
use easel_storage::blobs::{Blobs, FileBlobs, S3Blobs};
use easel_storage::bucket::Bucket;
use easel_storage::cache::Cache;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// For another node to take over the leadership, if this one has it.
const LEADERSHIP_WAIT_MAX: Duration = Duration::from_millis(3_000);
/// For the rooms to save and to tell everybody to come back.
const ROOMS_DRAIN_MAX: Duration = Duration::from_millis(2_500);
/// For requests that are being answered.
const REQUESTS_DRAIN_MAX: Duration = Duration::from_millis(1_000);
/// For the node to finish what it accepted and put everything on disk.
const NODE_STOP_MAX: Duration = Duration::from_millis(1_000);

/// Changes that wait for who looks after them; beyond that everything is looked at again.
pub(crate) const CHANGES_KEPT: usize = 1_024;
/// Keys change every 90 days; a new one is to be used soon after it is announced.
const KEYS_LOOKED_AT_EVERY: Duration = Duration::from_secs(60);

/// Runs a node until it is told to stop. An error is one line for whoever started it.
pub(crate) fn run(config: Config, sockets: Sockets) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(serve(config, sockets));
    // A disk access that hangs must not hold up the end of the process.
    runtime.shutdown_background();
    result
}

/// The operations listener. A second node on one machine finds the default port taken; all that is there is on its
/// public listener as well, as long as that is loopback, so it goes on without. An address that somebody chose must be had.
async fn bind_ops(ops: MaybeAddress) -> anyhow::Result<Option<Listener>> {
    let is_default = ops == Config::default().listen.ops;
    let MaybeAddress(Some(at)) = ops else {
        return Ok(None);
    };
    match Listener::bind("listen.ops", at).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if is_default => {
            tracing::warn!(%error, "going on without the operations listener");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// A file system may know no sockets. Everything else is there then.
fn bind_socket(config: &Config) -> Option<Socket> {
    Socket::bind(&config.data_dir)
        .inspect_err(|error| {
            tracing::warn!(%error, "going on without the socket of `easel user` and `easel token`");
        })
        .ok()
}

/// What ends a node.
enum End {
    /// Somebody asked.
    Asked,
    /// The node below can write no more.
    Failed(String),
}

async fn serve(config: Config, sockets: Sockets) -> anyhow::Result<()> {
    let mut signals = Signals::new().context("cannot wait for signals")?;
    let hang_ups = signal(SignalKind::hangup()).context("cannot wait for signals")?;
    tls::check(&config.tls).map_err(|error| LoadError::Wrong(vec![error.to_string()]))?;
    process::raise_file_limit();
    // Before the data folder: an occupied port should not cost a recovery, nor leave a new folder behind.
    let public = match sockets.http {
        Some(socket) => Listener::adopt("listen.http", socket)?,
        None => Listener::bind("listen.http", config.listen.http.0).await?,
    };
    let ops = match sockets.ops {
        Some(socket) => Some(Listener::adopt("listen.ops", socket)?),
        None => bind_ops(config.listen.ops).await?,
    };
    let peers = Peers::bind(&config, &public).await?;
    if let Some(peers) = &peers {
        systemd::starting("Joining the cluster");
        tokio::select! {
            joined = peers.join(&config) => joined?,
            () = signals.next() => return Ok(()),
        }
    }
    systemd::starting(&format!("Opening {}", config.data_dir.display()));
    let metrics = Arc::new(Metrics::new());
    note_start(&metrics);
    let known = Arc::new(Known::default());
    let (changes, _) = broadcast::channel(CHANGES_KEPT);
    let peers = peers.map(|peers| peers.into_options(&config));
    let node = start_node(&config, &metrics, &known, &changes, peers).await?;
    // One that has just joined has nothing to serve before it was sent the state.
    let is_settled = tokio::select! {
        settled = node.settled() => settled.map(|()| true),
        () = signals.next() => Ok(false),
    };
    if !matches!(is_settled, Ok(true)) {
        node.shutdown().await;
        return is_settled.map(drop).map_err(Into::into);
    }
    let auth = start_auth(&config, &node, known, HashCost::default()).await?;
    node.members().unlock(peers::master(&auth));
    may_listen(&config, &public, &auth).await?;
    let tls = open_tls(&config, &metrics, &public)?;
    let public = public.secured(tls.clone());
    let app = assemble(config, metrics, &node, auth, &public, &changes)?;
    let setup = app.auth.setup_url(&app.page_url("")).await;
    let setup = setup.map_err(|_| anyhow::anyhow!("the accounts cannot be read"))?;
    let by_socket = bind_socket(&app.config);
    let announced = Announced {
        public: &public,
        ops: ops.as_ref(),
        setup: setup.as_deref(),
        tls: tls.as_ref(),
    };
    announce(&app, &announced);

    let stopping = Stopping::default();
    let limits = Limits {
        connections: app.config.limits.connections as usize,
        header_timeout: app.config.limits.header_timeout.0,
    };
    let open = app.metrics.http_connections.clone();
    let routes = http::public_routes(app.clone());
    let mut servers = tokio::task::JoinSet::new();
    servers.spawn(http::serve(
        public,
        routes,
        limits.clone(),
        open,
        stopping.clone(),
    ));
    // The operations listener answers until the very end, so that monitors see the node drain.
    let watching = Stopping::default();
    let ops_server = ops.map(|listener| {
        let open = app.metrics.ops_connections.clone();
        tokio::spawn(http::serve(
            listener,
            http::ops_routes(app.clone()),
            limits,
            open,
            watching.clone(),
        ))
    });
    let by_socket = by_socket.map(|socket| {
        let stop = stopping.stop.clone();
        tokio::spawn(socket.serve(app.clone(), stop))
    });
    systemd::ready(&app);
    // Ends with the runtime, so that there is a sign of life for as long as there is a process.
    tokio::spawn(systemd::report(app.clone()));
    tokio::spawn(turn_keys(app.auth.clone()));
    tokio::spawn(backup::run_timer(app.clone()));
    tokio::spawn(bucket::watch(app.clone()));
    tokio::spawn(tls::keep_fresh(tls, hang_ups));
    tokio::spawn(http::door::watch(app.clone(), changes.subscribe()));
    tokio::spawn(http::door::watch_touch(app.clone()));
    tokio::spawn(standing::watch(app.clone()));
    tokio::spawn(neighbours::watch(app.clone(), changes.subscribe()));

    let end = tokio::select! {
        () = signals.next() => End::Asked,
        why = failure(node.status()) => End::Failed(why),
    };
    let stopped = async {
        drain(&app, &stopping, &mut servers).await;
        if let Some(by_socket) = by_socket {
            let _ = by_socket.await;
        }
        if tokio::time::timeout(NODE_STOP_MAX, node.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("the node did not stop in time; the next start recovers from the log");
        }
        watching.stop.cancel();
        watching.abort.cancel();
        if let Some(server) = ops_server {
            let _ = server.await;
        }
    };
    tokio::select! {
        () = stopped => {}
        never = systemd::stopping(&app) => match never {},
        () = signals.next() => tracing::warn!("stopping at once"),
    }
    tracing::info!("stopped");
    match end {
        End::Asked => Ok(()),
        // A whole sentence says what to do.
        End::Failed(why) if why.ends_with('.') => Err(anyhow::anyhow!(why)),
        End::Failed(why) => Err(anyhow::anyhow!("{why}. {}", what_to_do(&app.config))),
    }
}

/// When the node can write no more. A disk without room shows in many ways, so the disk itself is asked.
fn what_to_do(config: &Config) -> String {
    let free = easel_storage::disk::free_bytes(&config.data_dir);
    if free.is_ok_and(|free| free < config.storage.disk_reserve.0) {
        return format!(
            "The disk of {} is full: make room, then start it again; it goes on from what is on disk.",
            config.data_dir.display()
        );
    }
    "Start it again; it goes on from what is on disk.".to_owned()
}

/// Beyond loopback only people with an account are served, so somebody must have one.
async fn may_listen(config: &Config, public: &Listener, auth: &Auth) -> anyhow::Result<()> {
    let has_accounts = auth.has_accounts().await;
    let has_accounts = has_accounts.map_err(|_| anyhow::anyhow!("the accounts cannot be read"))?;
    if public.at().ip().is_loopback() || has_accounts {
        return Ok(());
    }
    let why = format!(
        "listen.http is {at}, which others on the network can reach, and there are no accounts yet: everybody could do \
         everything. Make the first one: easel init --data-dir {folder} --admin-email ADDRESS --admin-password-file \
         FILE; or start once on loopback, without --listen, and open the address that is printed.",
        at = public.at(),
        folder = config.data_dir.display(),
    );
    Err(LoadError::Refused(why).into())
}

fn open_tls(config: &Config, metrics: &Metrics, public: &Listener) -> anyhow::Result<Option<Tls>> {
    let mut names = vec!["localhost".into(), "127.0.0.1".into(), "::1".into()];
    let ip = public.at().ip();
    let host = config.public_url.as_ref().map(PublicUrl::host);
    let host = host.map(|host| {
        host.trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned()
    });
    for name in host
        .into_iter()
        .chain((!ip.is_unspecified()).then(|| ip.to_string()))
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let metrics = TlsMetrics {
        handshakes: metrics.tls_handshakes.clone(),
        not_after_seconds: metrics.tls_not_after_seconds.clone(),
    };
    Tls::open(&config.tls, &names, &config.data_dir, metrics).context("cannot speak TLS")
}

pub(crate) async fn start_node(
    config: &Config,
    metrics: &Arc<Metrics>,
    known: &Arc<Known>,
    changes: &broadcast::Sender<Change>,
    peers: Option<PeerOptions>,
) -> anyhow::Result<Node> {
    let work = ClusterWork {
        metrics: metrics.clone(),
        known: known.clone(),
        changes: changes.clone(),
    };
    let options = Options {
        disk_reserve_bytes: config.storage.disk_reserve.0,
        keeps_blobs: config.blob.backend == BlobBackend::Embedded,
        blob_rules: config.blob.rules(),
        observer: Arc::new(work),
        ..Options::new(&config.data_dir)
    };
    Ok(match peers {
        Some(peers) => Node::start_with_peers(options, peers).await?,
        None => Node::start(options).await?,
    })
}

pub(crate) fn master_source(config: &Config) -> MasterSource {
    let named = Some(config.master_key_file.clone()).filter(|file| !file.as_os_str().is_empty());
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    MasterSource::of(named, credentials, &config.data_dir)
}

pub(crate) async fn start_auth(
    config: &Config,
    node: &Node,
    known: Arc<Known>,
    cost: HashCost,
) -> anyhow::Result<Arc<Auth>> {
    let master = master_source(config);
    let is_https = config.tls.mode != TlsMode::Off
        || config.public_url.as_ref().is_some_and(PublicUrl::is_https);
    let options = AuthOptions {
        cookies: match is_https {
            true => CookieKind::HostBound,
            false => CookieKind::Plain,
        },
        instance: node.status().borrow().instance_id,
        public_url: config.public_url.clone(),
        master,
        cost,
        access_life_ms: config.auth.access_ttl.0.as_millis() as u64,
    };
    Ok(Arc::new(Auth::start(options, node.store(), known).await?))
}

pub(crate) fn assemble(
    config: Config,
    metrics: Arc<Metrics>,
    node: &Node,
    auth: Arc<Auth>,
    public: &Listener,
    changes: &broadcast::Sender<Change>,
) -> anyhow::Result<AppState> {
    let status = node.status();
    let touch = node.touch();
    let instance = status.borrow().instance_id;
    let listening: Vec<IpAddr> = [
        Some(public.at().ip()),
        config.listen.ops.0.map(|at| at.ip()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let public_url = config.public_url.as_ref();
    let base = public_url.map_or_else(String::new, |url| url.base().to_owned());
    let cache = Cache::open(&config.data_dir.join("cache"));
    let blobs = blobs_of(&config, node)?;
    let bucket = (config.blob.backend == BlobBackend::S3).then(|| {
        let bytes_per_second = config.blob.rules().scrub_bytes_per_second;
        let (bucket, naming) = (blobs.clone(), node.naming());
        let care = BucketCare::new(bucket, naming, &config.data_dir, bytes_per_second);
        Arc::new(care)
    });
    let pixels_max = PixelsMax {
        board: config.limits.image_pixels.into(),
        avatar: config.limits.avatar_pixels.into(),
    };
    let neighbours = Arc::<Neighbours>::default();
    Ok(Arc::new(App {
        blobs,
        blob_upkeep: node.blob_upkeep(),
        bucket,
        backups: Backups::new(node.backup_source(), &config.data_dir),
        images: Images::new(pixels_max, metrics.clone()),
        rooms: Rooms::of(
            node,
            neighbours.clone(),
            metrics.clone(),
            config.realtime.clone(),
        ),
        store: node.store(),
        node: status,
        touch,
        members: node.members(),
        guard: Guard::new(
            &listening,
            public_url.map(|url| (url.origin(), url.host())),
            config.cors.origins.clone(),
            neighbours.clone(),
        ),
        neighbours,
        auth,
        origin: public_url.map_or_else(|| public.url(), |url| url.origin().to_owned()),
        page: AppPage::below(&base),
        base,
        cursors: Cursors::new(instance),
        previews: Previews::new(cache.clone()),
        thumbnails: Thumbnails::new(cache.clone()),
        bodies: Bodies::new(cache),
        contents: Contents::default(),
        listeners: Listeners::new(changes.clone()),
        reports: Reports::default(),
        draining: CancellationToken::new(),
        rates: Rates::new(&config.rate_limits),
        metrics,
        config,
    }))
}

/// Where the configuration says that pictures lie: with the nodes, or in a bucket.
pub(crate) fn blobs_of(config: &Config, node: &Node) -> anyhow::Result<Arc<dyn Blobs>> {
    match node.blobs() {
        Some(blobs) => Ok(blobs),
        None => {
            let bucket = open_bucket(config)?;
            node.find_contents_in(bucket.clone());
            Ok(bucket)
        }
    }
}

/// The same where no node runs.
pub(crate) fn open_blobs(config: &Config) -> anyhow::Result<Arc<dyn Blobs>> {
    match config.blob.backend {
        BlobBackend::Embedded => {
            let dir = config.data_dir.join("blobs");
            let blobs = FileBlobs::open(&dir, config.storage.disk_reserve.0)?;
            Ok(Arc::new(blobs))
        }
        BlobBackend::S3 => open_bucket(config),
    }
}

fn open_bucket(config: &Config) -> anyhow::Result<Arc<dyn Blobs>> {
    let blob = &config.blob;
    let options = blob.access().to_bucket(&blob.bucket, &blob.prefix);
    let options = options.map_err(|why| anyhow::anyhow!("blob: {why}"))?;
    let bucket = Bucket::open(&options, Handle::current())?;
    // Also from a task: the bucket is asked what there is, on threads of the same runtime.
    let blobs = tokio::task::block_in_place(|| S3Blobs::open(bucket))?;
    Ok(Arc::new(blobs))
}

/// Does what is due with the keyring, for as long as the process runs.
async fn turn_keys(auth: Arc<Auth>) {
    let mut ticks = tokio::time::interval(KEYS_LOOKED_AT_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = auth.upkeep(wall_clock()).await {
            tracing::warn!(%error, "the keyring stays as it is");
        }
    }
}

fn note_start(metrics: &Metrics) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    metrics.process_start_time_seconds.set(now.as_secs_f64());
}

/// What there is to tell of a start.
struct Announced<'a> {
    public: &'a Listener,
    ops: Option<&'a Listener>,
    /// Is there while there are no accounts.
    setup: Option<&'a str>,
    tls: Option<&'a Tls>,
}

/// For a person on stdout, for machines in the log. Scripts wait for the line `Easel is ready: URL`.
fn announce(app: &App, announced: &Announced<'_>) {
    let Announced {
        public,
        ops,
        setup,
        tls,
    } = *announced;
    let url = public.url();
    let data_dir =
        std::path::absolute(&app.config.data_dir).unwrap_or_else(|_| app.config.data_dir.clone());
    let node = app.node.borrow().clone();
    tracing::info!(
        http = %public.at(),
        ops = ops.map(|ops| ops.at().to_string()),
        data_dir = %data_dir.display(),
        instance = %node.instance_id,
        node = node.node_id,
        version = crate::VERSION,
        "listening"
    );
    if let Some(public_url) = app
        .config
        .public_url
        .as_ref()
        .filter(|url| setup.is_some() && url.is_beyond_loopback())
    {
        tracing::warn!(
            %public_url,
            "there are no accounts yet: whoever reaches that URL can read and change every board"
        );
    }
    say(&format!("Easel is ready: {url}"));
    if let Some(public_url) = &app.config.public_url {
        say(&format!("  address  {public_url}"));
    }
    say(&format!("  data     {}", data_dir.display()));
    if let Some(tls) = tls {
        let certificate = tls.certificate();
        let until = rfc3339(certificate.until_ms);
        let kind = match app.config.tls.mode {
            TlsMode::SelfSigned => "signed by the node itself, for trying",
            TlsMode::Files | TlsMode::Off => "certificate",
        };
        say(&format!("  TLS      {kind}, until {until}"));
        say(&format!("           SHA-256 {}", certificate.fingerprint));
    }
    if let Some(ops) = ops {
        say(&format!("  metrics  http://{}/metrics", ops.at()));
    }
    if let Some(setup) = setup {
        say(&format!("  set up   {setup}"));
        say("           (open to whoever reaches it until somebody makes the first account there)");
    }
    say("  stop     Ctrl-C");
}

/// Resolves when the node has failed for good.
async fn failure(mut status: watch::Receiver<Status>) -> String {
    let fatal = |status: &Status| status.fatal.clone();
    match status.wait_for(|status| status.fatal.is_some()).await {
        Ok(status) => fatal(&status).unwrap_or_default(),
        Err(_) => "the node has ended".to_owned(),
    }
}

/// Not ready, another leads, no new connections, rooms saved and their people told, requests finished; in that order.
async fn drain(app: &App, stopping: &Stopping, servers: &mut tokio::task::JoinSet<()>) {
    tracing::info!("stopping");
    app.draining.cancel();
    // Before anybody is sent away, so that they find a leader where they go.
    match app.members.hand_over(LEADERSHIP_WAIT_MAX).await {
        Ok(Some(to)) => tracing::info!(to, "handed over the leadership"),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the leadership stays here to the end"),
    }
    stopping.stop.cancel();
    if !app.rooms.drain(ROOMS_DRAIN_MAX).await {
        tracing::warn!(
            "not every room was saved in time; clients still hold what was not shown as saved"
        );
    }
    let finished = async { while servers.join_next().await.is_some() {} };
    if tokio::time::timeout(REQUESTS_DRAIN_MAX, finished)
        .await
        .is_err()
    {
        tracing::warn!("some requests were cut off");
        stopping.abort.cancel();
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
