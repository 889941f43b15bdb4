//! `Idempotency-Key`: a caller that heard no answer sends the same request again, and it is done once.
//!
//! Who asked, where and under which key become the command's id; the store keeps what was asked for beside the answer,
//! gives a repeat that answer for 24 hours, and refuses the key for anything else. New ids and secrets follow from the
//! key as well, so that a repeat is told the same ones, although secrets are stored nowhere.

use crate::app::App;
use crate::auth::{Caller, Secret};
use crate::http::problem::{Code, Problem};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use easel_storage::CommandId;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const KEY_BYTES_MAX: usize = 255;

/// One request that makes something: perhaps one of several attempts at the same.
#[derive(Debug)]
pub(super) struct Attempt {
    /// `None`: the caller named no key, and every request is a new one.
    pub(super) key: Option<(CommandId, [u8; 32])>,
}

impl Attempt {
    /// `asked` is the hash of the body.
    pub(super) fn of(
        caller: &Caller,
        headers: &HeaderMap,
        method: &Method,
        path: &str,
        asked: [u8; 32],
    ) -> Result<Attempt, Problem> {
        let key = command_id(&format!("{:?}", caller.actor()), headers, method, path)?;
        Ok(Attempt {
            key: key.map(|id| (id, asked)),
        })
    }

    /// The bytes of a new id.
    pub(super) fn id(&self) -> [u8; 16] {
        match &self.key {
            Some((id, _)) => {
                let mut bytes = [0; 16];
                let mut hasher = blake3::Hasher::new_derive_key("easel id from a request v1");
                hasher.update(id.as_bytes());
                hasher.finalize_xof().fill(&mut bytes);
                bytes
            }
            None => *CommandId::mint().as_bytes(),
        }
    }

    /// A new secret.
    pub(super) fn secret(&self, app: &App) -> Secret {
        match &self.key {
            Some((id, _)) => app.auth.secret_for(*id),
            None => Secret::random(),
        }
    }
}

/// The id of the command that this request makes, if the caller named it.
fn command_id(
    who: &str,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
) -> Result<Option<CommandId>, Problem> {
    let mut keys = headers.get_all(KEY).iter();
    let key = match (keys.next(), keys.next()) {
        (None, _) => return Ok(None),
        (Some(key), None) => key.to_str().map_err(|_| Code::BadIdempotencyKey)?.trim(),
        (Some(_), Some(_)) => return Err(Code::BadIdempotencyKey.into()),
    };
    // The draft wants quotes; callers that leave them out mean the same.
    let key = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Code::BadIdempotencyKey.into());
    }
    let mut hasher = blake3::Hasher::new_derive_key("easel idempotency key v2");
    for part in [who, method.as_str(), path, key] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    Ok(Some(CommandId::from_bytes(id)))
}

/// Says that the answer is that of an earlier request.
pub(super) fn mark_replayed(response: &mut Response) {
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
}

#[cfg(test)]
mod tests {
    use super::{KEY, command_id};
    use axum::http::{HeaderMap, Method};

    #[test]
    fn a_key_counts_for_one_caller_method_and_path() {
        let id = |who: &str, key: &str, path: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(KEY, key.parse().unwrap());
            command_id(who, &headers, &Method::POST, path)
                .ok()
                .flatten()
        };
        assert!(id("u", "\"a\"", "/x").is_some());
        assert_eq!(id("u", "\"a\"", "/x"), id("u", "a", "/x"));
        assert_ne!(id("u", "a", "/x"), id("v", "a", "/x"));
        assert_ne!(id("u", "a", "/x"), id("u", "a", "/y"));
        assert_ne!(id("u", "a", "/x"), id("u", "b", "/x"));
        assert_eq!(id("u", "\"\"", "/x"), None);
        assert_eq!(id("u", &"k".repeat(256), "/x"), None);
        assert_eq!(
            command_id("u", &HeaderMap::new(), &Method::POST, "/x").ok(),
            Some(None)
        );
    }
}
