//! Accounts, sessions, roles and sharing as callers meet them.

use crate::config::Config;
use crate::testing::{Answer, TestNode};
use serde_json::{Value, json};

const JSON: &str = "content-type: application/json";
pub(super) const PASSWORD: &str = "four unrelated plain words";

/// A node with an admin, and how people ask it.
pub(super) struct Place {
    pub(super) node: TestNode,
    pub(super) admin: Person,
}

#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) cookie: String,
}

impl Person {
    fn of(answer: &Answer) -> Person {
        let body = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        Person {
            id: text(&body["user"]["id"]),
            token: text(&body["access_token"]),
            cookie: cookie.to_owned(),
        }
    }
}

impl Place {
    pub(super) async fn start() -> Place {
        Place::start_with(|_| {}).await
    }

    pub(super) async fn start_with(change: impl FnOnce(&mut Config)) -> Place {
        let node = TestNode::start_with(change).await;
        let url = node.app.auth.setup_url("http://localhost").await.unwrap();
        let secret = url.unwrap().split('#').nth(1).unwrap().to_owned();
        let body = json!({
            "token": secret, "email": "ada@example.org", "password": PASSWORD, "display_name": "Ada",
        });
        let made = node
            .ask(&format!("POST /api/v1/auth/setup\n{JSON}\n\n{body}"))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let again = node
            .ask(&format!("POST /api/v1/auth/setup\n{JSON}\n\n{body}"))
            .await;
        assert_eq!(again.outcome(), "409 setup-done");
        Place {
            admin: Person::of(&made),
            node,
        }
    }

    pub(super) async fn ask(
        &self,
        who: Option<&Person>,
        request: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut text = request.to_owned();
        if let Some(person) = who {
            text.push_str(&format!("\nauthorization: Bearer {}", person.token));
        }
        if let Some(body) = body {
            text.push_str(&format!("\n{JSON}\n\n{body}"));
        }
        self.node.ask(&text).await
    }

