//! Every operation by every kind of caller, against the table beside this file.

use super::described::{CALLERS, Operation, Place, Scene, operations};
use parking_lot::Mutex;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Nodes that the operations are spread over, so that one works while another waits for its disk.
const PLACES: usize = 4;
/// What changes nothing that another caller would find otherwise.
const HARMLESS: [&str; 15] = [
    "boards_create",
    "copies_create",
    "tokens_create",
    "links_create",
    "invitations_create",
    "tickets_create",
    "auth_login",
    "auth_reauth",
    "links_open",
    "requests_create",
    "favourites_put",
    "favourites_delete",
    "settings_change",
    "stream_leave",
    "me_change",
];

/// What leaves the admin of a place with another password than everybody believes: the next operation has a new place.
const SPENDING: [&str; 1] = ["me_change_password"];

/// The statuses of one operation, in the order of the callers.
async fn row(place: &Place, operation: Operation) -> String {
    let mut scene = Scene::set(place, operation.id).await;
    let mut statuses = Vec::new();
    for caller in CALLERS {
        let values = scene.values_for(&operation);
        let token = scene.callers[caller].clone();
        let request = operation.request(&values, operation.body(&values), token.as_deref());
        let answer = place.node.ask_head(&request).await;
        let status = answer.status().as_u16();
        assert!(
            operation.answers(status),
            "the document does not know that {} answers {status}:\n{request}",
            operation.id
        );
        statuses.push(status.to_string());
        if status < 300 && HARMLESS.contains(&operation.id) {
            continue;
        }
        // The next one finds everything as this one did.
        if operation.method != "get" && status < 300 {
            scene = Scene::set(place, operation.id).await;
        }
    }
    let mut line = format!("{:<22}", operation.id);
    for (caller, status) in CALLERS.iter().zip(statuses) {
        let _ = write!(line, " {status:>width$}", width = caller.len().max(3));
    }
    line
}

/// One operation after another until none is left: some of it ends an admin's other sessions, and some counts what is tried
/// at once.
async fn rows_of_one_place(left: Arc<Mutex<Vec<Operation>>>) -> Vec<String> {
    let mut place = Place::start().await;
    let mut rows = Vec::new();
    let next = || left.lock().pop();
    while let Some(operation) = next() {
        let is_spent = SPENDING.contains(&operation.id);
        rows.push(row(&place, operation).await);
        if is_spent {
            place = Place::start().await;
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_what_the_table_says() {
    let left = Arc::new(Mutex::new(operations()));
    let mut places = JoinSet::new();
    for _ in 0..PLACES {
        places.spawn(rows_of_one_place(Arc::clone(&left)));
    }
    let mut rows = places.join_all().await.concat();
    rows.sort();
    let mut head = format!("{:<22}", "operation");
    for caller in CALLERS {
        let _ = write!(head, " {caller:>3}");
    }
    let found = format!("{head}\n{}\n", rows.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/tests/matrix.txt");
    if std::env::var_os("EASEL_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differing: Vec<_> = found
        .lines()
        .filter(|line| !expected.lines().any(|known| known == *line))
        .collect();
    assert!(
        found == expected,
        "not what {} says:\n{head}\n{}",
        path.display(),
        differing.join("\n")
    );
}
