//! One node goes on alone, and says beforehand which files it lacks and whose they are.

use crate::{Drawn, Rooms, easel, path, sign_in};
use easel_tests::{Node, NodeOptions};
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(items) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let items = items.map(|item| item.expect("an item").path());
    let below = |item: PathBuf| match item.is_dir() {
        true => files(&item),
        false => vec![item],
    };
    items.flat_map(below).collect()
}

#[tokio::test]
async fn a_survivor_says_which_files_it_lacks_and_whose_they_are() {
    let rooms = Rooms::new();
    let data = path(&rooms.data);
    let mut node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let drawn = Drawn::on(&node).await;
    let before = drawn.content(&node, &drawn.token).await;
    node.kill().await;
    let look = ["cluster", "recover", "--data-dir", data];
    let (code, out, err) = easel(&look, &[]).await;
    assert_eq!(code, Some(5), "{out}{err}");
    assert!(out.contains("that it names are in its folder"), "{out}");

    // As on a node that never got them.
    let away = rooms.data.with_file_name("away");
    std::fs::rename(rooms.data.join("blobs"), &away).expect("they are away");
    let (code, out, err) = easel(&look, &[]).await;
    assert_eq!(code, Some(5), "{out}{err}");
    let count = files(&away).len();
    // What was not applied yet it knows of the log alone.
    let of_board = |title| format!("{}{title}: {count} files", drawn.board);
    let said = [of_board(" (Plan)"), of_board("")];
    assert!(
        count > 0 && said.iter().any(|said| out.contains(said)),
        "{said:?}: {out}"
    );
    let done = ["cluster", "recover", "--i-know", "--data-dir", data];
    let (code, out, err) = easel(&done, &[]).await;
    assert_eq!(code, Some(6), "{out}{err}");
    assert!(
        out.contains("is the only voter") && out.contains(&said[0]),
        "{out}"
    );

    // Copied from where they are, and looked at again.
    std::fs::rename(&away, rooms.data.join("blobs")).expect("they are back");
    let (code, out, err) = easel(&done, &[]).await;
    assert_eq!(code, Some(0), "{out}{err}");
    let node = Node::start_at(&rooms.data, NodeOptions::default()).await;
    let token = sign_in(&node).await;
    assert_eq!(drawn.content(&node, &token).await, before);
}
