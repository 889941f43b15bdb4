//! Boards: list, make, look at, rename, put in the trash or the archive, take out again, copy, hand over.

use super::access::{self, Seen, board_as, seen};
use super::body::{self, Accepts};
use super::conditions::{self, IfMatch};
use super::idempotency::Attempt;
use super::query::Params;
use super::store::{self, Ran};
use super::wire::{BoardWord, List, Moment, RoleWord, Text, TitleText, UserWord, Word, choice};
use crate::app::{App, AppState};
use crate::auth::{Caller, wall_clock};
use crate::http::problem::{Code, Problem};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use easel_storage::people::Scope;
use easel_storage::sharing::{
    BoardCard, CardFilter, CardSort, CardsQuery, Mine, Role, SharingAnswer, SharingCommand,
    SharingQuery,
};
use easel_storage::{
    BoardId, BoardRecord, BoardSort, BoardsQuery, Command, Query, ReadLevel, UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;
const SEARCH_CHARS_MAX: usize = 200;
const TITLE_DEFAULT: &str = "Untitled board";

/// The boards that one may see.
#[utoipa::path(
    get, path = "/boards", operation_id = "boards_list", tag = "Boards",
    security(("bearer" = ["boards:read"])),
    params(
        ("q" = Option<String>, Query, description = "A part of the title.", max_length = 200),
        ("mine" = inline(Option<MineWord>), Query, description = "Whose: `owned`, `shared` with me, `opened` by me, or `any`."),
        ("owner" = Option<String>, Query, description = "A user id, or `me`.", pattern = "^(me|usr_[0-9a-hjkmnp-tv-z]{26})$"),
        ("archived" = inline(Option<ArchivedWord>), Query, description = "Without it only those that are not."),
        ("trashed" = Option<bool>, Query, description = "What is in the trash, and nothing else."),
        ("starred" = Option<bool>, Query, description = "Only favourites."),
        ("sort" = inline(Option<SortWord>), Query, description = "`-` is descending."),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page", body = List<Card>)),
    extensions(("x-problems" = json!(["forbidden", "cursor-mismatch"]))),
)]
pub(super) async fn list(
    State(app): State<AppState>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = ListQuery::parse(&uri)?;
    access::scope(&caller, Scope::BoardsRead)?;
    let (data, next_cursor) = match &caller {
        Caller::Local => list_all(&app, &headers, &asked).await?,
        caller => list_mine(&app, caller, &headers, &asked).await?,
    };
    let page = List { data, next_cursor };
    let mut response = conditions::answer(&headers, None, &page);
    if let Some(cursor) = page.next_cursor {
        let link = format!("<{}>; rel=\"next\"", asked.url(&app, &cursor));
        let link = HeaderValue::try_from(link).map_err(|_| Code::Internal)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

type Listed = (Vec<Card>, Option<String>);

/// On a node without accounts everybody sees everything.
async fn list_all(app: &App, headers: &HeaderMap, asked: &ListQuery) -> Result<Listed, Problem> {
    let question = asked.question("");
    let after = asked.after(app, &question)?;
    let query = BoardsQuery {
        trashed: asked.filter.trashed,
        text: asked.text.clone(),
        sort: match asked.sort {
            CardSort::Title => BoardSort::Title,
            CardSort::UpdatedDesc
            | CardSort::UpdatedAsc
            | CardSort::CreatedDesc
            | CardSort::OpenedDesc => BoardSort::UpdatedDesc,
        },
        after,
        limit: asked.limit,
    };
    let level = store::level(headers);
    let page = store::read(app, level, Query::Boards(query)).await?;
    let page = page.into_boards();
    let next = page.next.map(|place| app.cursors.write(&question, &place));
    let boards = page.boards.iter();
    let data = boards.map(|board| Card::of_nobody(app, board));
    Ok((data.collect(), next))
}

async fn list_mine(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    asked: &ListQuery,
) -> Result<Listed, Problem> {
    let person = access::person(caller)?;
    let question = asked.question(&person.user.to_string());
    let mut filter = asked.filter;
    filter.owner = asked.owner.map(|owner| match owner {
        OwnerWord::Me => person.user,
        OwnerWord::User(user) => user,
    });
    let query = CardsQuery {
        user: person.user,
        filter,
        text: asked.text.clone(),
        sort: asked.sort,
        after: asked.after(app, &question)?,
        limit: asked.limit,
    };
    let level = store::level(headers);
    let answer = store::sharing(app, level, SharingQuery::Cards(query)).await?;
    let SharingAnswer::Cards(page) = answer else {
        return Err(Code::Internal.into());
    };
    let next = page.next.map(|place| app.cursors.write(&question, &place));
    let cards = page.cards.iter();
    // A token for one board lists that one.
    let cards = cards.filter(|card| person.board.is_none_or(|only| card.board.id == only));
    Ok((
        cards.map(|card| Card::of(app, caller, card)).collect(),
        next,
    ))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBoard {
    title: Option<TitleText>,
    workspace: Option<String>,
}

/// A new board, owned by who makes it.
#[utoipa::path(
    post, path = "/boards", operation_id = "boards_create", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    request_body = NewBoard,
    responses((status = 201, description = "The board", body = Board)),
    extensions(("x-problems" = json!(["forbidden", "board-exists", "board-not-found", "board-trashed", "quota-exceeded", "idempotency-key-reused"]))),
)]
pub(super) async fn create(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    if !matches!(caller, Caller::Local) {
        access::person(&caller)?;
    }
    access::scope(&caller, Scope::BoardsWrite)?;
    access::any_board(&caller)?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let read = body::read::<NewBoard>(&app, request, Accepts::Json).await?;
    let new = read.value;
    check_workspace(&app, new.workspace.as_deref())?;
    let attempt = Attempt::of(
        &caller,
        &headers,
        &axum::http::Method::POST,
        uri.path(),
        read.asked,
    )?;
    let default = || TITLE_DEFAULT.to_owned().try_into().expect("a good title");
    let command = Command::CreateBoard {
        board: BoardId::from_bytes(attempt.id()),
        title: new.title.map_or_else(default, |title| title.0),
    };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    created(&app, &caller, &ran).await
}

pub(super) async fn created(app: &App, caller: &Caller, ran: &Ran) -> Result<Response, Problem> {
    let board = ran.board()?.id;
    let mut response = written(app, caller, ran, board).await?;
    *response.status_mut() = StatusCode::CREATED;
    let place = app.url(&format!("/api/v1/boards/{board}"));
    let place = HeaderValue::try_from(place).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

/// The installation is the one workspace there is.
pub(super) fn check_workspace(app: &App, workspace: Option<&str>) -> Result<(), Problem> {
    match workspace {
        Some(named) if named != app.workspace() => {
            Err(body::invalid("/workspace", "there is no such workspace"))
        }
        _ => Ok(()),
    }
}

/// A board, and what one may do there.
#[utoipa::path(
    get, path = "/boards/{board}", operation_id = "boards_show", tag = "Boards",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "The board", body = Board)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access::scope(&caller, Scope::BoardsRead)?;
    let board = board_id(&id)?;
    let seen = seen(&app, &caller, store::level(&headers), board).await?;
    let rev = seen.view.board.rev;
    Ok(conditions::answer(
        &headers,
        Some(rev),
        &Board::of(&app, &caller, &seen),
    ))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BoardPatch {
    title: Option<TitleText>,
}

/// Renames a board. Takes the role editor.
#[utoipa::path(
    patch, path = "/boards/{board}", operation_id = "boards_change", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    request_body = BoardPatch,
    responses((status = 200, description = "The board", body = Board)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "precondition-required", "precondition-failed"]))),
)]
pub(super) async fn change(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::BoardsWrite)?;
    let expected = conditions::required(request.headers())?;
    let patch = body::read::<BoardPatch>(&app, request, Accepts::MergePatch).await?;
    let seen = board_as(&app, &caller, board, Role::Editor).await?;
    if seen.is_archived() {
        return Err(Problem::new(Code::Forbidden).detail("an archived board is only looked at"));
    }
    let if_rev = revision(seen.view.board.rev, expected)?;
    let Some(title) = patch.value.title else {
        let rev = seen.view.board.rev;
        let body = Board::of(&app, &caller, &seen);
        return Ok(conditions::answer(&HeaderMap::new(), Some(rev), &body));
    };
    let command = Command::RenameBoard {
        board,
        title: title.0,
        if_rev,
    };
    let ran = store::run(&app, &caller, command).await?;
    written(&app, &caller, &ran, board).await
}

