//! The joiner's side: an empty folder, a token, and somewhere to ask.
//!
//! The node's key is made and on disk before anything is asked, so whatever is cut off can be tried again with the same
//! token: the leader answers the same key as before. `node.json` comes last; until then the folder is nobody's.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use easel_storage::nodes::NodePlace;
use easel_storage::{ClusterId, InstanceId};
use rustls::pki_types::CertificateDer;

use super::keys::{Known, PeerFolder, wall_ms};
use super::token::{JoinToken, fingerprint};
use super::wire::{self, Answer, Ask, Join, Joined, Kind};
use crate::error::StartError;
use crate::folder::{Content, FIRST_NODE, Folder, NodeFile};
use crate::network::frame::FrameError;
use crate::network::wire::VERSION as PEER_FORMAT;
use crate::tls;

const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(40);
/// A cluster that cannot let anybody in now is asked again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const HOPS_MAX: usize = 4;

/// How a node comes in.
#[derive(Debug, Clone)]
pub struct JoinOptions {
    /// Where to ask: any node's peer address.
    pub seeds: Vec<String>,
    /// What `Members::offer_join` gave.
    pub token: String,
    /// Where the others will find this node. It must be listened on already.
    pub address: String,
    /// Where people will.
    pub url: String,
    /// The release of this program.
    pub version: String,
    /// What the cluster should be called; empty: anything.
    pub cluster_name: String,
}

