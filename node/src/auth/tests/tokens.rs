//! Personal tokens, visits by a link, tickets.

use super::{World, from};
use crate::auth::token::{Holder, TICKET_LIFE_MS};
use crate::auth::{ApiToken, Caller, Secret, Ticket, wall_clock};
use crate::http::problem::Code;
use easel_storage::names::Label;
use easel_storage::people::{PeopleCommand, SESSION_IDLE_MS, Scope};
use easel_storage::sharing::{Role, SharingCommand, SharingOutcome};
use easel_storage::{
    Actor, BoardId, Command, Envelope, LinkId, Outcome, SessionId, Time, Title, TokenId, UserId,
    submit_one,
};

#[tokio::test]
async fn a_personal_token_speaks_for_its_owner_until_it_ends() {
    let world = World::start().await;
    let ada = world.account("ada").await;
    let token = ApiToken {
        id: TokenId::mint(),
        secret: Secret::random(),
    };
    let expires_at = wall_clock().plus_ms(60_000);
    let create = PeopleCommand::CreateToken {
        token: token.id,
        user: ada.id,
        name: Label::try_from("ci".to_owned()).unwrap(),
        scopes: vec![Scope::BoardsRead],
        board: None,
        hash: token.secret.hash(),
        expires_at,
    };
    world.people(create).await;
    match world.caller(&token.text()).await {
        Ok(Caller::User(user)) => {
            assert_eq!(
                (user.user, user.session, user.scopes),
                (ada.id, None, Some(vec![Scope::BoardsRead]))
            );
        }
        other => panic!("{other:?}"),
    }
    let guess = ApiToken {
        secret: Secret::random(),
        ..token.clone()
    };
    assert_eq!(world.caller(&guess.text()).await, Err(Code::InvalidToken));
    assert_eq!(
        world.caller_at(&token.text(), expires_at).await,
        Err(Code::InvalidToken)
    );
    world
        .people(PeopleCommand::RevokeToken { token: token.id })
        .await;
    assert_eq!(world.caller(&token.text()).await, Err(Code::InvalidToken));
}

#[tokio::test]
async fn a_visitor_is_what_the_link_says_now() {
    let world = World::start().await;
    let ada = world.account("ada").await;
    let (board, link, session) = (BoardId::mint(), LinkId::mint(), SessionId::mint());
    let by = Actor::User(ada.id);
    let run = async |actor, kind| {
        let (_, reply) = submit_one(&*world.node.app.store, Envelope::new(actor, kind))
            .await
            .unwrap();
        reply.unwrap()
    };
    let title = Title::try_from("shared".to_owned()).unwrap();
    run(by, Command::CreateBoard { board, title }).await;
    let create = SharingCommand::CreateLink {
        board,
        link,
        role: Role::Editor,
        hash: Secret::random().hash(),
        label: None,
        password: None,
        expires_at: None,
        uses_max: None,
    };
    run(by, Command::Sharing(create)).await;
    let open = SharingCommand::OpenLink {
        board,
        link,
        session,
        client: from("192.0.2.1").client(),
        ends_at: wall_clock().plus_ms(SESSION_IDLE_MS),
    };
    let opened = run(Actor::Guest(session), Command::Sharing(open)).await;
    assert_eq!(
        opened,
        Outcome::Sharing(SharingOutcome::Visit { role: Role::Editor })
    );

    let token = world
        .auth()
        .visit(link, session, wall_clock())
        .await
        .unwrap();
    match world.caller(&token).await {
        Ok(Caller::Visitor(visitor)) => {
            assert_eq!(
                (visitor.board, visitor.link, visitor.role),
                (board, link, Role::Editor)
            );
        }
        other => panic!("{other:?}"),
    }
    run(
        by,
        Command::Sharing(SharingCommand::RevokeLink { board, link }),
    )
    .await;
    assert_eq!(world.caller(&token).await, Err(Code::InvalidToken));
}

#[tokio::test]
async fn a_ticket_opens_one_connection_for_its_page() {
    let world = World::start().await;
    let now = wall_clock();
    let ticket = |jti, origin: Option<&str>| Ticket {
        holder: Holder::User(UserId::mint()),
        session: Some(SessionId::mint()),
        board: BoardId::mint(),
        role: Role::Editor,
        origin: origin.map(str::to_owned),
        jti: [jti; 16],
        expires_at: Time(now.0 + TICKET_LIFE_MS),
    };
    let take = async |token: &str, origin, at| {
        world
            .auth()
            .take_ticket(token, origin, at)
            .await
            .map_err(|p| p.code)
    };
    let here = Some("https://here.example");
    let first = ticket(1, here);
    let token = world.auth().mint_ticket(&first, now).await.unwrap();
    assert_eq!(
        take(&token, Some("https://there.example"), now).await,
        Err(Code::InvalidToken)
    );
    assert_eq!(take(&token, None, now).await, Err(Code::InvalidToken));
    assert_eq!(take(&token, here, now).await, Ok(first));
    assert_eq!(take(&token, here, now).await, Err(Code::InvalidToken));

    let token = world
        .auth()
        .mint_ticket(&ticket(2, None), now)
        .await
        .unwrap();
    assert_eq!(
        take(&token, None, now.plus_ms(TICKET_LIFE_MS)).await,
        Err(Code::InvalidToken)
    );
    assert!(take(&token, None, now).await.is_ok());
}
