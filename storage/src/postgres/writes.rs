//! The writes that the rules ask for.
//!
//! A row that this transaction holds is updated, any other is inserted: if somebody else made it meanwhile, the insert
//! fails and the batch runs again, where an upsert would silently undo the other's.

use super::columns::{actor, number, uuid};
use super::tx::Tx;
use crate::codec;
use crate::command::Payload;
use crate::ids::{BoardId, CommandId, DocName, Time};
use crate::records::{
    BoardRow, BodyContent, DocRow, Expiring, InstanceRow, OutcomeRow, SeatRow, UpdateRow,
};
use crate::rows::RowKind;
use crate::tx::{Fault, WriteTx};

impl WriteTx for Tx<'_> {
    fn put_instance(&mut self, row: &InstanceRow) -> Result<(), Fault> {
        let sql = "INSERT INTO instance (id, created_ms) VALUES ($1, $2)";
        self.run(sql, &[&uuid(row.id.as_bytes()), &number(row.created_at.0)?])?;
        Ok(())
    }

    fn put_clock(&mut self, at: Time) -> Result<(), Fault> {
        self.put_pending_clock(at);
        Ok(())
    }

    fn put_board(&mut self, board: BoardId, row: &BoardRow) -> Result<(), Fault> {
        let sql = if self.held().boards.insert(board) {
            "INSERT INTO boards (id, title, created_ms, changed_ms, trashed_ms, rev) VALUES ($1, $2, $3, $4, $5, $6)"
        } else {
            "UPDATE boards SET title = $2, created_ms = $3, changed_ms = $4, trashed_ms = $5, rev = $6 WHERE id = $1"
        };
        let trashed = row.trashed_at.map(|at| number(at.0)).transpose()?;
        self.run(
            sql,
            &[
                &uuid(board.as_bytes()),
                &row.title.as_str(),
                &number(row.created_at.0)?,
                &number(row.changed_at.0)?,
                &trashed,
                &number(row.rev)?,
            ],
        )?;
        Ok(())
    }

    fn delete_board(&mut self, board: BoardId) -> Result<(), Fault> {
        self.run(
            "DELETE FROM boards WHERE id = $1",
            &[&uuid(board.as_bytes())],
        )?;
        self.held().boards.remove(&board);
        Ok(())
    }

    fn put_doc(&mut self, doc: &DocName, row: &DocRow) -> Result<(), Fault> {
        let name = doc.to_string();
        let (head_seq, body_seq) = (number(row.head_seq)?, number(row.body_seq)?);
        let updated_ms = number(row.updated_at.0)?;
        if self.held().docs.insert(doc.clone()) {
            let board = match doc {
                DocName::Board(board) => Some(uuid(board.as_bytes())),
                DocName::Raw(_) => None,
            };
            let sql = "INSERT INTO docs (name, board, head_seq, body_seq, updated_ms) VALUES ($1, $2, $3, $4, $5)";
            self.run(sql, &[&name, &board, &head_seq, &body_seq, &updated_ms])?;
        } else {
            let sql =
                "UPDATE docs SET head_seq = $2, body_seq = $3, updated_ms = $4 WHERE name = $1";
            self.run(sql, &[&name, &head_seq, &body_seq, &updated_ms])?;
        }
        Ok(())
    }

    fn delete_doc(&mut self, doc: &DocName) -> Result<(), Fault> {
        for sql in [
            "DELETE FROM bodies WHERE doc = $1",
            "DELETE FROM updates WHERE doc = $1",
            "DELETE FROM seats WHERE doc = $1",
            "DELETE FROM docs WHERE name = $1",
        ] {
            self.run(sql, &[&doc.to_string()])?;
        }
        self.held().docs.remove(doc);
        Ok(())
    }

    /// Under the document's lock, like its updates and seats: whoever compares `body_seq` and swaps is alone.
    fn put_body(&mut self, doc: &DocName, body: &BodyContent) -> Result<(), Fault> {
        let (content, hash, blob_bytes) = columns_of(&body.content)?;
        let sql = "INSERT INTO bodies (doc, content, blob_hash, blob_bytes, state_vector) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (doc) DO UPDATE SET content = excluded.content, blob_hash = excluded.blob_hash, \
                   blob_bytes = excluded.blob_bytes, state_vector = excluded.state_vector";
        self.run(
            sql,
            &[
                &doc.to_string(),
                &content,
                &hash,
                &blob_bytes,
                &&*body.state_vector,
            ],
        )?;
        Ok(())
    }

    /// An update that is there already is never replaced.
    fn put_update(&mut self, doc: &DocName, seq: u64, row: &UpdateRow) -> Result<(), Fault> {
        let seat = row.origin.map(|origin| origin.seat.cast_signed());
        let nth = row.origin.map(|origin| origin.number.cast_signed());
        let (payload, hash, blob_bytes) = columns_of(&row.payload)?;
        let sql = "INSERT INTO updates (doc, seq, at_ms, author, seat, number, payload, blob_hash, blob_bytes) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        self.run(
            sql,
            &[
                &doc.to_string(),
                &number(seq)?,
                &number(row.at.0)?,
                &actor(row.author),
                &seat,
                &nth,
                &payload,
                &hash,
                &blob_bytes,
            ],
        )?;
        Ok(())
    }

    fn put_seat(&mut self, doc: &DocName, seat: u64, row: SeatRow) -> Result<(), Fault> {
        let (first, last): (Vec<i64>, Vec<i64>) = row
            .heard
            .iter()
            .map(|(first, last)| (first.cast_signed(), last.cast_signed()))
            .unzip();
        let sql = "INSERT INTO seats (doc, seat, at_ms, heard_first, heard_last) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (doc, seat) DO UPDATE \
                   SET at_ms = excluded.at_ms, heard_first = excluded.heard_first, heard_last = excluded.heard_last";
        self.run(
            sql,
            &[
                &doc.to_string(),
                &seat.cast_signed(),
                &number(row.at.0)?,
                &first,
                &last,
            ],
        )?;
        Ok(())
    }

    fn delete_seat(&mut self, doc: &DocName, seat: u64) -> Result<(), Fault> {
        let sql = "DELETE FROM seats WHERE doc = $1 AND seat = $2";
        self.run(sql, &[&doc.to_string(), &seat.cast_signed()])?;
        Ok(())
    }

    fn put_outcome(&mut self, id: CommandId, row: &OutcomeRow) -> Result<(), Fault> {
        let sql = if self.held().outcomes.insert(id) {
            "INSERT INTO outcomes (id, at_ms, reply) VALUES ($1, $2, $3)"
        } else {
            "UPDATE outcomes SET at_ms = $2, reply = $3 WHERE id = $1"
        };
        let reply = codec::encode(&row.reply);
        self.run(sql, &[&uuid(id.as_bytes()), &number(row.at.0)?, &reply])?;
        Ok(())
    }

    fn delete_outcome(&mut self, id: CommandId) -> Result<(), Fault> {
        self.run(
            "DELETE FROM outcomes WHERE id = $1",
            &[&uuid(id.as_bytes())],
        )?;
        self.held().outcomes.remove(&id);
        Ok(())
    }

    fn put_expiring(&mut self, due: Time, what: &Expiring) -> Result<(), Fault> {
        let due = number(due.0)?;
        match what {
            Expiring::Outcome(id) => self.run(
                "INSERT INTO expiring (due_ms, outcome) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &[&due, &uuid(id.as_bytes())],
            )?,
            Expiring::Seat(doc, seat) => self.run(
                "INSERT INTO expiring (due_ms, doc, seat) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &[&due, &doc.to_string(), &seat.cast_signed()],
            )?,
        };
        Ok(())
    }

    fn delete_expiring(&mut self, due: Time, what: &Expiring) -> Result<(), Fault> {
        let due = number(due.0)?;
        match what {
            Expiring::Outcome(id) => self.run(
                "DELETE FROM expiring WHERE due_ms = $1 AND outcome = $2",
                &[&due, &uuid(id.as_bytes())],
            )?,
            Expiring::Seat(doc, seat) => self.run(
                "DELETE FROM expiring WHERE due_ms = $1 AND doc = $2 AND seat = $3",
                &[&due, &doc.to_string(), &seat.cast_signed()],
            )?,
        };
        Ok(())
    }

    fn put_row(&mut self, kind: RowKind, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.hold_rows()?;
        // The lock is held, so nobody can have put another in between.
        self.run(
            "INSERT INTO rows (kind, key, value) VALUES ($1, $2, $3)
             ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            &[&(kind as i16), &key, &value],
        )?;
        Ok(())
    }

    fn delete_row(&mut self, kind: RowKind, key: &[u8]) -> Result<(), Fault> {
        self.hold_rows()?;
        self.run(
            "DELETE FROM rows WHERE kind = $1 AND key = $2",
            &[&(kind as i16), &key],
        )?;
        Ok(())
    }
}

/// The content, or a blob's hash and length.
type ContentColumns<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, Option<i64>);

fn columns_of(payload: &Payload) -> Result<ContentColumns<'_>, Fault> {
    match payload {
        Payload::Inline(bytes) => Ok((Some(&**bytes), None, None)),
        Payload::Apart { hash, len } => Ok((None, Some(&hash[..]), Some(number(*len)?))),
        Payload::Blob { .. } => {
            let why = "content is named in a form that the rules refuse";
            Err(Fault::Engine(why.to_owned()))
        }
    }
}
