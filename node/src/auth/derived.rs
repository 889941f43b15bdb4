//! What follows from the installation's master key: secrets for requests that may come twice, and passes for pictures.
//!
//! Every node has that key, so that what one gave out is good on all.

use super::secret::Secret;
use super::{Auth, Caller};
use crate::http::problem::{Code, Problem};
use easel_storage::{BoardId, CommandId, SessionId, Time, TokenId};

/// A picture's address is good for one to two of these, and the same for one, so that browsers keep the picture.
const PASS_MS: u64 = 10 * 60 * 1_000;
const MAC_BYTES: usize = 16;

impl Auth {
    /// The secret that the request of this key is told, each time it is sent.
    pub(crate) fn secret_for(&self, request: CommandId) -> Secret {
        let key = self.master.derive("easel secret for a request v1");
        Secret::from_bytes(*blake3::keyed_hash(&key, request.as_bytes()).as_bytes())
    }

    /// Lets somebody who was told a board's picture have it: a browser sends no header with what an `<img>` names. Good for
    /// as long as the pass says and they may see the board, whichever ends first. `None`: nobody needs one, or may have one.
    pub(crate) fn picture_pass(
        &self,
        caller: &Caller,
        board: BoardId,
        now: Time,
    ) -> Option<String> {
        let holder = match caller {
            Caller::User(user) => match (user.session, user.token) {
                (Some(session), _) => session.to_string(),
                (None, token) => token?.to_string(),
            },
            Caller::Visitor(visitor) => visitor.session.to_string(),
            Caller::Anonymous | Caller::Local => return None,
        };
        let until = (now.0 / PASS_MS + 2) * PASS_MS;
        let mac = self.picture_mac(&holder, board, until);
        Some(format!("{until}-{holder}-{mac}"))
    }

    /// Whoever the pass was given to, as they are now. What they may on the board is asked as always.
    pub(crate) async fn by_picture_pass(
        &self,
        board: BoardId,
        pass: &str,
        now: Time,
    ) -> Result<Caller, Problem> {
        let refused = || Problem::new(Code::InvalidToken);
        let mut parts = pass.split('-');
        let (Some(until), Some(holder), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refused());
        };
        let until: u64 = until.parse().map_err(|_| refused())?;
        let expected = self.picture_mac(holder, board, until);
        // Hashes are compared, so that the time tells nothing of where they differ.
        let is_right = blake3::hash(mac.as_bytes()) == blake3::hash(expected.as_bytes());
        if !is_right || now.0 >= until {
            return Err(refused());
        }
        match (holder.parse::<SessionId>(), holder.parse::<TokenId>()) {
            (Ok(session), _) => self.by_known_session(session, now).await,
            (_, Ok(token)) => self.by_known_token(token, now).await,
            (Err(_), Err(_)) => Err(refused()),
        }
    }

    fn picture_mac(&self, holder: &str, board: BoardId, until: u64) -> String {
        let key = self.master.derive("easel pass for a picture v2");
        let mut hasher = blake3::Hasher::new_keyed(&key);
        hasher.update(board.as_bytes());
        hasher.update(&until.to_be_bytes());
        hasher.update(holder.as_bytes());
        let hash = hasher.finalize().to_hex();
        hash[..2 * MAC_BYTES].to_owned()
    }
}
