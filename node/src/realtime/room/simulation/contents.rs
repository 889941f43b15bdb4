//! Everything that was ever written under a client id and clock: nothing may be written there twice with other content.
//!
//! Reads the Yjs v1 encoding by itself, since neither the gate nor yrs can be asked what it looks for: both take an id
//! they know for the content they know.

use super::trace::digest;
use std::collections::BTreeMap;

/// For each client and clock the digest of what stands there; 0 where only its deletion was seen.
#[derive(Default)]
pub(super) struct Contents {
    of: BTreeMap<u64, Vec<u32>>,
}

impl Contents {
    /// Compares all structs of an update with what is known and remembers them.
    pub(super) fn note(&mut self, update: &[u8]) {
        let mut at = Reader { bytes: update };
        for _ in 0..at.uint() {
            let (structs, client, mut clock) = (at.uint(), at.uint(), at.uint());
            for _ in 0..structs {
                clock += self.note_struct(client, clock, &mut at);
            }
        }
    }

    /// Returns how many clocks the struct takes.
    fn note_struct(&mut self, client: u64, clock: u64, at: &mut Reader<'_>) -> u64 {
        let info = at.byte();
        if matches!(info, 0 | 10) {
            return at.uint();
        }
        let mut origin = (info & 0x80 != 0).then(|| at.id());
        let right = (info & 0x40 != 0).then(|| at.id());
        if origin.is_none() && right.is_none() {
            at.parent();
            if info & 0x20 != 0 {
                at.bytes();
            }
        }
        let units: Vec<u64> = match info & 0x1F {
            1 => return at.uint(),
            3 | 5 => vec![digest(&at.bytes())],
            4 => at.text().encode_utf16().map(u64::from).collect(),
            6 => vec![digest(&(at.bytes(), at.bytes()))],
            7 => vec![at.uint()],
            8 => (0..at.uint()).map(|_| digest(&at.any())).collect(),
            other => panic!("content {other} is not simulated"),
        };
        let len = units.len() as u64;
        for (clock, unit) in (clock..).zip(units) {
            let found = digest(&(origin, right, unit, info & 0x1F)) as u32 | 1;
            self.note_unit(client, clock, found);
            origin = Some((client, clock));
        }
        len
    }

    fn note_unit(&mut self, client: u64, clock: u64, found: u32) {
        let of = self.of.entry(client).or_default();
        let clock = clock as usize;
        if of.len() <= clock {
            of.resize(clock + 1, 0);
        }
        assert!(
            matches!(of[clock], 0) || of[clock] == found,
            "client {client} wrote clock {clock} twice"
        );
        of[clock] = found;
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (head, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        head
    }

    fn uint(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }

    fn bytes(&mut self) -> &'a [u8] {
        let len = self.uint() as usize;
        self.take(len)
    }

    fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.bytes()).expect("text")
    }

    fn id(&mut self) -> (u64, u64) {
        (self.uint(), self.uint())
    }

    fn parent(&mut self) {
        match self.uint() {
            1 => {
                self.bytes();
            }
            _ => {
                self.id();
            }
        }
    }

    /// One value, as its bytes.
    fn any(&mut self) -> &'a [u8] {
        let before = self.bytes;
        match self.byte() {
            120 | 121 | 126 | 127 => {}
            125 => while self.byte() >= 0x80 {},
            124 => {
                self.take(4);
            }
            122 | 123 => {
                self.take(8);
            }
            116 | 119 => {
                self.bytes();
            }
            117 => (0..self.uint()).for_each(|_| {
                self.any();
            }),
            other => panic!("value {other} is not simulated"),
        }
        &before[..before.len() - self.bytes.len()]
    }
}
