//! A test that runs itself once more, in namespaces of its own: what it mounts, and the network it builds, is seen by it
//! and the nodes it starts, and by nobody else. All of it is gone when they have ended, however they end. As root, or
//! without that as root of a user namespace.

use std::process::Command;

/// What a test has to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    Mounts,
    /// Mounts too.
    Network,
}

impl Own {
    fn sign(self) -> &'static str {
        match self {
            Self::Mounts => "EASEL_TESTS_MAY_MOUNT",
            Self::Network => "EASEL_TESTS_OWN_NETWORK",
        }
    }

    fn namespaces(self) -> Vec<&'static str> {
        let mut namespaces = vec!["--propagation", "private", "--mount"];
        if self == Self::Network {
            namespaces.push("--net");
        }
        if !rustix::process::geteuid().is_root() {
            namespaces.extend(["--user", "--map-root-user"]);
        }
        namespaces
    }

    /// Whether this process is such a one.
    pub fn is_here(self) -> bool {
        std::env::var_os(self.sign()).is_some()
    }

    /// The command, to run in a process such as this.
    fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("unshare");
        command.args(self.namespaces()).arg(program);
        // Where the tools of the network are, for who is not root too.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        command.env("PATH", path).env(self.sign(), "");
        command
    }
}

/// Why it cannot be had on this machine, if a script that does what the test will do fails.
pub fn is_refused(own: Own, script: &str) -> Option<String> {
    let mut command = own.command("sh");
    match command.args(["-euc", script]).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(said.lines().last().unwrap_or("no reason told").to_owned())
        }
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// True in a process that has it. Else runs the test of this name in such a process, and is false when it has passed
/// there: then there is nothing left to do. Fails where that is impossible, and says so.
pub fn rerun(own: Own, test: &str) -> bool {
    if let Some(note) = std::env::var_os(own.sign()) {
        std::fs::write(note, "it ran").expect("a note");
        return true;
    }
    let this = std::env::current_exe().expect("a test has a path");
    let folder = tempfile::tempdir().expect("a folder");
    let note = folder.path().join("note");
    let ran = (own.command(this))
        .args(["--exact", test, "--include-ignored", "--nocapture"])
        .env(own.sign(), &note)
        .status();
    let ended = ran.expect("`unshare` of util-linux is there");
    assert!(
        ended.success(),
        "{test} failed, or this machine gives nobody {own:?} of their own (neither root nor a user namespace): {ended}"
    );
    assert!(note.exists(), "no test is called {test}");
    false
}
