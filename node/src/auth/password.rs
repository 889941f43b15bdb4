//! Passwords: hashed with Argon2id, a few at a time, and which ones are refused.

use super::common::is_common;
use super::secret::random;
use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use easel_storage::names::PasswordHash;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What may wait for its turn; each one beyond is told to come back. A hash takes 64 MiB while it is made, so without a
/// bound whoever sends many sign-ins takes all the memory.
const WAITING_MAX: usize = 32;

/// What somebody typed. Never shown, not even in debug output.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(String);

impl Password {
    /// Nobody types more, and hashing takes its time.
    pub(crate) const BYTES_MAX: usize = 1_024;
    pub(crate) const CHARS_MIN: usize = 8;

    pub(crate) fn new(text: String) -> Password {
        Password(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How hard a hash is to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashCost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Default for HashCost {
    /// RFC 9106's second choice with one lane, since a lane is a thread and this pool is the threads.
    fn default() -> HashCost {
        HashCost {
            memory_kib: 64 << 10,
            passes: 3,
            lanes: 1,
        }
    }
}

/// More wants hashing than is taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub(crate) struct Busy;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, and the stored hash is weaker than today's: hash again and store that.
    RightButWeak,
}

/// Makes and checks hashes on as many threads as may be spared.
#[derive(Debug)]
pub(crate) struct Hasher {
    argon: Argon2<'static>,
    cost: HashCost,
    /// Held from the beginning of the wait to the end of the work.
    places: Arc<Semaphore>,
    /// Held during the work.
    threads: Arc<Semaphore>,
    /// A hash of nothing anybody knows, checked in place of one that is not there.
    dummy: PasswordHash,
    #[cfg(test)]
    made: std::sync::atomic::AtomicU32,
}

impl Hasher {
    /// `None`: a cost that Argon2 does not know.
    pub(crate) fn new(cost: HashCost, threads: usize) -> Option<Hasher> {
        let HashCost {
            memory_kib,
            passes,
            lanes,
        } = cost;
        let params = Params::new(memory_kib, passes, lanes, None).ok()?;
        let threads = threads.max(1);
        Some(Hasher {
            dummy: dummy(&params)?,
            argon: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            cost,
            places: Arc::new(Semaphore::new(threads + WAITING_MAX)),
            threads: Arc::new(Semaphore::new(threads)),
            #[cfg(test)]
            made: Default::default(),
        })
    }

    /// All cores but one, so that boards go on while people sign in.
    pub(crate) fn threads_to_spare() -> usize {
        std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1))
    }

    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let argon = self.argon.clone();
        self.work(move || {
            let salt: [u8; 16] = random();
            let hash = argon
                .hash_password_with_salt(password.0.as_bytes(), &salt)
                .expect("the cost was checked, and a salt of 16 bytes is one");
            PasswordHash::new(hash.to_string())
        })
        .await
    }

    /// Takes as long for an account that is not there, or has no password, as for a wrong one.
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, Busy> {
        // Nobody can have set it. What is hashed is bounded, whatever is sent.
        if password.0.len() > Password::BYTES_MAX {
            return Ok(Verdict::Wrong);
        }
        let argon = self.argon.clone();
        let is_known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let needs_rehash = self.needs_rehash(&stored);
        self.work(move || {
            let right = phc::PasswordHash::new(stored.as_str())
                .is_ok_and(|hash| argon.verify_password(password.0.as_bytes(), &hash).is_ok());
            match (right && is_known, needs_rehash) {
                (false, _) => Verdict::Wrong,
                (true, false) => Verdict::Right,
                (true, true) => Verdict::RightButWeak,
            }
        })
        .await
    }

    /// How many hashes were made or checked.
    #[cfg(test)]
    pub(super) fn made(&self) -> u32 {
        self.made.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Whether a hash was made with less than is asked for now. More is fine: a smaller node lowers nobody's.
    pub(crate) fn needs_rehash(&self, stored: &PasswordHash) -> bool {
        let Ok(hash) = phc::PasswordHash::new(stored.as_str()) else {
            return true;
        };
        let Ok(params) = Params::try_from(&hash) else {
            return true;
        };
        hash.algorithm != Algorithm::Argon2id.ident()
            || hash.version != Some(Version::V0x13.into())
            || params.m_cost() < self.cost.memory_kib
            || params.t_cost() < self.cost.passes
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Busy)?;
        let thread = acquire(&self.threads).await;
        #[cfg(test)]
        self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        // The permits go along: whoever hangs up does not make room before the thread is free.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, thread);
            work()
        });
        Ok(done.await.expect("hashing does not panic"))
    }
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = semaphore.clone().acquire_owned().await;
    permit.expect("it is never closed")
}

