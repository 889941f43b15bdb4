//! Every row of a state read as what it should be, for whoever must know that nothing of it is damaged.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ::redb::{ReadableDatabase, ReadableTable};
use serde::de::DeserializeOwned;

use super::tables::{self, Tables};
use super::{State, fault, keys};
use crate::apart::{ApartKey, ApartRow};
use crate::blobs::{Blob, BlobHash, of_asset, of_user};
use crate::codec;
use crate::ids::{CommandId, DocName, Time};
use crate::nodes::{AuthorityRow, JoinTokenRow, NodeCount, NodeRow};
use crate::people::{
    KeyringRow, ResetOfUser, ResetRow, SessionOfUser, SessionRow, SettingsRow, TokenOfUser,
    TokenRow, UserByEmail, UserRow,
};
use crate::records::{BoardRow, DocRow, InstanceRow, OutcomeRow, SeatRow, UpdateRow};
use crate::rows::{Record, RowKey, RowKind};
use crate::sharing::{
    AccessRequestRow, AccessRow, ActivityCount, ActivityHeld, ActivityOfUser, ActivityRow,
    AssetByContent, AssetOfBoard, AssetRow, BoardOfAsset, BoardOfUser, Favourite, ImageRow,
    InvitationBySecret, InvitationRow, LinkBySecret, LinkRow, MemberRow, Opened, RequestRow,
    SessionOfLink, WorkspaceBoard,
};
use crate::tx::Fault;

/// What a check came upon.
#[derive(Debug, Default)]
pub struct Checked {
    pub rows: u64,
    /// The blobs that rows name, with their lengths.
    pub blobs: BTreeMap<BlobHash, u64>,
    pub docs: Vec<(DocName, DocRow)>,
    /// Content that lies apart: as documents name it, and as the rows beside them say.
    apart: BTreeMap<ApartKey, (Option<BlobHash>, Option<BlobHash>)>,
}

impl State {
    /// Reads every row there is. `trouble` is told of each that is not what it should be, in words.
    pub fn check_rows(&self, trouble: &mut dyn FnMut(String)) -> Result<Checked, Fault> {
        self.end_round()?;
        let tx = self.database().begin_read().map_err(fault)?;
        let mut checked = Checked::default();
        for (number, definition) in tables::ALL {
            let table = tx.open_table(definition).map_err(fault)?;
            for row in table.iter().map_err(fault)? {
                let (key, value) = row.map_err(fault)?;
                let (key, value) = (key.value(), value.value());
                checked.rows += 1;
                if let Err(why) = check_row(number, key, value, &mut checked) {
                    trouble(format!("a row of the table {}: {why}", name_of(number)));
                }
            }
        }
        for (doc, row) in &checked.docs {
            check_numbers(&Tables::of(&tx), doc, row, trouble)?;
        }
        for (key, (named, listed)) in &checked.apart {
            if named != listed {
                trouble(format!(
                    "{key}: what lies apart is not what is listed of it"
                ));
            }
        }
        Ok(checked)
    }
}

