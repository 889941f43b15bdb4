//! Sockets: how they are opened, how many there may be, how long they may keep silent, and how they end.

use super::forwarded::{Arrival, Scheme};
use super::tls::Tls;
use crate::auth::Network;
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::Extensions;
use axum::http::request::Parts;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use prometheus::IntGauge;
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// All of a request's head.
const HEAD_BYTES_MAX: usize = 32 << 10;
const HEADERS_MAX: usize = 100;
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 100;
/// After an error of `accept` (no file descriptors left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// When they are used up, further connections wait in the system's queue.
    pub(crate) connections: usize,
    pub(crate) header_timeout: Duration,
}

/// An open listening socket.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    at: SocketAddr,
    tls: Option<Tls>,
}

impl Listener {
    /// `key` is what set the address, for whoever must change it.
    pub(crate) async fn bind(key: &'static str, at: SocketAddr) -> Result<Listener, BindError> {
        let error = |source| BindError { key, at, source };
        // Tokio sets SO_REUSEADDR, so a restart does not wait for the last process's sockets.
        let socket = TcpListener::bind(at).await.map_err(error)?;
        let at = socket.local_addr().map_err(error)?;
        Ok(Listener {
            socket,
            at,
            tls: None,
        })
    }

    /// A socket that the service manager opened.
    pub(crate) fn adopt(
        key: &'static str,
        socket: std::net::TcpListener,
    ) -> Result<Listener, BindError> {
        let at = (std::net::Ipv4Addr::UNSPECIFIED, 0).into();
        let at = socket
            .local_addr()
            .map_err(|source| BindError { key, at, source })?;
        let error = |source| BindError { key, at, source };
        socket.set_nonblocking(true).map_err(error)?;
        let socket = TcpListener::from_std(socket).map_err(error)?;
        Ok(Listener {
            socket,
            at,
            tls: None,
        })
    }

    /// From now on it speaks TLS, if there is any.
    pub(crate) fn secured(self, tls: Option<Tls>) -> Listener {
        Listener { tls, ..self }
    }

    /// Where it is reached, if by nothing else.
    pub(crate) fn url(&self) -> String {
        let scheme = match self.tls {
            Some(_) => Scheme::Https,
            None => Scheme::Http,
        };
        format!("{}://{}", scheme.name(), self.at)
    }

    /// The real address, also when port 0 was asked for.
    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }
}

/// Why an address cannot be listened on, with what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {at} ({key}): {}", self.advice())]
pub(crate) struct BindError {
    key: &'static str,
    at: SocketAddr,
    source: io::Error,
}

impl BindError {
    fn advice(&self) -> String {
        match self.source.kind() {
            io::ErrorKind::AddrInUse => format!(
                "another program uses that port; stop it (`ss -ltnp` shows which it is) or choose another: {}",
                self.other_port()
            ),
            io::ErrorKind::PermissionDenied => format!(
                "the system does not allow that port; choose one from 1024 on: {}",
                self.other_port()
            ),
            _ => self.source.to_string(),
        }
    }

    fn other_port(&self) -> &'static str {
        match self.key {
            "listen.http" => "--listen 127.0.0.1:8081",
            _ => "EASEL_LISTEN__OPS=127.0.0.1:9181, or EASEL_LISTEN__OPS= for none",
        }
    }
}

/// Serves until `stop`; then takes nothing new, lets requests finish, and returns when all have or at `abort`.
/// Connections that became WebSockets are not waited for: their rooms end them.
pub(crate) async fn serve(
    listener: Listener,
    routes: Router,
    limits: Limits,
    open: IntGauge,
    stopping: Stopping,
) {
    let builder = Arc::new(builder(&limits));
    let permits = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stopping.stop.cancelled() => break,
            accepted = accept(&listener.socket, &permits) => accepted,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        open.inc();
        let place = Place {
            _permit: permit,
            open: open.clone(),
        };
        let serving = Serving {
            builder: builder.clone(),
            routes: routes.clone(),
            silence_max: limits.header_timeout,
            stopping: stopping.clone(),
        };
        let ip = stream.peer_addr().map_or(Arrival::HERE.ip, |at| at.ip());
        match listener.tls.clone() {
            None => {
                let scheme = Scheme::Http;
                let connection = Connection { stream, place };
                connections.spawn(run(connection, serving, Arrival { ip, scheme }));
            }
            Some(tls) => {
                connections.spawn(run_secure(tls, (stream, place), serving, ip));
            }
        }
    }
    drop(listener);
    connections.close();
    tokio::select! {
        () = connections.wait() => {}
        () = stopping.abort.cancelled() => {}
    }
}

/// The two steps of ending: `stop` politely, `abort` at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stopping {
    pub(crate) stop: CancellationToken,
    pub(crate) abort: CancellationToken,
}

async fn accept(
    socket: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = permits
        .clone()
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    let (stream, _) = socket.accept().await?;
    // A stroke's frame must not wait for the acknowledgement of the one before it.
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).expect("a small constant"))
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// What a connection is served with.
struct Serving {
    builder: Arc<auto::Builder<TokioExecutor>>,
    routes: Router,
    silence_max: Duration,
    stopping: Stopping,
}

/// First the handshake, with as much time as a request's head has.
async fn run_secure(tls: Tls, (stream, place): (TcpStream, Place), serving: Serving, ip: IpAddr) {
    let accepted = tokio::select! {
        accepted = tls.accept(stream, serving.silence_max) => accepted,
        () = serving.stopping.stop.cancelled() => return,
    };
    let Some(stream) = accepted else { return };
    let scheme = Scheme::Https;
    let connection = Connection { stream, place };
    // Not part of this future: those who never get this far should not pay for it.
    Box::pin(run(connection, serving, Arrival { ip, scheme })).await;
}

