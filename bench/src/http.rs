//! As much of HTTP as it takes to make a board: one request, one connection.

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends a request with a JSON body (or none) and returns the status and the answer's body.
pub(crate) async fn request(
    address: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("an HTTP answer")?;
    let status = head.split(' ').nth(1).context("a status")?.parse()?;
    Ok((status, body.to_owned()))
}

/// Posts JSON and reads JSON.
pub(crate) async fn post(address: &str, path: &str, body: &str) -> Result<serde_json::Value> {
    let (status, answer) = request(address, "POST", path, body).await?;
    if !(200..300).contains(&status) {
        bail!("{path} answered {status}: {answer}");
    }
    serde_json::from_str(&answer).with_context(|| format!("{path} answered {answer}"))
}
