//! Rooms and the sockets that lead into them: the life of a stroke on this node.
//!
//! `socket` pumps one connection: `reader` brings frames to the room over its `line`, `writer` takes them from its
//! `outbox`, unless they could be written at once (`direct`); `secure` is the same over TLS. `sse` is the way of those whom no WebSocket reaches.
//! `rooms` knows which rooms are open. `task` runs one room: it hands events to `room`, which decides, and does what comes
//! out; `gathering` holds what is said until it is time to hand it over, and `fanout` puts it together once for everybody.
//! `wire` and `awareness` are the protocol, `bus` is between nodes (`hearsay` as bytes, `peers` over the group's bus). Begin with `room`.

mod appender;
mod awareness;
mod bus;
mod direct;
mod fanout;
mod gathering;
mod hearsay;
#[cfg(test)]
mod instructions;
mod line;
mod outbox;
mod pace;
mod peers;
mod reader;
mod room;
mod rooms;
mod secure;
mod socket;
pub(crate) mod sse;
mod task;
#[cfg(test)]
mod two_nodes;
mod who;
mod wire;
mod writer;

pub(crate) use room::{Change, NotWrote, Once, OnlyIf, Wish, Wrote, fold, opened, read_on};
pub(crate) use rooms::{JoinRefused, Rooms, SentAway, Writing};
pub(crate) use socket::upgrade;
pub(crate) use who::{Admission, Comings, Renewal, Shown, Watched, Who};

use tokio::sync::OwnedSemaphorePermit;

/// A message's share of what its connection may have under way; given back when the room is done with the message.
///
/// It is what bounds the room's inbox and everything behind it: a connection whose permits are all out is not read.
#[derive(Debug)]
pub(crate) struct Permit {
    _held: Option<OwnedSemaphorePermit>,
}

impl Permit {
    const fn none() -> Self {
        Self { _held: None }
    }

    const fn of(permit: OwnedSemaphorePermit) -> Self {
        Self {
            _held: Some(permit),
        }
    }
}
