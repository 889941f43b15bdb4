//! A real S3 server for a node to keep things in: `s3s-fs`, on a folder, in this process.

use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use std::future::pending;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub const BUCKET: &str = "easel";
const ACCESS_KEY: &str = "easel";
const SECRET_KEY: &str = "a secret of the bucket";

/// Ends with the test's runtime.
#[derive(Debug)]
pub struct S3Server {
    pub endpoint: String,
    dir: TempDir,
    held: Arc<Mutex<Held>>,
}

/// What is asked for and never answered.
#[derive(Debug, Default)]
struct Held {
    /// Part of the path.
    name: Option<String>,
    asked: Option<oneshot::Sender<()>>,
}

impl Held {
    fn holds(&mut self, path: &str) -> bool {
        let holds = self.name.as_ref().is_some_and(|name| path.contains(name));
        if let Some(asked) = self.asked.take_if(|_| holds) {
            let _ = asked.send(());
        }
        holds
    }
}

impl S3Server {
    /// With one bucket in it.
    pub async fn start() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(dir.path().join(BUCKET)).expect("a bucket");
        let files = FileSystem::new(dir.path()).expect("a folder");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let held = Arc::<Mutex<Held>>::default();
        let holds = Arc::clone(&held);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, held) = (service.clone(), Arc::clone(&holds));
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let answer = service_fn(move |request: hyper::Request<Incoming>| {
                        let mut held = held.lock().expect("nobody panicked");
                        let is_held = held.holds(request.uri().path());
                        let answered = Service::call(&service, request);
                        async move {
                            match is_held {
                                true => pending().await,
                                false => answered.await,
                            }
                        }
                    });
                    let _ = server.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Self {
            endpoint: format!("http://{at}"),
            dir,
            held,
        }
    }

    /// From now on whoever asks for an object with this in its name waits. Told of the first.
    pub fn hold(&self, name: &str) -> oneshot::Receiver<()> {
        let (asked, is_asked) = oneshot::channel();
        *self.held.lock().expect("nobody panicked") = Held {
            name: Some(name.to_owned()),
            asked: Some(asked),
        };
        is_asked
    }

    /// Who waits goes on waiting; who asks now is answered.
    pub fn let_go(&self) {
        *self.held.lock().expect("nobody panicked") = Held::default();
    }

    /// What the section of a node's configuration needs to reach the bucket.
    pub fn env(&self, section: &str) -> Vec<(String, String)> {
        [
            ("ENDPOINT", &*self.endpoint),
            ("ACCESS_KEY", ACCESS_KEY),
            ("SECRET_KEY", SECRET_KEY),
        ]
        .map(|(key, value)| (format!("EASEL_{section}__{key}"), value.to_owned()))
        .into()
    }

    /// Where the server has an object.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(BUCKET).join(name)
    }
}
