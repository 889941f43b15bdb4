//! The kinds of value a configuration holds that TOML has no type for: sizes, spans of time, addresses.
//!
//! Each is written as text with a unit, parsed here once, and passed inward as what it is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: `"256MiB"`, `"64 KiB"`, `"1000B"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) u64);

/// A span of time: `"500ms"`, `"10s"`, `"5m"`, `"1h"`, `"30d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

/// Where to listen: `"127.0.0.1:8080"`, `"[::1]:8080"`, `"localhost:8080"`. Port 0 lets the system choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) SocketAddr);

/// An [`Address`], or `""` for not listening at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaybeAddress(pub(crate) Option<SocketAddr>);

/// A secret: used as it is, shown as stars.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Masked(pub(crate) String);

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { "********" })
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masked({self})")
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

const SIZE_UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

const SPAN_UNITS_MS: &[(&str, u64)] = &[
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Splits `"16 MiB"` into the number and the factor of its unit.
fn split_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The largest unit that divides the amount, so that what was written comes back.
fn largest_unit(amount: u64, units: &'static [(&'static str, u64)]) -> (u64, &'static str) {
    units
        .iter()
        .find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor))
        .map_or((amount, units[units.len() - 1].0), |(name, factor)| {
            (amount / factor, name)
        })
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<ByteSize, String> {
        // Nothing is nothing in any unit.
        if text.trim() == "0" {
            return Ok(ByteSize(0));
        }
        split_unit(text.trim(), SIZE_UNITS)
            .map(ByteSize)
            .ok_or_else(|| format!("\"{text}\" is not a size; write for example \"256MiB\""))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (amount, unit) = largest_unit(self.0, SIZE_UNITS);
        write!(f, "{amount}{unit}")
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        split_unit(text.trim(), SPAN_UNITS_MS)
            .map(|ms| Span(Duration::from_millis(ms)))
            .ok_or_else(|| format!("\"{text}\" is not a span of time; write for example \"10s\""))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (amount, unit) = largest_unit(ms, SPAN_UNITS_MS);
        write!(f, "{amount}{unit}")
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let text = text.trim();
        let local = text
            .strip_prefix("localhost:")
            .and_then(|port| port.parse().ok())
            .map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        local
            .or_else(|| text.parse().ok())
            .map(Address)
            .ok_or_else(|| {
                format!(
                    "\"{text}\" is not an address with a port; write for example \"127.0.0.1:8080\""
                )
            })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MaybeAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<MaybeAddress, String> {
        if text.trim().is_empty() {
            return Ok(MaybeAddress(None));
        }
        text.parse().map(|Address(at)| MaybeAddress(Some(at)))
    }
}

impl fmt::Display for MaybeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |at| at.fmt(f))
    }
}

/// Text in, text out: how every type with `FromStr` and `Display` stands in a configuration.
pub(super) mod as_text {
    use super::{Deserialize, Deserializer, FromStr, Serializer, fmt};

    pub(in crate::config) fn serialize<T: fmt::Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in crate::config) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err = String>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ByteSize, D::Error> {
        as_text::deserialize(deserializer)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        as_text::deserialize(deserializer)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        as_text::deserialize(deserializer)
    }
}

impl Serialize for MaybeAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for MaybeAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MaybeAddress, D::Error> {
        as_text::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, ByteSize, MaybeAddress, Span};
    use std::fmt::Display;
    use std::str::FromStr;

    /// Parses `text` as a `T` and prints it again; an error as `error`.
    fn check<T: FromStr<Err = String> + Display>(text: &str, expected: &str) {
        let got = text
            .parse::<T>()
            .map_or("error".to_owned(), |value| value.to_string());
        assert_eq!(got, expected, "of {text:?}");
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("256MiB", "256MiB"),
            ("64 KiB", "64KiB"),
            ("1024KiB", "1MiB"),
            ("1000B", "1000B"),
            ("0B", "0B"),
            ("1MB", "error"),
            ("12", "error"),
            ("-1MiB", "error"),
            ("99999999999999GiB", "error"),
            ("", "error"),
        ] {
            check::<ByteSize>(text, expected);
        }
    }

    #[test]
    fn spans() {
        for (text, expected) in [
            ("500ms", "500ms"),
            ("10s", "10s"),
            ("60s", "1m"),
            ("30d", "30d"),
            ("0s", "0ms"),
            ("1.5s", "error"),
            ("10", "error"),
            ("s", "error"),
        ] {
            check::<Span>(text, expected);
        }
    }

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("localhost:0", "127.0.0.1:0"),
            ("[::1]:8080", "[::1]:8080"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("8080", "error"),
            ("example.org:80", "error"),
            ("127.0.0.1:99999", "error"),
        ] {
            check::<Address>(text, expected);
        }
        check::<MaybeAddress>("", "");
        check::<MaybeAddress>("127.0.0.1:9180", "127.0.0.1:9180");
    }
}
