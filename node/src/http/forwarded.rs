//! Who a request is really from, when proxies stand in between: what they say is believed of those that are trusted, and
//! of nobody else.

use crate::config::{Proxy, ProxyHeader};
use axum::http::{HeaderMap, HeaderName, header};
use std::net::{IpAddr, Ipv4Addr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_BYTES_MAX: usize = 128;

/// How the connection came that a request is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The address at its other end.
    pub(super) ip: IpAddr,
    pub(super) scheme: Scheme,
}

impl Arrival {
    /// Of what came over no socket, as in tests. One that has no address any more has been closed by its client.
    pub(super) const HERE: Arrival = Arrival {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        scheme: Scheme::Http,
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn of(name: &str) -> Option<Scheme> {
        match name {
            _ if name.eq_ignore_ascii_case("https") => Some(Scheme::Https),
            _ if name.eq_ignore_ascii_case("http") => Some(Scheme::Http),
            _ => None,
        }
    }
}

/// A request as its client made it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) client: IpAddr,
    pub(super) scheme: Scheme,
    /// The host that the client asked for, if a proxy says so.
    pub(super) host: Option<String>,
    pub(super) request_id: Option<String>,
}

pub(super) fn look(proxy: &Proxy, arrival: Arrival, headers: &HeaderMap) -> Seen {
    let mut seen = Seen {
        client: arrival.ip.to_canonical(),
        scheme: arrival.scheme,
        host: None,
        request_id: None,
    };
    if !proxy.trusted.contains(arrival.ip) {
        return seen;
    }
    let said = match proxy.header {
        ProxyHeader::XForwarded => Said::of_x_forwarded(headers),
        ProxyHeader::Forwarded => Said::of_forwarded(headers),
    };
    // Each proxy adds whom it heard from. The first that is not trusted, from the right, is as far as can be known.
    for address in said.addresses.iter().rev() {
        let Some(ip) = address_of(address) else {
            break;
        };
        seen.client = ip;
        if !proxy.trusted.contains(ip) {
            break;
        }
    }
    seen.scheme = said.scheme.unwrap_or(arrival.scheme);
    seen.host = said.host;
    seen.request_id = request_id(headers);
    seen
}

/// What the nearest proxy says, and those before it.
#[derive(Debug, Default)]
struct Said {
    addresses: Vec<String>,
    scheme: Option<Scheme>,
    host: Option<String>,
}

impl Said {
    fn of_x_forwarded(headers: &HeaderMap) -> Said {
        let last = |name| list(headers, &name).pop();
        Said {
            addresses: list(headers, &X_FORWARDED_FOR),
            scheme: last(X_FORWARDED_PROTO).and_then(|name| Scheme::of(&name)),
            host: last(X_FORWARDED_HOST),
        }
    }

    /// RFC 7239: `for=192.0.2.1;proto=https;host=example.org, for="[2001:db8::1]:4711"`.
    fn of_forwarded(headers: &HeaderMap) -> Said {
        let mut said = Said::default();
        for hop in list(headers, &header::FORWARDED) {
            (said.scheme, said.host) = (None, None);
            // One that names nobody still counts as one.
            let mut address = String::new();
            for pair in hop.split(';') {
                let Some((name, value)) = pair.split_once('=') else {
                    continue;
                };
                let value = value.trim().trim_matches('"').to_owned();
                match name.trim().to_ascii_lowercase().as_str() {
                    "for" => address = value,
                    "proto" => said.scheme = Scheme::of(&value),
                    "host" => said.host = Some(value),
                    _ => {}
                }
            }
            said.addresses.push(address);
        }
        said
    }
}

/// All lines of a header as one list.
fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    let texts = lines.map(|line| line.to_str().unwrap_or_default());
    texts
        .flat_map(|text| text.split(','))
        .map(|part| part.trim().to_owned())
        .collect()
}

