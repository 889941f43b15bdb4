//! Edits of a board, written as Yjs v1 updates by hand: what a person with a pen sends, without a document behind it.
//!
//! A [`Pen`] has a Yjs client id of its own. It draws a stroke (a new element of type `pen`, six items) or redraws the one
//! it drew last (the element's `data` replaced, one item and one deletion), so that a document that is only redrawn does
//! not grow. Each carries a [`Marker`] behind the packed points, where readers of strokes do not look.

use crate::lib0::{put_bytes, put_uint};
use memchr::memmem;

/// Nothing else in an update looks like this.
const MAGIC: [u8; 6] = [0xEA, 0x5E, 0x1B, 0xE7, 0xC4, 0x0B];
/// The same for JSON, with hexadecimal digits behind it.
const TEXT_MAGIC: &[u8] = b"~eb:";
const MARKER_LEN: usize = MAGIC.len() + 14;
const TEXT_MARKER_LEN: usize = TEXT_MAGIC.len() + 28;

const CONTENT_BINARY: u8 = 3;
const CONTENT_TYPE: u8 = 7;
const CONTENT_ANY: u8 = 8;
const HAS_ORIGIN: u8 = 0x80;
const HAS_KEY: u8 = 0x20;
const TYPE_MAP: u64 = 1;
const ANY_STRING: u8 = 119;
const ANY_ARRAY: u8 = 117;
const ANY_FLOAT64: u8 = 123;

/// Who sent an edit, which of theirs it is, and when (nanoseconds on the generator's clock).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) writer: u16,
    pub(crate) number: u32,
    pub(crate) sent: u64,
}

impl Marker {
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.writer.to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.sent.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let fields = bytes.get(MAGIC.len()..MARKER_LEN)?;
        Some(Self {
            writer: u16::from_le_bytes(fields[..2].try_into().expect("two bytes")),
            number: u32::from_le_bytes(fields[2..6].try_into().expect("four bytes")),
            sent: u64::from_le_bytes(fields[6..].try_into().expect("eight bytes")),
        })
    }

    fn text(self) -> String {
        format!(
            "~eb:{:04x}{:08x}{:016x}",
            self.writer, self.number, self.sent
        )
    }

    fn read_text(bytes: &[u8]) -> Option<Self> {
        let digits = std::str::from_utf8(bytes.get(TEXT_MAGIC.len()..TEXT_MARKER_LEN)?).ok()?;
        let field = |range| u64::from_str_radix(digits.get(range)?, 16).ok();
        Some(Self {
            writer: u16::try_from(field(0..4)?).ok()?,
            number: u32::try_from(field(4..12)?).ok()?,
            sent: field(12..28)?,
        })
    }
}

/// Finds markers. Edits of one kind are nearly the same length, so it looks first where the last one was.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    hint: usize,
}

impl Finder {
    /// Calls `found` for each edit in a message, in order.
    pub(crate) fn each(&mut self, message: &[u8], mut found: impl FnMut(Marker)) {
        let mut rest = message;
        if let Some(near) = message.get(self.hint..)
            && near.starts_with(&MAGIC)
            && message.len() - self.hint < 2 * MARKER_LEN
            && let Some(marker) = Marker::read(near)
        {
            return found(marker);
        }
        while let Some(at) = memmem::find(rest, &MAGIC) {
            let Some(marker) = Marker::read(&rest[at..]) else {
                return;
            };
            self.hint = message.len() - rest.len() + at;
            found(marker);
            rest = &rest[at + MARKER_LEN..];
        }
    }
}

/// Calls `found` for each awareness state of a [`cursor`] in a message.
pub(crate) fn each_cursor(message: &[u8], mut found: impl FnMut(Marker)) {
    for at in memmem::find_iter(message, TEXT_MAGIC) {
        if let Some(marker) = Marker::read_text(&message[at..]) {
            found(marker);
        }
    }
}

/// The body of an awareness message with one entry: somebody's name and where their pointer is.
pub(crate) fn cursor(client: u64, clock: u32, marker: Marker) -> Vec<u8> {
    let (x, y) = (marker.number % 1280, marker.number % 719);
    let state = format!(
        r##"{{"user":{{"name":"Person {}","color":"#1c7ed6"}},"cursor":{{"x":{x}.5,"y":{y}.25}},"at":"{}"}}"##,
        marker.writer,
        marker.text(),
    );
    let mut body = Vec::with_capacity(state.len() + 16);
    put_uint(&mut body, 1);
    put_uint(&mut body, client);
    put_uint(&mut body, clock.into());
    put_bytes(&mut body, state.as_bytes());
    body
}

