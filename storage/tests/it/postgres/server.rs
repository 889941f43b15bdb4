//! A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, on a Unix socket alone.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use easel_storage::postgres::State;
use parking_lot::{Mutex, MutexGuard};
use rustix::process::{Pid, Signal, kill_process};

/// Where Debian puts it.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// Only an end to waiting for what will not happen any more.
const STARTED_MAX: Duration = Duration::from_secs(120);

/// Starts the server, once more for each line it is sent, and ends it with its folder when its input ends: that is when
/// the process that holds the other end is gone, however it went.
const KEEPER: &str = r#"
programs=$1 home=$2
start() { "$programs/postgres" -D "$home/data" -k "$home" >>"$home/log" 2>&1 & server=$!; }
start
while read -r _; do wait "$server"; start; done
kill -QUIT "$server"
wait "$server"
cd / && rm -rf "$home"
"#;

/// One server process and its cluster. Every test works in a database of its own.
pub(crate) struct Server {
    home: PathBuf,
    databases: AtomicUsize,
    /// A database whose tables are made already.
    template: OnceLock<()>,
    input: Mutex<ChildStdin>,
    keeper: Mutex<Child>,
}

impl Server {
    /// The one of this process, which all tests share that do not harm it.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One more, for the tests that kill it, one after another.
    pub(crate) fn to_crash() -> MutexGuard<'static, Self> {
        static TO_CRASH: OnceLock<Mutex<Server>> = OnceLock::new();
        TO_CRASH.get_or_init(|| Mutex::new(Self::start())).lock()
    }

    fn start() -> Self {
        let programs = programs();
        let user = ServerUser::find();
        let home = tempfile::Builder::new()
            .prefix("easel-pg-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .expect("a temporary folder");
        if let Some(user) = &user {
            chown(&home, Some(user.uid), Some(user.gid)).expect("root may give a folder away");
        }
        make_cluster(&programs, home.path(), user.as_ref());
        // The keeper's from here on.
        let home = home.keep();

        let mut keeper = Command::new("/bin/sh");
        keeper.args(["-c", KEEPER, "keeper"]);
        keeper.arg(&programs).arg(&home);
        // A group of its own, so that an interrupt from the terminal does not reach it before the end of its input.
        keeper
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped());
        become_user(&mut keeper, user.as_ref());
        let mut keeper = keeper.spawn().expect("a shell");
        let input = keeper.stdin.take().expect("its input is a pipe");
        let server = Self {
            home,
            databases: AtomicUsize::new(0),
            template: OnceLock::new(),
            input: Mutex::new(input),
            keeper: Mutex::new(keeper),
        };
        server.wait_until_ready();
        server
    }

    /// The address of a new database with Easel's tables in it.
    pub(crate) fn database(&self) -> String {
        self.template.get_or_init(|| {
            self.admin()
                .batch_execute("CREATE DATABASE template_easel")
                .expect("a database");
            State::open(&self.address("template_easel")).expect("the tables are made");
        });
        self.create_database("TEMPLATE template_easel")
    }

    /// The address of a new database with what the server puts into every one.
    pub(crate) fn create_database(&self, options: &str) -> String {
        let name = format!("case_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.admin()
            .batch_execute(&format!("CREATE DATABASE {name} {options}"))
            .expect("a database");
        self.address(&name)
    }

    fn address(&self, database: &str) -> String {
        format!("host={} user=easel dbname={database}", self.home.display())
    }

    fn admin(&self) -> postgres::Client {
        client(&self.address("postgres"))
    }

    /// Kills every process of the server at once, as a crash of the machine would, and starts it again.
    pub(crate) fn crash_and_restart(&self) {
        let pid =
            fs::read_to_string(self.home.join("data/postmaster.pid")).expect("a running server");
        let first: i32 = pid
            .lines()
            .next()
            .and_then(|line| line.parse().ok())
            .expect("a process id");
        // The first alone, and it would have its children stop in order; they go with it.
        let mut doomed = children_of(first);
        doomed.push(first);
        for pid in &doomed {
            let pid = Pid::from_raw(*pid).expect("a process id is not 0");
            // One that ended meanwhile is what was wanted.
            let _ = kill_process(pid, Signal::KILL);
        }
        let deadline = Instant::now() + STARTED_MAX;
        while doomed.iter().any(|pid| is_running(*pid)) {
            assert!(Instant::now() < deadline, "a killed process goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.input
            .lock()
            .write_all(b"again\n")
            .expect("the keeper listens");
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + STARTED_MAX;
        let address = self.address("postgres");
        while let Err(error) = postgres::Client::connect(&address, postgres::NoTls) {
            let ended = self.keeper.lock().try_wait().expect("a child");
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.home.join("log")).unwrap_or_default();
                panic!("PostgreSQL does not answer ({error}); its log:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A connection beside Easel's own.
pub(crate) fn client(address: &str) -> postgres::Client {
    postgres::Client::connect(address, postgres::NoTls).expect("the server answers")
}

fn programs() -> PathBuf {
    let programs =
        std::env::var_os("EASEL_TEST_POSTGRES").map_or_else(|| PROGRAMS.into(), PathBuf::from);
    for program in ["initdb", "postgres"] {
        assert!(
            programs.join(program).exists(),
            "there is no {program} in {}: `make test-tools` installs PostgreSQL 15, or name another folder in EASEL_TEST_POSTGRES",
            programs.display()
        );
    }
    programs
}

/// Whom the server runs as where the tests run as root, which PostgreSQL refuses to.
struct ServerUser {
    uid: u32,
    gid: u32,
}

impl ServerUser {
    fn find() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").expect("the list of users");
        let user = users.lines().find(|line| line.starts_with("postgres:"));
        let user = user.expect("installing PostgreSQL makes the user postgres");
        let mut ids = user
            .split(':')
            .skip(2)
            .map(|id| id.parse().expect("a user's number"));
        let mut next = || ids.next().expect("a user has both");
        Some(Self {
            uid: next(),
            gid: next(),
        })
    }
}

fn become_user(command: &mut Command, user: Option<&ServerUser>) {
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
}

fn make_cluster(programs: &Path, home: &Path, user: Option<&ServerUser>) {
    // The socket's folder lets nobody else in, so the server need not ask who comes. It syncs what it writes, as any does;
    // only the files it begins with need not be on the disk before the first test.
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.arg("-D").arg(home.join("data")).current_dir(home);
    initdb.args([
        "--username=easel",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ]);
    initdb.args(["--no-sync", "--no-instructions"]);
    become_user(&mut initdb, user);
    let made = initdb.output().expect("initdb runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let settings = "listen_addresses = ''\nmax_connections = 100\nshared_buffers = 32MB\nsynchronous_commit = on\nfsync = on\n";
    let mut config = fs::OpenOptions::new()
        .append(true)
        .open(home.join("data/postgresql.conf"))
        .expect("initdb wrote it");
    config.write_all(settings.as_bytes()).expect("the settings");
}

fn children_of(parent: i32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").expect("the list of processes");
    let pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| status_of(*pid).is_some_and(|(_, its_parent)| its_parent == parent))
        .collect()
}

/// Not so much as a zombie's: that holds nothing any more.
fn is_running(pid: i32) -> bool {
    status_of(pid).is_some_and(|(state, _)| state != 'Z')
}

fn status_of(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in front stands in brackets and may hold anything.
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