/// Into the trash, or from there for good. Whoever is on the board is told and leaves.
#[utoipa::path(
    delete, path = "/boards/{board}", operation_id = "boards_trash", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    params(
        ("purge" = Option<bool>, Query, description = "For good, of what is in the trash. Takes a password that was shown a short while ago."),
    ),
    responses((status = 204, description = "Gone")),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "board-trashed", "board-not-trashed", "precondition-required", "precondition-failed"]))),
)]
pub(super) async fn trash(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut params = Params::of(&uri)?;
    let purge = params.choice("purge", &[("false", false), ("true", true)])?;
    params.finish()?;
    let board = board_id(&id)?;
    access::scope(&caller, Scope::BoardsWrite)?;
    let seen = board_as(&app, &caller, board, Role::Owner).await?;
    let if_rev = revision(seen.view.board.rev, conditions::required(&headers)?)?;
    let command = match purge {
        false => Command::TrashBoard { board, if_rev },
        true => {
            access::confirmed(&caller)?;
            Command::PurgeBoard { board }
        }
    };
    let ran = store::run(&app, &caller, command).await?;
    app.rooms.board_gone(board);
    Ok(ran.finish(StatusCode::NO_CONTENT.into_response()))
}

/// Takes a board out of the trash.
#[utoipa::path(
    post, path = "/boards/{board}/restore", operation_id = "boards_restore", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    responses((status = 200, description = "The board", body = Board)),
    extensions(("x-problems" = json!(["forbidden", "board-not-trashed", "idempotency-key-reused"]))),
)]
pub(super) async fn restore(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::BoardsWrite)?;
    board_as(&app, &caller, board, Role::Owner).await?;
    let attempt = plain_attempt(&caller, &request)?;
    let command = Command::RestoreBoard { board };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    written(&app, &caller, &ran, board).await
}

