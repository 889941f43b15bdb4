//! `easel cluster`: what is asked of a running node about the cluster, over its socket.

use super::people::{ask_and_tell, tell_rows};
use super::{AskArgs, Exit, complain, load, say};
use crate::admin::{ClusterInfo, ClusterTask, NodeInfo, Task};
use crate::config::BlobBackend;
use clap::Subcommand;
use easel_cluster::{MissingFile, OwnFiles, StartError};
use easel_storage::blobs::Owner;
use std::collections::BTreeMap;

pub(super) const HELP: &str = "\
To make one node a cluster:
  1. give it listen.peers = \"ADDRESS:7080\" and start it again
  2. easel cluster join-token > token          on that node; hand the file to the second machine
  3. there: listen.peers, cluster.join = [\"ADDRESS:7080\"], cluster.join_token_file = \"token\"; easel serve
The second comes in, is sent everything, and votes when it has caught up. Each node needs a token of its own. Two nodes
are no safer than one, since both are needed for a majority; of three one may fall away, of five two.

The node is asked over the socket in its data folder, like `easel user`; any node of the cluster will do.";

#[derive(Debug, Subcommand)]
pub(super) enum ClusterCommand {
    /// Show the nodes, who leads and how far each is
    #[command(
        after_help = "Examples:\n  easel cluster status\n  easel cluster status --json | jq '.nodes[] | select(.lag > 1000)'"
    )]
    Status,
    /// Make a token by which one node comes in; it is shown this once
    #[command(after_help = "\
Example:
  easel cluster join-token --minutes 30 > token

The token lets whoever has it become a node, with all boards and keys: pass it on as you would a password. It works once.")]
    JoinToken {
        /// How long it holds, up to a week
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_080))]
        minutes: u32,
    },
    /// Have a node vote now that was let in; it does so by itself when it has caught up
    #[command(after_help = "Example:\n  easel cluster promote 3")]
    Promote { node: u64 },
    /// Take a node out of the cluster for good, running or not
    #[command(after_help = "\
Example:
  easel cluster remove 3

Refused when those that are left could not decide anything. The node's folder is of no use afterwards; it comes back with
an empty one and a new token, under a new number.")]
    Remove { node: u64 },
    /// Take this node out of the cluster for good; it stops
    #[command(after_help = "Example:\n  easel cluster leave --data-dir /var/lib/easel")]
    Leave,
    /// Have another node lead, before maintenance say; it takes about four seconds in which nothing is saved
    #[command(
        after_help = "Examples:\n  easel cluster transfer-leader\n  easel cluster transfer-leader 2"
    )]
    TransferLeader {
        /// Without it, the one that is furthest
        node: Option<u64>,
    },
    /// When a majority is lost for good: make a new cluster of this one node, which must not be running
    #[command(after_help = "\
Examples:
  easel cluster recover --data-dir /var/lib/easel              Show what this node has; ask it of every survivor
  easel cluster recover --data-dir /var/lib/easel --i-know     On the one whose last entry is the highest

What was saved on a majority of which no node is left is lost, and this says how to find out which survivor has the most, and
which files of pictures and long contents are not in its folder, by board. With such files it ends with 6.
The boards, the accounts and the node's number stay; the cluster's id is new, so that a lost node that turns up again is
refused. Other survivors join with empty folders.")]
    Recover {
        /// Do it
        #[arg(long)]
        i_know: bool,
    },
}

pub(super) fn run(args: AskArgs, command: ClusterCommand) -> Exit {
    let task = match command {
        ClusterCommand::Status => ClusterTask::Status,
        ClusterCommand::JoinToken { minutes } => ClusterTask::JoinToken { minutes },
        ClusterCommand::Promote { node } => ClusterTask::Promote { node },
        ClusterCommand::Remove { node } => ClusterTask::Remove { node },
        ClusterCommand::Leave => ClusterTask::Leave,
        ClusterCommand::TransferLeader { node } => ClusterTask::TransferLeader { to: node },
        ClusterCommand::Recover { i_know } => return recover(args, i_know),
    };
    ask_and_tell(args, Task::Cluster(task))
}

