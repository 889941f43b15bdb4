//! What is done to the nodes, from a seed.

use easel_tests::Cluster;
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
    /// Nothing passes between it and the other nodes, longer than an election takes. Clients still reach it.
    CutOff,
}

pub(crate) const FAULTS: [Fault; 4] = [Fault::Kill, Fault::Away, Fault::Pause, Fault::CutOff];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Kill => "kill -9, back at once",
            Fault::Away => "kill -9, away for a while",
            Fault::Pause => "SIGSTOP",
            Fault::CutOff => "partition",
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

    pub(crate) fn choose(&mut self) -> (Fault, Whom) {
        let fault = FAULTS[self.below(FAULTS.len() as u64) as usize];
        let whom = [Whom::Leader, Whom::Follower][self.below(2) as usize];
        (fault, whom)
    }

    pub(crate) fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least + 1))
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
        Fault::CutOff => {
            cluster.cut_off(&places);
            tokio::time::sleep(dice.millis(3_500, 6_000)).await;
            cluster.heal();
        }
    }
    Struck { fault, whom, at }
}
