//! The network between the nodes, which can be cut. Of two kinds: wires between namespaces (`wires`), on which packets
//! are dropped, where a test may have those; and gates (`gates`), which hold back what they are handed, everywhere else.

use crate::gates::Gates;
use crate::wires::Wires;
use std::path::PathBuf;

/// What does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Anything between the node and other nodes. Clients still reach it.
    Off,
    /// What other nodes say to it.
    Deaf,
    /// What it says to other nodes.
    Mute,
    /// Anything between the node and anybody.
    Gone,
    /// A tenth of all packets between the node and other nodes.
    Lossy,
}

/// Where one node is.
#[derive(Debug)]
pub struct At {
    /// Where it listens for other nodes.
    pub peers: String,
    /// Where it tells them that it does.
    pub advertise: String,
    /// The network that it lives in, if it is not the test's own.
    pub namespace: Option<PathBuf>,
}

#[derive(Debug)]
pub enum Network {
    Gates(Gates),
    Wires(Wires),
}

impl Network {
    /// For so many nodes; with gates, in a network of loopback that begins at this address.
    pub async fn open(nodes: u32, loopback: [u8; 3]) -> (Self, Vec<At>) {
        if Wires::are_here() {
            let (wires, at) = Wires::lay(nodes);
            return (Self::Wires(wires), at);
        }
        let (gates, at) = Gates::open(nodes, loopback).await;
        (Self::Gates(gates), at)
    }

    /// Says which process a node is now, and where clients find it.
    pub fn names(&self, place: usize, process: u32, address: &str) {
        match self {
            Self::Gates(gates) => gates.names(place, process),
            Self::Wires(wires) => wires.names(place, address),
        }
    }

    pub fn can(&self, cut: Cut) -> bool {
        match self {
            Self::Gates(_) => Gates::can(cut),
            Self::Wires(_) => true,
        }
    }

    /// From here on it does not pass between each of these nodes and anybody it is about, one another included.
    pub fn cut(&self, places: &[usize], cut: Cut) {
        match self {
            Self::Gates(gates) => gates.cut(places, cut),
            Self::Wires(wires) => wires.cut(places, cut),
        }
    }

    pub fn heal(&self) {
        match self {
            Self::Gates(gates) => gates.heal(),
            Self::Wires(wires) => wires.heal(),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Gates(_) => "TCP proxies, which hold back what they are handed",
            Self::Wires(_) => "network namespaces, in whose wires nft drops packets",
        }
    }
}
