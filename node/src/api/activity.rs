//! What people did on a board, and what one did oneself.

use super::access::{self, board_as, role_word};
use super::boards::board_id;
use super::conditions;
use super::members::actor_json;
use super::query::Params;
use super::store;
use super::time::{parse_rfc3339, rfc3339};
use crate::app::{App, AppState};
use crate::auth::Caller;
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use easel_storage::people::Scope;
use easel_storage::sharing::{
    ActivityOf, ActivityQuery, ActivityView, EventNo, Role, SharingAnswer, SharingQuery, What,
};
use easel_storage::{Time, UserId};
use serde_json::{Value, json};

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;

pub(super) async fn of_board(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    // Visitors by a link are told who is there, not who has been.
    access::person(&caller)?;
    access::scope(&caller, Scope::BoardsRead)?;
    board_as(&app, &caller, board, Role::Viewer).await?;
    list(&app, &headers, &uri, ActivityOf::Board(board)).await
}

pub(super) async fn of_me(
    State(app): State<AppState>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let me = access::person(&caller)?.user;
    access::scope(&caller, Scope::BoardsRead)?;
    access::any_board(&caller)?;
    list(&app, &headers, &uri, ActivityOf::User(me)).await
}

async fn list(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    of: ActivityOf,
) -> Result<Response, Problem> {
    let mut params = Params::of(uri)?;
    let by: Option<UserId> = params.take("user", "is a user id")?;
    let since_text: Option<String> = params.take("since", "is a time")?;
    let limit = params
        .take("limit", "is a number from 1 to 200")?
        .unwrap_or(LIMIT_DEFAULT);
    let cursor: Option<String> = params.take("cursor", "is a cursor")?;
    params.finish()?;
    let bad = |detail: &str| Problem::new(Code::BadQuery).detail(detail);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(bad("the parameter limit is a number from 1 to 200"));
    }
    let since = match &since_text {
        Some(text) => {
            let ms = parse_rfc3339(text);
            Some(Time(
                ms.ok_or_else(|| bad("the parameter since is a time"))?,
            ))
        }
        None => None,
    };
    let question = format!("activity {of:?} {by:?} {since:?}");
    let after: Option<EventNo> = cursor
        .map(|cursor| app.cursors.read(&question, &cursor))
        .transpose()?;
    let query = ActivityQuery {
        of,
        by,
        since,
        after,
        limit,
    };
    let level = store::level(headers);
    let answer = store::sharing(app, level, SharingQuery::Activity(query)).await?;
    let SharingAnswer::Activity(page) = answer else {
        return Err(Code::Internal.into());
    };
    let next = page.next.map(|place| app.cursors.write(&question, &place));
    let data: Vec<_> = page.lines.iter().map(line_json).collect();
    let body = json!({ "data": data, "next_cursor": next });
    let mut response = conditions::answer(headers, None, &body);
    if let Some(cursor) = next {
        let mut url = app.url(&format!(
            "/api/v1{}?limit={limit}&cursor={cursor}",
            uri.path()
        ));
        for (name, word) in [("user", by.map(|by| by.to_string())), ("since", since_text)] {
            if let Some(word) = word {
                url.push_str(&format!("&{name}={}", word.replace('+', "%2B")));
            }
        }
        let link = HeaderValue::try_from(format!("<{url}>; rel=\"next\""));
        let link = link.map_err(|_| Code::Internal)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn line_json(line: &ActivityView) -> Value {
    let mut body = what_json(&line.row.what);
    body["id"] = format!("evt_{:026}", line.no.0).into();
    body["board"] = line.board.to_string().into();
    body["at"] = rfc3339(line.row.at.0).into();
    body["actor"] = actor_json(line.row.actor, line.name.as_deref());
    body
}

fn what_json(what: &What) -> Value {
    match what {
        What::Created => json!({ "type": "board.created" }),
        What::Renamed { title } => json!({ "type": "board.renamed", "title": title.as_str() }),
        What::Trashed => json!({ "type": "board.trashed" }),
        What::Restored => json!({ "type": "board.restored" }),
        What::Archived => json!({ "type": "board.archived" }),
        What::Unarchived => json!({ "type": "board.unarchived" }),
        What::CopiedFrom { board } => {
            json!({ "type": "board.copied", "from": board.to_string() })
        }
        What::Transferred { to } => {
            json!({ "type": "board.transferred", "user": to.to_string() })
        }
        What::MemberSet { user, role } => {
            json!({ "type": "member.set", "user": user.to_string(), "role": role_word(*role) })
        }
        What::MemberRemoved { user } => {
            json!({ "type": "member.removed", "user": user.to_string() })
        }
        What::SharingChanged => json!({ "type": "sharing.changed" }),
        What::LinkMade { link, role } => {
            json!({ "type": "link.created", "link": link.to_string(), "role": role_word(*role) })
        }
        What::LinkChanged { link } => json!({ "type": "link.changed", "link": link.to_string() }),
        What::LinkRevoked { link } => json!({ "type": "link.revoked", "link": link.to_string() }),
        What::Invited { role } => json!({ "type": "member.invited", "role": role_word(*role) }),
        What::Joined { role } => json!({ "type": "member.joined", "role": role_word(*role) }),
        What::AccessAsked { role } => {
            json!({ "type": "access.asked", "role": role_word(*role) })
        }
        What::AccessDenied { user } => {
            json!({ "type": "access.denied", "user": user.to_string() })
        }
        What::Edited => json!({ "type": "board.edited" }),
    }
}
