//! The nodes of the group as pages know them. A page whose node is away goes on at another one, so each node tells the
//! pages it serves of the others, and lets the others' pages in.

use crate::app::AppState;
use crate::config::PublicUrl;
use axum::http::HeaderValue;
use easel_storage::nodes::{NodesAnswer, NodesQuery};
use easel_storage::{Answer, Change, Query, ReadLevel};
use parking_lot::RwLock;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::broadcast::{self, error::RecvError};

/// Changes as nodes come and go.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    known: RwLock<Arc<Known>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Of every node, this one's too, as people reach it. Empty where all are reached by one address.
    pub(crate) urls: Vec<String>,
    /// Of the others, as browsers write them.
    origins: BTreeSet<String>,
}

impl Known {
    fn of(own: &str, urls: impl IntoIterator<Item = String>) -> Known {
        let parse = |url: &String| url.parse::<PublicUrl>().ok();
        let reachable = |url: &PublicUrl| !matches!(url.host(), "0.0.0.0" | "[::]");
        let found: BTreeSet<String> = urls.into_iter().collect();
        let urls: Vec<_> = found
            .into_iter()
            .filter(|url| parse(url).is_some_and(|url| reachable(&url)))
            .collect();
        let parsed = urls.iter().filter_map(parse);
        let origins: BTreeSet<_> = parsed
            .map(|url| url.origin().to_owned())
            .filter(|origin| origin != own)
            .collect();
        match origins.is_empty() {
            true => Known::default(),
            false => Known { urls, origins },
        }
    }

    /// For a policy of the page's: where it may ask, over WebSockets too.
    pub(crate) fn sources(&self) -> String {
        let mut sources = String::new();
        for origin in &self.origins {
            let socket = origin.replacen("http", "ws", 1);
            sources.push_str(&format!(" {origin} {socket}"));
        }
        sources
    }
}

impl Neighbours {
    pub(crate) fn known(&self) -> Arc<Known> {
        self.known.read().clone()
    }

    /// Whether a page of another node says so of itself.
    pub(crate) fn has(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().unwrap_or_default();
        self.known.read().origins.contains(origin)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.read().origins.is_empty()
    }

    /// `own` is this node's origin.
    pub(crate) fn put(&self, own: &str, urls: impl IntoIterator<Item = String>) {
        let known = Arc::new(Known::of(own, urls));
        if *self.known.read() != known {
            *self.known.write() = known;
        }
    }
}

/// Keeps `app.neighbours` as the state has it.
pub(crate) async fn watch(app: AppState, mut changes: broadcast::Receiver<Change>) {
    let own = app.origin.clone();
    loop {
        let read = app
            .store
            .read(ReadLevel::Local, Query::Nodes(NodesQuery::All));
        if let Ok(Answer::Nodes(NodesAnswer::All(view))) = read.await.map(|read| read.answer) {
            let urls = view.nodes.into_iter().map(|(_, node)| node.place.url);
            app.neighbours.put(&own, urls);
        }
        loop {
            match changes.recv().await {
                Ok(Change::Nodes | Change::Everything) | Err(RecvError::Lagged(_)) => break,
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Neighbours;
    use axum::http::HeaderValue;

    const OWN: &str = "http://127.0.0.1:8081";

    fn with(urls: &[&str]) -> Neighbours {
        let neighbours = Neighbours::default();
        neighbours.put(OWN, urls.iter().map(|url| (*url).to_owned()));
        neighbours
    }

    #[test]
    fn the_others_pages_are_let_in_and_told_of() {
        let neighbours = with(&[OWN, "http://127.0.0.1:8082", "https://b.example/easel"]);
        for (origin, is_one) in [
            ("http://127.0.0.1:8082", true),
            ("https://b.example", true),
            ("https://b.example.evil", false),
            ("null", false),
            (OWN, false),
        ] {
            assert_eq!(
                neighbours.has(&HeaderValue::from_static(origin)),
                is_one,
                "{origin}"
            );
        }
        let known = neighbours.known();
        assert_eq!(known.urls.len(), 3);
        assert_eq!(
            known.sources(),
            " http://127.0.0.1:8082 ws://127.0.0.1:8082 https://b.example wss://b.example"
        );
    }

    #[test]
    fn there_is_nobody_to_tell_of_behind_one_address() {
        for urls in [
            &[OWN][..],
            &[OWN, OWN],
            &[],
            &[OWN, "http://0.0.0.0:8080", "nonsense"],
        ] {
            let neighbours = with(urls);
            assert!(neighbours.is_empty(), "{urls:?}");
            assert!(neighbours.known().urls.is_empty());
        }
    }

    #[test]
    fn who_has_left_is_a_stranger() {
        let neighbours = with(&[OWN, "http://127.0.0.1:8082"]);
        neighbours.put(OWN, [OWN.to_owned()]);
        assert!(!neighbours.has(&HeaderValue::from_static("http://127.0.0.1:8082")));
    }
}