fn recover(args: AskArgs, i_know: bool) -> Exit {
    let config = match load(args.node.into()) {
        Ok(loaded) => loaded.config,
        Err(exit) => return exit,
    };
    let dir = &config.data_dir;
    let keeps_files = config.blob.backend == BlobBackend::Embedded;
    let survivor = match easel_cluster::survivor(dir) {
        Ok(survivor) => Some(survivor),
        // A recovery that was cut off is gone on with.
        Err(StartError::Mismatch { .. }) if i_know => None,
        Err(error) => return fail(&error),
    };
    if let Some(survivor) = &survivor {
        say(&format!(
            "Node {} of {}, whose voters were {:?}, has the entries up to {}; it knew those up to {} to be on a majority's \
             disks.",
            survivor.node,
            survivor.cluster,
            survivor.voters,
            survivor.last_log_index,
            survivor.committed_index
        ));
        if keeps_files {
            say_files(&survivor.files);
        }
    }
    if !i_know {
        complain(
            "nothing was changed. Look at every survivor, take the one whose last entry is the highest, and say --i-know \
             there; what only the lost nodes had is lost",
        );
        return Exit::Refused;
    }
    let recovered = easel_cluster::recover(dir)
        .and_then(|cluster| Ok((cluster, easel_cluster::survivor(dir)?)));
    let (cluster, now) = match recovered {
        Ok(recovered) => recovered,
        Err(error) => return fail(&error),
    };
    say(&format!(
        "It is the only voter of {cluster} now. What other nodes saved after its last entry is not in it."
    ));
    if !keeps_files {
        say("Start it; others join with empty folders.");
        return Exit::Ok;
    }
    if survivor.is_none_or(|before| before.files != now.files) {
        say_files(&now.files);
    }
    say(
        "Start it; others join with empty folders. Then `easel blobs scrub` reads its files through and says whether any is \
         damaged.",
    );
    match now.files.missing.is_empty() {
        true => Exit::Ok,
        false => Exit::Degraded,
    }
}

/// Which pictures and long contents are not there, by whose they are.
fn say_files(files: &OwnFiles) {
    if files.named == 0 {
        say("It names no files of pictures or long contents.");
        return;
    }
    if files.missing.is_empty() {
        say(&format!(
            "All {} files of pictures and long contents that it names are in its folder.",
            files.named
        ));
        return;
    }
    say(&format!(
        "Of the {} files of pictures and long contents that it names, {} are not in its folder:",
        files.named,
        files.missing.len()
    ));
    let mut by_owner: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for file in &files.missing {
        let (count, bytes) = by_owner.entry(owner_of(file)).or_default();
        *count += 1;
        *bytes += file.blob.len;
    }
    for (owner, (count, bytes)) in by_owner {
        say(&format!("  {owner}: {count} files, {bytes} bytes"));
    }
    say(
        "Copy what lies in `blobs` of the other nodes' folders to its own, as far as there are any, and look again. What \
         nobody has is lost: a picture is shown as missing, and a board whose content it is does not open.",
    );
}

fn owner_of(file: &MissingFile) -> String {
    match (&file.owner, &file.title) {
        (Some(Owner::Document(doc)), Some(title)) => format!("{doc} ({})", title.as_str()),
        (Some(Owner::Document(doc)), None) => doc.to_string(),
        (Some(Owner::Person(user)), _) => format!("the picture of {user}"),
        (None, _) => "of nobody that can be told".to_owned(),
    }
}

fn fail(error: &StartError) -> Exit {
    complain(&error.to_string());
    Exit::Failure
}

pub(super) fn tell(cluster: &ClusterInfo) {
    let row = |node: &NodeInfo| {
        let mut is = node.role.clone();
        if node.is_leader {
            is.push_str(", leads");
        }
        if node.is_this {
            is.push_str(", this one");
        }
        if !node.answers {
            is.push_str(", DOES NOT ANSWER");
        }
        let or = |text: &str, none: &str| match text.is_empty() {
            true => none.to_owned(),
            false => text.to_owned(),
        };
        vec![
            node.id.to_string(),
            is,
            node.lag
                .map_or_else(|| "-".to_owned(), |lag| lag.to_string()),
            or(&node.address, "(no listen.peers)"),
            or(&node.url, "-"),
            or(&node.version, "-"),
        ]
    };
    let head = ["NODE", "IS", "BEHIND", "PEERS AT", "PEOPLE AT", "RELEASE"];
    tell_rows(&head, cluster.nodes.iter().map(row));
    say("");
    let leader = match cluster.leader {
        Some(node) => format!("node {node} leads"),
        None => {
            let voters = cluster.nodes.iter().filter(|node| node.role == "voter");
            let (answer, all) = (
                voters.clone().filter(|node| node.answers).count(),
                voters.count(),
            );
            let needed = all / 2 + 1;
            format!(
                "no node leads that this one knows of; {answer} of {all} voters answer it, and {needed} are needed"
            )
        }
    };
    say(&format!(
        "{}: {leader}, term {}; this node has {} of {} entries",
        cluster.cluster, cluster.term, cluster.applied_index, cluster.last_log_index
    ));
}

/// Only the token to stdout, so that it can be sent into a file.
pub(super) fn tell_token(token: &str, expires_at: &str, address: &str) {
    say(token);
    complain(&format!(
        "one node may come in with it until {expires_at}, at cluster.join = [\"{address}\"]"
    ));
}
