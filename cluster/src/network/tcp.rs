//! Plain TCP, for a network that nobody else is on.

use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::net::TcpStream;

use super::{Accepted, Caller, Stream, Transport, socket};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Tcp;

impl Transport for Tcp {
    fn connect<'a>(
        &'a self,
        _: u64,
        address: &'a str,
        unconfirmed_max: Duration,
    ) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move { boxed(TcpStream::connect(address).await?, unconfirmed_max) })
    }

    fn accept(&self, accepted: TcpStream) -> BoxFuture<'_, io::Result<Accepted>> {
        Box::pin(async {
            Ok(Accepted {
                stream: boxed(accepted, socket::UNCONFIRMED_MAX_OF_MUCH)?,
                caller: Caller::Anyone,
            })
        })
    }
}

fn boxed(tcp: TcpStream, unconfirmed_max: Duration) -> io::Result<Stream> {
    socket::prepare(&tcp, unconfirmed_max)?;
    Ok(Box::new(tcp))
}
