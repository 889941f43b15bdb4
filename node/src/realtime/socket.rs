//! One WebSocket: the handshake, the two directions beside each other, and the end.
//!
//! Reading (`reader`) is fastwebsockets'; writing (`writer`) is ours, since a server's frames need no mask and the same
//! bytes go to everybody.

use super::direct::{Direct, Shared};
use super::line::{Counters, Line};
use super::outbox::Outbox;
use super::reader::{Heard, Plain, Source};
use super::room::{Dialect, Event, close};
use super::rooms::{JoinRefused, Rooms, unforeseen_id};
use super::secure;
use super::task::Mail;
use super::who::Admission;
use super::wire::Frame;
use crate::http::Connection;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::Response;
use bytes::Bytes;
use easel_storage::DocName;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use prometheus::IntGauge;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// After a close frame the peer gets so long to read it before the connection is cut.
const FAREWELL: Duration = Duration::from_secs(2);
/// What was queued before the room closed the seat gets so long to leave, the reason with it.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// Lets a request into the room of this name, or says why not; nothing is upgraded before that is known.
pub(crate) async fn upgrade(
    rooms: &Arc<Rooms>,
    name: &str,
    admission: Admission,
    mut request: Request,
) -> Result<Response, JoinRefused> {
    let doc: DocName = name.parse().map_err(|_| JoinRefused::NotFound)?;
    rooms.admit(&doc).await?;
    if !fastwebsockets::upgrade::is_upgrade_request(&request) {
        return Err(JoinRefused::NotAnUpgrade);
    }
    let (dialect, protocol) = negotiate(&request);
    let (mut response, upgraded) =
        fastwebsockets::upgrade::upgrade(&mut request).map_err(|_| JoinRefused::BadHandshake)?;
    if let Some(protocol) = protocol {
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    let rooms = rooms.clone();
    rooms.clone().tasks.spawn(async move {
        // The client went away between its request and our answer.
        let Ok(socket) = upgraded.await else { return };
        let socket = socket.into_inner().into_inner();
        serve(rooms, doc, (dialect, admission), socket).await;
    });
    Ok(response.map(|_| Body::empty()))
}

/// Answers the first subprotocol that we speak. A token may be offered beside it; it is never answered.
fn negotiate(request: &Request) -> (Dialect, Option<&'static str>) {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let names = offered
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for name in names {
        match name.trim() {
            "easel.v1" => return (Dialect::Easel, Some("easel.v1")),
            "yjs" => return (Dialect::Yjs, Some("yjs")),
            _ => {}
        }
    }
    (Dialect::Yjs, None)
}

/// How somebody speaks, and who they are.
type Speaker = (Dialect, Admission);

async fn serve(rooms: Arc<Rooms>, doc: DocName, speaker: Speaker, upgraded: Upgraded) {
    match downcast::<TokioIo<Connection<TcpStream>>>(upgraded) {
        Ok(parts) => {
            // Held to the end: it is what counts this connection among those that may be open.
            let (stream, _place) = parts.io.into_inner().into_parts();
            let (stream, write) = stream.into_split();
            let write = Arc::new(write);
            let outbox = Outbox::direct(Direct::new(write.clone(), &rooms.metrics));
            let early = Bytes::copy_from_slice(&parts.read_buf);
            // Even empty it holds the buffer of 16 KiB that hyper read the request into.
            drop(parts.read_buf);
            let read = Plain { early, stream };
            let way = Way {
                read,
                outbox,
                write: Shared(write),
            };
            pump(rooms, doc, speaker, way).await;
        }
        Err(upgraded) => {
            let parts = downcast::<TokioIo<Connection<TlsStream<TcpStream>>>>(upgraded)
                .expect("the listener makes no third kind of connection");
            let (stream, _place) = parts.io.into_inner().into_parts();
            let early = Bytes::copy_from_slice(&parts.read_buf);
            drop(parts.read_buf);
            let (read, write) = secure::split(stream, early);
            let way = Way {
                read,
                outbox: Outbox::default(),
                write,
            };
            pump(rooms, doc, speaker, way).await;
        }
    }
}

/// An upgraded connection.
struct Way<R, W> {
    read: R,
    outbox: Outbox,
    write: W,
}

/// Runs a connection to its end.
async fn pump<R: Source, W: AsyncWrite + Unpin>(
    rooms: Arc<Rooms>,
    doc: DocName,
    (dialect, admission): Speaker,
    way: Way<R, W>,
) {
    let Way {
        read,
        outbox,
        mut write,
    } = way;
    let outbox = Arc::new(outbox);
    let joined = rooms.join(&doc, dialect, unforeseen_id(), admission, outbox.clone());
    let counters = Counters::of_socket(&rooms.metrics);
    let line = Line::new(&rooms, joined, outbox, counters);
    let place = Place::take(&line, &doc, dialect);

    let bytes = AtomicU64::new(0);
    let mut read = Heard {
        inner: read,
        line: &line,
        bytes: &bytes,
    };
    let code = {
        let mut writer = pin!(line.write_frames(&mut write));
        let ended = tokio::select! {
            ended = line.read_messages(&mut read) => ended,
            code = &mut writer => Ended::ByUs(code),
            reason = line.watch() => Ended::Because(close::TIMED_OUT, reason),
            code = line.outbox.closed() => Ended::Closing(code),
        };
        match ended {
            Ended::ByUs(code) => code,
            Ended::Closing(code) => {
                let _ = tokio::time::timeout(LAST_WORDS, writer).await;
                code
            }
            Ended::Because(code, reason) => {
                line.outbox.close(Frame::close(code, reason));
                let _ = tokio::time::timeout(FAREWELL, writer).await;
                code
            }
            Ended::Vanished => 1006,
        }
    };
    drop(place);
    line.outbox.detach();
    line.rooms
        .metrics
        .ws_closed
        .with_label_values(&[&label(code)])
        .inc();
    let _ = tokio::time::timeout(FAREWELL, part(&mut read, write)).await;
}

/// A connection's place in the count and in its room; given up however the connection ends, a bug included.
struct Place<'l> {
    line: &'l Line,
    doc: &'l DocName,
    open: IntGauge,
}

