//! Web origins in a configuration: `"https://app.example.org https://tools.example.org:8443"`.

use super::PublicUrl;
use axum::http::HeaderValue;
use std::fmt;
use std::str::FromStr;

/// Exact origins, as browsers write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, origin: &HeaderValue) -> bool {
        self.0.iter().any(|listed| origin == listed.as_str())
    }
}

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Origins, String> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        let origins = words.map(|word| match word.parse::<PublicUrl>() {
            Ok(url) if url.origin().eq_ignore_ascii_case(word) && !word.contains('*') => {
                Ok(url.origin().to_owned())
            }
            _ => Err(format!(
                "\"{word}\" is not an origin; write for example \"https://app.example.org\""
            )),
        });
        origins.collect::<Result<_, _>>().map(Origins)
    }
}

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::Origins;

    #[test]
    fn origins_are_exact() {
        for (text, expected) in [
            ("", Some("")),
            ("https://a.example", Some("https://a.example")),
            (
                "https://A.example:8443, http://localhost:3000",
                Some("https://a.example:8443 http://localhost:3000"),
            ),
            ("*", None),
            ("https://*.example", None),
            ("https://a.example/", None),
            ("https://a.example/x", None),
            ("a.example", None),
            ("null", None),
        ] {
            let got = text
                .parse::<Origins>()
                .ok()
                .map(|origins| origins.to_string());
            assert_eq!(got.as_deref(), expected, "of {text}");
        }
    }
}
