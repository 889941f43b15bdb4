//! Which blobs nothing names any more, and since when: what decides that one may go. No clock and no disk.
//!
//! Each node deletes its own, and asks nobody. That nothing is lost by it:
//!
//! - **A blob goes only when it was unnamed for the whole grace.** The first look that finds it unnamed begins its time; a look
//!   that finds it named, or its file touched, ends it. So a backup, which reads the state first and the pictures after, has
//!   the grace to fetch what was just purged.
//! - **A look is at what was confirmed after it began.** Stamps of the files are taken first; then the leader says how far the
//!   group has come and this node waits until it has applied that; only then is read what the state names. A node that is
//!   behind or out of touch gets no such word, and then deletes nothing and counts no time.
//! - **Who names a blob has just put it.** `put` answers when a majority has it durably, and each of these nodes has then a file
//!   with a new stamp, also where the same bytes lay before: a new file takes the place of the old one (`FileBlobs::put`), or
//!   the old one is touched before the other node is told that it is kept (`serve`). The command follows within a minute or
//!   is given up, and the grace is an hour at least. So on every node of that majority the look that would delete the blob
//!   either sees the new stamp, which begins its time anew, or comes later than the command was applied, and sees it named.
//! - **Between look and deletion** a put may come: the file is deleted only if it has the stamp that the look saw, under the
//!   lock under which files are put in their places and touched.
//! - A voter outside that majority may delete an old copy meanwhile, which nobody counted on; it is brought again when it is
//!   asked for or at the next look.
//!
//! The time is the sum of what passed between looks while this node ran. No wall clock says that a blob is old, so none that is
//! put forward deletes anything. Of a long silence between two looks, in which a blob may have been named and purged again, only
//! a part counts ([`PASSED_MAX`]).

use std::collections::BTreeMap;
use std::time::Duration;

use easel_storage::blobs::BlobHash;

/// More than this does not count of the time between two looks.
const PASSED_MAX: Duration = Duration::from_secs(2 * 60 * 60);

/// The unnamed blobs of one node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unnamed {
    waiting: BTreeMap<BlobHash, Waiting>,
}

#[derive(Debug, PartialEq, Eq)]
struct Waiting {
    stamp: String,
    waited: Duration,
}

impl Unnamed {
    /// Takes in a look at all that is there: what each file looked like, and whether its blob was named after that. Returns
    /// what may go, if its file still looks like that.
    pub(super) fn look(
        &mut self,
        there: impl Iterator<Item = (BlobHash, String)>,
        is_named: impl Fn(BlobHash) -> bool,
        passed: Duration,
        grace: Duration,
    ) -> Vec<(BlobHash, String)> {
        let passed = passed.min(PASSED_MAX);
        let before = std::mem::take(&mut self.waiting);
        let mut may_go = Vec::new();
        for (hash, stamp) in there {
            if is_named(hash) {
                continue;
            }
            let waited = match before.get(&hash) {
                Some(earlier) if earlier.stamp == stamp => earlier.waited.saturating_add(passed),
                Some(_) | None => Duration::ZERO,
            };
            if waited >= grace {
                may_go.push((hash, stamp.clone()));
            }
            self.waiting.insert(hash, Waiting { stamp, waited });
        }
        may_go
    }

