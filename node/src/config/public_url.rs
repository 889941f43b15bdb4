//! The address by which people reach the node, when it is not the one it listens on.

use axum::http::Uri;
use serde::{Deserialize, Deserializer, Serializer};
use std::fmt;
use std::str::FromStr;

/// `http://host[:port]` or `https://host[:port]`, in lower case, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    origin: String,
    host: String,
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
        if uri.path() != "/" || uri.query().is_some() {
            return wrong("has a path, and this release works at the root of a host only");
        }
        let host = authority.host().to_ascii_lowercase();
        let origin = match authority.port_u16() {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            Some(_) | None => format!("{scheme}://{host}"),
        };
        Ok(PublicUrl { origin, host })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// A URL, or `""` for none: how the configuration writes it.
pub(crate) mod or_empty {
    use super::{Deserialize, Deserializer, PublicUrl, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        url: &Option<PublicUrl>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(url.as_ref().map_or("", PublicUrl::origin))
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
    fn only_the_root_of_a_host_is_taken() {
        for (text, expected) in [
            ("https://Boards.Example.org/", "https://boards.example.org"),
            (
                "https://boards.example.org:443",
                "https://boards.example.org",
            ),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://example.org/easel", "error"),
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
