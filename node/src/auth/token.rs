//! Tokens: what a client carries and only we can read. PASETO v4.local throughout.
//!
//! Every token is bound by its implicit assertion to this installation and to one kind, so that a refresh wrapper is no
//! access token even under the same key. Its footer names the key in our ring and nothing else. PASETO does not know
//! whether a session is still there: whoever opens an access token asks the store as well.

use super::keyring::Ring;
use super::secret::Secret;
use crate::api::time::{parse_rfc3339, rfc3339};
use easel_storage::people::{SESSION_IDLE_MS, SESSION_MS_MAX};
use easel_storage::sharing::Role;
use easel_storage::{BoardId, InstanceId, LinkId, SessionId, Time, UserId};
use pasetors::token::{Local, UntrustedToken};
use pasetors::version4::{LocalToken, V4};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// An access token lives no longer than this; the configuration may say less.
pub(crate) const ACCESS_LIFE_MS_MAX: u64 = 10 * 60 * 1000;
pub(crate) const TICKET_LIFE_MS: u64 = 30 * 1000;
/// A token of a node whose clock is ahead by this much is good.
const LEEWAY_MS: u64 = 60 * 1000;
/// Ours are a third of that.
const TOKEN_BYTES_MAX: usize = 2_048;
const FOOTER_BYTES_MAX: usize = 256;

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typ {
    Access,
    Refresh,
    Ticket,
    /// Says that somebody signed in here before; see [`super::guard`].
    Device,
}

impl Typ {
    fn slug(self) -> &'static str {
        match self {
            Typ::Access => "at",
            Typ::Refresh => "rt",
            Typ::Ticket => "wt",
            Typ::Device => "dv",
        }
    }
}

/// Whom an access token or a ticket speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    User(UserId),
    Link(LinkId),
}

/// An access token. What else there is to know of the session is in its row, which is read with every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) holder: Holder,
    pub(crate) session: SessionId,
}

/// What renews a session, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) session: SessionId,
    pub(crate) seq: u64,
    pub(crate) secret: Secret,
}

/// Lets one connection onto one board, where a browser can send no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) holder: Holder,
    /// None: a personal token's.
    pub(crate) session: Option<SessionId>,
    pub(crate) board: BoardId,
    pub(crate) role: Role,
    /// The page that may use it; none: a program's.
    pub(crate) origin: Option<String>,
    pub(crate) jti: [u8; 16],
    pub(crate) expires_at: Time,
}

/// A browser in which this person signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) user: UserId,
    pub(crate) device: [u8; 16],
}

/// Why a token is not taken. A client is told no more than that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("not a token of this kind")]
    Malformed,
    #[error("sealed with a key that is not in the ring")]
    UnknownKey,
    #[error("changed, or sealed for something else")]
    Forged,
    #[error("not valid yet")]
    Early,
    #[error("expired")]
    Expired,
}

/// The keyring has no active key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key to seal with")]
pub(crate) struct NoKey;

/// Seals and opens the tokens of one installation.
#[derive(Debug)]
pub(crate) struct Tokens {
    assertions: [String; 4],
    audience: String,
    access_life_ms: u64,
}

impl Tokens {
    /// `audience` is the address by which people reach the installation.
    pub(crate) fn new(instance: InstanceId, audience: String, access_life_ms: u64) -> Tokens {
        let assertion = |typ: Typ| format!("easel|v1|{instance}|{}", typ.slug());
        Tokens {
            assertions: [Typ::Access, Typ::Refresh, Typ::Ticket, Typ::Device].map(assertion),
            audience,
            access_life_ms,
        }
    }

    pub(crate) fn access_life_ms(&self) -> u64 {
        self.access_life_ms
    }

    fn life_ms(&self, typ: Typ) -> u64 {
        match typ {
            Typ::Access => self.access_life_ms,
            // The store says when exactly.
            Typ::Refresh => SESSION_IDLE_MS,
            Typ::Ticket => TICKET_LIFE_MS,
            Typ::Device => SESSION_MS_MAX,
        }
    }

    pub(crate) fn mint_access(
        &self,
        ring: &Ring,
        access: &Access,
        now: Time,
    ) -> Result<String, NoKey> {
        let body = AccessBody {
            sub: access.holder.text(),
            sid: access.session.to_string(),
        };
        self.mint(ring, Typ::Access, &body, now)
    }

    /// Whom an access token speaks for, and until when.
    pub(crate) fn open_access(
        &self,
        ring: &Ring,
        token: &str,
        now: Time,
    ) -> Result<(Access, Time), Refused> {
        let (body, ends_at) = self.open::<AccessBody>(ring, Typ::Access, token, now)?;
        let access = Access {
            holder: Holder::parse(&body.sub)?,
            session: body.sid.parse().map_err(|_| Refused::Malformed)?,
        };
        Ok((access, ends_at))
    }

