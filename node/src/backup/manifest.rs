//! What a backup says of itself, written last: a folder or bucket without it holds no backup.
//!
//! ```text
//! { "format": 1, … }
//! # blake3 <of everything before this line>
//! ```
//!
//! What the backup consists of stands in its parts, a blob of one line for each: `state HASH LEN`, in the order of the
//! stream, then `blob HASH LEN`, then `log HASH LEN` and `once HASH LEN`: the log's pieces, and blobs that it names and the
//! state no longer does. The manifest names them by their hash, and so, at one remove, every byte of the backup.

use easel_storage::blobs::{Blob, BlobHash};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Format 1 had no log.
pub(crate) const FORMAT: u32 = 2;
const SEAL: &str = "# blake3 ";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) id: String,
    /// The release that made it.
    pub(crate) easel: String,
    pub(crate) made_at: String,
    /// When the last change in it was accepted.
    pub(crate) state_at: String,
    pub(crate) instance: String,
    pub(crate) cluster: String,
    pub(crate) node: u64,
    /// The last log entry in it.
    pub(crate) index: u64,
    pub(crate) boards: u64,
    pub(crate) documents: u64,
    pub(crate) updates: u64,
    pub(crate) state: Stream,
    pub(crate) blobs: Many,
    /// The log up to that entry, as far back as the node had it.
    #[serde(default)]
    pub(crate) log: Option<Log>,
    pub(crate) parts: Named,
    /// What had to be kept for it, beside what other backups had brought.
    pub(crate) new_bytes: u64,
    /// Blobs that the state names and the node did not have whole.
    pub(crate) missing: Vec<String>,
    /// The key that seals the keyring, where it was asked for.
    pub(crate) master_key: Option<String>,
}

/// The state as a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) bytes: u64,
    pub(crate) blake3: String,
    pub(crate) pieces: u64,
}

/// What a log says came before the end of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Log {
    /// The index of its first entry.
    pub(crate) first: u64,
    pub(crate) entries: u64,
    /// When the first change in it was accepted.
    pub(crate) since: Option<String>,
    pub(crate) stream: Stream,
    /// What it names and the state does not.
    pub(crate) blobs: Many,
}

impl Log {
    /// Whether it goes on from a state that ends with this entry.
    pub(crate) fn goes_on_from(&self, index: u64) -> bool {
        self.first <= index + 1
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Many {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) blake3: String,
    pub(crate) bytes: u64,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Why a manifest, or what it names, is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Unreadable {
    #[error("it was cut short")]
    Short,
    #[error("it was altered: its checksum does not match")]
    Altered,
    #[error("it has format {found}, and this release knows up to {FORMAT}: use a newer release")]
    Newer { found: u32 },
    #[error("it cannot be read: {0}")]
    Garbled(String),
}

impl Manifest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let body = serde_json::to_string_pretty(self).expect("text and numbers are always JSON");
        let body = format!("{body}\n");
        let seal = blake3::hash(body.as_bytes()).to_hex();
        format!("{body}{SEAL}{seal}\n").into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Manifest, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Altered)?;
        let (body, seal) = text.rsplit_once(SEAL).ok_or(Unreadable::Short)?;
        let seal = seal.strip_suffix('\n').ok_or(Unreadable::Short)?;
        if blake3::hash(body.as_bytes()).to_hex().as_str() != seal {
            return Err(Unreadable::Altered);
        }
        let garbled = |error: serde_json::Error| Unreadable::Garbled(error.to_string());
        // The number first: a newer one may have any other shape.
        let Format { format } = serde_json::from_str(body).map_err(garbled)?;
        if format > FORMAT {
            return Err(Unreadable::Newer { found: format });
        }
        serde_json::from_str(body).map_err(garbled)
    }

    /// Everything it consists of.
    pub(crate) fn bytes(&self) -> u64 {
        let log = |log: &Log| log.stream.bytes + log.blobs.bytes;
        self.state.bytes + self.blobs.bytes + self.log.as_ref().map_or(0, log)
    }
}

/// What a backup consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// In the order of the stream.
    pub(crate) state: Vec<Blob>,
    pub(crate) blobs: Vec<Blob>,
    /// In the order of the stream.
    pub(crate) log: Vec<Blob>,
    pub(crate) once: Vec<Blob>,
}

