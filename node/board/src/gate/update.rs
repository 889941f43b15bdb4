//! The walk over one update: client blocks, then the deletions.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::reader::Reader;
use super::structs::{Content, Head, Refs};
use super::{CLOCK_END_MAX, ClientRange, Limits, Refusal, Summary};
use crate::StateVector;

/// Reads a Yjs v1 update to its last byte and says what it brings and needs, or why it must not come in.
/// Never panics; keeps one entry for each client named and each gap, so memory is bounded by [`Limits`].
pub fn check_update(bytes: &[u8], limits: &Limits) -> Result<Summary, Refusal> {
    if bytes.len() > limits.bytes_max {
        return Err(Refusal::TooLarge {
            bytes: bytes.len(),
            max: limits.bytes_max,
        });
    }
    let mut walk = Walk::new(limits);
    let mut reader = Reader::new(bytes);
    walk.client_blocks(&mut reader)?;
    walk.deletions(&mut reader)?;
    reader.end()?;
    Ok(walk.finish())
}

/// Reads a Yjs v1 state vector to its last byte.
pub fn check_state_vector(bytes: &[u8], limits: &Limits) -> Result<StateVector, Refusal> {
    let mut reader = Reader::new(bytes);
    let count = reader.count("clients", u64::from(limits.state_vector_clients_max))?;
    let mut clocks = BTreeMap::new();
    for _ in 0..count {
        let client = reader.var_uint()?;
        let clock = reader.clock()?;
        if clocks.insert(client, clock).is_some() {
            return Err(Refusal::Malformed("a client twice"));
        }
    }
    reader.end()?;
    Ok(clocks.into_iter().collect())
}

/// Whether the bytes are the empty update, in the one form that yjs and yrs write.
pub fn is_nothing(bytes: &[u8]) -> bool {
    bytes == [0, 0]
}

struct Walk<'l> {
    limits: &'l Limits,
    values_left: u32,
    structs: u32,
    delete_ranges: u32,
    provides: Vec<ClientRange>,
    /// Clients that had a block: a second block would be merged by yrs in the order of arrival, and yjs keeps the last.
    blocks_of: HashSet<u64>,
    /// For clients referred to: one past the largest clock.
    referred: HashMap<u64, u64>,
}

impl<'l> Walk<'l> {
    fn new(limits: &'l Limits) -> Walk<'l> {
        Walk {
            limits,
            values_left: limits.values_max,
            structs: 0,
            delete_ranges: 0,
            provides: Vec::new(),
            blocks_of: HashSet::new(),
            referred: HashMap::new(),
        }
    }

    fn client_blocks(&mut self, reader: &mut Reader<'_>) -> Result<(), Refusal> {
        let clients = reader.count("clients", u64::from(self.limits.clients_max))?;
        for _ in 0..clients {
            let structs_left = u64::from(self.limits.structs_max - self.structs);
            let structs = reader.count("structs", structs_left)?;
            if structs == 0 {
                // Many of these in a row would be a deep recursion in yrs.
                return Err(Refusal::Malformed("a client without structs"));
            }
            let client = reader.var_uint()?;
            if !self.blocks_of.insert(client) {
                return Err(Refusal::Malformed("a client twice"));
            }
            let start = reader.clock()?;
            self.structs += structs as u32;
            self.client_block(reader, client, start, structs)?;
        }
        Ok(())
    }

    fn client_block(
        &mut self,
        reader: &mut Reader<'_>,
        client: u64,
        start: u64,
        structs: u64,
    ) -> Result<(), Refusal> {
        let mut clock = start;
        let mut open: Option<ClientRange> = None;
        for _ in 0..structs {
            let head = Head::read(reader, self.limits)?;
            self.note_refs(client, clock, &head.refs)?;
            let (content, len) = head.read_content(reader, self.limits, &mut self.values_left)?;
            let end = clock + len;
            if end > CLOCK_END_MAX {
                return Err(Refusal::BadNumber);
            }
            match (content, &mut open) {
                (Content::Skip, _) => self.provides.extend(open.take()),
                (_, Some(range)) => range.end = end,
                (_, None) => {
                    open = Some(ClientRange {
                        client,
                        start: clock,
                        end,
                    })
                }
            }
            clock = end;
        }
        self.provides.extend(open);
        Ok(())
    }

    fn note_refs(&mut self, client: u64, clock: u64, refs: &Refs<'_>) -> Result<(), Refusal> {
        for id in refs.ids() {
            if id.client != client {
                self.note_ref(id.client, id.clock + 1)?;
            } else if id.clock >= clock {
                // yjs does not look for this and fails later; no editor can have made it.
                return Err(Refusal::Malformed("a reference into its own future"));
            }
        }
        Ok(())
    }

    fn note_ref(&mut self, client: u64, end: u64) -> Result<(), Refusal> {
        let referred = self.referred.len();
        match self.referred.get_mut(&client) {
            Some(known) => *known = end.max(*known),
            None if referred < self.limits.clients_max as usize => {
                self.referred.insert(client, end);
            }
            None => {
                return Err(Refusal::TooMany {
                    what: "clients",
                    max: u64::from(self.limits.clients_max),
                });
            }
        }
        Ok(())
    }

    fn deletions(&mut self, reader: &mut Reader<'_>) -> Result<(), Refusal> {
        let clients = reader.count("clients", u64::from(self.limits.clients_max))?;
        let mut seen = HashSet::new();
        for _ in 0..clients {
            let client = reader.var_uint()?;
            if !seen.insert(client) {
                // yrs would forget the first, yjs would take both.
                return Err(Refusal::Malformed("a client twice"));
            }
            let left = u64::from(self.limits.delete_ranges_max - self.delete_ranges);
            let ranges = reader.count("deletions", left)?;
            self.delete_ranges += ranges as u32;
            let mut last_end = 0;
            for _ in 0..ranges {
                let start = reader.clock()?;
                let end = start + reader.length()?;
                if end > CLOCK_END_MAX {
                    return Err(Refusal::BadNumber);
                }
                if start < last_end {
                    // Both libraries write them sorted; overlapping ones would each be walked in full.
                    return Err(Refusal::Malformed("deletions out of order"));
                }
                last_end = end;
            }
            if ranges > 0 {
                self.note_ref(client, last_end)?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Summary {
        self.provides.sort_unstable();
        // The last range of a client: its start needs all before it, its end bounds what is provided.
        let mut needs: BTreeMap<u64, u64> = BTreeMap::new();
        let mut ends: HashMap<u64, u64> = HashMap::new();
        for range in &self.provides {
            ends.insert(range.client, range.end);
            if range.start > 0 {
                needs.insert(range.client, range.start);
            }
        }
        for (client, end) in self.referred {
            if ends.get(&client).is_none_or(|provided| *provided < end) {
                needs.insert(client, end);
            }
        }
        Summary {
            provides: self.provides,
            needs: needs.into_iter().collect(),
            structs: self.structs,
            delete_ranges: self.delete_ranges,
        }
    }
}
