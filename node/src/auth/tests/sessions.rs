//! From signing in to signing out, and what ends it before.

use super::{PASSWORD, World, from, is_user, value};
use crate::auth::password::Password;
use crate::auth::session::Client;
use crate::auth::{Caller, Context, Cookie, Network, Secret, wall_clock};
use crate::http::problem::Code;
use axum::http::{HeaderMap, HeaderValue, header};
use easel_storage::LinkId;
use easel_storage::people::PeopleCommand;

#[tokio::test]
async fn without_accounts_everybody_is_local_and_from_the_first_one_nobody() {
    let world = World::start().await;
    let nobody = HeaderMap::new();
    let ask = async || world.auth().caller(&nobody, wall_clock()).await.unwrap();
    assert_eq!(ask().await, Caller::Local);
    let url = world
        .auth()
        .setup_url("http://127.0.0.1:8080/")
        .await
        .unwrap()
        .unwrap();
    let secret = url
        .strip_prefix("http://127.0.0.1:8080/setup#")
        .unwrap()
        .to_owned();
    world.auth().check_setup(&secret).await.unwrap();
    for wrong in ["", "x", Secret::random().text().as_str()] {
        let refused = world.auth().check_setup(wrong).await.unwrap_err();
        assert_eq!(refused.code, Code::InvalidToken);
    }

    world.account("ada").await;
    assert_eq!(ask().await, Caller::Anonymous);
    assert_eq!(world.auth().setup_url("http://x").await.unwrap(), None);
    let refused = world.auth().check_setup(&secret).await.unwrap_err();
    assert_eq!(refused.code, Code::SetupDone);
}

#[tokio::test]
async fn what_is_no_bearer_of_ours_is_refused_and_never_overlooked() {
    let world = World::start().await;
    let basic = || {
        HeaderMap::from_iter([(
            header::AUTHORIZATION,
            HeaderValue::from_static("Basic YWRhOng="),
        )])
    };
    assert_eq!(
        world.auth().caller(&basic(), wall_clock()).await,
        Ok(Caller::Local),
        "a proxy's"
    );
    world.account("ada").await;
    for line in [
        "Basic YWRhOng=",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer v4.local.x",
        "bearer eas_pat_x",
        "\u{e9}",
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_bytes(line.as_bytes()).unwrap(),
        );
        let refused = world
            .auth()
            .caller(&headers, wall_clock())
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::InvalidToken, "{line}");
    }
    let answer = world
        .node
        .ask("GET /api/v1/version\nauthorization: Bearer x")
        .await;
    assert_eq!(answer.status, 200, "a route for anybody takes no notice");
}

#[tokio::test]
async fn a_session_begins_goes_on_and_ends() {
    let world = World::start().await;
    let ada = world.account("ada").await;
    let signed_in = world.sign_in("ADA", PASSWORD).await.unwrap();
    assert_eq!(signed_in.user.id, ada.id);
    let caller = world.caller(&signed_in.tokens.access).await;
    match &caller {
        Ok(Caller::User(user)) => {
            assert_eq!((user.user, user.session), (ada.id, Some(signed_in.session)));
            assert!(user.scopes.is_none() && user.authenticated_at.is_some() && user.admin);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        value(&signed_in.tokens.refresh_cookie),
        signed_in.tokens.refresh
    );
    // A refresh wrapper is no access token.
    assert_eq!(
        world.caller(&signed_in.tokens.refresh).await,
        Err(Code::InvalidToken)
    );

    let renewed = world
        .auth()
        .renew(&signed_in.tokens.refresh, &from("192.0.2.1"), wall_clock())
        .await
        .unwrap();
    assert_eq!(renewed.session, signed_in.session);
    assert!(is_user(&world.caller(&renewed.tokens.access).await, ada.id));

    world.auth().end_session(signed_in.session).await.unwrap();
    for token in [&signed_in.tokens.access, &renewed.tokens.access] {
        assert_eq!(world.caller(token).await, Err(Code::InvalidToken));
    }
    let over = world
        .auth()
        .renew(&renewed.tokens.refresh, &from("192.0.2.1"), wall_clock())
        .await;
    assert_eq!(over.unwrap_err().code, Code::RefreshExpired);
}

#[tokio::test]
async fn a_person_proves_again_who_they_are_and_ends_what_else_is_open() {
    let world = World::start().await;
    let ada = world.account("ada").await;
    let (here, there) = (
        world.sign_in("ada", PASSWORD).await.unwrap(),
        world.sign_in("ada", PASSWORD).await.unwrap(),
    );
    let proved_at = async || match world.caller(&here.tokens.access).await {
        Ok(Caller::User(user)) => user.authenticated_at.unwrap(),
        other => panic!("{other:?}"),
    };
    let before = proved_at().await;
    let client = from("192.0.2.1");
    let confirm = async |password: &str| {
        let password = Password::new(password.to_owned());
        let confirmed = world
            .auth()
            .confirm(here.session, &ada, password, &client, wall_clock());
        confirmed.await.map_err(|problem| problem.code)
    };
    assert_eq!(confirm("wrong wrong").await, Err(Code::InvalidCredentials));
    assert_eq!(proved_at().await, before);
    assert_eq!(confirm(PASSWORD).await, Ok(()));
    assert!(proved_at().await > before);

    world
        .auth()
        .end_sessions(ada.id, Some(here.session))
        .await
        .unwrap();
    assert!(is_user(&world.caller(&here.tokens.access).await, ada.id));
    assert_eq!(
        world.caller(&there.tokens.access).await,
        Err(Code::InvalidToken)
    );
}

#[tokio::test]
async fn a_cookie_names_its_session_while_it_is_the_current_one() {
    let world = World::start().await;
    world.account("ada").await;
    let first = world.sign_in("ada", PASSWORD).await.unwrap();
    let auth = world.auth();
    let of = async |token: &str| auth.session_of(token, wall_clock()).await;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::COOKIE,
        format!("easel_rt={}", first.tokens.refresh)
            .parse()
            .unwrap(),
    );
    headers.insert(header::USER_AGENT, HeaderValue::from_static("curl/8.5"));
    let cookie = Cookie::Refresh.read(auth.cookies(), &headers).unwrap();
    assert_eq!(of(cookie).await, Some(first.session));
    let client = Client::of(&headers, Network::of([192, 0, 2, 1].into()), auth);
    assert_eq!(
        (client.agent.as_str(), client.device.clone()),
        ("curl/8.5", None)
    );
    let renewed = auth.renew(cookie, &client, wall_clock()).await.unwrap();
    assert_eq!(of(cookie).await, None);
    assert_eq!(of(&renewed.tokens.refresh).await, Some(first.session));
    assert_eq!(of("x").await, None);
}

