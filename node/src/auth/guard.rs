//! Against guessing: who fails to prove who they are waits before the next attempt, longer each time.
//!
//! Failures are counted for the account and for the network they come from, since an attacker varies either. Nobody is
//! ever locked out: a browser in which the person signed in before is counted apart from everybody else, so strangers
//! who hammer an account delay strangers. Counts are this node's own; hopping between nodes gains their number at most.
//!
//! Pure: time is an argument. An attempt is counted when it begins and taken back when it succeeds, so a thousand at
//! once are no better than one after the other.

use easel_storage::Time;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

/// The first failure of an account, or of a browser known to it, that is followed by a wait.
const ACCOUNT_DELAYED_FROM: u32 = 5;
/// Many people can be behind one address, and one of them must not hold up the rest at once.
const NETWORK_DELAYED_FROM: u32 = 20;
const DELAY_MIN_MS: u64 = 1_000;
const DELAY_MAX_MS: u64 = 15 * 60 * 1_000;
/// One failure is forgotten in this time.
const FORGET_MS: u64 = 30 * 60 * 1_000;
/// Beyond this many of a kind the one that was not touched for longest is forgotten.
const BUCKETS_MAX: usize = 50_000;

/// An account by what was typed, whether there is one or not: a hash of the folded address, or of a link's id.
pub(crate) type Account = [u8; 16];

/// Where an attempt comes from: an IPv4 address, or the /64 that a customer of IPv6 has at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Network(IpAddr);

impl Network {
    pub(crate) fn of(ip: IpAddr) -> Network {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Network(ip.into()),
            IpAddr::V6(ip) => {
                let prefix = u128::from(ip) >> 64 << 64;
                Network(Ipv6Addr::from(prefix).into())
            }
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            IpAddr::V4(ip) => write!(f, "{ip}"),
            IpAddr::V6(ip) => write!(f, "{ip}/64"),
        }
    }
}

/// Somebody who tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) account: Account,
    pub(crate) network: Network,
    /// The browser, when its cookie says that this very person signed in with it.
    pub(crate) device: Option<[u8; 16]>,
}

/// Not now, but after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed attempts")]
pub(crate) struct Wait {
    pub(crate) ms: u64,
}

/// What is remembered of failures.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    accounts: Buckets<Account>,
    devices: Buckets<([u8; 16], Account)>,
    networks: Buckets<Network>,
}

impl Guard {
    /// Lets an attempt begin and counts it as failed, until [`Guard::succeeded`] takes that back.
    pub(crate) fn begin(&mut self, attempt: &Attempt, now: Time) -> Result<(), Wait> {
        let key = (attempt.device.unwrap_or_default(), attempt.account);
        let wait = match attempt.device {
            Some(_) => self.devices.wait_ms(&key, now),
            None => {
                let account = self.accounts.wait_ms(&attempt.account, now);
                account.max(self.networks.wait_ms(&attempt.network, now))
            }
        };
        if wait > 0 {
            return Err(Wait { ms: wait });
        }
        match attempt.device {
            Some(_) => self.devices.count(key, ACCOUNT_DELAYED_FROM, now),
            None => {
                self.accounts
                    .count(attempt.account, ACCOUNT_DELAYED_FROM, now);
                self.networks
                    .count(attempt.network, NETWORK_DELAYED_FROM, now);
            }
        }
        Ok(())
    }

    /// Takes back an attempt that was not decided.
    pub(crate) fn withdrawn(&mut self, attempt: &Attempt, now: Time) {
        match attempt.device {
            Some(device) => {
                self.devices.take_back(&(device, attempt.account), now);
            }
            None => {
                self.networks.take_back(&attempt.network, now);
                self.accounts.take_back(&attempt.account, now);
            }
        }
    }

    /// Takes this attempt back, and says how many failed before it. The browser's count begins anew; the account's and
    /// the network's stay, else whoever has one account could clear the way to others.
    pub(crate) fn succeeded(&mut self, attempt: &Attempt, now: Time) -> u32 {
        match attempt.device {
            Some(device) => self.devices.clear(&(device, attempt.account), now),
            None => {
                self.networks.take_back(&attempt.network, now);
                self.accounts.take_back(&attempt.account, now)
            }
        }
    }
}

/// Failures by key, and which were touched last.
#[derive(Debug)]
struct Buckets<K> {
    of: HashMap<K, Bucket>,
    /// By the number of the last touch.
    touched: BTreeMap<u64, K>,
    touches: u64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Each failure adds [`FORGET_MS`], and time takes away.
    fill_ms: u64,
    /// When `fill_ms` was so.
    at: Time,
    /// No attempt before this.
    until: Time,
    touch: u64,
}

