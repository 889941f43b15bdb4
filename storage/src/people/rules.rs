//! The rules about accounts, sessions, tokens and keys.
//!
//! As everywhere, a rejection comes before the first write of its command; what must be remembered although the answer is
//! no (a stolen secret ends its family) is therefore an outcome.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::command::{AvatarChange, ClientInfo, NewUser, PeopleCommand, PeopleOutcome, UserChange};
use super::records::{
    InstanceRole, KeyRow, KeyringRow, ROTATION_GRACE_MS, Refresh, ResetOfUser, ResetRow, Rotated,
    SESSION_MS_MAX, SESSIONS_MAX, SessionOfUser, SessionRow, SettingsRow, Subject, TOKENS_MAX,
    TokenOfUser, TokenRow, UserByEmail, UserRow,
};
use crate::command::{Outcome, Rejection, Reply};
use crate::ids::{SessionId, Time, TokenId, UserId};
use crate::names::{PasswordHash, SecretHash};
use crate::rows::{ReadRows, Single, WriteRows};
use crate::sharing;
use crate::tx::{Fault, WriteTx};

pub(crate) fn apply(
    tx: &mut dyn WriteTx,
    at: Time,
    command: &PeopleCommand,
) -> Result<Reply, Fault> {
    match command {
        PeopleCommand::CreateFirstUser(new) => create_first_user(tx, at, new),
        PeopleCommand::CreateUser(new) => create_user(tx, at, new),
        PeopleCommand::ChangeUser {
            user,
            change,
            if_rev,
        } => change_user(tx, at, *user, change, *if_rev),
        PeopleCommand::SetPassword {
            user,
            password,
            keep,
        } => set_password(tx, at, *user, password, *keep),
        PeopleCommand::RehashPassword { user, old, new } => {
            let Some(mut row) = tx.get::<UserRow>(user)? else {
                return refused(Rejection::UserNotFound);
            };
            if row.password.as_ref() == Some(old) {
                row.password = Some(new.clone());
                tx.put(user, &row)?;
            }
            done()
        }
        PeopleCommand::SetDisabled { user, disabled } => set_disabled(tx, at, *user, *disabled),
        PeopleCommand::DeleteUser { user, boards_to } => delete_user(tx, at, *user, *boards_to),
        PeopleCommand::PutSettings { user, json, if_rev } => put_settings(tx, *user, json, *if_rev),
        PeopleCommand::StartSession {
            session,
            user,
            hash,
            client,
        } => start_session(tx, at, *session, *user, *hash, client),
        PeopleCommand::RotateSession {
            session,
            seq,
            presented,
            next,
            successor,
            client,
        } => {
            let turn = Turn {
                seq: *seq,
                presented: *presented,
                next: *next,
                successor: successor.clone(),
                client: *client,
            };
            rotate_session(tx, at, *session, turn)
        }
        PeopleCommand::ConfirmSession { session } => confirm_session(tx, at, *session),
        PeopleCommand::EndSession { session } => {
            end_session(tx, *session)?;
            done()
        }
        PeopleCommand::EndSessions { user, keep } => {
            end_sessions(tx, *user, *keep)?;
            done()
        }
        PeopleCommand::CreateToken {
            token,
            user,
            name,
            scopes,
            board,
            hash,
            expires_at,
        } => {
            let row = TokenRow {
                user: *user,
                name: name.clone(),
                scopes: scopes.clone(),
                board: *board,
                hash: *hash,
                created_at: at,
                expires_at: *expires_at,
            };
            create_token(tx, at, *token, row)
        }
        PeopleCommand::RevokeToken { token } => revoke_token(tx, *token),
        PeopleCommand::PutKeyring { if_rev, keys } => put_keyring(tx, *if_rev, keys),
        PeopleCommand::OfferReset {
            user,
            hash,
            expires_at,
        } => offer_reset(tx, *user, *hash, *expires_at),
        PeopleCommand::TakeReset {
            user,
            hash,
            password,
        } => take_reset(tx, at, *user, *hash, password),
    }
}