/// Why a node did not come in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The text is no token.
    #[error(
        "that is not a join token (easel-join-1. and two parts of 43 characters): make one with `easel cluster join-token`"
    )]
    NotAToken,
    /// The cluster says no, and would again.
    #[error("the cluster does not let this node in: {0}")]
    Refused(String),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] StartError),
    /// The node's key or certificate could not be written.
    #[error("cannot write the node's key in {}: {error}", dir.display())]
    Key {
        /// The data folder.
        dir: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// A folder that no node lives in yet, held for one that wants to join.
#[derive(Debug)]
pub struct Vacant {
    dir: PathBuf,
    folder: Folder,
}

/// The cluster's yes, not yet written down.
#[derive(Debug)]
pub struct Joining {
    vacant: Vacant,
    joined: Joined,
}

/// Why one attempt came to nothing.
enum Failed {
    /// It would be the same again.
    Refused(String),
    NotNow(String),
}

impl Vacant {
    /// `None` when a node lives there already: it just starts.
    pub fn take(dir: &Path) -> Result<Option<Self>, StartError> {
        let folder = Folder::lock(dir)?;
        let is_vacant = match folder.content()? {
            Content::Empty => true,
            // A first start that was cut off. Nothing was ever accepted there.
            Content::Forming(node) => node.node == FIRST_NODE,
            Content::Whole(_) | Content::OldLog(_) => false,
        };
        let dir = dir.to_owned();
        Ok(is_vacant.then_some(Self { dir, folder }))
    }

    /// Asks until the cluster says yes or no. While it cannot be asked this goes on, and says why in the log.
    pub async fn ask(self, options: &JoinOptions) -> Result<Joining, JoinError> {
        let token = JoinToken::parse(&options.token).ok_or(JoinError::NotAToken)?;
        let key = PeerFolder::of(&self.dir).key();
        let key = key.map_err(|error| JoinError::Key {
            dir: self.dir.clone(),
            error,
        })?;
        let mut told = String::new();
        loop {
            for seed in &options.seeds {
                match ask_from(seed, &token, key.public(), options).await {
                    Ok(joined) => {
                        return Ok(Joining {
                            vacant: self,
                            joined,
                        });
                    }
                    Err(Failed::Refused(why)) => return Err(JoinError::Refused(why)),
                    Err(Failed::NotNow(why)) if why != told => {
                        tracing::warn!(%why, "cannot join yet; trying on");
                        told = why;
                    }
                    Err(Failed::NotNow(_)) => {}
                }
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

impl Joining {
    /// The installation's master key, to be kept before [`Joining::settle`].
    pub fn master(&self) -> &str {
        &self.joined.master
    }

    /// What this node is called from now on.
    pub fn node(&self) -> u64 {
        self.joined.node
    }

    /// Makes the folder this node's. From then on it only has to be started.
    pub fn settle(self) -> Result<(), JoinError> {
        let joined = self.joined;
        let certificate = CertificateDer::from(joined.certificate);
        let authority = CertificateDer::from(joined.authority);
        let known = Known::signed_now(joined.nodes);
        let kept = PeerFolder::of(&self.vacant.dir).keep(&certificate, &authority, &known);
        kept.map_err(|error| JoinError::Key {
            dir: self.vacant.dir.clone(),
            error,
        })?;
        self.vacant.folder.begin_forming(&NodeFile {
            cluster: ClusterId::from_bytes(joined.cluster),
            node: joined.node,
            instance: InstanceId::from_bytes(joined.instance),
        })?;
        Ok(())
    }
}

async fn ask_from(
    seed: &str,
    token: &JoinToken,
    public_key: &[u8],
    options: &JoinOptions,
) -> Result<Joined, Failed> {
    let mut address = seed.to_owned();
    for _ in 0..HOPS_MAX {
        let join = Ask::Join(Join {
            secret: token.secret,
            public_key: public_key.to_vec(),
            place: NodePlace {
                address: options.address.clone(),
                url: options.url.clone(),
                version: options.version.clone(),
            },
            at_ms: wall_ms(),
            peer_format: PEER_FORMAT,
            cluster_name: options.cluster_name.clone(),
        });
        match ask_at(&address, token, &join).await? {
            Answer::Joined(joined) => return check(joined, token, &address),
            Answer::Leader { address: there } => address = there,
            Answer::Refused {
                kind: Kind::Unavailable,
                why,
            } => return Err(Failed::NotNow(format!("{address}: {why}"))),
            Answer::Refused { why, .. } => return Err(Failed::Refused(why)),
            other @ (Answer::Done
            | Answer::Removed
            | Answer::Token { .. }
            | Answer::Transferred { .. }) => {
                let why = format!("{address} gave the answer to another question: {other:?}");
                return Err(Failed::Refused(why));
            }
        }
    }
    Err(Failed::NotNow("no node leads at the moment".to_owned()))
}

async fn ask_at(address: &str, token: &JoinToken, ask: &Ask) -> Result<Answer, Failed> {
    let calling = tls::call_to_join(token.authority, address);
    let stream = match tokio::time::timeout(CONNECT_WAIT_MAX, calling).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) if tls::is_foreign(&error) => {
            return Err(Failed::Refused(format!(
                "the node at {address} is of another cluster than the token"
            )));
        }
        Ok(Err(error)) => return Err(Failed::NotNow(format!("{address}: {error}"))),
        Err(_) => return Err(Failed::NotNow(format!("{address}: no connection in time"))),
    };
    match wire::ask(stream, 0, ask, ANSWER_WAIT_MAX).await {
        Ok(answer) => Ok(answer),
        Err(error @ (FrameError::OtherVersion { .. } | FrameError::Decode(_))) => {
            Err(Failed::Refused(format!(
                "{address}: {error}; run the release that the cluster runs"
            )))
        }
        Err(
            error @ (FrameError::Io(_)
            | FrameError::Silent
            | FrameError::TooLong { .. }
            | FrameError::Foreign),
        ) => Err(Failed::NotNow(format!("{address}: {error}"))),
    }
}

/// Only what fits together is written down.
fn check(joined: Joined, token: &JoinToken, address: &str) -> Result<Joined, Failed> {
    let certificate = CertificateDer::from(joined.certificate.as_slice());
    let cluster = ClusterId::from_bytes(joined.cluster);
    let fits = fingerprint(&joined.authority) == token.authority
        && tls::is_of(&certificate, cluster, joined.node);
    match fits {
        true => Ok(joined),
        false => Err(Failed::Refused(format!(
            "the node at {address} gave a certificate that is not this node's"
        ))),
    }
}