/// One person's pen.
#[derive(Debug)]
pub(crate) struct Pen {
    client: u64,
    writer: u16,
    points: usize,
    /// The next Yjs clock.
    clock: u64,
    /// Of the item that is the last stroke's `data`.
    data_clock: Option<u64>,
    /// Edits so far.
    number: u32,
}

impl Pen {
    /// `points` is how many each of its strokes has.
    pub(crate) fn new(client: u64, writer: u16, points: usize) -> Self {
        Self {
            client,
            writer,
            points,
            clock: 0,
            data_clock: None,
            number: 0,
        }
    }

    pub(crate) fn client(&self) -> u64 {
        self.client
    }

    /// How many edits it has made; they are numbered from 1.
    pub(crate) fn edits(&self) -> u32 {
        self.number
    }

    /// The id of the element that its edit of this number draws.
    pub(crate) fn element(&self, number: u32) -> String {
        format!("el_{}_{number}", self.client)
    }

    /// Draws a new stroke.
    pub(crate) fn draw(&mut self, sent: u64) -> Vec<u8> {
        self.number += 1;
        let mut out = Vec::with_capacity(160 + 2 * self.points);
        let element = self.clock;
        self.put_start(&mut out, 6);
        out.push(CONTENT_TYPE | HAS_KEY);
        put_uint(&mut out, 1);
        put_bytes(&mut out, b"elements");
        put_bytes(&mut out, self.element(self.number).as_bytes());
        put_uint(&mut out, TYPE_MAP);
        self.put_word(&mut out, element, "type", "pen");
        self.put_word(&mut out, element, "stroke", "blue");
        self.put_word(&mut out, element, "z", "a0");
        self.put_key(&mut out, element, "box", CONTENT_ANY);
        put_uint(&mut out, 1);
        out.push(ANY_ARRAY);
        put_uint(&mut out, 5);
        let left = f64::from(self.number % 50_000);
        for value in [left, f64::from(self.writer) * 200.0, 160.0, 100.0, 0.0] {
            out.push(ANY_FLOAT64);
            out.extend_from_slice(&value.to_be_bytes());
        }
        self.put_key(&mut out, element, "data", CONTENT_BINARY);
        put_bytes(&mut out, &self.data(sent));
        put_uint(&mut out, 0);
        self.clock += 6;
        self.data_clock = Some(self.clock - 1);
        out
    }

    /// Draws the last stroke over; the first one when there is none.
    pub(crate) fn redraw(&mut self, sent: u64) -> Vec<u8> {
        let Some(before) = self.data_clock else {
            return self.draw(sent);
        };
        self.number += 1;
        let mut out = Vec::with_capacity(80 + 2 * self.points);
        self.put_start(&mut out, 1);
        out.push(CONTENT_BINARY | HAS_ORIGIN | HAS_KEY);
        put_uint(&mut out, self.client);
        put_uint(&mut out, before);
        put_bytes(&mut out, &self.data(sent));
        // What it replaces is deleted.
        put_uint(&mut out, 1);
        put_uint(&mut out, self.client);
        put_uint(&mut out, 1);
        put_uint(&mut out, before);
        put_uint(&mut out, 1);
        self.data_clock = Some(self.clock);
        self.clock += 1;
        out
    }

    fn put_start(&self, out: &mut Vec<u8>, items: u64) {
        put_uint(out, 1);
        put_uint(out, items);
        put_uint(out, self.client);
        put_uint(out, self.clock);
    }

    /// The head of an item under a key of the element.
    fn put_key(&self, out: &mut Vec<u8>, element: u64, key: &str, content: u8) {
        out.push(content | HAS_KEY);
        put_uint(out, 0);
        put_uint(out, self.client);
        put_uint(out, element);
        put_bytes(out, key.as_bytes());
    }

    fn put_word(&self, out: &mut Vec<u8>, element: u64, key: &str, word: &str) {
        self.put_key(out, element, key, CONTENT_ANY);
        put_uint(out, 1);
        out.push(ANY_STRING);
        put_bytes(out, word.as_bytes());
    }

    /// A packed stroke, other from one edit to the next, with the marker behind it.
    fn data(&self, sent: u64) -> Vec<u8> {
        let mut data = stroke(self.points, self.number);
        let marker = Marker {
            writer: self.writer,
            number: self.number,
            sent,
        };
        marker.put(&mut data);
        data
    }
}

