//! The keys that seal tokens, and the key that seals them.
//!
//! The keyring is replicated, so that every node opens what any node sealed. In the store its keys are sealed with the
//! installation's *master key*, which is on no wire and in no snapshot: a file beside the data, or one that the operator
//! names. A key's life: *pending* (every node knows it) → *active* (it seals) → *verify-only* (it opens what it sealed) →
//! gone. Losing the master key ends all sessions and loses nothing else.
//!
//! What a row becomes is decided by functions of rows and time alone; who submits them is [`super::Auth`].

use super::secret::random;
use super::token::{ACCESS_LIFE_MS_MAX, Typ};
use bytes::Bytes;
use easel_storage::people::{KeyRow, KeyState, KeyringRow, SESSION_IDLE_MS};
use easel_storage::{InstanceId, Time};
use pasetors::keys::SymmetricKey;
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::token::{Local, UntrustedToken};
use pasetors::version4::{LocalToken, V4};
use std::fmt;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// An active key is followed by another after this long.
pub(crate) const ROTATE_AFTER_MS: u64 = 90 * 24 * 60 * 60 * 1000;
/// A key that seals no more opens access tokens for this much longer than they live, for clocks that differ.
const OPENS_ACCESS_MS: u64 = ACCESS_LIFE_MS_MAX + 2 * 60 * 1000;

const MASTER_FILE: &str = "master.key";
const MASTER_BYTES_MAX: u64 = 1 << 10;

/// Seals the keyring. Never stored in the store.
pub(crate) struct MasterKey {
    key: SymmetricKey<V4>,
    /// Made just now: what is sealed with another one is lost.
    pub(crate) is_new: bool,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MasterSource {
    /// The operator's own file; it must be there.
    File(PathBuf),
    /// What systemd handed the service. It gives the service's user access by an ACL, which shows as the group's.
    Credential(PathBuf),
    /// `master.key` in the data folder, made when it is missing.
    DataDir(PathBuf),
}

impl MasterSource {
    const CREDENTIAL: &'static str = "master_key";

    /// `file` is what the configuration names, `credentials` the folder in which systemd puts a service's.
    pub(crate) fn of(
        file: Option<PathBuf>,
        credentials: Option<PathBuf>,
        dir: &Path,
    ) -> MasterSource {
        let credential = credentials
            .map(|folder| folder.join(Self::CREDENTIAL))
            .filter(|file| file.exists());
        match (file, credential) {
            (Some(file), _) => MasterSource::File(file),
            (None, Some(file)) => MasterSource::Credential(file),
            (None, None) => MasterSource::DataDir(dir.to_owned()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    #[error("cannot read the master key {}: {error}", .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("cannot write the master key {}: {error}", .path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error(
        "others may read the master key {} (mode {mode:03o}); make it yours alone: chmod 600 {}", .path.display(), .path.display()
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("{} holds no master key (one line, k4.local. and 43 characters)", .path.display())]
    NotAKey { path: PathBuf },
    #[error(
        "the master key {} is not the cluster's; put the cluster's there, or name none and let the cluster give it", .path.display()
    )]
    NotTheClusters { path: PathBuf },
}

impl MasterKey {
    pub(crate) fn load(source: &MasterSource) -> Result<MasterKey, MasterKeyError> {
        match source {
            MasterSource::File(path) => MasterKey::read(path, 0o077),
            MasterSource::Credential(path) => MasterKey::read(path, 0o007),
            MasterSource::DataDir(dir) => {
                let path = dir.join(MASTER_FILE);
                let is_new = !path.exists();
                if is_new {
                    MasterKey::make(dir, &path).map_err(|error| MasterKeyError::Unwritable {
                        path: path.clone(),
                        error,
                    })?;
                }
                let read = MasterKey::read(&path, 0o077)?;
                Ok(MasterKey { is_new, ..read })
            }
        }
    }

    /// Keeps the master key of the cluster that this node comes into. The operator's own file must hold it already.
    pub(crate) fn adopt(source: &MasterSource, text: &str) -> Result<(), MasterKeyError> {
        let (path, closed_to) = match source {
            MasterSource::File(path) => (path, 0o077),
            MasterSource::Credential(path) => (path, 0o007),
            MasterSource::DataDir(dir) => {
                let path = dir.join(MASTER_FILE);
                return MasterKey::write(dir, &path, text)
                    .map_err(|error| MasterKeyError::Unwritable { path, error });
            }
        };
        match paserk(&MasterKey::read(path, closed_to)?.key) == text {
            true => Ok(()),
            false => Err(MasterKeyError::NotTheClusters { path: path.clone() }),
        }
    }

