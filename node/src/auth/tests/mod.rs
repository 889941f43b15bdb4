//! Accounts, sessions and tokens against a real node.

mod guarding;
mod keys;
mod passwords;
mod sessions;
mod tokens;

use super::password::Password;
use super::session::Client;
use super::{Auth, Caller, Context, Network, SignedIn, wall_clock};
use crate::http::problem::{Code, Problem};
use crate::testing::TestNode;
use axum::http::{HeaderMap, HeaderValue, header};
use easel_storage::names::{DisplayName, Email};
use easel_storage::people::{InstanceRole, NewUser, PeopleCommand, PeopleOutcome, UserView};
use easel_storage::{Actor, Command, Envelope, Outcome, Time, UserId, submit_one};

const PASSWORD: &str = "seventeen drummers";

/// A node with accounts, asked as handlers ask it.
struct World {
    node: TestNode,
}

impl World {
    async fn start() -> World {
        World {
            node: TestNode::start().await,
        }
    }

    fn auth(&self) -> &Auth {
        &self.node.app.auth
    }

    async fn people(&self, command: PeopleCommand) -> PeopleOutcome {
        let envelope = Envelope::new(Actor::System, Command::People(command));
        let (_, reply) = submit_one(&*self.node.app.store, envelope).await.unwrap();
        match reply.unwrap() {
            Outcome::People(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    async fn account(&self, name: &str) -> UserView {
        let email = format!("{name}@example.org");
        let password = Password::new(PASSWORD.to_owned());
        let hash = self
            .auth()
            .hash_password(password, &Context::new(&[]), "/password")
            .await
            .unwrap();
        let is_first = !self.auth().has_accounts().await.unwrap();
        let new = NewUser {
            user: UserId::mint(),
            email: Email::try_from(email).unwrap(),
            name: DisplayName::try_from(name.to_owned()).unwrap(),
            role: if is_first {
                InstanceRole::Admin
            } else {
                InstanceRole::Member
            },
            password: Some(hash),
        };
        let id = new.user;
        let command = match is_first {
            true => PeopleCommand::CreateFirstUser(new),
            false => PeopleCommand::CreateUser(new),
        };
        match self.people(command).await {
            PeopleOutcome::User(row) => UserView { id, row },
            other => panic!("{other:?}"),
        }
    }

    async fn caller(&self, token: &str) -> Result<Caller, Code> {
        self.caller_at(token, wall_clock()).await
    }

    async fn caller_at(&self, token: &str, now: Time) -> Result<Caller, Code> {
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        headers.insert(header::AUTHORIZATION, line);
        self.auth()
            .caller(&headers, now)
            .await
            .map_err(|problem| problem.code)
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<SignedIn, Problem> {
        self.sign_in_at(name, password, wall_clock()).await
    }

    async fn sign_in_at(&self, name: &str, password: &str, now: Time) -> Result<SignedIn, Problem> {
        let password = Password::new(password.to_owned());
        let email = format!("{name}@example.org");
        self.auth()
            .sign_in(&email, password, &from("192.0.2.1"), now)
            .await
    }
}

fn from(ip: &str) -> Client {
    Client {
        network: Network::of(ip.parse().unwrap()),
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0".to_owned(),
        device: None,
    }
}

fn is_user(caller: &Result<Caller, Code>, id: UserId) -> bool {
    matches!(caller, Ok(Caller::User(user)) if user.user == id)
}

/// The cookie's value as the browser sends it back.
fn value(cookie: &HeaderValue) -> String {
    let text = cookie.to_str().unwrap();
    text.split_once('=')
        .unwrap()
        .1
        .split_once(';')
        .unwrap()
        .0
        .to_owned()
}
