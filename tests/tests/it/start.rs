//! Starting, and refusing to start: what an operator is told.

use easel_tests::node::{binary, command};
use easel_tests::{Client, Dialect, Node, NodeOptions};
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

async fn run(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = command();
    command
        .args(args)
        .envs(env.iter().copied())
        .kill_on_drop(true);
    tokio::time::timeout(Duration::from_secs(60), command.output())
        .await
        .expect("it ends by itself")
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The start must fail with this code and name each of these on stderr, without a panic.
async fn check_refused(args: &[&str], env: &[(&str, &str)], code: i32, named: &[&str]) {
    let output = run(args, env).await;
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    for name in named {
        assert!(said.contains(name), "{args:?} should name {name:?}: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

#[tokio::test]
async fn a_second_instance_on_the_same_folder_is_refused() {
    let node = Node::start(NodeOptions::default()).await;
    let folder = text(node.folder());
    check_refused(
        &["serve", "--listen", "127.0.0.1:0", "--data-dir", folder],
        &[],
        1,
        &[folder],
    )
    .await;
    node.create_board("Still here").await;
}

#[tokio::test]
async fn an_occupied_port_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    check_refused(
        &[
            "serve",
            "--listen",
            &address,
            "--data-dir",
            text(folder.path()),
        ],
        &[],
        1,
        &[&address],
    )
    .await;
}

#[tokio::test]
async fn an_occupied_operations_port_is_refused_if_it_was_chosen() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    check_refused(
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            text(folder.path()),
        ],
        &[("EASEL_LISTEN__OPS", &address)],
        1,
        &[&address, "listen.ops"],
    )
    .await;
}

#[tokio::test]
async fn listening_beyond_loopback_is_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let args = [
        "serve",
        "--listen",
        "0.0.0.0:0",
        "--data-dir",
        text(folder.path()),
    ];
    check_refused(&args, &[], 5, &["loopback", "TLS"]).await;
}

#[tokio::test]
async fn a_mistyped_setting_is_refused_with_the_nearest_name() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("easel.toml");
    fs::write(&file, "[realtime]\ncreate_on_joim = true\n").unwrap();
    let data = folder.path().join("data");
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--config",
        text(&file),
        "--data-dir",
        text(&data),
    ];
    check_refused(&args, &[], 3, &["create_on_joim", "create_on_join"]).await;
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        text(&data),
    ];
    check_refused(
        &args,
        &[("EASEL_LISTEN__HTPP", "x")],
        3,
        &["EASEL_LISTEN__HTPP"],
    )
    .await;
}

#[tokio::test]
async fn the_environment_goes_over_the_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("easel.toml");
    fs::write(&file, "[realtime]\ncreate_on_join = false\n").unwrap();
    let output = run(
        &["check-config", "--config", text(&file), "--format", "json"],
        &[("EASEL_REALTIME__CREATE_ON_JOIN", "true")],
    )
    .await;
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("create_on_join"));
}

#[tokio::test]
async fn a_foreign_folder_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("holiday.jpg"), "not a database").unwrap();
    fs::write(folder.path().join("state.redb"), "not a database either").unwrap();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        text(folder.path()),
    ];
    check_refused(&args, &[], 1, &[text(folder.path())]).await;
    assert_eq!(
        fs::read_to_string(folder.path().join("state.redb")).unwrap(),
        "not a database either"
    );
}

#[tokio::test]
async fn truncated_files_are_refused_by_name() {
    for file in ["state.redb", "log/mark", "node.json"] {
        let mut node = Node::start(NodeOptions::raw()).await;
        let a = Client::join(&node.address, "x", Dialect::Easel).await;
        a.set("x", 1.0);
        a.until_saved().await;
        node.kill().await;
        let path = node.folder().join(file);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
        let args = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            text(node.folder()),
        ];
        check_refused(&args, &[], 1, &[file]).await;
    }
}

