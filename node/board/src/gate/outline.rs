//! What the structs of a document are, as far as it matters for what may lean on them.
//!
//! The gate alone sees one update. Whether a parent is a shared type at all, whether an item stands between two
//! neighbours of one list, how deep shared types lie in each other, shows only with all that came before; and yrs
//! trusts all of it: a wrong parent fails in the middle of an update, neighbours of two lists leave pointers behind to
//! what it has freed, and deep nesting overflows the stack, which nothing catches. An outline keeps one short run for
//! each stretch of structs of the same sort (a client's writing has few) and refuses such updates before yrs sees them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::reader::Reader;
use super::structs::{Content, Head, Id, Owner, Refs};
use super::{Limits, Refusal};

/// Belongs to one document and is told of every update that the document takes in, in the same order.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    clients: HashMap<u64, Runs>,
    /// Shared types are told apart by a hash that nobody outside can foresee.
    owners: RandomState,
}

impl Outline {
    /// Takes in a foreign update that passed [`check_update`](super::check_update) and needs nothing that is unknown
    /// (see [`StateVector::satisfies`](crate::StateVector::satisfies)), or refuses it and stays as it was.
    pub fn admit(&mut self, update: &[u8], limits: &Limits) -> Result<(), Refusal> {
        self.take_in(update, limits, Trust::Foreign)
    }

    /// Takes in an update of the store or of the server itself, whatever is in it.
    pub fn learn(&mut self, update: &[u8]) {
        // What cannot be read in it stays unknown, and so will lean nowhere.
        let _ = self.take_in(update, &Limits::stored(), Trust::Own);
    }

    fn take_in(&mut self, update: &[u8], limits: &Limits, trust: Trust) -> Result<(), Refusal> {
        let mut walk = Walk {
            known: &self.clients,
            owners: &self.owners,
            limits,
            trust,
            new: HashMap::new(),
            blocks: Vec::new(),
        };
        let mut reader = Reader::new(update);
        walk.find_blocks(&mut reader)?;
        walk.follow_all()?;
        for (client, new) in walk.new {
            self.clients.entry(client).or_default().append(new);
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Foreign,
    Own,
}

/// What a struct is to those that lean on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// What leans on nothing else becomes garbage too.
    Garbage,
    Item {
        spot: Spot,
        holds: Holds,
    },
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    /// The shared type around it, hashed.
    owner: u64,
    place: Place,
    /// Of that shared type: 0 for a root.
    depth: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    List,
    Entry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Type,
    Deleted,
    Value,
}

/// The structs of one client without a gap: each run reaches to its end, from the end of the one before.
#[derive(Debug, Clone, Default)]
struct Runs {
    /// Where the first run begins.
    start: u64,
    /// Ends are below `CLOCK_END_MAX`.
    runs: Vec<(u32, Class)>,
}

impl Runs {
    fn end(&self) -> u64 {
        self.runs
            .last()
            .map_or(self.start, |(end, _)| u64::from(*end))
    }

    fn get(&self, clock: u64) -> Option<Class> {
        if clock < self.start {
            return None;
        }
        let at = self
            .runs
            .partition_point(|(end, _)| u64::from(*end) <= clock);
        self.runs.get(at).map(|(_, class)| *class)
    }

    fn push(&mut self, end: u64, class: Class) {
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        match self.runs.last_mut() {
            Some((last, of)) if *of == class => *last = end,
            _ => self.runs.push((end, class)),
        }
    }

    fn append(&mut self, new: Runs) {
        for (end, class) in new.runs {
            self.push(u64::from(end), class);
        }
    }
}

/// The block of one client that is being followed.
struct Block<'u> {
    client: u64,
    clock: u64,
    structs_left: u64,
    reader: Reader<'u>,
}

struct Walk<'o, 'u> {
    known: &'o HashMap<u64, Runs>,
    owners: &'o RandomState,
    limits: &'o Limits,
    trust: Trust,
    new: HashMap<u64, Runs>,
    blocks: Vec<Block<'u>>,
}

/// What became of one look at a block.
enum Step {
    Taken,
    Done,
    /// A struct leans on what this other block must bring first.
    Waits {
        block: usize,
    },
}

