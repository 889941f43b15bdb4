//! The bare relay: WebSocket in, the same bytes out to everybody else in the room. No document, no store, no check.
//!
//! It is the limit of the machine that servers are held against, so it is as lean as tokio lets it be: one thread, one
//! buffer to read into for all connections, nothing kept by an idle one but its socket and its task.

use crate::client::KEY;
use crate::frame::{self, Head};
use anyhow::Result;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What `KEY` must be answered with.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const READ_BYTES: usize = 64 << 10;
/// A connection further behind than this is cut.
const UNSENT_BYTES_MAX: usize = 64 << 20;

#[derive(Debug, Default)]
struct Room {
    peers: RefCell<Vec<Rc<Peer>>>,
}

#[derive(Debug)]
struct Peer {
    stream: TcpStream,
    /// Gathered, or not taken by the kernel yet.
    unsent: RefCell<Vec<u8>>,
    /// A task waits for the kernel.
    is_flushing: Cell<bool>,
}

#[derive(Debug)]
struct Relay {
    gather: Option<Duration>,
    rooms: RefCell<HashMap<String, Rc<Room>>>,
    scratch: RefCell<Vec<u8>>,
    /// Those whose window is open, in the order in which it closes: all windows are of one length.
    gathering: RefCell<VecDeque<(Instant, Rc<Peer>)>>,
    opened: Notify,
}

/// Serves until it is killed. Without `gather` every delivery is a write of its own.
pub(crate) async fn serve(listen: SocketAddr, gather: Option<Duration>) -> Result<()> {
    let relay = Rc::new(Relay {
        gather,
        rooms: RefCell::default(),
        scratch: RefCell::new(vec![0; READ_BYTES]),
        gathering: RefCell::default(),
        opened: Notify::new(),
    });
    tokio::task::spawn_local(relay.clone().close_windows());
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let relay = relay.clone();
        tokio::task::spawn_local(async move {
            if let Some((stream, path)) = shake_hands(stream).await {
                relay.relay(stream, path).await;
            }
        });
    }
}

/// Boxed apart from the rest of a connection's life, so that an idle one does not keep its buffers' place.
async fn shake_hands(stream: TcpStream) -> Option<(TcpStream, String)> {
    Box::pin(async move {
        let mut stream = stream;
        let mut request = Vec::new();
        while memchr::memmem::find(&request, b"\r\n\r\n").is_none() {
            if stream.read_buf(&mut request).await.ok()? == 0 {
                return None;
            }
        }
        let request = String::from_utf8(request).ok()?;
        if !request.contains(KEY) {
            let refusal =
                "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(refusal.as_bytes()).await.ok()?;
            return None;
        }
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        stream.set_nodelay(true).ok()?;
        stream.write_all(answer.as_bytes()).await.ok()?;
        let path = request.split(' ').nth(1)?.to_owned();
        Some((stream, path))
    })
    .await
}