/// A request whose address says it all.
pub(super) fn plain_attempt(caller: &Caller, request: &Request) -> Result<Attempt, Problem> {
    let (headers, path) = (request.headers(), request.uri().path());
    Attempt::of(caller, headers, request.method(), path, [0; 32])
}

/// Puts a board into the archive: everybody only looks at it.
#[utoipa::path(
    post, path = "/boards/{board}/archive", operation_id = "boards_archive", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    responses((status = 200, description = "The board", body = Board)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "conflict", "idempotency-key-reused"]))),
)]
pub(super) async fn archive(
    state: State<AppState>,
    caller: Caller,
    path: Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    set_archived(state, caller, path, request, true).await
}

/// Takes a board out of the archive.
#[utoipa::path(
    post, path = "/boards/{board}/unarchive", operation_id = "boards_unarchive", tag = "Boards",
    security(("bearer" = ["boards:write"])),
    responses((status = 200, description = "The board", body = Board)),
    extensions(("x-problems" = json!(["forbidden", "board-trashed", "conflict", "idempotency-key-reused"]))),
)]
pub(super) async fn unarchive(
    state: State<AppState>,
    caller: Caller,
    path: Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    set_archived(state, caller, path, request, false).await
}

async fn set_archived(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
    archived: bool,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::BoardsWrite)?;
    board_as(&app, &caller, board, Role::Owner).await?;
    let attempt = plain_attempt(&caller, &request)?;
    let command = SharingCommand::SetArchived { board, archived };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    written(&app, &caller, &ran, board).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Transfer {
    owner: UserWord,
}

/// Hands a board over to a member. Takes a password that was shown a short while ago.
#[utoipa::path(
    post, path = "/boards/{board}/transfer", operation_id = "boards_transfer", tag = "Boards",
    security(("bearer" = ["members:write"])),
    request_body = Transfer,
    responses((status = 200, description = "The board", body = Board)),
    extensions(("x-problems" = json!(["forbidden", "confirm-needed", "not-found", "board-trashed", "conflict", "last-owner", "idempotency-key-reused"]))),
)]
pub(super) async fn transfer(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::person(&caller)?;
    access::scope(&caller, Scope::MembersWrite)?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let read = body::read::<Transfer>(&app, request, Accepts::Json).await?;
    board_as(&app, &caller, board, Role::Owner).await?;
    access::confirmed(&caller)?;
    let post = axum::http::Method::POST;
    let attempt = Attempt::of(&caller, &headers, &post, uri.path(), read.asked)?;
    let to = read.value.owner.0;
    let command = SharingCommand::TransferBoard { board, to };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    written(&app, &caller, &ran, board).await
}

