//! What a stroke costs the server on a large board, against one on an empty board.

use super::{ELEMENTS, Figures, Plan};
use crate::client::Target;
use crate::collector::fill;
use crate::crowd::{Crowd, Person, Seats, Tally, Window, sleep_seconds};
use crate::servers::Server;
use anyhow::Result;
use std::rc::Rc;

const PEOPLE: usize = 4;
const STROKES_PER_SECOND: f64 = 50.0;
const POINTS: usize = 48;

pub(crate) async fn run(server: &Server, plan: &Plan) -> Result<Figures> {
    let empty = server.room("empty").await?;
    let large = server.room("large").await?;
    let holder = fill(&large, ELEMENTS).await?;
    let on_empty = measure(server, plan, &empty).await?;
    let on_large = measure(server, plan, &large).await?;
    holder.leave().await;
    let mut figures = Figures::default();
    // Nobody was sent any when there are none.
    let cost = |one: &Figures| 1e6 * one.get("server_cpu_s") / one.get("strokes");
    figures.set("empty_us", cost(&on_empty));
    figures.set("large_us", cost(&on_large));
    figures.set("ratio", cost(&on_large) / cost(&on_empty));
    figures.set("empty_p99_ms", on_empty.get("p99_ms"));
    figures.set("large_p99_ms", on_large.get("p99_ms"));
    figures.set(
        "strokes_per_s",
        on_large.get("strokes") / on_large.get("window_s"),
    );
    figures.set("rss_mib", on_large.get("rss_mib"));
    Ok(figures)
}

async fn measure(server: &Server, plan: &Plan, target: &Target) -> Result<Figures> {
    let tally = Rc::new(Tally::default());
    let seats = Seats::watched(PEOPLE, POINTS, &tally);
    let crowd = Crowd::join(target, &seats).await?;
    for person in &crowd.people {
        person.keep(STROKES_PER_SECOND, plan.seed, Person::draw);
    }
    sleep_seconds(plan.warm_up_seconds).await;
    let window = Window::open(server, &tally)?;
    sleep_seconds(plan.seconds / 2.0).await;
    let mut figures = window.close(server, &tally)?;
    // Those that arrived: a server that cannot keep up has not yet paid for the others.
    let strokes = figures.get("deliveries") / PEOPLE as f64;
    figures.set("strokes", strokes);
    crowd.leave().await;
    Ok(figures)
}