impl Relay {
    async fn relay(self: Rc<Self>, stream: TcpStream, path: String) {
        let room = self.rooms.borrow_mut().entry(path).or_default().clone();
        let peer = Rc::new(Peer {
            stream,
            unsent: RefCell::default(),
            is_flushing: Cell::new(false),
        });
        room.peers.borrow_mut().push(peer.clone());
        let mut held = Vec::new();
        while peer.stream.readable().await.is_ok() {
            if !self.read(&room, &peer, &mut held) {
                break;
            }
        }
        room.peers
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, &peer));
    }

    /// Reads once and passes on what is whole. Returns whether there may be more.
    fn read(&self, room: &Room, peer: &Rc<Peer>, held: &mut Vec<u8>) -> bool {
        let mut scratch = self.scratch.borrow_mut();
        let before = held.len();
        if scratch.len() < before + READ_BYTES {
            scratch.resize(before + READ_BYTES, 0);
        }
        scratch[..before].copy_from_slice(held);
        let come = match peer.stream.try_read(&mut scratch[before..]) {
            Ok(0) => return false,
            Ok(come) => before + come,
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        };
        let mut rest = &mut scratch[..come];
        while let Some(head) = Head::read(rest)
            && head.len() <= rest.len()
        {
            let (whole, after) = rest.split_at_mut(head.len());
            rest = after;
            match head.opcode {
                frame::CLOSE => return false,
                frame::PING | frame::PONG => {}
                opcode => self.pass_on(room, peer, opcode, unmasked(&head, whole)),
            }
        }
        held.clear();
        held.extend_from_slice(rest);
        if held.is_empty() {
            *held = Vec::new();
        }
        true
    }

    fn pass_on(&self, room: &Room, from: &Rc<Peer>, opcode: u8, payload: &[u8]) {
        let mut wire = Vec::with_capacity(payload.len() + 10);
        frame::put_head(&mut wire, opcode, payload.len());
        wire.extend_from_slice(payload);
        for peer in room.peers.borrow().iter() {
            if Rc::ptr_eq(peer, from) {
                continue;
            }
            match self.gather {
                None => write_now(peer, &wire),
                Some(window) => self.gather(peer, &wire, window),
            }
        }
    }

    fn gather(&self, peer: &Rc<Peer>, wire: &[u8], window: Duration) {
        let mut unsent = peer.unsent.borrow_mut();
        let is_first = unsent.is_empty();
        unsent.extend_from_slice(wire);
        if !is_first || peer.is_flushing.get() {
            return;
        }
        let mut gathering = self.gathering.borrow_mut();
        if gathering.is_empty() {
            self.opened.notify_one();
        }
        gathering.push_back((Instant::now() + window, peer.clone()));
    }

    /// Writes what each connection gathered when its window closes.
    async fn close_windows(self: Rc<Self>) {
        loop {
            let next = self.gathering.borrow().front().map(|(at, _)| *at);
            match next {
                None => self.opened.notified().await,
                Some(at) => tokio::time::sleep_until(at).await,
            }
            let now = Instant::now();
            loop {
                let mut gathering = self.gathering.borrow_mut();
                let Some((_, peer)) = gathering.pop_front_if(|(at, _)| *at <= now) else {
                    break;
                };
                drop(gathering);
                flush(&peer);
            }
        }
    }
}

fn unmasked<'a>(head: &Head, whole: &'a mut [u8]) -> &'a [u8] {
    let payload = &mut whole[head.head_len..];
    if let Some(key) = head.mask {
        frame::mask(payload, key);
    }
    payload
}

fn write_now(peer: &Rc<Peer>, wire: &[u8]) {
    if peer.is_flushing.get() {
        peer.unsent.borrow_mut().extend_from_slice(wire);
        return;
    }
    let sent = peer.stream.try_write(wire).unwrap_or(0);
    if sent < wire.len() {
        peer.unsent.borrow_mut().extend_from_slice(&wire[sent..]);
        wait_for_kernel(peer);
    }
}

fn flush(peer: &Rc<Peer>) {
    let mut unsent = peer.unsent.borrow_mut();
    let sent = peer.stream.try_write(&unsent).unwrap_or(0);
    if sent == unsent.len() {
        *unsent = Vec::new();
    } else {
        unsent.drain(..sent);
        wait_for_kernel(peer);
    }
}

fn wait_for_kernel(peer: &Rc<Peer>) {
    if peer.is_flushing.replace(true) {
        return;
    }
    let peer = peer.clone();
    tokio::task::spawn_local(async move {
        loop {
            let writable = peer.stream.writable().await;
            let mut unsent = peer.unsent.borrow_mut();
            match peer.stream.try_write(&unsent) {
                Ok(sent) => drop(unsent.drain(..sent)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => unsent.clear(),
            }
            if unsent.len() > UNSENT_BYTES_MAX {
                unsent.clear();
            }
            if unsent.is_empty() || writable.is_err() {
                *unsent = Vec::new();
                peer.is_flushing.set(false);
                return;
            }
        }
    });
}
