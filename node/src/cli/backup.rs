//! `easel backup` and `easel restore`: backups made by the running node or out of a folder at rest, looked at, pruned and
//! put back.

mod meter;
mod shown;

use super::{Exit, NodeArgs, complain, load};
use crate::admin::client::{Failed, ask_and_watch};
use crate::admin::{Done, Task};
use crate::api::time::parse_rfc3339;
use crate::auth::wall_clock;
use crate::backup::{
    self, BackupError, Key, KeyFrom, Place, PlaceName, Rule, Target, Wanted, newest_until,
};
use crate::config::{Config, Span};
use crate::{offline, serve};
use clap::{ArgGroup, Args, Subcommand};
use easel_storage::Time;
use meter::Meter;
use shown::{list, tell_made, tell_pruned, tell_put, tell_verified};
use std::path::PathBuf;
use std::time::Duration;

const CREATE_HELP: &str = "\
Examples:
  easel backup create --to /mnt/backups
  easel backup create --to s3://bucket/easel        (keys: section [backup] of the configuration, or the environment)

A running node makes it without a pause and writes it as the user it runs as; of a folder without a node it is made all the
same. A second backup keeps only what is new. What was drawn until the command began is in it.

The master key is not in it unless --with-key asks for that: with the key, whoever has the backup can make themselves
anybody's session. Without it everybody signs in again after a restore, unless `easel restore --master-key-file` has it;
with it those do whose sessions were renewed since.";

const VERIFY_HELP: &str = "\
Examples:
  easel backup verify --from /mnt/backups
  easel backup verify 20261122T193512345Z-1f3a9c02 --from s3://bucket/easel

Reads all of it: every piece and picture is held against its hash, every record is read, every board is opened, from what is
stored for it and once more from its whole history. It takes room for the state in --scratch, and gives it back.";

const PRUNE_HELP: &str = "\
Examples:
  easel backup prune --from /mnt/backups --keep 14
  easel backup prune --from /mnt/backups --older-than 90d --keep 5

With both, only what both give up is deleted. The newest backup always stays. Pieces and pictures that no other backup has
are deleted with it.";

pub(super) const RESTORE_HELP: &str = "\
Examples:
  easel restore --from /mnt/backups --data-dir /srv/easel
  easel restore --from s3://bucket/easel --at 2026-11-22T09:00:00Z --master-key-file ./master.key

The folder must be empty. It becomes the first node of a new cluster of the same installation: nodes of the old cluster do
not mix with it. Then start it: easel serve --data-dir DIR.

--at takes the newest backup of that time or before it, and from the next one of the same cluster the log: what happened
between the earlier backup and that time is done again, so that all of it is as it was then: boards, people, roles, links, the
trash. Is the old node still there, make a backup of it first: without a later backup there is nothing to go on with, and it is
said. A log goes back as far as the node had it, some 64 MiB (LOG SINCE in `easel backup list`). Where that is too short, what
was drawn is brought to that time all the same, with boards and pictures that were new, and everything else is as of the
earlier backup; that is said, too, and ends with 6.

Boards, people, links and tokens are as they were: a token or link that was revoked later works again.";

#[derive(Debug, Subcommand)]
pub(super) enum BackupCommand {
    /// Make a backup, also while the node runs
    #[command(after_help = CREATE_HELP)]
    Create {
        /// A folder, or s3://bucket/prefix [default: backup.to of the configuration]
        #[arg(long, value_name = "PLACE")]
        to: Option<String>,
        /// Put the master key in: then the backup opens every session
        #[arg(long)]
        with_key: bool,
    },
    /// Show the backups there are
    #[command(after_help = "Example:\n  easel backup list --from /mnt/backups --json")]
    List {
        #[command(flatten)]
        place: FromArgs,
    },
    /// Look at all of a backup, as if it were to be restored
    #[command(after_help = VERIFY_HELP)]
    Verify {
        /// As `list` shows it [default: the newest]
        id: Option<String>,
        #[command(flatten)]
        place: FromArgs,
        /// Where there is room for the state [default: the system's folder for such things]
        #[arg(long, value_name = "DIR")]
        scratch: Option<PathBuf>,
    },
    /// Delete old backups
    #[command(after_help = PRUNE_HELP, group = ArgGroup::new("rule").required(true).multiple(true))]
    Prune {
        #[command(flatten)]
        place: FromArgs,
        /// So many stay
        #[arg(long, value_name = "COUNT", group = "rule")]
        keep: Option<usize>,
        /// Younger ones stay, as in 30d or 12h
        #[arg(long, value_name = "AGE", value_parser = span, group = "rule")]
        older_than: Option<Duration>,
    },
}

#[derive(Debug, Args)]
pub(super) struct FromArgs {
    /// A folder, or s3://bucket/prefix [default: backup.to of the configuration]
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    place: FromArgs,
    /// As `easel backup list` shows it [default: the newest]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Everything as it was at this time, as in 2026-11-22T09:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "id", value_parser = moment)]
    at: Option<Time>,
    /// The installation's master.key, so that nobody has to sign in again
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    #[command(flatten)]
    common: BackupArgs,
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    text.parse().map(|Span(span)| span)
}

fn moment(text: &str) -> Result<Time, String> {
    parse_rfc3339(text)
        .map(Time)
        .ok_or_else(|| "not a time; write for example 2026-11-22T09:00:00Z".to_owned())
}

