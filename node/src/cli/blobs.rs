//! `easel blobs`: what is asked of a running node about the pictures in its folder, or in the bucket, over its socket.

use super::people::ask_and_tell;
use super::{AskArgs, Exit, say};
use crate::admin::{BlobsInfo, BlobsTask, ScrubInfo, Task};
use clap::Subcommand;

pub(super) const HELP: &str = "\
Every node has its own files of the pictures on boards, named after what is in them. By itself it reads them all through once
in blob.scrub_every, brings from another node what is damaged or missing, and deletes after blob.collect_after what nothing
names any more. A damaged file is never deleted: it lies in DIR/blobs/damaged.

Where pictures lie in a bucket (blob.backend is s3) the leader holds it every hour against what is named, and nothing in it is
brought or deleted: what nothing names stays, and may be deleted by hand once it is sure that no node or backup wants it.

The node is asked over the socket in its data folder, like `easel user`; each node of a cluster for itself.";

#[derive(Debug, Subcommand)]
pub(super) enum BlobsCommand {
    /// Show how many there are, and what was found and done since the node started
    #[command(after_help = "Example:\n  easel blobs status --json | jq .missing")]
    Status,
    /// Read all of them through now, and bring what is damaged or missing; at most blob.scrub_rate a second
    #[command(after_help = "\
Example:
  easel blobs scrub --data-dir /var/lib/easel    After a disk has had errors

Of a bucket it reads what is named, and says what is damaged or missing; what a server charges for that is charged.")]
    Scrub,
}

pub(super) fn run(args: AskArgs, command: BlobsCommand) -> Exit {
    let task = match command {
        BlobsCommand::Status => BlobsTask::Status,
        BlobsCommand::Scrub => BlobsTask::Scrub,
    };
    ask_and_tell(args, Task::Blobs(task))
}

pub(super) fn tell(info: &BlobsInfo) {
    say(&format!(
        "{} files, {} bytes; nothing names {}, and {} are missing",
        info.blobs, info.bytes, info.unnamed, info.missing
    ));
    say(&format!(
        "since the start: {} read through ({} bytes), {} damaged, {} brought from another node, {} deleted",
        info.scrubbed, info.scrubbed_bytes, info.damaged, info.brought, info.collected
    ));
}

pub(super) fn tell_scrubbed(info: &ScrubInfo) {
    say(&format!(
        "{} files read through ({} bytes): {} damaged, {} brought from another node, {} that no node has whole",
        info.blobs, info.bytes, info.damaged, info.brought, info.missing
    ));
}
