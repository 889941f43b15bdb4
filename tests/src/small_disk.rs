//! A disk that a test can fill: a file system of its own in a file, or in memory where there is no loop device.
//! For a test that has mounts of its own ([`crate::apart`]).

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Mounted until it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// `image` is where its content lies. Only where [`crate::apart::rerun`] said so.
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

    /// Takes what is free of it, and what has become so since it did that last.
    pub fn fill_to_the_last_byte(&self) {
        let mut filler = File::options();
        let mut filler = (filler.create(true).append(true))
            .open(self.filler())
            .expect("there was room for an empty file");
        for bytes in [256 << 10, 4 << 10, 1] {
            while match filler.write(&vec![0x5A; bytes]) {
                Ok(written) => written > 0,
                Err(error) if error.kind() == io::ErrorKind::StorageFull => false,
                Err(error) => panic!("{error}"),
            } {}
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
