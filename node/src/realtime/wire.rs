//! The messages of y-websocket's protocol, and the one of our own.
//!
//! A message is one WebSocket binary message: a variable-length unsigned integer (lib0: seven bits a byte, lowest
//! first) names its type, the rest is the type's own. Types 0, 1, 2 and 3 are y-websocket's; 100 is Easel's control
//! message, JSON text that only a seat which asked for `easel.v1` is sent. Nothing here looks inside an update.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const QUERY_AWARENESS: u64 = 3;
const CONTROL: u64 = 100;

/// Four times what the longest token of ours takes.
const TOKEN_MESSAGE_BYTES_MAX: usize = 4 << 10;

const STEP_1: u64 = 0;
const STEP_2: u64 = 1;
const UPDATE: u64 = 2;

/// A Yjs v1 update that holds nothing: no clients, no deletions.
pub(crate) const EMPTY_UPDATE: &[u8] = &[0, 0];

/// What a client may say. The bytes are slices of the message that came, not copies.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// "I know this much": an encoded state vector. Asks for a step 2.
    Step1(Bytes),
    /// The answer to a step 1: an update with what the server lacked.
    Step2(Bytes),
    /// An update made just now.
    Update(Bytes),
    /// Entries of the awareness protocol.
    Awareness(Bytes),
    /// "Send me everybody's awareness."
    QueryAwareness,
    /// "I have all of the stored body of this number." What it asks next is answered with what came after.
    HasBody(u64),
    /// Understood and of no meaning from a client (auth, control).
    Nothing,
}

/// Why bytes are not a message of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the message ends too early")]
    Short,
    #[error("a number in the message is too long")]
    Number,
    #[error("the message has bytes after its end")]
    Trailing,
    #[error("message type {0} is not known")]
    Type(u64),
    #[error("sync message type {0} is not known")]
    SyncType(u64),
}

impl Malformed {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Short | Self::Number | Self::Trailing => "malformed-message",
            Self::Type(_) | Self::SyncType(_) => "unknown-message",
        }
    }
}

/// Reads one message.
pub(crate) fn decode(message: &Bytes) -> Result<Incoming, Malformed> {
    let mut at = Reader::new(message);
    let incoming = match at.uint()? {
        SYNC => match at.uint()? {
            STEP_1 => Incoming::Step1(at.bytes()?),
            STEP_2 => Incoming::Step2(at.bytes()?),
            UPDATE => Incoming::Update(at.bytes()?),
            other => return Err(Malformed::SyncType(other)),
        },
        AWARENESS => Incoming::Awareness(at.bytes()?),
        QUERY_AWARENESS => Incoming::QueryAwareness,
        // Later clients may say things in these that this release does not know: they are not for us to judge.
        AUTH => return Ok(Incoming::Nothing),
        CONTROL => return Ok(control_of_client(&mut at)),
        other => return Err(Malformed::Type(other)),
    };
    if at.is_at_end() {
        Ok(incoming)
    } else {
        Err(Malformed::Trailing)
    }
}

/// Later clients may say things in it that this release does not know.
fn control_of_client(at: &mut Reader<'_>) -> Incoming {
    #[derive(Deserialize)]
    #[serde(tag = "t", rename_all = "snake_case")]
    enum Said {
        HasBody { seq: u64 },
    }
    match at.bytes().map(|json| serde_json::from_slice(&json)) {
        Ok(Ok(Said::HasBody { seq })) => Incoming::HasBody(seq),
        Ok(Err(_)) | Err(_) => Incoming::Nothing,
    }
}

/// The token that a client shows to stay longer than the one it came with. It is for the door, and no room is told.
pub(crate) fn token_of(message: &Bytes) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(tag = "t", rename_all = "snake_case")]
    enum Said {
        Token { token: String },
    }
    let mut at = Reader::new(message);
    if message.len() > TOKEN_MESSAGE_BYTES_MAX || at.uint() != Ok(CONTROL) {
        return None;
    }
    let Said::Token { token } = serde_json::from_slice(&at.bytes().ok()?).ok()?;
    Some(token)
}