    pub(crate) fn mint_refresh(
        &self,
        ring: &Ring,
        refresh: &RefreshToken,
        now: Time,
    ) -> Result<String, NoKey> {
        let body = RefreshBody {
            sid: refresh.session.to_string(),
            seq: refresh.seq,
            sec: refresh.secret.text(),
        };
        self.mint(ring, Typ::Refresh, &body, now)
    }

    pub(crate) fn open_refresh(
        &self,
        ring: &Ring,
        token: &str,
        now: Time,
    ) -> Result<RefreshToken, Refused> {
        let (body, _) = self.open::<RefreshBody>(ring, Typ::Refresh, token, now)?;
        Ok(RefreshToken {
            session: body.sid.parse().map_err(|_| Refused::Malformed)?,
            seq: body.seq,
            secret: Secret::parse(&body.sec).map_err(|_| Refused::Malformed)?,
        })
    }

    /// `expires_at` of the ticket is not looked at; it lives for [`TICKET_LIFE_MS`].
    pub(crate) fn mint_ticket(
        &self,
        ring: &Ring,
        ticket: &Ticket,
        now: Time,
    ) -> Result<String, NoKey> {
        let body = TicketBody {
            sub: ticket.holder.text(),
            sid: ticket.session.map(|session| session.to_string()),
            board: ticket.board.to_string(),
            role: role_slug(ticket.role).to_owned(),
            origin: ticket.origin.clone(),
            jti: hex(&ticket.jti),
        };
        self.mint(ring, Typ::Ticket, &body, now)
    }

    pub(crate) fn open_ticket(
        &self,
        ring: &Ring,
        token: &str,
        now: Time,
    ) -> Result<Ticket, Refused> {
        let (body, expires_at) = self.open::<TicketBody>(ring, Typ::Ticket, token, now)?;
        Ok(Ticket {
            holder: Holder::parse(&body.sub)?,
            session: body
                .sid
                .map(|sid| sid.parse().map_err(|_| Refused::Malformed))
                .transpose()?,
            board: body.board.parse().map_err(|_| Refused::Malformed)?,
            role: role(&body.role).ok_or(Refused::Malformed)?,
            origin: body.origin,
            jti: from_hex(&body.jti).ok_or(Refused::Malformed)?,
            expires_at,
        })
    }

    pub(crate) fn mint_device(
        &self,
        ring: &Ring,
        device: &Device,
        now: Time,
    ) -> Result<String, NoKey> {
        let body = DeviceBody {
            sub: device.user.to_string(),
            dev: hex(&device.device),
        };
        self.mint(ring, Typ::Device, &body, now)
    }

    pub(crate) fn open_device(
        &self,
        ring: &Ring,
        token: &str,
        now: Time,
    ) -> Result<Device, Refused> {
        let (body, _) = self.open::<DeviceBody>(ring, Typ::Device, token, now)?;
        Ok(Device {
            user: body.sub.parse().map_err(|_| Refused::Malformed)?,
            device: from_hex(&body.dev).ok_or(Refused::Malformed)?,
        })
    }

    fn assertion(&self, typ: Typ) -> &[u8] {
        self.assertions[typ as usize].as_bytes()
    }

    fn mint(
        &self,
        ring: &Ring,
        typ: Typ,
        body: &impl Serialize,
        now: Time,
    ) -> Result<String, NoKey> {
        let key = ring.sealing().ok_or(NoKey)?;
        let issued = rfc3339(now.0);
        let claims = Claims {
            common: Common {
                typ: typ.slug(),
                aud: &self.audience,
                iat: &issued,
                nbf: &issued,
                exp: &rfc3339(now.plus_ms(self.life_ms(typ)).0),
            },
            body,
        };
        let payload = serde_json::to_vec(&claims).expect("claims are text and numbers");
        let footer = serde_json::to_vec(&Footer { kid: &key.id }).expect("a key id is text");
        let token =
            LocalToken::encrypt(&key.key, &payload, Some(&footer), Some(self.assertion(typ)));
        Ok(token.expect("the system has random numbers"))
    }

    /// Opens a token and says when it expires.
    fn open<Body: for<'de> Deserialize<'de>>(
        &self,
        ring: &Ring,
        typ: Typ,
        token: &str,
        now: Time,
    ) -> Result<(Body, Time), Refused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refused::Malformed);
        }
        let token = UntrustedToken::<Local, V4>::try_from(token).map_err(|_| Refused::Malformed)?;
        let key = ring
            .opening(key_id(token.untrusted_footer())?, typ, now)
            .ok_or(Refused::UnknownKey)?;
        let opened = LocalToken::decrypt(&key.key, &token, None, Some(self.assertion(typ)))
            .map_err(|_| Refused::Forged)?;
        let common: Common<'_> =
            serde_json::from_str(opened.payload()).map_err(|_| Refused::Malformed)?;
        if common.typ != typ.slug() || common.aud != self.audience {
            return Err(Refused::Forged);
        }
        let time = |text: &str| parse_rfc3339(text).map(Time).ok_or(Refused::Malformed);
        let expires_at = time(common.exp)?;
        if time(common.iat)?.max(time(common.nbf)?) > now.plus_ms(LEEWAY_MS) {
            return Err(Refused::Early);
        }
        if now >= expires_at {
            return Err(Refused::Expired);
        }
        // Two passes over a few hundred bytes; one with everything in it would copy each member first.
        let body = serde_json::from_str(opened.payload()).map_err(|_| Refused::Malformed)?;
        Ok((body, expires_at))
    }
}

