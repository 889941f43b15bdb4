//! The reads that the rules and the queries ask for.

use std::ops::RangeInclusive;
use std::sync::Arc;

use ::postgres::Row;

use super::columns::{
    bound, get, get_actor, get_bytes, get_doc, get_number, get_time, get_title, get_uuid, uuid,
};
use super::tx::Tx;
use crate::codec;
use crate::command::{Origin, Payload};
use crate::ids::{BoardId, CommandId, DocName, InstanceId, Time};
use crate::records::{
    BoardRow, BodyContent, DocRow, Expiring, InstanceRow, OutcomeRow, SeatRow, UpdateRow,
};
use crate::rows::RowKind;
use crate::sharing::BoardHead;
use crate::tx::{Counts, Fault, ReadTx, Visit, VisitBytes};

impl ReadTx for Tx<'_> {
    fn instance(&self) -> Result<Option<InstanceRow>, Fault> {
        let row = self.row_to_change("SELECT id, created_ms FROM instance", &[])?;
        let read = |row: Row| {
            Ok(InstanceRow {
                id: InstanceId::from_bytes(get_uuid(&row, 0)?),
                created_at: get_time(&row, 1)?,
            })
        };
        row.map(read).transpose()
    }

    fn clock(&self) -> Result<Time, Fault> {
        if let Some(at) = self.pending_clock() {
            return Ok(at);
        }
        let row = self.row("SELECT clock_ms FROM progress", &[])?;
        let row = row.ok_or_else(|| Fault::Corrupt("table progress has no row".to_owned()))?;
        get_time(&row, 0)
    }

    fn board(&self, board: BoardId) -> Result<Option<BoardRow>, Fault> {
        let sql =
            "SELECT id, title, created_ms, changed_ms, trashed_ms, rev FROM boards WHERE id = $1";
        let Some(row) = self.row(sql, &[&uuid(board.as_bytes())])? else {
            return Ok(None);
        };
        if !self.writes() || self.held().boards.contains(&board) {
            return read_board(&row).map(|(_, row)| Some(row));
        }
        // Which boards a person leaves behind is known only under way, to one writer at a time.
        if !self.holds_rows() {
            return Err(self.overtaken());
        }
        let row = self.row(&format!("{sql} FOR UPDATE"), &[&uuid(board.as_bytes())])?;
        self.hold_board(board);
        row.map(|row| read_board(&row).map(|(_, row)| row))
            .transpose()
    }

    fn head(&self, board: BoardId) -> Result<Option<Arc<BoardHead>>, Fault> {
        Ok(BoardHead::read(self, board)?.map(Arc::new))
    }

    fn scan_boards(&self, visit: &mut Visit<'_, BoardId, BoardRow>) -> Result<(), Fault> {
        let sql =
            "SELECT id, title, created_ms, changed_ms, trashed_ms, rev FROM boards ORDER BY id";
        self.scan(sql, &[], &mut |row| {
            let (board, row) = read_board(row)?;
            visit(board, row)
        })
    }

    fn doc(&self, doc: &DocName) -> Result<Option<DocRow>, Fault> {
        let sql = "SELECT head_seq, body_seq, updated_ms FROM docs WHERE name = $1";
        let Some(row) = self.row(sql, &[&doc.to_string()])? else {
            return Ok(None);
        };
        if self.writes() && !self.held().docs.contains(doc) {
            return Err(self.overtaken());
        }
        Ok(Some(DocRow {
            head_seq: get_number(&row, 0)?,
            body_seq: get_number(&row, 1)?,
            updated_at: get_time(&row, 2)?,
        }))
    }

    fn body(&self, doc: &DocName) -> Result<Option<BodyContent>, Fault> {
        let sql = "SELECT content, blob_hash, blob_bytes, state_vector FROM bodies WHERE doc = $1";
        let row = self.row(sql, &[&doc.to_string()])?;
        let read = |row: Row| {
            Ok(BodyContent {
                content: read_payload(&row, 0)?,
                state_vector: get_bytes(&row, 3)?,
            })
        };
        row.map(read).transpose()
    }

    fn scan_updates(
        &self,
        doc: &DocName,
        seqs: RangeInclusive<u64>,
        visit: &mut Visit<'_, u64, UpdateRow>,
    ) -> Result<(), Fault> {
        if seqs.is_empty() {
            return Ok(());
        }
        let sql = "SELECT seq, at_ms, author, seat, number, payload, blob_hash, blob_bytes FROM updates \
                   WHERE doc = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq";
        let (doc, first, last) = (doc.to_string(), bound(*seqs.start()), bound(*seqs.end()));
        self.scan(sql, &[&doc, &first, &last], &mut |row| {
            let (seq, update) = read_update(row)?;
            visit(seq, update)
        })
    }

    fn seat(&self, doc: &DocName, seat: u64) -> Result<Option<SeatRow>, Fault> {
        let sql = "SELECT at_ms, heard_first, heard_last FROM seats WHERE doc = $1 AND seat = $2";
        let row = self.row_to_change(sql, &[&doc.to_string(), &seat.cast_signed()])?;
        let read = |row: Row| {
            let (first, last): (Vec<i64>, Vec<i64>) = (get(&row, 1)?, get(&row, 2)?);
            let ranges = first.into_iter().zip(last);
            let heard = ranges.map(|(first, last)| (first.cast_unsigned(), last.cast_unsigned()));
            Ok(SeatRow {
                at: get_time(&row, 0)?,
                heard: heard.collect(),
            })
        };
        row.map(read).transpose()
    }

    fn outcome(&self, id: CommandId) -> Result<Option<OutcomeRow>, Fault> {
        let sql = "SELECT at_ms, reply FROM outcomes WHERE id = $1";
        let Some(row) = self.row_to_change(sql, &[&uuid(id.as_bytes())])? else {
            return Ok(None);
        };
        self.held().outcomes.insert(id);
        let reply = codec::decode(get(&row, 1)?);
        Ok(Some(OutcomeRow {
            at: get_time(&row, 0)?,
            reply: reply.map_err(|error| Fault::Corrupt(error.to_string()))?,
        }))
    }

    /// A writer gets those that no other is just now forgetting. The order is the embedded engine's to the last column,
    /// so that both forget the same things first.
    fn expiring(&self, until: Time, limit: usize) -> Result<Vec<(Time, Expiring)>, Fault> {
        const SQL: &str = "SELECT due_ms, outcome, doc, seat FROM expiring WHERE due_ms <= $1 \
            ORDER BY due_ms, outcome NULLS LAST, NOT starts_with(doc, 'brd_'), length(doc), doc, seat < 0, seat LIMIT $2";
        let params: [&(dyn ::postgres::types::ToSql + Sync); 2] =
            [&bound(until.0), &bound(limit as u64)];
        let rows = if self.writes() {
            self.rows(&format!("{SQL} FOR UPDATE SKIP LOCKED"), &params)?
        } else {
            self.rows(SQL, &params)?
        };
        rows.iter().map(read_expiring).collect()
    }

    fn counts(&self) -> Result<Counts, Fault> {
        let sql = "SELECT (SELECT count(*) FROM boards), (SELECT count(*) FROM docs), (SELECT count(*) FROM updates), \
                   (SELECT count(*) FROM seats), (SELECT count(*) FROM outcomes)";
        let row = self.row(sql, &[])?;
        let row = row.ok_or_else(|| Fault::Corrupt("counting gave nothing".to_owned()))?;
        Ok(Counts {
            boards: get_number(&row, 0)?,
            docs: get_number(&row, 1)?,
            updates: get_number(&row, 2)?,
            seats: get_number(&row, 3)?,
            outcomes: get_number(&row, 4)?,
        })
    }

    fn get_row(&self, kind: RowKind, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.hold_rows()?;
        let sql = "SELECT value FROM rows WHERE kind = $1 AND key = $2";
        let row = self.row(sql, &[&(kind as i16), &key])?;
        row.map(|row| get(&row, 0)).transpose()
    }

    fn scan_rows(
        &self,
        kind: RowKind,
        prefix: &[u8],
        visit: &mut VisitBytes<'_>,
    ) -> Result<(), Fault> {
        self.hold_rows()?;
        let sql = "SELECT key, value FROM rows
                   WHERE kind = $1 AND key >= $2 AND substring(key FOR length($2)) = $2 ORDER BY key";
        self.scan(sql, &[&(kind as i16), &prefix], &mut |row| {
            visit(get(row, 0)?, get(row, 1)?)
        })
    }
}

