//! The command line: what can be asked of the program, and the number it ends with.

use crate::config::{self, Address, Config, Flag, LoadError, Loaded, MaybeAddress, Sources};
use crate::systemd::Sockets;
use crate::{COMMIT, VERSION, logging, serve};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::json;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;

/// The numbers the program ends with; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Ok = 0,
    /// It was tried and did not work.
    Failure = 1,
    /// The configuration cannot be meant.
    Config = 3,
    /// It is clear what is wanted, and this release will not do it.
    Refused = 5,
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

Exit codes:
  0 it worked · 1 it did not · 2 wrong usage · 3 wrong configuration · 4 a node cannot be reached · 5 refused";

const SERVE_HELP: &str = "\
On an empty folder the node makes its identity by itself; there is nothing to initialise. It stops on Ctrl-C or SIGTERM
after saving what it accepted, within five seconds; a second signal stops it at once.

It listens on loopback only, since this release has no accounts. To draw from another machine:
  ssh -L 8080:127.0.0.1:8080 this-machine      and open http://127.0.0.1:8080 there

Every key of the configuration with its default stands in config/easel.toml. Environment variables name keys as
EASEL_SECTION__KEY (EASEL_LISTEN__OPS=127.0.0.1:9181), and flags stand over them.

To back up, stop the node and copy the data folder.";

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
    /// Where to listen, on loopback [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The configuration file [default: /etc/easel/easel.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs what the command line asks for.
pub(crate) fn run() -> ExitCode {
    // clap itself ends the process with 2 for wrong usage and 0 for help.
    match Cli::parse().command {
        Command::Serve(args) => serve_node(args),
        Command::CheckConfig { config, format } => check_config(config, format),
        Command::Version { json } => version(json),
    }
    .into()
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
        Err(error) => {
            complain(&error.to_string());
            Exit::Failure
        }
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
