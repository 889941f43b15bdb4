//! People and boards, written into a data folder as the node itself would, without a request for each.

use super::Options;
use anyhow::{Context as _, Result};
use easel_cluster::{Node, Options as NodeOptions};
use easel_storage::names::PasswordHash;
use easel_storage::people::{InstanceRole, NewUser, PeopleCommand};
use easel_storage::sharing::{Role, SharingCommand};
use easel_storage::{Actor, BoardId, Command, Envelope, Store, UserId};
use std::path::Path;

pub(crate) const PASSWORD: &str = "four unrelated plain words";
/// Of that password, with the node's own parameters.
const HASH: &str = "$argon2id$v=19$m=65536,t=3,p=1$p0OBAofUGy5Ixs9OTcV10g$gfMa5XnlSMHTREQ8J+4+kh2fDSu4O3YixcGnEreslBM";
/// Commands in one go.
const AT_ONCE: usize = 500;

/// Who and what is there.
#[derive(Debug)]
pub(crate) struct Filled {
    /// The first is on every board.
    pub(crate) people: Vec<Person>,
}

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    /// Those of their own.
    pub(crate) boards: Vec<String>,
}

pub(crate) async fn fill(data: &Path, options: &Options) -> Result<Filled> {
    let node = Node::start(NodeOptions::new(data)).await?;
    let store = node.store();
    let users: Vec<UserId> = (0..options.people).map(|_| UserId::mint()).collect();
    let mut people = Vec::new();
    let mut commands = Vec::new();
    for (number, user) in users.iter().enumerate() {
        let email = format!("person{number}@example.org");
        let new = NewUser {
            user: *user,
            email: email.clone().try_into()?,
            name: format!("Person {number}").try_into()?,
            role: InstanceRole::Member,
            password: Some(PasswordHash::new(HASH.to_owned())),
        };
        let command = match number {
            0 => PeopleCommand::CreateFirstUser(NewUser {
                role: InstanceRole::Admin,
                ..new
            }),
            _ => PeopleCommand::CreateUser(new),
        };
        commands.push(Envelope::new(Actor::System, command.into()));
        people.push(Person {
            email,
            boards: Vec::new(),
        });
    }
    for number in 0..options.boards {
        let owner = number % users.len();
        let board = BoardId::mint();
        let title = format!("{} {number}", TITLES[number % TITLES.len()]);
        let command = Command::CreateBoard {
            board,
            title: title.try_into()?,
        };
        commands.push(Envelope::new(Actor::User(users[owner]), command));
        people[owner].boards.push(board.to_string());
        if owner > 0 {
            let command = SharingCommand::SetMember {
                board,
                user: users[0],
                role: Role::Editor,
            };
            commands.push(Envelope::new(Actor::User(users[owner]), command.into()));
        }
    }
    submit(&*store, commands).await?;
    drop(store);
    node.shutdown().await;
    Ok(Filled { people })
}

const TITLES: [&str; 5] = ["Plan", "Retrospective", "Sketch", "Roadmap", "Notes"];

async fn submit(store: &dyn Store, commands: Vec<Envelope>) -> Result<()> {
    let mut commands = commands.into_iter().peekable();
    while commands.peek().is_some() {
        let some: Vec<_> = commands.by_ref().take(AT_ONCE).collect();
        let submitted = store.submit(some).await?;
        for reply in submitted.replies {
            reply.context("the rules allow it")?;
        }
    }
    Ok(())
}
