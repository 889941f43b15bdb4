//! What a command changed is told on every node, when the node shows it.

use easel_storage::people::{InstanceRole, NewUser, PeopleCommand};
use easel_storage::sharing::{Role, SharingCommand};
use easel_storage::{Actor, Change, Command, Envelope, UserId};

use super::group::{ALL, BOARD, Group, no_cuts};
use crate::tests::{append_update, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_member_is_told_on_every_node_and_a_stroke_on_none() {
    let group = Group::form(no_cuts()).await;
    let leader = group.leader().await;
    let store = group.patient(leader);
    let user = UserId::from_bytes([4; 16]);
    let new = NewUser {
        user,
        email: "ada@example.org".to_owned().try_into().expect("an address"),
        name: "Ada".to_owned().try_into().expect("a name"),
        role: InstanceRole::Admin,
        password: None,
    };
    let second = UserId::from_bytes([5; 16]);
    let other = NewUser {
        user: second,
        email: "bob@example.org".to_owned().try_into().expect("an address"),
        ..new.clone()
    };
    let set = SharingCommand::SetMember {
        board: BOARD,
        user: second,
        role: Role::Editor,
    };
    let refused = SharingCommand::SetMember {
        board: BOARD,
        user: UserId::from_bytes([6; 16]),
        role: Role::Editor,
    };
    let by_system = |kind| Envelope::new(Actor::System, kind);
    for envelope in [
        by_system(Command::People(PeopleCommand::CreateFirstUser(new))),
        append_update(BOARD, vec![1]),
        by_system(Command::People(PeopleCommand::CreateUser(other))),
        by_system(Command::Sharing(refused)),
        by_system(Command::Sharing(set)),
        append_update(BOARD, vec![2]),
    ] {
        let submitted = within("a command", store.submit(vec![envelope])).await;
        submitted.expect("an answer");
    }
    let index = group.committed(leader).await;
    let wanted = [
        Change::Board(BOARD),
        Change::Everything,
        Change::User(second),
        Change::Board(BOARD),
    ];
    for node in ALL {
        group.applied(node, index).await;
        let told = within("the changes", group.heard[&node].count(wanted.len())).await;
        assert_eq!(told, wanted, "node {node}");
    }
    group.shutdown().await;
}
