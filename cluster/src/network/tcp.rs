//! Plain TCP, for a network that nobody else is on.

use std::io;

use futures_util::future::BoxFuture;
use tokio::net::TcpStream;

use super::{Accepted, Caller, Stream, Transport};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Tcp;

impl Transport for Tcp {
    fn connect<'a>(&'a self, _: u64, address: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move { boxed(TcpStream::connect(address).await?) })
    }

    fn accept(&self, accepted: TcpStream) -> BoxFuture<'_, io::Result<Accepted>> {
        Box::pin(async {
            Ok(Accepted {
                stream: boxed(accepted)?,
                caller: Caller::Anyone,
            })
        })
    }
}

fn boxed(tcp: TcpStream) -> io::Result<Stream> {
    // Questions are small and answers are waited for.
    tcp.set_nodelay(true)?;
    Ok(Box::new(tcp))
}