    /// As its file has it.
    pub(super) fn text(&self) -> String {
        paserk(&self.key)
    }

    /// Refuses a file whose mode has one of the bits `closed_to`.
    fn read(path: &Path, closed_to: u32) -> Result<MasterKey, MasterKeyError> {
        let unreadable = |error| MasterKeyError::Unreadable {
            path: path.to_owned(),
            error,
        };
        let not_a_key = || MasterKeyError::NotAKey {
            path: path.to_owned(),
        };
        let about = std::fs::metadata(path).map_err(unreadable)?;
        let mode = about.mode() & 0o777;
        if mode & closed_to != 0 {
            return Err(MasterKeyError::Open {
                path: path.to_owned(),
                mode,
            });
        }
        if !about.is_file() || about.len() > MASTER_BYTES_MAX {
            return Err(not_a_key());
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let key = SymmetricKey::<V4>::try_from(text.trim()).map_err(|_| not_a_key())?;
        Ok(MasterKey { key, is_new: false })
    }

    fn make(dir: &Path, path: &Path) -> io::Result<()> {
        MasterKey::write(dir, path, &paserk(&new_key()))
    }

    /// Whole and synced under another name first: a crash leaves a key or none, never half of one.
    fn write(dir: &Path, path: &Path, text: &str) -> io::Result<()> {
        let unfinished = dir.join("master.key.new");
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(format!("{text}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        std::fs::File::open(dir)?.sync_all()
    }

    #[cfg(test)]
    pub(crate) fn of_bytes(bytes: [u8; 32]) -> MasterKey {
        MasterKey {
            key: key_of(bytes),
            is_new: false,
        }
    }

    /// A key for something else than sealing; what for is in the context.
    pub(super) fn derive(&self, context: &str) -> [u8; 32] {
        blake3::derive_key(context, self.key.as_bytes())
    }

    /// A fresh ring key, sealed, as it comes into the store.
    pub(crate) fn seal_new(&self, instance: InstanceId, state: KeyState, now: Time) -> KeyRow {
        let key = new_key();
        let id = key_id(&key);
        let sealed = LocalToken::encrypt(
            &self.key,
            paserk(&key).as_bytes(),
            None,
            Some(assertion(instance, &id).as_bytes()),
        )
        .expect("the system has random numbers");
        KeyRow {
            id,
            state,
            sealed: Bytes::from(sealed),
            created_at: now,
            since: now,
        }
    }

    fn open(&self, instance: InstanceId, row: &KeyRow) -> Option<SymmetricKey<V4>> {
        let sealed = std::str::from_utf8(&row.sealed).ok()?;
        let token = UntrustedToken::<Local, V4>::try_from(sealed).ok()?;
        let assertion = assertion(instance, &row.id);
        let opened =
            LocalToken::decrypt(&self.key, &token, None, Some(assertion.as_bytes())).ok()?;
        let key = SymmetricKey::<V4>::try_from(opened.payload()).ok()?;
        (key_id(&key) == row.id).then_some(key)
    }
}

/// What a sealed key is bound to: it opens under no other name and in no other installation.
fn assertion(instance: InstanceId, id: &str) -> String {
    format!("easel|v1|{instance}|key|{id}")
}

fn new_key() -> SymmetricKey<V4> {
    key_of(random())
}

pub(super) fn key_of(bytes: [u8; 32]) -> SymmetricKey<V4> {
    SymmetricKey::from(&bytes).expect("a key has 32 bytes")
}

fn paserk(key: &SymmetricKey<V4>) -> String {
    let mut text = String::new();
    key.fmt(&mut text).expect("a string takes what is written");
    text
}

fn key_id(key: &SymmetricKey<V4>) -> String {
    let mut text = String::new();
    Id::from(key)
        .fmt(&mut text)
        .expect("a string takes what is written");
    text
}

/// The keyring could not be opened with this master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keyring is sealed with another master key")]
pub(crate) struct ForeignKeyring;

/// The keyring, opened. Without keys when none was made yet.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    pub(crate) rev: u64,
    keys: Vec<RingKey>,
}

#[derive(Debug)]
pub(crate) struct RingKey {
    pub(crate) id: String,
    pub(crate) key: SymmetricKey<V4>,
    state: KeyState,
    since: Time,
    created_at: Time,
}

impl Ring {
    pub(crate) fn open(
        row: &KeyringRow,
        master: &MasterKey,
        instance: InstanceId,
    ) -> Result<Ring, ForeignKeyring> {
        let open = |row: &KeyRow| {
            let key = master.open(instance, row).ok_or(ForeignKeyring)?;
            Ok(RingKey {
                id: row.id.clone(),
                key,
                state: row.state,
                since: row.since,
                created_at: row.created_at,
            })
        };
        Ok(Ring {
            rev: row.rev,
            keys: row.keys.iter().map(open).collect::<Result<_, _>>()?,
        })
    }

    /// The key that seals; `None` in a ring that nobody finished.
    pub(crate) fn sealing(&self) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.state == KeyState::Active)
    }

