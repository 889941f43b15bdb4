//! What a connection costs that says nothing more once it has its document.

use super::{Figures, Plan};
use crate::client::{Client, Target};
use crate::crowd::{Person, sleep_seconds};
use crate::process::Memory;
use crate::servers::Server;
use anyhow::Result;

const SETTLE_SECONDS: f64 = 2.0;

pub(crate) async fn shared_room(server: &Server, plan: &Plan) -> Result<Figures> {
    let target = server.room("idle").await?;
    measure(server, &vec![target; plan.idle_connections]).await
}

pub(crate) async fn own_rooms(server: &Server, plan: &Plan) -> Result<Figures> {
    let mut targets = Vec::new();
    for number in 0..plan.idle_connections {
        targets.push(server.room(&format!("idle-{number}")).await?);
    }
    measure(server, &targets).await
}

async fn measure(server: &Server, targets: &[Target]) -> Result<Figures> {
    // What the first connection of all brings into memory is not what one more costs.
    let first = server.room("first").await?;
    let _first = join(&first).await?;
    sleep_seconds(SETTLE_SECONDS).await;
    let before = server.process()?.memory()?;
    let mut clients = Vec::new();
    for target in targets {
        clients.push(join(target).await?);
    }
    sleep_seconds(SETTLE_SECONDS).await;
    let after = server.process()?.memory()?;
    let hung_up = clients.iter().filter(|client| client.is_closed()).count();
    let each =
        |of: fn(&Memory) -> u64| (of(&after) as f64 - of(&before) as f64) / targets.len() as f64;
    let mut figures = Figures::default();
    figures.set("connections", targets.len() as f64);
    figures.set("rss_kib_each", each(|memory| memory.rss));
    figures.set("pss_kib_each", each(|memory| memory.pss));
    figures.set("rss_mib_at_0", before.rss as f64 / 1024.0);
    figures.set("rss_mib", after.rss as f64 / 1024.0);
    figures.set("hung_up", hung_up as f64);
    Ok(figures)
}

/// As a stock client: asks for the document and says who it is.
async fn join(target: &Target) -> Result<std::rc::Rc<Client>> {
    let client = Client::join(target, |_, _, _| {}).await?;
    let person = Person::new(0, 0);
    person.sit(&client);
    person.point();
    Ok(client)
}
