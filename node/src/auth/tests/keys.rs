//! The keyring and the master key.

use super::{PASSWORD, World, from, is_user};
use crate::auth::token::ACCESS_LIFE_MS_MAX;
use crate::auth::{
    Auth, AuthError, AuthOptions, Caller, CookieKind, HashCost, Known, MasterSource, Presented,
    wall_clock,
};
use crate::http::problem::Code;
use easel_storage::people::KeyState;
use std::sync::Arc;

#[tokio::test]
async fn keys_turn_without_a_token_refused_and_a_destroyed_one_opens_nothing() {
    let world = World::start().await;
    let ada = world.account("ada").await;
    let auth = world.auth();
    let old = world.sign_in("ada", PASSWORD).await.unwrap();
    let states = async || {
        auth.keys()
            .await
            .unwrap()
            .keys
            .iter()
            .map(|key| key.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(states().await, [KeyState::Active]);
    let now = wall_clock();
    auth.rotate_keys(now).await.unwrap();
    assert!(auth.rotate_keys(now).await.is_err(), "one key at a time");
    auth.upkeep(now).await.unwrap();
    assert_eq!(states().await, [KeyState::Active, KeyState::Pending]);
    auth.upkeep(now.plus_ms(crate::auth::keyring::PENDING_MS))
        .await
        .unwrap();
    assert_eq!(states().await, [KeyState::VerifyOnly, KeyState::Active]);

    assert!(is_user(&world.caller(&old.tokens.access).await, ada.id));
    let renewed = auth
        .renew(&old.tokens.refresh, &from("192.0.2.1"), wall_clock())
        .await
        .unwrap();
    let id = auth.keys().await.unwrap().keys[0].id.clone();
    auth.destroy_key(&id).await.unwrap();
    assert_eq!(
        world.caller(&old.tokens.access).await,
        Err(Code::InvalidToken)
    );
    assert!(is_user(&world.caller(&renewed.tokens.access).await, ada.id));
    assert!(
        auth.renew(&renewed.tokens.refresh, &from("192.0.2.1"), wall_clock())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_restart_goes_on_a_lost_master_key_begins_anew_and_a_wrong_one_is_refused() {
    let world = World::start().await;
    let ada = world.account("ada").await;
    let token = world.sign_in("ada", PASSWORD).await.unwrap().tokens.access;
    let start = async |master| {
        let options = AuthOptions {
            instance: world.auth().instance,
            public_url: None,
            master,
            cost: HashCost::default(),
            cookies: CookieKind::Plain,
            access_life_ms: ACCESS_LIFE_MS_MAX,
        };
        let store = world.node.app.store.clone();
        Auth::start(options, store, Arc::new(Known::default())).await
    };
    let data = world.node.app.config.data_dir.clone();
    let again = start(MasterSource::DataDir(data)).await.unwrap();
    assert!(
        matches!(again.bearer(&token, wall_clock()).await, Ok(Presented { caller: Caller::User(user), .. }) if user.user == ada.id)
    );

    let other = tempfile::tempdir().unwrap();
    let anew = MasterSource::DataDir(other.path().to_owned());
    let lost = start(anew.clone()).await.unwrap();
    let refused = lost.bearer(&token, wall_clock()).await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidToken);
    assert!(lost.ring().sealing().is_some());

    // The ring is now sealed with the new key; with the old one nothing opens.
    let old = MasterSource::DataDir(world.node.app.config.data_dir.clone());
    let refused = start(old).await.unwrap_err();
    assert!(matches!(refused, AuthError::ForeignKeyring(_)), "{refused}");
    assert!(start(anew).await.is_ok());
}
