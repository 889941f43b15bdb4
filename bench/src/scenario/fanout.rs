//! Rooms in which people draw and everybody else must see it.

use super::{Figures, Plan};
use crate::crowd::{Crowd, Ear, Echo, Person, Seats, Tally, Window, sleep_seconds};
use crate::servers::Server;
use anyhow::Result;
use std::rc::Rc;

/// Of each stroke.
const POINTS: usize = 12;

/// The one room of the fan-out scenarios.
const WRITERS: usize = 10;
const CLIENTS: usize = 100;
const EDITS_PER_SECOND: f64 = 20.0;
const IN_FLIGHT: usize = 4;

const POINTERS: usize = 50;
const POINTS_PER_SECOND: f64 = 20.0;

const ROOMS: usize = 200;
const ROOM_CLIENTS: usize = 2;
const ROOM_EDITS_PER_SECOND: f64 = 5.0;

pub(crate) async fn steady(server: &Server, plan: &Plan) -> Result<Figures> {
    let tally = Rc::new(Tally::default());
    let crowd = room_of_100(server, Echo::Ignored, &tally).await?;
    for person in &crowd.people {
        person.keep(EDITS_PER_SECOND, plan.seed, Person::redraw);
    }
    measure(server, plan, &[crowd], &tally, Crowd::edits).await
}

pub(crate) async fn saturated(server: &Server, plan: &Plan) -> Result<Figures> {
    let tally = Rc::new(Tally::default());
    let crowd = room_of_100(server, Echo::Answered, &tally).await?;
    for person in &crowd.people {
        for _ in 0..IN_FLIGHT {
            person.redraw();
        }
    }
    measure(server, plan, &[crowd], &tally, Crowd::edits).await
}

pub(crate) async fn awareness(server: &Server, plan: &Plan) -> Result<Figures> {
    let tally = Rc::new(Tally::default());
    let seats = Seats {
        people: POINTERS,
        onlookers: 0,
        ear: Ear::Cursors,
        echo: Echo::Ignored,
        points: POINTS,
        tally: &tally,
    };
    let crowd = Crowd::join(&server.room("awareness").await?, &seats).await?;
    for person in &crowd.people {
        person.keep(POINTS_PER_SECOND, plan.seed, Person::point);
    }
    measure(server, plan, &[crowd], &tally, Crowd::points).await
}

pub(crate) async fn rooms(server: &Server, plan: &Plan) -> Result<Figures> {
    let tally = Rc::new(Tally::default());
    let seats = Seats {
        people: ROOM_CLIENTS,
        onlookers: 0,
        ear: Ear::Edits,
        echo: Echo::Ignored,
        points: POINTS,
        tally: &tally,
    };
    let mut crowds = Vec::new();
    for number in 0..ROOMS {
        let target = server.room(&format!("rooms-{number}")).await?;
        let crowd = Crowd::join(&target, &seats).await?;
        for person in &crowd.people {
            let seed = plan.seed + (number * ROOM_CLIENTS) as u64;
            person.keep(ROOM_EDITS_PER_SECOND, seed, Person::redraw);
        }
        crowds.push(crowd);
    }
    measure(server, plan, &crowds, &tally, Crowd::edits).await
}

async fn room_of_100(server: &Server, echo: Echo, tally: &Rc<Tally>) -> Result<Crowd> {
    let seats = Seats {
        people: WRITERS,
        onlookers: CLIENTS - WRITERS,
        ear: Ear::Edits,
        echo,
        points: POINTS,
        tally,
    };
    Crowd::join(&server.room("fanout").await?, &seats).await
}

async fn measure(
    server: &Server,
    plan: &Plan,
    crowds: &[Crowd],
    tally: &Tally,
    count: fn(&Crowd) -> u64,
) -> Result<Figures> {
    sleep_seconds(plan.warm_up_seconds).await;
    // What each room sends, and how many are to get each.
    let due = || -> u64 {
        crowds
            .iter()
            .map(|crowd| count(crowd) * (crowd.clients.len() as u64 - 1))
            .sum()
    };
    let sent = || crowds.iter().map(count).sum::<u64>();
    let window = Window::open(server, tally)?;
    let (due_before, sent_before) = (due(), sent());
    sleep_seconds(plan.seconds).await;
    let mut figures = window.close(server, tally)?;
    figures.set("sent_per_s", (sent() - sent_before) as f64 / plan.seconds);
    // The ends of the window blur it by what was under way.
    let share = figures.get("deliveries") / (due() - due_before) as f64;
    figures.set("delivered_percent", 100.0 * share);
    let hung_up: usize = crowds.iter().map(Crowd::hung_up).sum();
    figures.set("hung_up", hung_up as f64);
    Ok(figures)
}