    /// It was deleted.
    pub(super) fn gone(&mut self, hash: BlobHash) {
        self.waiting.remove(&hash);
    }

    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }

    /// For [`Unnamed::put_back`]: whole seconds, so a restart never makes anything older.
    pub(super) fn each(&self) -> impl Iterator<Item = (BlobHash, u64, &str)> {
        let each = self.waiting.iter();
        each.map(|(hash, waiting)| (*hash, waiting.waited.as_secs(), &*waiting.stamp))
    }

    /// As it was before a restart.
    pub(super) fn put_back(&mut self, hash: BlobHash, waited_s: u64, stamp: String) {
        let waited = Duration::from_secs(waited_s);
        self.waiting.insert(hash, Waiting { stamp, waited });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use easel_storage::blobs::BlobHash;
    use proptest::prelude::{Just, Strategy, prop_oneof, proptest};

    use super::{PASSED_MAX, Unnamed};

    const HOUR: u64 = 3_600;
    /// In the simulation, so that it is often over.
    const SHORT_GRACE: Duration = Duration::from_secs(5 * HOUR);
    const GRACE: Duration = Duration::from_secs(24 * HOUR);
    /// A command follows its upload within this, or never.
    const COMMAND_LIFE_S: u64 = 60;

    fn blob(number: u8) -> BlobHash {
        BlobHash::from_bytes([number; 32])
    }

    /// A look every hour; in how many hours the blob may go, at most `hours_max`.
    fn hours_until_it_goes(unnamed: &mut Unnamed, stamp: &str, hours_max: u64) -> Option<u64> {
        (1..=hours_max).find(|_| look(unnamed, stamp, false, HOUR))
    }

    fn look(unnamed: &mut Unnamed, stamp: &str, is_named: bool, passed_s: u64) -> bool {
        let there = [(blob(1), stamp.to_owned()), (blob(2), "b".to_owned())].into_iter();
        let is_named = |hash| hash == blob(2) || is_named;
        let may_go = unnamed.look(there, is_named, Duration::from_secs(passed_s), GRACE);
        assert!(may_go.is_empty() || may_go == [(blob(1), stamp.to_owned())]);
        !may_go.is_empty()
    }

    #[test]
    fn a_blob_goes_when_nothing_named_it_for_the_grace() {
        let mut unnamed = Unnamed::default();
        // However long ago the last look was, the first that finds it begins its time.
        assert!(!look(&mut unnamed, "a", false, 100 * HOUR));
        assert_eq!(hours_until_it_goes(&mut unnamed, "a", 30), Some(24));
    }

    #[test]
    fn its_time_begins_anew_when_it_was_named_or_brought_again() {
        for (stamp, is_named) in [("a", true), ("c", false)] {
            let mut unnamed = Unnamed::default();
            assert_eq!(hours_until_it_goes(&mut unnamed, "a", 24), None);
            assert!(!look(&mut unnamed, stamp, is_named, HOUR));
            let expected = if is_named { 25 } else { 24 };
            assert_eq!(hours_until_it_goes(&mut unnamed, stamp, 30), Some(expected));
        }
    }

    #[test]
    fn of_a_long_silence_only_a_part_counts() {
        let mut unnamed = Unnamed::default();
        assert!(!look(&mut unnamed, "a", false, 0));
        assert!(!look(&mut unnamed, "a", false, 1_000 * HOUR));
        assert_eq!(hours_until_it_goes(&mut unnamed, "a", 30), Some(22));
    }

    /// What happens to one node and to the group's state.
    #[derive(Debug, Clone)]
    enum Step {
        Pass(u64),
        /// Somebody brings it, for the first time or again.
        Put(u8),
        /// The command that names it is applied here.
        Name(u8),
        Unname(u8),
        /// A look's three parts, between which the rest may happen.
        See,
        Read,
        Delete,
        Restart,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let any = || 0u8..3;
        let step = prop_oneof![
            4 => prop_oneof![1u64..90, HOUR / 2..4 * HOUR].prop_map(Step::Pass),
            3 => any().prop_map(Step::Put),
            3 => any().prop_map(Step::Name),
            3 => any().prop_map(Step::Unname),
            8 => Just(Step::See),
            8 => Just(Step::Read),
            8 => Just(Step::Delete),
            1 => Just(Step::Restart),
        ];
        proptest::collection::vec(step, 1..200)
    }

    #[derive(Default)]
    struct World {
        now: u64,
        looked_at: u64,
        stamps: u64,
        files: BTreeMap<BlobHash, String>,
        put_at: BTreeMap<BlobHash, u64>,
        named: BTreeSet<BlobHash>,
        /// When each ceased to be named.
        unnamed_at: BTreeMap<BlobHash, u64>,
        unnamed: Unnamed,
        seen: Option<Vec<(BlobHash, String)>>,
        may_go: Vec<(BlobHash, String)>,
    }

    impl World {
        fn step(&mut self, step: Step) {
            match step {
                Step::Pass(seconds) => self.now += seconds,
                Step::Put(number) => {
                    self.stamps += 1;
                    self.files.insert(blob(number), self.stamps.to_string());
                    self.put_at.insert(blob(number), self.now);
                }
                Step::Name(number) => {
                    let put_at = self.put_at.get(&blob(number));
                    if put_at.is_some_and(|at| self.now - at <= COMMAND_LIFE_S) {
                        self.named.insert(blob(number));
                    }
                }
                Step::Unname(number) => {
                    if self.named.remove(&blob(number)) {
                        self.unnamed_at.insert(blob(number), self.now);
                    }
                }
                Step::See => {
                    let files = self.files.clone();
                    self.seen = Some(files.into_iter().collect());
                }
                Step::Read => {
                    let Some(seen) = self.seen.take() else { return };
                    let passed = Duration::from_secs(self.now - self.looked_at);
                    self.looked_at = self.now;
                    let is_named = |hash| self.named.contains(&hash);
                    let seen = seen.into_iter();
                    self.may_go = self.unnamed.look(seen, is_named, passed, SHORT_GRACE);
                }
                Step::Delete => {
                    for (hash, stamp) in std::mem::take(&mut self.may_go) {
                        if self.files.get(&hash) == Some(&stamp) {
                            self.delete(hash);
                        }
                    }
                }
                Step::Restart => {
                    let mut after = Unnamed::default();
                    for (hash, waited_s, stamp) in self.unnamed.each() {
                        after.put_back(hash, waited_s, stamp.to_owned());
                    }
                    self.unnamed = after;
                    (self.seen, self.may_go, self.looked_at) = (None, Vec::new(), self.now);
                }
            }
        }

        fn delete(&mut self, hash: BlobHash) {
            assert!(!self.named.contains(&hash), "{hash} is named");
            let put_ago = self.now - self.put_at[&hash];
            assert!(put_ago >= SHORT_GRACE.as_secs(), "put {put_ago} s ago");
            if let Some(at) = self.unnamed_at.get(&hash) {
                let ago = Duration::from_secs(self.now - at);
                assert!(ago + PASSED_MAX >= SHORT_GRACE, "named {ago:?} ago");
            }
            self.files.remove(&hash);
            self.unnamed.gone(hash);
        }
    }

    proptest! {
        /// Puts, commands and looks in any order: what is named is there, and what was put or named stays for the grace.
        #[test]
        fn nothing_goes_that_is_named_or_about_to_be(steps in steps()) {
            let mut world = World::default();
            for step in steps {
                world.step(step);
                for hash in &world.named {
                    assert!(world.files.contains_key(hash), "{hash} is named and gone");
                }
            }
        }
    }
}