/// A hash as Argon2 would have made it, of a password that nobody has: its output is random.
fn dummy(params: &Params) -> Option<PasswordHash> {
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).ok()?,
        salt: Some(Salt::new(&random::<16>()).ok()?),
        hash: Some(Output::new(&random::<32>()).ok()?),
    };
    Some(PasswordHash::new(hash.to_string()))
}

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weakness {
    TooShort,
    TooLong,
    /// It is among the first that anybody tries.
    Common,
    /// It is little more than the person's or this installation's name.
    NamesYou,
}

impl Weakness {
    /// For programs; part of the interface.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Weakness::TooShort => "too-short",
            Weakness::TooLong => "too-long",
            Weakness::Common => "common-password",
            Weakness::NamesYou => "names-you",
        }
    }

    pub(crate) fn detail(self) -> String {
        match self {
            Weakness::TooShort => format!("it needs at least {} characters", Password::CHARS_MIN),
            Weakness::TooLong => format!("it may have at most {} bytes", Password::BYTES_MAX),
            Weakness::Common => "this one is among the most used; choose another".to_owned(),
            Weakness::NamesYou => {
                "it is little more than your name, your address or the name of this place; choose another"
                    .to_owned()
            }
        }
    }
}

/// What a password must not be made of, for one person on one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Context {
    words: Vec<String>,
}

impl Context {
    /// Shorter parts occur in anything.
    const WORD_CHARS_MIN: usize = 3;

    /// `about`: the address, the name and the host of this installation, in any order.
    pub(crate) fn new(about: &[&str]) -> Context {
        let mut words: Vec<String> = about
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
            .map(str::to_lowercase)
            .filter(|word| word.chars().count() >= Self::WORD_CHARS_MIN)
            .chain(["easel".to_owned()])
            .collect();
        // Long ones first, so that `example` is taken out of a password before `exam` is.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        Context { words }
    }

    /// Whether less than a password is left without the words.
    fn is_most_of(&self, password: &str) -> bool {
        let mut left = password.to_lowercase();
        let mut found = false;
        for word in &self.words {
            if left.contains(word.as_str()) {
                found = true;
                left = left.replace(word.as_str(), "");
            }
        }
        found && left.chars().count() < Password::CHARS_MIN
    }
}