pub(super) fn backup(args: BackupArgs, command: BackupCommand) -> Exit {
    let config = match load(args.node.into()) {
        Ok(loaded) => loaded.config,
        Err(exit) => return exit,
    };
    match command {
        BackupCommand::Create { to, with_key } => create(&config, to, with_key, args.json),
        BackupCommand::List { place } => {
            let listed = in_place(&config, place.from, Place::to_read, |place| {
                backup::list(place)
            });
            tell(listed, |found| list(found, args.json))
        }
        BackupCommand::Verify { id, place, scratch } => {
            let scratch = scratch.unwrap_or_else(std::env::temp_dir);
            let meter = Meter::new();
            let verified = in_place(&config, place.from, Place::to_read, move |place| {
                let id = match id {
                    Some(id) => id,
                    None => newest_until(place, None)?.id,
                };
                backup::verify(place, &id, &scratch, &|progress| meter.show(progress))
            });
            tell(verified, |verified| tell_verified(&verified, args.json))
        }
        BackupCommand::Prune {
            place,
            keep,
            older_than,
        } => {
            let rule = Rule { keep, older_than };
            let pruned = in_place(&config, place.from, Place::to_write, move |place| {
                backup::prune(place, rule, wall_clock())
            });
            tell(pruned, |pruned| tell_pruned(&pruned, args.json))
        }
    }
}

pub(super) fn restore(args: RestoreArgs) -> Exit {
    let json = args.common.json;
    let config = match load(args.common.node.into()) {
        Ok(loaded) => loaded.config,
        Err(exit) => return exit,
    };
    let has_own_key = !config.master_key_file.as_os_str().is_empty();
    let key = match (args.master_key_file, has_own_key) {
        (Some(_), true) => {
            complain("--master-key-file and master_key_file in the configuration: one is enough");
            return Exit::Usage;
        }
        (Some(file), false) => KeyFrom::File(file),
        (None, true) => KeyFrom::Elsewhere,
        (None, false) => KeyFrom::Backup,
    };
    let wanted = match (args.id, args.at) {
        (Some(id), _) => Wanted::Id(id),
        (None, Some(at)) => Wanted::At(at),
        (None, None) => Wanted::Newest,
    };
    let meter = Meter::new();
    let dir = config.data_dir.clone();
    let node = config.clone();
    let put = in_place(&config, args.place.from, Place::to_read, move |place| {
        let open_blobs = || match serve::open_blobs(&node) {
            Ok(blobs) => Ok(blobs),
            Err(error) => Err(BackupError::Usage(format!("{error:#}"))),
        };
        let tell = |progress| meter.show(progress);
        let target = Target {
            dir: &node.data_dir,
            key: &key,
            open_blobs: &open_blobs,
        };
        backup::restore(place, &wanted, &target, &tell)
    });
    tell(put, |put| {
        let has_key = put.has_key || has_own_key;
        tell_put(&put, &dir.display().to_string(), has_key, json)
    })
}

/// By the node that runs on the folder; without one, out of the folder.
fn create(config: &Config, to: Option<String>, with_key: bool, json: bool) -> Exit {
    let to = to.map(|to| PlaceName::absolute(&to));
    if to.is_none() && config.backup.to.is_empty() {
        complain("say where to with --to, or name it in the configuration (backup.to)");
        return Exit::Usage;
    }
    let meter = Meter::new();
    let task = Task::CreateBackup {
        to: to.clone(),
        with_key,
    };
    match ask_and_watch(&config.data_dir, task, &|progress| meter.show(progress)) {
        Ok(Done::Backup(made)) => {
            meter.clear();
            tell_made(&made, json)
        }
        Ok(other) => {
            complain(&format!("the node answered something else: {other:?}"));
            Exit::Failure
        }
        Err(Failed::NotRunning(_)) if config.data_dir.join("node.json").exists() => {
            let key = match with_key {
                true => Key::In,
                false => Key::Apart,
            };
            let made = offline::back_up(config, to, key, &|progress| meter.show(progress));
            meter.clear();
            match made {
                Ok(made) => tell(made, |made| tell_made(&made, json)),
                Err(error) => {
                    complain(&format!("{error:#}"));
                    Exit::Failure
                }
            }
        }
        Err(failed) => {
            meter.clear();
            super::people::complain_of(&failed)
        }
    }
}

type Open = fn(&str, &crate::config::S3Access) -> Result<Place, BackupError>;

/// Opens the place that is named, or the configured one, and does something with it.
fn in_place<T>(
    config: &Config,
    named: Option<String>,
    open: Open,
    work: impl FnOnce(&Place) -> Result<T, BackupError>,
) -> Result<T, BackupError> {
    let named = named.unwrap_or_else(|| config.backup.to.clone());
    if named.is_empty() {
        let why =
            "say where the backups are with --from, or name it in the configuration (backup.to)";
        return Err(BackupError::Usage(why.to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| BackupError::Usage(format!("cannot start the runtime: {error}")))?;
    let _in_runtime = runtime.enter();
    let place = open(&named, &config.backup.access())?;
    work(&place)
}

fn tell<T>(done: Result<T, BackupError>, show: impl FnOnce(T) -> Exit) -> Exit {
    match done {
        Ok(done) => show(done),
        Err(error) => {
            complain(&error.to_string());
            match error {
                BackupError::Usage(_) => Exit::Usage,
                error if error.is_refusal() => Exit::Refused,
                _ => Exit::Failure,
            }
        }
    }
}