impl<'l> Place<'l> {
    fn take(line: &'l Line, doc: &'l DocName, dialect: Dialect) -> Self {
        let kind = match dialect {
            Dialect::Easel => "easel",
            Dialect::Yjs => "yjs",
        };
        let metrics = &line.rooms.metrics;
        let open = metrics.ws_connections.with_label_values(&[kind]);
        metrics.ws_opened.inc();
        open.inc();
        Self { line, doc, open }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let seat = self.line.seat;
        self.line.rooms.door.leave(self.doc, seat);
        // A room that is gone has no seats to give up.
        let _ = self.line.room.send(Mail::Event(Event::Leave { seat }));
        self.open.dec();
    }
}

/// A close code as a label. Peers may send any number: those that mean nothing here share one label.
pub(super) fn label(code: u16) -> String {
    match code {
        1000..=1003 | 1006..=1015 | 4400..=4599 => code.to_string(),
        _ => "other".to_owned(),
    }
}

/// Closes our side and reads on until the peer closes its own. Cut off while it is still sending, it would be told of
/// a reset connection and not of the reason.
async fn part(
    read: &mut (impl AsyncRead + Unpin),
    mut write: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    write.shutdown().await?;
    drop(write);
    let mut scratch = vec![0; 16 << 10];
    while read.read(&mut scratch).await? > 0 {}
    Ok(())
}

/// How a connection came to its end.
pub(super) enum Ended {
    /// The room closed the seat; the close frame is written.
    ByUs(u16),
    /// The room closed the seat, and the close frame waits to be written.
    Closing(u16),
    /// To be closed with this code.
    Because(u16, &'static str),
    /// The connection is gone.
    Vanished,
}
