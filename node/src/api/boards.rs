//! Boards: list, make, look at, rename, put in the trash, take out again.

use super::body::{self, Accepts};
use super::conditions::{self, IfMatch};
use super::query::Params;
use super::time::rfc3339;
use super::{idempotency, store};
use crate::app::{App, AppState};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use easel_storage::{
    BoardId, BoardRecord, BoardSort, BoardsQuery, Command, CommitIndex, Query, Title,
};
use serde_json::{Value, json};

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;
const SEARCH_CHARS_MAX: usize = 200;
const TITLE_DEFAULT: &str = "Untitled board";

pub(super) async fn list(
    State(app): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = ListQuery::parse(&uri)?;
    let after = asked
        .cursor
        .as_deref()
        .map(|cursor| app.cursors.read(&asked.question(), cursor))
        .transpose()?;
    let query = BoardsQuery {
        trashed: asked.trashed,
        text: asked.text.clone(),
        sort: asked.sort,
        after,
        limit: asked.limit,
    };
    let page = store::read(&app, store::level(&headers), Query::Boards(query))
        .await?
        .into_boards();
    let next = page
        .next
        .map(|place| app.cursors.write(&asked.question(), &place));
    let data: Vec<_> = page
        .boards
        .iter()
        .map(|board| board_json(&app, board))
        .collect();
    let mut response = conditions::answer(
        &headers,
        None,
        &json!({ "data": data, "next_cursor": next }),
    );
    if let Some(cursor) = next {
        let link = format!("<{}>; rel=\"next\"", asked.url(&cursor));
        let link = HeaderValue::try_from(link).map_err(|_| Code::Internal)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

pub(super) async fn create(
    State(app): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency::command_id(request.headers(), request.method(), request.uri().path())?;
    let mut members = body::read(&app, request, Accepts::Json).await?;
    let title = members.text("title", Title::try_from);
    members.finish()?;
    let title = title.unwrap_or_else(|| TITLE_DEFAULT.to_owned().try_into().expect("a good title"));
    let id = BoardId::mint();
    let (index, board) = store::submit(
        &app,
        key,
        Command::CreateBoard {
            board: id,
            title: title.clone(),
        },
    )
    .await?;
    // Another id than the one just minted is that of an earlier request with this key.
    let is_replay = board.id != id;
    if is_replay && board.title != title {
        return Err(Code::IdempotencyKeyReused.into());
    }
    let mut response = written(&app, index, &board);
    *response.status_mut() = StatusCode::CREATED;
    let place = HeaderValue::try_from(format!("/api/v1/boards/{}", board.id))
        .map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    if is_replay {
        idempotency::mark_replayed(&mut response);
    }
    Ok(response)
}

pub(super) async fn show(
    State(app): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = store::board(&app, store::level(&headers), board_id(&id)?).await?;
    Ok(conditions::answer(
        &headers,
        Some(board.rev),
        &board_json(&app, &board),
    ))
}

pub(super) async fn change(
    State(app): State<AppState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    let level = store::level(request.headers());
    let expected = conditions::required(request.headers())?;
    let mut members = body::read(&app, request, Accepts::MergePatch).await?;
    let title = members.text("title", Title::try_from);
    members.finish()?;
    let if_rev = revision(&app, board, expected).await?;
    let Some(title) = title else {
        let unchanged = store::board(&app, level, board).await?;
        return Ok(conditions::answer(
            &HeaderMap::new(),
            Some(unchanged.rev),
            &board_json(&app, &unchanged),
        ));
    };
    let (index, board) = store::submit(
        &app,
        None,
        Command::RenameBoard {
            board,
            title,
            if_rev,
        },
    )
    .await?;
    Ok(written(&app, index, &board))
}

/// Into the trash. Whoever is on the board is told and leaves.
pub(super) async fn trash(
    State(app): State<AppState>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Params::of(&uri)?.finish()?;
    let board = board_id(&id)?;
    let if_rev = revision(&app, board, conditions::required(&headers)?).await?;
    let (index, _) = store::submit(&app, None, Command::TrashBoard { board, if_rev }).await?;
    app.rooms.board_gone(board);
    let mut response = StatusCode::NO_CONTENT.into_response();
    store::put_index(&mut response, index);
    Ok(response)
}

pub(super) async fn restore(
    State(app): State<AppState>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    let key = idempotency::command_id(&headers, &Method::POST, uri.path())?;
    let (index, board) = store::submit(&app, key, Command::RestoreBoard { board }).await?;
    Ok(written(&app, index, &board))
}

/// What a list was asked for.
#[derive(Debug)]
struct ListQuery {
    text: Option<String>,
    trashed: bool,
    sort: BoardSort,
    limit: u32,
    cursor: Option<String>,
}

impl ListQuery {
    fn parse(uri: &Uri) -> Result<ListQuery, Problem> {
        let mut params = Params::of(uri)?;
        let text = params
            .take::<String>("q", "is text")?
            .map(|text| text.trim().to_owned());
        let limit = params
            .take("limit", "is a number from 1 to 200")?
            .unwrap_or(LIMIT_DEFAULT);
        let trashed = params.choice("trashed", &[("false", false), ("true", true)])?;
        let sort = params.choice(
            "sort",
            &[
                ("-updated_at", BoardSort::UpdatedDesc),
                ("title", BoardSort::Title),
            ],
        )?;
        let cursor = params.take("cursor", "is a cursor")?;
        params.finish()?;
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::new(Code::BadQuery)
                .detail("the parameter limit is a number from 1 to 200"));
        }
        if text
            .as_ref()
            .is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX)
        {
            return Err(
                Problem::new(Code::BadQuery).detail("the parameter q has at most 200 characters")
            );
        }
        Ok(ListQuery {
            text: text.filter(|text| !text.is_empty()),
            trashed,
            sort,
            limit,
            cursor,
        })
    }

    /// All that decides the list; a page may have another size than the one before it.
    fn question(&self) -> String {
        format!(
            "{} {} {}",
            self.sort_word(),
            self.trashed,
            self.text.as_deref().unwrap_or_default()
        )
    }

    fn url(&self, cursor: &str) -> String {
        let mut url = format!(
            "/api/v1/boards?sort={}&trashed={}&limit={}&cursor={cursor}",
            self.sort_word(),
            self.trashed,
            self.limit
        );
        if let Some(text) = &self.text {
            url.push_str("&q=");
            url.push_str(&percent_encoded(text));
        }
        url
    }

    fn sort_word(&self) -> &'static str {
        match self.sort {
            BoardSort::UpdatedDesc => "-updated_at",
            BoardSort::Title => "title",
        }
    }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// An id of another form names nothing.
