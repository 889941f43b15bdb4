//! How this node meets others: its listener for them, joining a cluster, and the master key that all of one share.

use crate::auth::{Auth, MasterKey};
use crate::cli::say;
use crate::config::{Config, LoadError, MaybeAddress, PublicUrl, TlsMode};
use crate::http::Listener;
use crate::serve::master_source;
use anyhow::Context;
use easel_cluster::{JoinOptions, Master, PeerOptions, Vacant};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The listener for other nodes, and what they are told of this one.
#[derive(Debug)]
pub(crate) struct Peers {
    listener: TcpListener,
    address: String,
    url: String,
}

impl Peers {
    /// `None` when this node is to be alone.
    pub(crate) async fn bind(config: &Config, public: &Listener) -> anyhow::Result<Option<Peers>> {
        let MaybeAddress(Some(at)) = config.listen.peers else {
            return Ok(None);
        };
        let bound = TcpListener::bind(at).await;
        let listener = bound.with_context(|| format!("cannot listen on listen.peers ({at})"))?;
        let at = listener
            .local_addr()
            .context("listen.peers has no address")?;
        Ok(Some(Peers {
            listener,
            address: match config.cluster.advertise.is_empty() {
                true => at.to_string(),
                false => config.cluster.advertise.clone(),
            },
            url: url(config, public.at()),
        }))
    }

    /// Makes an empty folder that of a node of the cluster that is to be joined. A folder that is a node's stays as it is.
    pub(crate) async fn join(&self, config: &Config) -> anyhow::Result<()> {
        if config.cluster.join.0.is_empty() {
            return Ok(());
        }
        let Some(vacant) = Vacant::take(&config.data_dir)? else {
            return Ok(());
        };
        let options = JoinOptions {
            seeds: config.cluster.join.0.clone(),
            token: token(config)?,
            address: self.address.clone(),
            url: self.url.clone(),
            version: crate::VERSION.to_owned(),
            cluster_name: config.cluster.name.clone(),
        };
        let seeds = options.seeds.join(", ");
        say(&format!("Joining the cluster at {seeds}"));
        let joining = vacant.ask(&options).await?;
        MasterKey::adopt(&master_source(config), joining.master())?;
        let node = joining.node();
        joining.settle()?;
        tracing::info!(node, "joined the cluster");
        say(&format!("Joined as node {node}; waiting for the boards"));
        Ok(())
    }

    pub(crate) fn into_options(self, config: &Config) -> PeerOptions {
        PeerOptions {
            listener: self.listener,
            address: self.address,
            url: self.url,
            version: crate::VERSION.to_owned(),
            cluster_name: config.cluster.name.clone(),
            hints: config.cluster.join.0.clone(),
        }
    }
}

/// What the cluster layer needs of the master key.
pub(crate) fn master(auth: &Auth) -> Master {
    let (text, seal) = auth.master_for_peers();
    Master { text, seal }
}

fn token(config: &Config) -> anyhow::Result<String> {
    let file = &config.cluster.join_token_file;
    if file.as_os_str().is_empty() {
        let why = format!(
            "cluster.join is set and {} is empty: name the file with the join token in cluster.join_token_file (`easel \
             cluster join-token` on a node of the cluster makes one)",
            config.data_dir.display()
        );
        return Err(LoadError::Refused(why).into());
    }
    std::fs::read_to_string(file)
        .with_context(|| format!("cannot read cluster.join_token_file {}", file.display()))
}

/// Where people reach this node.
fn url(config: &Config, at: SocketAddr) -> String {
    let scheme = match config.tls.mode {
        TlsMode::Off => "http",
        TlsMode::Files | TlsMode::SelfSigned => "https",
    };
    let public_url = config.public_url.as_ref().map(PublicUrl::to_string);
    public_url.unwrap_or_else(|| format!("{scheme}://{at}"))
}