#[tokio::test]
async fn a_links_password_is_guarded_like_a_persons() {
    let world = World::start().await;
    let auth = world.auth();
    let password = |text: &str| Password::new(text.to_owned());
    let hash = auth
        .hash_password(password(PASSWORD), &Context::new(&[]), "/password")
        .await
        .unwrap();
    let (link, now, client) = (LinkId::mint(), wall_clock(), from("192.0.2.1"));
    let prove = async |text: &str| {
        let proved = auth.prove_link(link, &hash, password(text), &client, now);
        proved.await.map_err(|problem| problem.code)
    };
    assert_eq!(prove(PASSWORD).await, Ok(()));
    for _ in 0..5 {
        assert_eq!(prove("wrong wrong").await, Err(Code::InvalidCredentials));
    }
    assert_eq!(prove(PASSWORD).await, Err(Code::TooManyAttempts));
}

#[tokio::test]
async fn fifty_renewals_at_once_have_one_successor() {
    let world = World::start().await;
    world.account("ada").await;
    let first = world.sign_in("ada", PASSWORD).await.unwrap().tokens.refresh;
    let from = from("192.0.2.1");
    let renewals = (0..50).map(|_| world.auth().renew(&first, &from, wall_clock()));
    let mut successors = Vec::new();
    for renewed in futures_util::future::join_all(renewals).await {
        let renewed = renewed.unwrap();
        let opened = world.auth().tokens.open_refresh(
            &world.auth().ring(),
            &renewed.tokens.refresh,
            wall_clock(),
        );
        successors.push(opened.unwrap());
    }
    assert!(
        successors
            .iter()
            .all(|one| *one == successors[0] && one.seq == 2)
    );

    // Another kind of client with the same token is a thief, however quick.
    let thief = Client {
        agent: "curl/8.5".to_owned(),
        ..from.clone()
    };
    let reused = world
        .auth()
        .renew(&first, &thief, wall_clock())
        .await
        .unwrap_err();
    assert_eq!(reused.code, Code::RefreshReused);
    let over = world
        .auth()
        .renew(&first, &from, wall_clock())
        .await
        .unwrap_err();
    assert_eq!(over.code, Code::RefreshExpired);
}

#[tokio::test]
async fn an_account_that_is_disabled_is_out_at_once() {
    let world = World::start().await;
    world.account("ada").await;
    let bob = world.account("bob").await;
    let signed_in = world.sign_in("bob", PASSWORD).await.unwrap();
    assert!(is_user(
        &world.caller(&signed_in.tokens.access).await,
        bob.id
    ));
    world
        .people(PeopleCommand::SetDisabled {
            user: bob.id,
            disabled: true,
        })
        .await;
    assert_eq!(
        world.caller(&signed_in.tokens.access).await,
        Err(Code::InvalidToken)
    );
    let refused = world.sign_in("bob", PASSWORD).await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidCredentials);
}
