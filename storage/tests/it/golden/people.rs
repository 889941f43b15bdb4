//! Samples of what happens to people, and of their records.

use std::collections::BTreeSet;

use bytes::Bytes;
use easel_storage::names::{DisplayName, Email, Label, PasswordHash, SecretHash};
use easel_storage::people::{
    Avatar, AvatarChange, ClientInfo, InstanceRole, KeyRow, KeyState, KeyringRow, NewUser,
    PeopleCommand, PeopleOutcome, Refresh, ResetOfUser, ResetRow, Rotated, Scope, SessionOfUser,
    SessionRow, SettingsRow, Subject, TokenOfUser, TokenRow, UserByEmail, UserChange, UserRow,
};
use easel_storage::rows::{RowKind, Single};
use easel_storage::{LinkId, Outcome, Reply, TokenId, UserId};

use super::{AT, BOARD, SESSION, Samples, USER};

const TOKEN: TokenId = TokenId::from_bytes([0x88; 16]);
const OTHER: UserId = UserId::from_bytes([0x67; 16]);
const HASH: SecretHash = SecretHash::from_bytes([0x99; 32]);

pub(super) fn expect_every_command() {
    let number = |command: &PeopleCommand| match command {
        PeopleCommand::CreateFirstUser(_) => 0,
        PeopleCommand::CreateUser(_) => 1,
        PeopleCommand::ChangeUser { .. } => 2,
        PeopleCommand::SetPassword { .. } => 3,
        PeopleCommand::RehashPassword { .. } => 4,
        PeopleCommand::SetDisabled { .. } => 5,
        PeopleCommand::DeleteUser { .. } => 6,
        PeopleCommand::PutSettings { .. } => 7,
        PeopleCommand::StartSession { .. } => 8,
        PeopleCommand::RotateSession { .. } => 9,
        PeopleCommand::ConfirmSession { .. } => 10,
        PeopleCommand::EndSession { .. } => 11,
        PeopleCommand::EndSessions { .. } => 12,
        PeopleCommand::CreateToken { .. } => 13,
        PeopleCommand::RevokeToken { .. } => 14,
        PeopleCommand::PutKeyring { .. } => 15,
        PeopleCommand::OfferReset { .. } => 16,
        PeopleCommand::TakeReset { .. } => 17,
    };
    let numbers: BTreeSet<_> = commands().iter().map(|(_, c)| number(c)).collect();
    assert_eq!(numbers, (0..=17).collect());
}