/// A stroke as elements of type `pen` keep it: version, flags, size, count, then zigzag steps of an eighth of a pixel.
pub(crate) fn stroke(points: usize, seed: u32) -> Vec<u8> {
    let mut data = vec![1, 0];
    data.extend_from_slice(&160_f32.to_le_bytes());
    data.extend_from_slice(&100_f32.to_le_bytes());
    put_uint(&mut data, points as u64);
    for at in 0..points as u32 {
        // From −28 to 28 eighths in both directions, so that each step is one byte.
        let step = |turn: u32| u64::from((at.wrapping_mul(turn) ^ seed.wrapping_mul(7)) % 57);
        put_uint(&mut data, step(13));
        put_uint(&mut data, step(29));
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::updates::decoder::Decode;
    use yrs::{Any, ClientID, Doc, Map, MapRef, Out, ReadTxn, Transact, Update};

    fn apply(doc: &Doc, update: &[u8]) {
        let update = Update::decode_v1(update).expect("a valid update");
        doc.transact_mut().apply_update(update).expect("it applies");
    }

    fn element(doc: &Doc, id: &str) -> MapRef {
        let elements = doc.get_or_insert_map("elements");
        match elements.get(&doc.transact(), id) {
            Some(Out::YMap(element)) => element,
            other => panic!("{id} is {other:?}"),
        }
    }

    fn marker(doc: &Doc, element: &MapRef) -> Vec<Marker> {
        let Some(Out::Any(Any::Buffer(data))) = element.get(&doc.transact(), "data") else {
            panic!("a pen element has data");
        };
        let mut found = Vec::new();
        Finder::default().each(&data, |marker| found.push(marker));
        found
    }

    #[test]
    fn a_stroke_is_an_element_and_a_redrawn_one_is_the_same_element() {
        let doc = Doc::new();
        let mut pen = Pen::new(3_000_000_000, 7, 12);
        apply(&doc, &pen.draw(1));
        let first = element(&doc, &pen.element(1));
        assert_eq!(first.get(&doc.transact(), "type"), Some("pen".into()));
        assert_eq!(first.get(&doc.transact(), "z"), Some("a0".into()));
        assert!(first.contains_key(&doc.transact(), "box"));
        for sent in 2..=40 {
            apply(&doc, &pen.redraw(sent));
            let expected = Marker {
                writer: 7,
                number: u32::try_from(sent).expect("small"),
                sent,
            };
            assert_eq!(marker(&doc, &first), [expected]);
        }
        apply(&doc, &pen.draw(41));
        assert_eq!(doc.get_or_insert_map("elements").len(&doc.transact()), 2);
        let state = doc.transact().state_vector();
        assert_eq!(state.get(&ClientID::new(3_000_000_000)), 6 + 39 + 6);
        assert!(doc.transact().store().pending_update().is_none());
    }

    #[test]
    fn yrs_writes_a_redrawn_stroke_with_its_marker_in_it() {
        // Servers that decode and encode again pass on what is found as well.
        let doc = Doc::new();
        let mut pen = Pen::new(9, 3, 12);
        apply(&doc, &pen.draw(5));
        apply(&doc, &pen.redraw(6));
        let whole = doc.transact().encode_diff_v1(&yrs::StateVector::default());
        let mut found = Vec::new();
        Finder::default().each(&whole, |marker| found.push(marker.sent));
        assert_eq!(found, [6]);
    }

    #[test]
    fn a_stroke_passes_for_one_of_easel_s() {
        let data = stroke(12, 99);
        // Version, flags, two sizes, count, and two bytes for each point.
        assert_eq!(data.len(), 2 + 8 + 1 + 24);
    }

    #[test]
    fn markers_are_found_wherever_and_however_many() {
        let mut finder = Finder::default();
        let marker = |number| Marker {
            writer: 1,
            number,
            sent: 77,
        };
        for before in [0, 3, 200] {
            for count in [1, 2, 5] {
                let mut message = vec![0xEA; before];
                for number in 0..count {
                    marker(number).put(&mut message);
                }
                message.push(0);
                let mut found = Vec::new();
                finder.each(&message, |marker| found.push(marker.number));
                assert_eq!(found, (0..count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_cursor_is_one_awareness_state_with_its_marker() {
        let marker = Marker {
            writer: 4,
            number: 12,
            sent: 1 << 40,
        };
        let body = cursor(1 << 31, 3, marker);
        let update = yrs::sync::AwarenessUpdate::decode_v1(&body).expect("an awareness update");
        assert_eq!(update.clients.len(), 1);
        let mut found = Vec::new();
        each_cursor(&body, |marker| found.push(marker));
        assert_eq!(found, [marker]);
    }
}
