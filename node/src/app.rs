//! What every request handler may reach.

use crate::api::{Bodies, Contents, Cursors, Listeners, Previews, Reports, Thumbnails};
use crate::auth::Auth;
use crate::backup::Backups;
use crate::bucket::BucketCare;
use crate::config::Config;
use crate::http::rates::Rates;
use crate::http::{AppPage, Guard};
use crate::images::Images;
use crate::metrics::Metrics;
use crate::neighbours::Neighbours;
use crate::realtime::Rooms;
use easel_cluster::{BlobUpkeep, Members, Status, Touch};
use easel_storage::blobs::Blobs;
use easel_storage::{InstanceId, Store};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) type AppState = Arc<App>;

pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<dyn Blobs>,
    /// Nothing, if they lie in a bucket.
    pub(crate) blob_upkeep: Option<BlobUpkeep>,
    /// Only then.
    pub(crate) bucket: Option<Arc<BucketCare>>,
    pub(crate) backups: Backups,
    pub(crate) images: Images,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) metrics: Arc<Metrics>,
    /// How the node below stands.
    pub(crate) node: watch::Receiver<Status>,
    /// Whether it knows what the others know, at the moment of the question.
    pub(crate) touch: Touch,
    /// Who belongs to the cluster.
    pub(crate) members: Members,
    pub(crate) guard: Guard,
    /// Where else in the group pages are served.
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) rates: Rates,
    /// How people reach this node: `public_url`, or the address it listens on.
    pub(crate) origin: String,
    /// What stands before every path of ours: empty, or `/easel`.
    pub(crate) base: String,
    pub(crate) page: AppPage,
    pub(crate) auth: Arc<Auth>,
    pub(crate) cursors: Cursors,
    pub(crate) previews: Previews,
    pub(crate) thumbnails: Thumbnails,
    pub(crate) bodies: Bodies,
    pub(crate) contents: Contents,
    pub(crate) listeners: Listeners,
    pub(crate) reports: Reports,
    /// Cancelled when the process begins to stop: no longer ready, no new sockets.
    pub(crate) draining: CancellationToken,
}

impl App {
    /// Where a path of ours is, as an answer of the interface names it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The whole address of a page, to be passed on to somebody.
    pub(crate) fn page_url(&self, path: &str) -> String {
        format!("{}{}", self.origin, self.url(path))
    }

    /// The installation is the one workspace.
    pub(crate) fn workspace(&self) -> String {
        let instance = self.node.borrow().instance_id.to_string();
        let digits = instance.trim_start_matches(InstanceId::PREFIX);
        format!("wsp_{digits}")
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }
}
