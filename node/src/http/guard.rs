//! Who a request is for and which page made it. Any web page can send requests to 127.0.0.1, and point a name of its
//! own at it; these two checks are why that gains it nothing.

use super::forwarded::{Scheme, Seen};
use super::problem::{Code, Problem};
use crate::config::Origins;
use crate::neighbours::Neighbours;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

/// An address longer than this is refused.
const URL_BYTES_MAX: usize = 8 << 10;

/// What a request is for, checked to be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OurHost {
    pub(crate) scheme: Scheme,
    /// Host and port as the client wrote them, in lower case.
    pub(crate) authority: String,
}

impl OurHost {
    /// As a browser writes it in `Origin`.
    fn origin(&self) -> String {
        let (scheme, port) = match self.scheme {
            Scheme::Http => ("http", ":80"),
            Scheme::Https => ("https", ":443"),
        };
        let authority = &self.authority;
        format!(
            "{scheme}://{}",
            authority.strip_suffix(port).unwrap_or(authority)
        )
    }

    /// Not an address of this machine, at which other programs listen as well.
    pub(super) fn is_a_sites(&self) -> bool {
        let name = self.authority.split(':').next().unwrap_or_default();
        let is_number = name.parse::<IpAddr>().is_ok() || name.starts_with('[');
        name != "localhost" && !is_number
    }
}

/// The names this node answers for.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Lower case, without ports: a tunnel brings requests in under another port.
    hosts: Vec<String>,
    public_origin: Option<String>,
    /// It listens on every address that the machine has, whichever those are.
    is_everywhere: bool,
    /// Pages elsewhere that may use the interface.
    listed: Origins,
    /// The pages of the group's other nodes, which go on here when theirs is away.
    neighbours: Arc<Neighbours>,
}

impl Guard {
    /// `public` is origin and host of the configured public URL.
    pub(crate) fn new(
        listening: &[IpAddr],
        public: Option<(&str, &str)>,
        listed: Origins,
        neighbours: Arc<Neighbours>,
    ) -> Guard {
        // A loopback address as such cannot be another site's name, so both are always good.
        let mut hosts = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "[::1]".to_owned(),
        ];
        hosts.extend(listening.iter().map(|ip| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        }));
        hosts.extend(public.map(|(_, host)| host.to_owned()));
        Guard {
            hosts,
            public_origin: public.map(|(origin, _)| origin.to_owned()),
            is_everywhere: listening.iter().any(IpAddr::is_unspecified),
            listed,
            neighbours,
        }
    }

    /// Passes a request on or says why not.
    pub(super) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        seen: &Seen,
    ) -> Result<OurHost, Problem> {
        let length = uri.path_and_query().map_or(0, |all| all.as_str().len());
        if length > URL_BYTES_MAX {
            return Err(Code::UrlTooLong.into());
        }
        let authority = match &seen.host {
            Some(host) => checked(Authority::try_from(host.as_str()))?,
            None => authority(uri, headers)?,
        };
        if !self.is_ours(authority.host()) {
            return Err(Code::WrongHost.into());
        }
        let ours = OurHost {
            scheme: seen.scheme,
            authority: authority.as_str().to_ascii_lowercase(),
        };
        let reads_only = matches!(*method, Method::GET | Method::HEAD);
        // An upgrade is a GET, and what follows it is not only reading.
        if !reads_only || headers.contains_key(header::UPGRADE) {
            self.check_page(&ours, headers)?;
        }
        Ok(ours)
    }

    fn is_ours(&self, host: &str) -> bool {
        let is_named = self
            .hosts
            .iter()
            .any(|ours| ours.eq_ignore_ascii_case(host));
        // Another site can give its name our address, but no site is named by a number.
        let number = host.trim_start_matches('[').trim_end_matches(']');
        is_named || self.is_everywhere && number.parse::<IpAddr>().is_ok()
    }

    /// For a request that only looks like reading: what it opens takes a place on a board. Pages elsewhere can make one
    /// without an `Origin` (an image, say), of which browsers tell in another way.
    pub(crate) fn check_page(&self, ours: &OurHost, headers: &HeaderMap) -> Result<(), Problem> {
        let is_listed = headers
            .get(header::ORIGIN)
            .is_some_and(|origin| self.lets_in(origin));
        let is_from_elsewhere = !is_listed
            && headers
                .get("sec-fetch-site")
                .is_some_and(|site| site != "same-origin" && site != "none");
        if is_from_elsewhere {
            return Err(Code::ForeignOrigin.into());
        }
        self.check_origin(ours, headers)
    }

    /// A page that is not ours and may use the interface, by a token.
    pub(super) fn lets_in(&self, origin: &HeaderValue) -> bool {
        self.listed.has(origin) || self.neighbours.has(origin)
    }

    /// Whether answers depend on whose page asks.
    pub(super) fn lets_any_in(&self) -> bool {
        !self.listed.is_empty() || !self.neighbours.is_empty()
    }

    fn check_origin(&self, ours: &OurHost, headers: &HeaderMap) -> Result<(), Problem> {
        for origin in headers.get_all(header::ORIGIN) {
            if self.lets_in(origin) {
                continue;
            }
            let Ok(origin) = origin.to_str() else {
                return Err(Code::ForeignOrigin.into());
            };
            let is_ours = origin.eq_ignore_ascii_case(&ours.origin())
                || self.public_origin.as_deref() == Some(origin);
            if !is_ours {
                return Err(Code::ForeignOrigin.into());
            }
        }
        Ok(())
    }
}

