//! People's pictures: square, in a few sizes, each as WebP and as PNG.

use super::access;
use super::assets::keep_form;
use super::body;
use super::conditions;
use super::files::{self, Kept};
use super::links::no_store;
use super::me::{Profile, in_person};
use super::query::Params;
use super::store;
use super::users::known;
use crate::app::AppState;
use crate::auth::{Caller, wall_clock};
use crate::http::Peer;
use crate::http::problem::{Code, Problem};
use crate::http::quality_of;
use crate::images::AVATAR_SIDES;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use easel_storage::UserId;
use easel_storage::blobs::BlobHash;
use easel_storage::people::{
    Avatar, AvatarChange, PeopleCommand, PeopleOutcome, UserChange, UserView,
};

/// The address is another when the picture is.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
const ASKED_EACH_TIME: &str = "private, no-cache";
const SIDE_DEFAULT: u32 = 64;

/// Sets one's picture. The body is the file itself: PNG, JPEG, GIF or WebP. The middle square of it is kept.
#[utoipa::path(
    put, path = "/me/avatar", operation_id = "avatar_put", tag = "Me",
    request_body(description = "PNG, JPEG, GIF or WebP", content(
        (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 200, description = "Oneself", body = Profile)),
    extensions(("x-problems" = json!(["forbidden", "image-too-large", "image-broken", "busy"]))),
)]
pub(super) async fn put(
    State(app): State<AppState>,
    caller: Caller,
    peer: Peer,
    request: Request,
) -> Result<Response, Problem> {
    in_person(&caller)?;
    let _place = app.images.place(&caller, peer.network())?;
    let limits = &app.config.limits;
    let sent = request.into_body();
    let sent = body::read_within(sent, limits.avatar, limits.upload_timeout).await?;
    let caller = app.auth.still(&caller, wall_clock()).await?;
    let user = in_person(&caller)?.user;
    let made = app.images.for_avatar(sent).await?;
    let blobs = app.blobs.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let mut sizes = Vec::new();
        for form in made.iter().flatten() {
            let (hash, len) = keep_form(&*blobs, form)?;
            sizes.push((form.width, hash, len));
        }
        Ok(sizes)
    });
    let kept = kept.await.map_err(|_| Code::Internal)?;
    let avatar = Avatar {
        sizes: kept.map_err(files::failed)?,
        at: wall_clock(),
    };
    let response = change(&app, &caller, user, AvatarChange::Set(avatar)).await?;
    Ok(no_store(response))
}

/// Takes one's picture away.
#[utoipa::path(
    delete, path = "/me/avatar", operation_id = "avatar_remove", tag = "Me",
    responses((status = 204, description = "There is none any more")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub(super) async fn remove(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    let user = in_person(&caller)?.user;
    let mut response = change(&app, &caller, user, AvatarChange::Remove).await?;
    *response.status_mut() = StatusCode::NO_CONTENT;
    *response.body_mut() = axum::body::Body::empty();
    let headers = response.headers_mut();
    for name in [header::CONTENT_TYPE, header::ETAG, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    Ok(response)
}

async fn change(
    app: &AppState,
    caller: &Caller,
    user: UserId,
    avatar: AvatarChange,
) -> Result<Response, Problem> {
    let command = PeopleCommand::ChangeUser {
        user,
        change: UserChange {
            avatar: Some(avatar),
            ..UserChange::default()
        },
        if_rev: None,
    };
    let ran = store::run(app, caller, command).await?;
    let PeopleOutcome::User(row) = ran.people()? else {
        return Err(Code::Internal.into());
    };
    let (id, row) = (user, row.clone());
    let rev = row.rev;
    let body = Profile::of(app, &UserView { id, row });
    let response = conditions::answer(&HeaderMap::new(), Some(rev), &body);
    Ok(ran.finish(response))
}

/// Somebody's picture.
#[utoipa::path(
    get, path = "/users/{user}/avatar", operation_id = "users_avatar", tag = "People",
    security((), ("bearer" = [])),
    params(
        ("size" = Option<u32>, Query, description = "Pixels a side; what is at least so large is sent.", minimum = 1, maximum = 256),
        ("pass" = Option<String>, Query, description = "As the person's `avatar_url` has it; then no token is needed."),
    ),
    responses(
        (status = 200, description = "WebP to who says that they take it, else PNG", content((Vec<u8> = "image/webp"), (Vec<u8> = "image/png"))),
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
    let (asked, _) = request.into_parts();
    let mut params = Params::of(&asked.uri)?;
    let size = params.take::<u32>("size", "is a number of pixels")?;
    let size = size.unwrap_or(SIDE_DEFAULT);
    let pass: Option<String> = params.take("pass", "is a pass")?;
    params.finish()?;
    let largest = AVATAR_SIDES[AVATAR_SIDES.len() - 1];
    if !(1..=largest).contains(&size) {
        return Err(Problem::new(Code::BadQuery).detail("the parameter size is from 1 to 256"));
    }
    if pass.is_none() {
        access::person(&asking?)?;
    }
    let user = id.parse().map_err(|_| Code::NotFound)?;
    let person = known(&app, user).await?;
    let avatar = person.row.avatar.ok_or(Code::NotFound)?;
    if let Some(pass) = &pass
        && !app.auth.is_avatar_pass(user, avatar.at, pass)
    {
        return Err(Code::NotFound.into());
    }
    let accepted = asked.headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accept| accept.to_str().ok());
    let takes_webp = quality_of(accepted.unwrap_or_default(), "image/webp") > 0;
    // Of each size first the WebP, then the PNG.
    let (files, _) = avatar.sizes.as_chunks::<2>();
    let files = files.iter().find(|[webp, _]| webp.0 >= size);
    let [webp, png] = files.ok_or(Code::NotFound)?;
    let ((_, hash, len), ending) = match takes_webp {
        true => (webp, "webp"),
        false => (png, "png"),
    };
    let hash = BlobHash::from_bytes(*hash);
    let kept = Kept {
        hash,
        len: *len,
        media: format!("image/{ending}"),
        etag: format!("\"{hash}\""),
        name: format!("{user}.{ending}"),
        cache: match pass {
            Some(_) => FOR_EVER,
            None => ASKED_EACH_TIME,
        },
    };
    let mut response = files::send(&app, &asked.method, &asked.headers, kept).await?;
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().insert(header::VARY, vary);
    Ok(response.into_response())
}