/// The blobs that a row names are noted; `Err` says what is wrong with the row.
fn check_row(table: u8, key: &[u8], value: &[u8], checked: &mut Checked) -> Result<(), String> {
    let bad_key = || "its key cannot be read".to_owned();
    match table {
        tables::numbers::META => check_meta(key, value)?,
        tables::numbers::BOARDS => {
            keys::parse_board(key).ok_or_else(bad_key)?;
            reads::<BoardRow>(value)?;
        }
        tables::numbers::DOCS => {
            let doc = keys::parse_doc(key).filter(|(_, rest)| rest.is_empty());
            let (doc, _) = doc.ok_or_else(bad_key)?;
            checked.docs.push((doc, reads(value)?));
        }
        tables::numbers::BODIES => {
            let (doc, rest) = keys::parse_doc(key).ok_or_else(bad_key)?;
            if rest.len() != 5 {
                return Err(bad_key());
            }
            if rest[0] == tables::PART_APART {
                let row = reads::<ApartRow>(value)?;
                checked.names(ApartKey::body(&doc), row.blob());
            }
        }
        tables::numbers::UPDATES => {
            let (doc, seq) = numbered(key).ok_or_else(bad_key)?;
            if let Some(blob) = reads::<UpdateRow>(value)?.payload.apart() {
                checked.names(ApartKey::update(&doc, seq), blob);
            }
        }
        tables::numbers::SEATS => {
            numbered(key).ok_or_else(bad_key)?;
            reads::<SeatRow>(value)?;
        }
        tables::numbers::OUTCOMES => {
            CommandId::read(key).ok_or_else(bad_key)?;
            reads::<OutcomeRow>(value)?;
        }
        tables::numbers::EXPIRING => {
            keys::parse_expiring(key).ok_or_else(bad_key)?;
        }
        tables::numbers::ROWS => {
            let (number, key) = key.split_first().ok_or_else(bad_key)?;
            let kind = RowKind::of(*number).ok_or("of a kind that this release does not know")?;
            check_record(kind, key, value).map_err(|why| format!("{kind:?}: {why}"))?;
            if kind == RowKind::Apart {
                let key = ApartKey::read(key).ok_or_else(bad_key)?;
                let hash = reads::<ApartRow>(value)?.blob().hash;
                checked.apart.entry(key).or_default().1 = Some(hash);
            }
        }
        _ => return Err("the table is not known".to_owned()),
    }
    note_blobs(table, key, value, &mut |hash, len| {
        checked.blobs.insert(hash, len);
    })
}

fn check_meta(key: &[u8], value: &[u8]) -> Result<(), String> {
    match key {
        b"clock" => reads::<Time>(value).map(drop),
        b"instance" => reads::<InstanceRow>(value).map(drop),
        b"format" | b"marker" => Ok(()),
        _ => Err("its key is not known".to_owned()),
    }
}

impl Checked {
    fn names(&mut self, key: ApartKey, blob: Blob) {
        self.apart.entry(key).or_default().0 = Some(blob.hash);
    }
}

/// A document and a number.
fn numbered(key: &[u8]) -> Option<(DocName, u64)> {
    let (doc, rest) = keys::parse_doc(key)?;
    Some((doc, u64::from_be_bytes(rest.try_into().ok()?)))
}

fn reads<R: DeserializeOwned>(value: &[u8]) -> Result<R, String> {
    codec::decode(value).map_err(|error| error.to_string())
}

/// Updates are numbered without a gap, up to where the document stands.
fn check_numbers(
    tx: &dyn crate::tx::ReadTx,
    doc: &DocName,
    row: &DocRow,
    trouble: &mut dyn FnMut(String),
) -> Result<(), Fault> {
    let mut next = 1;
    let walked = tx.scan_updates(doc, 1..=u64::MAX, &mut |seq, _| {
        if seq != next {
            trouble(format!("{doc}: update {next} is missing"));
        }
        next = seq + 1;
        Ok(ControlFlow::Continue(()))
    });
    match walked {
        Ok(()) => {}
        Err(Fault::Corrupt(why)) => trouble(format!("{doc}: update {next}: {why}")),
        Err(fault) => return Err(fault),
    }
    if next != row.head_seq + 1 {
        let (found, head) = (next - 1, row.head_seq);
        trouble(format!(
            "{doc}: it ends with update {found}, and should with {head}"
        ));
    }
    if row.body_seq > row.head_seq {
        trouble(format!("{doc}: its body holds more than there is"));
    }
    Ok(())
}

