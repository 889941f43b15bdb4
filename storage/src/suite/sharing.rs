//! Sharing: who is let in, how far, and what they then see.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::people::{client, secret};
use super::{Bench, board_of, expect, expect_refused, title, unique};
use crate::command::{Actor, Command, Envelope, Outcome, Rejection, Reply};
use crate::ids::{AssetId, BoardId, CommandId, LinkId, SessionId, Time, UserId};
use crate::query::Query;
use crate::sharing::{
    ActivityOf, ActivityQuery, AssetForm, CardFilter, CardSort, CardsQuery, ImageRow, Role,
    SharingAnswer, SharingCommand, SharingOutcome, SharingQuery, What,
};

impl Bench {
    async fn by(&self, user: UserId, kind: Command) -> Reply {
        let envelope = Envelope::new(Actor::User(user), kind);
        self.submit(envelope).await.1
    }

    async fn share(&self, user: UserId, command: SharingCommand) -> Reply {
        self.by(user, Command::Sharing(command)).await
    }

    async fn ask_sharing(&self, query: SharingQuery) -> SharingAnswer {
        self.read(Query::Sharing(query)).await.into_sharing()
    }

    async fn board_by(&self, user: UserId, text: &str) -> BoardId {
        let (board, title) = (BoardId::mint(), title(text));
        let made = self.by(user, Command::CreateBoard { board, title }).await;
        board_of(made).id
    }

    async fn role(&self, board: BoardId, user: UserId) -> Option<Role> {
        let user = Some(user);
        match self.ask_sharing(SharingQuery::Board { board, user }).await {
            SharingAnswer::Board(view) => view.expect("the board").member,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) async fn an_owner_always_remains(bench: &Bench) {
    let (owner, friend) = (bench.person().await, bench.person().await);
    let board = bench.board_by(owner, "Shared").await;
    assert_eq!(bench.role(board, owner).await, Some(Role::Owner));
    assert_eq!(bench.role(board, friend).await, None);
    let set = |user, role| SharingCommand::SetMember { board, user, role };
    for role in [Role::Owner, Role::Editor, Role::Owner] {
        let reply = bench.share(owner, set(friend, role)).await;
        reply.expect("a member");
        assert_eq!(bench.role(board, friend).await, Some(role));
    }
    // Both go at once: one of them stays.
    let leave = |user| SharingCommand::RemoveMember { board, user };
    let both = [owner, friend].map(|user| bench.share(user, leave(user)));
    let mut replies = join_all(both).await;
    replies.sort_by_key(Result::is_err);
    assert_eq!(
        replies,
        [
            Ok(Outcome::Sharing(SharingOutcome::Done)),
            Err(Rejection::LastOwner)
        ]
    );
}

pub(super) async fn a_link_is_used_no_more_often_than_it_may(bench: &Bench) {
    const CALLERS: usize = 12;
    let owner = bench.person().await;
    let board = bench.board_by(owner, "By link").await;
    let (link, hash) = (LinkId::mint(), secret());
    let create = SharingCommand::CreateLink {
        board,
        link,
        hash,
        role: Role::Commenter,
        label: None,
        password: None,
        expires_at: None,
        uses_max: Some(3),
    };
    bench.share(owner, create).await.expect("a link");
    match bench.ask_sharing(SharingQuery::LinkBySecret(hash)).await {
        SharingAnswer::Link(Some(view)) => assert_eq!((view.board, view.link), (board, link)),
        other => panic!("{other:?}"),
    }
    let open = || SharingCommand::OpenLink {
        board,
        link,
        session: SessionId::mint(),
        client: client(),
        ends_at: Time(u64::MAX / 2),
    };
    let replies = join_all((0..CALLERS).map(|_| bench.share(owner, open()))).await;
    let role = Role::Commenter;
    let visit = Ok(Outcome::Sharing(SharingOutcome::Visit { role }));
    let (let_in, refused): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| *reply == visit);
    assert_eq!(let_in.len(), 3);
    assert!(
        refused
            .iter()
            .all(|reply| *reply == Err(Rejection::LinkUsedUp))
    );
    let revoke = SharingCommand::RevokeLink { board, link };
    bench.share(owner, revoke).await.expect("an end");
    expect_refused(bench.share(owner, open()).await, Rejection::LinkOver);
}

pub(super) async fn a_person_lists_what_they_may_see(bench: &Bench) {
    let (owner, friend) = (bench.person().await, bench.person().await);
    let word = unique();
    let mut boards = Vec::new();
    for n in 0..7 {
        boards.push(bench.board_by(owner, &format!("{word} {n}")).await);
    }
    for board in &boards[..3] {
        let set = SharingCommand::SetMember {
            board: *board,
            user: friend,
            role: Role::Viewer,
        };
        bench.share(owner, set).await.expect("a member");
    }
    for (user, wanted) in [(owner, &boards[..]), (friend, &boards[..3])] {
        for limit in [1, 3, 100] {
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let query = CardsQuery {
                    user,
                    filter: CardFilter::default(),
                    text: Some(word.to_uppercase()),
                    sort: CardSort::Title,
                    after,
                    limit,
                };
                match bench.ask_sharing(SharingQuery::Cards(query)).await {
                    SharingAnswer::Cards(page) => {
                        found.extend(page.cards.iter().map(|card| card.board.id));
                        after = page.next;
                    }
                    other => panic!("{other:?}"),
                }
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "{limit} at a time");
        }
    }
}