/// Exactly one host, and the same in both places where it can stand.
fn authority(uri: &Uri, headers: &HeaderMap) -> Result<Authority, Problem> {
    let bad = || Problem::new(Code::BadHost);
    let mut hosts = headers.get_all(header::HOST).iter();
    let header = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(bad()),
        (Some(host), None) => Some(Authority::try_from(host.as_bytes()).map_err(|_| bad())?),
        (None, None) => None,
    };
    checked::<Infallible>(match (uri.authority(), header) {
        (Some(line), Some(header)) if !line.as_str().eq_ignore_ascii_case(header.as_str()) => {
            return Err(bad());
        }
        (Some(line), _) => Ok(line.clone()),
        (None, Some(header)) => Ok(header),
        (None, None) => return Err(bad()),
    })
}

fn checked<E>(authority: Result<Authority, E>) -> Result<Authority, Problem> {
    let bad = || Problem::new(Code::BadHost);
    let authority = authority.map_err(|_| bad())?;
    // `user@host`, and a port that is none: nothing an honest client sends.
    let port_is_good =
        authority.as_str().len() == authority.host().len() || authority.port_u16().is_some();
    if authority.as_str().contains('@') || !port_is_good {
        return Err(bad());
    }
    Ok(authority)
}

#[cfg(test)]
mod tests {
    use super::{Guard, OurHost};
    use crate::config::Origins;
    use crate::http::forwarded::{Scheme, Seen};
    use axum::http::{HeaderMap, Method, Uri, header};
    use std::sync::Arc;

    fn seen(scheme: Scheme, host: Option<&str>) -> Seen {
        Seen {
            client: [192, 0, 2, 1].into(),
            scheme,
            host: host.map(str::to_owned),
            request_id: None,
        }
    }

