//! The address by which people reach the node, when it is not the one it listens on.

use axum::http::Uri;
use serde::{Deserialize, Deserializer, Serializer};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `http://host[:port]` or `https://host[:port]`, in lower case, and the path below which everything is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    origin: String,
    host: String,
    base: String,
}

impl PublicUrl {
    /// Scheme, host and port as a browser writes them in `Origin`.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The host without its port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// What stands before every path of ours: empty, or `/easel`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    pub(crate) fn is_beyond_loopback(&self) -> bool {
        let ip = self.host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        self.host != "localhost" && !is_loopback
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<PublicUrl, String> {
        let wrong = |why: &str| {
            Err(format!(
                "\"{text}\" {why}; write for example \"https://boards.example.org\""
            ))
        };
        let Ok(uri) = text.trim().parse::<Uri>() else {
            return wrong("is not a URL");
        };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return wrong("is not a whole URL");
        };
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return wrong("begins with neither http:// nor https://"),
        };
        if authority.as_str().contains('@') {
            return wrong("names a user");
        }
        if uri.query().is_some() {
            return wrong("has a query");
        }
        let base = uri.path().trim_end_matches('/');
        if !base.is_empty() && !base[1..].split('/').all(is_plain) {
            return wrong(
                "has a path of more than letters, digits, `-`, `_`, `~` and single slashes and dots",
            );
        }
        let host = authority.host().to_ascii_lowercase();
        let origin = match authority.port_u16() {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            Some(_) | None => format!("{scheme}://{host}"),
        };
        let base = base.to_owned();
        Ok(PublicUrl { origin, host, base })
    }
}

/// A part of a path that stands in pages, headers and patterns as it is.
fn is_plain(segment: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_~.".contains(&b);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain)
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.base)
    }
}

/// A URL, or `""` for none: how the configuration writes it.
pub(crate) mod or_empty {
    use super::{Deserialize, Deserializer, PublicUrl, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        url: &Option<PublicUrl>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&url.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PublicUrl>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn a_host_and_a_path_below_it_are_taken() {
        for (text, expected) in [
            ("https://Boards.Example.org/", "https://boards.example.org"),
            (
                "https://boards.example.org:443",
                "https://boards.example.org",
            ),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://example.org/easel/", "https://example.org/easel"),
            (
                "https://example.org/Team/a-b.c",
                "https://example.org/Team/a-b.c",
            ),
            ("https://example.org/a//b", "error"),
            ("https://example.org/a/../b", "error"),
            ("https://example.org/%41", "error"),
            ("https://example.org/{x}", "error"),
            ("https://example.org/?x", "error"),
            ("https://me@example.org", "error"),
            ("ftp://example.org", "error"),
            ("example.org", "error"),
        ] {
            let got = text
                .parse::<PublicUrl>()
                .map_or("error".to_owned(), |url| url.to_string());
            assert_eq!(got, expected, "of {text:?}");
        }
    }
}
