//! Partitions without privileges: the nodes reach one another through gates, which can hold what they are handed.
//!
//! Which node is at the other end of a connection is looked up in `/proc`, since all of them come from loopback.

use crate::network::{At, Cut};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const PORT: u16 = 7080;

#[derive(Debug)]
pub struct Gates {
    severed: watch::Sender<Option<Severed>>,
    processes: Processes,
}

/// The nodes that are cut off, from one another too.
#[derive(Debug, Clone)]
struct Severed {
    places: Vec<usize>,
    cut: Cut,
}

/// The process of each node.
type Processes = Arc<Mutex<Vec<Option<u32>>>>;

impl Gates {
    /// A gate for each of so many nodes, in a network that begins at this address.
    pub async fn open(nodes: u32, network: [u8; 3]) -> (Self, Vec<At>) {
        let [a, b, c] = network;
        let severed = watch::Sender::new(None);
        let processes = Processes::new(Mutex::new(vec![None; nodes as usize]));
        let mut at = Vec::new();
        for place in 0..nodes as usize {
            let last = c + 2 * u8::try_from(place).expect("few nodes");
            let peers = SocketAddr::from(([127, a, b, last], PORT));
            let gate = TcpListener::bind(SocketAddr::from(([127, a, b, last + 1], PORT)));
            let gate = gate.await.expect("nobody else has this address");
            at.push(At {
                peers: peers.to_string(),
                advertise: gate.local_addr().expect("it is bound").to_string(),
                namespace: None,
            });
            let (severed, processes) = (severed.subscribe(), processes.clone());
            let way = move |ends| Way {
                to: place,
                severed: severed.clone(),
                processes: processes.clone(),
                ends,
            };
            tokio::spawn(keep(gate, peers, way));
        }
        (Self { severed, processes }, at)
    }

    pub fn names(&self, place: usize, process: u32) {
        self.processes.lock().expect("no panic")[place] = Some(process);
    }

    /// Clients do not pass here, and of what is handed in nothing may be missing.
    pub fn can(cut: Cut) -> bool {
        match cut {
            Cut::Off | Cut::Deaf | Cut::Mute => true,
            Cut::Gone | Cut::Lossy => false,
        }
    }

    pub fn cut(&self, places: &[usize], cut: Cut) {
        assert!(Self::can(cut), "gates cannot do {cut:?}");
        let places = places.to_vec();
        self.severed.send_replace(Some(Severed { places, cut }));
    }

    pub fn heal(&self) {
        self.severed.send_replace(None);
    }
}

/// What a connection through a gate knows of itself.
#[derive(Debug, Clone)]
struct Way {
    to: usize,
    severed: watch::Receiver<Option<Severed>>,
    processes: Processes,
    /// The caller's end, and the gate's.
    ends: (SocketAddr, SocketAddr),
}

/// Which way bytes go through a gate.
#[derive(Debug, Clone, Copy)]
enum Towards {
    Node,
    Caller,
}

impl Way {
    /// Returns when bytes may pass between the node that called and the node behind the gate.
    async fn open(&mut self, towards: Towards) {
        let (to, processes, ends) = (self.to, &self.processes, self.ends);
        let called = |node: &usize| {
            let process = processes.lock().expect("no panic")[*node];
            process.is_some_and(|process| holds(process, ends.0, ends.1))
        };
        let passes = |severed: &Option<Severed>| {
            let Some(Severed { places, cut }) = severed else {
                return true;
            };
            let behind = || places.contains(&to);
            let caller = || places.iter().any(called);
            let (says, hears): (&dyn Fn() -> bool, &dyn Fn() -> bool) = match towards {
                Towards::Node => (&caller, &behind),
                Towards::Caller => (&behind, &caller),
            };
            match cut {
                Cut::Deaf => !hears(),
                Cut::Mute => !says(),
                Cut::Off | Cut::Gone | Cut::Lossy => !behind() && !caller(),
            }
        };
        let _ = self.severed.wait_for(passes).await;
    }
}

async fn keep(gate: TcpListener, node: SocketAddr, way: impl Fn((SocketAddr, SocketAddr)) -> Way) {
    while let Ok((stream, from)) = gate.accept().await {
        let Ok(at) = stream.local_addr() else {
            continue;
        };
        let way = way((from, at));
        tokio::spawn(async move {
            let Ok(onward) = TcpStream::connect(node).await else {
                return;
            };
            let _ = (stream.set_nodelay(true), onward.set_nodelay(true));
            let (there, back) = (stream.into_split(), onward.into_split());
            tokio::join!(
                pass(there.0, back.1, way.clone(), Towards::Node),
                pass(back.0, there.1, way, Towards::Caller),
            );
        });
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: Way, towards: Towards) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer).await {
        // A cut hides the end of a connection as well.
        way.open(towards).await;
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// Whether this process has the end `own` of a connection to `other`.
fn holds(process: u32, own: SocketAddr, other: SocketAddr) -> bool {
    let Some(socket) = inode(own, other) else {
        return false;
    };
    let wanted = format!("socket:[{socket}]");
    let Ok(files) = std::fs::read_dir(format!("/proc/{process}/fd")) else {
        return false;
    };
    files
        .flatten()
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .any(|target| target.to_string_lossy() == wanted)
}

fn inode(own: SocketAddr, other: SocketAddr) -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let (own, other) = (in_table(own)?, in_table(other)?);
    table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let found =
            columns.get(1) == Some(&own.as_str()) && columns.get(2) == Some(&other.as_str());
        found.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
    })
}

/// As `/proc/net/tcp` writes it.
fn in_table(address: SocketAddr) -> Option<String> {
    let SocketAddr::V4(address) = address else {
        return None;
    };
    let ip = u32::from_ne_bytes(address.ip().octets());
    Some(format!("{ip:08X}:{:04X}", address.port()))
}
