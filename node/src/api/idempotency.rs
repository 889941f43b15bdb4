//! `Idempotency-Key`: a caller that heard no answer sends the same request again, and it is done once.
//!
//! The key becomes the command's id, and the store answers a repeat with what it answered before, for 24 hours.

use crate::http::problem::{Code, Problem};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use easel_storage::CommandId;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const KEY_BYTES_MAX: usize = 255;

/// The id of the command that this request makes, if the caller named it.
pub(super) fn command_id(
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
    let mut hasher = blake3::Hasher::new_derive_key("easel idempotency key v1");
    for part in [method.as_str(), path, key] {
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
    fn a_key_counts_for_one_method_and_path() {
        let id = |key: &str, path: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(KEY, key.parse().unwrap());
            command_id(&headers, &Method::POST, path).ok().flatten()
        };
        assert!(id("\"a\"", "/x").is_some());
        assert_eq!(id("\"a\"", "/x"), id("a", "/x"));
        assert_ne!(id("a", "/x"), id("a", "/y"));
        assert_ne!(id("a", "/x"), id("b", "/x"));
        assert_eq!(id("\"\"", "/x"), None);
        assert_eq!(id(&"k".repeat(256), "/x"), None);
        assert_eq!(
            command_id(&HeaderMap::new(), &Method::POST, "/x").ok(),
            Some(None)
        );
    }
}
