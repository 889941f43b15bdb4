//! Who guesses, and who shares a way in with somebody who does.

use super::{PASSWORD, World, from, value};
use crate::auth::password::Password;
use crate::auth::session::Client;
use crate::auth::wall_clock;
use crate::http::problem::Code;

#[tokio::test]
async fn every_reason_not_to_sign_in_gives_one_answer_and_then_a_wait() {
    let world = World::start().await;
    world.account("ada").await;
    // One moment for all of it: how long hashing takes is none of the guard's affair.
    let now = wall_clock();
    let mut codes = Vec::new();
    for (name, password) in [
        ("ada", "wrong wrong"),
        ("nobody", PASSWORD),
        ("not an address", PASSWORD),
    ] {
        codes.push(world.sign_in_at(name, password, now).await.unwrap_err());
    }
    assert!(
        codes
            .iter()
            .all(|problem| *problem == Code::InvalidCredentials.into())
    );

    for _ in 0..4 {
        world
            .sign_in_at("ada", "wrong wrong", now)
            .await
            .unwrap_err();
    }
    let wait = world.sign_in_at("ada", PASSWORD, now).await.unwrap_err();
    assert_eq!(wait.code, Code::TooManyAttempts);
    assert_eq!(wait.retry_after_s, Some(1));
}

#[tokio::test]
async fn a_browser_that_was_here_before_is_not_held_up_by_strangers() {
    let world = World::start().await;
    world.account("ada").await;
    // One moment for all of it: how long hashing takes is none of the guard's affair.
    let now = wall_clock();
    let signed_in = world.sign_in_at("ada", PASSWORD, now).await.unwrap();
    for _ in 0..5 {
        world
            .sign_in_at("ada", "wrong wrong", now)
            .await
            .unwrap_err();
    }
    let here = |device| Client {
        device,
        ..from("192.0.2.1")
    };
    let sign_in = async |from: Client| {
        let password = Password::new(PASSWORD.to_owned());
        world
            .auth()
            .sign_in("ada@example.org", password, &from, now)
            .await
    };
    assert_eq!(
        sign_in(here(None)).await.unwrap_err().code,
        Code::TooManyAttempts
    );
    let forged = Some("v4.local.x".to_owned());
    assert_eq!(
        sign_in(here(forged)).await.unwrap_err().code,
        Code::TooManyAttempts
    );
    let device = value(&signed_in.device_cookie);
    assert!(sign_in(here(Some(device))).await.is_ok());
}
