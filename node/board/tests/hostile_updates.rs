//! Single hostile updates, each named: what is refused at the gate, and that the refused is cheap.

mod hostile;

use std::time::{Duration, Instant};

use easel_board::gate::{Limits, Outline, check_update};
use hostile::{apply, new_doc, state, var_uint};
use yrs::{Map, MapPrelim, MapRef, Text, TextPrelim, Transact};

/// Writes an update by hand.
struct Forge {
    blocks: Vec<(u64, u64, u64, Vec<u8>)>,
    deletions: Vec<u8>,
}

impl Forge {
    fn new() -> Forge {
        Forge {
            blocks: Vec::new(),
            deletions: vec![0],
        }
    }

    /// One client's structs from a clock on; each is its bytes.
    fn block(mut self, client: u64, clock: u64, structs: &[&[u8]]) -> Forge {
        self.blocks
            .push((client, clock, structs.len() as u64, structs.concat()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        var_uint(&mut out, self.blocks.len() as u64);
        for (client, clock, count, structs) in &self.blocks {
            var_uint(&mut out, *count);
            var_uint(&mut out, *client);
            var_uint(&mut out, *clock);
            out.extend(structs);
        }
        out.extend(&self.deletions);
        out
    }
}

/// `elements` under key `k` is set to true.
const SET: &[u8] = b"\x28\x01\x08elements\x01k\x01\x78";

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    let found = check_update(bytes, &Limits::board()).map(|_| ());
    let found = found.map_or_else(
        |refusal| format!("{}: {refusal}", refusal.code()),
        |()| "passes".to_owned(),
    );
    assert_eq!(found, expected);
}

#[test]
fn what_is_not_the_format_is_refused() {
    check(&Forge::new().block(1, 0, &[SET]).bytes(), "passes");
    let mut longer = Forge::new().block(1, 0, &[SET]).bytes();
    longer.push(0);
    check(&longer, "bad-update: the update goes on after its end");
    check(
        &longer[..longer.len() - 4],
        "bad-update: the update ends in the middle",
    );
    check(
        &Forge::new().block(1, 0, &[SET]).block(1, 5, &[SET]).bytes(),
        "bad-update: the update holds a client twice, which is no part of the format",
    );
    check(
        &Forge::new().block(1, 0, &[]).bytes(),
        "bad-update: the update holds a client without structs, which is no part of the format",
    );
    check(
        &Forge::new().block(1, 0, &[b"\x04\x01\x01t\x00"]).bytes(),
        "bad-update: the update holds an empty struct or deletion, which is no part of the format",
    );
    check(
        &Forge::new()
            .block(1, 0, &[b"\x04\x01\x01t\x02\xc3\x28"])
            .bytes(),
        "bad-update: a text of the update is not UTF-8",
    );
    check(
        &Forge::new()
            .block(1, 0, &[b"\x06\x01\x01t\x01b\x05[1,2}"])
            .bytes(),
        "bad-update: a formatting value of the update is not JSON",
    );
    check(
        &Forge::new().block(1, 0, &[b"\x0b\x01\x01t\x01"]).bytes(),
        "bad-update: the update holds an unknown kind of content, which is no part of the format",
    );
    check(
        &Forge::new().block(1, 0, &[b"\x84\x01\x07\x01x"]).bytes(),
        "bad-update: the update holds a reference into its own future, which is no part of the format",
    );
    check(
        &Forge::new().block(1, (1 << 31) - 2, &[SET, SET]).bytes(),
        "bad-update: a number of the update is out of range",
    );
    check(
        &Forge::new().block(1 << 53, 0, &[SET]).bytes(),
        "bad-update: a number of the update is out of range",
    );
}

#[test]
fn what_a_library_would_not_survive_is_refused() {
    // yrs 0.28 reads one string too many from the obsolete kind, and none from an XML hook.
    check(
        &Forge::new()
            .block(1, 0, &[b"\x02\x01\x01t\x01\x011"])
            .bytes(),
        "update-not-supported: the update holds content of a kind that yjs gave up, which is not taken here",
    );
    check(
        &Forge::new()
            .block(1, 0, &[b"\x07\x01\x01t\x05\x01h"])
            .bytes(),
        "update-not-supported: the update holds an XML hook, which is not taken here",
    );
    check(
        &Forge::new()
            .block(1, 0, &[b"\x29\x01\x01t\x01k\x04guid\x76\x00"])
            .bytes(),
        "update-not-supported: the update holds a document inside the document, which is not taken here",
    );
    check(
        &Forge::new()
            .block(
                1,
                0,
                &[b"\x28\x01\x01t\x01k\x01\x7a\x00\x00\x00\x00\x00\x00\x00\x05"],
            )
            .bytes(),
        "update-not-supported: the update holds a big integer, which is not taken here",
    );
}

#[test]
fn forged_counts_reserve_nothing() {
    for count in [[0xff, 0xff, 0xff, 0x7f], [0xff, 0xff, 0xff, 0x07]] {
        let mut update = count.to_vec();
        update.extend([1, 0, 0]);
        assert!(check_update(&update, &Limits::raw()).is_err());
        let mut update = vec![1];
        update.extend(count);
        update.extend([1, 0, 0]);
        assert!(check_update(&update, &Limits::raw()).is_err());
        for kind in [117, 118] {
            let mut set = SET[..SET.len() - 1].to_vec();
            set.push(kind);
            set.extend(count);
            assert!(
                check_update(&Forge::new().block(1, 0, &[&set]).bytes(), &Limits::raw()).is_err()
            );
        }
    }
}

#[test]
fn a_hundred_megabytes_of_anything_are_refused_at_once() {
    let started = Instant::now();
    for byte in [0x00, 0x01, 0x75, 0x80, 0xff] {
        let garbage = vec![byte; 100 << 20];
        assert!(check_update(&garbage, &Limits::board()).is_err());
        let unbounded = Limits {
            bytes_max: usize::MAX,
            ..Limits::raw()
        };
        assert!(check_update(&garbage, &unbounded).is_err());
    }
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn plain_values_nest_only_so_deep() {
    let nested = |depth: usize| {
        let mut set = SET[..SET.len() - 1].to_vec();
        set.extend([117, 1].repeat(depth));
        set.push(120);
        Forge::new().block(1, 0, &[&set]).bytes()
    };
    check(&nested(32), "passes");
    check(
        &nested(33),
        "update-too-large: values of the update are nested too deeply; at most 32 levels are taken",
    );
    assert!(check_update(&nested(1_000_000), &Limits::raw()).is_err());
}

/// Maps inside maps from one client, the first under `elements`.
fn nest(client: u64, depth: u64) -> Vec<u8> {
    let mut structs = vec![b"\x27\x01\x08elements\x01k\x01".to_vec()];
    for clock in 0..depth - 1 {
        let mut inner = vec![0x27, 0];
        var_uint(&mut inner, client);
        var_uint(&mut inner, clock);
        inner.extend(b"\x01k\x01");
        structs.push(inner);
    }
    let structs: Vec<&[u8]> = structs.iter().map(Vec::as_slice).collect();
    Forge::new().block(client, 0, &structs).bytes()
}

#[test]
fn shared_types_nest_only_so_deep_even_bit_by_bit() {
    let limits = Limits::board();
    assert!(Outline::default().admit(&nest(1, 64), &limits).is_ok());
    assert_eq!(
        Outline::default()
            .admit(&nest(1, 65), &limits)
            .unwrap_err()
            .code(),
        "update-too-large"
    );
    assert!(
        Outline::default()
            .admit(&nest(1, 400_000), &limits)
            .is_err()
    );
    let mut outline = Outline::default();
    outline.admit(&nest(1, 64), &limits).unwrap();
    let deeper = Forge::new()
        .block(1, 64, &[b"\x27\x00\x01\x3f\x01k\x01"])
        .bytes();
    assert!(check_update(&deeper, &limits).is_ok());
    assert_eq!(
        outline.admit(&deeper, &limits).unwrap_err().code(),
        "update-too-large"
    );
}

#[test]
fn what_may_be_nested_at_most_can_be_deleted() {
    let doc = new_doc(5);
    let limits = Limits::raw();
    let update = nest(1, u64::from(limits.nesting_max));
    Outline::default().admit(&update, &limits).unwrap();
    apply(&doc, &update);
    doc.get_or_insert_map("elements")
        .clear(&mut doc.transact_mut());
    assert!(state(&doc).len() < update.len());
}

#[test]
fn structs_that_lean_on_each_other_are_refused() {
    // 1:0 stands behind 2:0, and 2:0 behind 1:0.
    let circle = Forge::new()
        .block(2, 0, &[b"\x84\x01\x00\x01x"])
        .block(1, 0, &[b"\x84\x02\x00\x01x"])
        .bytes();
    assert!(
        check_update(&circle, &Limits::board())
            .unwrap()
            .needs
            .is_empty()
    );
    assert_eq!(
        Outline::default()
            .admit(&circle, &Limits::board())
            .unwrap_err()
            .code(),
        "bad-update"
    );
    let chain = Forge::new()
        .block(2, 0, &[b"\x84\x01\x00\x01x"])
        .block(1, 0, &[b"\x04\x01\x01t\x01x"])
        .bytes();
    Outline::default().admit(&chain, &Limits::board()).unwrap();
}

#[test]
fn nothing_stands_between_two_lists_or_in_a_value() {
    let doc = new_doc(1);
    let elements = doc.get_or_insert_map("elements");
    let map: MapRef = elements.insert(&mut doc.transact_mut(), "a", MapPrelim::from([("x", 1)])); // 1:0, 1:1
    map.insert(&mut doc.transact_mut(), "text", TextPrelim::new("ab")); // 1:2, 1:3, 1:4
    doc.get_or_insert_text("t")
        .push(&mut doc.transact_mut(), "cd"); // 1:5, 1:6
    let refused = |structs: &[&[u8]], client: u64, clock: u64| {
        let mut outline = Outline::default();
        outline.learn(&state(&doc));
        let update = Forge::new().block(client, clock, structs).bytes();
        check_update(&update, &Limits::board()).unwrap();
        let found = outline.admit(&update, &Limits::board());
        found.map_or_else(|refusal| refusal.to_string(), |()| "passes".to_owned())
    };
    let two_lists = "the update holds an item between two lists, which is no part of the format";
    assert_eq!(refused(&[b"\xc4\x01\x03\x01\x04\x01x"], 2, 0), "passes");
    assert_eq!(refused(&[b"\xc4\x01\x03\x01\x05\x01x"], 2, 0), two_lists);
    assert_eq!(refused(&[b"\xc4\x01\x03\x01\x01\x01x"], 2, 0), two_lists);
    // The known half of a text says that it is elsewhere.
    assert_eq!(refused(&[b"\x04\x01\x01t\x03cde"], 1, 5), "passes");
    assert_eq!(refused(&[b"\x04\x01\x01u\x03cde"], 1, 5), two_lists);
    assert_eq!(
        refused(&[b"\x28\x00\x01\x01\x01k\x01\x78"], 2, 0),
        "the update holds a parent that can hold nothing, which is no part of the format"
    );
    assert_eq!(
        refused(&[b"\x26\x00\x01\x00\x01k\x01b\x04true"], 2, 0),
        "the update holds formatting under a key, which is no part of the format"
    );
}

#[test]
fn as_many_clients_as_may_come_at_once_do_not_exhaust_the_stack() {
    // The client that yrs takes first waits for a chain through all others, which then are found empty.
    let limits = Limits::board();
    let clients = u64::from(limits.clients_max);
    let mut forge = Forge::new();
    for client in (2..=clients).rev() {
        let mut behind = vec![0x84];
        var_uint(&mut behind, client - 1);
        behind.extend(b"\x00\x01x");
        forge = forge.block(client, 0, &[&behind]);
    }
    let update = forge.block(1, 0, &[b"\x04\x01\x01t\x01x"]).bytes();
    check_update(&update, &limits).unwrap();
    Outline::default().admit(&update, &limits).unwrap();
    let started = Instant::now();
    apply(&new_doc(5), &update);
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "{:?}",
        started.elapsed()
    );
}