/// "I look for another node by myself, and stay until I have one": said when this one is out of touch.
pub(crate) fn is_staying(message: &Bytes) -> bool {
    #[derive(Deserialize)]
    #[serde(tag = "t", rename_all = "snake_case")]
    enum Said {
        Stays,
    }
    let mut at = Reader::new(message);
    let said = match at.uint() {
        Ok(CONTROL) => at.bytes(),
        _ => return false,
    };
    said.is_ok_and(|json| serde_json::from_slice::<Said>(&json).is_ok())
}

pub(crate) fn step_1(state_vector: &[u8]) -> Frame {
    sync(STEP_1, state_vector)
}

pub(crate) fn step_2(update: &[u8]) -> Frame {
    sync(STEP_2, update)
}

pub(crate) fn update(update: &[u8]) -> Frame {
    sync(UPDATE, update)
}

pub(crate) fn awareness(entries: &[u8]) -> Frame {
    let mut payload = BytesMut::with_capacity(entries.len() + 8);
    put_uint(&mut payload, AWARENESS);
    put_bytes(&mut payload, entries);
    Frame::binary(&payload)
}

/// What the server tells an `easel.v1` seat. Members may be added; a client ignores what it does not know.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(crate) enum Control<'a> {
    /// The first message of all.
    Hello {
        /// Version of this protocol.
        v: u32,
        app: &'a str,
        /// Version of the document schema that the server writes.
        schema: u32,
        /// A client older than this must not write.
        min_client: u32,
        doc: &'a str,
        role: &'a str,
        seat: u64,
    },
    /// Where the document can be had as well, as `https://host`; after hello, where a group has several addresses.
    Nodes { urls: &'a [String] },
    /// So many of this connection's sync frames (step 2 and update, in order) are on disk for good.
    Saved { frames: u64 },
    /// What this person may do from here on.
    Role { role: &'a str },
    /// This node has lost touch with the others: nothing is saved and nothing shown until it is back. Another may be in
    /// touch. Who does not answer with `stays` is sent away after a moment.
    OutOfTouch,
    /// It is back, and has gone through what was said meanwhile.
    InTouch,
    /// The server is going away; come back, here or elsewhere, after this time.
    Draining { retry_after_ms: u64 },
    /// The connection ends because of what it sent: the client keeps its document apart and starts afresh.
    SetAside { code: &'a str, reason: &'a str },
}

pub(crate) fn control(message: &Control<'_>) -> Frame {
    let json =
        serde_json::to_vec(message).expect("a control message holds only strings and numbers");
    let mut payload = BytesMut::with_capacity(json.len() + 4);
    put_uint(&mut payload, CONTROL);
    put_bytes(&mut payload, &json);
    Frame::binary(&payload)
}

fn sync(kind: u64, body: &[u8]) -> Frame {
    let mut frame = sync_head(kind, body.len(), body.len());
    frame.put_slice(body);
    Frame::several(frame.freeze())
}

/// The same as [`update`] around what is there already, without a copy of it: for a whole document.
pub(crate) fn update_around(update: Bytes) -> Frame {
    let head = sync_head(UPDATE, update.len(), 0);
    Frame {
        wire: head.freeze(),
        rest: Some(update),
    }
}

/// What lies before a body of so many bytes, with room for more of them behind it.
fn sync_head(kind: u64, body_len: usize, room: usize) -> BytesMut {
    let mut head = BytesMut::with_capacity(16);
    put_uint(&mut head, SYNC);
    put_uint(&mut head, kind);
    put_uint(&mut head, body_len as u64);
    let mut frame = BytesMut::with_capacity(10 + head.len() + room);
    put_frame_head(&mut frame, 0x2, head.len() + body_len);
    frame.put_slice(&head);
    frame
}

/// One WebSocket frame as it goes over the wire, head included (RFC 6455, section 5.2).
///
/// A server's frames are not masked, so the same bytes are right for every client: they are made once and shared.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    wire: Bytes,
    /// The end of a frame that was made around bytes that were there already. Never empty.
    rest: Option<Bytes>,
}

impl Frame {
    fn binary(payload: &[u8]) -> Self {
        Self::with_opcode(0x2, payload)
    }

