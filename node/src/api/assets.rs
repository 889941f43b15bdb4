//! Files on boards: pictures, so far. Put on one by who may draw there, seen by whoever may see it.

use super::access::{self, Seen};
use super::boards::board_id;
use super::body;
use super::conditions;
use super::files::{self, Kept};
use super::idempotency::Attempt;
use super::query::Params;
use super::store;
use super::wire::{List, Moment};
use crate::app::{App, AppState};
use crate::auth::{Caller, wall_clock};
use crate::http::Peer;
use crate::http::problem::{Code, Problem};
use crate::images::{Form, Picture};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use easel_storage::blobs::{BlobError, BlobHash, Blobs};
use easel_storage::people::Scope;
use easel_storage::sharing::{
    AssetForm, AssetRow, AssetView, ImageRow, Role, SharingAnswer, SharingCommand, SharingOutcome,
    SharingQuery,
};
use easel_storage::{AssetId, BoardId, ReadLevel};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// The forms of a picture, under these names in addresses: what was sent, and what the page shows.
const FULL: &str = "full";
const WEB: &str = "web";

/// Whoever has the address may keep what it names for as long as the pass in it is good.
const KEPT_BY_PASS: &str = "private, max-age=1200, immutable";
/// Who may see it may change, so a browser asks each time; it is told that nothing did.
const ASKED_EACH_TIME: &str = "private, no-cache";

