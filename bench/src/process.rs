//! A server as the kernel sees it: a process on a core of its own, what it used of it, what it holds.

use anyhow::{Context as _, Result, bail};
use nix::time::ClockId;
use rustix::thread::CpuSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const SERVER_CORE: usize = 0;
pub(crate) const GENERATOR_CORE: usize = 1;

const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// Keeps this thread, and so the whole generator, off the servers' core. Without a second core there is nothing to keep.
pub(crate) fn pin_generator() -> Result<()> {
    if std::thread::available_parallelism()?.get() <= GENERATOR_CORE {
        return Ok(());
    }
    let mut cores = CpuSet::new();
    cores.set(GENERATOR_CORE);
    rustix::thread::sched_setaffinity(None, &cores).context("the generator is pinned")
}

/// CPU time of this process so far.
pub(crate) fn own_cpu() -> Duration {
    ClockId::CLOCK_PROCESS_CPUTIME_ID
        .now()
        .map_or(Duration::ZERO, Duration::from)
}

/// A server that the bench did or did not start.
#[derive(Debug)]
pub(crate) struct Process {
    pid: i32,
    /// Killed when dropped, if it is ours.
    child: Option<Child>,
}

impl Process {
    /// Starts a program on the servers' core. It dies with the bench, however that ends. What it prints goes to `log`.
    pub(crate) fn start(
        program: &Path,
        args: &[&OsStr],
        env: &[(&str, String)],
        log: &Path,
    ) -> Result<Self> {
        let core = SERVER_CORE.to_string();
        let pinned: [&OsStr; 3] = ["taskset".as_ref(), "-c".as_ref(), core.as_ref()];
        Self::launch(&pinned, program, args, env, log)
    }

    /// The same on all cores, for servers of which several share the machine with the generator.
    pub(crate) fn start_anywhere(
        program: &Path,
        args: &[&OsStr],
        env: &[(&str, String)],
        log: &Path,
    ) -> Result<Self> {
        Self::launch(&[], program, args, env, log)
    }

    fn launch(
        before: &[&OsStr],
        program: &Path,
        args: &[&OsStr],
        env: &[(&str, String)],
        log: &Path,
    ) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .args(before)
            .arg(program)
            .args(args)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("{} starts", program.display()))?;
        Ok(Self {
            pid: i32::try_from(child.id())?,
            child: Some(child),
        })
    }

    /// A process that somebody else looks after.
    pub(crate) fn foreign(pid: i32) -> Self {
        Self { pid, child: None }
    }

    /// Waits until something answers HTTP at this address.
    pub(crate) async fn until_ready(&mut self, address: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                bail!("the server ended at its start: {status}");
            }
            if crate::http::request(address, "GET", "/", "").await.is_ok() {
                return Ok(());
            }
            if begun.elapsed() > START_PATIENCE {
                bail!("the server at {address} does not answer");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// CPU time of all its threads so far, those that have ended included; to the nanosecond.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let pid = nix::unistd::Pid::from_raw(self.pid);
        let clock = ClockId::pid_cpu_clock_id(pid).context("the server runs")?;
        Ok(clock.now().context("the server runs")?.into())
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid))
            .context("the server runs")?;
        Memory::parse(&rollup).context("Linux tells the resident size")
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some(child) = &mut self.child {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Asks it to end and waits until it has.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let Some(child) = &mut self.child else {
            return Ok(());
        };
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let begun = Instant::now();
        while child.try_wait()?.is_none() {
            if begun.elapsed() > STOP_PATIENCE {
                bail!("the server does not end when asked");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.kill();
    }
}

/// In KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) rss: u64,
    pub(crate) pss: u64,
}

impl Memory {
    fn parse(rollup: &str) -> Option<Self> {
        let field = |name: &str| {
            let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().trim_end_matches(" kB").trim().parse().ok()
        };
        Some(Self {
            rss: field("Rss:")?,
            pss: field("Pss:")?,
        })
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

/// A folder for one server, on a real disk and gone when dropped.
pub(crate) fn folder(base: &Path) -> Result<tempfile::TempDir> {
    fs::create_dir_all(base)?;
    tempfile::Builder::new()
        .prefix("server-")
        .tempdir_in(base)
        .context("a folder for the server")
}

/// The repository, for what is built or installed in it.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the bench lies in the repository")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_what_linux_prints() {
        let rollup = "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:    4012 kB\nPss:    1530 kB\nPss_Dirty: 90 kB\n";
        let memory = Memory::parse(rollup).expect("both are there");
        assert_eq!((memory.rss, memory.pss), (4012, 1530));
        assert_eq!(Memory::parse("Rss: 1 kB\n"), None);
    }

    #[test]
    fn cpu_and_memory_of_this_process() {
        let this = Process::foreign(i32::try_from(std::process::id()).expect("a process id"));
        let before = this.cpu().expect("we run");
        let begun = Instant::now();
        while this.cpu().expect("we run") == before {
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
        assert!(this.memory().expect("we run").rss > 0);
    }
}