impl Parts {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut text = String::new();
        let kinds = [
            ("state", &self.state),
            ("blob", &self.blobs),
            ("log", &self.log),
            ("once", &self.once),
        ];
        for (kind, blobs) in kinds {
            for Blob { hash, len } in blobs {
                writeln!(text, "{kind} {hash} {len}").expect("text grows as it must");
            }
        }
        text.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Parts, Unreadable> {
        let garbled = |line: &str| Unreadable::Garbled(format!("the line {line:?}"));
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Altered)?;
        let mut parts = Parts::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            let (kind, hash, len) = (words.next(), words.next(), words.next());
            let hash = hash.and_then(|hash| hash.parse::<BlobHash>().ok());
            let len = len.and_then(|len| len.parse().ok());
            let (Some(hash), Some(len)) = (hash, len) else {
                return Err(garbled(line));
            };
            match kind {
                Some("state") => parts.state.push(Blob { hash, len }),
                Some("blob") => parts.blobs.push(Blob { hash, len }),
                Some("log") => parts.log.push(Blob { hash, len }),
                Some("once") => parts.once.push(Blob { hash, len }),
                Some(_) | None => return Err(garbled(line)),
            }
        }
        Ok(parts)
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = &Blob> {
        let state = self.state.iter().chain(&self.blobs);
        state.chain(&self.log).chain(&self.once)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{FORMAT, Manifest, Many, Named, Parts, Stream, Unreadable};
    use easel_storage::blobs::{Blob, BlobHash};

    pub(in crate::backup) fn sample(id: &str, made_at: &str) -> Manifest {
        Manifest {
            format: FORMAT,
            id: id.to_owned(),
            easel: "0.1.0".to_owned(),
            made_at: made_at.to_owned(),
            state_at: made_at.to_owned(),
            instance: "ins_0".to_owned(),
            cluster: "cls_0".to_owned(),
            node: 1,
            index: 7,
            boards: 1,
            documents: 1,
            updates: 3,
            state: Stream {
                bytes: 10,
                blake3: "00".to_owned(),
                pieces: 1,
            },
            blobs: Many { count: 2, bytes: 5 },
            log: None,
            parts: Named {
                blake3: "00".to_owned(),
                bytes: 9,
            },
            new_bytes: 15,
            missing: Vec::new(),
            master_key: None,
        }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written_or_refused_by_name() {
        let written = sample("a", "2026-11-22T00:00:00.000Z");
        let bytes = written.encode();
        assert_eq!(Manifest::decode(&bytes).unwrap(), written);
        for end in 0..bytes.len() {
            let told = Manifest::decode(&bytes[..end]).unwrap_err();
            assert!(
                matches!(told, Unreadable::Short | Unreadable::Altered),
                "{told}"
            );
        }
        for at in (0..bytes.len()).step_by(7) {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert!(Manifest::decode(&altered).is_err(), "{at}");
        }
        let newer = Manifest {
            format: FORMAT + 1,
            ..written
        };
        let told = Manifest::decode(&newer.encode()).unwrap_err();
        assert_eq!(told, Unreadable::Newer { found: FORMAT + 1 });
    }

    /// Frozen: what the release before wrote.
    const FORMAT_1: &str = include_str!("../../tests/golden/backup.1.manifest");

    #[test]
    fn a_manifest_of_the_release_before_is_read() {
        let expected = Manifest {
            format: 1,
            ..sample("a", "2026-11-22T00:00:00.000Z")
        };
        assert_eq!(Manifest::decode(FORMAT_1.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn parts_are_read_as_they_were_written() {
        let blob = |byte, len| Blob {
            hash: BlobHash::from_bytes([byte; 32]),
            len,
        };
        let parts = Parts {
            state: vec![blob(2, 9), blob(1, 8), blob(2, 9)],
            blobs: vec![blob(3, 0)],
            log: vec![blob(5, 1), blob(4, 1)],
            once: vec![blob(6, 7)],
        };
        assert_eq!(Parts::decode(&parts.encode()).unwrap(), parts);
        for garbled in ["state", "state 00 1", "other 11 2", "blob"] {
            assert!(Parts::decode(garbled.as_bytes()).is_err(), "{garbled}");
        }
    }
}
