//! Documents as editors make them, and updates as nobody honest makes them; all from one seed.
// Each test binary uses its part of this.
#![allow(dead_code, unreachable_pub)]

use yrs::block::ClientID;
use yrs::types::Attrs;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Doc, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn,
    Text, TextPrelim, TextRef, Transact, TransactionMut, Update, XmlElementPrelim, XmlFragment,
    XmlTextPrelim,
};

/// SplitMix64: enough for choosing, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `end` - 1.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

pub fn new_doc(client: u64) -> Doc {
    let mut options = Options::with_client_id(ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    options.cleanup_formatting = false;
    Doc::with_options(options)
}

pub fn apply(doc: &Doc, update: &[u8]) {
    doc.transact_mut()
        .apply_update(Update::decode_v1(update).expect("an update"))
        .expect("an update that fits");
}

pub fn state(doc: &Doc) -> Vec<u8> {
    doc.transact()
        .encode_state_as_update_v1(&yrs::StateVector::default())
}

/// Updates of a few editors who now and then hear of each other; every update is one transaction's. The last are
/// whole states and differences.
pub fn honest(dice: &mut Dice) -> Vec<Vec<u8>> {
    let clients = 1 + dice.below(3);
    let docs: Vec<Doc> = (0..clients)
        .map(|client| new_doc(client * 1000 + 1))
        .collect();
    let mut heard = vec![0; docs.len()];
    let mut updates: Vec<Vec<u8>> = Vec::new();
    for _ in 0..dice.below(25) + 5 {
        let who = dice.below(clients) as usize;
        if dice.one_in(3) {
            for update in &updates[heard[who]..] {
                apply(&docs[who], update);
            }
            heard[who] = updates.len();
        }
        let (elements, list, text) = (
            docs[who].get_or_insert_map("elements"),
            docs[who].get_or_insert_array("list"),
            docs[who].get_or_insert_text("text"),
        );
        let xml = docs[who].get_or_insert_xml_fragment("xml");
        let mut txn = docs[who].transact_mut();
        for _ in 0..=dice.below(3) {
            match dice.below(9) {
                0..=3 => edit_map(dice, &mut txn, &elements, 3),
                4 => edit_list(dice, &mut txn, &list, 2),
                5 | 6 => edit_text(dice, &mut txn, &text),
                7 => {
                    if dice.one_in(2) {
                        let at = dice.below(u64::from(xml.len(&txn)) + 1) as u32;
                        let node = xml.insert(&mut txn, at, XmlElementPrelim::empty("node"));
                        node.insert(&mut txn, 0, XmlTextPrelim::new("inside"));
                    } else if xml.len(&txn) > 0 {
                        xml.remove_range(&mut txn, 0, 1);
                    }
                }
                _ => edit_map(dice, &mut txn, &elements, 1),
            }
        }
        updates.push(txn.encode_update_v1());
    }
    let all = new_doc(9);
    for update in &updates {
        apply(&all, update);
    }
    updates.push(state(&all));
    let partial = docs[0].transact().state_vector();
    updates.push(all.transact().encode_state_as_update_v1(&partial));
    updates
}

const KEYS: [&str; 6] = ["a", "b", "type", "text", "box", "data"];

fn edit_map(dice: &mut Dice, txn: &mut TransactionMut<'_>, map: &MapRef, depth: u32) {
    let key = dice.pick(&KEYS);
    match dice.below(7) {
        0 => {
            map.remove(txn, key);
        }
        1 if depth > 0 => {
            let inner = map.insert(txn, key, MapPrelim::from([("type", "sticky")]));
            edit_map(dice, txn, &inner, depth - 1);
        }
        2 => {
            let text = map.insert(txn, key, TextPrelim::new("héllo 😀"));
            edit_text(dice, txn, &text);
        }
        3 => {
            map.insert(txn, key, Any::from(vec![1u8, 2, 3]));
        }
        4 => match map.get(txn, key) {
            Some(yrs::Out::YMap(inner)) => edit_map(dice, txn, &inner, depth.saturating_sub(1)),
            Some(yrs::Out::YText(inner)) => edit_text(dice, txn, &inner),
            Some(yrs::Out::YArray(inner)) => edit_list(dice, txn, &inner, depth.saturating_sub(1)),
            _ => {}
        },
        5 if depth > 0 => {
            let inner = map.insert(txn, key, ArrayPrelim::from([1, 2, 3]));
            edit_list(dice, txn, &inner, depth - 1);
        }
        _ => {
            map.insert(txn, key, any(dice, 2));
        }
    }
}

fn edit_list(dice: &mut Dice, txn: &mut TransactionMut<'_>, list: &ArrayRef, depth: u32) {
    let len = list.len(txn);
    let at = dice.below(u64::from(len) + 1) as u32;
    match dice.below(4) {
        0 if len > 0 => {
            let at = at.min(len - 1);
            list.remove_range(txn, at, 1 + dice.below(u64::from(len - at)) as u32);
        }
        1 if depth > 0 => {
            let inner = list.insert(txn, at, MapPrelim::default());
            edit_map(dice, txn, &inner, depth - 1);
        }
        _ => list.insert_range(
            txn,
            at,
            (0..=dice.below(4))
                .map(|_| any(dice, 1))
                .collect::<Vec<_>>(),
        ),
    }
}

fn edit_text(dice: &mut Dice, txn: &mut TransactionMut<'_>, text: &TextRef) {
    let len = text.len(txn);
    let at = dice.below(u64::from(len) + 1) as u32;
    match dice.below(5) {
        0 if len > 0 => {
            let at = at.min(len - 1);
            text.remove_range(txn, at, 1 + dice.below(u64::from(len - at)) as u32);
        }
        1 if len > 0 => {
            let at = at.min(len - 1);
            let attributes = Attrs::from([(
                "bold".into(),
                if dice.one_in(3) {
                    Any::Null
                } else {
                    true.into()
                },
            )]);
            text.format(
                txn,
                at,
                1 + dice.below(u64::from(len - at)) as u32,
                attributes,
            );
        }
        2 => {
            text.insert_embed(txn, at, any(dice, 1));
        }
        _ => text.insert(
            txn,
            at,
            dice.pick(&["x", "word ", "naïve", "日本", "😀😀", "\u{1}\"\\"]),
        ),
    }
}

fn any(dice: &mut Dice, depth: u32) -> Any {
    match dice.below(if depth == 0 { 5 } else { 7 }) {
        0 => Any::Null,
        1 => Any::Bool(dice.one_in(2)),
        2 => Any::from(dice.below(1 << 40) as i64 - (1 << 39)),
        3 => Any::from(dice.below(1000) as f64 / 7.0),
        4 => Any::from("text"),
        5 => Any::from(
            (0..dice.below(3))
                .map(|_| any(dice, depth - 1))
                .collect::<Vec<_>>(),
        ),
        _ => Any::from(std::collections::HashMap::from([(
            "k".to_owned(),
            any(dice, depth - 1),
        )])),
    }
}

/// An update in the right syntax whose structs lean on whatever the dice say.
pub fn forged(dice: &mut Dice, known: &[(u64, u64)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writers: Vec<(u64, u64)> = known.to_vec();
    writers.extend([(77, 0), (1 << 40, 0)]);
    let clients = 1 + dice.below(writers.len().min(3) as u64) as usize;
    let first = dice.below(writers.len() as u64) as usize;
    let chosen: Vec<(u64, u64)> = (0..clients)
        .map(|at| writers[(first + at) % writers.len()])
        .collect();
    var_uint(&mut out, clients as u64);
    let mut ends: Vec<(u64, u64)> = known.to_vec();
    for (client, end) in chosen {
        let structs = 1 + dice.below(6);
        let start = if dice.one_in(6) {
            dice.below(end + 3)
        } else {
            end
        };
        var_uint(&mut out, structs);
        var_uint(&mut out, client);
        var_uint(&mut out, start);
        let mut clock = start;
        for _ in 0..structs {
            clock += forged_struct(dice, &mut out, (client, clock), &ends);
        }
        ends.retain(|(other, _)| *other != client);
        ends.push((client, clock));
    }
    let deletions = dice.below(ends.len().min(3) as u64 + 1) as usize;
    var_uint(&mut out, deletions as u64);
    for (client, end) in ends.iter().rev().take(deletions) {
        let ranges = dice.below(4);
        let mut clock = 0;
        let mut written = Vec::new();
        for _ in 0..ranges {
            clock += dice.below(end / 2 + 1);
            let len = 1 + dice.below(end / 3 + 1);
            written.push((clock, len));
            clock += len;
        }
        var_uint(&mut out, *client);
        var_uint(&mut out, ranges);
        for (start, len) in written {
            var_uint(&mut out, start);
            var_uint(&mut out, len);
        }
    }
    out
}

fn forged_struct(dice: &mut Dice, out: &mut Vec<u8>, own: (u64, u64), ends: &[(u64, u64)]) -> u64 {
    let kind = dice.pick(&[0u8, 1, 3, 4, 4, 5, 6, 7, 7, 7, 8, 8, 9, 10]);
    if kind == 0 || kind == 10 {
        let len = 1 + dice.below(5);
        out.push(kind);
        var_uint(out, len);
        return len;
    }
    let flags = (dice.below(8) << 5) as u8;
    out.push(kind | flags);
    let push_id = |out: &mut Vec<u8>, dice: &mut Dice| {
        let own_id = (own.0, own.1);
        let (client, end) = if ends.is_empty() || dice.one_in(3) {
            own_id
        } else {
            dice.pick(ends)
        };
        var_uint(out, client);
        let beyond = u64::from(dice.one_in(40));
        var_uint(out, dice.below(end + beyond));
    };
    if flags & 0x80 != 0 {
        push_id(out, dice);
    }
    if flags & 0x40 != 0 {
        push_id(out, dice);
    }
    if flags & 0xc0 == 0 {
        if dice.one_in(2) {
            var_uint(out, 1);
            string(out, dice.pick(&["elements", "list", "text", "xml", "meta"]));
        } else {
            var_uint(out, 0);
            push_id(out, dice);
        }
        if flags & 0x20 != 0 {
            string(out, dice.pick(&KEYS));
        }
    }
    match kind {
        1 => {
            let len = 1 + dice.below(3);
            var_uint(out, len);
            len
        }
        3 => {
            string(out, "bytes");
            1
        }
        4 => {
            let text = dice.pick(&["a", "bcd", "😀", "é😀x"]);
            string(out, text);
            text.encode_utf16().count() as u64
        }
        5 => {
            string(out, "{\"a\":[1,null]}");
            1
        }
        6 => {
            string(out, "bold");
            string(out, dice.pick(&["true", "null", "\"x\""]));
            1
        }
        7 => {
            let shared = dice.pick(&[0u8, 1, 1, 2, 3, 4, 6]);
            out.push(shared);
            if shared == 3 {
                string(out, "div");
            }
            1
        }
        8 => {
            let len = 1 + dice.below(3);
            var_uint(out, len);
            for _ in 0..len {
                out.push(dice.pick(&[127u8, 126, 120, 121]));
            }
            len
        }
        _ => {
            string(out, "guid");
            out.extend([118, 0]);
            1
        }
    }
}

/// Flips, cuts, doubles and swaps a few bytes.
pub fn mangled(dice: &mut Dice, update: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = update.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(out.len() as u64) as usize;
        match dice.below(6) {
            0 => out.truncate(at),
            1 | 2 if !out.is_empty() => out[at] ^= 1 << dice.below(8),
            3 if !out.is_empty() => out[at] = dice.pick(&[0, 1, 2, 7, 10, 127, 128, 255]),
            4 => out.insert(at, dice.below(256) as u8),
            _ if !other.is_empty() => {
                let from = dice.below(other.len() as u64) as usize;
                let to = from + dice.below((other.len() - from) as u64 + 1) as usize;
                out.splice(at..at, other[from..to].iter().copied());
            }
            _ => {}
        }
    }
    out
}

fn string(out: &mut Vec<u8>, text: &str) {
    var_uint(out, text.len() as u64);
    out.extend(text.as_bytes());
}

pub fn var_uint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
