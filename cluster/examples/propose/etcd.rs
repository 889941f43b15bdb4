//! etcd, driven over gRPC by hand: a put is one request on an HTTP/2 connection that stays open, and its
//! message is small enough to write down.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};
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
        let mut servers = Servers::start(arguments, dir.path());
        let leader = servers.leader().await;
        let connections = count.min(arguments.connections);
        let mut opened = Vec::new();
        for _ in 0..connections {
            opened.push(connect(leader).await);
        }
        let proposers = (0..count).map(|nth| Proposer {
            connection: opened[nth % connections].clone(),
            port: leader,
            message: put(nth as u64),
        });
        let before = Cpu {
            tested: servers.cpu(),
            driver: cpu_of("self"),
        };
        let latencies = measure(proposers.collect(), arguments.seconds, propose).await;
        let cpu = Cpu {
            tested: servers.cpu() - before.tested,
            driver: cpu_of("self") - before.driver,
        };
        Figures {
            target: "etcd",
            nodes: arguments.nodes,
            proposers: count,
            seconds: arguments.seconds,
            latencies: &latencies,
            cpu,
        }
        .print();
        servers.stop();
    }
}

/// etcd with its own settings, syncing every write; a process for each member.
struct Servers {
    children: Vec<Child>,
    /// Where each takes requests.
    ports: Vec<u16>,
}

impl Servers {
    fn start(arguments: &Arguments, dir: &std::path::Path) -> Self {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let ports: Vec<(u16, u16)> = (0..arguments.nodes)
            .map(|_| (free_port(), free_port()))
            .collect();
        let cluster = ports.iter().enumerate();
        let cluster = cluster.map(|(nth, (_, peer))| format!("m{nth}={}", url(*peer)));
        let cluster = cluster.collect::<Vec<_>>().join(",");
        let children = ports.iter().enumerate().map(|(nth, (port, peer))| {
            let name = format!("m{nth}");
            Command::new(&arguments.etcd)
                .args(["--name", &name])
                .arg("--data-dir")
                .arg(dir.join(&name))
                .args(["--listen-client-urls", &url(*port)])
                .args(["--advertise-client-urls", &url(*port)])
                .args(["--listen-peer-urls", &url(*peer)])
                .args(["--initial-advertise-peer-urls", &url(*peer)])
                .args(["--initial-cluster", &cluster])
                .args(["--log-level", "error"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("etcd starts: Debian has it as etcd-server")
        });
        Self {
            children: children.collect(),
            ports: ports.iter().map(|(port, _)| *port).collect(),
        }
    }

    /// The port of the one that leads: the commands are proposed to it, as ours are.
    async fn leader(&self) -> u16 {
        for port in &self.ports {
            connect(*port).await;
        }
        for port in &self.ports {
            let connection = connect(*port).await;
            let answer = request(
                connection,
                *port,
                "Maintenance/Status",
                Bytes::from_static(&[0; 5]),
            )
            .await;
            let status = Status::read(&answer.expect("a status"));
            if status.member == status.leader {
                return *port;
            }
        }
        panic!("none of etcd's members says that it leads")
    }

    fn cpu(&self) -> Duration {
        let ids = self.children.iter().map(|child| child.id().to_string());
        ids.map(|id| cpu_of(&id)).sum()
    }

    fn stop(&mut self) {
        for child in &mut self.children {
            child.kill().expect("etcd can be stopped");
            child.wait().expect("etcd ends");
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // After `stop` there is nobody left to stop.
        for child in &mut self.children {
            let _ = child.kill();
        }
    }
}

/// Of a `StatusResponse { header = 1 { member_id = 2 }, leader = 4 }`.
#[derive(Default)]
struct Status {
    member: u64,
    leader: u64,
}

impl Status {
    fn read(mut frame: &[u8]) -> Self {
        // The frame's own head: whether it is compressed, and its length.
        frame.advance(5);
        let mut status = Self::default();
        while frame.has_remaining() {
            match varint(&mut frame) {
                // The header, a message of its own.
                0x0a => {
                    let len = varint(&mut frame) as usize;
                    let (mut header, rest) = frame.split_at(len);
                    frame = rest;
                    while header.has_remaining() {
                        match varint(&mut header) {
                            0x10 => status.member = varint(&mut header),
                            tag => skip(tag, &mut header),
                        }
                    }
                }
                0x20 => status.leader = varint(&mut frame),
                tag => skip(tag, &mut frame),
            }
        }
        status
    }
}

fn varint(from: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = from.get_u8();
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// Steps over a field; of protobuf's kinds a status has numbers and what has a length.
fn skip(tag: u64, from: &mut &[u8]) {
    let value = varint(from);
    if tag & 7 == 2 {
        from.advance(value as usize);
    }
}

/// Waits until etcd listens and answers a put.
async fn connect(port: u16) -> SendRequest<Bytes> {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Ok(connection) = try_connect(port).await {
            return connection;
        }
        assert!(Instant::now() < end, "etcd does not answer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn try_connect(port: u16) -> Result<SendRequest<Bytes>, String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
    let stream = stream.map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let (sender, connection) = h2::client::handshake(stream)
        .await
        .map_err(|e| e.to_string())?;
    // Ends when the last sender is dropped or etcd stops.
    tokio::spawn(connection);
    request(sender.clone(), port, "KV/Put", put(0)).await?;
    Ok(sender)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn propose(proposer: Proposer) -> Proposer {
    let put = request(
        proposer.connection.clone(),
        proposer.port,
        "KV/Put",
        proposer.message.clone(),
    );
    put.await.expect("a put is answered");
    proposer
}

async fn request(
    sender: SendRequest<Bytes>,
    port: u16,
    method: &str,
    message: Bytes,
) -> Result<Vec<u8>, String> {
    let text = |error: h2::Error| error.to_string();
    let mut sender = sender.ready().await.map_err(text)?;
    let head = Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri(format!("http://127.0.0.1:{port}/etcdserverpb.{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .expect("a request");
    let (response, mut body) = sender.send_request(head, false).map_err(text)?;
    body.send_data(message, true).map_err(text)?;
    let mut response = response.await.map_err(text)?.into_body();
    let mut answer = Vec::new();
    while let Some(data) = response.data().await {
        let data = data.map_err(text)?;
        answer.extend_from_slice(&data);
        response
            .flow_control()
            .release_capacity(data.len())
            .map_err(text)?;
    }
    let trailers = response.trailers().await.map_err(text)?;
    match trailers.as_ref().and_then(|t| t.get("grpc-status")) {
        Some(status) if status == "0" => Ok(answer),
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
