//! One connection that asks again and again: as much of HTTP/1.1 as that takes.

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const READ_BYTES: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Client {
    address: String,
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// One request; the rest of its head is the client's.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    /// Lines with their ends.
    pub(crate) headers: &'a str,
    pub(crate) body: &'a str,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client {
            address: address.to_owned(),
            stream,
            buffer: Vec::with_capacity(READ_BYTES),
        })
    }

    pub(crate) async fn ask(&mut self, request: &Request<'_>) -> Result<Answer> {
        let Request {
            method,
            path,
            headers,
            body,
            ..
        } = request;
        let token = request.token.map_or_else(String::new, |token| {
            format!("Authorization: Bearer {token}\r\n")
        });
        let kind = match body.is_empty() {
            true => String::new(),
            false => format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            ),
        };
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{token}{headers}{kind}\r\n{body}",
            self.address
        );
        self.stream.write_all(text.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<Answer> {
        self.buffer.clear();
        let (head, status, length) = loop {
            self.read().await?;
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..at])?;
                break (at + 4, status(head)?, length(head)?);
            }
        };
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        Ok(Answer {
            status,
            body: self.buffer[head..head + length].to_vec(),
        })
    }

    async fn read(&mut self) -> Result<()> {
        self.buffer.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => bail!("the server hung up"),
            _ => Ok(()),
        }
    }
}

fn status(head: &str) -> Result<u16> {
    let status = head.split(' ').nth(1).context("a status")?;
    Ok(status.parse()?)
}

fn length(head: &str) -> Result<usize> {
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim())
    });
    match value {
        Some(value) => Ok(value.parse()?),
        // As with 204.
        None => Ok(0),
    }
}
