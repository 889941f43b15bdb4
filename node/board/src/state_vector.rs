//! How much of each client's writing is known.

use std::collections::BTreeMap;

use yrs::block::ClientID;

use crate::gate::{self, Limits, Refusal, Summary};

/// For each client, one past the last clock of what is known without a gap. Says nothing about deletions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateVector {
    clocks: BTreeMap<u64, u64>,
}

impl StateVector {
    /// Decodes foreign bytes under the default limits; see [`gate::check_state_vector`].
    pub fn decode(bytes: &[u8]) -> Result<StateVector, Refusal> {
        gate::check_state_vector(bytes, &Limits::default())
    }

    /// The Yjs v1 encoding: higher client ids first, as yjs writes it.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 + self.clocks.len() * 12);
        push_var_uint(&mut out, self.clocks.len() as u64);
        for (client, clock) in self.clocks.iter().rev() {
            push_var_uint(&mut out, *client);
            push_var_uint(&mut out, *clock);
        }
        out
    }

    /// 0 for a client never heard of.
    pub fn get(&self, client: u64) -> u64 {
        self.clocks.get(&client).copied().unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.clocks.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.clocks.iter().map(|(client, clock)| (*client, *clock))
    }

    /// Whether a document that knows this much could apply the update with nothing left waiting.
    pub fn satisfies(&self, summary: &Summary) -> bool {
        summary
            .needs
            .iter()
            .all(|(client, end)| self.get(*client) >= *end)
    }

    /// Whether every struct of the update is known. Its deletions may still be news.
    pub fn contains(&self, summary: &Summary) -> bool {
        summary
            .provides
            .iter()
            .all(|range| self.get(range.client) >= range.end)
    }

    /// Takes in the structs of an update. A range behind a gap is left out: it would be waiting.
    pub fn advance(&mut self, summary: &Summary) {
        for range in &summary.provides {
            let known = self.get(range.client);
            if range.start <= known && known < range.end {
                self.clocks.insert(range.client, range.end);
            }
        }
    }

    /// Takes back what is known of one client, down to this clock.
    pub fn lower(&mut self, client: u64, clock: u64) {
        match clock {
            0 => {
                self.clocks.remove(&client);
            }
            _ if self.get(client) > clock => {
                self.clocks.insert(client, clock);
            }
            _ => {}
        }
    }

    /// How many clock units of this are unknown to `other`.
    pub fn missing_from(&self, other: &StateVector) -> u64 {
        self.iter()
            .map(|(client, clock)| clock.saturating_sub(other.get(client)))
            .sum()
    }

    /// The same in yrs' own type.
    pub fn to_yrs(&self) -> yrs::StateVector {
        self.iter()
            .map(|(client, clock)| {
                (
                    ClientID::new(client),
                    u32::try_from(clock).unwrap_or(u32::MAX),
                )
            })
            .collect()
    }
}

impl FromIterator<(u64, u64)> for StateVector {
    fn from_iter<I: IntoIterator<Item = (u64, u64)>>(clocks: I) -> StateVector {
        StateVector {
            clocks: clocks.into_iter().filter(|(_, clock)| *clock > 0).collect(),
        }
    }
}

impl From<&yrs::StateVector> for StateVector {
    fn from(known: &yrs::StateVector) -> StateVector {
        known
            .iter()
            .map(|(client, clock)| (client.get(), u64::from(*clock)))
            .collect()
    }
}

fn push_var_uint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
