//! What the end-to-end suites share: real nodes as real processes, and clients that speak to them over the network.
//!
//! The suites are in `tests/`. None of them reaches into the server: they start the binary, talk to its ports, kill it
//! and look at what is left.

pub mod apart;
pub mod client;
pub mod cluster;
pub mod gates;
pub mod group;
pub mod network;
pub mod node;
pub mod people;
pub mod s3;
pub mod small_disk;
pub mod stock;
pub mod turn;
pub mod wait;
pub mod wires;

pub use client::{Client, Closed, Dialect};
pub use cluster::Cluster;
pub use group::Group;
pub use network::Cut;
pub use node::{Node, NodeOptions};
pub use stock::Stock;
pub use turn::turn;
pub use wait::{within, within_for};