pub(super) async fn what_people_did_is_told_latest_first(bench: &Bench) {
    let owner = bench.person().await;
    let board = bench.board_by(owner, "Busy").await;
    for text in ["One", "Two"] {
        let rename = Command::RenameBoard {
            board,
            title: title(text),
            if_rev: None,
        };
        bench.by(owner, rename).await.expect("a name");
    }
    let renamed = |text| What::Renamed { title: title(text) };
    let wanted = [renamed("Two"), renamed("One"), What::Created];
    for of in [ActivityOf::Board(board), ActivityOf::User(owner)] {
        let query = ActivityQuery {
            of,
            by: Some(owner),
            since: None,
            after: None,
            limit: 100,
        };
        match bench.ask_sharing(SharingQuery::Activity(query)).await {
            SharingAnswer::Activity(page) => {
                let told: Vec<_> = page.lines.into_iter().map(|line| line.row.what).collect();
                assert_eq!(told, wanted);
            }
            other => panic!("{other:?}"),
        }
    }
}

pub(super) async fn a_key_stands_for_one_request(bench: &Bench) {
    let owner = bench.person().await;
    let id = Some(CommandId::mint());
    let once = |asked: u8, board| Envelope {
        id,
        actor: Actor::User(owner),
        kind: Command::Once {
            asked: [asked; 32],
            kind: Box::new(Command::CreateBoard {
                board,
                title: title("Once"),
            }),
        },
    };
    let (board, other) = (BoardId::mint(), BoardId::mint());
    let (_, first) = bench.submit(once(1, board)).await;
    let made = board_of(first.clone());
    let (_, again) = bench.submit(once(1, board)).await;
    expect(again, Ok(Outcome::Again(Box::new(first))));
    let (_, reused) = bench.submit(once(2, other)).await;
    expect_refused(reused, Rejection::RequestReused);
    assert_eq!(bench.board(board).await, Some(made));
    assert_eq!(bench.board(other).await, None);
}

pub(super) async fn a_picture_lies_on_its_board_and_the_copies(bench: &Bench) {
    let owner = bench.person().await;
    let (board, copy) = (
        bench.board_by(owner, "With a picture").await,
        bench.board_by(owner, "Its copy").await,
    );
    let (first, second) = (AssetId::mint(), AssetId::mint());
    let image = ImageRow {
        sums: vec![[9; 32]],
        blurhash: "L".to_owned(),
    };
    let forms = vec![AssetForm {
        name: "full".to_owned(),
        hash: *secret().as_bytes(),
        len: 10,
        media: "image/png".to_owned(),
        width: 3,
        height: 2,
    }];
    for (asset, is_first) in [(first, true), (second, false)] {
        let add = SharingCommand::AddImage {
            board,
            asset,
            forms: forms.clone(),
            image: image.clone(),
        };
        match bench.share(owner, add).await {
            Ok(Outcome::Sharing(SharingOutcome::Image { asset, is_new, .. })) => {
                assert_eq!((asset, is_new), (first, is_first));
            }
            other => panic!("{other:?}"),
        }
    }
    let noted = SharingCommand::NoteCopied {
        board: copy,
        from: board,
    };
    bench.share(owner, noted).await.expect("a copy");
    for on in [board, copy] {
        match bench.ask_sharing(SharingQuery::Assets(on)).await {
            SharingAnswer::Assets(views) => {
                assert_eq!(views.len(), 1);
                assert_eq!((views[0].id, &views[0].row.forms), (first, &forms));
                assert_eq!(views[0].image.as_ref(), Some(&image));
                let boards: BTreeSet<_> = views[0].boards.iter().copied().collect();
                assert_eq!(boards, BTreeSet::from([board, copy]));
            }
            other => panic!("{other:?}"),
        }
    }
    let gone = bench.ask_sharing(SharingQuery::Asset(second)).await;
    assert_eq!(gone, SharingAnswer::Asset(None));
}