/// Tells of the blobs that a row names. `Err`: the row cannot be read.
pub(super) fn note_blobs(
    table: u8,
    key: &[u8],
    value: &[u8],
    note: &mut dyn FnMut(BlobHash, u64),
) -> Result<(), String> {
    match (table, key.first()) {
        (tables::numbers::UPDATES, _) => {
            if let Some(blob) = reads::<UpdateRow>(value)?.payload.apart() {
                note(blob.hash, blob.len);
            }
        }
        (tables::numbers::BODIES, _) => {
            let part = keys::parse_doc(key).and_then(|(_, rest)| rest.first().copied());
            if part == Some(tables::PART_APART) {
                let blob = reads::<ApartRow>(value)?.blob();
                note(blob.hash, blob.len);
            }
        }
        (tables::numbers::ROWS, Some(&kind)) if kind == RowKind::Asset as u8 => {
            of_asset(&reads(value)?, note);
        }
        (tables::numbers::ROWS, Some(&kind)) if kind == RowKind::User as u8 => {
            of_user(&reads(value)?, note);
        }
        _ => {}
    }
    Ok(())
}

fn check_record(kind: RowKind, key: &[u8], value: &[u8]) -> Result<(), String> {
    fn check<R: Record>(key: &[u8], value: &[u8]) -> Result<(), String> {
        R::Key::read(key).ok_or("its key cannot be read")?;
        reads::<R>(value).map(drop)
    }
    match kind {
        RowKind::User => check::<UserRow>(key, value),
        RowKind::UserByEmail => check::<UserByEmail>(key, value),
        RowKind::Session => check::<SessionRow>(key, value),
        RowKind::SessionOfUser => check::<SessionOfUser>(key, value),
        RowKind::Token => check::<TokenRow>(key, value),
        RowKind::TokenOfUser => check::<TokenOfUser>(key, value),
        RowKind::Settings => check::<SettingsRow>(key, value),
        RowKind::Keyring => check::<KeyringRow>(key, value),
        RowKind::Access => check::<AccessRow>(key, value),
        RowKind::Member => check::<MemberRow>(key, value),
        RowKind::BoardOfUser => check::<BoardOfUser>(key, value),
        RowKind::Link => check::<LinkRow>(key, value),
        RowKind::LinkBySecret => check::<LinkBySecret>(key, value),
        RowKind::SessionOfLink => check::<SessionOfLink>(key, value),
        RowKind::Invitation => check::<InvitationRow>(key, value),
        RowKind::InvitationBySecret => check::<InvitationBySecret>(key, value),
        RowKind::AccessRequest => check::<AccessRequestRow>(key, value),
        RowKind::Favourite => check::<Favourite>(key, value),
        RowKind::Opened => check::<Opened>(key, value),
        RowKind::Activity => check::<ActivityRow>(key, value),
        RowKind::ActivityOfUser => check::<ActivityOfUser>(key, value),
        RowKind::Asset => check::<AssetRow>(key, value),
        RowKind::AssetOfBoard => check::<AssetOfBoard>(key, value),
        RowKind::Request => check::<RequestRow>(key, value),
        RowKind::ActivityCount => check::<ActivityCount>(key, value),
        RowKind::WorkspaceBoard => check::<WorkspaceBoard>(key, value),
        RowKind::Image => check::<ImageRow>(key, value),
        RowKind::BoardOfAsset => check::<BoardOfAsset>(key, value),
        RowKind::AssetByContent => check::<AssetByContent>(key, value),
        RowKind::Reset => check::<ResetRow>(key, value),
        RowKind::ResetOfUser => check::<ResetOfUser>(key, value),
        RowKind::ActivityHeld => check::<ActivityHeld>(key, value),
        RowKind::Authority => check::<AuthorityRow>(key, value),
        RowKind::JoinToken => check::<JoinTokenRow>(key, value),
        RowKind::Node => check::<NodeRow>(key, value),
        RowKind::NodeCount => check::<NodeCount>(key, value),
        RowKind::Apart => check::<ApartRow>(key, value),
    }
}

fn name_of(number: u8) -> &'static str {
    use ::redb::TableHandle;
    tables::ALL
        .iter()
        .find(|(known, _)| *known == number)
        .map_or("?", |(_, table)| table.name())
}
