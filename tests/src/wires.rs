//! Partitions as a network has them: each node lives in a namespace of its own, a wire leads from there to a common
//! switch, and what is cut is dropped on its way, without a word to anybody. So connections stay half open, and TCP sends
//! again, ever more rarely.
//!
//! Clients are where the test is. A node is handed its socket for them from there, so they reach it whatever is cut
//! between the nodes; cutting that too drops the packets of its port.
//!
//! Only in a process that has a network of its own (`apart`), so no two runs meet, and none leaves anything behind.

use crate::apart::Own;
use crate::network::{At, Cut};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

const NAMESPACES: &str = "/run/netns";
const PORT: u16 = 7080;
/// Of a hundred packets.
const LOST: u8 = 10;

/// Does once all that is done here, so that whoever may not do it is told before anything depends on it.
pub const TRIAL: &str = "\
    mount -t tmpfs tmpfs /run && mkdir /run/netns; ip link set lo up; ip link add switch type bridge; ip netns add node; \
    ip link add wire type veth peer name eth0 netns node; ip link set wire master switch up; \
    nsenter --net=/run/netns/node setpriv --pdeathsig KILL true; \
    printf 'table bridge cut {\\nchain forward {\\ntype filter hook forward priority 0\\nnumgen random mod 100 < 10 drop\\n}\\n}\\n\
    table inet cut {\\nchain input {\\ntype filter hook input priority 0\\ntcp dport { 1, 2 } drop\\n}\\n}\\n' | nft -f -";

#[derive(Debug)]
pub struct Wires {
    /// The port at which clients find each node.
    ports: Mutex<Vec<Option<u16>>>,
}

impl Wires {
    pub fn are_here() -> bool {
        Own::Network.is_here()
    }

    /// From each of so many namespaces to a switch. Once in a process.
    pub fn lay(nodes: u32) -> (Self, Vec<At>) {
        // Who is root of a user namespace only may not write to the machine's.
        run("mount", &["-t", "tmpfs", "tmpfs", "/run"]);
        std::fs::create_dir(NAMESPACES).expect("a folder");
        ip("link set lo up");
        ip("link add switch type bridge forward_delay 0 stp_state 0");
        ip("link set switch up");
        let mut at = Vec::new();
        for place in 0..nodes {
            let (wire, node) = (wire(place as usize), namespace(place as usize));
            let host = format!("10.77.0.{}", 11 + place);
            ip(&format!("netns add {wire}"));
            ip(&format!(
                "link add {wire} type veth peer name eth0 netns {wire}"
            ));
            ip(&format!("link set {wire} master switch up"));
            ip(&format!("-n {wire} addr add {host}/24 dev eth0"));
            ip(&format!("-n {wire} link set lo up"));
            ip(&format!("-n {wire} link set eth0 up"));
            let peers = format!("{host}:{PORT}");
            at.push(At {
                advertise: peers.clone(),
                peers,
                namespace: Some(node),
            });
        }
        let ports = Mutex::new(vec![None; nodes as usize]);
        (Self { ports }, at)
    }

    pub fn names(&self, place: usize, address: &str) {
        let port = address
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        self.ports.lock().expect("no panic")[place] = Some(port.expect("an address has a port"));
    }

    pub fn cut(&self, places: &[usize], cut: Cut) {
        let wires = set(places.iter().map(|place| format!("\"{}\"", wire(*place))));
        let (from, to) = (format!("iifname {wires}"), format!("oifname {wires}"));
        let between = match cut {
            Cut::Off | Cut::Gone => vec![format!("{from} drop"), format!("{to} drop")],
            Cut::Deaf => vec![format!("{to} drop")],
            Cut::Mute => vec![format!("{from} drop")],
            Cut::Lossy => {
                let some = format!("numgen random mod 100 < {LOST} drop");
                vec![format!("{from} {some}"), format!("{to} {some}")]
            }
        };
        let mut rules = table("bridge", "forward", &between);
        if cut == Cut::Gone {
            let ports = self.ports.lock().expect("no panic");
            let ports = set(places.iter().map(|place| {
                let port = ports[*place].expect("the node has been started");
                port.to_string()
            }));
            let clients = [
                format!("tcp dport {ports} drop"),
                format!("tcp sport {ports} drop"),
            ];
            rules.push_str(&table("inet", "input", &clients));
        }
        nft(&rules);
    }

    pub fn heal(&self) {
        nft("flush ruleset\n");
    }
}

/// The name of a node's wire, of the namespace that it leads to too.
fn wire(place: usize) -> String {
    format!("node-{}", place + 1)
}

fn namespace(place: usize) -> PathBuf {
    Path::new(NAMESPACES).join(wire(place))
}

fn table(family: &str, hook: &str, rules: &[String]) -> String {
    let mut table =
        format!("table {family} cut {{\nchain {hook} {{\ntype filter hook {hook} priority 0\n");
    for rule in rules {
        let _ = writeln!(table, "{rule}");
    }
    table.push_str("}\n}\n");
    table
}

fn set(of: impl Iterator<Item = String>) -> String {
    format!("{{ {} }}", of.collect::<Vec<_>>().join(", "))
}

fn ip(words: &str) {
    run("ip", &words.split(' ').collect::<Vec<_>>());
}

fn nft(rules: &str) {
    let spawned = (Command::new("nft").args(["-f", "-"]))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut nft = spawned.expect("nft is there");
    let mut stdin = nft.stdin.take().expect("it is piped");
    stdin.write_all(rules.as_bytes()).expect("nft reads");
    drop(stdin);
    let output = nft.wait_with_output().expect("nft ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nft: {said}\n{rules}");
}

fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {said}");
}
