//! The headers that every answer carries, and the content policies.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What nothing but the web client needs to weaken: no script, no frame, nothing loaded.
const POLICY_NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The service worker's own: it runs under this policy and not its pages', and all it does is fetch from here.
pub(super) const POLICY_WORKER: &str = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), \
         display-capture=(), clipboard-read=(self), clipboard-write=(self), fullscreen=(self)",
    ),
];

/// For two years browsers come by TLS alone, to its whole domain.
const TRANSPORT_SECURITY: &str = "max-age=63072000; includeSubDomains";

pub(super) fn add_transport_security(headers: &mut HeaderMap) {
    let value = HeaderValue::from_static(TRANSPORT_SECURITY);
    headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
}

/// Adds what is always there; a policy or a caching rule that the handler set stays.
pub(super) fn add_always(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY_NOTHING));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
}

/// The web client's policy. `'self'` does not cover WebSockets in every browser, so the host is named; it was checked
/// to be ours and is a host and a port.
///
/// What it keeps out is told to `reports`, a path of ours: by `report-to` or, in browsers that do not know that yet, `report-uri`.
/// `others` is where the page may go on when its node is away.
pub(super) fn client_policy(host: &str, others: &str, reports: &str) -> HeaderValue {
    // The grammar has no place for an IPv6 address; there `'self'` must do.
    let sockets = match host.starts_with('[') {
        true => String::new(),
        false => format!(" ws://{host} wss://{host}"),
    };
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; \
         connect-src 'self'{sockets}{others}; worker-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types easel; report-uri {reports}; report-to csp"
    ))
    .expect("a checked host has only visible ASCII characters")
}

/// Where `report-to csp` leads.
pub(super) fn reporting_endpoints(reports: &str) -> HeaderValue {
    HeaderValue::try_from(format!("csp=\"{reports}\"")).expect("a path of ours is ASCII")
}

#[cfg(test)]
mod tests {
    use super::client_policy;

    #[test]
    fn the_page_may_open_sockets_to_its_own_host() {
        for (host, expected) in [
            (
                "localhost:8080",
                "connect-src 'self' ws://localhost:8080 wss://localhost:8080;",
            ),
            ("[::1]:8080", "connect-src 'self';"),
        ] {
            let policy = client_policy(host, "", "/csp-reports");
            assert!(
                policy.to_str().unwrap().contains(expected),
                "of {host}: {policy:?}"
            );
        }
    }

    #[test]
    fn each_directive_says_what_the_page_needs_and_no_more() {
        let others = " https://b.example wss://b.example";
        let policy = client_policy("boards.example.org", others, "/easel/csp-reports");
        let mut directives: Vec<_> = policy.to_str().unwrap().split("; ").collect();
        directives.sort_unstable();
        assert_eq!(
            directives,
            [
                "base-uri 'none'",
                "connect-src 'self' ws://boards.example.org wss://boards.example.org https://b.example wss://b.example",
                "default-src 'none'",
                "font-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "img-src 'self' blob: data:",
                "manifest-src 'self'",
                "object-src 'none'",
                "report-to csp",
                "report-uri /easel/csp-reports",
                "require-trusted-types-for 'script'",
                "script-src 'self'",
                "style-src 'self'",
                "trusted-types easel",
                "worker-src 'self'",
            ]
        );
    }
}
