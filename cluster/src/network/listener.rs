//! Where other nodes call.

use std::io;

use tokio::net::{TcpListener, TcpStream};

use super::{Accepted, Transport};
#[cfg(test)]
use super::{Caller, Stream};

#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    /// The network of a simulation, which brings connections whole.
    #[cfg(test)]
    Simulated(crate::tests::simulation::Calls),
}

/// Somebody called; the connection has yet to come about.
pub(super) enum Call {
    Tcp(TcpStream),
    #[cfg(test)]
    Simulated(Stream),
}

impl Listener {
    /// And from where.
    pub(super) async fn accept(&mut self) -> io::Result<(Call, String)> {
        match self {
            Self::Tcp(listener) => {
                let (tcp, from) = listener.accept().await?;
                Ok((Call::Tcp(tcp), from.to_string()))
            }
            #[cfg(test)]
            Self::Simulated(calls) => {
                let (from, stream) = calls.next().await;
                Ok((Call::Simulated(stream), from.to_string()))
            }
        }
    }
}

impl Call {
    pub(super) async fn accept(self, transport: &dyn Transport) -> io::Result<Accepted> {
        match self {
            Self::Tcp(tcp) => transport.accept(tcp).await,
            #[cfg(test)]
            Self::Simulated(stream) => Ok(Accepted {
                stream,
                caller: Caller::Anyone,
            }),
        }
    }
}
