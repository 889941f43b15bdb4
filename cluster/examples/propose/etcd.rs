//! etcd, driven over gRPC by hand: a put is one request on an HTTP/2 connection that stays open, and its
//! message is small enough to write down.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{Method, Request, Version};
use tokio::net::TcpStream;

use crate::{Arguments, Cpu, Figures, VALUE_BYTES, cpu_of, measure};

const KEY_BYTES: usize = 8;

struct Proposer {
    connection: SendRequest<Bytes>,
    port: u16,
    message: Bytes,
}

pub(crate) async fn run(arguments: &Arguments) {
    for &count in &arguments.proposers {
        let dir = tempfile::tempdir_in(&arguments.dir).expect("a folder");
        let mut server = Server::start(arguments, dir.path());
        let connections = count.min(arguments.connections);
        let mut opened = Vec::new();
        for _ in 0..connections {
            opened.push(server.connect().await);
        }
        let proposers = (0..count).map(|nth| Proposer {
            connection: opened[nth % connections].clone(),
            port: server.port,
            message: put(nth as u64),
        });
        let process = server.child.id().to_string();
        let before = Cpu {
            tested: cpu_of(&process),
            driver: cpu_of("self"),
        };
        let latencies = measure(proposers.collect(), arguments.seconds, propose).await;
        let cpu = Cpu {
            tested: cpu_of(&process) - before.tested,
            driver: cpu_of("self") - before.driver,
        };
        Figures {
            target: "etcd",
            proposers: count,
            seconds: arguments.seconds,
            latencies: &latencies,
            cpu,
        }
        .print();
        server.stop();
    }
}

/// One etcd with its own settings: a cluster of one, syncing every write.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(arguments: &Arguments, dir: &std::path::Path) -> Self {
        let (port, peer_port) = (free_port(), free_port());
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let child = Command::new(&arguments.etcd)
            .arg("--data-dir")
            .arg(dir)
            .args([
                "--listen-client-urls",
                &url(port),
                "--advertise-client-urls",
                &url(port),
            ])
            .args(["--listen-peer-urls", &url(peer_port)])
            .args(["--initial-advertise-peer-urls", &url(peer_port)])
            .args(["--initial-cluster", &format!("default={}", url(peer_port))])
            .args(["--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcd starts: Debian has it as etcd-server");
        Self { child, port }
    }

    /// Waits until etcd listens and answers a put.
    async fn connect(&self) -> SendRequest<Bytes> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Ok(connection) = self.try_connect().await {
                return connection;
            }
            assert!(Instant::now() < end, "etcd does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn try_connect(&self) -> Result<SendRequest<Bytes>, String> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await;
        let stream = stream.map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let (sender, connection) = h2::client::handshake(stream)
            .await
            .map_err(|e| e.to_string())?;
        // Ends when the last sender is dropped or etcd stops.
        tokio::spawn(connection);
        request(sender.clone(), self.port, put(0)).await?;
        Ok(sender)
    }

    fn stop(&mut self) {
        self.child.kill().expect("etcd can be stopped");
        self.child.wait().expect("etcd ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nobody left to stop.
        let _ = self.child.kill();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn propose(proposer: Proposer) -> Proposer {
    let put = request(
        proposer.connection.clone(),
        proposer.port,
        proposer.message.clone(),
    );
    put.await.expect("a put is answered");
    proposer
}

async fn request(sender: SendRequest<Bytes>, port: u16, message: Bytes) -> Result<(), String> {
    let text = |error: h2::Error| error.to_string();
    let mut sender = sender.ready().await.map_err(text)?;
    let head = Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri(format!("http://127.0.0.1:{port}/etcdserverpb.KV/Put"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .expect("a request");
    let (response, mut body) = sender.send_request(head, false).map_err(text)?;
    body.send_data(message, true).map_err(text)?;
    let mut response = response.await.map_err(text)?.into_body();
    while let Some(data) = response.data().await {
        let data = data.map_err(text)?;
        response
            .flow_control()
            .release_capacity(data.len())
            .map_err(text)?;
    }
    let trailers = response.trailers().await.map_err(text)?;
    match trailers.as_ref().and_then(|t| t.get("grpc-status")) {
        Some(status) if status == "0" => Ok(()),
        status => Err(format!("etcd answered {status:?}")),
    }
}

/// A gRPC frame with a `PutRequest { key = 1, value = 2 }`.
fn put(key: u64) -> Bytes {
    let mut message = BytesMut::new();
    message.put_u8(0x0a);
    message.put_u8(KEY_BYTES as u8);
    message.put_u64(key);
    message.put_u8(0x12);
    // A varint of two bytes.
    message.put_slice(&[VALUE_BYTES as u8 | 0x80, (VALUE_BYTES >> 7) as u8]);
    message.put_bytes(0x5e, VALUE_BYTES);
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(message.len() as u32);
    frame.put_slice(&message);
    frame.freeze()
}
