//! Two people with the same kinds of things: nothing of one reaches the other, not even that it is there.

use super::described::{Operation, Place, Scene, operations};
use crate::testing::Answer;
use easel_storage::{Actor, Command, Envelope, NewUpdate, Payload, submit_one};
use serde_json::Value;
use std::collections::BTreeMap;
use yrs::{Doc, Map, Transact};

const MARK: &str = "zebra73";

/// A sticky with a word on it.
async fn draw(place: &Place, board: &str, word: &str) {
    let doc = Doc::new();
    let elements = doc.get_or_insert_map("elements");
    let mut txn = doc.transact_mut();
    let element = elements.insert(&mut txn, "el_1", yrs::MapPrelim::default());
    element.insert(&mut txn, "type", "sticky");
    element.insert(&mut txn, "text", yrs::TextPrelim::new(word));
    let update = NewUpdate {
        author: Actor::Local,
        origin: None,
        payload: Payload::Inline(txn.encode_update_v1().into()),
    };
    drop(txn);
    let append = Command::AppendUpdates {
        doc: easel_storage::DocName::Board(board.parse().unwrap()),
        updates: vec![update],
    };
    let envelope = Envelope::new(Actor::Local, append);
    let reply = submit_one(&*place.node.app.store, envelope).await;
    reply.unwrap().1.unwrap();
}

/// What everybody with an account may know of somebody, or what whoever has a secret is told.
fn is_told(operation: &Operation) -> bool {
    let has_secret = operation.path.starts_with("/invitations/") || operation.id == "links_open";
    operation.id.starts_with("users_") || has_secret
}

/// Without what differs between any two requests, and between ids that are there and such that are not.
fn comparable(answer: &Answer, values: &BTreeMap<&'static str, String>) -> (u16, String) {
    let mut body = match serde_json::from_str::<Value>(&answer.body) {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.remove("instance");
                members.remove("request_id");
            }
            body.to_string()
        }
        Err(_) => answer.body.clone(),
    };
    for (name, value) in values {
        body = body.replace(value.as_str(), name);
    }
    (answer.status, body)
}

/// The same, with ids that nothing has where they are somebody else's.
fn nobodys(
    values: &BTreeMap<&'static str, String>,
    theirs: &BTreeMap<&'static str, String>,
) -> BTreeMap<&'static str, String> {
    let mut values = values.clone();
    for (name, value) in &mut values {
        if let Some((prefix, digits)) = value.split_once('_')
            && digits.len() == 26
            && theirs.get(name) == Some(value)
        {
            *value = format!("{prefix}_{}", "0".repeat(26));
        }
    }
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_reaches_the_other() {
    let place = Place::start().await;
    let theirs = Scene::set(&place, MARK).await;
    draw(&place, &theirs.values["board"], MARK).await;
    let mine = Scene::set(&place, "mine").await;
    draw(&place, &mine.values["board"], "mine").await;
    for operation in operations() {
        // A stream that is not refused has no end.
        if is_told(&operation) || ["auth_logout", "me_delete"].contains(&operation.id) {
            continue;
        }
        let names: Vec<_> = [
            "board",
            "user",
            "session",
            "link",
            "invitation",
            "token",
            "asset",
        ]
        .into_iter()
        .filter(|name| operation.path.contains(&format!("{{{name}}}")))
        .collect();
        // All of it theirs, and each thing of theirs below a board of mine.
        let mut asked = vec![theirs.values_for(&operation)];
        for name in names
            .iter()
            .filter(|name| **name != "board" && **name != "user")
        {
            let mut values = mine.values_for(&operation);
            values.insert(name, theirs.values[name].clone());
            asked.push(values);
        }
        for caller in ["owner", "token", "visitor", "guest"] {
            let token = mine.callers[caller].as_deref();
            for values in &asked {
                let body = operation.body(&mine.values_for(&operation));
                let request = operation.request(values, body.clone(), token);
                if operation.is_stream() {
                    let answer = place.node.ask_head(&request).await;
                    let is_refused = !answer.status().is_success();
                    assert!(is_refused || names.is_empty(), "{caller}: {request}");
                    continue;
                }
                let answer = place.node.ask(&request).await;
                let headers = format!("{:?}", answer.headers).to_lowercase();
                assert!(
                    !answer.body.to_lowercase().contains(MARK) && !headers.contains(MARK),
                    "{caller} is told of somebody else by\n{request}\n{}",
                    answer.body
                );
                if names.is_empty() || operation.method == "get" && answer.status < 300 {
                    continue;
                }
                let nothing = nobodys(values, &theirs.values_for(&operation));
                let request = operation.request(&nothing, body.clone(), token);
                let other = place.node.ask(&request).await;
                assert_eq!(
                    comparable(&answer, values),
                    comparable(&other, &nothing),
                    "{caller} can tell what is there from what is not by {}",
                    operation.id
                );
            }
        }
    }
    // And all of theirs is still there.
    let owner = theirs.callers["owner"].as_deref();
    let board = format!("GET /boards/{}", theirs.values["board"]);
    let board = place.does(&board, owner, None).await;
    assert_eq!(board["title"], format!("Board {MARK}"));
    let members = format!("GET /boards/{}/members", theirs.values["board"]);
    let members = place.does(&members, owner, None).await;
    assert_eq!(members["data"].as_array().unwrap().len(), 4);
}
