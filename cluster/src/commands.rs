//! The commands of one log entry as they stand in it: one run of bytes, from the batcher over the log and the links to
//! the state machine of every node. Nobody on the way takes it apart or copies command by command.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError};

const WHAT: &str = "the commands of a log entry";

/// Commands as `Envelope::encode` made them. Clones share the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commands {
    /// How many, then each behind its length, as postcard writes a sequence of byte strings.
    run: Bytes,
}

impl Commands {
    pub(crate) fn of(commands: &[Bytes]) -> Self {
        const LENGTH_BYTES_MAX: usize = 10;
        let bytes: usize = commands.iter().map(Bytes::len).sum();
        let room = bytes + LENGTH_BYTES_MAX * (commands.len() + 1);
        let mut run = codec::write(Vec::with_capacity(room), &commands.len());
        for command in commands {
            run = codec::write(run, &command.len());
            run.extend_from_slice(command);
        }
        Self { run: run.into() }
    }

    /// Takes bytes that are such a run and nothing else.
    pub(crate) fn parse(run: Bytes) -> Result<Self, DecodeError> {
        let garbled = |why: String| DecodeError::Garbled { what: WHAT, why };
        let (count, mut rest) = split::<usize>(&run)?;
        for _ in 0..count {
            let (command, after) = split::<&[u8]>(rest)?;
            if command.is_empty() {
                return Err(garbled("a command of no bytes".to_owned()));
            }
            rest = after;
        }
        match rest.len() {
            0 => Ok(Self { run }),
            left => Err(garbled(format!("{left} bytes too many"))),
        }
    }

    pub(crate) fn run(&self) -> &[u8] {
        &self.run
    }

    /// With their lengths.
    pub(crate) fn bytes(&self) -> u64 {
        self.run.len() as u64
    }

    /// Each is a part of the run, not a copy.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Bytes> {
        const CHECKED: &str = "a run was made here or checked";
        let (count, mut rest) = split::<usize>(&self.run).expect(CHECKED);
        (0..count).map(move |_| {
            let (command, after) = split::<&[u8]>(rest).expect(CHECKED);
            rest = after;
            self.run.slice_ref(command)
        })
    }
}

fn split<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), DecodeError> {
    postcard::take_from_bytes(bytes).map_err(|error| DecodeError::Garbled {
        what: WHAT,
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Commands;

    #[test]
    fn a_run_comes_back_and_nothing_else_is_one() {
        let all = [&b"first"[..], &[0xff; 300], b"x"].map(Bytes::from_static);
        let run = Commands::of(&all);
        assert!(run.iter().eq(all));
        let bytes = Bytes::copy_from_slice(run.run());
        assert_eq!(Commands::parse(bytes.clone()), Ok(run));
        for cut in 0..bytes.len() {
            let found = Commands::parse(bytes.slice(..cut));
            assert!(found.is_err(), "cut to {cut} bytes: {found:?}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Commands::parse(longer.into()).is_err());
        let none = Commands::of(&[Bytes::new()]);
        assert!(Commands::parse(Bytes::copy_from_slice(none.run())).is_err());
        assert_eq!(Commands::of(&[]).iter().count(), 0);
    }
}
