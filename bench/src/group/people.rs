//! Everybody who draws while a group is measured: 50 people on 10 boards, spread over all nodes.

use super::nodes::Group;
use super::person::{Ledger, Person};
use crate::client::{Options, Target};
use crate::collector::Collector;
use crate::crowd::sleep_seconds;
use anyhow::{Result, ensure};
use std::rc::Rc;
use std::time::{Duration, Instant};

pub(crate) const BOARDS: usize = 10;
pub(crate) const PEOPLE: usize = 50;
/// Strokes of each.
pub(crate) const PER_SECOND: f64 = 3.0;
/// For all that was drawn to be saved in the end.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct People {
    pub(crate) ledger: Rc<Ledger>,
    pub(crate) people: Vec<Rc<Person>>,
    boards: Vec<Vec<Target>>,
}

impl People {
    /// They come one after the other, so that they do not keep time, and each is let in before this returns.
    pub(crate) async fn come(group: &Group) -> Result<Self> {
        let ledger = Rc::<Ledger>::default();
        let mut boards = Vec::new();
        for number in 0..BOARDS {
            boards.push(group.board(&format!("Board {number}")).await?);
        }
        let people = (0..PEOPLE).map(|number| {
            // Those of one board are on different nodes.
            let (board, first) = (&boards[number % BOARDS], number / BOARDS + number);
            let name = u16::try_from(number).expect("few people");
            Person::come(name, board, first % group.nodes.len(), PER_SECOND, &ledger)
        });
        let people = people.collect();
        let all = Self {
            ledger,
            people,
            boards,
        };
        all.until(|all| {
            all.people
                .iter()
                .all(|person| !person.saved_elements().is_empty())
        })
        .await?;
        Ok(all)
    }

    /// They stop, and wait until all is saved. Then each board is looked at, at every node: how many of the strokes that
    /// somebody was told are saved are not there.
    pub(crate) async fn go(self) -> Result<usize> {
        self.ledger.end();
        // The last strokes are still drawn.
        sleep_seconds(2.0 / PER_SECOND).await;
        self.until(|all| all.people.iter().all(|person| person.is_all_saved()))
            .await?;
        let mut lost = 0;
        for board in &self.boards {
            for node in board {
                let reader = Collector::ask(node, Options::default()).await?;
                let there = reader.elements()?;
                reader.client.leave().await;
                let here =
                    |person: &&Rc<Person>| person.board().iter().any(|at| at.path == node.path);
                let said = self
                    .people
                    .iter()
                    .filter(here)
                    .flat_map(|person| person.saved_elements());
                lost += said.filter(|element| !there.contains(element)).count();
            }
        }
        for person in &self.people {
            person.go().await;
        }
        Ok(lost)
    }

    async fn until(&self, holds: impl Fn(&Self) -> bool) -> Result<()> {
        let begun = Instant::now();
        while !holds(self) {
            let errors = self.ledger.errors.borrow();
            ensure!(
                begun.elapsed() < PATIENCE,
                "not everybody's strokes are saved: {errors:?}"
            );
            drop(errors);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}