    pub(super) async fn board(&self, who: &Person, title: &str) -> String {
        let body = json!({ "title": title });
        let made = self.ask(Some(who), "POST /api/v1/boards", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// Somebody who was invited to a board.
    pub(super) async fn invited(&self, board: &str, role: &str, name: &str) -> Person {
        let path = format!("POST /api/v1/boards/{board}/invitations");
        let made = self
            .ask(Some(&self.admin), &path, Some(json!({ "role": role })))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let body = json!({
            "email": format!("{name}@example.org"), "password": PASSWORD, "display_name": name,
            "invite": made.json()["token"],
        });
        let joined = self
            .ask(None, "POST /api/v1/auth/register", Some(body))
            .await;
        assert_eq!(joined.status, 201, "{}", joined.body);
        Person::of(&joined)
    }
}

#[tokio::test]
async fn boards_of_before_belong_to_the_first_account_and_strangers_see_nothing() {
    let node = TestNode::start().await;
    let board = node.board("Older").await;
    let url = node.app.auth.setup_url("http://localhost").await.unwrap();
    let secret = url.unwrap().split('#').nth(1).unwrap().to_owned();
    let wrong = json!({
        "token": "0".repeat(secret.len()), "email": "eve@example.org", "password": PASSWORD, "display_name": "Eve",
    });
    let refused = node
        .ask(&format!("POST /api/v1/auth/setup\n{JSON}\n\n{wrong}"))
        .await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    let right = json!({
        "token": secret, "email": "ada@example.org", "password": PASSWORD, "display_name": "Ada",
    });
    let made = node
        .ask(&format!("POST /api/v1/auth/setup\n{JSON}\n\n{right}"))
        .await;
    let ada = Person::of(&made);
    let place = Place { node, admin: ada };
    let seen = place
        .ask(
            Some(&place.admin),
            &format!("GET /api/v1/boards/{board}"),
            None,
        )
        .await;
    assert_eq!((seen.status, &seen.json()["role"]), (200, &"owner".into()));
    for request in [
        "GET /api/v1/boards".to_owned(),
        format!("GET /api/v1/boards/{board}"),
        format!("GET /api/v1/boards/{board}/ydoc"),
        format!("GET /api/v1/boards/{board}/preview.svg"),
        format!("GET /api/v1/boards/{board}/stream"),
        format!("GET /sync/{board}\nupgrade: websocket\nconnection: upgrade"),
        "GET /api/v1/me".to_owned(),
        "POST /api/v1/boards".to_owned(),
    ] {
        let answer = place.ask(None, &request, None).await;
        assert_eq!(answer.outcome(), "401 unauthenticated", "of {request}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let preview = seen.json()["preview_url"].as_str().unwrap().to_owned();
    let picture = place.ask(None, &format!("GET {preview}"), None).await;
    assert!(matches!(picture.status, 200 | 202), "{}", picture.body);
    let forged = preview.replace(&board, "brd_00000000000000000000000000");
    let forged = place.ask(None, &format!("GET {forged}"), None).await;
    assert_eq!(forged.outcome(), "401 invalid-token");
}

#[tokio::test]
async fn a_session_is_renewed_in_turns_and_ends() {
    let place = Place::start().await;
    let ada = &place.admin;
    let refresh = |cookie: &str| {
        format!("POST /api/v1/auth/refresh\n{JSON}\neasel-client: web\ncookie: {cookie}\n\n{{}}")
    };
    let first = place.node.ask(&refresh(&ada.cookie)).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let second = place.node.ask(&refresh(&ada.cookie)).await;
    assert_eq!(
        second.status, 200,
        "a second tab within the grace: {}",
        second.body
    );
    let renewed = Person::of(&first);
    let third = place.node.ask(&refresh(&renewed.cookie)).await;
    assert_eq!(third.status, 200);
    // The one before the last is a theft by now.
    let stolen = place.node.ask(&refresh(&ada.cookie)).await;
    assert_eq!(stolen.outcome(), "401 refresh-reused");
    let after = place.ask(Some(ada), "GET /api/v1/me", None).await;
    assert_eq!(after.outcome(), "401 invalid-token");
    let form = format!(
        "POST /api/v1/auth/refresh\n{JSON}\ncookie: {}\n\n{{}}",
        ada.cookie
    );
    assert_eq!(place.node.ask(&form).await.outcome(), "403 foreign-origin");

    let login = |password: &str| json!({ "email": "Ada@Example.org", "password": password });
    let wrong = place
        .ask(None, "POST /api/v1/auth/login", Some(login("not this one")))
        .await;
    assert_eq!(wrong.outcome(), "401 invalid-credentials");
    let nobody = json!({ "email": "nobody@example.org", "password": "not this one" });
    let nobody = place
        .ask(None, "POST /api/v1/auth/login", Some(nobody))
        .await;
    assert_eq!(nobody.outcome(), "401 invalid-credentials");
    let again = place
        .ask(None, "POST /api/v1/auth/login", Some(login(PASSWORD)))
        .await;
    let ada = Person::of(&again);
    let sessions = place
        .ask(Some(&ada), "GET /api/v1/auth/sessions", None)
        .await
        .json();
    assert_eq!(sessions["data"].as_array().unwrap().len(), 1);
    let out = place
        .ask(Some(&ada), "POST /api/v1/auth/logout", Some(json!({})))
        .await;
    assert_eq!(out.status, 204);
    let after = place.ask(Some(&ada), "GET /api/v1/me", None).await;
    assert_eq!(after.outcome(), "401 invalid-token");
}

#[tokio::test]
async fn roles_decide_and_what_one_may_not_see_is_not_there() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let other = place.board(&place.admin, "Other").await;
    let vera = place.invited(&board, "viewer", "vera").await;
    let eddy = place.invited(&board, "editor", "eddy").await;
    let at = |path: &str| path.replace("B", &board);
    for (who, request, body, expected) in [
        (&vera, "GET /api/v1/boards/B", None, "200"),
        (&vera, "GET /api/v1/boards/B/members", None, "200"),
        (&vera, "GET /api/v1/boards/B/activity", None, "200"),
        (
            &vera,
            "GET /api/v1/boards/B/share-links",
            None,
            "403 forbidden",
        ),
        (
            &vera,
            "PATCH /api/v1/boards/B\nif-match: *",
            Some(json!({"title": "x"})),
            "403 forbidden",
        ),
        (
            &vera,
            "DELETE /api/v1/boards/B\nif-match: *",
            None,
            "403 forbidden",
        ),
        (
            &vera,
            "POST /api/v1/boards/B/archive",
            None,
            "403 forbidden",
        ),
        (
            &eddy,
            "PATCH /api/v1/boards/B\nif-match: *",
            Some(json!({"title": "Plan B"})),
            "200",
        ),
        (
            &eddy,
            "DELETE /api/v1/boards/B\nif-match: *",
            None,
            "403 forbidden",
        ),
        (
            &eddy,
            "POST /api/v1/boards/B/share-links",
            Some(json!({"role": "viewer"})),
            "403 forbidden",
        ),
        (
            &eddy,
            "POST /api/v1/boards/B/copies",
            Some(json!({})),
            "201",
        ),
        (
            &vera,
            "GET /api/v1/boards/brd_00000000000000000000000000",
            None,
            "404 board-not-found",
        ),
    ] {
        let answer = place.ask(Some(who), &at(request), body).await;
        assert_eq!(answer.outcome(), expected, "of {request}: {}", answer.body);
    }
    let hidden = place
        .ask(Some(&eddy), &format!("GET /api/v1/boards/{other}"), None)
        .await;
    let missing = place
        .ask(
            Some(&eddy),
            "GET /api/v1/boards/brd_00000000000000000000000000",
            None,
        )
        .await;
    assert_eq!(hidden.outcome(), missing.outcome());

    // Editors let others in where the policy says so, and give no more than they have.
    let policy = at("PATCH /api/v1/boards/B/sharing\nif-match: *");
    let changed = place
        .ask(
            Some(&place.admin),
            &policy,
            Some(json!({"share": "editor"})),
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let put = format!("PUT /api/v1/boards/{board}/members/{}", vera.id);
    let raised = place
        .ask(Some(&eddy), &put, Some(json!({"role": "editor"})))
        .await;
    assert_eq!(raised.json()["role"], "editor", "{}", raised.body);
    let above = place
        .ask(Some(&eddy), &put, Some(json!({"role": "owner"})))
        .await;
    assert_eq!(above.outcome(), "403 forbidden");
    let owner = format!("PUT /api/v1/boards/{board}/members/{}", place.admin.id);
    let demoted = place
        .ask(Some(&eddy), &owner, Some(json!({"role": "viewer"})))
        .await;
    assert_eq!(demoted.outcome(), "403 forbidden");
    let last = place
        .ask(Some(&place.admin), &owner, Some(json!({"role": "viewer"})))
        .await;
    assert_eq!(last.outcome(), "409 last-owner");
    let gone = format!("DELETE /api/v1/boards/{board}/members/{}", vera.id);
    let gone = place.ask(Some(&place.admin), &gone, None).await;
    assert_eq!(gone.status, 204);
    let after = place
        .ask(Some(&vera), &at("GET /api/v1/boards/B"), None)
        .await;
    assert_eq!(after.outcome(), "404 board-not-found");
}

#[tokio::test]
async fn a_share_link_opens_one_board_to_who_knows_its_password() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let other = place.board(&place.admin, "Other").await;
    let path = format!("POST /api/v1/boards/{board}/share-links");
    let body = json!({ "role": "editor", "password": "open sesame", "max_uses": 2 });
    let made = place.ask(Some(&place.admin), &path, Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (link, token) = (made.json()["id"].clone(), made.json()["token"].clone());
    let open = format!("POST /api/v1/share/{}/open", token.as_str().unwrap());
    for (password, expected) in [
        (json!({}), "401 link-password"),
        (json!({"password": "wrong"}), "401 link-password"),
    ] {
        let answer = place.ask(None, &open, Some(password)).await;
        assert_eq!(answer.outcome(), expected);
    }
    let opened = place
        .ask(None, &open, Some(json!({"password": "open sesame"})))
        .await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    let guest = Person {
        id: String::new(),
        token: opened.json()["access_token"].as_str().unwrap().to_owned(),
        cookie: String::new(),
    };
    let named = json!({ "display_name": "Gus" });
    let named = place
        .ask(Some(&guest), "POST /api/v1/auth/guest", Some(named))
        .await;
    assert_eq!(named.json()["role"], "editor", "{}", named.body);
    let seen = place
        .ask(Some(&guest), &format!("GET /api/v1/boards/{board}"), None)
        .await;
    assert_eq!(seen.json()["role"], "editor");
    for (request, expected) in [
        (format!("GET /api/v1/boards/{other}"), "404 board-not-found"),
        (
            format!("GET /api/v1/boards/{board}/members"),
            "403 forbidden",
        ),
        (
            format!("GET /api/v1/boards/{board}/activity"),
            "403 forbidden",
        ),
        ("GET /api/v1/boards".to_owned(), "403 forbidden"),
        ("GET /api/v1/me".to_owned(), "403 forbidden"),
    ] {
        let answer = place.ask(Some(&guest), &request, None).await;
        assert_eq!(answer.outcome(), expected, "of {request}");
    }
    let link = format!(
        "/api/v1/boards/{board}/share-links/{}",
        link.as_str().unwrap()
    );
    let changed = place
        .ask(
            Some(&place.admin),
            &format!("PATCH {link}"),
            Some(json!({"role": "viewer"})),
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let seen = place
        .ask(Some(&guest), &format!("GET /api/v1/boards/{board}"), None)
        .await;
    assert_eq!(seen.json()["role"], "viewer");
    let revoked = place
        .ask(Some(&place.admin), &format!("DELETE {link}"), None)
        .await;
    assert_eq!(revoked.status, 204);
    let after = place
        .ask(Some(&guest), &format!("GET /api/v1/boards/{board}"), None)
        .await;
    assert_eq!(after.outcome(), "401 invalid-token");
    let closed = place
        .ask(None, &open, Some(json!({"password": "open sesame"})))
        .await;
    assert_eq!(closed.outcome(), "410 gone");
    let unknown = format!("POST /api/v1/share/{}/open", "0".repeat(43));
    let unknown = place.ask(None, &unknown, Some(json!({}))).await;
    assert_eq!(unknown.outcome(), "404 link-not-found");
}

#[tokio::test]
async fn a_token_does_what_it_is_for() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let body =
        json!({ "name": "ci", "scopes": ["boards:read"], "expires_at": "2099-01-01T00:00:00Z" });
    let far = place
        .ask(Some(&place.admin), "POST /api/v1/me/tokens", Some(body))
        .await;
    assert_eq!(far.outcome(), "422 invalid");
    let soon = super::super::time::rfc3339(crate::auth::wall_clock().0 + 3_600_000);
    let body = json!({ "name": "ci", "scopes": ["boards:read"], "expires_at": soon });
    let made = place
        .ask(Some(&place.admin), "POST /api/v1/me/tokens", Some(body))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = Person {
        id: String::new(),
        token: made.json()["token"].as_str().unwrap().to_owned(),
        cookie: String::new(),
    };
    for (request, expected) in [
        (format!("GET /api/v1/boards/{board}"), "200"),
        ("GET /api/v1/boards".to_owned(), "200"),
        (
            format!("DELETE /api/v1/boards/{board}\nif-match: *"),
            "403 forbidden",
        ),
        (format!("GET /api/v1/boards/{board}/ydoc"), "403 forbidden"),
        ("GET /api/v1/me/tokens".to_owned(), "403 forbidden"),
    ] {
        let answer = place.ask(Some(&token), &request, None).await;
        assert_eq!(answer.outcome(), expected, "of {request}: {}", answer.body);
    }
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let gone = place
        .ask(
            Some(&place.admin),
            &format!("DELETE /api/v1/me/tokens/{id}"),
            None,
        )
        .await;
    assert_eq!(gone.status, 204);
    let after = place.ask(Some(&token), "GET /api/v1/boards", None).await;
    assert_eq!(after.outcome(), "401 invalid-token");
}

#[tokio::test]
async fn settings_favourites_and_lists_are_ones_own() {
    let place = Place::start().await;
    let ada = &place.admin;
    let (plan, notes) = (
        place.board(ada, "Plan").await,
        place.board(ada, "Notes").await,
    );
    let patch = "PATCH /api/v1/me/settings\nif-match: *";
    let set = place
        .ask(
            Some(ada),
            patch,
            Some(json!({"theme": "dark", "grid": {"on": true}})),
        )
        .await;
    assert_eq!(set.status, 200, "{}", set.body);
    let merged = place
        .ask(
            Some(ada),
            patch,
            Some(json!({"theme": null, "grid": {"size": 8}})),
        )
        .await;
    assert_eq!(merged.json(), json!({"grid": {"on": true, "size": 8}}));
    let star = format!("PUT /api/v1/me/favourites/{plan}");
    assert_eq!(place.ask(Some(ada), &star, None).await.status, 204);
    let titles = |answer: &Answer| {
        let data = answer.json()["data"].clone();
        let of = |card: &Value| card["title"].as_str().unwrap().to_owned();
        data.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let starred = place
        .ask(Some(ada), "GET /api/v1/boards?starred=true", None)
        .await;
    assert_eq!(titles(&starred), ["Plan"]);
    let archive = format!("POST /api/v1/boards/{notes}/archive");
    let archived = place.ask(Some(ada), &archive, None).await;
    assert_eq!(archived.json()["may"]["edit"], false, "{}", archived.body);
    let shown = place.ask(Some(ada), "GET /api/v1/boards", None).await;
    assert_eq!(titles(&shown), ["Plan"]);
    let kept = place
        .ask(Some(ada), "GET /api/v1/boards?archived=true", None)
        .await;
    assert_eq!(titles(&kept), ["Notes"]);
    let eddy = place.invited(&plan, "editor", "eddy").await;
    let shared = place
        .ask(Some(&eddy), "GET /api/v1/boards?mine=shared", None)
        .await;
    assert_eq!(titles(&shared), ["Plan"]);
    assert_eq!(shared.json()["data"][0]["owner"]["name"], "Ada");
    let starred = place
        .ask(Some(&eddy), "GET /api/v1/boards?starred=true", None)
        .await;
    assert!(titles(&starred).is_empty());
}

#[tokio::test]
async fn visits_end_when_links_are_switched_off_or_ask_for_a_password() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let links = format!("/api/v1/boards/{board}/share-links");
    let sharing = format!("PATCH /api/v1/boards/{board}/sharing\nif-match: *");
    for by_password in [true, false] {
        let body = json!({ "role": "editor" });
        let made = place
            .ask(Some(&place.admin), &format!("POST {links}"), Some(body))
            .await;
        let open = format!(
            "POST /api/v1/share/{}/open",
            made.json()["token"].as_str().unwrap()
        );
        let opened = place.ask(None, &open, Some(json!({}))).await;
        let guest = Person {
            id: String::new(),
            token: opened.json()["access_token"].as_str().unwrap().to_owned(),
            cookie: String::new(),
        };
        let look = format!("GET /api/v1/boards/{board}");
        assert_eq!(place.ask(Some(&guest), &look, None).await.status, 200);
        let (request, body) = if by_password {
            let link = made.json()["id"].as_str().unwrap().to_owned();
            let body = json!({ "password": "open sesame" });
            (format!("PATCH {links}/{link}"), body)
        } else {
            (sharing.clone(), json!({ "links": false }))
        };
        let changed = place.ask(Some(&place.admin), &request, Some(body)).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let after = place.ask(Some(&guest), &look, None).await;
        assert_eq!(after.outcome(), "401 invalid-token");
    }
}

#[tokio::test]
async fn an_invitation_makes_one_account() {
    let place = Place::start().await;
    let board = place.board(&place.admin, "Plan").await;
    let path = format!("POST /api/v1/boards/{board}/invitations");
    let invite = |token: Value, name: usize| {
        json!({
            "email": format!("p{name}@example.org"), "password": PASSWORD, "display_name": "P",
            "invite": token,
        })
    };
    let made = place
        .ask(Some(&place.admin), &path, Some(json!({ "role": "viewer" })))
        .await;
    let token = made.json()["token"].clone();
    let asks = (0..4).map(|name| {
        place.ask(
            None,
            "POST /api/v1/auth/register",
            Some(invite(token.clone(), name)),
        )
    });
    let answers = futures_util::future::join_all(asks).await;
    let made_it = answers.iter().filter(|answer| answer.status == 201);
    assert_eq!(made_it.count(), 1);
    let people = place
        .ask(
            Some(&place.admin),
            "GET /api/v1/users?q=p0@example.org",
            None,
        )
        .await;
    let others = (1..4).map(|n| format!("GET /api/v1/users?q=p{n}@example.org"));
    let mut found = people.json()["data"].as_array().unwrap().len();
    for request in others {
        let answer = place.ask(Some(&place.admin), &request, None).await;
        found += answer.json()["data"].as_array().unwrap().len();
    }
    assert_eq!(found, 1, "whoever came too late has no account");
}