/// The key that a footer names. Nothing in it is believed before the token is opened: it is short, has one member, and
/// the key is looked for in the ring alone.
fn key_id(footer: &[u8]) -> Result<&str, Refused> {
    if footer.len() > FOOTER_BYTES_MAX {
        return Err(Refused::Malformed);
    }
    let footer: Footer<'_> = serde_json::from_slice(footer).map_err(|_| Refused::Malformed)?;
    Ok(footer.kid)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer<'a> {
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a, Body> {
    #[serde(flatten)]
    common: Common<'a>,
    #[serde(flatten)]
    body: &'a Body,
}

/// What every token of ours says, in text that needs no escapes.
#[derive(Serialize, Deserialize)]
struct Common<'a> {
    typ: &'a str,
    aud: &'a str,
    iat: &'a str,
    nbf: &'a str,
    exp: &'a str,
}

#[derive(Serialize, Deserialize)]
struct AccessBody {
    sub: String,
    sid: String,
}

#[derive(Serialize, Deserialize)]
struct RefreshBody {
    sid: String,
    seq: u64,
    sec: String,
}

#[derive(Serialize, Deserialize)]
struct TicketBody {
    sub: String,
    sid: Option<String>,
    board: String,
    role: String,
    origin: Option<String>,
    jti: String,
}

#[derive(Serialize, Deserialize)]
struct DeviceBody {
    sub: String,
    dev: String,
}

impl Holder {
    fn text(self) -> String {
        match self {
            Holder::User(user) => user.to_string(),
            Holder::Link(link) => link.to_string(),
        }
    }

    fn parse(text: &str) -> Result<Holder, Refused> {
        let user = text.parse().map(Holder::User);
        user.or_else(|_| text.parse().map(Holder::Link))
            .map_err(|_| Refused::Malformed)
    }
}

fn role_slug(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Commenter => "commenter",
        Role::Editor => "editor",
        Role::Owner => "owner",
    }
}

fn role(slug: &str) -> Option<Role> {
    [Role::Viewer, Role::Commenter, Role::Editor, Role::Owner]
        .into_iter()
        .find(|role| role_slug(*role) == slug)
}

fn hex(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 16];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// The next refresh secret, sealed for who knows the one it follows: the store alone cannot give it away.
pub(crate) mod successor {
    use super::super::keyring::key_of;
    use super::super::secret::Secret;
    use bytes::Bytes;
    use pasetors::keys::SymmetricKey;
    use pasetors::token::{Local, UntrustedToken};
    use pasetors::version4::{LocalToken, V4};

    const ASSERTION: &[u8] = b"easel|v1|successor";

    pub(crate) fn seal(presented: &Secret, next: &Secret) -> Bytes {
        let sealed = LocalToken::encrypt(
            &key(presented),
            next.text().as_bytes(),
            None,
            Some(ASSERTION),
        );
        sealed.expect("the system has random numbers").into()
    }

    pub(crate) fn open(presented: &Secret, sealed: &[u8]) -> Option<Secret> {
        let token =
            UntrustedToken::<Local, V4>::try_from(std::str::from_utf8(sealed).ok()?).ok()?;
        let opened = LocalToken::decrypt(&key(presented), &token, None, Some(ASSERTION)).ok()?;
        Secret::parse(opened.payload()).ok()
    }

    fn key(presented: &Secret) -> SymmetricKey<V4> {
        key_of(blake3::derive_key(
            "easel refresh successor v1",
            presented.as_bytes(),
        ))
    }
}

/// The tickets that were used on this node, until they expire anyway.
#[derive(Debug, Default)]
pub(crate) struct Burnt {
    until: HashMap<[u8; 16], Time>,
    /// In the order they came, which is nearly that of their ends.
    order: VecDeque<[u8; 16]>,
}

/// Why a ticket is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotBurnt {
    /// It was used before.
    Again,
    /// More tickets than are remembered came within their life; one that is taken could be taken twice.
    Full,
}

impl Burnt {
    pub(crate) const TICKETS_MAX: usize = 100_000;

    pub(crate) fn burn(
        &mut self,
        jti: [u8; 16],
        expires_at: Time,
        now: Time,
    ) -> Result<(), NotBurnt> {
        while let Some(first) = self.order.front()
            && self.until.get(first).is_none_or(|until| *until <= now)
        {
            self.until.remove(first);
            self.order.pop_front();
        }
        if self.until.contains_key(&jti) {
            return Err(NotBurnt::Again);
        }
        if self.until.len() >= Self::TICKETS_MAX {
            return Err(NotBurnt::Full);
        }
        self.until.insert(jti, expires_at);
        self.order.push_back(jti);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
