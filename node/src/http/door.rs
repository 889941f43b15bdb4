//! Who is let into a room, in which role; and who has to go when that changes.

use super::Peer;
use super::problem::{Code, Problem};
use super::rates::{Asker, Counted, Kind};
use crate::api;
use crate::app::{App, AppState};
use crate::auth::{Caller, Presented, wall_clock};
use crate::realtime::{Admission, Comings, Renewal, SentAway, Shown, Watched, Who};
use axum::http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, StatusCode, Uri};
use easel_storage::people::Scope;
use easel_storage::sharing::{Role, SharingCommand};
use easel_storage::{Actor, Change, DocName, Envelope, ReadLevel, Time, submit_one};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// What runs out by itself (a token's life, a link's) is noticed within this.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(20);
/// Tokens that ended are noticed within this.
const ENDS_LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// So long after the end of a token another one may come, or less where tokens live less than that.
const GRACE_MS_MAX: u64 = 60_000;
/// After a look that failed for want of an answer; until then they stay.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Looks at who asks for a room, before anything is upgraded.
pub(crate) async fn admit(
    app: &App,
    name: &str,
    presented: Presented,
) -> Result<Admission, Problem> {
    let Presented { caller, ends_at } = presented;
    let Ok(doc) = name.parse::<DocName>() else {
        return Err(Code::BoardNotFound.into());
    };
    let who = who(app, &caller, &doc).await?;
    note_opened(app, &doc, &caller);
    Ok(Admission {
        who,
        caller: Some(Arc::new(caller)),
        ends_at,
    })
}

/// Counts a way into a room, also one that is not found.
pub(crate) fn count(app: &App, peer: Peer, presented: &Result<Presented, Problem>) -> Counted {
    let caller = presented.as_ref().map(|presented| &presented.caller);
    let who = Asker::of(caller, peer.network());
    app.rates.count(Kind::Connect, who)
}

/// For a person's list of what they opened lately. Nobody waits for it, and nothing hangs on it.
fn note_opened(app: &App, doc: &DocName, caller: &Caller) {
    let (DocName::Board(board), Caller::User(person)) = (doc, caller) else {
        return;
    };
    let command = SharingCommand::NoteOpened {
        board: *board,
        user: person.user,
    };
    let envelope = Envelope::new(Actor::System, command.into());
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = submit_one(&*store, envelope).await {
            tracing::debug!(%error, "an opened board is not noted");
        }
    });
}