/// A picture on a board.
#[derive(Serialize, ToSchema)]
pub(super) struct Asset {
    id: String,
    /// Of the full-size form, in hexadecimal, like each of the others.
    sha256: String,
    #[serde(rename = "type")]
    media: String,
    size: u64,
    w: u32,
    h: u32,
    /// What it looks like until it is there.
    blurhash: String,
    created_at: Moment,
    /// The full-size form, to be shown by whoever was told this address. Good for ten minutes at least.
    url: String,
    variants: Vec<Variant>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Variant {
    name: String,
    sha256: String,
    #[serde(rename = "type")]
    media: String,
    size: u64,
    w: u32,
    h: u32,
    url: String,
}

impl Asset {
    /// With addresses for whoever asks.
    fn of(
        app: &App,
        caller: &Caller,
        id: AssetId,
        (row, image): (&AssetRow, &ImageRow),
    ) -> Option<Asset> {
        let pass = app.auth.file_pass(caller, id, wall_clock());
        let pass = pass.map_or_else(String::new, |pass| format!("?pass={pass}"));
        let mut variants = Vec::with_capacity(row.forms.len());
        for (form, sum) in row.forms.iter().zip(&image.sums) {
            let path = format!("/api/v1/assets/{id}/{}{pass}", form.name);
            variants.push(Variant {
                name: form.name.clone(),
                sha256: hex(sum),
                media: form.media.clone(),
                size: form.len,
                w: form.width,
                h: form.height,
                url: app.url(&path),
            });
        }
        let full = variants.first()?;
        Some(Asset {
            id: id.to_string(),
            sha256: full.sha256.clone(),
            media: full.media.clone(),
            size: full.size,
            w: full.w,
            h: full.h,
            blurhash: image.blurhash.clone(),
            created_at: Moment(row.at),
            url: app.url(&format!("/api/v1/assets/{id}{pass}")),
            variants,
        })
    }
}

fn hex(sum: &[u8; 32]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts a picture on a board. The body is the file itself; its type is told by its content. What is kept is written anew
/// from its pixels. A picture that lies on the board already stays the only one.
#[utoipa::path(
    post, path = "/boards/{board}/assets", operation_id = "assets_create", tag = "Assets",
    security(("bearer" = ["assets:write"])),
    request_body(description = "PNG, JPEG, GIF or WebP", content(
        (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses(
        (status = 201, description = "The picture", body = Asset),
        (status = 200, description = "It lay there already", body = Asset),
    ),
    extensions(("x-problems" = json!([
        "forbidden", "board-trashed", "quota-exceeded", "image-too-large", "image-broken", "busy",
        "bad-idempotency-key", "idempotency-key-reused",
    ]))),
)]
pub(super) async fn create(
    State(app): State<AppState>,
    caller: Caller,
    peer: Peer,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::AssetsWrite)?;
    may_add(&app, &caller, board).await?;
    let (parts, sent) = request.into_parts();
    let _place = app.images.place(&caller, peer.network())?;
    let limits = &app.config.limits;
    let sent = body::read_within(sent, limits.image, limits.upload_timeout).await?;
    // It may have been long under way: they may have been signed out or sent away meanwhile.
    let caller = app.auth.still(&caller, wall_clock()).await?;
    may_add(&app, &caller, board).await?;
    let asked = *blake3::hash(&sent).as_bytes();
    let path = parts.uri.path();
    let attempt = Attempt::of(&caller, &parts.headers, &Method::POST, path, asked)?;
    let picture = app.images.for_board(sent).await?;
    let (forms, image) = keep(&app, picture).await?;
    let command = SharingCommand::AddImage {
        board,
        asset: AssetId::from_bytes(attempt.id()),
        forms,
        image,
    };
    let ran = store::attempt(&app, &caller, &attempt, command).await?;
    let SharingOutcome::Image {
        asset,
        row,
        image,
        is_new,
    } = ran.sharing()?
    else {
        return Err(Code::Internal.into());
    };
    let body = Asset::of(&app, &caller, *asset, (row, image)).ok_or(Code::Internal)?;
    let mut response = conditions::answer(&HeaderMap::new(), None, &body);
    if *is_new {
        *response.status_mut() = StatusCode::CREATED;
        let place = HeaderValue::try_from(app.url(&format!("/api/v1/assets/{asset}")));
        let place = place.map_err(|_| Code::Internal)?;
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(ran.finish(response))
}

/// Who may draw there.
async fn may_add(app: &App, caller: &Caller, board: BoardId) -> Result<Seen, Problem> {
    let seen = access::board_as(app, caller, board, Role::Editor).await?;
    match seen.is_archived() {
        true => Err(Problem::new(Code::Forbidden).detail("the board is archived")),
        false => Ok(seen),
    }
}

/// Every file is durable when this returns; the command that names them comes after.
async fn keep(app: &App, picture: Picture) -> Result<(Vec<AssetForm>, ImageRow), Problem> {
    let blobs = app.blobs.clone();
    let Picture {
        full,
        web,
        blurhash,
    } = picture;
    let kept = tokio::task::spawn_blocking(move || {
        let (mut forms, mut sums) = (Vec::new(), Vec::new());
        for (name, form) in [(FULL, full), (WEB, web)] {
            sums.push(Sha256::digest(&form.bytes).into());
            let (hash, len) = keep_form(&*blobs, &form)?;
            forms.push(AssetForm {
                name: name.to_owned(),
                hash,
                len,
                media: form.media.to_owned(),
                width: form.width,
                height: form.height,
            });
        }
        Ok((forms, ImageRow { sums, blurhash }))
    });
    let kept = kept.await.map_err(|_| Code::Internal)?;
    kept.map_err(files::failed)
}

/// The hash and length of the file as it is kept.
pub(super) fn keep_form(blobs: &dyn Blobs, form: &Form) -> Result<([u8; 32], u64), BlobError> {
    let len_max = form.bytes.len() as u64;
    let kept = blobs.put(&mut form.bytes.as_slice(), len_max)?;
    Ok((*kept.hash.as_bytes(), kept.len))
}

/// The pictures on a board.
#[utoipa::path(
    get, path = "/boards/{board}/assets", operation_id = "assets_list", tag = "Assets",
    security(("bearer" = ["boards:read"])),
    responses((status = 200, description = "All of them", body = List<Asset>)),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let board = board_id(&id)?;
    access::scope(&caller, Scope::BoardsRead)?;
    let level = store::level(&headers);
    access::seen(&app, &caller, level, board).await?;
    let answer = store::sharing(&app, level, SharingQuery::Assets(board)).await?;
    let SharingAnswer::Assets(views) = answer else {
        return Err(Code::Internal.into());
    };
    let assets = views.iter().filter_map(|view| {
        let image = view.image.as_ref()?;
        Asset::of(&app, &caller, view.id, (&view.row, image))
    });
    let body = List::whole(assets.collect());
    Ok(conditions::answer(&headers, None, &body))
}

/// A picture in full size.
#[utoipa::path(
    get, path = "/assets/{asset}", operation_id = "assets_show", tag = "Assets",
    security((), ("bearer" = ["boards:read"])),
    params(("pass" = Option<String>, Query, description = "As the picture's `url` has it; then no token is needed.")),
    responses(
        (status = 200, description = "The file", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"))),
        (status = 206, description = "The part that `Range` names"),
        (status = 304, description = "The caller has it"),
    ),
    extensions(("x-problems" = json!(["forbidden", "bad-range", "file-damaged"]))),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    asking: Result<Caller, Problem>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    send(&app, asking, &id, FULL, &request.into_parts().0).await
}

/// A picture in one of its forms.
#[utoipa::path(
    get, path = "/assets/{asset}/{form}", operation_id = "assets_show_form", tag = "Assets",
    security((), ("bearer" = ["boards:read"])),
    params(("pass" = Option<String>, Query, description = "As the form's `url` has it; then no token is needed.")),
    responses(
        (status = 200, description = "The file", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"))),
        (status = 206, description = "The part that `Range` names"),
        (status = 304, description = "The caller has it"),
    ),
    extensions(("x-problems" = json!(["forbidden", "bad-range", "file-damaged"]))),
)]
pub(super) async fn show_form(
    State(app): State<AppState>,
    asking: Result<Caller, Problem>,
    Path((id, form)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    send(&app, asking, &id, &form, &request.into_parts().0).await
}

async fn send(
    app: &App,
    asking: Result<Caller, Problem>,
    id: &str,
    form: &str,
    asked: &axum::http::request::Parts,
) -> Result<Response, Problem> {
    let pass = pass_in(&asked.uri)?;
    let by_pass = pass.is_some();
    let view = admitted(app, asking, id, pass, &asked.headers).await?;
    let sums = view.image.as_ref().map(|image| image.sums.as_slice());
    let forms = view.row.forms.iter().zip(sums.unwrap_or_default());
    let found = forms.into_iter().find(|(there, _)| there.name == form);
    let (form, sum) = found.ok_or(Code::NotFound)?;
    let ending = form.media.rsplit('/').next().unwrap_or_default();
    let kept = Kept {
        hash: BlobHash::from_bytes(form.hash),
        len: form.len,
        media: form.media.clone(),
        etag: format!("\"{}\"", hex(sum)),
        name: format!("{}-{}.{ending}", view.id, form.name),
        cache: match by_pass {
            true => KEPT_BY_PASS,
            false => ASKED_EACH_TIME,
        },
    };
    files::send(app, &asked.method, &asked.headers, kept).await
}

fn pass_in(uri: &Uri) -> Result<Option<String>, Problem> {
    let mut params = Params::of(uri)?;
    let pass = params.take("pass", "is a pass")?;
    params.finish()?;
    Ok(pass)
}

/// The file, for who may see one of the boards that have it. To anybody else there is none.
async fn admitted(
    app: &App,
    asking: Result<Caller, Problem>,
    id: &str,
    pass: Option<String>,
    headers: &HeaderMap,
) -> Result<AssetView, Problem> {
    let level = store::level(headers);
    let asset = id.parse::<AssetId>();
    let caller = match pass {
        // Told by a list of a board's files, or by whoever took it; an <img> sends nothing else.
        Some(pass) => {
            let asset = asset.as_ref().map_err(|_| Code::NotFound)?;
            app.auth.by_file_pass(*asset, &pass, wall_clock()).await?
        }
        None => asking?,
    };
    if matches!(caller, Caller::Anonymous) {
        return Err(Code::Unauthenticated.into());
    }
    access::scope(&caller, Scope::BoardsRead)?;
    let view = known(app, level, asset.map_err(|_| Code::NotFound)?).await?;
    for board in &view.boards {
        match access::seen(app, &caller, level, *board).await {
            Ok(_) => return Ok(view),
            Err(problem) if problem.code == Code::BoardNotFound => {}
            Err(problem) => return Err(problem),
        }
    }
    Err(Code::NotFound.into())
}

async fn known(app: &App, level: ReadLevel, asset: AssetId) -> Result<AssetView, Problem> {
    match store::sharing(app, level, SharingQuery::Asset(asset)).await? {
        SharingAnswer::Asset(view) => view.ok_or_else(|| Code::NotFound.into()),
        _ => Err(Code::Internal.into()),
    }
}
