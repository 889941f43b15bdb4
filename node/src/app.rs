//! What every request handler may reach.

use crate::api::{Bodies, Cursors, Previews};
use crate::api::Cursors;
use crate::api::Previews;
use crate::auth::Auth;
use crate::config::Config;
use crate::http::Guard;
use crate::metrics::Metrics;
use crate::realtime::Rooms;
use easel_cluster::Status;
use easel_storage::Store;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) type AppState = Arc<App>;

pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) metrics: Arc<Metrics>,
    /// How the node below stands.
    pub(crate) node: watch::Receiver<Status>,
    pub(crate) guard: Guard,
    pub(crate) auth: Arc<Auth>,
    pub(crate) cursors: Cursors,
    pub(crate) previews: Previews,
    pub(crate) bodies: Bodies,
    /// Cancelled when the process begins to stop: no longer ready, no new sockets.
    pub(crate) draining: CancellationToken,
}

impl App {
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }
}