#[derive(Serialize, ToSchema)]
struct Presence {
    present: usize,
}

/// How many have the board open now.
#[utoipa::path(
    get, path = "/boards/{board}/presence", operation_id = "boards_presence", tag = "Boards",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "How many", body = Presence)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn presence(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::BoardsRead)?;
    board_as(&app, &caller, board, Role::Viewer).await?;
    let body = Presence {
        present: app.rooms.present(&board.into()),
    };
    Ok(conditions::answer(&headers, None, &body))
}

/// Whose boards.
#[derive(Debug, Clone, Copy)]
enum OwnerWord {
    Me,
    User(UserId),
}

impl std::str::FromStr for OwnerWord {
    type Err = easel_storage::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "me" => Ok(OwnerWord::Me),
            id => id.parse().map(OwnerWord::User),
        }
    }
}

/// What a list was asked for.
#[derive(Debug)]
struct ListQuery {
    text: Option<String>,
    filter: CardFilter,
    owner: Option<OwnerWord>,
    sort: CardSort,
    limit: u32,
    cursor: Option<String>,
    /// All that decides the list, in one order.
    words: Vec<(&'static str, String)>,
}

const SORTS: [(&str, CardSort); 5] = [
    ("-updated_at", CardSort::UpdatedDesc),
    ("updated_at", CardSort::UpdatedAsc),
    ("-created_at", CardSort::CreatedDesc),
    ("title", CardSort::Title),
    ("-opened_at", CardSort::OpenedDesc),
];

const MINE: [(&str, Mine); 4] = [
    ("any", Mine::Any),
    ("owned", Mine::Owned),
    ("shared", Mine::Shared),
    ("opened", Mine::Opened),
];

const ARCHIVED: [(&str, Option<bool>); 3] =
    [("false", Some(false)), ("true", Some(true)), ("any", None)];

choice! {
    SortWord: SORTS;
    MineWord: MINE;
    ArchivedWord: ARCHIVED;
}

impl ListQuery {
    fn parse(uri: &Uri) -> Result<ListQuery, Problem> {
        let mut params = Params::of(uri)?;
        let no_yes = [("false", false), ("true", true)];
        let text = params
            .take::<String>("q", "is text")?
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
        let limit = params
            .take("limit", "is a number from 1 to 200")?
            .unwrap_or(LIMIT_DEFAULT);
        let owner_text = params.take::<String>("owner", "is a user id or me")?;
        let owner = owner_text
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| bad("the parameter owner is a user id or me"))?;
        let mine = params.choice("mine", &MINE)?;
        let filter = CardFilter {
            trashed: params.choice("trashed", &no_yes)?,
            archived: params.choice("archived", &ARCHIVED)?,
            starred: params.choice("starred", &no_yes)?,
            owner: None,
            mine,
        };
        // What is in the trash is found there, archived or not.
        let filter = CardFilter {
            archived: filter.archived.filter(|_| !filter.trashed),
            ..filter
        };
        let sort = params.choice("sort", &SORTS)?;
        let cursor = params.take("cursor", "is a cursor")?;
        params.finish()?;
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(bad("the parameter limit is a number from 1 to 200"));
        }
        let chars = text.as_ref().map_or(0, |text| text.chars().count());
        if chars > SEARCH_CHARS_MAX {
            return Err(bad("the parameter q has at most 200 characters"));
        }
        let words = words_of(sort, filter, owner_text, text.clone());
        Ok(ListQuery {
            text,
            filter,
            owner,
            sort,
            limit,
            cursor,
            words,
        })
    }

    fn question(&self, user: &str) -> String {
        let words: Vec<_> = self.words.iter().map(|(n, w)| format!("{n}={w}")).collect();
        format!("{user} {}", words.join(" "))
    }

    fn after<T: serde::de::DeserializeOwned>(
        &self,
        app: &App,
        question: &str,
    ) -> Result<Option<T>, Problem> {
        let cursor = self.cursor.as_deref();
        cursor
            .map(|cursor| app.cursors.read(question, cursor))
            .transpose()
    }

    fn url(&self, app: &App, cursor: &str) -> String {
        let mut url = app.url(&format!("/api/v1/boards?limit={}", self.limit));
        for (name, word) in &self.words {
            url.push_str(&format!("&{name}={}", percent_encoded(word)));
        }
        url.push_str(&format!("&cursor={cursor}"));
        url
    }
}

