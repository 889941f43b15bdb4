//! What follows from the installation's master key: secrets for requests that may come twice, and passes for pictures.
//!
//! Every node has that key, so that what one gave out is good on all.

use super::secret::Secret;
use super::{Auth, Caller};
use crate::http::problem::{Code, Problem};
use easel_storage::{AssetId, BoardId, CommandId, SessionId, Time, TokenId, UserId};

/// A picture's address is good for one to two of these, and the same for one, so that browsers keep the picture.
const PASS_MS: u64 = 10 * 60 * 1_000;
const MAC_BYTES: usize = 16;

const BOARDS_PICTURE: &str = "easel pass for a picture v2";
const FILE: &str = "easel pass for a file v1";
const AVATAR: &str = "easel pass for an avatar v1";

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
        self.pass(BOARDS_PICTURE, board.as_bytes(), caller, now)
    }

    /// Whoever the pass was given to, as they are now. What they may on the board is asked as always.
    pub(crate) async fn by_picture_pass(
        &self,
        board: BoardId,
        pass: &str,
        now: Time,
    ) -> Result<Caller, Problem> {
        self.by_pass(BOARDS_PICTURE, board.as_bytes(), pass, now)
            .await
    }

    /// Likewise for a file on a board.
    pub(crate) fn file_pass(&self, caller: &Caller, asset: AssetId, now: Time) -> Option<String> {
        self.pass(FILE, asset.as_bytes(), caller, now)
    }

    pub(crate) async fn by_file_pass(
        &self,
        asset: AssetId,
        pass: &str,
        now: Time,
    ) -> Result<Caller, Problem> {
        self.by_pass(FILE, asset.as_bytes(), pass, now).await
    }

    /// For a person's picture as it was set then: good for as long as that is their picture, whoever has it. It stands
    /// beside the name wherever that is told, and with its address always the same a browser asks for it once.
    pub(crate) fn avatar_pass(&self, user: UserId, set_at: Time) -> String {
        self.mac(AVATAR, user.as_bytes(), set_at.0, "")
    }

    pub(crate) fn is_avatar_pass(&self, user: UserId, set_at: Time, pass: &str) -> bool {
        same(pass, &self.avatar_pass(user, set_at))
    }

    fn pass(
        &self,
        context: &str,
        subject: &[u8; 16],
        caller: &Caller,
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
        let mac = self.mac(context, subject, until, &holder);
        Some(format!("{until}-{holder}-{mac}"))
    }

    async fn by_pass(
        &self,
        context: &str,
        subject: &[u8; 16],
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
        if !same(mac, &self.mac(context, subject, until, holder)) || now.0 >= until {
            return Err(refused());
        }
        match (holder.parse::<SessionId>(), holder.parse::<TokenId>()) {
            (Ok(session), _) => self.by_known_session(session, now).await,
            (_, Ok(token)) => self.by_known_token(token, now).await,
            (Err(_), Err(_)) => Err(refused()),
        }
    }

    fn mac(&self, context: &str, subject: &[u8; 16], number: u64, holder: &str) -> String {
        let key = self.master.derive(context);
        let mut hasher = blake3::Hasher::new_keyed(&key);
        hasher.update(subject);
        hasher.update(&number.to_be_bytes());
        hasher.update(holder.as_bytes());
        let hash = hasher.finalize().to_hex();
        hash[..2 * MAC_BYTES].to_owned()
    }
}

/// Hashes are compared, so that the time tells nothing of where they differ.
fn same(told: &str, expected: &str) -> bool {
    blake3::hash(told.as_bytes()) == blake3::hash(expected.as_bytes())
}