/// All that is wrong with a password somebody wants to set. No rule about kinds of characters: length counts.
pub(crate) fn weaknesses(password: &Password, context: &Context) -> Vec<Weakness> {
    let text = password.0.as_str();
    if text.len() > Password::BYTES_MAX {
        return vec![Weakness::TooLong];
    }
    let mut found = Vec::new();
    if text.chars().count() < Password::CHARS_MIN {
        found.push(Weakness::TooShort);
    }
    if is_common(text) {
        found.push(Weakness::Common);
    }
    if context.is_most_of(text) {
        found.push(Weakness::NamesYou);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Busy, Context, HashCost, Hasher, Password, Verdict, WAITING_MAX, weaknesses};
    use easel_storage::names::PasswordHash;
    use tokio::sync::Semaphore;

    const CHEAP: HashCost = HashCost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    fn hasher(cost: HashCost) -> Hasher {
        Hasher::new(cost, 1).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_found_right_and_another_wrong() {
        let hasher = hasher(CHEAP);
        let hash = hasher.hash(password("a long way round")).await.unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"),
            "{}",
            hash.as_str()
        );
        let verify = async |text, hash| hasher.verify(password(text), hash).await.unwrap();
        assert_eq!(
            verify("a long way round", Some(hash.clone())).await,
            Verdict::Right
        );
        assert_eq!(
            verify("a long way roun", Some(hash.clone())).await,
            Verdict::Wrong
        );
        assert_eq!(
            verify("a long way round ", Some(hash)).await,
            Verdict::Wrong
        );
        assert_eq!(verify("a long way round", None).await, Verdict::Wrong);
        let broken = PasswordHash::new("$argon2id$".to_owned());
        assert_eq!(
            verify("a long way round", Some(broken)).await,
            Verdict::Wrong
        );
    }

    #[tokio::test]
    async fn a_hash_that_is_cheaper_than_todays_is_to_be_made_again() {
        let hash = hasher(CHEAP)
            .hash(password("a long way round"))
            .await
            .unwrap();
        for (memory_kib, passes, expected) in [
            (16, 1, Verdict::RightButWeak),
            (8, 2, Verdict::RightButWeak),
            (8, 1, Verdict::Right),
        ] {
            let now = hasher(HashCost {
                memory_kib,
                passes,
                lanes: 1,
            });
            let verdict = now
                .verify(password("a long way round"), Some(hash.clone()))
                .await;
            assert_eq!(verdict, Ok(expected), "{memory_kib} KiB, {passes} passes");
        }
        assert!(!hasher(CHEAP).needs_rehash(&hash));
        assert!(hasher(CHEAP).needs_rehash(&PasswordHash::new("$2b$12$x".to_owned())));
    }

    #[test]
    fn the_hash_in_place_of_none_costs_what_a_real_one_does() {
        let hasher = hasher(HashCost::default());
        let dummy = hasher.dummy.as_str();
        assert!(
            dummy.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"),
            "{dummy}"
        );
        assert!(!hasher.needs_rehash(&hasher.dummy));
    }

    #[tokio::test]
    async fn beyond_its_places_the_pool_is_busy_and_then_goes_on() {
        let mut hasher = hasher(CHEAP);
        hasher.threads = std::sync::Arc::new(Semaphore::new(0));
        let hasher = std::sync::Arc::new(hasher);
        let waiting: Vec<_> = (0..=WAITING_MAX)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.hash(password("a long way round")).await })
            })
            .collect();
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.hash(password("one too many")).await, Err(Busy));
        hasher.threads.add_permits(1);
        for each in waiting {
            assert!(each.await.unwrap().is_ok());
        }
        assert!(hasher.hash(password("there is room again")).await.is_ok());
    }

    #[test]
    fn a_password_is_refused_for_a_reason() {
        let context = Context::new(&["ada.lovelace@example.org", "Ada King", "boards.example.org"]);
        let check = |text: &str, expected: &str| {
            let found: Vec<_> = weaknesses(&password(text), &context)
                .into_iter()
                .map(super::Weakness::code)
                .collect();
            assert_eq!(found.join(" "), expected, "{text}");
        };
        check("x7-pqz", "too-short");
        check("éééééé√", "too-short");
        check("correct horse battery staple", "");
        check("vT9#mQ2x", "");
        check("passphrase with ada in it", "");
        check(&(0..250).map(|n| n.to_string()).collect::<String>(), "");
        check(&"x".repeat(1_025), "too-long");
        check("password", "common-password");
        check("P4ssw0rd", "common-password");
        check("lovelace1815", "names-you");
        check("Ada-Lovelace", "names-you");
        check("easel2026", "common-password names-you");
        check("boards!!x", "names-you");
        check("example123", "common-password names-you");
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(format!("{:?}", password("hunter2hunter2")), "Password(…)");
    }
}
