//! What people did on a board, and what one did oneself.

use super::access::{self, Seen, board_as};
use super::boards::board_id;
use super::conditions;
use super::members::Doer;
use super::query::Params;
use super::store;
use super::time::parse_rfc3339;
use super::wire::{BoardWord, LinkWord, List, Moment, RoleWord, Text, TitleText, UserWord, Word};
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
use easel_storage::{LinkId, Time, Title, UserId};
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use utoipa::ToSchema;

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;

/// What people did on a board, the latest first.
#[utoipa::path(
    get, path = "/boards/{board}/activity", operation_id = "boards_activity", tag = "Boards",
    security(("bearer" = ["boards:read"])),
    params(
        ("user" = Option<UserWord>, Query, description = "Only what this person did."),
        ("since" = Option<Moment>, Query, description = "Only what happened from then on."),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page", body = List<ActivityLine>)),
    extensions(("x-problems" = json!(["forbidden", "cursor-mismatch"]))),
)]
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
    let asked = Asked {
        caller: &caller,
        headers: &headers,
        uri: &uri,
    };
    list(&app, asked, ActivityOf::Board(board)).await
}

/// What one did, the latest first.
#[utoipa::path(
    get, path = "/me/activity", operation_id = "me_activity", tag = "Account",
    security(("bearer" = ["boards:read"])),
    params(
        ("user" = Option<UserWord>, Query, description = "Only what this person did."),
        ("since" = Option<Moment>, Query, description = "Only what happened from then on."),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page", body = List<ActivityLine>)),
    extensions(("x-problems" = json!(["forbidden", "cursor-mismatch"]))),
)]
pub(super) async fn of_me(
    State(app): State<AppState>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let me = access::person(&caller)?.user;
    access::scope(&caller, Scope::BoardsRead)?;
    access::any_board(&caller)?;
    let asked = Asked {
        caller: &caller,
        headers: &headers,
        uri: &uri,
    };
    list(&app, asked, ActivityOf::User(me)).await
}

/// Who asks, and how.
struct Asked<'a> {
    caller: &'a Caller,
    headers: &'a HeaderMap,
    uri: &'a Uri,
}

async fn list(app: &App, asked: Asked<'_>, of: ActivityOf) -> Result<Response, Problem> {
    let Asked {
        caller,
        headers,
        uri,
    } = asked;
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
    let mut data: Vec<_> = page.lines.iter().map(ActivityLine::of).collect();
    if matches!(of, ActivityOf::User(_)) {
        name_boards(app, caller, &mut data).await?;
    }
    let body = List {
        data,
        next_cursor: next.clone(),
    };
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

async fn name_boards(
    app: &App,
    caller: &Caller,
    lines: &mut [ActivityLine],
) -> Result<(), Problem> {
    let mut titles = HashMap::new();
    for line in lines {
        let title = match titles.entry(line.board.0) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let seen = board_as(app, caller, line.board.0, Role::Viewer).await;
                unknown.insert(title_of(seen)?)
            }
        };
        line.board_title = title.clone().map(Text);
    }
    Ok(())
}

fn title_of(seen: Result<Seen, Problem>) -> Result<Option<Title>, Problem> {
    match seen {
        Ok(seen) => Ok(Some(seen.view.board.title)),
        Err(problem) if problem.code.about().status.is_client_error() => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// One thing that somebody did.
#[derive(Serialize, ToSchema)]
struct ActivityLine {
    #[schema(pattern = "^evt_[0-9]{26}$")]
    id: String,
    board: BoardWord,
    /// In one's own activity, as long as one sees the board.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    board_title: Option<TitleText>,
    at: Moment,
    actor: Doer,
    #[serde(flatten)]
    what: Did,
}

/// What it was: of the other members those that belong to it.
#[derive(Serialize, ToSchema, Default)]
struct Did {
    /// As `board.renamed`. There may be others in time.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<TitleText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user: Option<UserWord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<RoleWord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link: Option<LinkWord>,
    /// What was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    from: Option<BoardWord>,
}

impl ActivityLine {
    fn of(line: &ActivityView) -> ActivityLine {
        ActivityLine {
            id: format!("evt_{:026}", line.no.0),
            board: Word(line.board),
            board_title: None,
            at: Moment(line.row.at),
            actor: Doer::of(line.row.actor, line.name.as_deref()),
            what: did(&line.row.what),
        }
    }
}

fn did(what: &What) -> Did {
    let plain = |r#type| Did {
        r#type,
        ..Did::default()
    };
    let with_role = |r#type, role: Role| Did {
        role: Some(RoleWord(role)),
        ..plain(r#type)
    };
    let with_user = |r#type, user: UserId| Did {
        user: Some(Word(user)),
        ..plain(r#type)
    };
    let with_link = |r#type, link: LinkId| Did {
        link: Some(Word(link)),
        ..plain(r#type)
    };
    match what {
        What::Created => plain("board.created"),
        What::Renamed { title } => Did {
            title: Some(Text(title.clone())),
            ..plain("board.renamed")
        },
        What::Trashed => plain("board.trashed"),
        What::Restored => plain("board.restored"),
        What::Archived => plain("board.archived"),
        What::Unarchived => plain("board.unarchived"),
        What::CopiedFrom { board } => Did {
            from: Some(Word(*board)),
            ..plain("board.copied")
        },
        What::Transferred { to } => with_user("board.transferred", *to),
        What::MemberSet { user, role } => Did {
            user: Some(Word(*user)),
            ..with_role("member.set", *role)
        },
        What::MemberRemoved { user } => with_user("member.removed", *user),
        What::SharingChanged => plain("sharing.changed"),
        What::LinkMade { link, role } => Did {
            link: Some(Word(*link)),
            ..with_role("link.created", *role)
        },
        What::LinkChanged { link } => with_link("link.changed", *link),
        What::LinkRevoked { link } => with_link("link.revoked", *link),
        What::Invited { role } => with_role("member.invited", *role),
        What::Joined { role } => with_role("member.joined", *role),
        What::AccessAsked { role } => with_role("access.asked", *role),
        What::AccessDenied { user } => with_user("access.denied", *user),
        What::Edited => plain("board.edited"),
    }
}
