//! Whatever people do in whatever order, what is kept about them agrees with itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use easel_storage::people::{
    InstanceRole, PeopleCommand, SessionOfUser, SessionRow, Subject, TokenOfUser, TokenRow,
    UserByEmail, UserChange, UserRow,
};
use easel_storage::rows::{ReadRows, Single};
use easel_storage::sharing::{
    Access, AccessRequestRow, AccessRow, ActivityOfUser, ActivityRow, AssetByContent, AssetForm,
    AssetOfBoard, AssetRow, BoardOfAsset, BoardOfUser, Favourite, ImageRow, InvitationBySecret,
    InvitationRow, LinkBySecret, LinkChange, LinkRow, MemberRow, Opened, PolicyChange, Role,
    SessionOfLink, SharingCommand, WorkspaceBoard,
};
use easel_storage::{
    Actor, AssetId, BoardId, Command, Envelope, Fault, InvitationId, LinkId, ReadTx, Time, TokenId,
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::support::{apply, board_id, create, snapshot_of};
use crate::world::{World, client, email, new_user, password, person, secret, session_id, user};

/// Small numbers, so that commands meet: people and boards 1 to 4, and what belongs to a board under its own numbers.
#[derive(Debug, Clone, Copy)]
struct Step {
    kind: u8,
    by: u8,
    user: u8,
    board: u8,
    n: u8,
    role: Role,
    flag: bool,
    later: u64,
}

fn step() -> impl Strategy<Value = Step> {
    let role = prop_oneof![
        Just(Role::Viewer),
        Just(Role::Commenter),
        Just(Role::Editor),
        Just(Role::Owner)
    ];
    let later = prop_oneof![8 => Just(0u64), 1 => Just(30_000), 1 => Just(31 * 24 * 3_600_000)];
    let ids = (0u8..KINDS, 0u8..5, 1u8..5, 1u8..5, 0u8..3);
    (ids, role, any::<bool>(), later).prop_map(|((kind, by, user, board, n), role, flag, later)| {
        Step {
            kind,
            by,
            user,
            board,
            n,
            role,
            flag,
            later,
        }
    })
}

const KINDS: u8 = 36;

fn command(step: &Step, now: u64) -> Command {
    let Step { role, flag, .. } = *step;
    let (board, user) = (board_id(step.board), user(step.user));
    // Ids are unique in an installation: a board's own begin with its number.
    let own = step.board * 16 + step.n;
    let (link, invitation) = (
        LinkId::from_bytes([own; 16]),
        InvitationId::from_bytes([own; 16]),
    );
    let session = session_id(step.user * 16 + step.n);
    let visit = session_id(128 + own);
    let token = TokenId::from_bytes([step.user * 16 + step.n; 16]);
    let soon = Time(now + 20_000);
    let people = |command| Command::People(command);
    let sharing = |command| Command::Sharing(command);
    match step.kind {
        0..=2 => create(board),
        3 => Command::TrashBoard {
            board,
            if_rev: None,
        },
        4 => Command::RestoreBoard { board },
        5 => Command::PurgeBoard { board },
        6 => people(PeopleCommand::CreateFirstUser(new_user(step.user))),
        7 | 8 => people(PeopleCommand::CreateUser(new_user(step.user))),
        9 => people(PeopleCommand::ChangeUser {
            user,
            change: UserChange {
                email: flag.then(|| email(step.n + 1)),
                role: Some(match step.n {
                    0 => InstanceRole::Member,
                    _ => InstanceRole::Admin,
                }),
                ..UserChange::default()
            },
            if_rev: None,
        }),
        10 => people(PeopleCommand::SetDisabled {
            user,
            disabled: flag,
        }),
        11 => people(PeopleCommand::DeleteUser {
            user,
            boards_to: flag.then(|| crate::world::user(step.n + 1)),
        }),
        12 | 13 => people(PeopleCommand::StartSession {
            session,
            user,
            hash: secret(1),
            client: client(),
        }),
        14 => people(PeopleCommand::EndSessions {
            user,
            keep: flag.then_some(session),
        }),
        15 => people(PeopleCommand::RotateSession {
            session,
            seq: 1,
            presented: secret(1),
            next: secret(2),
            successor: vec![1].into(),
            client: [0; 16],
        }),
        16 => people(PeopleCommand::CreateToken {
            token,
            user,
            name: "robot".to_owned().try_into().expect("a label"),
            scopes: vec![],
            board: None,
            hash: secret(step.n),
            expires_at: soon,
        }),
        17 => people(PeopleCommand::RevokeToken { token }),
        18 => people(PeopleCommand::SetPassword {
            user,
            password: password("new"),
            keep: None,
        }),
        19 => sharing(SharingCommand::TransferBoard { board, to: user }),
        20 => sharing(SharingCommand::SetPolicy {
            board,
            change: PolicyChange {
                access: Some(match flag {
                    true => Access::Workspace(role),
                    false => Access::Private,
                }),
                links_on: Some(step.n != 0),
                ..PolicyChange::default()
            },
            if_rev: None,
        }),
        21 | 22 => sharing(SharingCommand::SetMember { board, user, role }),
        23 => sharing(SharingCommand::RemoveMember { board, user }),
        24 => sharing(SharingCommand::CreateLink {
            board,
            link,
            hash: secret(own),
            role,
            label: None,
            password: None,
            expires_at: flag.then_some(soon),
            uses_max: None,
        }),
        25 => sharing(SharingCommand::ChangeLink {
            board,
            link,
            change: LinkChange {
                expires_at: Some(flag.then_some(soon)),
                password: Some(flag.then(|| password("new"))),
                ..LinkChange::default()
            },
            if_rev: None,
        }),
        26 => sharing(SharingCommand::RevokeLink { board, link }),
        27 => sharing(SharingCommand::OpenLink {
            board,
            link,
            session: visit,
            client: client(),
            ends_at: soon,
        }),
        28 => sharing(SharingCommand::CreateInvitation {
            board,
            invitation,
            hash: secret(own),
            email: flag.then(|| email(step.user)),
            role,
            message: None,
            expires_at: soon,
        }),
        29 => sharing(SharingCommand::AcceptInvitation {
            board,
            invitation,
            user,
        }),
        30 => sharing(SharingCommand::AskForAccess {
            board,
            user,
            role,
            message: None,
        }),
        31 => sharing(SharingCommand::AnswerRequest {
            board,
            user,
            role: flag.then_some(role),
        }),
        32 => sharing(match flag {
            true => SharingCommand::SetFavourite {
                board,
                user,
                on: step.n != 0,
            },
            false => SharingCommand::NoteOpened { board, user },
        }),
        33 => sharing(match flag {
            true => SharingCommand::AddAsset {
                board,
                asset: AssetId::from_bytes([own; 16]),
                forms: vec![form(1)],
            },
            false => SharingCommand::SetArchived {
                board,
                archived: step.n != 0,
            },
        }),
        // Few contents, so that one comes again.
        34 => sharing(SharingCommand::AddImage {
            board,
            asset: AssetId::from_bytes([own; 16]),
            forms: vec![form(step.user / 2)],
            image: ImageRow {
                sums: vec![[2; 32]],
                blurhash: String::new(),
            },
        }),
        35 => sharing(SharingCommand::NoteCopied {
            board,
            from: board_id(step.user),
        }),
        other => unreachable!("{other} is no kind of step"),
    }
}

fn form(content: u8) -> AssetForm {
    AssetForm {
        name: "full".to_owned(),
        hash: [content; 32],
        len: 1,
        media: "image/png".to_owned(),
        width: 1,
        height: 1,
    }
}

fn check(tx: &dyn ReadTx) -> Result<(), Fault> {
    let users: BTreeMap<_, _> = tx.all::<UserRow>(&Single)?.into_iter().collect();
    let by_email: BTreeMap<_, _> = tx.all::<UserByEmail>(&Single)?.into_iter().collect();
    let wanted: BTreeMap<_, _> = users
        .iter()
        .map(|(id, row)| (row.email.folded(), UserByEmail(*id)))
        .collect();
    assert_eq!(by_email, wanted, "addresses");
    let is_admin = |row: &UserRow| row.role == InstanceRole::Admin && row.disabled_at.is_none();
    assert!(users.values().any(is_admin), "no admin");

    let mut boards = BTreeMap::new();
    tx.scan_boards(&mut |id, row| {
        boards.insert(id, row);
        Ok(ControlFlow::Continue(()))
    })?;
    let members = tx.all::<MemberRow>(&Single)?;
    let of_user: BTreeSet<_> = tx
        .all::<BoardOfUser>(&Single)?
        .into_iter()
        .map(|((user, board), BoardOfUser(role))| (board, user, role))
        .collect();
    let wanted: BTreeSet<_> = members
        .iter()
        .map(|((board, user), row)| (*board, *user, row.role))
        .collect();
    assert_eq!(of_user, wanted, "members");
    let is_there = |board: &BoardId| boards.contains_key(board);
    for (board, user, _) in &wanted {
        assert!(
            is_there(board) && users.contains_key(user),
            "{board} {user}"
        );
    }
    for (board, policy) in tx.all::<AccessRow>(&Single)? {
        let is_live = boards[&board].trashed_at.is_none();
        let owned = wanted
            .iter()
            .any(|(of, _, role)| *of == board && *role == Role::Owner);
        assert!(owned || !is_live, "{board} has no owner");
        let listed = tx.get::<WorkspaceBoard>(&board)?.is_some();
        assert_eq!(listed, policy.access != Access::Private);
    }
    for board in tx.keys::<WorkspaceBoard>(&Single)? {
        assert!(is_there(&board));
    }
    check_sessions(tx)?;

    for ((board, link), row) in tx.all::<LinkRow>(&Single)? {
        let found = tx.get::<LinkBySecret>(&row.hash)?;
        assert_eq!(found, Some(LinkBySecret { board, link }));
        assert!(is_there(&board));
    }
    for (hash, LinkBySecret { board, link }) in tx.all::<LinkBySecret>(&Single)? {
        let row = tx.get::<LinkRow>(&(board, link))?;
        assert_eq!(row.map(|row| row.hash), Some(hash));
    }
    for ((board, invitation), row) in tx.all::<InvitationRow>(&Single)? {
        let found = tx.get::<InvitationBySecret>(&row.hash)?;
        assert_eq!(found, Some(InvitationBySecret { board, invitation }));
        assert!(is_there(&board));
    }
    for (hash, found) in tx.all::<InvitationBySecret>(&Single)? {
        let row = tx.get::<InvitationRow>(&(found.board, found.invitation))?;
        assert_eq!(row.map(|row| row.hash), Some(hash));
    }
    for (board, user) in tx.keys::<AccessRequestRow>(&Single)? {
        assert!(is_there(&board) && users.contains_key(&user));
    }
    let kept = tx.keys::<Favourite>(&Single)?.into_iter();
    for (user, board) in kept.chain(tx.keys::<Opened>(&Single)?) {
        assert!(is_there(&board) && users.contains_key(&user));
    }
    for ((user, no), ActivityOfUser { board }) in tx.all::<ActivityOfUser>(&Single)? {
        let row = tx.get::<ActivityRow>(&(board, no))?;
        assert_eq!(row.map(|row| row.actor), Some(Actor::User(user)));
    }
    check_assets(tx)?;
    for (board, _) in tx.keys::<AssetOfBoard>(&Single)? {
        assert!(is_there(&board));
    }
    Ok(())
}

fn check_assets(tx: &dyn ReadTx) -> Result<(), Fault> {
    let of_board: BTreeSet<_> = tx.keys::<AssetOfBoard>(&Single)?.into_iter().collect();
    let by_asset = tx.keys::<BoardOfAsset>(&Single)?.into_iter();
    let by_asset: BTreeSet<_> = by_asset.map(|(asset, board)| (board, asset)).collect();
    assert_eq!(of_board, by_asset, "both ways");
    let rows: BTreeMap<_, _> = tx.all::<AssetRow>(&Single)?.into_iter().collect();
    for (_, asset) in &of_board {
        assert!(rows.contains_key(asset), "{asset}");
    }
    for (asset, row) in &rows {
        assert!(of_board.contains(&(row.board, *asset)), "{asset}");
    }
    for asset in tx.keys::<ImageRow>(&Single)? {
        assert!(rows.contains_key(&asset), "{asset}");
    }
    for ((board, content), AssetByContent(asset)) in tx.all::<AssetByContent>(&Single)? {
        assert!(of_board.contains(&(board, asset)));
        assert_eq!(rows[&asset].forms[0].hash, *content.as_bytes());
    }
    Ok(())
}

fn check_sessions(tx: &dyn ReadTx) -> Result<(), Fault> {
    let mut listed = 0;
    for (user, session) in tx.keys::<SessionOfUser>(&Single)? {
        let row: SessionRow = tx.get_known(&session)?;
        assert_eq!(row.subject, Subject::User(user));
        listed += 1;
    }
    for (link, session) in tx.keys::<SessionOfLink>(&Single)? {
        let row: SessionRow = tx.get_known(&session)?;
        assert!(matches!(row.subject, Subject::Link { link: of, .. } if of == link));
        listed += 1;
    }
    let sessions = tx.all::<SessionRow>(&Single)?;
    assert_eq!(listed, sessions.len());
    for (session, row) in sessions {
        match row.subject {
            Subject::User(user) => {
                let user: UserRow = tx.get_known(&user)?;
                assert_eq!(user.disabled_at, None, "{session}");
            }
            Subject::Link { board, link, .. } => {
                let link: LinkRow = tx.get_known(&(board, link))?;
                assert_eq!(link.revoked_at, None, "{session}");
                let policy: AccessRow = tx.get_known(&board)?;
                assert!(policy.links_on, "{session}");
            }
        }
    }
    let tokens = tx.keys::<TokenOfUser>(&Single)?;
    for (user, token) in &tokens {
        let row: TokenRow = tx.get_known(token)?;
        assert_eq!(row.user, *user);
        let user: UserRow = tx.get_known(user)?;
        assert_eq!(user.disabled_at, None);
    }
    assert_eq!(tokens.len(), tx.keys::<TokenRow>(&Single)?.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_what_is_kept_agrees_with_itself(
        plan in proptest::collection::vec(step(), 1..120),
    ) {
        let mut world = World::new();
        let replica = World::new();
        let archive = SharingCommand::SetArchived {
            board: board_id(4),
            archived: true,
        };
        let beginning = [
            create(board_id(4)),
            Command::Sharing(archive),
            Command::People(PeopleCommand::CreateFirstUser(new_user(1))),
        ];
        for kind in beginning {
            let envelope = Envelope::new(Actor::Local, kind);
            world.run(envelope.clone()).unwrap();
            apply(&replica.state, world.now, envelope).unwrap();
        }
        for step in &plan {
            world.later(step.later);
            let kind = command(step, world.now);
            // A board that the server makes is nobody's.
            let actor = match (step.by, &kind) {
                (0, Command::CreateBoard { .. }) => person(1),
                (0, _) => Actor::System,
                (by, _) => person(by),
            };
            let before = snapshot_of(&world.state);
            let envelope = Envelope::new(actor, kind);
            let reply = world.run(envelope.clone());
            world.state.read_tx(check).unwrap();
            if reply.is_err() {
                // A refusal writes nothing but the clock, which an empty batch moves as well.
                let other = World::new();
                other.state.install(&mut &before[..]).unwrap();
                other
                    .state
                    .apply(&[crate::support::batch(world.now, vec![])], b"marker")
                    .unwrap();
                assert_eq!(snapshot_of(&other.state), snapshot_of(&world.state), "{step:?} {reply:?}");
            }
            let decoded = Envelope::decode(&envelope.encode()).unwrap();
            assert_eq!(apply(&replica.state, world.now, decoded), reply);
        }
        assert_eq!(snapshot_of(&replica.state), snapshot_of(&world.state));
    }
}
