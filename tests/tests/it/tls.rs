//! TLS on a real node, and who may listen where: both versions, both protocols, certificates that change.

use bytes::Bytes;
use easel_tests::{Client, Node, NodeOptions, node, within};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair};
use rustix::process::Signal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const PASSWORD: &str = "four unrelated plain words";
const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

/// A certificate for 127.0.0.1 that is its own authority, and its key, in a folder.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Files {
        let files = Files {
            folder: TempDir::new().unwrap(),
        };
        files.replace();
        files
    }

    /// Another certificate in their place, as a renewal does it.
    fn replace(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let cert = params.self_signed(&key).unwrap();
        fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
        fs::write(self.path("cert.pem"), cert.pem()).unwrap();
    }

    /// A key that is another's.
    fn break_key(&self) {
        let key = KeyPair::generate().unwrap();
        fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path("cert.pem")).unwrap()
    }

    fn options(&self) -> NodeOptions {
        NodeOptions::default()
            .with("EASEL_TLS__MODE", "files")
            .with("EASEL_TLS__CERT_FILE", &self.path("cert.pem"))
            .with("EASEL_TLS__KEY_FILE", &self.path("key.pem"))
    }
}

/// A connection that trusts this one certificate.
async fn connect(
    node: &Node,
    trusted: CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let socket = TcpStream::connect(&node.address).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(client))
        .connect(name, socket)
        .await
}

/// Whether a new connection is shown this certificate.
async fn shows(node: &Node, certificate: &CertificateDer<'static>) -> bool {
    let connected = connect(node, certificate.clone(), BOTH, "http/1.1").await;
    connected.is_ok_and(|stream| {
        let (_, session) = stream.get_ref();
        session.peer_certificates() == Some(std::slice::from_ref(certificate))
    })
}

/// One request over HTTP/1.1 on a connection of its own: the whole answer.
async fn ask(node: &Node, files: &Files, request: &str) -> String {
    let mut stream = connect(node, files.der(), BOTH, "http/1.1").await.unwrap();
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let head = head.replace('\n', "\r\n");
    let text = format!(
        "{head}\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        node.address,
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {answer}"))
}

#[tokio::test]
async fn both_versions_and_both_protocols_are_spoken() {
    let files = Files::new();
    let node = Node::start(files.options()).await;
    assert!(
        node.output().contains(&format!("https://{}", node.address)),
        "{}",
        node.output()
    );
    for (version, expected) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let stream = connect(&node, files.der(), &[version], "h2").await.unwrap();
        let (_, session) = stream.get_ref();
        assert_eq!(session.protocol_version(), Some(expected));
        assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
        let io = TokioIo::new(stream);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                .await
                .unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::get(format!("https://{}/api/v1/version", node.address))
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.version(), hyper::Version::HTTP_2);
        // Its host is an address of this very machine, where the rule would hold for every port.
        assert!(!answer.headers().contains_key("strict-transport-security"));
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&answer).contains("\"api\":1"));
    }
    let answer = ask(&node, &files, "GET /healthz HTTP/1.1").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let own = format!("Origin: https://{}", node.address);
    let other = format!("Origin: http://{}", node.address);
    for (origin, expected) in [(own, "HTTP/1.1 201"), (other, "HTTP/1.1 403")] {
        let request = format!(
            "POST /api/v1/boards HTTP/1.1\n{origin}\nContent-Type: application/json\n\n{{\"title\":\"x\"}}"
        );
        let answer = ask(&node, &files, &request).await;
        assert!(answer.starts_with(expected), "{origin}: {answer}");
    }
}

