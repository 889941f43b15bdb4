//! How often somebody may ask, by policies of the configuration.
//!
//! A request counts under `api`, and under more where it does more: [`policies_of`] is the whole table. Whoever is signed
//! in is counted as that person (or that visit), wherever they are; everybody else by the network they come from, so that an
//! office behind one address does not hold itself up. Nobody is counted while there are no accounts. What is used and what is
//! left stands in `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11). Counts are this node's own.

use super::problem::{Code, Problem};
use crate::auth::{Caller, Network};
use crate::config::RateLimits;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use easel_storage::{LinkId, SessionId, UserId};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use parking_lot::RwLock;
use std::num::NonZeroU32;
use std::time::Duration;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Whom a policy remembers at once. When there are more, those whose allowance is full again are forgotten, and if that is
/// not enough, everybody.
const KEYS_MAX: usize = 50_000;
/// Bytes are counted in these.
const UPLOAD_UNIT: u64 = 1 << 10;

/// Asker is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    User(UserId),
    /// By a share link.
    Visit(SessionId, LinkId),
    /// Whoever comes by a share link: opening it again makes nobody another.
    Link(LinkId),
    /// Nobody in particular, from there.
    Network(Network),
    /// An account by what was typed, whether there is one or not.
    Account([u8; 16]),
}

impl Asker {
    /// `None`: nobody is counted. Bad credentials are nobody's.
    pub(crate) fn of(caller: Result<&Caller, &Problem>, network: Network) -> Option<Asker> {
        match caller {
            Ok(Caller::Local) => None,
            Ok(Caller::User(user)) => Some(Asker::User(user.user)),
            Ok(Caller::Visitor(visitor)) => Some(Asker::Visit(visitor.session, visitor.link)),
            Ok(Caller::Anonymous) | Err(_) => Some(Asker::Network(network)),
        }
    }

    /// For what must not be had anew by opening a link once more.
    pub(crate) fn behind_links(self) -> Asker {
        match self {
            Asker::Visit(_, link) => Asker::Link(link),
            Asker::User(_) | Asker::Link(_) | Asker::Network(_) | Asker::Account(_) => self,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To show who one is, by network …
    Auth,
    /// … and by the account that is named.
    AuthAccount,
    Api,
    Write,
    /// In bytes.
    Upload,
    /// A way into a room.
    Connect,
    /// A page's own errors.
    Report,
}

/// What this request counts under, by its route's template.
fn policies_of(method: &Method, route: &str) -> &'static [Kind] {
    let Some((_, path)) = route.split_once("/api/v1/") else {
        return match route.ends_with("/csp-reports") {
            true => &[Kind::Report],
            false => &[],
        };
    };
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    match path {
        "auth/login"
        | "auth/register"
        | "auth/setup"
        | "auth/reauth"
        | "auth/password/reset"
        | "me/password"
            if !is_read =>
        {
            &[Kind::Auth, Kind::Api]
        }
        // Every page begins with these, and the second keeps nothing.
        "auth/refresh" | "auth/logout" | "boards/{board}/tickets" => &[Kind::Api],
        "client-errors" => &[Kind::Report],
        // Strokes, which have limits of their own, and streams, which count as ways into a room.
        "boards/{board}/updates" | "boards/{board}/stream" => &[],
        // A page of boards asks for a picture of each, a board for each image on it; a pass or a hash names them.
        "boards/{board}/preview.svg" | "boards/{board}/thumbnail" if is_read => &[],
        path if is_read && path.starts_with("assets/") => &[],
        "boards/{board}/assets" | "me/avatar" if !is_read => &[Kind::Api, Kind::Upload],
        _ if is_read || *method == Method::OPTIONS => &[Kind::Api],
        _ => &[Kind::Api, Kind::Write],
    }
}

/// All policies. `None`: that one is off.
#[derive(Debug)]
pub(crate) struct Rates {
    auth: Option<Policy>,
    auth_account: Option<Policy>,
    api: Option<Policy>,
    write: Option<Policy>,
    upload: Option<Policy>,
    connect: Option<Policy>,
    report: Option<Policy>,
}

impl Rates {
    pub(crate) fn new(config: &RateLimits) -> Rates {
        let upload = config.upload.0.div_ceil(UPLOAD_UNIT);
        Rates {
            auth: Policy::new("auth", config.auth.into(), MINUTE),
            auth_account: Policy::new("auth-account", config.auth_account.into(), QUARTER),
            api: Policy::new("api", config.api.into(), MINUTE),
            write: Policy::new("write", config.write.into(), MINUTE),
            upload: Policy::new("upload", upload, HOUR).map(Policy::of_kibibytes),
            connect: Policy::new("ws-connect", config.ws_connect.into(), MINUTE),
            report: Policy::new("client-errors", config.client_errors.into(), MINUTE),
        }
    }