fn words_of(
    sort: CardSort,
    filter: CardFilter,
    owner: Option<String>,
    text: Option<String>,
) -> Vec<(&'static str, String)> {
    let sort = SORTS.iter().find(|(_, known)| *known == sort);
    let archived = match filter.archived {
        Some(archived) => archived.to_string(),
        None => "any".to_owned(),
    };
    let mine = match filter.mine {
        Mine::Any => "any",
        Mine::Owned => "owned",
        Mine::Shared => "shared",
        Mine::Opened => "opened",
    };
    let mut words = vec![
        ("sort", sort.map_or("", |(word, _)| word).to_owned()),
        ("trashed", filter.trashed.to_string()),
        ("archived", archived),
        ("starred", filter.starred.to_string()),
        ("mine", mine.to_owned()),
    ];
    words.extend(owner.map(|owner| ("owner", owner)));
    words.extend(text.map(|text| ("q", text)));
    words
}

fn bad(detail: &str) -> Problem {
    Problem::new(Code::BadQuery).detail(detail)
}

pub(super) fn percent_encoded(text: &str) -> String {
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
pub(super) fn revision(current: u64, expected: IfMatch) -> Result<Option<u64>, Problem> {
    match expected {
        IfMatch::Any => Ok(None),
        IfMatch::Revisions(revisions) if revisions.contains(&current) => Ok(Some(current)),
        IfMatch::Revisions(_) => Err(Code::PreconditionFailed.into()),
    }
}

/// The answer to a write: the board as the caller now sees it.
pub(super) async fn written(
    app: &App,
    caller: &Caller,
    ran: &Ran,
    board: BoardId,
) -> Result<Response, Problem> {
    let level = ReadLevel::AtLeast(ran.index);
    let seen = seen(app, caller, level, board).await?;
    let rev = seen.view.board.rev;
    let body = Board::of(app, caller, &seen);
    Ok(ran.finish(conditions::answer(&HeaderMap::new(), Some(rev), &body)))
}

/// What a list of boards and a board say alike.
#[derive(Serialize, ToSchema)]
pub(super) struct BoardSummary {
    id: BoardWord,
    title: TitleText,
    created_at: Moment,
    updated_at: Moment,
    /// Set while it is in the trash.
    trashed_at: Option<Moment>,
    /// Set while it is in the archive.
    archived_at: Option<Moment>,
    /// Rises with every stored change to the content.
    seq: u64,
    /// What the caller is there.
    role: RoleWord,
    starred: bool,
    /// How many have it open now.
    present: usize,
    /// Where a WebSocket is opened.
    sync_url: String,
    /// A picture of it.
    preview_url: String,
}

fn summary(app: &App, caller: &Caller, board: &BoardRecord, role: Role) -> BoardSummary {
    BoardSummary {
        id: Word(board.id),
        title: Text(board.title.clone()),
        created_at: Moment(board.created_at),
        updated_at: Moment(board.updated_at),
        trashed_at: board.trashed_at.map(Moment),
        archived_at: None,
        seq: board.seq,
        role: RoleWord(role),
        starred: false,
        present: app.rooms.present(&board.id.into()),
        sync_url: app.url(&format!("/sync/{}", board.id)),
        preview_url: preview_url(app, caller, board.id),
    }
}

/// With a pass, where there are accounts: who was told the address may have the picture by it for a while.
fn preview_url(app: &App, caller: &Caller, board: BoardId) -> String {
    let path = app.url(&format!("/api/v1/boards/{board}/preview.svg"));
    match app.auth.picture_pass(caller, board, wall_clock()) {
        Some(pass) => format!("{path}?pass={pass}"),
        None => path,
    }
}

/// A board in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Card {
    #[serde(flatten)]
    board: BoardSummary,
    /// When the caller had it open last.
    opened_at: Option<Moment>,
    owner: Option<Owner>,
}