fn read_board(row: &Row) -> Result<(BoardId, BoardRow), Fault> {
    let trashed: Option<i64> = get(row, 4)?;
    let read = BoardRow {
        title: get_title(row, 1)?,
        created_at: get_time(row, 2)?,
        changed_at: get_time(row, 3)?,
        trashed_at: trashed.map(|_| get_time(row, 4)).transpose()?,
        rev: get_number(row, 5)?,
    };
    Ok((BoardId::from_bytes(get_uuid(row, 0)?), read))
}

fn read_update(row: &Row) -> Result<(u64, UpdateRow), Fault> {
    let origin = match (get::<Option<i64>>(row, 3)?, get::<Option<i64>>(row, 4)?) {
        (Some(seat), Some(number)) => Some(Origin {
            seat: seat.cast_unsigned(),
            number: number.cast_unsigned(),
        }),
        _ => None,
    };
    let update = UpdateRow {
        at: get_time(row, 1)?,
        author: get_actor(row, 2)?,
        origin,
        payload: read_payload(row, 5)?,
    };
    Ok((get_number(row, 0)?, update))
}

/// From three columns: the content, or a blob's hash and length.
fn read_payload(row: &Row, column: usize) -> Result<Payload, Fault> {
    let hash: Option<&[u8]> = get(row, column + 1)?;
    Ok(match hash {
        None => Payload::Inline(get_bytes(row, column)?),
        Some(hash) => Payload::Apart {
            hash: hash
                .try_into()
                .map_err(|_| Fault::Corrupt("a blob's hash has another length".to_owned()))?,
            len: get_number(row, column + 2)?,
        },
    })
}

fn read_expiring(row: &Row) -> Result<(Time, Expiring), Fault> {
    let outcome: Option<uuid::Uuid> = get(row, 1)?;
    let what = match outcome {
        Some(id) => Expiring::Outcome(CommandId::from_bytes(id.into_bytes())),
        None => Expiring::Seat(get_doc(row, 2)?, get::<i64>(row, 3)?.cast_unsigned()),
    };
    Ok((get_time(row, 0)?, what))
}
