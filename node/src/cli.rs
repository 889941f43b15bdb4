//! The command line: what can be asked of the program, and the number it ends with.

mod backup;
mod blobs;
mod cluster;
mod people;

use crate::api::time::rfc3339;
use crate::config::{self, Address, Config, Flag, LoadError, Loaded, MaybeAddress, Sources};
use crate::offline::{self, FirstUser, KeysTask};
use crate::systemd::Sockets;
use crate::{COMMIT, VERSION, logging, serve};
use backup::{BackupArgs, BackupCommand, RestoreArgs};
use blobs::BlobsCommand;
use clap::{Args, Parser, Subcommand, ValueEnum};
use cluster::ClusterCommand;
use easel_storage::people::KeyState;
use people::{AskArgs, TokenCommand, UserCommand};
use serde_json::json;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The numbers the program ends with; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Ok = 0,
    /// It was tried and did not work.
    Failure = 1,
    /// What clap cannot see is missing.
    Usage = 2,
    /// The configuration cannot be meant.
    Config = 3,
    /// No node is there to be asked.
    Unreachable = 4,
    /// It is clear what is wanted, and a rule says no.
    Refused = 5,
    /// It was done, and something is wrong all the same.
    Degraded = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

const AFTER_HELP: &str = "\
Examples:
  easel serve                              Start a node with its data in ./data, then open http://127.0.0.1:8080
  easel serve --data-dir /srv/easel        Keep the data elsewhere
  easel serve --listen 127.0.0.1:9000      Use another port (127.0.0.1:0 takes a free one and prints it)
  EASEL_LOG__LEVEL=debug easel serve       Set any key of the configuration from the environment
  easel check-config --config easel.toml   See what would hold, and where each value is from
  easel user add grace@example.org         Make an account on the node that runs on ./data

Exit codes:
  0 it worked · 1 it did not · 2 wrong usage · 3 wrong configuration · 4 a node cannot be reached · 5 refused ·
  6 done, with something missing";

const SERVE_HELP: &str = "\
On an empty folder the node makes its identity by itself; there is nothing to initialise. It stops on Ctrl-C or SIGTERM
after saving what it accepted, within five seconds; a second signal stops it at once.

Until somebody makes the first account, at the address that is printed, everybody who reaches the node may do everything.
Others on the network are served when there is an account, and TLS or a proxy that has it:
  easel init --admin-email ADDRESS --admin-password-file FILE
  EASEL_TLS__MODE=self-signed easel serve --listen 0.0.0.0:8443
or without any of it through a tunnel: ssh -L 8080:127.0.0.1:8080 this-machine, and http://127.0.0.1:8080 there.

Every key of the configuration with its default stands in config/easel.toml. Environment variables name keys as
EASEL_SECTION__KEY (EASEL_LISTEN__OPS=127.0.0.1:9181), and flags stand over them.

To back up, also while it runs: easel backup create --to FOLDER";

const INIT_HELP: &str = "\
Boards that were made before there were accounts come to belong to this one. The node must not be running; a node that is
prints an address at its start where the first account is made in the browser instead.";

const ASK_HELP: &str = "\
The node is asked over the socket easel.sock in its data folder, which is for root and for the user it runs as. No account
and no password is needed, so an admin who is locked out lets themselves in again with `easel user reset-password`.

Example, for a node that systemd runs:
  sudo easel user list --data-dir /var/lib/easel";

const KEYS_HELP: &str = "\
Examples:
  easel keys list --data-dir /var/lib/easel
  easel keys retire k4.lid.… --data-dir /var/lib/easel

A new key is announced, seals new sessions from about a minute after the node's start, and opens them as long as they live;
the one before it only opens. Keys turn by themselves every 90 days. Retire one at once when it may be known to others.";