pub(super) fn board_id(text: &str) -> Result<BoardId, Problem> {
    text.parse().map_err(|_| Code::BoardNotFound.into())
}

/// The revision that the command is to insist on.
async fn revision(app: &App, board: BoardId, expected: IfMatch) -> Result<Option<u64>, Problem> {
    match expected {
        IfMatch::Any => Ok(None),
        IfMatch::Revisions(revisions) => {
            let current = store::board(app, easel_storage::ReadLevel::Local, board)
                .await?
                .rev;
            match revisions.contains(&current) {
                true => Ok(Some(current)),
                false => Err(Code::PreconditionFailed.into()),
            }
        }
    }
}

/// The answer to a write that ended with a board.
fn written(app: &App, index: CommitIndex, board: &BoardRecord) -> Response {
    let mut response =
        conditions::answer(&HeaderMap::new(), Some(board.rev), &board_json(app, board));
    store::put_index(&mut response, index);
    response
}

fn board_json(app: &App, board: &BoardRecord) -> Value {
    json!({
        "id": board.id.to_string(),
        "title": board.title.as_str(),
        "created_at": rfc3339(board.created_at.0),
        "updated_at": rfc3339(board.updated_at.0),
        "trashed_at": board.trashed_at.map(|at| rfc3339(at.0)),
        "seq": board.seq,
        "present": app.rooms.present(&board.id.into()),
        "sync_url": format!("/sync/{}", board.id),
        "preview_url": format!("/api/v1/boards/{}/preview.svg", board.id),
    })
}

#[cfg(test)]
mod tests {
    use super::{ListQuery, percent_encoded};

    /// Prints the question and page size of a list's address, or what is wrong with it.
    fn check(query: &str, expected: &str) {
        let got = match ListQuery::parse(&format!("/api/v1/boards?{query}").parse().unwrap()) {
            Ok(list) => format!("{} limit {}", list.question(), list.limit),
            Err(problem) => problem.detail.unwrap_or_default(),
        };
        assert_eq!(got, expected, "of {query}");
    }

    #[test]
    fn a_list_is_asked_for_in_known_words() {
        check("", "-updated_at false  limit 50");
        check(
            "q=%20plan%20b&sort=title&trashed=true&limit=200",
            "title true plan b limit 200",
        );
        check("q=", "-updated_at false  limit 50");
        check("limit=0", "the parameter limit is a number from 1 to 200");
        check(
            "limit=many",
            "the parameter limit is a number from 1 to 200",
        );
        check(
            "sort=age",
            "the parameter sort is one of -updated_at, title",
        );
        check("trashed=1", "the parameter trashed is one of false, true");
        check("colour=red", "the parameter colour does not exist here");
        check("q=a&q=b", "the parameter q stands twice");
    }

    #[test]
    fn the_next_page_keeps_the_filter() {
        let list = ListQuery::parse(&"/api/v1/boards?q=a%26b&limit=2".parse().unwrap()).unwrap();
        assert_eq!(
            list.url("00"),
            "/api/v1/boards?sort=-updated_at&trashed=false&limit=2&cursor=00&q=a%26b"
        );
        assert_eq!(percent_encoded("ä b"), "%C3%A4%20b");
    }
}
