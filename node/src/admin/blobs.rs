//! What an operator asks over the socket about the pictures in the node's folder, or in the bucket.

use super::{BlobsInfo, BlobsTask, Done, ScrubInfo, Trouble};
use crate::app::App;
use crate::bucket::{BucketCounts, ReadThrough};
use easel_cluster::{BlobUpkeep, Scrubbed, UpkeepError};
use easel_storage::blobs::Usage;

pub(super) fn about(task: &BlobsTask) -> (&'static str, bool) {
    match task {
        BlobsTask::Status => ("blobs status", false),
        BlobsTask::Scrub => ("blobs scrub", true),
    }
}

pub(super) async fn run(app: &App, task: BlobsTask) -> Result<Done, Trouble> {
    match (task, &app.blob_upkeep, &app.bucket) {
        (BlobsTask::Status, Some(upkeep), _) => Ok(Done::Blobs(info(upkeep))),
        (BlobsTask::Status, None, Some(bucket)) => Ok(Done::Blobs(info_of_bucket(
            app.blobs.usage(),
            bucket.counts(),
        ))),
        (BlobsTask::Scrub, Some(upkeep), _) => match upkeep.scrub().await {
            Ok(scrubbed) => Ok(Done::Scrubbed(scrub_info(scrubbed))),
            Err(error) => Err(not_now(&error)),
        },
        (BlobsTask::Scrub, None, Some(bucket)) => match bucket.read_through().await {
            Ok(through) => Ok(Done::Scrubbed(through.into())),
            Err(error) => Err(not_now(&error)),
        },
        (BlobsTask::Status | BlobsTask::Scrub, None, None) => Err(Trouble {
            code: "conflict".to_owned(),
            message: "this node keeps no pictures".to_owned(),
            by_rule: true,
        }),
    }
}

fn not_now(error: &UpkeepError) -> Trouble {
    Trouble {
        code: "unavailable".to_owned(),
        message: error.to_string(),
        by_rule: false,
    }
}

fn info_of_bucket(usage: Usage, counts: BucketCounts) -> BlobsInfo {
    BlobsInfo {
        blobs: usage.blobs,
        bytes: usage.bytes,
        missing: counts.missing,
        unnamed: counts.unnamed,
        scrubbed: counts.read,
        scrubbed_bytes: counts.read_bytes,
        damaged: counts.damaged,
        brought: 0,
        collected: 0,
    }
}

impl From<ReadThrough> for ScrubInfo {
    fn from(through: ReadThrough) -> ScrubInfo {
        ScrubInfo {
            blobs: through.blobs,
            bytes: through.bytes,
            damaged: through.damaged,
            brought: 0,
            missing: through.missing,
        }
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