    #[test]
    fn over_tls_and_behind_a_proxy_the_address_of_the_page_counts() {
        let guard = Guard::new(
            &["0.0.0.0".parse().unwrap()],
            Some(("https://boards.example.org", "boards.example.org")),
            Origins::default(),
            Arc::default(),
        );
        let ask = |scheme, forwarded, host: &str, origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            let seen = seen(scheme, forwarded);
            match guard.check(&Method::POST, &Uri::from_static("/"), &headers, &seen) {
                Ok(ours) => format!("{} {}", ours.authority, ours.is_a_sites()),
                Err(problem) => problem.code.about().slug.to_owned(),
            }
        };
        let https = Scheme::Https;
        for (got, expected) in [
            (
                ask(https, None, "192.0.2.1:8443", "https://192.0.2.1:8443"),
                "192.0.2.1:8443 false",
            ),
            (
                ask(https, None, "[2001:db8::1]", "https://[2001:db8::1]"),
                "[2001:db8::1] false",
            ),
            (
                ask(https, None, "192.0.2.1:8443", "http://192.0.2.1:8443"),
                "foreign-origin",
            ),
            (
                ask(https, None, "evil.example", "https://evil.example"),
                "wrong-host",
            ),
            (
                ask(
                    https,
                    Some("localhost:443"),
                    "easel:8080",
                    "https://localhost",
                ),
                "localhost:443 false",
            ),
            (
                ask(
                    https,
                    Some("boards.example.org"),
                    "easel:8080",
                    "https://boards.example.org",
                ),
                "boards.example.org true",
            ),
            (
                ask(
                    https,
                    Some("evil.example"),
                    "localhost",
                    "https://evil.example",
                ),
                "wrong-host",
            ),
            (
                ask(
                    https,
                    Some("me@localhost"),
                    "localhost",
                    "https://localhost",
                ),
                "bad-host",
            ),
        ] {
            assert_eq!(got, expected);
        }
    }

    /// `request` is "METHOD url | header: value | …".
    fn check(request: &str, expected: &str) {
        let guard = Guard::new(
            &["127.0.0.1".parse().unwrap()],
            Some(("https://boards.example.org", "boards.example.org")),
            "https://app.example".parse().unwrap(),
            Arc::default(),
        );
        let mut parts = request.split(" | ");
        let (method, uri) = parts.next().unwrap().split_once(' ').unwrap();
        let mut headers = HeaderMap::new();
        for part in parts {
            let (name, value) = part.split_once(": ").unwrap();
            headers.append(
                name.parse::<header::HeaderName>().unwrap(),
                value.parse().unwrap(),
            );
        }
        let (method, uri): (Method, Uri) = (method.parse().unwrap(), uri.parse().unwrap());
        let got = match guard.check(&method, &uri, &headers, &seen(Scheme::Http, None)) {
            Ok(ours) => format!("ok {}", ours.authority),
            Err(problem) => problem.code.about().slug.to_owned(),
        };
        assert_eq!(got, expected, "of {request}");
    }

    #[test]
    fn a_host_must_be_ours() {
        for (request, expected) in [
            ("GET / | host: 127.0.0.1:8080", "ok 127.0.0.1:8080"),
            ("GET / | host: LocalHost:9000", "ok localhost:9000"),
            ("GET / | host: [::1]:8080", "ok [::1]:8080"),
            ("GET / | host: boards.example.org", "ok boards.example.org"),
            ("GET http://localhost:8080/", "ok localhost:8080"),
            ("GET / | host: evil.example", "wrong-host"),
            ("GET / | host: localhost.evil.example", "wrong-host"),
            ("GET / | host: 127.0.0.1.evil.example", "wrong-host"),
            ("GET / | host: 10.0.0.1", "wrong-host"),
            ("GET /", "bad-host"),
            ("GET / | host: localhost | host: localhost", "bad-host"),
            ("GET / | host: me@localhost", "bad-host"),
            ("GET / | host: localhost:99999", "bad-host"),
            ("GET http://localhost/ | host: evil.example", "bad-host"),
        ] {
            check(request, expected);
        }
        check(
            &format!("GET /{} | host: localhost", "x".repeat(9000)),
            "url-too-long",
        );
    }

    /// Headers as above; what takes a place although it only looks like reading.
    fn check_page(headers: &str, is_ours: bool) {
        let guard = Guard::new(
            &["127.0.0.1".parse().unwrap()],
            None,
            "https://app.example".parse().unwrap(),
            Arc::default(),
        );
        let mut map = HeaderMap::new();
        for header in headers.split(" | ").filter(|header| !header.is_empty()) {
            let (name, value) = header.split_once(": ").unwrap();
            map.append(
                name.parse::<header::HeaderName>().unwrap(),
                value.parse().unwrap(),
            );
        }
        let ours = OurHost {
            scheme: Scheme::Http,
            authority: "localhost:8080".to_owned(),
        };
        let checked = guard.check_page(&ours, &map);
        assert_eq!(checked.is_ok(), is_ours, "of {headers}");
    }

    #[test]
    fn a_place_on_a_board_is_taken_by_our_own_page_or_by_a_program() {
        check_page("", true);
        check_page("sec-fetch-site: same-origin", true);
        check_page("origin: http://localhost:8080", true);
        check_page(
            "origin: https://app.example | sec-fetch-site: cross-site",
            true,
        );
        check_page("sec-fetch-site: cross-site", false);
        check_page("sec-fetch-site: same-site", false);
        check_page("origin: http://evil.example", false);
        check_page(
            "origin: http://localhost:8080 | sec-fetch-site: cross-site",
            false,
        );
    }

    #[test]
    fn what_changes_something_must_come_from_our_own_page_if_from_any() {
        for (request, expected) in [
            ("POST / | host: localhost:8080", "ok localhost:8080"),
            (
                "POST / | host: localhost:8080 | origin: http://localhost:8080",
                "ok localhost:8080",
            ),
            (
                "POST / | host: localhost:80 | origin: http://localhost",
                "ok localhost:80",
            ),
            (
                "POST / | host: localhost:8080 | origin: https://boards.example.org",
                "ok localhost:8080",
            ),
            (
                "GET / | host: localhost:8080 | origin: http://evil.example",
                "ok localhost:8080",
            ),
            (
                "HEAD / | host: localhost:8080 | origin: null",
                "ok localhost:8080",
            ),
            (
                "GET / | host: localhost:8080 | upgrade: websocket | origin: http://localhost:8080",
                "ok localhost:8080",
            ),
            (
                "GET / | host: localhost:8080 | upgrade: websocket | origin: http://localhost:3000",
                "foreign-origin",
            ),
            (
                "GET / | host: localhost:8080 | upgrade: websocket | origin: http://evil.example",
                "foreign-origin",
            ),
            (
                "POST / | host: localhost:8080 | origin: https://app.example",
                "ok localhost:8080",
            ),
            (
                "POST / | host: localhost:8080 | origin: https://app.example.evil",
                "foreign-origin",
            ),
            (
                "POST / | host: localhost:8080 | origin: https://app.example | origin: http://evil.example",
                "foreign-origin",
            ),
            (
                "POST / | host: localhost:8080 | origin: null",
                "foreign-origin",
            ),
            (
                "POST / | host: localhost:8080 | origin: https://localhost:8080",
                "foreign-origin",
            ),
            (
                "POST / | host: localhost:8080 | origin: http://127.0.0.1:8080",
                "foreign-origin",
            ),
            (
                "OPTIONS / | host: localhost:8080 | origin: http://evil.example",
                "foreign-origin",
            ),
        ] {
            check(request, expected);
        }
    }
}
