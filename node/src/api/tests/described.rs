//! Requests made out of the OpenAPI document, and people to send them.

use crate::api::openapi::DOCUMENT;
use crate::api::time::rfc3339;
use crate::auth::{Client, Network, wall_clock};
use crate::images::samples;
use crate::testing::{Answer, TestNode};
use axum::http::HeaderMap;
use easel_storage::people::PeopleQuery;
use easel_storage::{Query, ReadLevel, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) const PASSWORD: &str = "four unrelated plain words";
const JSON: &str = "content-type: application/json";

/// One operation of the document.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    pub(super) id: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) described: &'static Value,
}

pub(super) fn operations() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(|(method, described)| Operation {
            id: described["operationId"].as_str().unwrap(),
            method,
            path,
            described,
        })
    });
    operations.collect()
}

impl Operation {
    /// As [`TestNode::ask`] takes it. `values` stand in the path, by name.
    pub(super) fn request(
        &self,
        values: &BTreeMap<&str, String>,
        body: Option<Value>,
        token: Option<&str>,
    ) -> String {
        let mut path = self.path.to_owned();
        let (mut query, mut headers) = (Vec::new(), String::new());
        for parameter in self.described["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            match (parameter["in"].as_str().unwrap(), name) {
                ("path", name) => {
                    // A token's id, or the secret of a link or an invitation.
                    let value = match (name, self.path.split('/').nth(1)) {
                        ("token", Some("share")) => &values["link-secret"],
                        ("token", Some("invitations")) => &values["invitation-secret"],
                        (name, _) => values
                            .get(name)
                            .unwrap_or_else(|| panic!("nothing stands for {{{name}}}")),
                    };
                    path = path.replace(&format!("{{{name}}}"), value);
                }
                ("query", "q") if parameter["required"] == true => query.push("q=gr".to_owned()),
                ("header", "If-Match") => headers.push_str("\nif-match: *"),
                ("header", "easel-stream") => headers.push_str("\neasel-stream: x"),
                ("header", "easel-seq") => headers.push_str("\neasel-seq: 1"),
                (place, name) if parameter["required"] == true => {
                    panic!("nothing stands for {name} in the {place} of {}", self.id)
                }
                _ => {}
            }
        }
        if let Some(token) = token {
            headers.push_str(&format!("\nauthorization: Bearer {token}"));
        }
        let contents = self.described.pointer("/requestBody/content");
        let kinds = contents.and_then(Value::as_object);
        let body = match kinds
            .and_then(|kinds| kinds.keys().next())
            .map(String::as_str)
        {
            None => String::new(),
            Some("application/octet-stream") => {
                headers.push_str("\ncontent-type: application/octet-stream");
                "\n\n".to_owned()
            }
            Some(_) => {
                headers.push_str(&format!("\n{JSON}"));
                let body = body.unwrap_or_else(|| panic!("nothing is the body of {}", self.id));
                format!("\n\n{body}")
            }
        };
        let query = match query.is_empty() {
            true => String::new(),
            false => format!("?{}", query.join("&")),
        };
        let method = self.method.to_uppercase();
        format!("{method} /api/v1{path}{query}{headers}{body}")
    }

    /// What goes through.
    pub(super) fn body(&self, values: &BTreeMap<&str, String>) -> Option<Value> {
        let value = |name: &str| values[name].clone();
        let password = PASSWORD;
        Some(match self.id {
            "auth_setup" => json!({
                "token": "0", "email": new_address(), "password": password, "display_name": "New",
            }),
            "auth_register" => json!({
                "email": new_address(), "password": password, "display_name": "New",
                "invite": value("invitation-secret"),
            }),
            "auth_login" => json!({ "email": value("email"), "password": password }),
            "auth_refresh" | "auth_logout" | "me_delete" | "copies_create" | "links_open"
            | "requests_approve" => json!({}),
            "auth_reset_password" => json!({ "token": "0", "password": password }),
            "elements_create" | "elements_replace" | "elements_patch" => {
                json!({ "type": "sticky", "box": [0, 0, 100, 100, 0] })
            }
            "auth_reauth" => json!({ "password": password }),
            "me_change_password" => {
                json!({ "current": password, "new": "other unrelated plain words" })
            }
            "tokens_create" => token_for_all(),
            "boards_transfer" => json!({ "owner": value("user") }),
            "invitations_create" => json!({ "role": "viewer" }),
            _ => {
                let contents = self.described.pointer("/requestBody/content");
                let content = contents?.as_object()?.values().next()?;
                content.get("example")?.clone()
            }
        })
    }

    /// Whether what it answers has no end.
    pub(super) fn is_stream(&self) -> bool {
        let events = "/responses/200/content/text~1event-stream";
        self.described.pointer(events).is_some()
    }

    pub(super) fn answers(&self, status: u16) -> bool {
        self.described["responses"]
            .get(status.to_string())
            .is_some()
    }
}

