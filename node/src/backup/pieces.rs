//! A stream cut into pieces by what is in it: the same stretch of bytes makes the same pieces, wherever it stands. So of a
//! state that grew a little, a second backup keeps only the pieces in which something is new.

use std::io::{self, Read};
use std::sync::OnceLock;

const MIN: usize = 256 << 10;
pub(super) const MAX: usize = 4 << 20;
/// As many bits of the rolling hash are nothing at a cut: a piece has about 1 MiB more than the least.
const BITS: u32 = 20;

/// Gives the pieces of a source, in order.
pub(super) struct Pieces<R> {
    source: R,
    buffer: Vec<u8>,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(source: R) -> Pieces<R> {
        Pieces {
            source,
            buffer: Vec::with_capacity(MAX),
        }
    }

    /// `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let missing = (MAX - self.buffer.len()) as u64;
        (&mut self.source)
            .take(missing)
            .read_to_end(&mut self.buffer)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let rest = self.buffer.split_off(cut(&self.buffer));
        Ok(Some(std::mem::replace(&mut self.buffer, rest)))
    }

    pub(super) fn into_source(self) -> R {
        self.source
    }
}

/// Where the first piece ends.
fn cut(bytes: &[u8]) -> usize {
    let gear = gear();
    let end = bytes.len().min(MAX);
    let mut hash = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(end).skip(MIN) {
        // What is more than 64 bytes back has been shifted out.
        hash = (hash << 1).wrapping_add(gear[usize::from(*byte)]);
        if hash >> (64 - BITS) == 0 {
            return at + 1;
        }
    }
    end
}

/// A number for each byte. With others, a backup would find nothing of those before it again.
fn gear() -> &'static [u64; 256] {
    static GEAR: OnceLock<[u64; 256]> = OnceLock::new();
    GEAR.get_or_init(|| {
        let mut stream =
            blake3::Hasher::new_derive_key("easel pieces of a backup v1").finalize_xof();
        std::array::from_fn(|_| {
            let mut number = [0; 8];
            stream.fill(&mut number);
            u64::from_le_bytes(number)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{MAX, MIN, Pieces};
    use std::collections::HashSet;

    fn noise(seed: u8, bytes: usize) -> Vec<u8> {
        let mut noise = vec![0; bytes];
        blake3::Hasher::new()
            .update(&[seed])
            .finalize_xof()
            .fill(&mut noise);
        noise
    }

    fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = Pieces::new(bytes);
        std::iter::from_fn(|| pieces.next().unwrap()).collect()
    }

    #[test]
    fn pieces_put_together_are_the_stream() {
        for bytes in [0, 1, MIN - 1, MIN, MIN + 1, MAX, MAX + 1, 3 * MAX] {
            let stream = noise(1, bytes);
            let pieces = pieces(&stream);
            assert_eq!(pieces.concat(), stream, "{bytes}");
            assert!(pieces.iter().all(|piece| piece.len() <= MAX));
        }
        // With nothing in it to cut at.
        assert_eq!(pieces(&vec![7; 2 * MAX]).len(), 2);
    }

    #[test]
    fn what_is_put_in_leaves_the_pieces_around_it_as_they_were() {
        let before = noise(2, 24 << 20);
        let mut after = before.clone();
        after.splice(9 << 20..9 << 20, *b"somebody drew a line");
        let known: HashSet<_> = pieces(&before).into_iter().collect();
        let new: usize = pieces(&after)
            .iter()
            .filter(|piece| !known.contains(*piece))
            .map(Vec::len)
            .sum();
        assert!(new <= 2 * MAX, "{new} bytes are new");
    }
}