impl Bucket {
    /// Enough for the longest wait, and no more: what was tried in a night is not counted for weeks.
    const FAILURES_MAX: u64 = 32;

    fn drained(&self, now: Time) -> u64 {
        self.fill_ms.saturating_sub(now.0.saturating_sub(self.at.0))
    }

    fn failures(&self, now: Time) -> u32 {
        u32::try_from(self.drained(now).div_ceil(FORGET_MS)).unwrap_or(u32::MAX)
    }
}

impl<K> Default for Buckets<K> {
    fn default() -> Buckets<K> {
        Buckets {
            of: HashMap::new(),
            touched: BTreeMap::new(),
            touches: 0,
        }
    }
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    fn wait_ms(&self, key: &K, now: Time) -> u64 {
        let until = self.of.get(key).map_or(Time(0), |bucket| bucket.until);
        until.0.saturating_sub(now.0)
    }

    /// One more failure.
    fn count(&mut self, key: K, delayed_from: u32, now: Time) {
        let mut bucket = self.of.get(&key).copied().unwrap_or(Bucket {
            fill_ms: 0,
            at: now,
            until: now,
            touch: 0,
        });
        let full = Bucket::FAILURES_MAX * FORGET_MS;
        bucket.fill_ms = (bucket.drained(now) + FORGET_MS).min(full);
        bucket.at = now;
        bucket.until = now.plus_ms(delay_ms(bucket.failures(now), delayed_from));
        self.put(key, bucket);
    }

    /// Undoes one count; gives what is left.
    fn take_back(&mut self, key: &K, now: Time) -> u32 {
        let Some(mut bucket) = self.of.get(key).copied() else {
            return 0;
        };
        bucket.fill_ms = bucket.drained(now).saturating_sub(FORGET_MS);
        bucket.at = now;
        bucket.until = now;
        let left = bucket.failures(now);
        if left == 0 {
            self.remove(key);
        } else {
            self.put(*key, bucket);
        }
        left
    }

    /// Forgets all of it; gives what there was besides the last.
    fn clear(&mut self, key: &K, now: Time) -> u32 {
        let before = self.take_back(key, now);
        self.remove(key);
        before
    }

    fn put(&mut self, key: K, mut bucket: Bucket) {
        self.touched.remove(&bucket.touch);
        self.touches += 1;
        bucket.touch = self.touches;
        self.touched.insert(bucket.touch, key);
        self.of.insert(key, bucket);
        if self.of.len() > BUCKETS_MAX
            && let Some((_, oldest)) = self.touched.pop_first()
        {
            self.of.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &K) {
        if let Some(bucket) = self.of.remove(key) {
            self.touched.remove(&bucket.touch);
        }
    }
}

/// Doubles with each failure.
fn delay_ms(failures: u32, delayed_from: u32) -> u64 {
    match failures.checked_sub(delayed_from) {
        None => 0,
        Some(doublings) => (DELAY_MIN_MS << doublings.min(16)).min(DELAY_MAX_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ACCOUNT_DELAYED_FROM, Attempt, BUCKETS_MAX, DELAY_MAX_MS, FORGET_MS, Guard,
        NETWORK_DELAYED_FROM, Network, Wait,
    };
    use easel_storage::Time;
    use std::net::IpAddr;

    const START: Time = Time(1_000_000);

    fn network(ip: &str) -> Network {
        Network::of(ip.parse::<IpAddr>().unwrap())
    }

    fn attempt(account: u8, ip: &str) -> Attempt {
        Attempt {
            account: [account; 16],
            network: network(ip),
            device: None,
        }
    }

    /// Fails as soon as it is allowed; gives the waits before each attempt, in seconds.
    fn waits(guard: &mut Guard, attempt: &Attempt, now: &mut Time, times: usize) -> Vec<u64> {
        let mut waits = Vec::new();
        for _ in 0..times {
            let mut waited = 0;
            if let Err(Wait { ms }) = guard.begin(attempt, *now) {
                waited = ms;
                *now = now.plus_ms(ms);
                guard.begin(attempt, *now).unwrap();
            }
            waits.push(waited / 1_000);
        }
        waits
    }

    #[test]
    fn from_the_fifth_failure_on_the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let mut now = START;
        let waits = waits(
            &mut Guard::default(),
            &attempt(1, "192.0.2.1"),
            &mut now,
            20,
        );
        assert_eq!(waits[..6], [0, 0, 0, 0, 0, 1]);
        assert_eq!(waits[6..14], [2, 4, 8, 16, 32, 64, 128, 256]);
        assert_eq!(waits[14], 512);
        assert!(waits[15..].contains(&900), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= DELAY_MAX_MS / 1_000));
    }