    fn policy(&self, kind: Kind) -> Option<&Policy> {
        match kind {
            Kind::Auth => self.auth.as_ref(),
            Kind::AuthAccount => self.auth_account.as_ref(),
            Kind::Api => self.api.as_ref(),
            Kind::Write => self.write.as_ref(),
            Kind::Upload => self.upload.as_ref(),
            Kind::Connect => self.connect.as_ref(),
            Kind::Report => self.report.as_ref(),
        }
    }

    /// Counts a request by its route. `bytes` is what its body says it has.
    pub(super) fn request(&self, asked: &Asked<'_>) -> Counted {
        let mut counted = Counted::default();
        let Some(who) = asked.who else {
            return counted;
        };
        for kind in policies_of(asked.method, asked.route) {
            let (who, amount) = match kind {
                Kind::Auth => (Asker::Network(asked.network), 1),
                Kind::Upload => (who.behind_links(), asked.bytes.div_ceil(UPLOAD_UNIT).max(1)),
                Kind::AuthAccount | Kind::Api | Kind::Write | Kind::Connect | Kind::Report => {
                    (who, 1)
                }
            };
            self.take(*kind, who, amount, &mut counted);
        }
        counted
    }

    /// Counts one of this kind.
    pub(crate) fn count(&self, kind: Kind, who: Option<Asker>) -> Counted {
        let mut counted = Counted::default();
        if let Some(who) = who {
            self.take(kind, who, 1, &mut counted);
        }
        counted
    }

    fn take(&self, kind: Kind, who: Asker, amount: u64, counted: &mut Counted) {
        if let Some(policy) = self.policy(kind) {
            counted.shares.push(policy.take(who, amount));
        }
    }
}

/// A request, as far as counting goes.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) route: &'a str,
    pub(super) who: Option<Asker>,
    pub(super) network: Network,
    pub(super) bytes: u64,
}

/// One policy: so much in a window, all at once or evenly.
struct Policy<C: Clock = DefaultClock> {
    name: &'static str,
    quota: NonZeroU32,
    window: Duration,
    unit: Unit,
    clock: C,
    limiter: RwLock<Limiter<C>>,
}

/// What one of a quota is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Request,
    Kibibyte,
}

type Limiter<C> = RateLimiter<Asker, DashMapStateStore<Asker>, C, StateInformationMiddleware>;

impl<C: Clock> std::fmt::Debug for Policy<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} in {:?}", self.name, self.quota, self.window)
    }
}

