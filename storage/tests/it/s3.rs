//! Blobs and objects in a real S3 server: `s3s-fs`, on a folder, reached over loopback and signed for.

use bytes::Bytes;
use easel_storage::blobs::{S3Blobs, suite};
use easel_storage::bucket::{Bucket, BucketError, BucketOptions};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const BUCKET: &str = "easel";

struct Server {
    runtime: Runtime,
    dir: TempDir,
    options: BucketOptions,
}

impl Server {
    fn start() -> Server {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(dir.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("ada", "a secret"));
        let service = service.build();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let at = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        let options = BucketOptions {
            endpoint: format!("http://{at}"),
            region: "us-east-1".to_owned(),
            bucket: BUCKET.to_owned(),
            prefix: "boards/one".to_owned(),
            access_key: "ada".to_owned(),
            secret_key: "a secret".to_owned(),
        };
        Server {
            runtime,
            dir,
            options,
        }
    }

    fn bucket(&self) -> Bucket {
        self.open(&self.options)
    }

    fn open(&self, options: &BucketOptions) -> Bucket {
        Bucket::open(options, self.runtime.handle().clone()).unwrap()
    }
}

#[test]
fn a_bucket_is_a_place_for_blobs() {
    let server = Server::start();
    let root = server.dir.path().join(BUCKET).join("boards/one");
    suite::run(
        &|| Box::new(S3Blobs::open(server.bucket()).unwrap()),
        &|hash, bytes| {
            let name = hash.to_string();
            std::fs::write(root.join(&name[..2]).join(&name[2..]), bytes).unwrap();
        },
    );
}

#[test]
fn objects_come_and_go_below_the_prefix() {
    let server = Server::start();
    let bucket = server.bucket();
    let names = |bucket: &Bucket| {
        let mut names = Vec::new();
        bucket
            .each(&mut |object| names.push((object.name, object.len)))
            .unwrap();
        names.sort();
        names
    };
    assert_eq!(names(&bucket), []);
    bucket.put("notes/a", Bytes::from_static(b"first")).unwrap();
    bucket
        .put("notes/a", Bytes::from_static(b"second"))
        .unwrap();
    bucket.put("b", Bytes::new()).unwrap();
    let elsewhere = BucketOptions {
        prefix: String::new(),
        ..server.options.clone()
    };
    server.open(&elsewhere).put("c", Bytes::new()).unwrap();
    assert_eq!(names(&bucket), [("b".into(), 0), ("notes/a".into(), 6)]);
    let below = bucket.below("notes");
    assert_eq!(names(&below), [("a".into(), 6)]);
    assert_eq!(below.get("a").unwrap().bytes, "second");
    assert_eq!(below.get_range("a", 1..3).unwrap().bytes, "ec");
    let about = below.head("a").unwrap().unwrap();
    assert_eq!(about.len, 6);
    assert!(about.modified_ms > 0);
    for _ in 0..2 {
        below.delete("a").unwrap();
        assert_eq!(below.head("a").unwrap(), None);
    }
    assert!(
        matches!(below.get("a"), Err(BucketError::Missing { name }) if name.ends_with("boards/one/notes/a"))
    );
    assert_eq!(
        names(&server.open(&elsewhere)),
        [("boards/one/b".into(), 0), ("c".into(), 0)]
    );
}

#[test]
fn a_wrong_key_is_told_and_not_said() {
    let server = Server::start();
    let wrong = BucketOptions {
        secret_key: "another".to_owned(),
        ..server.options.clone()
    };
    let told = server.open(&wrong).put("a", Bytes::new());
    let told = told.unwrap_err().to_string();
    assert!(told.contains("SignatureDoesNotMatch"), "{told}");
    assert!(!told.contains("another"), "{told}");
}
