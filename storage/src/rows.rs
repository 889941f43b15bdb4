//! Records that are looked at now and then: accounts, sessions, sharing. One row each, under a key of its own.
//!
//! What a stroke touches has tables and methods of its own in [`crate::tx`]. Everything else is a [`Record`], so that a
//! new one costs its type, its key and a number, and no engine changes. Keys order the rows: a key that begins with a
//! board's id puts what belongs to one board side by side.

use std::ops::ControlFlow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::blobs::BlobHash;
use crate::codec;
use crate::ids::{AssetId, BoardId, CommandId, InvitationId, LinkId, SessionId, TokenId, UserId};
use crate::names::SecretHash;
use crate::tx::{Fault, ReadTx, WriteTx};

/// The kinds of rows, with the numbers they are stored under. Numbers are never reused. `ALL` lists them once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    User = 1,
    UserByEmail = 2,
    Session = 3,
    SessionOfUser = 4,
    Token = 5,
    TokenOfUser = 6,
    Settings = 7,
    Keyring = 8,
    Access = 9,
    Member = 10,
    BoardOfUser = 11,
    Link = 12,
    LinkBySecret = 13,
    SessionOfLink = 14,
    Invitation = 15,
    InvitationBySecret = 16,
    AccessRequest = 17,
    Favourite = 18,
    Opened = 19,
    Activity = 20,
    ActivityOfUser = 21,
    Asset = 22,
    AssetOfBoard = 23,
    Request = 24,
    ActivityCount = 25,
    WorkspaceBoard = 26,
    Image = 27,
    BoardOfAsset = 28,
    AssetByContent = 29,
    Reset = 30,
    ResetOfUser = 31,
    ActivityHeld = 32,
    Authority = 33,
    JoinToken = 34,
    Node = 35,
    NodeCount = 36,
    Apart = 37,
}

impl RowKind {
    const ALL: [Self; 37] = [
        Self::User,
        Self::UserByEmail,
        Self::Session,
        Self::SessionOfUser,
        Self::Token,
        Self::TokenOfUser,
        Self::Settings,
        Self::Keyring,
        Self::Access,
        Self::Member,
        Self::BoardOfUser,
        Self::Link,
        Self::LinkBySecret,
        Self::SessionOfLink,
        Self::Invitation,
        Self::InvitationBySecret,
        Self::AccessRequest,
        Self::Favourite,
        Self::Opened,
        Self::Activity,
        Self::ActivityOfUser,
        Self::Asset,
        Self::AssetOfBoard,
        Self::Request,
        Self::ActivityCount,
        Self::WorkspaceBoard,
        Self::Image,
        Self::BoardOfAsset,
        Self::AssetByContent,
        Self::Reset,
        Self::ResetOfUser,
        Self::ActivityHeld,
        Self::Authority,
        Self::JoinToken,
        Self::Node,
        Self::NodeCount,
        Self::Apart,
    ];

    /// The kind that is stored under this number.
    pub(crate) fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// What a row holds, and how it is found.
pub trait Record: Serialize + DeserializeOwned {
    const KIND: RowKind;
    type Key: RowKey;
}

/// A key as bytes whose order is that of its parts. Parts have a fixed length, but for the last.
pub trait RowKey: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(bytes: &[u8]) -> Option<Self>;

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        self.write(&mut out);
        out
    }
}

/// Typed reads over any transaction.
pub trait ReadRows: ReadTx {
    fn get<R: Record>(&self, key: &R::Key) -> Result<Option<R>, Fault> {
        let row = self.get_row(R::KIND, &key.bytes())?;
        row.map(|bytes| decode(&bytes)).transpose()
    }

    /// Like [`ReadRows::get`], of what cannot be missing.
    fn get_known<R: Record>(&self, key: &R::Key) -> Result<R, Fault> {
        let row = self.get(key)?;
        row.ok_or_else(|| Fault::Corrupt(format!("a row of {:?} is missing", R::KIND)))
    }