impl Policy {
    fn new(name: &'static str, quota: u64, window: Duration) -> Option<Policy> {
        Policy::with_clock(name, quota, window, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Policy<C> {
    /// `None` for a quota of 0, which is none.
    fn with_clock(name: &'static str, quota: u64, window: Duration, clock: C) -> Option<Policy<C>> {
        let quota = NonZeroU32::new(u32::try_from(quota).unwrap_or(u32::MAX))?;
        Some(Policy {
            limiter: RwLock::new(limiter(quota, window, &clock)),
            name,
            quota,
            window,
            unit: Unit::Request,
            clock,
        })
    }

    fn of_kibibytes(self) -> Policy<C> {
        Policy {
            unit: Unit::Kibibyte,
            ..self
        }
    }

    fn take(&self, who: Asker, amount: u64) -> Share {
        self.forget_if_full();
        let amount = NonZeroU32::new(u32::try_from(amount).unwrap_or(u32::MAX));
        let amount = amount.unwrap_or(NonZeroU32::MIN);
        let (left, wait) = match self.limiter.read().check_key_n(&who, amount) {
            Ok(Ok(state)) => (state.remaining_burst_capacity(), None),
            Ok(Err(not_until)) => (0, Some(not_until.wait_time_from(self.clock.now()))),
            // More than the whole quota: it will never be taken.
            Err(_) => (self.quota.get(), Some(self.window)),
        };
        // Until all of it is there again.
        let used = self.quota.get() - left.min(self.quota.get());
        let full_in = wait.unwrap_or(self.window * used / self.quota.get());
        let of_bytes = match self.unit {
            Unit::Request => 1,
            Unit::Kibibyte => 1 << 10,
        };
        Share {
            policy: self.name,
            unit: self.unit,
            quota: u64::from(self.quota.get()) * of_bytes,
            window_s: self.window.as_secs(),
            left: u64::from(left) * of_bytes,
            full_in_s: full_in.as_millis().div_ceil(1_000),
            wait,
        }
    }

    fn forget_if_full(&self) {
        if self.limiter.read().len() < KEYS_MAX {
            return;
        }
        let mut limiter = self.limiter.write();
        limiter.retain_recent();
        if limiter.len() >= KEYS_MAX {
            *limiter = self::limiter(self.quota, self.window, &self.clock);
        }
    }
}

fn limiter<C: Clock + Clone>(quota: NonZeroU32, window: Duration, clock: &C) -> Limiter<C> {
    let quota = Quota::with_period(window / quota.get())
        .expect("a minute has more nanoseconds than 2^32")
        .allow_burst(quota);
    RateLimiter::dashmap_with_clock(quota, clock.clone()).with_middleware()
}

/// What there is of one policy after a request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Share {
    policy: &'static str,
    unit: Unit,
    quota: u64,
    window_s: u64,
    left: u64,
    full_in_s: u128,
    /// There was too little: so long until there is enough.
    wait: Option<Duration>,
}

/// What a request was counted under, and whether it was too much.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    shares: Vec<Share>,
}

impl Counted {
    /// 429 when there was too much under any policy.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        match self.shares.iter().filter_map(|share| share.wait).max() {
            None => Ok(()),
            Some(wait) => {
                let problem = Problem {
                    counted: self.clone(),
                    ..Code::QuotaExceeded.into()
                };
                let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                Err(problem.retry_after_ms(ms))
            }
        }
    }

    /// The policies that there was too much under.
    pub(super) fn violated(&self) -> impl Iterator<Item = &'static str> {
        let exceeded = self.shares.iter().filter(|share| share.wait.is_some());
        exceeded.map(|share| share.policy)
    }

    /// Puts it on the answer, beside what stands there already.
    pub(crate) fn put(&self, headers: &mut HeaderMap) {
        if self.shares.is_empty() {
            return;
        }
        let of_each = |write: fn(&Share) -> String| {
            let items: Vec<_> = self.shares.iter().map(write).collect();
            HeaderValue::try_from(items.join(", ")).expect("names and numbers are ASCII")
        };
        headers.append(
            POLICY,
            of_each(|share| {
                let unit = match share.unit {
                    Unit::Request => "",
                    Unit::Kibibyte => ";qu=\"content-bytes\"",
                };
                let (name, quota, window) = (share.policy, share.quota, share.window_s);
                format!("\"{name}\";q={quota};w={window}{unit}")
            }),
        );
        headers.append(
            LEFT,
            of_each(|share| {
                let (name, left, full_in) = (share.policy, share.left, share.full_in_s);
                format!("\"{name}\";r={left};t={full_in}")
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Asker, Counted, KEYS_MAX, Kind, MINUTE, Policy, policies_of};
    use axum::http::{HeaderMap, Method};
    use easel_storage::UserId;
    use governor::clock::FakeRelativeClock;
    use std::time::Duration;

    fn who(number: u64) -> Asker {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_le_bytes());
        Asker::User(UserId::from_bytes(id))
    }

    fn policy(quota: u64, clock: &FakeRelativeClock) -> Policy<FakeRelativeClock> {
        Policy::with_clock("api", quota, MINUTE, clock.clone()).unwrap()
    }

    /// The headers and, where it was too much, after how many seconds to come again.
    fn take(policy: &Policy<FakeRelativeClock>, who: Asker, amount: u64) -> String {
        let counted = Counted {
            shares: vec![policy.take(who, amount)],
        };
        let mut headers = HeaderMap::new();
        counted.put(&mut headers);
        let policy = headers["ratelimit-policy"].to_str().unwrap();
        let left = headers["ratelimit"].to_str().unwrap();
        match counted.check() {
            Ok(()) => format!("{policy} {left}"),
            Err(problem) => format!(
                "{policy} {left} {} {}",
                problem.counted.violated().collect::<String>(),
                problem.retry_after_s.unwrap()
            ),
        }
    }

    #[test]
    fn a_quota_is_used_up_and_comes_back_evenly() {
        let clock = FakeRelativeClock::default();
        let policy = policy(3, &clock);
        let head = "\"api\";q=3;w=60 \"api\"";
        assert_eq!(take(&policy, who(1), 1), format!("{head};r=2;t=20"));
        assert_eq!(take(&policy, who(1), 1), format!("{head};r=1;t=40"));
        assert_eq!(take(&policy, who(1), 1), format!("{head};r=0;t=60"));
        assert_eq!(take(&policy, who(1), 1), format!("{head};r=0;t=20 api 20"));
        assert_eq!(take(&policy, who(2), 1), format!("{head};r=2;t=20"));
        clock.advance(Duration::from_secs(20));
        assert_eq!(take(&policy, who(1), 1), format!("{head};r=0;t=60"));
    }

    #[test]
    fn bytes_are_counted_as_bytes() {
        let clock = FakeRelativeClock::default();
        let policy = policy(60, &clock).of_kibibytes();
        let head = "\"api\";q=61440;w=60;qu=\"content-bytes\" \"api\"";
        assert_eq!(take(&policy, who(1), 30), format!("{head};r=30720;t=30"));
        assert_eq!(take(&policy, who(1), 40), format!("{head};r=0;t=10 api 10"));
        assert_eq!(
            take(&policy, who(1), 61),
            format!("{head};r=61440;t=60 api 60")
        );
    }

    #[test]
    fn nobody_can_fill_the_memory() {
        let clock = FakeRelativeClock::default();
        let policy = policy(2, &clock);
        for number in 0..KEYS_MAX as u64 + 10 {
            policy.take(who(number), 1);
        }
        assert!(policy.limiter.read().len() <= KEYS_MAX);
        // Those who have their whole quota again make room for others.
        let used = policy.limiter.read().len() as u64;
        clock.advance(Duration::from_secs(120));
        for number in 0..KEYS_MAX as u64 - used {
            policy.take(who(1 << 40 | number), 1);
        }
        policy.take(who(1 << 50), 1);
        policy.take(who(1 << 40), 1);
        assert!(policy.limiter.read().len() > used as usize);
        assert!(policy.take(who(1 << 40), 1).wait.is_some());
    }

    #[test]
    fn a_quota_of_nothing_is_none() {
        assert!(Policy::new("api", 0, MINUTE).is_none());
    }

    #[test]
    fn what_counts_as_what() {
        let (read, post) = (Method::GET, Method::POST);
        for (method, route, expected) in [
            (&read, "/b/{board}", &[][..]),
            (&read, "/api/v1/boards", &[Kind::Api]),
            (&post, "/api/v1/boards", &[Kind::Api, Kind::Write]),
            (&post, "/easel/api/v1/boards", &[Kind::Api, Kind::Write]),
            (&post, "/api/v1/auth/login", &[Kind::Auth, Kind::Api]),
            (&post, "/api/v1/auth/refresh", &[Kind::Api]),
            (&post, "/api/v1/boards/{board}/tickets", &[Kind::Api]),
            (&post, "/api/v1/boards/{board}/updates", &[]),
            (&read, "/api/v1/boards/{board}/preview.svg", &[]),
            (&read, "/api/v1/assets/{asset}", &[]),
            (
                &post,
                "/api/v1/boards/{board}/assets",
                &[Kind::Api, Kind::Upload],
            ),
            (&post, "/api/v1/client-errors", &[Kind::Report]),
        ] {
            assert_eq!(policies_of(method, route), expected, "{method} {route}");
        }
    }
}