fn new_address() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    format!("new{}@example.org", MADE.fetch_add(1, Ordering::Relaxed))
}

fn token_for_all() -> Value {
    token(&[
        "boards:read",
        "boards:write",
        "elements:read",
        "elements:write",
        "assets:write",
        "members:write",
    ])
}

fn token(scopes: &[&str]) -> Value {
    let in_a_week = wall_clock().0 + 7 * 86_400_000;
    json!({ "name": "Program", "scopes": scopes, "expires_at": rfc3339(in_a_week) })
}

/// A node with an admin.
pub(super) struct Place {
    pub(super) node: TestNode,
    admin: Somebody,
    /// Who invites everybody, and whom no test touches.
    host: Somebody,
}

#[derive(Clone)]
pub(super) struct Somebody {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) token: String,
    pub(super) session: String,
}

impl Somebody {
    fn of(body: &Value, email: &str) -> Somebody {
        Somebody {
            id: text(&body["user"]["id"]),
            email: email.to_owned(),
            token: text(&body["access_token"]),
            session: text(&body["session"]),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Place {
    pub(super) async fn start() -> Place {
        let node = TestNode::start().await;
        let url = node.app.auth.setup_url("http://localhost").await.unwrap();
        let secret = url.unwrap().split('#').nth(1).unwrap().to_owned();
        let admin_email = "admin@example.org".to_owned();
        let body = json!({
            "token": secret, "email": admin_email, "password": PASSWORD, "display_name": "Admin",
        });
        let request = format!("POST /api/v1/auth/setup\n{JSON}\n\n{body}");
        let made = node.ask(&request).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let admin = Somebody::of(&made.json(), &admin_email);
        let mut place = Place {
            host: admin.clone(),
            admin,
            node,
        };
        let lobby = place.lobby_of_host().await;
        place.host = place.somebody(&lobby, "Host").await;
        place
    }

    /// What has to go through.
    pub(super) async fn does(
        &self,
        request: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Value {
        let answer = self.ask(request, token, body).await;
        assert!(answer.status < 300, "{request}: {}", answer.body);
        match answer.body.as_str() {
            "" => Value::Null,
            _ => answer.json(),
        }
    }

    async fn ask(&self, request: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let mut request = format!("{method} /api/v1{path}");
        if let Some(token) = token {
            request.push_str(&format!("\nauthorization: Bearer {token}"));
        }
        if let Some(body) = body {
            request.push_str(&format!("\n{JSON}\n\n{body}"));
        }
        self.node.ask(&request).await
    }

    async fn lobby_of_host(&self) -> String {
        let body = Some(json!({ "title": "Lobby" }));
        let made = self.does("POST /boards", Some(&self.host.token), body);
        text(&made.await["id"])
    }

    /// A new account.
    pub(super) async fn somebody(&self, lobby: &str, name: &str) -> Somebody {
        let invitations = format!("POST /boards/{lobby}/invitations");
        let body = Some(json!({ "role": "viewer" }));
        let invited = self.does(&invitations, Some(&self.host.token), body).await;
        let email = format!("{}.{}", name.to_lowercase().replace(' ', ""), new_address());
        let body = json!({
            "email": email, "password": PASSWORD, "display_name": name, "invite": invited["token"],
        });
        let joined = self.does("POST /auth/register", None, Some(body)).await;
        Somebody::of(&joined, &email)
    }

    /// The access token of a session that began so long ago.
    async fn session(&self, person: &Somebody, ago_ms: u64) -> String {
        let app = &self.node.app;
        let query = Query::People(PeopleQuery::User(person.id.parse().unwrap()));
        let read = app.store.read(ReadLevel::Local, query).await.unwrap();
        let easel_storage::people::PeopleAnswer::User(user) = read.answer.into_people() else {
            panic!("an account is asked for");
        };
        let network = Network::of(Ipv4Addr::LOCALHOST.into());
        let from = Client::of(&HeaderMap::new(), network, &app.auth);
        let began_at = Time(wall_clock().0 - ago_ms);
        let begun = app.auth.begin_session(user.unwrap(), &from, 0, began_at);
        begun.await.unwrap().tokens.access
    }
}

/// A board with everybody who can have to do with it.
pub(super) struct Scene {
    /// By the names of the columns.
    pub(super) callers: BTreeMap<&'static str, Option<String>>,
    /// What stands in paths and bodies.
    pub(super) values: BTreeMap<&'static str, String>,
}

/// From nobody to who may most, then those who come by a token or a link.
pub(super) const CALLERS: [&str; 13] = [
    "nobody",
    "forged",
    "expired",
    "stranger",
    "viewer",
    "commenter",
    "editor",
    "owner",
    "admin",
    "narrow",
    "token",
    "visitor",
    "guest",
];

impl Scene {
    /// Every word that somebody chose holds `mark`.
    pub(super) async fn set(place: &Place, mark: &str) -> Scene {
        let lobby = place.lobby_of_host().await;
        let owner = place.somebody(&lobby, &format!("Owner {mark}")).await;
        let title = Some(json!({ "title": format!("Board {mark}") }));
        let board = place.does("POST /boards", Some(&owner.token), title).await;
        let board = text(&board["id"]);
        let at = |rest: &str| format!("/boards/{board}/{rest}");
        let mut callers = BTreeMap::new();
        let mut values = BTreeMap::new();
        for role in ["viewer", "commenter", "editor"] {
            let person = place.somebody(&lobby, &format!("{role} {mark}")).await;
            let member = format!("PUT {}", at(&format!("members/{}", person.id)));
            let body = Some(json!({ "role": role }));
            place.does(&member, Some(&owner.token), body).await;
            if role == "viewer" {
                values.insert("user", person.id.clone());
            }
            callers.insert(role, Some(person.token));
        }
        let stranger = place.somebody(&lobby, &format!("Stranger {mark}")).await;
        let ask = format!("POST {}", at("access-requests"));
        let asker = place.somebody(&lobby, &format!("Asker {mark}")).await;
        let body = Some(json!({ "role": "viewer", "message": format!("Message {mark}") }));
        place.does(&ask, Some(&asker.token), body).await;
        let link = format!("POST {}", at("share-links"));
        let body = Some(json!({ "role": "editor", "label": format!("Label {mark}") }));
        let link = place.does(&link, Some(&owner.token), body).await;
        let visit = format!("POST /share/{}/open", text(&link["token"]));
        let visitor = place.does(&visit, None, Some(json!({}))).await;
        let guest = place.does(&visit, None, Some(json!({}))).await;
        let guest = text(&guest["access_token"]);
        let body = Some(json!({ "display_name": format!("Guest {mark}") }));
        place.does("POST /auth/guest", Some(&guest), body).await;
        let invite = format!("POST {}", at("invitations"));
        let body = Some(json!({ "role": "viewer", "message": format!("Invited {mark}") }));
        let invitation = place.does(&invite, Some(&owner.token), body).await;
        let upload = format!(
            "POST /api/v1{}\nauthorization: Bearer {}",
            at("assets"),
            owner.token
        );
        let asset = place.node.send(&upload, samples::png(4, 4)).await;
        let asset = text(&asset.json()["id"]);
        let element = json!({
            "id": "el_1", "type": "sticky", "box": [0, 0, 100, 100, 0], "text": format!("Words {mark}"),
        });
        let draw = format!("POST {}", at("elements"));
        place.does(&draw, Some(&owner.token), Some(element)).await;
        let tokens = "POST /me/tokens";
        let whole = place
            .does(tokens, Some(&owner.token), Some(token_for_all()))
            .await;
        let narrow = Some(token(&["raw:join"]));
        let narrow = place.does(tokens, Some(&owner.token), narrow).await;
        callers.extend([
            ("nobody", None),
            ("forged", Some("v4.local.AAAA".to_owned())),
            ("expired", Some(place.session(&owner, 3_600_000).await)),
            ("stranger", Some(stranger.token)),
            ("owner", Some(owner.token.clone())),
            ("admin", Some(place.session(&place.admin, 0).await)),
            ("narrow", Some(text(&narrow["token"]))),
            ("token", Some(text(&whole["token"]))),
            ("visitor", Some(text(&visitor["access_token"]))),
            ("guest", Some(guest)),
        ]);
        values.extend([
            ("board", board.clone()),
            ("asker", asker.id),
            ("session", owner.session),
            ("email", owner.email),
            ("link", text(&link["id"])),
            ("link-secret", text(&link["token"])),
            ("invitation", text(&invitation["id"])),
            ("invitation-secret", text(&invitation["token"])),
            ("token", text(&narrow["id"])),
            ("element", "el_1".to_owned()),
            ("asset", asset),
            ("form", "web".to_owned()),
            ("node", "1".to_owned()),
            ("backup", "20261122T193512345Z-1f3a9c02".to_owned()),
        ]);
        Scene { callers, values }
    }

    /// What stands in the paths of this operation.
    pub(super) fn values_for(&self, operation: &Operation) -> BTreeMap<&'static str, String> {
        let mut values = self.values.clone();
        if operation.path.contains("access-requests") {
            values.insert("user", values["asker"].clone());
        }
        values
    }
}
