//! The two cookies: what renews a session, and what says that a browser signed in before.
//!
//! Neither is read by scripts. Nothing but renewing, leaving and signing in takes a cookie, so no other request can be
//! forged with one.

use axum::http::{HeaderMap, HeaderValue, header};

/// How cookies are named and marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieKind {
    /// The page came over TLS: the name binds the cookie to this host, and it never travels in the clear.
    HostBound,
    /// Plain HTTP on loopback, where browsers do not take the other kind.
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    Refresh,
    Device,
}

impl Cookie {
    pub(crate) fn name(self, kind: CookieKind) -> &'static str {
        match (self, kind) {
            (Cookie::Refresh, CookieKind::HostBound) => "__Host-easel_rt",
            (Cookie::Refresh, CookieKind::Plain) => "easel_rt",
            (Cookie::Device, CookieKind::HostBound) => "__Host-easel_device",
            (Cookie::Device, CookieKind::Plain) => "easel_device",
        }
    }

    /// A value for `Set-Cookie`. `value` is a token of ours.
    pub(crate) fn set(self, kind: CookieKind, value: &str, max_age_s: u64) -> HeaderValue {
        let name = self.name(kind);
        let secure = match kind {
            CookieKind::HostBound => "; Secure",
            CookieKind::Plain => "",
        };
        let text = format!(
            "{name}={value}; Max-Age={max_age_s}; Path=/; HttpOnly; SameSite=Strict{secure}"
        );
        let mut header =
            HeaderValue::try_from(text).expect("a token has only visible ASCII characters");
        header.set_sensitive(true);
        header
    }

    /// Makes the browser forget it.
    pub(crate) fn clear(self, kind: CookieKind) -> HeaderValue {
        self.set(kind, "", 0)
    }

    /// `None` also when there are two: one of them was put there by another site on the same host.
    pub(crate) fn read(self, kind: CookieKind, headers: &HeaderMap) -> Option<&str> {
        let name = self.name(kind);
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter_map(|(this, value)| (this == name).then_some(value));
        match (found.next(), found.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            (Some(_) | None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cookie, CookieKind};
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn a_cookie_is_bound_to_its_host_and_hidden_from_scripts() {
        let set = |kind| Cookie::Refresh.set(kind, "v4.local.x", 60);
        assert_eq!(
            set(CookieKind::HostBound),
            "__Host-easel_rt=v4.local.x; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            set(CookieKind::Plain),
            "easel_rt=v4.local.x; Max-Age=60; Path=/; HttpOnly; SameSite=Strict"
        );
        assert!(set(CookieKind::Plain).is_sensitive());
        assert_eq!(
            Cookie::Device.clear(CookieKind::HostBound),
            "__Host-easel_device=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_only_once() {
        let read = |lines: &[&str], kind| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
            }
            Cookie::Refresh.read(kind, &headers).map(str::to_owned)
        };
        let plain = CookieKind::Plain;
        assert_eq!(read(&["a=1; easel_rt=x"], plain).as_deref(), Some("x"));
        assert_eq!(
            read(&["a=1", "easel_rt=x;b=2"], plain).as_deref(),
            Some("x")
        );
        assert_eq!(read(&["easel_rt=x; easel_rt=y"], plain), None);
        assert_eq!(read(&["easel_rt=x", "easel_rt=x"], plain), None);
        assert_eq!(read(&["easel_rt="], plain), None);
        assert_eq!(read(&["not_easel_rt=x; easel_rts=y"], plain), None);
        assert_eq!(read(&["easel_rt=x"], CookieKind::HostBound), None);
        assert_eq!(read(&["easel_rt"], plain), None);
        assert_eq!(read(&[], plain), None);
    }
}
