//! How a node meets others: the section `[cluster]`, and the addresses in it, which may be names.

use super::{Config, MaybeAddress};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cluster {
    /// What the cluster is called; empty: nothing.
    pub(crate) name: String,
    /// Peer addresses of nodes to ask to be let in, and to look for the others at.
    pub(crate) join: HostPorts,
    /// What lets this node in. Read once.
    pub(crate) join_token_file: PathBuf,
    /// Where the others reach this node; empty: where it listens.
    pub(crate) advertise: String,
}

/// `host:port`, any number of them: a list, or in an environment variable with commas between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ListOrText")]
pub(crate) struct HostPorts(pub(crate) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum ListOrText {
    List(Vec<String>),
    Text(String),
}

impl From<ListOrText> for HostPorts {
    fn from(written: ListOrText) -> HostPorts {
        let parts = match written {
            ListOrText::List(parts) => parts,
            ListOrText::Text(text) => text.split(',').map(str::to_owned).collect(),
        };
        let parts = parts.into_iter().map(|part| part.trim().to_owned());
        HostPorts(parts.filter(|part| !part.is_empty()).collect())
    }
}

impl Cluster {
    pub(super) fn none() -> Cluster {
        Cluster {
            name: String::new(),
            join: HostPorts::default(),
            join_token_file: PathBuf::new(),
            advertise: String::new(),
        }
    }
}

/// What of it cannot be meant.
pub(super) fn wrong(config: &Config) -> Vec<String> {
    let Cluster {
        join, advertise, ..
    } = &config.cluster;
    let mut wrong = Vec::new();
    let mut check = |key: &str, text: &str| {
        if !is_host_port(text) {
            wrong.push(format!(
                "{key}: \"{text}\" is not a host with a port; write for example \"10.0.0.7:7080\" or \"node-2.lan:7080\""
            ));
        }
    };
    for address in &join.0 {
        check("cluster.join", address);
    }
    if !advertise.is_empty() {
        check("cluster.advertise", advertise);
    }
    let MaybeAddress(peers) = config.listen.peers;
    match peers {
        None if !join.0.is_empty() || !advertise.is_empty() => wrong.push(
            "cluster.join or cluster.advertise is set, and listen.peers is not; nodes meet at listen.peers".to_owned(),
        ),
        Some(at) if at.ip().is_unspecified() && advertise.is_empty() => wrong.push(format!(
            "listen.peers is {at}, where nobody can be reached; set cluster.advertise to this machine's own address"
        )),
        Some(_) | None => {}
    }
    for (key, at) in [
        ("listen.http", Some(config.listen.http.0)),
        ("listen.ops", config.listen.ops.0),
    ] {
        if peers.is_some() && peers == at && peers.is_some_and(|at| at.port() != 0) {
            wrong.push(format!(
                "{key} and listen.peers are the same address; give them different ports"
            ));
        }
    }
    wrong
}

fn is_host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let is_bare_v6 = host.contains(':') && !host.starts_with('[');
    !host.is_empty() && !is_bare_v6 && port.parse::<u16>().is_ok_and(|port| port != 0)
}

#[cfg(test)]
mod tests {
    use super::is_host_port;

    #[test]
    fn an_address_of_a_node_has_a_host_and_a_port() {
        for good in ["10.0.0.7:7080", "node-2.lan:7080", "[2001:db8::1]:7080"] {
            assert!(is_host_port(good), "{good}");
        }
        for bad in [
            "",
            "10.0.0.7",
            ":7080",
            "node:0",
            "node:port",
            "2001:db8::1:7080",
        ] {
            assert!(!is_host_port(bad), "{bad}");
        }
    }
}
