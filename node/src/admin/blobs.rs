//! What an operator asks over the socket about the pictures in the node's folder.

use super::{BlobsInfo, BlobsTask, Done, ScrubInfo, Trouble};
use crate::app::App;
use easel_cluster::{BlobUpkeep, Scrubbed};

pub(super) fn about(task: &BlobsTask) -> (&'static str, bool) {
    match task {
        BlobsTask::Status => ("blobs status", false),
        BlobsTask::Scrub => ("blobs scrub", true),
    }
}

pub(super) async fn run(app: &App, task: BlobsTask) -> Result<Done, Trouble> {
    let Some(upkeep) = &app.blob_upkeep else {
        return Err(Trouble {
            code: "conflict".to_owned(),
            message: "the pictures lie in a bucket, which looks after them itself".to_owned(),
            by_rule: true,
        });
    };
    match task {
        BlobsTask::Status => Ok(Done::Blobs(info(upkeep))),
        BlobsTask::Scrub => match upkeep.scrub().await {
            Ok(scrubbed) => Ok(Done::Scrubbed(scrub_info(scrubbed))),
            Err(error) => Err(Trouble {
                code: "unavailable".to_owned(),
                message: error.to_string(),
                by_rule: false,
            }),
        },
    }
}

fn info(upkeep: &BlobUpkeep) -> BlobsInfo {
    let (usage, counts) = (upkeep.usage(), upkeep.counts());
    BlobsInfo {
        blobs: usage.blobs,
        bytes: usage.bytes,
        missing: counts.missing,
        unnamed: counts.unnamed,
        scrubbed: counts.scrubbed,
        scrubbed_bytes: counts.scrubbed_bytes,
        damaged: counts.damaged,
        brought: counts.brought,
        collected: counts.collected,
    }
}

fn scrub_info(scrubbed: Scrubbed) -> ScrubInfo {
    let Scrubbed {
        blobs,
        bytes,
        damaged,
        brought,
        missing,
    } = scrubbed;
    ScrubInfo {
        blobs,
        bytes,
        damaged,
        brought,
        missing,
    }
}
