//! Who is here and what they point at: the awareness protocol's entries of one room. Never stored.
//!
//! An entry is keyed by a Yjs client id and holds a clock and JSON text (`null`: gone). The protocol trusts everybody;
//! we do not. A client id belongs to the seat that named it first, and what any other seat says of it is dropped
//! without a word: stock clients send back what they were sent, so it is no offence, only noise.

use super::who::Shown;
use super::wire::{self, Frame, Malformed, Reader, put_bytes, put_uint};
use bytes::{Bytes, BytesMut};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The longest JSON text of one entry. A longer one is dropped, its client stays as it was.
const STATE_BYTES_MAX: usize = 4 << 10;
/// A stock client sends back everything it heard in one message, so this bounds a room's people too.
const ENTRIES_MAX: u64 = 4_096;
/// Client ids one seat may own: one is usual, a few more come from documents opened twice in one page.
const OWNED_MAX: usize = 8;
/// For so long is it remembered which clock a client id left with, so that a late echo does not bring it back.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Another node says every 15 s who is there. Whoever it has not named for so long is not.
const LOST_AFTER: Duration = Duration::from_secs(45);

/// Names a seat within a room; given in the order of joining.
pub(crate) type SeatNo = u64;

#[derive(Debug)]
struct Entry {
    clock: u64,
    /// JSON text; `None` once gone.
    state: Option<Bytes>,
    owner: Owner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Seat(SeatNo),
    /// At another node, in this opening of its room, which said so last at this time.
    Afar {
        opening: u64,
        at: Instant,
    },
    /// Its seat left at this time, when `next` was the number of the next seat to join.
    Left {
        at: Instant,
        next: SeatNo,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Awareness {
    entries: BTreeMap<u64, Entry>,
}

impl Awareness {
    /// Takes what `seat` says. Returns the frame for the others if any of it counts.
    ///
    /// `is_silent` tells of a seat that has not been heard for longer than a live client ever is: the same person
    /// coming back over a new connection takes the client id over from it.
    pub(crate) fn accept(
        &mut self,
        seat: SeatNo,
        shown: Option<&Shown>,
        message: &Bytes,
        is_silent: impl Fn(SeatNo) -> bool,
    ) -> Result<Option<Frame>, Malformed> {
        let mut at = Reader::new(message);
        let count = at.uint()?;
        let mut changed = Vec::new();
        let mut owned = self.owned_by(seat).count();
        for _ in 0..count.min(ENTRIES_MAX) {
            let (client, clock, state) = (at.uint()?, at.uint()?, at.bytes()?);
            let state = (&state[..] != b"null").then_some(state);
            let is_new = !self.entries.contains_key(&client);
            if is_new && owned == OWNED_MAX {
                continue;
            }
            // The JSON last: most of what a stock client sends is what it was sent, and need not be read.
            if self.may_say(seat, client, clock, state.is_none(), &is_silent)
                && state.as_ref().is_none_or(is_short_json)
            {
                let state = match (state, shown) {
                    (None, _) => None,
                    // A copy: the slice would keep the whole message.
                    (Some(state), None) => Some(Bytes::copy_from_slice(&state)),
                    (Some(state), Some(shown)) => match stamped(&state, shown) {
                        Some(state) => Some(state),
                        None => continue,
                    },
                };
                owned += usize::from(is_new);
                self.entries.insert(
                    client,
                    Entry {
                        clock,
                        state,
                        owner: Owner::Seat(seat),
                    },
                );
                changed.push(client);
            }
        }
        Ok(self.frame_of(&changed))
    }

    fn may_say(
        &self,
        seat: SeatNo,
        client: u64,
        clock: u64,
        is_removal: bool,
        is_silent: impl Fn(SeatNo) -> bool,
    ) -> bool {
        let Some(entry) = self.entries.get(&client) else {
            return !is_removal && self.entries.len() < ENTRIES_MAX as usize;
        };
        let is_newer = clock > entry.clock;
        match entry.owner {
            Owner::Seat(owner) if owner == seat => {
                is_newer || (clock == entry.clock && is_removal && entry.state.is_some())
            }
            Owner::Seat(owner) => is_newer && !is_removal && is_silent(owner),
            // While it lives there, nobody here speaks for it.
            Owner::Afar { .. } => false,
            // Whoever joined after it left cannot be echoing: it was never told of it.
            Owner::Left { next, .. } => {
                !is_removal && (is_newer || (clock == entry.clock && seat >= next))
            }
        }
    }

    /// Forgets what `seat` said. Returns the frame that tells the others.
    pub(crate) fn leave(&mut self, seat: SeatNo, now: Instant, next: SeatNo) -> Option<Frame> {
        let mut gone = Vec::new();
        for (client, entry) in &mut self.entries {
            if entry.owner == Owner::Seat(seat) {
                entry.owner = Owner::Left { at: now, next };
                if entry.state.take().is_some() {
                    gone.push(*client);
                }
            }
        }
        self.frame_of(&gone)
    }

    /// Takes what another node's room says of those who are there. Returns the frame for everybody if any of it counts.
    pub(crate) fn accept_from_afar(
        &mut self,
        opening: u64,
        message: &Bytes,
        now: Instant,
        next: SeatNo,
    ) -> Result<Option<Frame>, Malformed> {
        let mut at = Reader::new(message);
        let mut changed = Vec::new();
        for _ in 0..at.uint()?.min(ENTRIES_MAX) {
            let (client, clock, state) = (at.uint()?, at.uint()?, at.bytes()?);
            let state = (&state[..] != b"null").then_some(state);
            if self.still_says(opening, client, clock, now) == Some(state.is_some()) {
                continue;
            }
            if self.may_say_from_afar(opening, client, clock, state.is_none()) {
                let owner = match state {
                    Some(_) => Owner::Afar { opening, at: now },
                    None => Owner::Left { at: now, next },
                };
                let state = state.map(|state| Bytes::copy_from_slice(&state));
                let entry = Entry {
                    clock,
                    state,
                    owner,
                };
                self.entries.insert(client, entry);
                changed.push(client);
            }
        }
        Ok(self.frame_of(&changed))
    }

    /// Notes that what is known of a client is said again. Returns whether it is here, if that is so.
    fn still_says(&mut self, opening: u64, client: u64, clock: u64, now: Instant) -> Option<bool> {
        let entry = self.entries.get_mut(&client)?;
        match &mut entry.owner {
            Owner::Afar { opening: of, at } if *of == opening && entry.clock == clock => {
                *at = now;
                Some(entry.state.is_some())
            }
            Owner::Seat(_) | Owner::Afar { .. } | Owner::Left { .. } => None,
        }
    }

    fn may_say_from_afar(&self, opening: u64, client: u64, clock: u64, is_removal: bool) -> bool {
        let Some(entry) = self.entries.get(&client) else {
            return !is_removal && self.entries.len() < ENTRIES_MAX as usize;
        };
        let is_newer = clock > entry.clock;
        match entry.owner {
            Owner::Afar { opening: of, .. } if of == opening => {
                is_newer || (clock == entry.clock && is_removal)
            }
            // It moved from one node to another, or came back from here to there.
            Owner::Afar { .. } | Owner::Left { .. } => !is_removal && clock >= entry.clock,
            Owner::Seat(_) => false,
        }
    }

    /// Forgets those of other nodes who were not heard of for long. Returns the frame that tells everybody.
    pub(crate) fn lose_silent(&mut self, now: Instant, next: SeatNo) -> Option<Frame> {
        let mut gone = Vec::new();
        for (client, entry) in &mut self.entries {
            if let Owner::Afar { at, .. } = entry.owner
                && now.duration_since(at) >= LOST_AFTER
            {
                entry.owner = Owner::Left { at: now, next };
                entry.state = None;
                gone.push(*client);
            }
        }
        self.frame_of(&gone)
    }

    /// Everybody who is at this node, or nothing if nobody is.
    pub(crate) fn here(&self) -> Option<Frame> {
        let is_here =
            |entry: &Entry| matches!(entry.owner, Owner::Seat(_)) && entry.state.is_some();
        let here = self.entries.iter().filter(|(_, entry)| is_here(entry));
        self.frame_of(&here.map(|(client, _)| *client).collect::<Vec<u64>>())
    }

    /// Drops what need not be remembered any longer.
    pub(crate) fn forget_before(&mut self, now: Instant) {
        self.entries.retain(|_, entry| match entry.owner {
            Owner::Seat(_) | Owner::Afar { .. } => true,
            Owner::Left { at, .. } => now.duration_since(at) < REMEMBERED,
        });
    }

    /// Everybody who is here, or nothing if nobody is.
    pub(crate) fn everybody(&self) -> Option<Frame> {
        let here: Vec<u64> = self
            .entries
            .iter()
            .filter(|(_, e)| e.state.is_some())
            .map(|(c, _)| *c)
            .collect();
        self.frame_of(&here)
    }

    /// What `seat` said of itself; an empty message if it said nothing.
    ///
    /// Stock clients hang up after 30 s without a message, and the others' silence is not theirs to end.
    pub(crate) fn echo(&self, seat: SeatNo) -> Frame {
        let own: Vec<u64> = self.owned_by(seat).collect();
        self.frame_of(&own).unwrap_or_else(|| wire::awareness(&[0]))
    }

    fn owned_by(&self, seat: SeatNo) -> impl Iterator<Item = u64> {
        self.entries
            .iter()
            .filter(move |(_, entry)| entry.owner == Owner::Seat(seat))
            .map(|(client, _)| *client)
    }

    fn frame_of(&self, clients: &[u64]) -> Option<Frame> {
        if clients.is_empty() {
            return None;
        }
        let mut message = BytesMut::new();
        put_uint(&mut message, clients.len() as u64);
        for client in clients {
            let entry = &self.entries[client];
            put_uint(&mut message, *client);
            put_uint(&mut message, entry.clock);
            put_bytes(&mut message, entry.state.as_deref().unwrap_or(b"null"));
        }
        Some(wire::awareness(&message))
    }
}

/// The state with the name, id and picture of whom it is, as the server knows them: nobody passes for somebody else. The rest of
/// what it says of its user (a colour) stays.
///
/// `None` for what is no object: the others might read a name out of what we cannot.
fn stamped(state: &Bytes, shown: &Shown) -> Option<Bytes> {
    let mut said: serde_json::Map<String, Value> = serde_json::from_slice(state).ok()?;
    let user = said.entry("user").or_insert(Value::Null);
    if !user.is_object() {
        *user = Value::Object(serde_json::Map::new());
    }
    user["id"] = (*shown.id).into();
    user["name"] = shown.name.as_str().into();
    // Short, since it goes along with every move: the rest of the address is the same for everybody.
    match (&shown.picture, user.as_object_mut()) {
        (Some(picture), _) => user["picture"] = picture.as_str().into(),
        (None, Some(user)) => drop(user.remove("picture")),
        (None, None) => {}
    }
    Some(Value::Object(said).to_string().into())
}

/// Other clients parse this text and fail if they cannot, so it is checked here, once.
fn is_short_json(state: &Bytes) -> bool {
    state.len() <= STATE_BYTES_MAX && serde_json::from_slice::<serde::de::IgnoredAny>(state).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Awareness, Frame, REMEMBERED, put_bytes, put_uint};
    use crate::realtime::wire::{Incoming, Reader, decode};
    use bytes::{Bytes, BytesMut};
    use std::time::Instant;

    /// `id clock json, …` as a message.
    fn message(text: &str) -> Bytes {
        let mut out = BytesMut::new();
        let entries: Vec<&str> = text.split(", ").collect();
        put_uint(&mut out, entries.len() as u64);
        for entry in entries {
            let mut part = entry.splitn(3, ' ');
            put_uint(&mut out, part.next().unwrap().parse().unwrap());
            put_uint(&mut out, part.next().unwrap().parse().unwrap());
            put_bytes(&mut out, part.next().unwrap().as_bytes());
        }
        out.freeze()
    }

    fn text(frame: Option<Frame>) -> String {
        let Some(frame) = frame else {
            return "-".into();
        };
        let Ok(Incoming::Awareness(body)) = decode(&frame.payload()) else {
            panic!("no awareness message")
        };
        let mut at = Reader::new(&body);
        let count = at.uint().unwrap();
        let entries: Vec<String> = (0..count)
            .map(|_| {
                let (client, clock, state) =
                    (at.uint().unwrap(), at.uint().unwrap(), at.bytes().unwrap());
                format!(
                    "{client} {clock} {}",
                    String::from_utf8(state.to_vec()).unwrap()
                )
            })
            .collect();
        entries.join(", ")
    }

    fn say(room: &mut Awareness, seat: u64, what: &str) -> String {
        text(
            room.accept(seat, None, &message(what), |seat| seat == 99)
                .unwrap(),
        )
    }

    #[test]
    fn an_entry_is_relayed_and_an_echo_is_not() {
        let mut room = Awareness::default();
        assert_eq!(say(&mut room, 1, "7 1 {}"), "7 1 {}");
        assert_eq!(say(&mut room, 2, "7 1 {}, 8 1 {}"), "8 1 {}");
        assert_eq!(say(&mut room, 2, "7 9 {\"forged\":1}"), "-");
        assert_eq!(say(&mut room, 2, "7 9 null"), "-");
        assert_eq!(say(&mut room, 1, "7 2 {\"x\":1}"), "7 2 {\"x\":1}");
        assert_eq!(text(room.everybody()), "7 2 {\"x\":1}, 8 1 {}");
    }

    #[test]
    fn who_left_is_not_brought_back_by_an_echo_but_may_come_back() {
        let mut room = Awareness::default();
        let now = Instant::now();
        say(&mut room, 1, "7 5 {}");
        assert_eq!(text(room.leave(1, now, 3)), "7 5 null");
        assert_eq!(say(&mut room, 2, "7 5 {}"), "-");
        assert_eq!(say(&mut room, 3, "7 5 {}"), "7 5 {}");
    }

    #[test]
    fn a_new_connection_takes_over_from_a_silent_one() {
        let mut room = Awareness::default();
        say(&mut room, 99, "7 5 {}");
        assert_eq!(say(&mut room, 100, "7 5 {}"), "-");
        assert_eq!(say(&mut room, 100, "7 6 {}"), "7 6 {}");
    }

    #[test]
    fn text_that_is_no_json_or_too_long_is_dropped() {
        let mut room = Awareness::default();
        assert_eq!(say(&mut room, 1, "7 1 {oops, 8 1 {}"), "8 1 {}");
        assert_eq!(
            say(&mut room, 1, &format!("9 1 \"{}\"", "x".repeat(5_000))),
            "-"
        );
        assert!(
            room.accept(1, None, &Bytes::from_static(&[3, 1]), |_| false)
                .is_err()
        );
    }

    #[test]
    fn a_seat_owns_only_so_many_ids() {
        let mut room = Awareness::default();
        for id in 0..20 {
            say(&mut room, 1, &format!("{id} 1 {{}}"));
        }
        assert_eq!(room.owned_by(1).count(), super::OWNED_MAX);
    }

    #[test]
    fn a_silent_seat_hears_itself() {
        let mut room = Awareness::default();
        assert_eq!(text(Some(room.echo(1))), "");
        say(&mut room, 1, "7 1 {}");
        assert_eq!(text(Some(room.echo(1))), "7 1 {}");
    }

    #[test]
    fn those_long_gone_are_forgotten() {
        let mut room = Awareness::default();
        let now = Instant::now();
        say(&mut room, 1, "7 5 {}");
        room.leave(1, now, 2);
        room.forget_before(now + REMEMBERED);
        assert!(room.entries.is_empty());
    }

    #[test]
    fn the_server_says_who_somebody_is() {
        let shown = crate::realtime::Shown {
            id: "usr_1".into(),
            name: "Ada".to_owned(),
            picture: None,
        };
        let pictured = crate::realtime::Shown {
            picture: Some("abc".to_owned()),
            ..shown.clone()
        };
        let said = r#"1 1 {"user":{"color":"red","picture":"mine"}}"#;
        let expected = r#"1 1 {"user":{"color":"red","id":"usr_1","name":"Ada","picture":"abc"}}"#;
        let heard = Awareness::default().accept(1, Some(&pictured), &message(said), |_| false);
        assert_eq!(text(heard.unwrap()), expected);
        for (said, expected) in [
            (
                r#"{"user":{"name":"Eve","id":"usr_9","color":"red","picture":"eve"},"x":1}"#,
                r#"1 1 {"user":{"color":"red","id":"usr_1","name":"Ada"},"x":1}"#,
            ),
            (
                r#"{"user":7}"#,
                r#"1 1 {"user":{"id":"usr_1","name":"Ada"}}"#,
            ),
            // What another reader may make something of, and we cannot, is not passed on.
            (r#"{"user":{"name":"Eve"},"x":1e999}"#, "-"),
            (r#"{"user":{"name":"Eve"},"x":"\ud800"}"#, "-"),
            (r#"["Eve"]"#, "-"),
        ] {
            let mut room = Awareness::default();
            let message = message(&format!("1 1 {said}"));
            let heard = room.accept(1, Some(&shown), &message, |_| false).unwrap();
            assert_eq!(text(heard), expected, "of {said}");
        }
    }
}