#[derive(Serialize, ToSchema)]
struct Owner {
    id: UserWord,
    name: String,
}

impl Card {
    pub(super) fn of(app: &App, caller: &Caller, card: &BoardCard) -> Card {
        let owner = card.owner.zip(card.owner_name.as_ref());
        Card {
            board: BoardSummary {
                starred: card.starred,
                archived_at: card.archived_at.map(Moment),
                ..summary(app, caller, &card.board, card.role)
            },
            opened_at: card.opened_at.map(Moment),
            owner: owner.map(|(id, name)| Owner {
                id: Word(id),
                name: name.to_string(),
            }),
        }
    }

    /// On a node without accounts.
    fn of_nobody(app: &App, board: &BoardRecord) -> Card {
        Card {
            board: summary(app, &Caller::Local, board, Role::Owner),
            opened_at: None,
            owner: None,
        }
    }
}

/// A board, and what the caller may do there.
#[derive(Serialize, ToSchema)]
pub(super) struct Board {
    #[serde(flatten)]
    board: BoardSummary,
    may: May,
}

#[derive(Serialize, ToSchema)]
struct May {
    edit: bool,
    comment: bool,
    /// Let others in.
    share: bool,
    copy: bool,
    export: bool,
    /// Whatever an owner may.
    own: bool,
}

impl Board {
    pub(super) fn of(app: &App, caller: &Caller, seen: &Seen) -> Board {
        let view = &seen.view;
        let policy = view.policy.as_ref();
        let at_least = |from: Role| seen.role >= from;
        Board {
            board: BoardSummary {
                starred: view.starred,
                archived_at: policy.and_then(|policy| policy.archived_at).map(Moment),
                ..summary(app, caller, &view.board, seen.role)
            },
            may: May {
                edit: seen.content_role() >= Role::Editor,
                comment: seen.content_role() >= Role::Commenter,
                share: at_least(policy.map_or(Role::Owner, |policy| policy.sharing_from)),
                copy: at_least(policy.map_or(Role::Viewer, |policy| policy.copying_from)),
                export: at_least(policy.map_or(Role::Viewer, |policy| policy.exporting_from)),
                own: seen.role == Role::Owner,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ListQuery, percent_encoded};

    /// Prints the question and page size of a list's address, or what is wrong with it.
    fn check(query: &str, expected: &str) {
        let got = match ListQuery::parse(&format!("/api/v1/boards?{query}").parse().unwrap()) {
            Ok(list) => format!("{} limit {}", list.question("u"), list.limit),
            Err(problem) => problem.detail.unwrap_or_default(),
        };
        assert_eq!(got, expected, "of {query}");
    }

    #[test]
    fn a_list_is_asked_for_in_known_words() {
        let plain = "u sort=-updated_at trashed=false archived=false starred=false mine=any";
        check("", &format!("{plain} limit 50"));
        check(
            "q=%20plan%20b&sort=title&trashed=true&limit=200",
            "u sort=title trashed=true archived=any starred=false mine=any q=plan b limit 200",
        );
        check(
            "mine=shared&starred=true&archived=any&owner=me",
            "u sort=-updated_at trashed=false archived=any starred=true mine=shared owner=me limit 50",
        );
        check("q=", &format!("{plain} limit 50"));
        check("limit=0", "the parameter limit is a number from 1 to 200");
        check(
            "limit=many",
            "the parameter limit is a number from 1 to 200",
        );
        check(
            "sort=age",
            "the parameter sort is one of -updated_at, updated_at, -created_at, title, -opened_at",
        );
        check("trashed=1", "the parameter trashed is one of false, true");
        check("owner=x", "the parameter owner is a user id or me");
        check("colour=red", "the parameter colour does not exist here");
        check("q=a&q=b", "the parameter q stands twice");
    }

    #[test]
    fn what_stands_in_an_address_is_encoded() {
        assert_eq!(percent_encoded("ä b"), "%C3%A4%20b");
    }
}