async fn run<S>(connection: Connection<S>, serving: Serving, arrival: Arrival)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Serving {
        builder,
        routes,
        silence_max,
        stopping,
    } = serving;
    // Until a client's first bytes tell HTTP/1 from HTTP/2, hyper has no timeout of its own.
    let has_asked = Arc::new(AtomicBool::new(false));
    let asking = has_asked.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        asking.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(arrival);
        routes.clone().oneshot(request)
    });
    let mut serving =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(connection), service));
    let mut silence = pin!(tokio::time::sleep(silence_max));
    let mut is_silence_over = false;
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = silence.as_mut(), if !is_silence_over => {
                is_silence_over = true;
                if !has_asked.load(Ordering::Relaxed) {
                    return;
                }
            }
            () = stopping.stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                serving.as_mut().graceful_shutdown();
            }
            () = stopping.abort.cancelled() => return,
        }
    }
}

/// Where a request comes from: the address at the other end, or the one behind it that a trusted proxy names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(IpAddr);

impl Peer {
    pub(super) fn new(ip: IpAddr) -> Peer {
        Peer(ip)
    }

    /// The frame around every request has put it there.
    pub(super) fn of(extensions: &Extensions) -> Peer {
        let here = Peer(Arrival::HERE.ip);
        extensions.get().copied().unwrap_or(here)
    }

    /// What of it is counted as one.
    pub(crate) fn network(self) -> Network {
        Network::of(self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Infallible> {
        Ok(Peer::of(&parts.extensions))
    }
}

/// A client's socket, with its place among those that may be open.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    stream: S,
    place: Place,
}

impl<S> Connection<S> {
    /// The socket itself. Whoever takes it keeps the place for as long as it is open.
    pub(crate) fn into_parts(self) -> (S, Place) {
        (self.stream, self.place)
    }
}

/// One of the connections that may be open at once; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    open: IntGauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Listener, Stopping, serve};
    use axum::Router;
    use axum::routing::get;
    use prometheus::IntGauge;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    struct Server {
        at: SocketAddr,
        open: IntGauge,
        stopping: Stopping,
        task: JoinHandle<()>,
    }

    async fn start(routes: Router, header_timeout: Duration) -> Server {
        let listener = Listener::bind("listen.http", ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let (at, open, stopping) = (
            listener.at(),
            IntGauge::new("open", "open").unwrap(),
            Stopping::default(),
        );
        let limits = Limits {
            connections: 10,
            header_timeout,
        };
        let task = tokio::spawn(serve(
            listener,
            routes,
            limits,
            open.clone(),
            stopping.clone(),
        ));
        Server {
            at,
            open,
            stopping,
            task,
        }
    }

    /// Sends `bytes` and reads until the server closes.
    async fn talk(at: SocketAddr, bytes: &[u8]) -> String {
        let mut socket = TcpStream::connect(at).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A reset counts as closed, too.
        let _ = socket.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_connection_that_asks_for_nothing_is_closed() {
        let server = start(Router::new(), Duration::from_millis(50)).await;
        // Silent, undecided between HTTP/1 and HTTP/2, and stuck in the head.
        for bytes in [&b""[..], b"PRI * HT", b"GET / HTTP/1.1\r\nHost: "] {
            assert_eq!(talk(server.at, bytes).await, "");
        }
    }

    #[tokio::test]
    async fn a_head_beyond_32_kib_is_refused() {
        let server = start(Router::new(), Duration::from_secs(60)).await;
        let head = format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
            "x".repeat(40 << 10)
        );
        assert!(
            talk(server.at, head.as_bytes())
                .await
                .starts_with("HTTP/1.1 431")
        );
    }

    #[tokio::test]
    async fn a_stop_waits_for_requests_and_takes_no_new_ones() {
        let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (in_handler, may_answer) = (reached.clone(), go_on.clone());
        let handler = move || async move {
            in_handler.notify_one();
            may_answer.notified().await;
            "done"
        };
        let server = start(
            Router::new().route("/", get(handler)),
            Duration::from_secs(60),
        )
        .await;
        let asking = tokio::spawn(async move {
            talk(server.at, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await
        });
        reached.notified().await;
        assert_eq!(server.open.get(), 1);
        server.stopping.stop.cancel();
        // Refused, once the listener is gone.
        while TcpStream::connect(server.at).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!server.task.is_finished());
        go_on.notify_one();
        assert!(asking.await.unwrap().ends_with("done"));
        server.task.await.unwrap();
        assert_eq!(server.open.get(), 0);
    }

    #[tokio::test]
    async fn an_abort_waits_for_nothing() {
        let reached = Arc::new(Notify::new());
        let in_handler = reached.clone();
        let handler = move || async move {
            in_handler.notify_one();
            std::future::pending::<()>().await;
        };
        let server = start(
            Router::new().route("/", get(handler)),
            Duration::from_secs(60),
        )
        .await;
        let asking = tokio::spawn(async move {
            talk(server.at, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await
        });
        reached.notified().await;
        server.stopping.stop.cancel();
        server.stopping.abort.cancel();
        server.task.await.unwrap();
        assert_eq!(asking.await.unwrap(), "");
    }

    #[tokio::test]
    async fn an_occupied_port_is_told_with_what_to_do() {
        let first = Listener::bind("listen.ops", ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let error = Listener::bind("listen.ops", first.at())
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("another program uses that port") && error.contains("EASEL_LISTEN__OPS"),
            "{error}"
        );
    }
}
