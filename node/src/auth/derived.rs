//! What follows from the installation's master key: secrets for requests that may come twice, and passes for pictures.
//!
//! Every node has that key, so that what one gave out is good on all.

use super::Auth;
use super::secret::Secret;
use crate::http::problem::{Code, Problem};
use easel_storage::{BoardId, CommandId, Time};

/// A picture's address is good for one to two of these, and the same for one, so that browsers keep the picture.
const PASS_MS: u64 = 10 * 60 * 1_000;
const MAC_BYTES: usize = 16;

impl Auth {
    /// The secret that the request of this key is told, each time it is sent.
    pub(crate) fn secret_for(&self, request: CommandId) -> Secret {
        let key = self.master.derive("easel secret for a request v1");
        Secret::from_bytes(*blake3::keyed_hash(&key, request.as_bytes()).as_bytes())
    }

    /// Lets whoever was told a board's picture have it: a browser sends no header with what an `<img>` names.
    pub(crate) fn picture_pass(&self, board: BoardId, now: Time) -> String {
        let until = (now.0 / PASS_MS + 2) * PASS_MS;
        format!("{until}-{}", self.picture_mac(board, until))
    }

    pub(crate) fn check_picture_pass(
        &self,
        board: BoardId,
        pass: &str,
        now: Time,
    ) -> Result<(), Problem> {
        let refused = || Problem::new(Code::InvalidToken);
        let (until, mac) = pass.split_once('-').ok_or_else(refused)?;
        let until: u64 = until.parse().map_err(|_| refused())?;
        let expected = self.picture_mac(board, until);
        // Hashes are compared, so that the time tells nothing of where they differ.
        let is_right = blake3::hash(mac.as_bytes()) == blake3::hash(expected.as_bytes());
        match is_right && now.0 < until {
            true => Ok(()),
            false => Err(refused()),
        }
    }

    fn picture_mac(&self, board: BoardId, until: u64) -> String {
        let key = self.master.derive("easel pass for a picture v1");
        let mut hasher = blake3::Hasher::new_keyed(&key);
        hasher.update(board.as_bytes());
        hasher.update(&until.to_be_bytes());
        let hash = hasher.finalize().to_hex();
        hash[..2 * MAC_BYTES].to_owned()
    }
}
