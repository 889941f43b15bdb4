//! Partitions without privileges: the nodes reach one another through gates, which can hold what they are handed.
//!
//! Which node is at the other end of a connection is looked up in `/proc`, since all of them come from loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const PORT: u16 = 7080;

/// Addresses of one node.
#[derive(Debug)]
pub struct At {
    /// Where it listens.
    pub peers: String,
    /// Where it says that it does.
    pub gate: String,
}

#[derive(Debug)]
pub struct Gates {
    /// The nodes that are cut off, from one another too.
    cut: watch::Sender<Vec<usize>>,
    processes: Processes,
}

/// The process of each node.
type Processes = Arc<Mutex<Vec<Option<u32>>>>;

impl Gates {
    /// A gate for each of so many nodes, in a network that begins at this address.
    pub async fn open(nodes: u32, network: [u8; 3]) -> (Self, Vec<At>) {
        let [a, b, c] = network;
        let cut = watch::Sender::new(Vec::new());
        let processes = Processes::new(Mutex::new(vec![None; nodes as usize]));
        let mut at = Vec::new();
        for place in 0..nodes as usize {
            let last = c + 2 * u8::try_from(place).expect("few nodes");
            let peers = SocketAddr::from(([127, a, b, last], PORT));
            let gate = TcpListener::bind(SocketAddr::from(([127, a, b, last + 1], PORT)));
            let gate = gate.await.expect("nobody else has this address");
            at.push(At {
                peers: peers.to_string(),
                gate: gate.local_addr().expect("it is bound").to_string(),
            });
            let way = Way {
                to: place,
                cut: cut.subscribe(),
                processes: processes.clone(),
            };
            tokio::spawn(keep(gate, peers, way));
        }
        (Self { cut, processes }, at)
    }

    pub fn names(&self, place: usize, process: u32) {
        self.processes.lock().expect("no panic")[place] = Some(process);
    }

    pub fn cut_off(&self, places: &[usize]) {
        self.cut.send_replace(places.to_vec());
    }

    pub fn heal(&self) {
        self.cut.send_replace(Vec::new());
    }
}

/// What a connection through a gate knows of itself.
#[derive(Debug, Clone)]
struct Way {
    to: usize,
    cut: watch::Receiver<Vec<usize>>,
    processes: Processes,
}

impl Way {
    /// Returns when bytes may pass between the node behind this address and the node behind the gate.
    async fn open(&mut self, from: SocketAddr, at: SocketAddr) {
        let (to, processes) = (self.to, &self.processes);
        let is_of = |node: &usize| {
            let process = processes.lock().expect("no panic")[*node];
            process.is_some_and(|process| holds(process, from, at))
        };
        let passes = |cut: &Vec<usize>| !cut.contains(&to) && !cut.iter().any(is_of);
        let _ = self.cut.wait_for(passes).await;
    }
}

async fn keep(gate: TcpListener, node: SocketAddr, way: Way) {
    while let Ok((stream, from)) = gate.accept().await {
        let way = way.clone();
        tokio::spawn(async move {
            let at = stream.local_addr();
            let (Ok(at), Ok(onward)) = (at, TcpStream::connect(node).await) else {
                return;
            };
            let _ = (stream.set_nodelay(true), onward.set_nodelay(true));
            let (there, back) = (stream.into_split(), onward.into_split());
            let ends = (from, at);
            tokio::join!(
                pass(there.0, back.1, way.clone(), ends),
                pass(back.0, there.1, way, ends),
            );
        });
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut way: Way,
    ends: (SocketAddr, SocketAddr),
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer).await {
        // A cut hides the end of a connection as well.
        way.open(ends.0, ends.1).await;
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
