//! The lib0 encoding: variable-length numbers, strings and byte arrays out of a slice.

use super::{CLIENT_MAX, CLOCK_END_MAX, Refusal};

/// Numbers take 7 bits a byte; 8 bytes hold the 53 bits that JavaScript can.
const VARINT_BYTES_MAX: usize = 8;

#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// The exact end of the input, or a refusal.
    pub(super) fn end(&self) -> Result<(), Refusal> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Refusal::TrailingBytes)
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refusal> {
        let (first, rest) = self.rest.split_first().ok_or(Refusal::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Refusal::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// An unsigned number up to 2^53 - 1.
    pub(super) fn var_uint(&mut self) -> Result<u64, Refusal> {
        let mut number = 0u64;
        for place in 0..VARINT_BYTES_MAX {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return if number <= CLIENT_MAX {
                    Ok(number)
                } else {
                    Err(Refusal::BadNumber)
                };
            }
        }
        Err(Refusal::BadNumber)
    }

    /// A signed number, magnitude up to 2^53 - 1: six bits and the sign in the first byte. The value is of no use here.
    pub(super) fn skip_var_int(&mut self) -> Result<(), Refusal> {
        let first = self.byte()?;
        let mut magnitude = u64::from(first & 0x3f);
        if first < 0x80 {
            return Ok(());
        }
        for place in 0..VARINT_BYTES_MAX - 1 {
            let byte = self.byte()?;
            magnitude |= u64::from(byte & 0x7f) << (6 + 7 * place);
            if byte < 0x80 {
                return if magnitude <= CLIENT_MAX {
                    Ok(())
                } else {
                    Err(Refusal::BadNumber)
                };
            }
        }
        Err(Refusal::BadNumber)
    }

    /// A clock that a struct may have.
    pub(super) fn clock(&mut self) -> Result<u64, Refusal> {
        let clock = self.var_uint()?;
        if clock < CLOCK_END_MAX {
            Ok(clock)
        } else {
            Err(Refusal::BadNumber)
        }
    }

    /// The length of a struct or a deletion: never 0, since neither yjs nor yrs has a struct without a clock.
    pub(super) fn length(&mut self) -> Result<u64, Refusal> {
        match self.var_uint()? {
            0 => Err(Refusal::Malformed("an empty struct or deletion")),
            len if len < CLOCK_END_MAX => Ok(len),
            _ => Err(Refusal::BadNumber),
        }
    }

    /// How many things follow; each takes at least one byte, so a count beyond the rest of the input is forged.
    pub(super) fn count(&mut self, what: &'static str, max: u64) -> Result<u64, Refusal> {
        let count = self.var_uint()?;
        if count > max {
            return Err(Refusal::TooMany { what, max });
        }
        if count > self.rest.len() as u64 {
            return Err(Refusal::Truncated);
        }
        Ok(count)
    }

    pub(super) fn bytes(&mut self, what: &'static str, max: usize) -> Result<&'a [u8], Refusal> {
        let len = usize::try_from(self.var_uint()?).map_err(|_| Refusal::BadNumber)?;
        if len > self.rest.len() {
            return Err(Refusal::Truncated);
        }
        if len > max {
            return Err(Refusal::TooLong { what, max });
        }
        self.take(len)
    }

    pub(super) fn string(&mut self, what: &'static str, max: usize) -> Result<&'a str, Refusal> {
        std::str::from_utf8(self.bytes(what, max)?).map_err(|_| Refusal::BadText)
    }
}
