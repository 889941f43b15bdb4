//! The server of Easel: the command line, configuration, HTTP, the REST interface, realtime rooms and metrics.
//!
//! What it is not: it knows neither how a change becomes durable (`easel-cluster`, `easel-storage`) nor what a board
//! is (`easel-board`). Begin at [`cli`] for what can be asked of the program, at [`serve`] for what runs and in which
//! order it stops, at [`http`] for a request's way in.

mod admin;
mod api;
mod app;
mod auth;
mod backup;
mod bucket;
mod cli;
mod config;
mod http;
mod images;
mod logging;
mod metrics;
mod neighbours;
mod observe;
mod offline;
mod peers;
mod process;
mod realtime;
mod serve;
mod standing;
mod systemd;
#[cfg(test)]
mod testing;

use std::process::ExitCode;

/// The release, as `easel version` and `/api/v1/version` tell it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit of the source: what whoever built the binary said, or else, in a release build, what git says of the checkout.
const COMMIT: &str = match option_env!("SOURCE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

fn main() -> ExitCode {
    // Before anything else: rustls asks for one, and panics where it finds two and has not been told which.
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing has installed another yet");
    cli::run()
}
