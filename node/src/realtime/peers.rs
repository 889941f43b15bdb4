//! The rooms' way to those on other nodes: what comes over the group's bus goes to the room that it is about, and rooms
//! are told when the group changes.

use super::hearsay;
use super::rooms::Rooms;
use easel_cluster::{Heard, Status};
use easel_storage::DocName;
use std::sync::{Arc, Weak};
use tokio::sync::{mpsc, watch};

/// The node's place among the members; nothing for a node alone.
pub(super) fn rank_in(status: &Status) -> Option<u32> {
    let members = &status.members;
    let place = members.iter().position(|of| of.id == status.node_id);
    let rank = place.and_then(|place| u32::try_from(place).ok());
    rank.filter(|_| members.len() > 1)
}

/// Runs for as long as there are rooms.
pub(super) async fn attend(
    rooms: Weak<Rooms>,
    mut heard: mpsc::Receiver<Heard>,
    mut status: watch::Receiver<Status>,
) {
    let mut rank = None;
    loop {
        let now = rank_in(&status.borrow_and_update());
        if now != rank {
            rank = now;
            let Some(rooms) = rooms.upgrade() else { return };
            rooms.has_company(rank);
        }
        tokio::select! {
            came = heard.recv() => {
                let (Some(came), Some(rooms)) = (came, rooms.upgrade()) else { return };
                pass_on(&rooms, came, rank);
            }
            changed = status.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

fn pass_on(rooms: &Arc<Rooms>, came: Heard, rank: Option<u32>) {
    match came {
        Heard::Message { topic, message } => {
            let doc = std::str::from_utf8(&topic).ok();
            let doc = doc.and_then(|name| name.parse::<DocName>().ok());
            if let (Some(doc), Some(message)) = (doc, hearsay::decode(message)) {
                rooms.hear(&doc, message);
            }
        }
        Heard::Anew => rooms.has_company(rank),
    }
}
