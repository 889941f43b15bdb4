//! WebSocket frames (RFC 6455, section 5.2), as a client writes and reads them. No extension is spoken.

pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

/// Where a frame lies in the bytes that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) opcode: u8,
    pub(crate) is_last: bool,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) head_len: usize,
    pub(crate) payload_len: usize,
}

impl Head {
    /// Reads the head of the frame that `bytes` begin with; nothing when it has not all come.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (payload_len, mut head_len) = match second & 0x7F {
            126 => {
                let len = bytes.get(2..4)?.try_into().expect("two bytes");
                (usize::from(u16::from_be_bytes(len)), 4)
            }
            127 => {
                let len = bytes.get(2..10)?.try_into().expect("eight bytes");
                (usize::try_from(u64::from_be_bytes(len)).ok()?, 10)
            }
            len => (usize::from(len), 2),
        };
        let mut mask = None;
        if second & MASKED != 0 {
            let key = bytes.get(head_len..head_len + 4)?;
            mask = Some(key.try_into().expect("four bytes"));
            head_len += 4;
        }
        Some(Self {
            opcode: first & 0x0F,
            is_last: first & FIN != 0,
            mask,
            head_len,
            payload_len,
        })
    }

    /// Of the whole frame.
    pub(crate) fn len(&self) -> usize {
        self.head_len + self.payload_len
    }
}

/// Appends a frame from a server, whose payload is not masked.
pub(crate) fn put_head(out: &mut Vec<u8>, opcode: u8, payload_len: usize) {
    put_len(out, opcode, payload_len, 0);
}

/// Appends a frame from a client. A mask hides nothing on loopback, so any key will do.
pub(crate) fn put_masked(out: &mut Vec<u8>, opcode: u8, payload: &[u8], key: u32) {
    let key = key.to_le_bytes();
    put_len(out, opcode, payload.len(), MASKED);
    out.extend_from_slice(&key);
    let start = out.len();
    out.extend_from_slice(payload);
    mask(&mut out[start..], key);
}

/// Masks, or takes the mask off.
pub(crate) fn mask(payload: &mut [u8], key: [u8; 4]) {
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[at & 3];
    }
}

fn put_len(out: &mut Vec<u8>, opcode: u8, payload_len: usize, masked: u8) {
    out.push(FIN | opcode);
    match payload_len {
        0..=125 => out.push(masked | payload_len as u8),
        126..=0xFFFF => {
            out.push(masked | 126);
            out.extend_from_slice(&(payload_len as u16).to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(payload_len as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_frame_of_any_length_is_read_again() {
        for len in [0, 1, 3, 4, 5, 7, 8, 9, 125, 126, 0xFFFF, 0x1_0000] {
            let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let mut wire = Vec::new();
            put_masked(&mut wire, BINARY, &payload, 0x1234_5678);
            let head = Head::read(&wire).expect("a whole head");
            assert_eq!((head.opcode, head.is_last), (BINARY, true));
            assert_eq!(head.len(), wire.len());
            let mut body = wire[head.head_len..].to_vec();
            assert!(len == 0 || body != payload, "{len} bytes are masked");
            mask(&mut body, head.mask.expect("a mask"));
            assert_eq!(body, payload);
        }
    }

    #[test]
    fn a_head_cut_anywhere_is_not_read() {
        for len in [5, 300, 70_000] {
            let mut wire = Vec::new();
            put_masked(&mut wire, BINARY, &vec![0; len], 7);
            let head_len = Head::read(&wire).expect("a whole head").head_len;
            for cut in 0..head_len {
                assert_eq!(Head::read(&wire[..cut]), None);
            }
        }
    }

    #[test]
    fn a_server_s_frame_has_no_mask() {
        let mut wire = Vec::new();
        put_head(&mut wire, PING, 2);
        wire.extend_from_slice(b"hi");
        let head = Head::read(&wire).expect("a whole head");
        assert_eq!(head.mask, None);
        assert_eq!(head.len(), wire.len());
    }
}