    pub(crate) fn ping() -> Self {
        Self::with_opcode(0x9, &[])
    }

    pub(crate) fn pong(payload: &[u8]) -> Self {
        Self::with_opcode(0xA, payload)
    }

    /// A close frame. The reason is cut to what a control frame can hold.
    pub(crate) fn close(code: u16, reason: &str) -> Self {
        let mut end = reason.len().min(123);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let mut payload = BytesMut::with_capacity(2 + end);
        payload.put_u16(code);
        payload.put_slice(&reason.as_bytes()[..end]);
        Self::with_opcode(0x8, &payload)
    }

    fn with_opcode(opcode: u8, payload: &[u8]) -> Self {
        let mut frame = BytesMut::with_capacity(payload.len() + 10);
        put_frame_head(&mut frame, opcode, payload.len());
        frame.put_slice(payload);
        Self::several(frame.freeze())
    }

    /// Whole frames, one behind the other, that travel as if they were one.
    pub(crate) const fn several(wire: Bytes) -> Self {
        Self { wire, rest: None }
    }

    /// One behind the other on the wire, usually one.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Bytes> + use<> {
        std::iter::once(self.wire.clone()).chain(self.rest.clone())
    }

    pub(crate) fn put_into(&self, wire: &mut BytesMut) {
        wire.extend_from_slice(&self.wire);
        if let Some(rest) = &self.rest {
            wire.extend_from_slice(rest);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.wire.len() + self.rest.as_ref().map_or(0, Bytes::len)
    }

    /// The update that an update message ends with, sharing this frame's memory.
    pub(crate) fn update_of(&self, len: usize) -> Bytes {
        match &self.rest {
            Some(rest) => rest.clone(),
            None => self.wire.slice(self.wire.len() - len..),
        }
    }

    /// The type of the message inside (y-websocket's number), if this is a message.
    pub(crate) fn kind(&self) -> Option<u8> {
        if self.wire[0] & 0x0F == 0x2 {
            self.wire.get(self.head_len()).copied()
        } else {
            None
        }
    }

    /// The code that a close frame was made with.
    pub(crate) fn close_code(&self) -> u16 {
        match self.wire[..] {
            [_, _, high, low, ..] => u16::from_be_bytes([high, low]),
            _ => 1000,
        }
    }

    fn head_len(&self) -> usize {
        match self.wire[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    pub(crate) fn is_close(&self) -> bool {
        self.wire[0] & 0x0F == 0x8
    }

    /// The message inside, without the head.
    pub(crate) fn payload(&self) -> Bytes {
        match &self.rest {
            Some(rest) => [&self.wire[self.head_len()..], rest].concat().into(),
            None => self.wire.slice(self.head_len()..),
        }
    }
}

/// Whatever parts they are in.
impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |of: &Self| of.parts().flatten();
        self.len() == other.len() && bytes(self).eq(bytes(other))
    }
}

impl Eq for Frame {}

fn put_frame_head(frame: &mut BytesMut, opcode: u8, payload_len: usize) {
    frame.put_u8(0x80 | opcode);
    match payload_len {
        len @ 0..=125 => frame.put_u8(len as u8),
        len @ 126..=65_535 => {
            frame.put_u8(126);
            frame.put_u16(len as u16);
        }
        len => {
            frame.put_u8(127);
            frame.put_u64(len as u64);
        }
    }
}

/// The frames that lie one behind the other in these parts, which a server made.
pub(crate) fn frames(parts: &[Bytes]) -> impl Iterator<Item = Frame> + use<'_> {
    let mut parts = parts.iter();
    let mut part = Bytes::new();
    std::iter::from_fn(move || {
        if part.is_empty() {
            part = parts.next()?.clone();
        }
        let len = frame_len(&part);
        let wire = part.split_to(len.min(part.len()));
        let is_whole = wire.len() == len;
        let rest = if is_whole {
            None
        } else {
            parts.next().cloned()
        };
        Some(Frame { wire, rest })
    })
}

