//! The files of boards: one lies on the board it was put on, and on every copy of that board.

use super::command::SharingOutcome;
use super::records::{ASSETS_MAX, AssetByContent, AssetOfBoard, AssetRow, BoardOfAsset, ImageRow};
use super::rules::{ended, refused};
use crate::blobs::BlobHash;
use crate::command::{Rejection, Reply};
use crate::ids::{AssetId, BoardId};
use crate::rows::{ReadRows, WriteRows};
use crate::tx::{Fault, WriteTx};

pub(super) fn add(tx: &mut dyn WriteTx, asset: AssetId, row: AssetRow) -> Result<Reply, Fault> {
    if let Err(rejection) = check(tx, asset, &row)? {
        return refused(rejection);
    }
    put(tx, asset, &row)?;
    ended(SharingOutcome::Asset(row))
}

pub(super) fn add_image(
    tx: &mut dyn WriteTx,
    asset: AssetId,
    row: AssetRow,
    image: &ImageRow,
) -> Result<Reply, Fault> {
    let Some(full) = row.forms.first() else {
        return refused(Rejection::Empty);
    };
    let content = (row.board, BlobHash::from_bytes(full.hash));
    if let Some(AssetByContent(before)) = tx.get(&content)? {
        return ended(SharingOutcome::Image {
            asset: before,
            row: tx.get_known(&before)?,
            image: tx.get_known(&before)?,
            is_new: false,
        });
    }
    if let Err(rejection) = check(tx, asset, &row)? {
        return refused(rejection);
    }
    put(tx, asset, &row)?;
    tx.put(&asset, image)?;
    tx.put(&content, &AssetByContent(asset))?;
    ended(SharingOutcome::Image {
        asset,
        row,
        image: image.clone(),
        is_new: true,
    })
}

fn check(tx: &dyn WriteTx, asset: AssetId, row: &AssetRow) -> Result<Result<(), Rejection>, Fault> {
    if row.forms.is_empty() {
        return Ok(Err(Rejection::Empty));
    }
    if tx.get::<AssetRow>(&asset)?.is_some() {
        return Ok(Err(Rejection::AssetExists));
    }
    if tx.keys::<AssetOfBoard>(&row.board)?.len() >= ASSETS_MAX {
        let max = ASSETS_MAX as u64;
        return Ok(Err(Rejection::TooMany { max }));
    }
    Ok(Ok(()))
}

fn put(tx: &mut dyn WriteTx, asset: AssetId, row: &AssetRow) -> Result<(), Fault> {
    tx.put(&asset, row)?;
    tx.put(&(row.board, asset), &AssetOfBoard)?;
    tx.put(&(asset, row.board), &BoardOfAsset)
}

/// A copied board has what the first one has, and keeps it when that goes.
pub(super) fn copy(tx: &mut dyn WriteTx, from: BoardId, to: BoardId) -> Result<(), Fault> {
    for (_, asset) in tx.keys::<AssetOfBoard>(&from)? {
        tx.put(&(to, asset), &AssetOfBoard)?;
        tx.put(&(asset, to), &BoardOfAsset)?;
    }
    for ((_, content), row) in tx.all::<AssetByContent>(&from)? {
        tx.put(&(to, content), &row)?;
    }
    Ok(())
}

/// A file goes with the last board that has it. Its bytes stay: another file may be made of the same.
pub(super) fn forget_board(tx: &mut dyn WriteTx, board: BoardId) -> Result<(), Fault> {
    for (_, asset) in tx.keys::<AssetOfBoard>(&board)? {
        tx.delete::<BoardOfAsset>(&(asset, board))?;
        let Some(&(_, other)) = tx.keys::<BoardOfAsset>(&asset)?.first() else {
            tx.delete::<AssetRow>(&asset)?;
            tx.delete::<ImageRow>(&asset)?;
            continue;
        };
        let row: AssetRow = tx.get_known(&asset)?;
        if row.board == board {
            tx.put(
                &asset,
                &AssetRow {
                    board: other,
                    ..row
                },
            )?;
        }
    }
    tx.delete_all::<AssetOfBoard>(&board)?;
    tx.delete_all::<AssetByContent>(&board)
}