pub(super) fn commands() -> Vec<(&'static str, PeopleCommand)> {
    let (user, session, token) = (USER, SESSION, TOKEN);
    let change = UserChange {
        name: Some(name()),
        email: Some(email()),
        role: Some(InstanceRole::Admin),
        avatar: Some(AvatarChange::Set(avatar())),
    };
    let unchanged = UserChange {
        avatar: Some(AvatarChange::Remove),
        ..UserChange::default()
    };
    let rotate = PeopleCommand::RotateSession {
        session,
        seq: 300,
        presented: HASH,
        next: SecretHash::from_bytes([0x9a; 32]),
        successor: Bytes::from_static(b"sealed"),
        client: [0xaa; 16],
    };
    let create_token = PeopleCommand::CreateToken {
        token,
        user,
        name: label(),
        scopes: scopes(),
        board: Some(BOARD),
        hash: HASH,
        expires_at: AT,
    };
    vec![
        ("people-first", PeopleCommand::CreateFirstUser(new_user())),
        ("people-create", PeopleCommand::CreateUser(new_user())),
        (
            "people-change",
            PeopleCommand::ChangeUser {
                user,
                change,
                if_rev: Some(3),
            },
        ),
        (
            "people-change-little",
            PeopleCommand::ChangeUser {
                user,
                change: unchanged,
                if_rev: None,
            },
        ),
        (
            "people-set-password",
            PeopleCommand::SetPassword {
                user,
                password: password(),
                keep: Some(session),
            },
        ),
        (
            "people-rehash",
            PeopleCommand::RehashPassword {
                user,
                old: password(),
                new: PasswordHash::new("$argon2id$new".to_owned()),
            },
        ),
        (
            "people-disable",
            PeopleCommand::SetDisabled {
                user,
                disabled: true,
            },
        ),
        (
            "people-delete",
            PeopleCommand::DeleteUser {
                user,
                boards_to: Some(OTHER),
            },
        ),
        (
            "people-settings",
            PeopleCommand::PutSettings {
                user,
                json: "{}".to_owned(),
                if_rev: Some(0),
            },
        ),
        (
            "people-start-session",
            PeopleCommand::StartSession {
                session,
                user,
                hash: HASH,
                client: client(),
            },
        ),
        ("people-rotate-session", rotate),
        (
            "people-confirm-session",
            PeopleCommand::ConfirmSession { session },
        ),
        ("people-end-session", PeopleCommand::EndSession { session }),
        (
            "people-end-sessions",
            PeopleCommand::EndSessions { user, keep: None },
        ),
        ("people-create-token", create_token),
        ("people-revoke-token", PeopleCommand::RevokeToken { token }),
        (
            "people-keyring",
            PeopleCommand::PutKeyring {
                if_rev: 2,
                keys: keyring().keys,
            },
        ),
        (
            "people-offer-reset",
            PeopleCommand::OfferReset {
                user,
                hash: HASH,
                expires_at: AT,
            },
        ),
        (
            "people-take-reset",
            PeopleCommand::TakeReset {
                user,
                hash: HASH,
                password: password(),
            },
        ),
    ]
}

pub(super) fn replies() -> Vec<(&'static str, Reply)> {
    let outcomes = [
        ("people-done", PeopleOutcome::Done),
        ("people-user", PeopleOutcome::User(user_row())),
        ("people-settings", PeopleOutcome::Settings(settings())),
        ("people-token", PeopleOutcome::Token(token_row())),
        ("people-keyring", PeopleOutcome::Keyring(keyring())),
        ("people-session", PeopleOutcome::Session { ends_at: AT }),
        ("people-rotated", PeopleOutcome::Rotated { seq: 301 }),
        (
            "people-rotated-before",
            PeopleOutcome::RotatedBefore {
                seq: 301,
                successor: Bytes::from_static(b"sealed"),
            },
        ),
        (
            "people-family-ended",
            PeopleOutcome::FamilyEnded { user: Some(USER) },
        ),
    ];
    // A new outcome does not compile until it is named here.
    for (_, outcome) in &outcomes {
        match outcome {
            PeopleOutcome::Done
            | PeopleOutcome::User(_)
            | PeopleOutcome::Settings(_)
            | PeopleOutcome::Token(_)
            | PeopleOutcome::Keyring(_)
            | PeopleOutcome::Session { .. }
            | PeopleOutcome::Rotated { .. }
            | PeopleOutcome::RotatedBefore { .. }
            | PeopleOutcome::FamilyEnded { .. } => {}
        }
    }
    outcomes
        .into_iter()
        .map(|(name, outcome)| (name, Ok(Outcome::People(outcome))))
        .collect()
}