#[tokio::test]
async fn an_older_version_than_is_wanted_is_not_spoken() {
    let files = Files::new();
    let node = Node::start(files.options().with("EASEL_TLS__MIN", "1.3")).await;
    let old = connect(&node, files.der(), &[&TLS12], "http/1.1").await;
    assert!(old.is_err(), "TLS 1.2 was spoken");
    assert!(
        connect(&node, files.der(), &[&TLS13], "http/1.1")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_stroke_travels_and_is_saved_over_tls() {
    let files = Files::new();
    let options = files
        .options()
        .with("EASEL_REALTIME__CREATE_ON_JOIN", "true");
    let node = Node::start(options).await;
    let join = async || {
        let stream = connect(&node, files.der(), BOTH, "http/1.1").await.unwrap();
        Client::join_over(stream, &format!("wss://{}/sync/x", node.address)).await
    };
    let (a, b) = (join().await, join().await);
    for no in 0..50 {
        a.set(&format!("k{no}"), f64::from(no));
    }
    // More than fits into one record, or into the socket.
    a.set("long", "Easel ".repeat(100_000));
    a.until_saved().await;
    within("what a did", async || {
        let seen = b.json("root");
        (seen["k49"] == 49.0 && seen["long"].as_str()?.len() == 600_000).then_some(())
    })
    .await;
    b.set("back", 1.0);
    b.until_saved().await;
    within("what b did", async || a.value("root", "back").map(drop)).await;
}

#[tokio::test]
async fn a_board_is_streamed_over_tls() {
    let files = Files::new();
    let node = Node::start(files.options()).await;
    let made = ask(
        &node,
        &files,
        "POST /api/v1/boards HTTP/1.1\nContent-Type: application/json\n\n{\"title\":\"x\"}",
    )
    .await;
    let board = body(&made)["id"].as_str().unwrap().to_owned();
    let mut stream = connect(&node, files.der(), BOTH, "http/1.1").await.unwrap();
    let request = format!(
        "GET /api/v1/boards/{board}/stream HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n",
        node.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = String::new();
    // The answer does not end: what is said at once is there while it goes on.
    while !heard.contains("event: sync") && !heard.contains("event:sync") {
        let mut chunk = [0; 1024];
        let len = stream.read(&mut chunk).await.unwrap();
        assert_ne!(len, 0, "the stream ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&chunk[..len]));
    }
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_node_runs_and_a_broken_one_is_not() {
    let files = Files::new();
    let node = Node::start(files.options()).await;
    let first = files.der();
    assert!(shows(&node, &first).await);
    let open = connect(&node, first, BOTH, "http/1.1").await.unwrap();

    files.replace();
    let second = files.der();
    node.signal(Signal::HUP);
    within("the second certificate", async || {
        shows(&node, &second).await.then_some(())
    })
    .await;

    files.replace();
    let third = files.der();
    within("the third certificate, of which nobody told", async || {
        shows(&node, &third).await.then_some(())
    })
    .await;

    files.break_key();
    node.signal(Signal::HUP);
    within("the warning", async || {
        node.output()
            .contains("do not belong together")
            .then_some(())
    })
    .await;
    assert!(shows(&node, &third).await, "the last good one stays");

    // Who was connected all the time still is.
    let mut open = open;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", node.address);
    open.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    open.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_is_refused_at_the_start() {
    let files = Files::new();
    files.break_key();
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), "127.0.0.1:0", &files.options().env).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("do not belong together"));
    fs::remove_file(files.path("cert.pem")).unwrap();
    let output = run(folder.path(), "127.0.0.1:0", &files.options().env).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("cert.pem"), "{}", said(&output));
}

#[tokio::test]
async fn for_trying_the_node_signs_for_itself() {
    let folder = TempDir::new().unwrap();
    let options = NodeOptions::default()
        .with("EASEL_TLS__MODE", "self-signed")
        .with("EASEL_PUBLIC_URL", "https://boards.example.org");
    let mut node = Node::start_at(folder.path(), options.clone()).await;
    let (cert, key) = ("tls/self-signed.pem", "tls/self-signed.key");
    let certificate = CertificateDer::from_pem_file(folder.path().join(cert)).unwrap();
    assert!(shows(&node, &certificate).await);
    let mode = fs::metadata(folder.path().join(key)).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    within("the fingerprint", async || {
        let output = node.output();
        let (_, rest) = output.split_once("SHA-256 ")?;
        (rest.split_whitespace().next()?.len() == 32 * 3 - 1).then_some(())
    })
    .await;
    node.kill().await;
    let node = Node::start_at(folder.path(), options).await;
    assert!(shows(&node, &certificate).await, "it is kept");
}

#[tokio::test]
async fn what_is_no_tls_is_told_so_and_what_says_nothing_is_closed() {
    let files = Files::new();
    let options = files.options().with("EASEL_LIMITS__HEADER_TIMEOUT", "2s");
    let node = Node::start(options).await;
    let talk = async |bytes: &[u8]| {
        let mut socket = TcpStream::connect(&node.address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        answer
    };
    let answer = talk(b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n").await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("https://"),
        "{answer}"
    );
    // A record that begins like a handshake and is none; and no word at all, which ends with the time for it.
    talk(b"\x16\x03\x01\x00\x05hello").await;
    assert_eq!(talk(b"").await, b"");
    within("all of them to be counted", async || {
        let metrics = ask(&node, &files, "GET /metrics HTTP/1.1").await;
        let counted = |result| {
            metrics.contains(&format!(
                "easel_tls_handshakes_total{{result=\"{result}\"}} 1\n"
            ))
        };
        ["not-tls", "failed", "timeout"]
            .into_iter()
            .all(counted)
            .then_some(())
    })
    .await;
    assert!(!node.output().contains("\"level\":\"error\""));
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `easel serve`, which is expected to end by itself.
async fn run(folder: &Path, listen: &str, env: &[(String, String)]) -> Output {
    let serving = node::command()
        .args(["serve", "--listen", listen, "--data-dir"])
        .arg(folder)
        .envs(env.iter().cloned())
        .kill_on_drop(true)
        .output();
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, serving)
        .await
        .expect("it ends")
        .unwrap()
}

/// Makes the first account in a folder.
async fn init(folder: &Path) {
    let password = TempDir::new().unwrap();
    let file = password.path().join("password");
    fs::write(&file, PASSWORD).unwrap();
    let output = node::command()
        .args(["init", "--admin-email", "ada@example.org"])
        .arg("--admin-password-file")
        .arg(&file)
        .arg("--data-dir")
        .arg(folder)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test]
async fn others_are_served_only_with_accounts_and_in_secret() {
    let files = Files::new();
    let folder = TempDir::new().unwrap();
    let proxied = NodeOptions::default().with("EASEL_PROXY__TRUSTED", "127.0.0.1");
    // In the clear, whoever has an account; and to everybody, however well it is sealed.
    for (env, word) in [
        (&[][..], "TLS"),
        (&files.options().env, "easel init"),
        (&proxied.env, "easel init"),
    ] {
        let output = run(folder.path(), "0.0.0.0:0", env).await;
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        assert!(said(&output).contains(word), "{}", said(&output));
    }
    init(folder.path()).await;
    let output = run(folder.path(), "0.0.0.0:0", &[]).await;
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));

    let mut node = Node::start_on(folder.path(), files.options(), "0.0.0.0:0").await;
    let (_, port) = node.address.split_once(':').unwrap();
    let answer = TcpStream::connect(format!("127.0.0.1:{port}")).await;
    assert!(answer.is_ok());
    let metrics = ask(&node, &files, "GET /metrics HTTP/1.1").await;
    assert!(
        metrics.starts_with("HTTP/1.1 404"),
        "metrics are not for everybody"
    );
    node.kill().await;
    let node = Node::start_on(folder.path(), proxied, "0.0.0.0:0").await;
    assert_eq!(node.get("/healthz").await.status(), 200);
}

/// Signs in with these headers; the network that the session is said to be from.
async fn network_of(node: &Node, headers: &[(&str, &str)]) -> String {
    let client = reqwest::Client::new();
    let mut request = client
        .post(node.url("/api/v1/auth/login"))
        .header("easel-client", "web")
        .json(&json!({ "email": "ada@example.org", "password": PASSWORD }));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
    let signed_in: Value = answer.json().await.unwrap();
    let token = signed_in["access_token"].as_str().unwrap().to_owned();
    let listing = client
        .get(node.url("/api/v1/auth/sessions"))
        .bearer_auth(token);
    let sessions: Value = listing.send().await.unwrap().json().await.unwrap();
    let sessions = sessions["data"].as_array().unwrap();
    let this = sessions
        .iter()
        .find(|session| session["current"] == true)
        .unwrap();
    this["network"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn where_a_client_is_only_a_trusted_proxy_may_say() {
    let folder = TempDir::new().unwrap();
    init(folder.path()).await;
    let headers = [
        ("x-forwarded-for", "203.0.113.9, 192.0.2.7"),
        ("x-request-id", "from-outside"),
    ];
    let mut node = Node::start_at(folder.path(), NodeOptions::default()).await;
    assert_eq!(network_of(&node, &headers).await, "127.0.0.1");
    let hsts = async |node: &Node| {
        let client = reqwest::Client::new();
        let asked = client
            .get(node.url("/healthz"))
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "boards.example.org")
            .header("x-request-id", "from-outside");
        let answer = asked.send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap() == "from-outside";
        let has_rule = answer.headers().contains_key("strict-transport-security");
        (id, has_rule)
    };
    assert_eq!(hsts(&node).await, (false, false));
    node.kill().await;

    let options = NodeOptions::default()
        .with("EASEL_PROXY__TRUSTED", "127.0.0.1")
        .with("EASEL_PUBLIC_URL", "https://boards.example.org");
    let node = Node::start_at(folder.path(), options).await;
    assert_eq!(network_of(&node, &headers).await, "192.0.2.7");
    assert_eq!(hsts(&node).await, (true, true));
}
