//! How many commands a second a node takes, alone or as the leader of more, and how many etcd does on the same disk.
//!
//! ```text
//! propose easel [--dir DIR] [--seconds N] [--proposers 1,16,256] [--nodes N] [--boards N]
//! propose etcd  [--dir DIR] [--seconds N] [--proposers 1,16,256] [--nodes N] [--etcd PROGRAM] [--connections N]
//! ```
//!
//! Each proposer submits a command of 200 bytes, waits until it is durable and applied, and submits the next.
//! A node is driven within its process, as the server drives it, and the others of a cluster are in that process too,
//! over TLS on loopback; each has its own folder. etcd has a process for each. It is driven over gRPC by this program,
//! which says how much of the processors it used itself; both sync for real. One JSON line for each count.

mod easel;
mod etcd;
mod group;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What a command carries.
const VALUE_BYTES: usize = 200;

struct Arguments {
    dir: PathBuf,
    seconds: u64,
    proposers: Vec<usize>,
    nodes: usize,
    boards: u32,
    etcd: PathBuf,
    connections: usize,
}

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1);
    let target = words.next().unwrap_or_default();
    let mut arguments = Arguments {
        dir: std::env::temp_dir(),
        seconds: 10,
        proposers: vec![1, 16, 256],
        nodes: 1,
        boards: 4,
        etcd: "etcd".into(),
        connections: 8,
    };
    while let Some(option) = words.next() {
        let value = words
            .next()
            .unwrap_or_else(|| usage(&format!("{option} needs a value")));
        let number = || -> u64 {
            value
                .parse()
                .unwrap_or_else(|_| usage(&format!("{value:?} is not a number")))
        };
        match option.as_str() {
            "--dir" => arguments.dir = value.into(),
            "--seconds" => arguments.seconds = number(),
            "--proposers" => {
                let counts = value.split(',').map(|count| count.parse().ok());
                let counts: Option<Vec<_>> = counts.collect();
                arguments.proposers = counts.unwrap_or_else(|| usage("--proposers takes 1,16,256"));
            }
            "--nodes" => arguments.nodes = number().max(1) as usize,
            "--boards" => arguments.boards = number() as u32,
            "--etcd" => arguments.etcd = value.into(),
            "--connections" => arguments.connections = number() as usize,
            other => usage(&format!("there is no option {other}")),
        }
    }
    match target.as_str() {
        "easel" => easel::run(&arguments).await,
        "etcd" => etcd::run(&arguments).await,
        other => usage(&format!("{other:?} is neither easel nor etcd")),
    }
}

fn usage(why: &str) -> ! {
    eprintln!(
        "{why}\nusage: propose easel|etcd [--dir DIR] [--seconds N] [--proposers 1,16,256] [--nodes N] [--boards N] [--etcd PROGRAM] [--connections N]"
    );
    std::process::exit(2)
}

/// Proposes from so many tasks at once for a while, after a warm-up that does not count; every answer's latency.
async fn measure<P, F>(proposers: Vec<P>, seconds: u64, propose: fn(P) -> F) -> Vec<Duration>
where
    P: Send + 'static,
    F: Future<Output = P> + Send + 'static,
{
    let warm = Instant::now() + Duration::from_millis(500);
    let end = warm + Duration::from_secs(seconds);
    let tasks: Vec<_> = proposers
        .into_iter()
        .map(|mut proposer| {
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                loop {
                    let begun = Instant::now();
                    if begun >= end {
                        return latencies;
                    }
                    proposer = propose(proposer).await;
                    if begun >= warm {
                        latencies.push(begun.elapsed());
                    }
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("a proposer ends"));
    }
    all.sort_unstable();
    all
}

/// One line for one count of proposers.
struct Figures<'a> {
    target: &'a str,
    nodes: usize,
    proposers: usize,
    seconds: u64,
    latencies: &'a [Duration],
    /// Of the program under test, and of this program where that is another.
    cpu: Cpu,
}

#[derive(Clone, Copy)]
struct Cpu {
    tested: Duration,
    driver: Duration,
}

impl Figures<'_> {
    fn print(&self) {
        let count = self.latencies.len();
        let at = |of_1000: usize| self.latencies[count * of_1000 / 1_000].as_secs_f64() * 1e3;
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / count as f64;
        let line = serde_json::json!({
            "target": self.target,
            "nodes": self.nodes,
            "proposers": self.proposers,
            "per_second": (count as f64 / self.seconds as f64).round(),
            "p50_ms": round(at(500)),
            "p99_ms": round(at(990)),
            "cpu_us": round(each(self.cpu.tested)),
            "driver_cpu_us": round(each(self.cpu.driver)),
        });
        println!("{line}");
    }
}

fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// What a process has used of the processors so far.
fn cpu_of(process: &str) -> Duration {
    let stat =
        std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process has a stat");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let field = |nth: usize| {
        fields
            .split_whitespace()
            .nth(nth)
            .and_then(|f| f.parse::<u64>().ok())
    };
    let ticks = field(11).zip(field(12)).map(|(user, system)| user + system);
    // The clock that the kernel counts in, on every Linux of today.
    Duration::from_millis(ticks.expect("two numbers") * 10)
}