    /// How old the key is that new tokens are sealed with.
    pub(crate) fn age_ms(&self, now: Time) -> Option<u64> {
        let key = self.sealing()?;
        Some(now.0.saturating_sub(key.created_at.0))
    }

    /// The key of that id, if it may open a token of this kind now. A pending one may: another node can be ahead.
    pub(crate) fn opening(&self, id: &str, typ: Typ, now: Time) -> Option<&RingKey> {
        let key = self.keys.iter().find(|key| key.id == id)?;
        let may = match (key.state, typ) {
            (KeyState::Pending | KeyState::Active, _) => true,
            (KeyState::VerifyOnly, Typ::Access | Typ::Ticket) => {
                now < key.since.plus_ms(OPENS_ACCESS_MS)
            }
            // Until the key is retired: they are wrapped anew whenever they are used.
            (KeyState::VerifyOnly, Typ::Refresh | Typ::Device) => true,
        };
        may.then_some(key)
    }
}

/// Why the keyring cannot be changed like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyRefused {
    #[error("there is no such key")]
    Unknown,
    #[error("the active key cannot be taken away; announce another with `easel keys rotate` first")]
    Active,
    #[error(
        "the key is still the active one: the announced one takes its place about a minute after the node's start. \
         Start the node, stop it after that, and retire the key then"
    )]
    StillActive,
    #[error(
        "a key is announced already; it becomes the active one about a minute after the node's start"
    )]
    Pending,
}

/// Adds a pending key, made by [`MasterKey::seal_new`].
pub(crate) fn announce(keys: &[KeyRow], new: KeyRow) -> Result<Vec<KeyRow>, KeyRefused> {
    if keys.iter().any(|key| key.state == KeyState::Pending) {
        return Err(KeyRefused::Pending);
    }
    let mut keys = keys.to_vec();
    keys.push(new);
    Ok(keys)
}

/// The pending key seals from now on; the one before it only opens. When every node knows the pending key.
pub(crate) fn activate(keys: &[KeyRow], now: Time) -> Result<Vec<KeyRow>, KeyRefused> {
    if !keys.iter().any(|key| key.state == KeyState::Pending) {
        return Err(KeyRefused::Unknown);
    }
    let step = |key: &KeyRow| {
        let state = match key.state {
            KeyState::Pending => KeyState::Active,
            KeyState::Active => KeyState::VerifyOnly,
            KeyState::VerifyOnly => return key.clone(),
        };
        KeyRow {
            state,
            since: now,
            ..key.clone()
        }
    };
    Ok(keys.iter().map(step).collect())
}

/// Without the keys that nothing in use was sealed with: a session unused for its idle life is over. `None`: all stay.
pub(crate) fn retire(keys: &[KeyRow], now: Time) -> Option<Vec<KeyRow>> {
    let is_old = |key: &&KeyRow| {
        key.state == KeyState::VerifyOnly && now >= key.since.plus_ms(SESSION_IDLE_MS)
    };
    let left: Vec<_> = keys.iter().filter(|key| !is_old(key)).cloned().collect();
    (left.len() < keys.len()).then_some(left)
}

