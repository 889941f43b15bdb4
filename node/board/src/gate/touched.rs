//! Which elements of a board an update touches, told from its bytes.
//!
//! The document does not say when something in it was written, but the store does of every update. A ledger that is shown
//! all of them in their order says which elements each of them made, changed or took away, for a fraction of what it
//! costs to apply them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::reader::Reader;
use super::structs::{Content, Head, Id, Owner, Refs};
use super::{Limits, Refusal};
use crate::schema::{ROOT_ELEMENTS, is_element_id};

/// Belongs to one document and is shown every stored update of it, in the store's order and from the first on.
#[derive(Debug, Default)]
pub struct Ledger {
    clients: HashMap<u64, Client>,
    names: HashMap<Arc<str>, Element>,
    ids: Vec<Arc<str>>,
}

/// The place of an element's id in the ledger.
type Element = u32;

/// What an item is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What lies under an element's id.
    Whole(Element),
    Inside(Element),
    Other,
}

#[derive(Debug, Default)]
struct Client {
    /// Each run reaches from the end of the one before.
    runs: Vec<(u32, Part)>,
    /// Ranges by their start, apart from each other.
    deleted: BTreeMap<u32, u32>,
}

/// The block of one client that is being read.
struct Block<'u> {
    client: u64,
    clock: u64,
    structs_left: u64,
    reader: Reader<'u>,
}

impl Ledger {
    /// Takes in the next update and returns the ids of the elements that it made, changed or took away. What it repeats of
    /// earlier ones touches nothing. What cannot be read in it is left out.
    pub fn take_in(&mut self, update: &[u8]) -> Vec<Arc<str>> {
        let mut touched = BTreeSet::new();
        let _ = self.read(update, &mut touched);
        let ids = touched.into_iter();
        ids.map(|at: Element| Arc::clone(&self.ids[at as usize]))
            .collect()
    }

    /// About what is kept in memory.
    pub fn bytes(&self) -> usize {
        let clients = self.clients.values();
        let each = clients.map(|of| of.runs.len() * 12 + of.deleted.len() * 16);
        each.sum::<usize>() + self.ids.iter().map(|id| id.len() + 64).sum::<usize>()
    }

    fn read(&mut self, update: &[u8], touched: &mut BTreeSet<Element>) -> Result<(), Refusal> {
        let limits = Limits::stored();
        let mut reader = Reader::new(update);
        let mut blocks = Vec::new();
        let mut values_left = u32::MAX;
        for _ in 0..reader.var_uint()? {
            let structs_left = reader.var_uint()?;
            let (client, clock) = (reader.var_uint()?, reader.clock()?);
            blocks.push(Block {
                client,
                clock,
                structs_left,
                reader: reader.clone(),
            });
            for _ in 0..structs_left {
                let head = Head::read(&mut reader, &limits)?;
                head.read_content(&mut reader, &limits, &mut values_left)?;
            }
        }
        // Each finds what it leans on known, or in a block that is read before long.
        while self.advance(&mut blocks, &limits, touched)? {}
        self.deletions(&mut reader, touched)
    }

