//! A state with people in it, under a clock the test moves, and short ways to say what happens there.

use easel_storage::names::{DisplayName, Email, PasswordHash, SecretHash};
use easel_storage::people::{
    ClientInfo, InstanceRole, NewUser, PeopleAnswer, PeopleCommand, PeopleOutcome, PeopleQuery,
};
use easel_storage::redb::State;
use easel_storage::rows::{ReadRows, Record};
use easel_storage::sharing::{
    MemberRow, Role, SharingAnswer, SharingCommand, SharingOutcome, SharingQuery,
};
use easel_storage::{
    Actor, BoardId, Command, Envelope, Outcome, Query, Rejection, Reply, SessionId, UserId,
};

use crate::support::{apply, create};

pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) now: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let state = State::in_memory().unwrap();
        Self { state, now: 1_000 }
    }

    /// The first person is the admin; the rest are members, all made in this order.
    pub(crate) fn with_people(count: u8) -> Self {
        let mut world = Self::new();
        world.admit(PeopleCommand::CreateFirstUser(new_user(1)));
        for n in 2..=count {
            world.admit(PeopleCommand::CreateUser(new_user(n)));
        }
        world
    }

    pub(crate) fn later(&mut self, ms: u64) {
        self.now += ms;
    }

    pub(crate) fn run(&mut self, envelope: Envelope) -> Reply {
        self.now += 1;
        apply(&self.state, self.now, envelope)
    }

    pub(crate) fn by(&mut self, n: u8, kind: Command) -> Reply {
        self.run(Envelope::new(person(n), kind))
    }

    pub(crate) fn people(&mut self, command: PeopleCommand) -> Result<PeopleOutcome, Rejection> {
        let reply = self.run(Envelope::new(Actor::System, Command::People(command)));
        reply.map(|outcome| match outcome {
            Outcome::People(outcome) => outcome,
            other => panic!("{other:?}"),
        })
    }

    /// What must go well.
    #[track_caller]
    pub(crate) fn admit(&mut self, command: PeopleCommand) {
        let reply = self.people(command.clone());
        assert!(reply.is_ok(), "{command:?}: {reply:?}");
    }

    pub(crate) fn sharing(
        &mut self,
        n: u8,
        command: SharingCommand,
    ) -> Result<SharingOutcome, Rejection> {
        let reply = self.by(n, Command::Sharing(command));
        reply.map(|outcome| match outcome {
            Outcome::Sharing(outcome) => outcome,
            other => panic!("{other:?}"),
        })
    }

    #[track_caller]
    pub(crate) fn share(&mut self, n: u8, command: SharingCommand) {
        let reply = self.sharing(n, command.clone());
        assert!(reply.is_ok(), "{command:?}: {reply:?}");
    }

    pub(crate) fn create(&mut self, n: u8, board: BoardId) {
        self.by(n, create(board)).expect("a board");
    }

    /// By whoever owns the board first.
    pub(crate) fn set(&mut self, board: BoardId, n: u8, role: Role) {
        let members = self
            .state
            .read_tx(|tx| tx.all::<MemberRow>(&board))
            .unwrap();
        let owner = members.iter().find(|(_, row)| row.role == Role::Owner);
        let actor = Actor::User(owner.expect("an owner").0.1);
        let user = user(n);
        let command = SharingCommand::SetMember { board, user, role };
        self.run(Envelope::new(actor, Command::Sharing(command)))
            .expect("a member");
    }

    pub(crate) fn start_session(&mut self, session: u8, n: u8) {
        self.admit(PeopleCommand::StartSession {
            session: session_id(session),
            user: user(n),
            hash: secret(session),
            client: client(),
        });
    }

    pub(crate) fn get<R: Record>(&self, key: &R::Key) -> Option<R> {
        self.state.read_tx(|tx| tx.get::<R>(key)).unwrap()
    }

    pub(crate) fn ask_people(&self, query: PeopleQuery) -> PeopleAnswer {
        let answer = self.state.query(&Query::People(query)).unwrap();
        answer.into_people()
    }

    pub(crate) fn ask_sharing(&self, query: SharingQuery) -> SharingAnswer {
        let answer = self.state.query(&Query::Sharing(query)).unwrap();
        answer.into_sharing()
    }

    /// The person's part on the board, by membership.
    pub(crate) fn role(&self, board: BoardId, n: u8) -> Option<Role> {
        let row = self.get::<easel_storage::sharing::MemberRow>(&(board, user(n)));
        row.map(|row| row.role)
    }

    pub(crate) fn has_session(&self, session: u8) -> bool {
        let query = PeopleQuery::Session(session_id(session));
        match self.ask_people(query) {
            PeopleAnswer::Session(view) => view.is_some(),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

pub(crate) fn person(n: u8) -> Actor {
    Actor::User(user(n))
}

pub(crate) fn session_id(n: u8) -> SessionId {
    SessionId::from_bytes([n; 16])
}

pub(crate) fn secret(n: u8) -> SecretHash {
    SecretHash::from_bytes([n; 32])
}

pub(crate) fn email(n: u8) -> Email {
    Email::try_from(format!("person{n}@example.org")).expect("an address")
}

pub(crate) fn password(text: &str) -> PasswordHash {
    PasswordHash::new(text.to_owned())
}

pub(crate) fn new_user(n: u8) -> NewUser {
    NewUser {
        user: user(n),
        email: email(n),
        name: DisplayName::try_from(format!("Person {n}")).expect("a name"),
        role: InstanceRole::Member,
        password: Some(password("first")),
    }
}

pub(crate) fn client() -> ClientInfo {
    ClientInfo {
        agent: "Firefox".to_owned(),
        network: "192.0.2.0/24".to_owned(),
    }
}
