//! A disk that a test can fill: a file system of its own in a file, or in memory where there is no loop device.
//!
//! What is mounted is seen by this test and the nodes it starts, and by nobody else: the test runs itself once more in a
//! namespace of mounts of its own ([`rerun_with_mounts`]), as root or, without that, as root of a user namespace.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

const RERUN: &str = "EASEL_TESTS_MAY_MOUNT";

/// True in a process that may mount. Else runs the test of this name in such a process, and is false when it has passed
/// there: then there is nothing left to do. Fails where neither is possible, and says so.
pub fn rerun_with_mounts(test: &str) -> bool {
    if std::env::var_os(RERUN).is_some() {
        return true;
    }
    let this = std::env::current_exe().expect("a test has a path");
    let namespace: &[&str] = match rustix::process::geteuid().is_root() {
        true => &["--mount"],
        false => &["--mount", "--user", "--map-root-user"],
    };
    let mut command = Command::new("unshare");
    let ran = (command.args(namespace).args(["--propagation", "private"]))
        .arg(this)
        .args(["--exact", test, "--nocapture"])
        .env(RERUN, "1")
        .status();
    let ended = ran.expect("`unshare` of util-linux is there");
    assert!(
        ended.success(),
        "{test} failed, or this machine lets nobody mount (neither root nor a user namespace): {ended}"
    );
    false
}

/// Mounted until it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// `image` is where its content lies. Only where [`rerun_with_mounts`] said so.
    pub fn mount(at: &Path, image: &Path, mib: u64) -> Self {
        std::fs::create_dir_all(at).expect("a folder");
        if let Err(why) = mount_image(at, image, mib) {
            println!("no disk in a file here ({why}); it lies in memory");
            let size = format!("size={mib}m");
            run(Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                .arg(at))
            .expect("a disk in memory");
        }
        Self { at: at.to_owned() }
    }

    /// Takes what is free of it, but for so much.
    pub fn fill_up_to(&self, left_mib: u64) {
        let filler = File::create(self.filler()).expect("a file");
        let mut filler = io::BufWriter::with_capacity(1 << 20, filler);
        let free = || {
            let of = rustix::fs::statvfs(&self.at).expect("it is mounted");
            of.f_bavail * of.f_frsize
        };
        while free() > (left_mib + 1) << 20 {
            filler.write_all(&[0x5A; 256 << 10]).expect("there is room");
            filler.flush().expect("there is room");
        }
    }

    pub fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = run(Command::new("umount").arg("--lazy").arg(&self.at));
    }
}

fn mount_image(at: &Path, image: &Path, mib: u64) -> Result<(), String> {
    let file = File::create(image).map_err(|error| error.to_string())?;
    file.set_len(mib << 20).map_err(|error| error.to_string())?;
    run(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(image))?;
    run(Command::new("mount")
        .args(["-o", "loop"])
        .arg(image)
        .arg(at))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
