//! What the upkeep knows over a restart: a small text beside the blobs, `blobs/upkeep`.
//!
//! ```text
//! easel blobs 1
//! scrub FOLDER                      the next to be read, 0 to 255
//! unnamed HASH SECONDS STAMP        how long nothing has named it
//! ```
//!
//! Without it, or when it cannot be read, everything begins anew: nothing is deleted before its time because of that.

use std::fs;
use std::io;
use std::path::Path;

use super::unnamed::Unnamed;

const FIRST_LINE: &str = "easel blobs 1";

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) next_folder: u8,
    pub(super) unnamed: Unnamed,
}

impl Memory {
    pub(super) fn read(file: &Path) -> Self {
        match fs::read_to_string(file) {
            Ok(text) => Self::decode(&text).unwrap_or_else(|| {
                tracing::warn!("{} cannot be read; it is begun anew", file.display());
                Self::default()
            }),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "{} cannot be read", file.display());
                }
                Self::default()
            }
        }
    }

    /// All of it or nothing. Not synced: what a crash takes is only waited for again.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let new = file.with_extension("new");
        fs::write(&new, self.encode())?;
        fs::rename(&new, file)
    }

    fn encode(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nscrub {}\n", self.next_folder);
        for (hash, waited_s, stamp) in self.unnamed.each() {
            text.push_str(&format!("unnamed {hash} {waited_s} {stamp}\n"));
        }
        text
    }

    fn decode(text: &str) -> Option<Self> {
        let mut memory = Self::default();
        let text = text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?;
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["scrub", folder] => memory.next_folder = folder.parse().ok()?,
                ["unnamed", hash, waited_s, stamp] => {
                    let (hash, waited_s) = (hash.parse().ok()?, waited_s.parse().ok()?);
                    memory.unnamed.put_back(hash, waited_s, stamp.to_owned());
                }
                _ => return None,
            }
        }
        Some(memory)
    }
}

#[cfg(test)]
mod tests {
    use easel_storage::blobs::BlobHash;

    use super::Memory;

    const KEPT: &str = "easel blobs 1\nscrub 37\n\
        unnamed 0707070707070707070707070707070707070707070707070707070707070707 86399 12.3.4.5.6.7\n";

    #[test]
    fn it_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("upkeep");
        assert_eq!(Memory::read(&file), Memory::default());
        let mut memory = Memory {
            next_folder: 37,
            ..Memory::default()
        };
        let hash = BlobHash::from_bytes([7; 32]);
        memory
            .unnamed
            .put_back(hash, 86_399, "12.3.4.5.6.7".to_owned());
        memory.write(&file).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), KEPT);
        assert_eq!(Memory::read(&file), memory);
    }

    #[test]
    fn what_cannot_be_read_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("upkeep");
        for wrong in [
            "",
            "easel blobs 2\n",
            &KEPT[..KEPT.len() - 20],
            "easel blobs 1\nscrub 256\n",
        ] {
            std::fs::write(&file, wrong).unwrap();
            assert_eq!(Memory::read(&file), Memory::default(), "{wrong}");
        }
    }
}