#[derive(Debug, Parser)]
#[command(
    name = "easel",
    version = VERSION,
    about = "A collaborative whiteboard in one program: start a node and draw with others in the browser.",
    after_help = AFTER_HELP,
    max_term_width = 120
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a node: the web client, REST and WebSockets on one port
    #[command(after_help = SERVE_HELP)]
    Serve(ConfigArgs),
    /// Make the first account, an admin's, in the data folder of a node that is not running
    #[command(after_help = INIT_HELP)]
    Init {
        #[command(flatten)]
        config: ConfigArgs,
        /// The admin's e-mail address, to sign in with
        #[arg(long, value_name = "ADDRESS")]
        admin_email: String,
        /// A file that holds the password and nothing else
        #[arg(long, value_name = "FILE")]
        admin_password_file: PathBuf,
        /// How the admin is shown to others; without it, what stands before the `@`
        #[arg(long, value_name = "NAME")]
        admin_name: Option<String>,
    },
    /// Look at and change the accounts of a running node, from its own machine
    #[command(after_help = ASK_HELP)]
    User {
        #[command(flatten)]
        args: AskArgs,
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Look at and change the personal tokens of a running node, from its own machine
    #[command(after_help = ASK_HELP)]
    Token {
        #[command(flatten)]
        args: AskArgs,
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Look at and change the cluster that a running node belongs to, from its own machine
    #[command(after_help = cluster::HELP)]
    Cluster {
        #[command(flatten)]
        args: AskArgs,
        #[command(subcommand)]
        command: ClusterCommand,
    },
    /// Look after the pictures in the folder of a running node, from its own machine
    #[command(after_help = blobs::HELP)]
    Blobs {
        #[command(flatten)]
        args: AskArgs,
        #[command(subcommand)]
        command: BlobsCommand,
    },
    /// Look at or change the keys that sessions are sealed with, of a node that is not running
    #[command(after_help = KEYS_HELP)]
    Keys {
        #[command(flatten)]
        node: NodeArgs,
        #[command(subcommand)]
        task: KeysCommand,
    },
    /// Make, look at and delete backups
    Backup {
        #[command(flatten)]
        args: BackupArgs,
        #[command(subcommand)]
        command: BackupCommand,
    },
    /// Put a backup back, into an empty folder
    #[command(after_help = backup::RESTORE_HELP)]
    Restore(RestoreArgs),
    /// Print the configuration that `serve` would use, with the source of each value
    CheckConfig {
        #[command(flatten)]
        config: ConfigArgs,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Print the version
    Version {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Show every key and its state
    List,
    /// Announce a new key: it seals new sessions from a minute after the node's start
    Rotate,
    /// Take a key away; whoever's session was last renewed under it signs in again
    Retire {
        /// As `list` shows it
        id: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// Where the node keeps everything; made when missing [default: ./data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The configuration file [default: /etc/easel/easel.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Which node is meant, for commands with commands of their own: to be given before them or after.
#[derive(Debug, Args)]
struct NodeArgs {
    /// Where the node keeps everything [default: ./data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<String>,
    /// The configuration file [default: /etc/easel/easel.toml, if it exists]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl From<NodeArgs> for ConfigArgs {
    fn from(NodeArgs { data_dir, config }: NodeArgs) -> ConfigArgs {
        ConfigArgs {
            data_dir,
            listen: None,
            config,
        }
    }
}

/// Runs what the command line asks for.
pub(crate) fn run() -> ExitCode {
    // clap itself ends the process with 2 for wrong usage and 0 for help.
    match Cli::parse().command {
        Command::Serve(args) => serve_node(args),
        Command::Init {
            config,
            admin_email,
            admin_password_file,
            admin_name,
        } => init(config, &admin_email, admin_name, &admin_password_file),
        Command::User { args, command } => people::user(args, command),
        Command::Token { args, command } => people::token(args, command),
        Command::Cluster { args, command } => cluster::run(args, command),
        Command::Blobs { args, command } => blobs::run(args, command),
        Command::Keys { node, task } => keys(node, task),
        Command::Backup { args, command } => backup::backup(args, command),
        Command::Restore(args) => backup::restore(args),
        Command::CheckConfig { config, format } => check_config(config, format),
        Command::Version { json } => version(json),
    }
    .into()
}

fn init(args: ConfigArgs, email: &str, name: Option<String>, password: &Path) -> Exit {
    let config = match load(args) {
        Ok(loaded) => loaded.config,
        Err(exit) => return exit,
    };
    let made =
        FirstUser::new(email, name, password).and_then(|first| offline::init(&config, first));
    match made {
        Ok(user) => {
            say(&format!("{email} can sign in now ({user})"));
            say(&format!(
                "Start the node: easel serve --data-dir {}",
                config.data_dir.display()
            ));
            Exit::Ok
        }
        Err(error) => {
            complain(&format!("{error:#}"));
            Exit::Failure
        }
    }
}

fn keys(node: NodeArgs, task: KeysCommand) -> Exit {
    let config = match load(node.into()) {
        Ok(loaded) => loaded.config,
        Err(exit) => return exit,
    };
    let task = match task {
        KeysCommand::List => KeysTask::List,
        KeysCommand::Rotate => KeysTask::Rotate,
        KeysCommand::Retire { id } => KeysTask::Retire(id),
    };
    match offline::keys(&config, task) {
        Ok(keys) => {
            for key in keys {
                let state = match key.state {
                    KeyState::Pending => "pending",
                    KeyState::Active => "active",
                    KeyState::VerifyOnly => "verify-only",
                };
                let (made, since) = (rfc3339(key.created_at.0), rfc3339(key.since.0));
                say(&format!(
                    "{}  {state:11}  since {since}  made {made}",
                    key.id
                ));
            }
            Exit::Ok
        }
        Err(error) => {
            complain(&format!("{error:#}"));
            Exit::Failure
        }
    }
}

fn serve_node(args: ConfigArgs) -> Exit {
    let mut config = match load(args) {
        Ok(loaded) => loaded.config,
        Err(exit) => return exit,
    };
    let sockets = match inherit(&mut config) {
        Ok(sockets) => sockets,
        Err(exit) => return exit,
    };
    logging::start(&config.log);
    match serve::run(config, sockets) {
        Ok(()) => Exit::Ok,
        Err(error) => match error.downcast::<LoadError>() {
            Ok(error) => complain_about(error),
            Err(error) => {
                complain(&format!("{error:#}"));
                Exit::Failure
            }
        },
    }
}

/// Sockets of the service manager stand over the configured addresses, and under the same rule.
fn inherit(config: &mut Config) -> Result<Sockets, Exit> {
    let cannot = |why: String| {
        complain(&format!(
            "cannot use the sockets of the service manager: {why}"
        ));
        Exit::Config
    };
    let sockets = Sockets::inherited().map_err(cannot)?;
    let at = |socket: &TcpListener| {
        socket
            .local_addr()
            .map_err(|error| cannot(error.to_string()))
    };
    if let Some(socket) = &sockets.http {
        config.listen.http = Address(at(socket)?);
    }
    if let Some(socket) = &sockets.ops {
        config.listen.ops = MaybeAddress(Some(at(socket)?));
    }
    config::check(config).map_err(complain_about)?;
    Ok(sockets)
}

fn check_config(args: ConfigArgs, format: Format) -> Exit {
    let loaded = match load(args) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    match format {
        Format::Text => {
            let width = |of: fn(&config::Effective) -> usize| {
                loaded.values.iter().map(of).max().unwrap_or_default()
            };
            let (keys, values) = (width(|v| v.key.len()), width(|v| v.value.len()));
            for value in &loaded.values {
                say(&format!(
                    "{:keys$} = {:values$}  # {}",
                    value.key, value.value, value.source
                ));
            }
        }
        Format::Json => {
            let values: Vec<_> = loaded
                .values
                .iter()
                .map(|v| json!({ "key": v.key, "value": v.json, "source": v.source }))
                .collect();
            say(&format!("{:#}", json!(values)));
        }
    }
    Exit::Ok
}

fn version(json: bool) -> Exit {
    if json {
        say(&json!({ "version": VERSION, "commit": COMMIT }).to_string());
    } else {
        say(&format!("easel {VERSION} ({COMMIT})"));
    }
    Exit::Ok
}

fn load(args: ConfigArgs) -> Result<Loaded, Exit> {
    let mut flags = Vec::new();
    for (name, key, value) in [
        ("--data-dir", "data_dir", args.data_dir),
        ("--listen", "listen.http", args.listen),
    ] {
        flags.extend(value.map(|value| Flag { name, key, value }));
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let sources = Sources {
        file: args.config,
        environment,
        flags,
    };
    config::load(&sources).map_err(complain_about)
}

fn complain_about(error: LoadError) -> Exit {
    match error {
        LoadError::Wrong(lines) => {
            lines.iter().for_each(|line| complain(line));
            Exit::Config
        }
        LoadError::Refused(why) => {
            complain(&why);
            Exit::Refused
        }
    }
}

/// To stdout. A reader that has gone away is no reason to end.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "easel: {line}");
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
