//! Places for what takes long: so many at once, and of these no more than a share for one person, link or network.
//!
//! Without the shares one account could hold all places of a node and keep everybody else from them.

use super::rates::Asker;
use crate::auth::{Caller, Network};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// How many there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    pub(crate) all: usize,
    /// Of one person.
    pub(crate) person: usize,
    /// Of one network, whoever there are in it; and of all who come by one link.
    pub(crate) network: usize,
}

#[derive(Debug)]
pub(crate) struct Places {
    shares: Shares,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Nobody is in it who has none.
    by: HashMap<Asker, usize>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<Mutex<Taken>>,
    by: Vec<Asker>,
}

impl Places {
    pub(crate) fn new(shares: Shares) -> Places {
        Places {
            shares,
            taken: Arc::default(),
        }
    }

    /// `None`: all are taken, or all that this caller may have.
    pub(crate) fn take(&self, caller: &Caller, network: Network) -> Option<Place> {
        // On a node without accounts everybody is the same nobody.
        let by: Vec<Asker> = match Asker::of(Ok(caller), network) {
            None => Vec::new(),
            Some(nobody @ Asker::Network(_)) => vec![nobody],
            Some(visit @ Asker::Visit(..)) => {
                vec![visit, visit.behind_links(), Asker::Network(network)]
            }
            Some(person) => vec![person, Asker::Network(network)],
        };
        let mut taken = self.taken.lock();
        let share = |who: &Asker| match who {
            Asker::Network(_) | Asker::Link(_) => self.shares.network,
            Asker::User(_) | Asker::Visit(..) | Asker::Account(_) => self.shares.person,
        };
        let has_room = |who: &Asker| taken.by.get(who).copied().unwrap_or(0) < share(who);
        if taken.all >= self.shares.all || !by.iter().all(has_room) {
            return None;
        }
        taken.all += 1;
        for who in &by {
            *taken.by.entry(*who).or_default() += 1;
        }
        Some(Place {
            taken: self.taken.clone(),
            by,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        taken.all -= 1;
        for who in &self.by {
            if let Some(count) = taken.by.get_mut(who) {
                *count -= 1;
                if *count == 0 {
                    taken.by.remove(who);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, Shares};
    use crate::auth::{Caller, Network, UserCaller};
    use easel_storage::UserId;

    fn user(number: u8) -> Caller {
        Caller::User(UserCaller {
            user: UserId::from_bytes([number; 16]),
            session: None,
            token: None,
            admin: false,
            name: "Ada".to_owned().try_into().unwrap(),
            pictured_at: None,
            scopes: None,
            board: None,
            authenticated_at: None,
        })
    }

    /// `1@9` takes a place as user 1 from network 9, `-0` gives back what the first line took; prints what was had.
    fn check(script: &str, expected: &str) {
        let places = Places::new(Shares {
            all: 5,
            person: 2,
            network: 3,
        });
        let mut had = Vec::new();
        let mut said = String::new();
        for step in script.split(' ') {
            if let Some(index) = step.strip_prefix('-') {
                had[index.parse::<usize>().unwrap()] = None;
                continue;
            }
            let (person, network) = step.split_once('@').unwrap();
            let network = Network::of(format!("10.0.0.{network}").parse().unwrap());
            let caller = match person {
                "local" => Caller::Local,
                number => user(number.parse().unwrap()),
            };
            let place = places.take(&caller, network);
            said.push(if place.is_some() { 'y' } else { 'n' });
            had.push(place);
        }
        assert_eq!(said, expected, "{script}");
        drop(had);
        assert!(places.taken.lock().by.is_empty() && places.taken.lock().all == 0);
    }

    #[test]
    fn nobody_holds_what_is_for_all() {
        check("1@1 1@2 1@3 2@3", "yyny");
        check("1@1 1@1 -0 1@1 1@1", "yyyn");
        // Many accounts of one network.
        check("1@1 2@1 3@1 4@1 4@2", "yyyny");
        check("1@1 2@2 3@3 4@4 5@5 6@6", "yyyyyn");
        check("local@1 local@1 local@1 local@1 local@1 local@1", "yyyyyn");
    }
}