/// With or without a port, an IPv6 address with or without brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.to_canonical());
    }
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => text.split(':').next(),
    };
    host?.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let mut ids = headers.get_all(X_REQUEST_ID).iter();
    let (Some(id), None) = (ids.next(), ids.next()) else {
        return None;
    };
    let id = id.to_str().ok()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let is_good = (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(is_plain);
    is_good.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Arrival, Scheme, look};
    use crate::config::{Proxy, ProxyHeader};
    use axum::http::{HeaderMap, header::HeaderName};

    /// `from` is the address at the other end, `headers` are "name: value | …".
    fn check(header: ProxyHeader, from: &str, headers: &str, expected: &str) {
        let proxy = Proxy {
            trusted: "10.0.0.0/8, ::1".parse().unwrap(),
            header,
        };
        let mut map = HeaderMap::new();
        for line in headers.split(" | ").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let arrival = Arrival {
            ip: from.parse().unwrap(),
            scheme: Scheme::Http,
        };
        let seen = look(&proxy, arrival, &map);
        let got = format!(
            "{} {} {} {}",
            seen.client,
            seen.scheme.name(),
            seen.host.as_deref().unwrap_or("-"),
            seen.request_id.as_deref().unwrap_or("-")
        );
        assert_eq!(got, expected, "from {from}: {headers}");
    }

    #[test]
    fn a_proxy_is_believed_if_it_is_trusted() {
        let all = "x-forwarded-for: 192.0.2.7 | x-forwarded-proto: https | x-forwarded-host: a.example | x-request-id: r-1";
        let x = ProxyHeader::XForwarded;
        check(x, "10.1.1.1", all, "192.0.2.7 https a.example r-1");
        check(x, "::ffff:10.1.1.1", all, "192.0.2.7 https a.example r-1");
        check(x, "192.0.2.1", all, "192.0.2.1 http - -");
        check(x, "10.1.1.1", "", "10.1.1.1 http - -");
        check(x, "10.1.1.1", "x-request-id: a b", "10.1.1.1 http - -");
    }

    #[test]
    fn the_client_is_the_last_that_no_trusted_proxy_is() {
        for (headers, expected) in [
            // What the client wrote itself stands before what the proxies added.
            ("x-forwarded-for: 203.0.113.9, 192.0.2.7", "192.0.2.7"),
            (
                "x-forwarded-for: 203.0.113.9, 192.0.2.7, 10.2.2.2",
                "192.0.2.7",
            ),
            (
                "x-forwarded-for: 203.0.113.9 | x-forwarded-for: 192.0.2.7",
                "192.0.2.7",
            ),
            ("x-forwarded-for: 10.3.3.3, 10.2.2.2", "10.3.3.3"),
            ("x-forwarded-for: 192.0.2.7, nonsense", "10.1.1.1"),
            ("x-forwarded-for: [2001:db8::7]:80", "2001:db8::7"),
            ("x-forwarded-for: 192.0.2.7:4711", "192.0.2.7"),
            // The other way of saying it is the client's own.
            ("forwarded: for=203.0.113.9", "10.1.1.1"),
        ] {
            let expected = format!("{expected} http - -");
            check(ProxyHeader::XForwarded, "10.1.1.1", headers, &expected);
        }
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_chosen() {
        for (headers, expected) in [
            (
                "forwarded: for=192.0.2.7;proto=https;host=a.example",
                "192.0.2.7 https a.example -",
            ),
            (
                "forwarded: for=203.0.113.9;host=evil.example, For=\"[2001:db8::7]:4711\";Proto=HTTPS",
                "2001:db8::7 https - -",
            ),
            ("forwarded: for=192.0.2.7, for=_hidden", "10.1.1.1 http - -"),
            (
                "forwarded: for=192.0.2.7, proto=https",
                "10.1.1.1 https - -",
            ),
            ("x-forwarded-for: 203.0.113.9", "10.1.1.1 http - -"),
        ] {
            check(ProxyHeader::Forwarded, "10.1.1.1", headers, expected);
        }
    }
}