pub(super) fn check_rows(samples: &mut Samples) -> BTreeSet<RowKind> {
    let mut kinds = BTreeSet::new();
    let user = user_row();
    samples.check_row(&mut kinds, "user", &USER, &user);
    let folded = email().folded();
    samples.check_row(&mut kinds, "user-by-email", &folded, &UserByEmail(USER));
    let session = SessionRow {
        subject: Subject::User(USER),
        created_at: AT,
        used_at: AT.plus_ms(1),
        authenticated_at: AT.plus_ms(2),
        agent: "Firefox".to_owned(),
        network: "192.0.2.0/24".to_owned(),
        refresh: Some(Refresh {
            seq: 301,
            hash: HASH,
            previous: Some(Rotated {
                hash: HASH,
                at: AT,
                successor: Bytes::from_static(b"sealed"),
                client: [0xaa; 16],
            }),
        }),
        ends_at: AT.plus_ms(3),
    };
    let visit = SessionRow {
        subject: Subject::Link {
            board: BOARD,
            link: LinkId::from_bytes([0xbb; 16]),
            name: Some(name()),
        },
        refresh: None,
        ..session.clone()
    };
    samples.check_row(&mut kinds, "session", &SESSION, &session);
    samples.check_row(&mut kinds, "session-visit", &SESSION, &visit);
    let key = (USER, SESSION);
    samples.check_row(&mut kinds, "session-of-user", &key, &SessionOfUser);
    samples.check_row(&mut kinds, "token", &TOKEN, &token_row());
    samples.check_row(&mut kinds, "token-of-user", &(USER, TOKEN), &TokenOfUser);
    samples.check_row(&mut kinds, "settings", &USER, &settings());
    samples.check_row(&mut kinds, "keyring", &Single, &keyring());
    let reset = ResetRow {
        user: USER,
        expires_at: AT,
    };
    samples.check_row(&mut kinds, "reset", &HASH, &reset);
    samples.check_row(&mut kinds, "reset-of-user", &USER, &ResetOfUser(HASH));
    kinds
}

pub(super) fn name() -> DisplayName {
    DisplayName::try_from("Ada".to_owned()).expect("a name")
}

pub(super) fn email() -> Email {
    Email::try_from("Ada@Example.org".to_owned()).expect("an address")
}

pub(super) fn label() -> Label {
    Label::try_from("for the wall".to_owned()).expect("a label")
}

pub(super) fn password() -> PasswordHash {
    PasswordHash::new("$argon2id$old".to_owned())
}

pub(super) fn client() -> ClientInfo {
    ClientInfo {
        agent: "Firefox".to_owned(),
        network: "192.0.2.0/24".to_owned(),
    }
}

fn new_user() -> NewUser {
    NewUser {
        user: USER,
        email: email(),
        name: name(),
        role: InstanceRole::Member,
        password: Some(password()),
    }
}

fn avatar() -> Avatar {
    Avatar {
        sizes: vec![(32, [0xcc; 32], 900), (256, [0xcd; 32], 9_000)],
        at: AT,
    }
}

fn user_row() -> UserRow {
    UserRow {
        email: email(),
        name: name(),
        role: InstanceRole::Admin,
        password: Some(password()),
        created_at: AT,
        changed_at: AT.plus_ms(1),
        disabled_at: Some(AT.plus_ms(2)),
        avatar: Some(avatar()),
        rev: 3,
    }
}

fn settings() -> SettingsRow {
    SettingsRow {
        json: r#"{"theme":"dark"}"#.to_owned(),
        rev: 2,
    }
}

fn scopes() -> Vec<Scope> {
    vec![
        Scope::BoardsRead,
        Scope::BoardsWrite,
        Scope::ElementsRead,
        Scope::ElementsWrite,
        Scope::AssetsWrite,
        Scope::MembersWrite,
        Scope::RawJoin,
    ]
}

fn token_row() -> TokenRow {
    TokenRow {
        user: USER,
        name: label(),
        scopes: scopes(),
        board: Some(BOARD),
        hash: HASH,
        created_at: AT,
        expires_at: AT.plus_ms(1),
    }
}

fn keyring() -> KeyringRow {
    let key = |id: &str, state| KeyRow {
        id: id.to_owned(),
        state,
        sealed: Bytes::from_static(b"sealed"),
        created_at: AT,
        since: AT.plus_ms(1),
    };
    KeyringRow {
        rev: 3,
        keys: vec![
            key("k4.lid.a", KeyState::VerifyOnly),
            key("k4.lid.b", KeyState::Active),
            key("k4.lid.c", KeyState::Pending),
        ],
    }
}
