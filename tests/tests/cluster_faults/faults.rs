//! What is done to the nodes, from a seed.

use easel_tests::{Cluster, Cut};
use rustix::process::Signal;
use std::fmt;
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// kill -9, and a start at once, as a service manager does it: who led goes on leading.
    Kill,
    /// kill -9, and a start after longer than an election takes.
    Away,
    /// SIGSTOP, and SIGCONT after longer than an election takes.
    Pause,
    /// A cut of the network, longer than an election takes.
    Cut(Cut),
}

pub(crate) const FAULTS: [Fault; 8] = [
    Fault::Kill,
    Fault::Away,
    Fault::Pause,
    Fault::Cut(Cut::Off),
    Fault::Cut(Cut::Deaf),
    Fault::Cut(Cut::Mute),
    Fault::Cut(Cut::Gone),
    Fault::Cut(Cut::Lossy),
];

impl Fault {
    /// Not every network can be cut in every way.
    pub(crate) fn is_possible(self, cluster: &Cluster) -> bool {
        match self {
            Fault::Kill | Fault::Away | Fault::Pause => true,
            Fault::Cut(cut) => cluster.network().can(cut),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Kill => "kill -9, back at once",
            Fault::Away => "kill -9, away for a while",
            Fault::Pause => "SIGSTOP",
            Fault::Cut(Cut::Off) => "partition",
            Fault::Cut(Cut::Deaf) => "partition: hears no other node",
            Fault::Cut(Cut::Mute) => "partition: is heard by no other node",
            Fault::Cut(Cut::Gone) => "partition, from its clients too",
            Fault::Cut(Cut::Lossy) => "a tenth of the packets lost",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whom {
    Leader,
    Follower,
}

/// A fault, whom it struck and when.
#[derive(Debug)]
pub(crate) struct Struck {
    pub(crate) fault: Fault,
    pub(crate) whom: Whom,
    pub(crate) at: Instant,
    pub(crate) places: Vec<usize>,
}

/// Numbers from a seed (xorshift64*).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % end
    }

    pub(crate) fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least + 1))
    }
}

/// What is yet to be done, so that everything comes before anything comes again.
#[derive(Debug)]
pub(crate) struct Deck {
    all: Vec<(Fault, Whom)>,
    left: Vec<(Fault, Whom)>,
}

impl Deck {
    pub(crate) fn new(holds: impl Fn(Fault, Whom) -> bool) -> Self {
        let both = |fault: &Fault| [Whom::Leader, Whom::Follower].map(|whom| (*fault, whom));
        let all = FAULTS.iter().flat_map(both);
        let all: Vec<_> = all.filter(|(fault, whom)| holds(*fault, *whom)).collect();
        assert!(!all.is_empty(), "no such fault in this network");
        let left = Vec::new();
        Self { all, left }
    }

    pub(crate) fn draw(&mut self, dice: &mut Dice) -> (Fault, Whom) {
        if self.left.is_empty() {
            self.left.clone_from(&self.all);
        }
        let nth = dice.below(self.left.len() as u64) as usize;
        self.left.swap_remove(nth)
    }
}

/// One fault, over when this returns: whom it struck is there again, though it may have to catch up. Of five nodes it may
/// strike two at once.
pub(crate) async fn strike(
    cluster: &mut Cluster,
    dice: &mut Dice,
    fault: Fault,
    whom: Whom,
) -> Struck {
    let nodes = cluster.nodes().len();
    let leader = cluster.leader(&[]).await;
    let place = match whom {
        Whom::Leader => leader,
        Whom::Follower => (leader + 1 + dice.below(nodes as u64 - 1) as usize) % nodes,
    };
    let mut places = vec![place];
    if nodes > 3 && dice.below(2) == 0 {
        places.push((place + 1 + dice.below(nodes as u64 - 1) as usize) % nodes);
    }
    let at = Instant::now();
    match fault {
        Fault::Kill | Fault::Away => {
            for place in &places {
                cluster.node(*place).kill().await;
            }
            if fault == Fault::Away {
                tokio::time::sleep(dice.millis(3_500, 6_000)).await;
            }
            for place in &places {
                cluster.restart(*place).await;
            }
        }
        Fault::Pause => {
            let signal = |cluster: &mut Cluster, signal| {
                let each = places.iter();
                each.for_each(|place| cluster.node(*place).signal(signal));
            };
            signal(cluster, Signal::STOP);
            tokio::time::sleep(dice.millis(3_500, 6_000)).await;
            signal(cluster, Signal::CONT);
        }
        Fault::Cut(cut) => {
            cluster.cut(&places, cut);
            tokio::time::sleep(dice.millis(3_500, 6_000)).await;
            cluster.heal();
        }
    }
    Struck {
        fault,
        whom,
        at,
        places,
    }
}
