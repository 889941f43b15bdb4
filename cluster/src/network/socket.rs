//! How the system is to treat a connection between nodes.
//!
//! Where packets are dropped without a word TCP sends again ever more rarely: after a minute without the network it may take
//! another minute until it tries. A connection would outlive the partition by that, and whoever waits on it hears nothing,
//! while a new one would come about at once. So one whose other end confirms nothing is given up soon.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

use super::frame::STALL_MAX;

/// Where somebody waits for each answer. What was sent is not confirmed within this; the other end's system confirms it, even
/// of a process that stands still, until there is no room for more.
pub(crate) const UNCONFIRMED_MAX: Duration = Duration::from_secs(3);
/// Where a slow disk may take nothing for a while, and then there is no room.
pub(crate) const UNCONFIRMED_MAX_OF_MUCH: Duration = STALL_MAX;
/// A connection without traffic is tried so often, so that its end is known when it is to be used.
const TRIED_EVERY: Duration = Duration::from_secs(1);

pub(crate) fn prepare(tcp: &TcpStream, unconfirmed_max: Duration) -> io::Result<()> {
    // Questions are small and answers are waited for.
    tcp.set_nodelay(true)?;
    let millis = u32::try_from(unconfirmed_max.as_millis()).expect("a few seconds");
    sockopt::set_tcp_user_timeout(tcp, millis)?;
    sockopt::set_socket_keepalive(tcp, true)?;
    sockopt::set_tcp_keepidle(tcp, TRIED_EVERY)?;
    sockopt::set_tcp_keepintvl(tcp, TRIED_EVERY)?;
    Ok(())
}