#[tokio::test]
async fn a_copy_of_the_folder_of_a_stopped_node_is_a_backup() {
    let mut node = Node::start(NodeOptions::default()).await;
    let board = node.create_board("Backed up").await;
    let a = Client::join(&node.address, &board, Dialect::Easel).await;
    a.draw(
        "el_1",
        &[
            ("type", yrs::Any::from("sticky")),
            ("z", yrs::Any::from("a0")),
        ],
    );
    a.until_saved().await;
    node.signal(rustix::process::Signal::TERM);
    assert!(node.wait().await.success());
    let copy = TempDir::new().unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(node.folder().join("."))
        .arg(copy.path())
        .status();
    assert!(copied.unwrap().success());
    let restored = Node::start_at(copy.path(), NodeOptions::default()).await;
    let b = Client::join(&restored.address, &board, Dialect::Easel).await;
    assert!(b.value("elements", "el_1").is_some());
}

#[tokio::test]
async fn help_teaches_and_version_tells() {
    let help = run(&["serve", "--help"], &[]).await;
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.status.success());
    for option in ["--data-dir", "--listen", "--config"] {
        assert!(text.contains(option), "{text}");
    }
    let version = run(&["version"], &[]).await;
    assert!(String::from_utf8_lossy(&version.stdout).contains(env!("CARGO_PKG_VERSION")));
    let usage = run(&["sreve"], &[]).await;
    assert_eq!(usage.status.code(), Some(2));
    assert!(binary().exists());
}

/// A small disk that really fills: writes are refused with the reason, what was saved stays, and it recovers.
#[tokio::test]
async fn a_full_disk_refuses_writes_loses_nothing_and_recovers() {
    let disk = LoopDisk::mount(96);
    let options = NodeOptions::raw().with("EASEL_STORAGE__DISK_RESERVE", "32 MiB");
    let node = Node::start_at(&disk.folder(), options.clone()).await;
    let a = Client::join(&node.address, "full", Dialect::Easel).await;
    a.set("before", 1.0);
    a.until_saved().await;

    let ballast = disk.folder().join("ballast");
    disk.fill(&ballast, 30);
    // The node looks at the disk now and then, so the first writes may still be taken.
    let mut refused = 0;
    let closed = easel_tests::within("the refusal", async || {
        refused += 1;
        a.set(&format!("refused{refused}"), 1.0);
        a.closed()
    })
    .await;
    assert_eq!(closed.code, 1013);
    assert!(closed.reason.contains("disk"), "{closed:?}");
    let reader = Client::join(&node.address, "full", Dialect::Easel).await;
    assert!(reader.has("before"), "reads go on");

    fs::remove_file(&ballast).unwrap();
    easel_tests::within("room again", async || {
        let back = Client::join_with(a.doc().clone(), &node.address, "full", Dialect::Easel).await;
        let saved = easel_tests::within("an answer", async || {
            let done = back.saved_frames() == back.sent_frames() || back.closed().is_some();
            done.then(|| back.closed().is_none())
        });
        saved.await.then_some(())
    })
    .await;
    let mut node = node;
    node.kill().await;
    let node = node.restart().await;
    let b = Client::join(&node.address, "full", Dialect::Easel).await;
    assert!(b.has("before") && b.has(&format!("refused{refused}")));
}

/// A file system in a file, mounted over a loop device. Needs root, as CI has.
struct LoopDisk {
    dir: TempDir,
}

impl LoopDisk {
    fn mount(mib: u32) -> Self {
        let dir = TempDir::new().unwrap();
        let image = dir.path().join("disk.img");
        let at = dir.path().join("disk");
        fs::create_dir(&at).unwrap();
        shell(&format!(
            "truncate -s {mib}M {0} && mkfs.ext4 -q -m 0 {0} && mount -o loop {0} {1}",
            text(&image),
            text(&at)
        ));
        Self { dir }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.dir.path().join("disk")
    }

    /// Leaves so many MiB free.
    fn fill(&self, file: &Path, leave_mib: u64) {
        let stat = rustix::fs::statvfs(self.folder()).unwrap();
        let free = stat.f_bavail * stat.f_frsize;
        let len = free.saturating_sub(leave_mib << 20);
        shell(&format!("fallocate -l {len} {}", text(file)));
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(self.folder())
            .status();
    }
}

fn shell(script: &str) {
    let status = std::process::Command::new("sh")
        .args(["-c", script])
        .status()
        .unwrap();
    assert!(status.success(), "{script}");
}
