//! Both engines, given the same history, answer the same and hold the same.

use std::ops::ControlFlow;

use easel_storage::apply::{OUTCOME_KEPT_MS, SEAT_KEPT_MS};
use easel_storage::blobs::named;
use easel_storage::postgres::State;
use easel_storage::{
    BoardSort, BoardsQuery, Command, Fault, InstanceId, Query, ReadTx, Time, redb,
};
use proptest::prelude::{Just, ProptestConfig, prop_oneof};
use proptest::test_runner::TestRunner;

use super::server::{Server, client};
use crate::properties::{self, Model, StepBatch, doc_name, steps};
use crate::support::{batch, command_id, plain};

/// The whole of a state as text: every record there is, in an order that is nobody's own.
fn dump(tx: &dyn ReadTx) -> Result<String, Fault> {
    let mut lines = vec![
        format!("instance {:?}", tx.instance()?),
        format!("clock {:?}", tx.clock()?),
        // What is not named below would show here.
        format!("{:?}", tx.counts()?),
    ];
    tx.scan_boards(&mut |board, row| {
        lines.push(format!("{board} {row:?}"));
        Ok(ControlFlow::Continue(()))
    })?;
    for doc in (0..5).map(doc_name) {
        let Some(row) = tx.doc(&doc)? else {
            continue;
        };
        lines.push(format!("{doc} {row:?} {:?}", tx.body(&doc)?));
        tx.scan_updates(&doc, 0..=u64::MAX, &mut |seq, row| {
            lines.push(format!("{doc} {seq} {row:?}"));
            Ok(ControlFlow::Continue(()))
        })?;
        for seat in 0..3 {
            lines.push(format!("{doc} seat {seat} {:?}", tx.seat(&doc, seat)?));
        }
    }
    for id in (0..4).map(command_id) {
        lines.push(format!("{id} {:?}", tx.outcome(id)?));
    }
    for due in tx.expiring(Time(u64::MAX), usize::MAX)? {
        lines.push(format!("{due:?}"));
    }
    Ok(lines.join("\n"))
}

/// Gives both the batches that the plan comes to, comparing every reply; then what they hold and what they answer.
fn check(managed: &State, plan: Vec<StepBatch>, pace: u64) {
    let mut model = Model::default();
    let planned = properties::run(&redb::State::in_memory().unwrap(), &mut model, plan);
    let init = Command::InitInstance {
        instance: InstanceId::from_bytes([9; 16]),
    };
    let init = batch(0, vec![plain(init.clone()), plain(init)]);

    let embedded = redb::State::in_memory().unwrap();
    for mut batch in std::iter::once(init).chain(planned) {
        // So far apart that seats, or answers too, are forgotten on the way.
        batch.at.0 *= pace;
        let wanted = embedded
            .apply(std::slice::from_ref(&batch), b"m")
            .unwrap()
            .concat();
        let (_, replies) = managed.apply(&batch).unwrap();
        assert_eq!(replies, wanted, "{batch:?}");
    }
    assert_eq!(
        managed.read_tx(named).unwrap(),
        embedded.read_tx(named).unwrap()
    );
    let wanted = embedded.read_tx(dump).unwrap();
    assert_eq!(managed.read_tx(dump).unwrap(), wanted);
    for query in queries() {
        let wanted = embedded.answer(&query).unwrap().complete(&model.shelf);
        let (_, answered) = managed.answer(&query).unwrap();
        let found = answered.complete(&model.shelf);
        assert_eq!(found.unwrap(), wanted.unwrap(), "{query:?}");
    }
}

fn queries() -> Vec<Query> {
    let list = |trashed, sort| {
        Query::Boards(BoardsQuery {
            trashed,
            text: None,
            sort,
            after: None,
            limit: 2,
        })
    };
    let mut queries = vec![Query::Instance, Query::Stats];
    for trashed in [false, true] {
        queries.push(list(trashed, BoardSort::UpdatedDesc));
        queries.push(list(trashed, BoardSort::Title));
    }
    for doc in (0..5).map(doc_name) {
        let (at, after) = (doc.clone(), doc.clone());
        queries.push(Query::DocAt { doc: at, seq: 3 });
        queries.push(Query::Tail {
            doc: after,
            after_seq: 2,
            limit: 5,
        });
        queries.push(Query::Doc(doc));
    }
    queries
}

/// To make a database takes longer than everything that a case does in it.
fn emptied(address: &str) {
    let empty = "DELETE FROM easel.rows; DELETE FROM easel.expiring; DELETE FROM easel.outcomes; DELETE FROM easel.seats; DELETE FROM easel.updates;
        DELETE FROM easel.bodies; DELETE FROM easel.docs; DELETE FROM easel.boards; DELETE FROM easel.instance;
        UPDATE easel.progress SET commits = 0, clock_ms = 0";
    client(address).batch_execute(empty).unwrap();
}

#[test]
fn any_history_means_the_same_to_both_engines() {
    let address = Server::shared().database();
    let managed = State::open(&address).unwrap();
    let pace = prop_oneof![Just(1), Just(SEAT_KEPT_MS / 4), Just(OUTCOME_KEPT_MS / 6)];
    let cases = ProptestConfig {
        cases: 48,
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    TestRunner::new(cases)
        .run(&(steps(), pace), |(plan, pace)| {
            emptied(&address);
            check(&managed, plan, pace);
            Ok(())
        })
        .unwrap();
}