    #[test]
    fn attempts_at_once_count_like_attempts_in_a_row() {
        let mut guard = Guard::default();
        let began = (0..100)
            .filter(|_| guard.begin(&attempt(1, "192.0.2.1"), START).is_ok())
            .count();
        assert_eq!(began, ACCOUNT_DELAYED_FROM as usize);
    }

    #[test]
    fn a_network_is_delayed_whatever_account_it_tries() {
        let mut guard = Guard::default();
        for account in 0..NETWORK_DELAYED_FROM as u8 {
            assert_eq!(guard.begin(&attempt(account, "2001:db8::1"), START), Ok(()));
        }
        assert_eq!(
            guard.begin(&attempt(99, "2001:db8::2"), START),
            Err(Wait { ms: 1_000 })
        );
        assert_eq!(guard.begin(&attempt(99, "2001:db8:0:1::2"), START), Ok(()));
    }

    #[test]
    fn a_network_is_an_address_or_a_64() {
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:0:0:1"));
        assert_eq!(network("2001:db8::1").to_string(), "2001:db8::/64");
        assert_eq!(network("::ffff:192.0.2.1").to_string(), "192.0.2.1");
    }

    #[test]
    fn strangers_do_not_delay_a_browser_that_was_here_before() {
        let mut guard = Guard::default();
        let mut now = START;
        waits(&mut guard, &attempt(1, "192.0.2.1"), &mut now, 30);
        let mine = Attempt {
            device: Some([7; 16]),
            ..attempt(1, "192.0.2.1")
        };
        assert!(guard.begin(&attempt(1, "198.51.100.1"), now).is_err());
        assert_eq!(guard.begin(&mine, now), Ok(()));
        assert_eq!(guard.succeeded(&mine, now), 0);
        // It is no way around the guard either.
        let waits = waits(&mut guard, &mine, &mut now, 7);
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2]);
        // And it is good for the account it is of.
        let other = Attempt {
            account: [2; 16],
            ..mine
        };
        assert_eq!(guard.begin(&other, now), Ok(()));
    }

    #[test]
    fn success_clears_the_browsers_count_and_takes_back_one_of_the_others() {
        let mut guard = Guard::default();
        let mine = Attempt {
            device: Some([7; 16]),
            ..attempt(1, "192.0.2.1")
        };
        for _ in 0..4 {
            guard.begin(&mine, START).unwrap();
        }
        assert_eq!(guard.succeeded(&mine, START), 3);
        assert_eq!(waits(&mut guard, &mine, &mut START.clone(), 5), [0; 5]);

        let other = attempt(2, "192.0.2.1");
        for _ in 0..4 {
            guard.begin(&other, START).unwrap();
        }
        assert_eq!(guard.succeeded(&other, START), 3);
        let mut now = START;
        assert_eq!(waits(&mut guard, &other, &mut now, 3), [0, 0, 1]);
    }

    #[test]
    fn failures_are_forgotten_one_by_one() {
        let mut guard = Guard::default();
        let mut now = START;
        waits(&mut guard, &attempt(1, "192.0.2.1"), &mut now, 4);
        let mut now = now.plus_ms(2 * FORGET_MS);
        assert_eq!(
            waits(&mut guard, &attempt(1, "192.0.2.1"), &mut now, 4),
            [0, 0, 0, 1]
        );
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes() {
        let mut guard = Guard::default();
        for n in 0..=BUCKETS_MAX as u128 {
            let [.., a, b, c, d] = n.to_be_bytes();
            let network = Network::of(IpAddr::from([a, b, c, d]));
            let attempt = Attempt {
                account: n.to_be_bytes(),
                network,
                device: None,
            };
            guard.begin(&attempt, START).unwrap();
        }
        assert_eq!(guard.accounts.of.len(), BUCKETS_MAX);
        assert_eq!(guard.accounts.touched.len(), BUCKETS_MAX);
        assert!(!guard.accounts.of.contains_key(&[0; 16]));
        assert!(guard.accounts.of.contains_key(&1u128.to_be_bytes()));
    }
}