fn done() -> Result<Reply, Fault> {
    ended(PeopleOutcome::Done)
}

fn ended(outcome: PeopleOutcome) -> Result<Reply, Fault> {
    Ok(Ok(Outcome::People(outcome)))
}

fn refused(rejection: Rejection) -> Result<Reply, Fault> {
    Ok(Err(rejection))
}

fn create_first_user(tx: &mut dyn WriteTx, at: Time, new: &NewUser) -> Result<Reply, Fault> {
    if any_user(tx)? {
        return refused(Rejection::NotTheFirstUser);
    }
    let admin = NewUser {
        role: InstanceRole::Admin,
        ..new.clone()
    };
    let row = insert_user(tx, at, &admin)?;
    sharing::claim_boards(tx, at, new.user)?;
    ended(PeopleOutcome::User(row))
}

fn any_user(tx: &dyn WriteTx) -> Result<bool, Fault> {
    let mut found = false;
    tx.scan::<UserRow>(&Single, &mut |_, _| {
        found = true;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

fn create_user(tx: &mut dyn WriteTx, at: Time, new: &NewUser) -> Result<Reply, Fault> {
    // The first is an admin's and comes to own what was there; another one before it would leave nobody to administer.
    if !any_user(tx)? {
        return refused(Rejection::NoFirstUser);
    }
    let is_taken = tx.get::<UserByEmail>(&new.email.folded())?.is_some();
    if is_taken || tx.get::<UserRow>(&new.user)?.is_some() {
        return refused(Rejection::UserExists);
    }
    let row = insert_user(tx, at, new)?;
    ended(PeopleOutcome::User(row))
}

fn insert_user(tx: &mut dyn WriteTx, at: Time, new: &NewUser) -> Result<UserRow, Fault> {
    let row = UserRow {
        email: new.email.clone(),
        name: new.name.clone(),
        role: new.role,
        password: new.password.clone(),
        created_at: at,
        changed_at: at,
        disabled_at: None,
        avatar: None,
        rev: 1,
    };
    tx.put(&new.email.folded(), &UserByEmail(new.user))?;
    tx.put(&new.user, &row)?;
    Ok(row)
}

fn change_user(
    tx: &mut dyn WriteTx,
    at: Time,
    user: UserId,
    change: &UserChange,
    if_rev: Option<u64>,
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<UserRow>(&user)? else {
        return refused(Rejection::UserNotFound);
    };
    let current = row.rev;
    if if_rev.is_some_and(|wanted| wanted != current) {
        return refused(Rejection::RevisionMoved { current });
    }
    let loses_admin = change.role == Some(InstanceRole::Member);
    if loses_admin && is_last_admin(tx, user, &row)? {
        return refused(Rejection::LastAdmin);
    }
    if let Some(email) = &change.email {
        let holder = tx.get::<UserByEmail>(&email.folded())?;
        if holder.is_some_and(|holder| holder.0 != user) {
            return refused(Rejection::UserExists);
        }
        tx.delete::<UserByEmail>(&row.email.folded())?;
        tx.put(&email.folded(), &UserByEmail(user))?;
        row.email = email.clone();
    }
    if let Some(name) = &change.name {
        row.name = name.clone();
    }
    if let Some(role) = change.role {
        row.role = role;
    }
    match &change.avatar {
        Some(AvatarChange::Set(avatar)) => row.avatar = Some(avatar.clone()),
        Some(AvatarChange::Remove) => row.avatar = None,
        None => {}
    }
    row.rev += 1;
    row.changed_at = at;
    tx.put(&user, &row)?;
    ended(PeopleOutcome::User(row))
}

/// Nobody would be left to let others in.
fn is_last_admin(tx: &dyn WriteTx, user: UserId, row: &UserRow) -> Result<bool, Fault> {
    let is_active_admin =
        |row: &UserRow| row.role == InstanceRole::Admin && row.disabled_at.is_none();
    if !is_active_admin(row) {
        return Ok(false);
    }
    let mut others = false;
    tx.scan::<UserRow>(&Single, &mut |id, other| {
        others = id != user && is_active_admin(&other);
        Ok(if others {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(!others)
}

fn set_password(
    tx: &mut dyn WriteTx,
    at: Time,
    user: UserId,
    password: &PasswordHash,
    keep: Option<SessionId>,
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<UserRow>(&user)? else {
        return refused(Rejection::UserNotFound);
    };
    row.password = Some(password.clone());
    row.changed_at = at;
    tx.put(&user, &row)?;
    end_sessions(tx, user, keep)?;
    end_reset(tx, user)?;
    ended(PeopleOutcome::User(row))
}

fn offer_reset(
    tx: &mut dyn WriteTx,
    user: UserId,
    hash: SecretHash,
    expires_at: Time,
) -> Result<Reply, Fault> {
    let Some(row) = tx.get::<UserRow>(&user)? else {
        return refused(Rejection::UserNotFound);
    };
    if row.disabled_at.is_some() {
        return refused(Rejection::UserDisabled);
    }
    end_reset(tx, user)?;
    tx.put(&hash, &ResetRow { user, expires_at })?;
    tx.put(&user, &ResetOfUser(hash))?;
    done()
}

fn take_reset(
    tx: &mut dyn WriteTx,
    at: Time,
    user: UserId,
    hash: SecretHash,
    password: &PasswordHash,
) -> Result<Reply, Fault> {
    match tx.get::<ResetRow>(&hash)? {
        Some(row) if row.user == user && at < row.expires_at => {
            set_password(tx, at, user, password, None)
        }
        Some(_) | None => refused(Rejection::ResetOver),
    }
}

fn end_reset(tx: &mut dyn WriteTx, user: UserId) -> Result<(), Fault> {
    if let Some(ResetOfUser(hash)) = tx.get(&user)? {
        tx.delete::<ResetRow>(&hash)?;
        tx.delete::<ResetOfUser>(&user)?;
    }
    Ok(())
}

fn set_disabled(
    tx: &mut dyn WriteTx,
    at: Time,
    user: UserId,
    disabled: bool,
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<UserRow>(&user)? else {
        return refused(Rejection::UserNotFound);
    };
    if disabled && is_last_admin(tx, user, &row)? {
        return refused(Rejection::LastAdmin);
    }
    if disabled != row.disabled_at.is_some() {
        row.disabled_at = disabled.then_some(at);
        row.changed_at = at;
        row.rev += 1;
        tx.put(&user, &row)?;
    }
    if disabled {
        end_sessions(tx, user, None)?;
        end_tokens(tx, user)?;
        end_reset(tx, user)?;
    }
    ended(PeopleOutcome::User(row))
}

fn delete_user(
    tx: &mut dyn WriteTx,
    at: Time,
    user: UserId,
    boards_to: Option<UserId>,
) -> Result<Reply, Fault> {
    let Some(row) = tx.get::<UserRow>(&user)? else {
        return refused(Rejection::UserNotFound);
    };
    if is_last_admin(tx, user, &row)? {
        return refused(Rejection::LastAdmin);
    }
    if let Some(heir) = boards_to {
        let takes = tx.get::<UserRow>(&heir)?;
        if heir == user || takes.is_none_or(|row| row.disabled_at.is_some()) {
            return refused(Rejection::UserNotFound);
        }
    }
    end_sessions(tx, user, None)?;
    end_tokens(tx, user)?;
    end_reset(tx, user)?;
    sharing::leave_boards(tx, at, user, boards_to)?;
    tx.delete::<SettingsRow>(&user)?;
    tx.delete::<UserByEmail>(&row.email.folded())?;
    tx.delete::<UserRow>(&user)?;
    done()
}

fn put_settings(
    tx: &mut dyn WriteTx,
    user: UserId,
    json: &str,
    if_rev: Option<u64>,
) -> Result<Reply, Fault> {
    if tx.get::<UserRow>(&user)?.is_none() {
        return refused(Rejection::UserNotFound);
    }
    let current = tx.get::<SettingsRow>(&user)?.map_or(0, |row| row.rev);
    if if_rev.is_some_and(|wanted| wanted != current) {
        return refused(Rejection::RevisionMoved { current });
    }
    let row = SettingsRow {
        json: json.to_owned(),
        rev: current + 1,
    };
    tx.put(&user, &row)?;
    ended(PeopleOutcome::Settings(row))
}

fn start_session(
    tx: &mut dyn WriteTx,
    at: Time,
    session: SessionId,
    user: UserId,
    hash: SecretHash,
    client: &ClientInfo,
) -> Result<Reply, Fault> {
    let Some(row) = tx.get::<UserRow>(&user)? else {
        return refused(Rejection::UserNotFound);
    };
    if row.disabled_at.is_some() {
        return refused(Rejection::UserDisabled);
    }
    if tx.get::<SessionRow>(&session)?.is_some() {
        return refused(Rejection::SessionExists);
    }
    make_room(tx, at, user)?;
    let ends_at = at.plus_ms(SESSION_MS_MAX);
    let row = SessionRow {
        subject: Subject::User(user),
        created_at: at,
        used_at: at,
        authenticated_at: at,
        agent: client.agent.clone(),
        network: client.network.clone(),
        refresh: Some(Refresh {
            seq: 1,
            hash,
            previous: None,
        }),
        ends_at,
    };
    tx.put(&session, &row)?;
    tx.put(&(user, session), &SessionOfUser)?;
    ended(PeopleOutcome::Session { ends_at })
}

/// Drops what is over, and the longest unused when there are too many.
fn make_room(tx: &mut dyn WriteTx, at: Time, user: UserId) -> Result<(), Fault> {
    let mut left = Vec::new();
    for (_, session) in tx.keys::<SessionOfUser>(&user)? {
        let row = tx.get_known::<SessionRow>(&session)?;
        if row.is_over(at) {
            end_session(tx, session)?;
        } else {
            left.push((row.used_at, session));
        }
    }
    left.sort_unstable();
    let too_many = (left.len() + 1).saturating_sub(SESSIONS_MAX);
    for (_, session) in left.into_iter().take(too_many) {
        end_session(tx, session)?;
    }
    Ok(())
}

/// A refresh secret and what is to follow it.
struct Turn {
    seq: u64,
    presented: SecretHash,
    next: SecretHash,
    successor: Bytes,
    client: [u8; 16],
}

fn rotate_session(
    tx: &mut dyn WriteTx,
    at: Time,
    session: SessionId,
    turn: Turn,
) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<SessionRow>(&session)? else {
        return refused(Rejection::SessionNotFound);
    };
    let Some(refresh) = row.refresh.take().filter(|_| !row.is_over(at)) else {
        return refused(Rejection::SessionNotFound);
    };
    if turn.seq == refresh.seq && turn.presented == refresh.hash {
        let seq = refresh.seq + 1;
        row.used_at = at;
        row.refresh = Some(Refresh {
            seq,
            hash: turn.next,
            previous: Some(Rotated {
                hash: refresh.hash,
                at,
                successor: turn.successor,
                client: turn.client,
            }),
        });
        tx.put(&session, &row)?;
        return ended(PeopleOutcome::Rotated { seq });
    }
    // What says of itself to be the current or a later one and is not, was never given out: a guess ends nothing.
    if turn.seq >= refresh.seq {
        return refused(Rejection::SessionNotFound);
    }
    if let Some(previous) = &refresh.previous
        && turn.seq + 1 == refresh.seq
        && turn.presented == previous.hash
        && turn.client == previous.client
        && at < previous.at.plus_ms(ROTATION_GRACE_MS)
    {
        return ended(PeopleOutcome::RotatedBefore {
            seq: refresh.seq,
            successor: previous.successor.clone(),
        });
    }
    let user = match &row.subject {
        Subject::User(user) => Some(*user),
        Subject::Link { .. } => None,
    };
    end_session(tx, session)?;
    ended(PeopleOutcome::FamilyEnded { user })
}

fn confirm_session(tx: &mut dyn WriteTx, at: Time, session: SessionId) -> Result<Reply, Fault> {
    let Some(mut row) = tx.get::<SessionRow>(&session)? else {
        return refused(Rejection::SessionNotFound);
    };
    if row.is_over(at) {
        return refused(Rejection::SessionNotFound);
    }
    row.authenticated_at = at;
    tx.put(&session, &row)?;
    done()
}

/// Ending what has ended is fine.
pub(crate) fn end_session(tx: &mut dyn WriteTx, session: SessionId) -> Result<(), Fault> {
    let Some(row) = tx.get::<SessionRow>(&session)? else {
        return Ok(());
    };
    match row.subject {
        Subject::User(user) => tx.delete::<SessionOfUser>(&(user, session))?,
        Subject::Link { link, .. } => {
            tx.delete::<sharing::SessionOfLink>(&(link, session))?;
        }
    }
    tx.delete::<SessionRow>(&session)
}

fn end_sessions(tx: &mut dyn WriteTx, user: UserId, keep: Option<SessionId>) -> Result<(), Fault> {
    for (_, session) in tx.keys::<SessionOfUser>(&user)? {
        if Some(session) != keep {
            end_session(tx, session)?;
        }
    }
    Ok(())
}

fn create_token(
    tx: &mut dyn WriteTx,
    at: Time,
    token: TokenId,
    row: TokenRow,
) -> Result<Reply, Fault> {
    let Some(owner) = tx.get::<UserRow>(&row.user)? else {
        return refused(Rejection::UserNotFound);
    };
    if owner.disabled_at.is_some() {
        return refused(Rejection::UserDisabled);
    }
    if tx.get::<TokenRow>(&token)?.is_some() {
        return refused(Rejection::TokenExists);
    }
    let mut over = Vec::new();
    let mine = tx.keys::<TokenOfUser>(&row.user)?;
    for (_, old) in &mine {
        if tx.get_known::<TokenRow>(old)?.expires_at <= at {
            over.push(*old);
        }
    }
    if mine.len() - over.len() >= TOKENS_MAX {
        let max = TOKENS_MAX as u64;
        return refused(Rejection::TooMany { max });
    }
    for old in over {
        remove_token(tx, row.user, old)?;
    }
    tx.put(&token, &row)?;
    tx.put(&(row.user, token), &TokenOfUser)?;
    ended(PeopleOutcome::Token(row))
}

fn revoke_token(tx: &mut dyn WriteTx, token: TokenId) -> Result<Reply, Fault> {
    let Some(row) = tx.get::<TokenRow>(&token)? else {
        return refused(Rejection::TokenNotFound);
    };
    remove_token(tx, row.user, token)?;
    done()
}

fn end_tokens(tx: &mut dyn WriteTx, user: UserId) -> Result<(), Fault> {
    for (_, token) in tx.keys::<TokenOfUser>(&user)? {
        remove_token(tx, user, token)?;
    }
    Ok(())
}

fn remove_token(tx: &mut dyn WriteTx, user: UserId, token: TokenId) -> Result<(), Fault> {
    tx.delete::<TokenOfUser>(&(user, token))?;
    tx.delete::<TokenRow>(&token)
}

fn put_keyring(tx: &mut dyn WriteTx, if_rev: u64, keys: &[KeyRow]) -> Result<Reply, Fault> {
    let current = tx.get::<KeyringRow>(&Single)?.map_or(0, |row| row.rev);
    if if_rev != current {
        return refused(Rejection::RevisionMoved { current });
    }
    let row = KeyringRow {
        rev: current + 1,
        keys: keys.to_vec(),
    };
    tx.put(&Single, &row)?;
    ended(PeopleOutcome::Keyring(row))
}