impl<'u> Walk<'_, 'u> {
    fn find_blocks(&mut self, reader: &mut Reader<'u>) -> Result<(), Refusal> {
        let mut values_left = u32::MAX;
        for _ in 0..reader.var_uint()? {
            let structs = reader.var_uint()?;
            let client = reader.var_uint()?;
            let clock = reader.clock()?;
            self.blocks.push(Block {
                client,
                clock,
                structs_left: structs,
                reader: reader.clone(),
            });
            for _ in 0..structs {
                Head::read(reader, self.limits)?.read_content(
                    reader,
                    self.limits,
                    &mut values_left,
                )?;
            }
        }
        Ok(())
    }

    /// Takes the structs in an order in which each finds what it leans on. There is one, unless they lean on each other
    /// in a circle, which no editor can have made.
    fn follow_all(&mut self) -> Result<(), Refusal> {
        let by_client: HashMap<u64, usize> = self
            .blocks
            .iter()
            .enumerate()
            .map(|(at, block)| (block.client, at))
            .collect();
        let mut waiting = vec![false; self.blocks.len()];
        for first in 0..self.blocks.len() {
            let mut stack = vec![first];
            while let Some(block) = stack.last().copied() {
                waiting[block] = false;
                match self.step(block, &by_client)? {
                    Step::Taken if stack.len() == 1 => {}
                    // Whoever waits for this block looks again; that costs it one head.
                    Step::Taken | Step::Done => {
                        stack.pop();
                    }
                    Step::Waits { block: other } if waiting[other] || other == block => {
                        return Err(Refusal::Malformed("structs that lean on each other"));
                    }
                    Step::Waits { block: other } => {
                        waiting[block] = true;
                        stack.push(other);
                    }
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, at: usize, by_client: &HashMap<u64, usize>) -> Result<Step, Refusal> {
        let block = &self.blocks[at];
        if block.structs_left == 0 {
            return Ok(Step::Done);
        }
        let (client, clock) = (block.client, block.clock);
        let mut reader = block.reader.clone();
        let head = Head::read(&mut reader, self.limits)?;
        for id in head.refs.ids().filter(|id| id.client != client) {
            let brings = |other: &&usize| self.blocks[**other].structs_left > 0;
            if id.clock >= self.end(id.client)
                && let Some(other) = by_client.get(&id.client).filter(brings)
            {
                return Ok(Step::Waits { block: *other });
            }
        }
        let (content, len) = head.read_content(&mut reader, self.limits, &mut { u32::MAX })?;
        self.take(client, clock, len, &head, content)?;
        let block = &mut self.blocks[at];
        block.reader = reader;
        block.clock += len;
        block.structs_left -= 1;
        Ok(Step::Taken)
    }

    fn take(
        &mut self,
        client: u64,
        clock: u64,
        len: u64,
        head: &Head<'_>,
        content: Content,
    ) -> Result<(), Refusal> {
        let (known, end) = (self.end(client), clock + len);
        if end <= known || content == Content::Skip {
            return Ok(());
        }
        let spot = if clock < known {
            self.spot_of_rest(
                Id {
                    client,
                    clock: known - 1,
                },
                &head.refs,
            )?
        } else {
            self.spot(&head.refs)?
        };
        let class = self.class(spot, content)?;
        let runs = self.new.entry(client).or_insert_with(|| Runs {
            start: known,
            runs: Vec::new(),
        });
        if clock > known {
            // Never in what is satisfied; whatever it was, nothing may lean on it.
            runs.push(clock, Class::Garbage);
        }
        runs.push(end, class);
        Ok(())
    }

    fn class(&self, spot: Option<Spot>, content: Content) -> Result<Class, Refusal> {
        let holds = match content {
            Content::Skip | Content::Garbage => return Ok(Class::Garbage),
            Content::Deleted => Holds::Deleted,
            Content::Type => Holds::Type,
            Content::Format | Content::Value => Holds::Value,
        };
        let Some(spot) = spot else {
            return Ok(Class::Garbage);
        };
        if content == Content::Format && spot.place == Place::Entry {
            self.refuse(Refusal::Malformed("formatting under a key"))?;
        }
        if holds == Holds::Type && u32::from(spot.depth) >= self.limits.nesting_max {
            self.refuse(Refusal::TooDeep {
                max: self.limits.nesting_max,
            })?;
        }
        Ok(Class::Item { spot, holds })
    }

    /// Where the item will stand; nowhere when all it leans on is garbage.
    fn spot(&self, refs: &Refs<'_>) -> Result<Option<Spot>, Refusal> {
        let Some(parent) = refs.parent else {
            return self.spot_between(refs.origin, refs.right_origin);
        };
        let place = if parent.key.is_some() {
            Place::Entry
        } else {
            Place::List
        };
        let depth = match parent.owner {
            Owner::Root(_) => 0,
            Owner::Item(id) => match self.get(id) {
                Class::Item {
                    spot,
                    holds: Holds::Type,
                } => spot.depth.saturating_add(1),
                Class::Item {
                    holds: Holds::Value,
                    ..
                } => {
                    self.refuse(Refusal::Malformed("a parent that can hold nothing"))?;
                    return Ok(None);
                }
                Class::Garbage
                | Class::Item {
                    holds: Holds::Deleted,
                    ..
                } => return Ok(None),
            },
        };
        Ok(Some(Spot {
            owner: self.owners.hash_one(parent.owner),
            place,
            depth,
        }))
    }

    fn spot_between(&self, left: Option<Id>, right: Option<Id>) -> Result<Option<Spot>, Refusal> {
        let spot_of = |id: Option<Id>| match id.map(|id| self.get(id)) {
            Some(Class::Item { spot, .. }) => Some(spot),
            Some(Class::Garbage) | None => None,
        };
        let (left, right) = (spot_of(left), spot_of(right));
        self.same_list(left, right)?;
        Ok(left.or(right))
    }

    fn same_list(&self, one: Option<Spot>, other: Option<Spot>) -> Result<(), Refusal> {
        match one.zip(other) {
            Some((one, other)) if one != other => {
                self.refuse(Refusal::Malformed("an item between two lists"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A struct whose first part is known goes on behind that part. yrs believes both the parent that is written here
    /// and the neighbour that it knows, so they must be of one list.
    fn spot_of_rest(&self, before: Id, refs: &Refs<'_>) -> Result<Option<Spot>, Refusal> {
        let written = self.spot(refs)?;
        let behind = self.spot_between(Some(before), refs.right_origin)?;
        self.same_list(written, behind)?;
        Ok(if refs.parent.is_some() {
            written
        } else {
            behind
        })
    }

    fn refuse(&self, refusal: Refusal) -> Result<(), Refusal> {
        match self.trust {
            Trust::Foreign => Err(refusal),
            Trust::Own => Ok(()),
        }
    }

    fn end(&self, client: u64) -> u64 {
        match self.new.get(&client) {
            Some(new) => new.end(),
            None => self.known.get(&client).map_or(0, Runs::end),
        }
    }

    fn get(&self, id: Id) -> Class {
        let new = self.new.get(&id.client).and_then(|runs| runs.get(id.clock));
        let known = || {
            self.known
                .get(&id.client)
                .and_then(|runs| runs.get(id.clock))
        };
        new.or_else(known).unwrap_or(Class::Garbage)
    }
}