/// By a ticket, a token among the subprotocols, or an `Authorization` header; a browser's page can send only the first two.
pub(crate) async fn caller(
    app: &App,
    name: &str,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Presented, Problem> {
    let now = wall_clock();
    if let Some(ticket) = ticket_of(uri) {
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let ticket = app.auth.take_ticket(ticket, origin, now).await?;
        if name.parse() != Ok(DocName::Board(ticket.board)) {
            return Err(Code::InvalidToken.into());
        }
        return app.auth.by_ticket(&ticket, now).await;
    }
    match token_offered(headers) {
        Some(token) => app.auth.bearer(token, now).await,
        None => app.auth.presented(headers, now).await,
    }
}

fn ticket_of(uri: &Uri) -> Option<&str> {
    let pairs = uri.query()?.split('&');
    pairs.filter_map(|pair| pair.strip_prefix("ticket=")).next()
}

/// `bearer.TOKEN`, beside the subprotocols that are spoken.
fn token_offered(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    offered
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .find_map(|name| name.trim().strip_prefix("bearer."))
}

/// What somebody is in a document's room.
async fn who(app: &App, caller: &Caller, doc: &DocName) -> Result<Who, Problem> {
    match (doc, caller) {
        (_, Caller::Anonymous) => Err(Code::Unauthenticated.into()),
        // Whether there is such a board is asked at the room's own door.
        (_, Caller::Local) => Ok(Who::local()),
        (DocName::Raw(_), caller) => raw(caller),
        (DocName::Board(board), caller) => {
            api::scope(caller, Scope::ElementsRead)?;
            let seen = api::seen(app, caller, ReadLevel::Local, *board).await?;
            let may_write = api::scope(caller, Scope::ElementsWrite).is_ok();
            let role = match may_write {
                true => seen.content_role(),
                false => Role::Viewer,
            };
            Ok(Who {
                role,
                actor: caller.actor().ok_or(Code::Unauthenticated)?,
                shown: shown(app, caller).map(Arc::new),
            })
        }
    }
}

/// Any application's rooms are for programs that were given a token for them.
fn raw(caller: &Caller) -> Result<Who, Problem> {
    let may = match caller {
        Caller::User(user) => {
            let scopes = user.scopes.as_ref();
            let is_for_it = scopes.is_some_and(|scopes| scopes.contains(&Scope::RawJoin));
            is_for_it && user.board.is_none()
        }
        Caller::Anonymous | Caller::Local | Caller::Visitor(_) => false,
    };
    match (may, caller.actor()) {
        (true, Some(actor)) => Ok(Who {
            role: Role::Editor,
            actor,
            shown: None,
        }),
        _ => Err(Problem::new(Code::Forbidden)
            .detail("this takes a personal token with the scope raw:join")),
    }
}

pub(crate) fn shown(app: &App, caller: &Caller) -> Option<Shown> {
    match caller {
        Caller::User(user) => Some(Shown {
            id: user.user.to_string().into(),
            name: user.name.as_str().to_owned(),
            picture: user
                .pictured_at
                .map(|at| app.auth.avatar_pass(user.user, at)),
        }),
        Caller::Visitor(visitor) => Some(Shown {
            id: visitor.session.to_string().into(),
            name: match &visitor.name {
                Some(name) => name.as_str().to_owned(),
                None => "Guest".to_owned(),
            },
            picture: None,
        }),
        Caller::Anonymous | Caller::Local => None,
    }
}

/// Looks again at whoever a change may be about, for as long as the node runs: roles follow, and who lost their access
/// goes, within moments and on every node.
pub(crate) async fn watch(app: AppState, mut changes: broadcast::Receiver<Change>) {
    let Some(Comings {
        mut arrivals,
        mut renewals,
    }) = app.rooms.comings()
    else {
        return;
    };
    let mut ticks = tokio::time::interval(LOOKED_AT_EVERY);
    let mut ends = tokio::time::interval(ENDS_LOOKED_AT_EVERY);
    let grace_ms = app.auth.access_life_ms().min(GRACE_MS_MAX);
    loop {
        let watched = tokio::select! {
            change = changes.recv() => match change {
                Ok(change) => app.rooms.watched(|doc, caller| concerns(change, doc, caller)),
                // More changed than was kept: it may be about anybody.
                Err(broadcast::error::RecvError::Lagged(_)) => app.rooms.watched(|_, _| true),
                Err(broadcast::error::RecvError::Closed) => return,
            },
            arrived = arrivals.recv() => arrived.into_iter().collect(),
            Some(renewal) = renewals.recv() => {
                let shown = renewed(&app, &renewal, wall_clock()).await;
                shown.into_iter().collect()
            }
            _ = ends.tick() => {
                for one in app.rooms.overdue(wall_clock(), grace_ms) {
                    revoke(&app, &one, SentAway::TokenOver);
                }
                continue;
            }
            _ = ticks.tick() => app.rooms.watched(|_, caller| can_run_out(caller)),
        };
        for one in watched {
            look_again(&app, &one).await;
        }
    }
}

/// Takes a token that came over an open connection. One that is not good, or is not that person's, changes nothing: then
/// the token before it ends when it ends.
async fn renewed(app: &App, renewal: &Renewal, now: Time) -> Option<Watched> {
    let shown = app.auth.bearer(&renewal.token, now).await;
    let taken = shown.ok().and_then(|shown| app.rooms.renew(renewal, shown));
    let result = if taken.is_some() { "taken" } else { "refused" };
    let counted = &app.metrics.seats_renewed;
    counted.with_label_values(&[result]).inc();
    taken
}

/// Closes every room to what its people say while this node is out of touch with the others, since who may do what may
/// have changed where it cannot hear of it; and opens them again when it has looked at everybody anew.
pub(crate) async fn watch_touch(app: AppState) {
    let touch = app.touch.clone();
    let mut looked_at = 0;
    loop {
        touch.lost_again(looked_at).await;
        app.rooms.lose_touch();
        loop {
            touch.regained().await;
            let losses = touch.losses();
            for one in app.rooms.watched(|_, _| true) {
                look_again(&app, &one).await;
            }
            // Lost anew while it looked, what it saw may be old.
            if touch.holds() == Some(losses) {
                looked_at = losses;
                break;
            }
        }
        app.rooms.regain_touch(looked_at);
    }
}

fn concerns(change: Change, doc: &DocName, caller: &Caller) -> bool {
    match change {
        Change::Board(board) => *doc == DocName::Board(board),
        Change::User(user) => matches!(caller, Caller::User(of) if of.user == user),
        Change::Session(session) => match caller {
            Caller::User(of) => of.session == Some(session),
            Caller::Visitor(of) => of.session == session,
            Caller::Anonymous | Caller::Local => false,
        },
        Change::Token(token) => matches!(caller, Caller::User(of) if of.token == Some(token)),
        Change::Keyring | Change::Nodes => false,
        Change::Everything => true,
    }
}

fn can_run_out(caller: &Caller) -> bool {
    match caller {
        Caller::User(_) | Caller::Visitor(_) => true,
        Caller::Anonymous | Caller::Local => false,
    }
}

async fn look_again(app: &AppState, watched: &Watched) {
    let outcome = match app.auth.still(&watched.caller, wall_clock()).await {
        Ok(caller) => who(app, &caller, &watched.doc).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(who) if who.role != watched.role => app.rooms.set_role(watched, who.role),
        Ok(_) => {}
        Err(problem) => match problem.code.about().status {
            StatusCode::UNAUTHORIZED => revoke(app, watched, SentAway::SessionOver),
            // In the trash it says so itself, to all who are there.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                revoke(app, watched, SentAway::AccessLost);
            }
            _ => later(app.clone(), watched.clone()),
        },
    }
}

fn revoke(app: &App, watched: &Watched, why: SentAway) {
    let reason = match why {
        SentAway::SessionOver => "session-over",
        SentAway::AccessLost => "access-lost",
        SentAway::TokenOver => "token-over",
    };
    app.metrics.seats_revoked.with_label_values(&[reason]).inc();
    app.rooms.send_away(watched, why);
}

/// The store gave no answer: that is nobody's fault, and is asked again.
fn later(app: AppState, watched: Watched) {
    tokio::spawn(async move {
        tokio::time::sleep(AGAIN_AFTER).await;
        if !app.is_draining() {
            Box::pin(look_again(&app, &watched)).await;
        }
    });
}