fn frame_len(bytes: &[u8]) -> usize {
    let number = |range: std::ops::Range<usize>| {
        let digits = bytes[range].iter();
        digits.fold(0, |number, digit| number << 8 | usize::from(*digit))
    };
    match bytes[1] {
        126 => 4 + number(2..4),
        127 => 10 + number(2..10),
        len => 2 + usize::from(len),
    }
}

/// Reads lib0's encoding from a shared buffer, handing out slices of it.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn uint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Malformed::Short)?;
            self.at += 1;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed::Number)
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, Malformed> {
        let len = usize::try_from(self.uint()?).map_err(|_| Malformed::Short)?;
        let end = self
            .at
            .checked_add(len)
            .filter(|end| *end <= self.bytes.len())
            .ok_or(Malformed::Short)?;
        let slice = self.bytes.slice(self.at..end);
        self.at = end;
        Ok(slice)
    }
}

pub(crate) fn put_uint(out: &mut BytesMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8((value as u8 & 0x7F) | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

pub(crate) fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.put_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::{Control, Frame, Incoming, Malformed, control, decode, step_1, step_2, update};
    use bytes::Bytes;

    fn check_decode(message: &'static [u8], expected: Result<Incoming, Malformed>) {
        assert_eq!(
            decode(&Bytes::from_static(message)),
            expected,
            "{message:?}"
        );
    }

    #[test]
    fn what_clients_send_is_read() {
        check_decode(&[0, 0, 1, 0], Ok(Incoming::Step1(Bytes::from_static(&[0]))));
        check_decode(
            &[0, 1, 2, 0, 0],
            Ok(Incoming::Step2(Bytes::from_static(&[0, 0]))),
        );
        check_decode(
            &[0, 2, 2, 0, 0],
            Ok(Incoming::Update(Bytes::from_static(&[0, 0]))),
        );
        check_decode(
            &[1, 1, 0],
            Ok(Incoming::Awareness(Bytes::from_static(&[0]))),
        );
        check_decode(&[3], Ok(Incoming::QueryAwareness));
        check_decode(&[2, 0, 2, b'n', b'o'], Ok(Incoming::Nothing));
        check_decode(&[100, 2, b'{', b'}'], Ok(Incoming::Nothing));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        check_decode(&[], Err(Malformed::Short));
        check_decode(&[0], Err(Malformed::Short));
        check_decode(&[0, 2, 5, 1], Err(Malformed::Short));
        check_decode(
            &[0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            Err(Malformed::Short),
        );
        check_decode(&[0xFF; 12], Err(Malformed::Number));
        check_decode(&[0, 7, 0], Err(Malformed::SyncType(7)));
        check_decode(&[77], Err(Malformed::Type(77)));
        check_decode(&[3, 3], Err(Malformed::Trailing));
    }

    #[test]
    fn what_is_sent_can_be_read_back() {
        assert_eq!(
            decode(&step_1(&[0]).payload()),
            Ok(Incoming::Step1(Bytes::from_static(&[0])))
        );
        assert_eq!(
            decode(&step_2(&[0, 0]).payload()),
            Ok(Incoming::Step2(Bytes::from_static(&[0, 0])))
        );
        for len in [0, 100, 120, 126, 65_520, 65_536, 70_000] {
            let body = vec![7; len];
            assert_eq!(
                decode(&update(&body).payload()),
                Ok(Incoming::Update(Bytes::from(body))),
                "{len}"
            );
        }
    }

    #[test]
    fn the_head_of_a_frame_has_the_length_that_its_size_asks_for() {
        assert_eq!(Frame::binary(&[1]).wire[..2], [0x82, 1]);
        assert_eq!(Frame::binary(&[0; 126]).wire[..4], [0x82, 126, 0, 126]);
        assert_eq!(
            Frame::binary(&vec![0; 65_536]).wire[..10],
            [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]
        );
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let frame = Frame::close(4422, &"é".repeat(100));
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert!(std::str::from_utf8(&frame.payload()[2..]).is_ok());
    }

    #[test]
    fn control_messages_are_json_behind_type_100() {
        let frame = control(&Control::Saved { frames: 3 });
        assert_eq!(
            &frame.payload()[..],
            b"\x64\x18{\"t\":\"saved\",\"frames\":3}"
        );
    }
}