    /// Reads each block as far as it leans on nothing unread. False when that brought nothing.
    fn advance(
        &mut self,
        blocks: &mut [Block<'_>],
        limits: &Limits,
        touched: &mut BTreeSet<Element>,
    ) -> Result<bool, Refusal> {
        let mut has_advanced = false;
        for block in blocks {
            while block.structs_left > 0 {
                let mut reader = block.reader.clone();
                let head = Head::read(&mut reader, limits)?;
                let is_unread =
                    |id: Id| id.client != block.client && id.clock >= self.end(id.client);
                if head.refs.ids().any(is_unread) {
                    break;
                }
                let (content, len) = head.read_content(&mut reader, limits, &mut { u32::MAX })?;
                self.note(
                    block.client,
                    block.clock,
                    len,
                    (&head.refs, content),
                    touched,
                );
                block.reader = reader;
                block.clock += len;
                block.structs_left -= 1;
                has_advanced = true;
            }
        }
        Ok(has_advanced)
    }

    fn note(
        &mut self,
        client: u64,
        clock: u64,
        len: u64,
        (refs, content): (&Refs<'_>, Content),
        touched: &mut BTreeSet<Element>,
    ) {
        let (known, end) = (self.end(client), clock + len);
        if end <= known || content == Content::Skip {
            return;
        }
        let part = match content {
            Content::Garbage | Content::Skip => Part::Other,
            Content::Deleted | Content::Type | Content::Format | Content::Value => self.part(refs),
        };
        if let Part::Whole(element) | Part::Inside(element) = part {
            touched.insert(element);
        }
        let of = self.clients.entry(client).or_default();
        if clock > known {
            of.push(clock, Part::Other);
        }
        of.push(end, part);
    }

    fn part(&mut self, refs: &Refs<'_>) -> Part {
        let Some(parent) = refs.parent else {
            // Beside another of the same list or under the same key.
            let beside = refs.origin.or(refs.right_origin);
            return beside.map_or(Part::Other, |id| self.get(id));
        };
        match (parent.owner, parent.key) {
            (Owner::Root(ROOT_ELEMENTS), Some(id)) if is_element_id(id) => {
                Part::Whole(self.element(id))
            }
            (Owner::Root(_), _) => Part::Other,
            (Owner::Item(id), _) => match self.get(id) {
                Part::Whole(element) | Part::Inside(element) => Part::Inside(element),
                Part::Other => Part::Other,
            },
        }
    }

    fn deletions(
        &mut self,
        reader: &mut Reader<'_>,
        touched: &mut BTreeSet<Element>,
    ) -> Result<(), Refusal> {
        for _ in 0..reader.var_uint()? {
            let client = reader.var_uint()?;
            let ranges = reader.var_uint()?;
            for _ in 0..ranges {
                let start = reader.clock()?;
                let end = start + reader.length()?;
                if let Some(of) = self.clients.get_mut(&client) {
                    of.delete(short(start), short(end), touched);
                }
            }
        }
        Ok(())
    }

    fn element(&mut self, id: &str) -> Element {
        if let Some(at) = self.names.get(id) {
            return *at;
        }
        let at = short(self.ids.len() as u64);
        let id: Arc<str> = id.into();
        self.ids.push(Arc::clone(&id));
        self.names.insert(id, at);
        at
    }

    fn end(&self, client: u64) -> u64 {
        let last = self.clients.get(&client).and_then(|of| of.runs.last());
        last.map_or(0, |(end, _)| u64::from(*end))
    }

    fn get(&self, id: Id) -> Part {
        let of = self.clients.get(&id.client);
        of.map_or(Part::Other, |of| of.get(short(id.clock)))
    }
}

impl Client {
    fn push(&mut self, end: u64, part: Part) {
        let end = short(end);
        match self.runs.last_mut() {
            Some((last, of)) if *of == part => *last = end,
            _ => self.runs.push((end, part)),
        }
    }

    fn at(&self, clock: u32) -> usize {
        self.runs.partition_point(|(end, _)| *end <= clock)
    }

    fn get(&self, clock: u32) -> Part {
        let run = self.runs.get(self.at(clock));
        run.map_or(Part::Other, |(_, part)| *part)
    }

    /// Touches what is new of this range: who comes back names all that was ever deleted.
    fn delete(&mut self, start: u32, end: u32, touched: &mut BTreeSet<Element>) {
        let (mut from, mut joined) = (start, (start, end));
        let before = self.deleted.range(..=start).next_back();
        let near = before.map_or(start, |(first, _)| *first);
        let there: Vec<(u32, u32)> = self
            .deleted
            .range(near..=end)
            .map(|(start, end)| (*start, *end))
            .filter(|(_, last)| *last >= start)
            .collect();
        for (first, last) in there {
            self.touch(from, first.min(end), touched);
            from = from.max(last);
            joined = (joined.0.min(first), joined.1.max(last));
            self.deleted.remove(&first);
        }
        self.touch(from, end, touched);
        self.deleted.insert(joined.0, joined.1);
    }

    fn touch(&self, start: u32, end: u32, touched: &mut BTreeSet<Element>) {
        let mut clock = start;
        for (run_end, part) in &self.runs[self.at(start)..] {
            if clock >= end {
                return;
            }
            if let Part::Whole(element) | Part::Inside(element) = part {
                touched.insert(*element);
            }
            clock = *run_end;
        }
    }
}

/// Clocks are below `CLOCK_END_MAX`, and of elements there are no more than clocks.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The ids of the elements that an update makes, whatever it leans on.
pub fn made(update: &[u8]) -> Vec<&str> {
    let mut made = Vec::new();
    let _ = find_made(update, &mut made);
    made
}

fn find_made<'u>(update: &'u [u8], made: &mut Vec<&'u str>) -> Result<(), Refusal> {
    let limits = Limits::stored();
    let mut reader = Reader::new(update);
    let mut values_left = u32::MAX;
    for _ in 0..reader.var_uint()? {
        let structs = reader.var_uint()?;
        let (_client, _clock) = (reader.var_uint()?, reader.clock()?);
        for _ in 0..structs {
            let head = Head::read(&mut reader, &limits)?;
            head.read_content(&mut reader, &limits, &mut values_left)?;
            if let Some(parent) = head.refs.parent
                && let (Owner::Root(ROOT_ELEMENTS), Some(id)) = (parent.owner, parent.key)
                && is_element_id(id)
            {
                made.push(id);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use yrs::block::ClientID;
    use yrs::updates::decoder::Decode;
    use yrs::{
        Any, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, Out, ReadTxn,
        StateVector, Text, TextPrelim, Transact, Update,
    };

    fn doc(client: u64) -> Doc {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        options.cleanup_formatting = false;
        Doc::with_options(options)
    }

    fn element(doc: &Doc, id: &str) -> MapRef {
        let root = doc.get_or_insert_map("elements");
        match root.get(&doc.transact(), id) {
            Some(Out::YMap(map)) => map,
            _ => panic!("no element {id}"),
        }
    }

    fn make(doc: &Doc, id: &str) -> Vec<u8> {
        let root = doc.get_or_insert_map("elements");
        let mut txn = doc.transact_mut();
        let map = root.insert(&mut txn, id, MapPrelim::from([("type", "sticky")]));
        map.insert(&mut txn, "text", TextPrelim::new("one two"));
        txn.encode_update_v1()
    }

    fn set(doc: &Doc, id: &str, key: &str, value: Any) -> Vec<u8> {
        let map = element(doc, id);
        let mut txn = doc.transact_mut();
        map.insert(&mut txn, key, value);
        txn.encode_update_v1()
    }

    fn all(doc: &Doc, since: &StateVector) -> Vec<u8> {
        doc.transact().encode_diff_v1(since)
    }

    fn take(doc: &Doc, update: &[u8]) {
        let update = Update::decode_v1(update).unwrap();
        doc.transact_mut().apply_update(update).unwrap();
    }

    /// `updates` in turn, and what they are to touch.
    fn check(updates: &[(&[u8], &str)]) {
        let mut ledger = Ledger::default();
        for (at, (update, expected)) in updates.iter().enumerate() {
            let mut touched = ledger.take_in(update);
            touched.sort();
            assert_eq!(touched.join(" "), *expected, "by update {at}");
        }
    }

    #[test]
    fn what_is_made_changed_and_taken_away() {
        let one = doc(1);
        let made = [make(&one, "a"), make(&one, "b")];
        let moved = set(&one, "a", "z", "a5".into());
        let again = set(&one, "a", "z", "a6".into());
        let meta = {
            let meta = one.get_or_insert_map("meta");
            let mut txn = one.transact_mut();
            meta.insert(&mut txn, "schema", 1);
            txn.encode_update_v1()
        };
        let (typed, cut, bare) = {
            let Some(Out::YText(text)) = element(&one, "b").get(&one.transact(), "text") else {
                panic!("no text");
            };
            let mut txn = one.transact_mut();
            text.insert(&mut txn, 3, "!");
            let typed = txn.encode_update_v1();
            drop(txn);
            let mut txn = one.transact_mut();
            text.remove_range(&mut txn, 0, 2);
            let cut = txn.encode_update_v1();
            assert_eq!(text.get_string(&txn), "e! two");
            drop(txn);
            let a = element(&one, "a");
            let mut txn = one.transact_mut();
            a.remove(&mut txn, "z");
            (typed, cut, txn.encode_update_v1())
        };
        let gone = {
            let root = one.get_or_insert_map("elements");
            let mut txn = one.transact_mut();
            root.remove(&mut txn, "b");
            txn.encode_update_v1()
        };
        let back = make(&one, "b");
        let whole = all(&one, &StateVector::default());
        check(&[
            (&made[0], "a"),
            (&made[1], "b"),
            (&moved, "a"),
            (&again, "a"),
            (&meta, ""),
            (&typed, "b"),
            (&cut, "b"),
            (&bare, "a"),
            (&gone, "b"),
            (&back, "b"),
            (&whole, ""),
        ]);
        assert_eq!(super::made(&made[1]), ["b"]);
        assert_eq!(super::made(&moved), [""; 0]);
        check(&[(&whole, "a b"), (&made[0], ""), (&cut, "")]);
        check(&[(b"\x01", ""), (&made[0], "a")]);
    }

    #[test]
    fn who_comes_back_touches_only_what_is_new() {
        let (one, other) = (doc(1), doc(2));
        let made = [make(&one, "a"), make(&one, "b")];
        made.iter().for_each(|update| take(&other, update));
        let deleted = set(&one, "a", "box", 1.into());
        let deleted_again = set(&one, "a", "box", 2.into());
        take(&other, &deleted);
        take(&other, &deleted_again);
        let known = other.transact().state_vector();
        set(&other, "b", "box", 3.into());
        make(&other, "c");
        // What a provider sends when it is back: with all deletions that there ever were.
        let step_2 = all(&other, &known);
        check(&[
            (&made[0], "a"),
            (&made[1], "b"),
            (&deleted, "a"),
            (&deleted_again, "a"),
            (&step_2, "b c"),
            (&step_2, ""),
        ]);
    }
}