/// Without this key, whatever was sealed with it: an operator's word, after a leak.
pub(crate) fn destroy(keys: &[KeyRow], id: &str) -> Result<Vec<KeyRow>, KeyRefused> {
    let key = keys
        .iter()
        .find(|key| key.id == id)
        .ok_or(KeyRefused::Unknown)?;
    let is_replaced = keys.iter().any(|key| key.state == KeyState::Pending);
    match key.state {
        KeyState::Active if is_replaced => Err(KeyRefused::StillActive),
        KeyState::Active => Err(KeyRefused::Active),
        KeyState::Pending | KeyState::VerifyOnly => {
            Ok(keys.iter().filter(|key| key.id != id).cloned().collect())
        }
    }
}

/// What is due with the keyring by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Announce,
    Activate,
    Retire,
}

/// A pending key is left to be known everywhere for this long.
pub(crate) const PENDING_MS: u64 = 60 * 1000;

pub(crate) fn due(keys: &[KeyRow], now: Time) -> Option<Due> {
    let since = |state| {
        keys.iter()
            .find(|key| key.state == state)
            .map(|key| key.since)
    };
    match (since(KeyState::Pending), since(KeyState::Active)) {
        (Some(pending), _) if now >= pending.plus_ms(PENDING_MS) => Some(Due::Activate),
        (None, Some(active)) if now >= active.plus_ms(ROTATE_AFTER_MS) => Some(Due::Announce),
        _ if retire(keys, now).is_some() => Some(Due::Retire),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Due, ForeignKeyring, KeyRefused, MasterKey, MasterKeyError, MasterSource, OPENS_ACCESS_MS,
        PENDING_MS, ROTATE_AFTER_MS, Ring, activate, announce, destroy, due, retire,
    };
    use crate::auth::token::Typ;
    use easel_storage::people::{KeyRow, KeyState, KeyringRow, SESSION_IDLE_MS};
    use easel_storage::{InstanceId, Time};
    use std::os::unix::fs::PermissionsExt;

    const HERE: InstanceId = InstanceId::from_bytes([1; 16]);

    fn master() -> MasterKey {
        MasterKey::of_bytes([5; 32])
    }

    fn ring(keys: &[KeyRow]) -> Ring {
        let row = KeyringRow {
            rev: 1,
            keys: keys.to_vec(),
        };
        Ring::open(&row, &master(), HERE).unwrap()
    }

    fn states(keys: &[KeyRow]) -> Vec<KeyState> {
        keys.iter().map(|key| key.state).collect()
    }

    #[test]
    fn a_key_comes_seals_opens_and_goes() {
        let start = Time(1_000);
        let keys = vec![master().seal_new(HERE, KeyState::Active, start)];
        let old = keys[0].id.clone();
        assert_eq!(due(&keys, start.plus_ms(ROTATE_AFTER_MS - 1)), None);
        let now = start.plus_ms(ROTATE_AFTER_MS);
        assert_eq!(due(&keys, now), Some(Due::Announce));

        let new = master().seal_new(HERE, KeyState::Pending, now);
        let keys = announce(&keys, new.clone()).unwrap();
        assert_eq!(announce(&keys, new.clone()), Err(KeyRefused::Pending));
        assert_eq!(ring(&keys).sealing().unwrap().id, old);
        assert!(ring(&keys).opening(&new.id, Typ::Access, now).is_some());
        assert_eq!(due(&keys, now), None);

        let now = now.plus_ms(PENDING_MS);
        assert_eq!(due(&keys, now), Some(Due::Activate));
        let keys = activate(&keys, now).unwrap();
        assert_eq!(states(&keys), [KeyState::VerifyOnly, KeyState::Active]);
        assert_eq!(ring(&keys).sealing().unwrap().id, new.id);
        assert_eq!(activate(&keys, now), Err(KeyRefused::Unknown));
        let opens = |typ, at| ring(&keys).opening(&old, typ, at).is_some();
        let end = now.plus_ms(OPENS_ACCESS_MS);
        assert!(opens(Typ::Access, Time(end.0 - 1)) && !opens(Typ::Access, end));
        assert!(!opens(Typ::Ticket, end));
        assert!(opens(Typ::Refresh, end) && opens(Typ::Device, end));

        let idle = now.plus_ms(SESSION_IDLE_MS);
        assert_eq!(retire(&keys, Time(idle.0 - 1)), None);
        assert_eq!(due(&keys, idle), Some(Due::Retire));
        let keys = retire(&keys, idle).unwrap();
        assert_eq!(states(&keys), [KeyState::Active]);
        assert!(ring(&keys).opening(&old, Typ::Refresh, idle).is_none());
    }

    #[test]
    fn an_operator_may_destroy_any_key_but_the_active_one() {
        let now = Time(0);
        let first = vec![master().seal_new(HERE, KeyState::Active, now)];
        let both = announce(&first, master().seal_new(HERE, KeyState::Pending, now)).unwrap();
        let still = Err(KeyRefused::StillActive);
        assert_eq!(destroy(&both, &first[0].id), still);
        assert_eq!(destroy(&both, &both[1].id), Ok(first));
        let keys = activate(&both, now).unwrap();
        let (old, active) = (&keys[0].id, &keys[1].id);
        assert_eq!(destroy(&keys, active), Err(KeyRefused::Active));
        assert_eq!(destroy(&keys, "k4.lid.x"), Err(KeyRefused::Unknown));
        let left = destroy(&keys, old).unwrap();
        assert!(ring(&left).opening(old, Typ::Refresh, now).is_none());
    }

    #[test]
    fn a_sealed_key_opens_with_its_master_in_its_place_only() {
        let row = |keys| KeyringRow { rev: 1, keys };
        let a = master().seal_new(HERE, KeyState::Active, Time(0));
        let b = master().seal_new(HERE, KeyState::Active, Time(0));
        assert!(!String::from_utf8_lossy(&a.sealed).contains("k4.local"));
        let open =
            |keys, master: &MasterKey, at| Ring::open(&row(keys), master, at).map(|ring| ring.rev);
        assert_eq!(open(vec![a.clone()], &master(), HERE), Ok(1));
        let other = MasterKey::of_bytes([6; 32]);
        assert_eq!(open(vec![a.clone()], &other, HERE), Err(ForeignKeyring));
        let elsewhere = InstanceId::from_bytes([2; 16]);
        assert_eq!(
            open(vec![a.clone()], &master(), elsewhere),
            Err(ForeignKeyring)
        );
        let swapped = KeyRow {
            sealed: b.sealed,
            ..a
        };
        assert_eq!(open(vec![swapped], &master(), HERE), Err(ForeignKeyring));
    }

    #[test]
    fn the_master_key_is_made_once_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let source = MasterSource::of(None, None, dir.path());
        let first = MasterKey::load(&source).unwrap();
        let again = MasterKey::load(&source).unwrap();
        assert!(first.key == again.key && first.is_new && !again.is_new);
        let file = dir.path().join("master.key");
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        let refused = MasterKey::load(&source).unwrap_err();
        assert!(
            matches!(refused, MasterKeyError::Open { mode: 0o640, .. }),
            "{refused}"
        );
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&file, "k4.local.short\n").unwrap();
        let refused = MasterKey::load(&source).unwrap_err();
        assert!(
            matches!(refused, MasterKeyError::NotAKey { .. }),
            "{refused}"
        );
    }

    #[test]
    fn a_file_that_is_named_must_be_there_and_goes_before_a_credential() {
        let dir = tempfile::tempdir().unwrap();
        let named = dir.path().join("named");
        let source = MasterSource::of(Some(named.clone()), None, dir.path());
        let refused = MasterKey::load(&source).unwrap_err();
        assert!(
            matches!(refused, MasterKeyError::Unreadable { .. }),
            "{refused}"
        );

        let credentials = dir.path().to_owned();
        assert_eq!(
            MasterSource::of(None, Some(credentials.clone()), dir.path()),
            MasterSource::DataDir(dir.path().to_owned())
        );
        std::fs::write(dir.path().join("master_key"), "").unwrap();
        assert_eq!(
            MasterSource::of(None, Some(credentials.clone()), dir.path()),
            MasterSource::Credential(dir.path().join("master_key"))
        );
        assert_eq!(
            MasterSource::of(Some(named.clone()), Some(credentials), dir.path()),
            MasterSource::File(named)
        );
    }
}