    /// The rows whose keys begin with `prefix`, ascending.
    fn scan<R: Record>(
        &self,
        prefix: &impl RowKey,
        visit: &mut dyn FnMut(R::Key, R) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        self.scan_rows(R::KIND, &prefix.bytes(), &mut |key, value| {
            visit(read_key::<R>(key)?, decode(value)?)
        })
    }

    /// All of them. For what is bounded by a rule or is about one person or board.
    fn all<R: Record>(&self, prefix: &impl RowKey) -> Result<Vec<(R::Key, R)>, Fault> {
        let mut rows = Vec::new();
        self.scan::<R>(prefix, &mut |key, row| {
            rows.push((key, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    fn keys<R: Record>(&self, prefix: &impl RowKey) -> Result<Vec<R::Key>, Fault> {
        let mut keys = Vec::new();
        self.scan_rows(R::KIND, &prefix.bytes(), &mut |key, _| {
            keys.push(read_key::<R>(key)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(keys)
    }
}

impl<T: ReadTx + ?Sized> ReadRows for T {}

/// Typed writes.
pub trait WriteRows: WriteTx {
    fn put<R: Record>(&mut self, key: &R::Key, row: &R) -> Result<(), Fault> {
        self.put_row(R::KIND, &key.bytes(), &codec::encode(row))
    }

    fn delete<R: Record>(&mut self, key: &R::Key) -> Result<(), Fault> {
        self.delete_row(R::KIND, &key.bytes())
    }

    fn delete_all<R: Record>(&mut self, prefix: &impl RowKey) -> Result<(), Fault> {
        for key in self.keys::<R>(prefix)? {
            self.delete::<R>(&key)?;
        }
        Ok(())
    }
}

impl<T: WriteTx + ?Sized> WriteRows for T {}

fn decode<R: Record>(bytes: &[u8]) -> Result<R, Fault> {
    codec::decode(bytes).map_err(|error| Fault::Corrupt(format!("a row of {:?}: {error}", R::KIND)))
}

fn read_key<R: Record>(bytes: &[u8]) -> Result<R::Key, Fault> {
    R::Key::read(bytes)
        .ok_or_else(|| Fault::Corrupt(format!("a key of {:?} cannot be read", R::KIND)))
}

/// The only row of its kind, and the beginning of every key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Single;

impl RowKey for Single {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(Self)
    }
}

/// A part of a key with a fixed length.
pub trait KeyPart: Sized {
    const BYTES: usize;
    fn write_part(&self, out: &mut Vec<u8>);
    fn read_part(bytes: &[u8]) -> Option<Self>;
}

macro_rules! id_part {
    ($($name:ident: $bytes:literal),* $(,)?) => {$(
        impl KeyPart for $name {
            const BYTES: usize = $bytes;

            fn write_part(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_bytes());
            }

            fn read_part(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_bytes(bytes.try_into().ok()?))
            }
        }

        impl RowKey for $name {
            fn write(&self, out: &mut Vec<u8>) {
                self.write_part(out);
            }

            fn read(bytes: &[u8]) -> Option<Self> {
                Self::read_part(bytes)
            }
        }
    )*};
}

id_part!(
    UserId: 16,
    SessionId: 16,
    TokenId: 16,
    LinkId: 16,
    InvitationId: 16,
    AssetId: 16,
    BoardId: 16,
    CommandId: 16,
    SecretHash: 32,
    BlobHash: 32,
);

impl KeyPart for u64 {
    const BYTES: usize = 8;

    fn write_part(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }

    fn read_part(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_be_bytes(bytes.try_into().ok()?))
    }
}

impl RowKey for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        self.write_part(out);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::read_part(bytes)
    }
}

impl<A: KeyPart, B: KeyPart> RowKey for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
        self.1.write_part(out);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (a, b) = bytes.split_at_checked(A::BYTES)?;
        Some((A::read_part(a)?, B::read_part(b)?))
    }
}

impl RowKey for String {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        String::from_utf8(bytes.to_vec()).ok()
    }
}
