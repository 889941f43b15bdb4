//! What happened, as it is told.

use super::{BOARD, shared};
use crate::support::{board_id, title};
use crate::world::{World, person, session_id, user};
use easel_storage::names::DisplayName;
use easel_storage::rows::ReadRows;
use easel_storage::sharing::{
    ACTIVITY_MAX, ActivityHeld, ActivityOf, ActivityOfUser, ActivityQuery, ActivityRow,
    EDITED_EVERY_MS, Role, SharingAnswer, SharingCommand, SharingOutcome, SharingQuery, What,
};
use easel_storage::{Actor, Command, Envelope, Outcome, Time};

fn lines(world: &World, of: ActivityOf, limit: u32) -> Vec<(u64, What)> {
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let query = ActivityQuery {
            of,
            by: None,
            since: None,
            after,
            limit,
        };
        match world.ask_sharing(SharingQuery::Activity(query)) {
            SharingAnswer::Activity(page) => {
                assert!(page.lines.len() <= limit as usize);
                lines.extend(
                    page.lines
                        .into_iter()
                        .map(|line| (line.no.0, line.row.what)),
                );
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return lines;
        }
    }
}

#[test]
fn activity_is_told_latest_first_in_pages_without_gaps() {
    let mut world = shared(3);
    let other = board_id(2);
    world.create(2, other);
    world.set(BOARD, 2, Role::Editor);
    let rename = |text| Command::RenameBoard {
        board: BOARD,
        title: title(text),
        if_rev: None,
    };
    world.by(2, rename("One")).unwrap();
    world.by(1, rename("Two")).unwrap();
    // The server's own upkeep is nobody's activity.
    world
        .run(Envelope::new(Actor::System, rename("Three")))
        .unwrap();
    let renamed = |text| What::Renamed { title: title(text) };
    let member = What::MemberSet {
        user: user(2),
        role: Role::Editor,
    };
    let of_board = [
        (5, renamed("Two")),
        (4, renamed("One")),
        (3, member),
        (1, What::Created),
    ];
    let of_second = [(4, renamed("One")), (2, What::Created)];
    for limit in [1, 2, 3, 4, 100] {
        assert_eq!(lines(&world, ActivityOf::Board(BOARD), limit), of_board);
        assert_eq!(lines(&world, ActivityOf::User(user(2)), limit), of_second);
    }
    let query = |by, since| ActivityQuery {
        of: ActivityOf::Board(BOARD),
        by,
        since,
        after: None,
        limit: 10,
    };
    let numbers = |query| match world.ask_sharing(SharingQuery::Activity(query)) {
        SharingAnswer::Activity(page) => {
            let lines = page.lines.iter();
            lines.map(|line| (line.no.0, line.name.clone())).collect()
        }
        other => panic!("{other:?}"),
    };
    let of_two: Vec<_> = numbers(query(Some(user(2)), None));
    assert_eq!(of_two, [(4, Some("Person 2".to_owned()))]);
    let since: Vec<_> = numbers(query(None, Some(Time(world.now - 1))));
    assert_eq!(since, [(5, Some("Person 1".to_owned()))]);
}

#[test]
fn drawing_is_noted_now_and_then_for_each_who_draws() {
    let mut world = shared(2);
    let name = DisplayName::try_from("Guest".to_owned()).unwrap();
    let guest = Actor::Guest(session_id(5));
    let mut draw = |actor, later| {
        world.later(later);
        let guest = matches!(actor, Actor::Guest(_)).then(|| name.clone());
        let note = SharingCommand::NoteEdited {
            board: BOARD,
            guest,
        };
        let reply = world.run(Envelope::new(actor, Command::Sharing(note)));
        assert_eq!(reply, Ok(Outcome::Sharing(SharingOutcome::Done)));
        let lines = lines(&world, ActivityOf::Board(BOARD), 100);
        lines
            .iter()
            .filter(|(_, what)| *what == What::Edited)
            .count()
    };
    assert_eq!(draw(person(1), 0), 1);
    assert_eq!(draw(person(1), 5), 1);
    assert_eq!(draw(person(2), 5), 2);
    assert_eq!(draw(guest, 5), 3);
    assert_eq!(draw(guest, 5), 3);
    assert_eq!(draw(Actor::System, 5), 3);
    assert_eq!(draw(person(1), EDITED_EVERY_MS), 4);
    // On a board that is gone: nothing, and no fault.
    let note = SharingCommand::NoteEdited {
        board: board_id(99),
        guest: None,
    };
    world.share(1, note);
}

#[test]
fn a_boards_activity_is_kept_up_to_a_bound_and_the_oldest_goes() {
    let mut world = shared(1);
    let rename = |n: usize| {
        let title = title(&n.to_string());
        let if_rev = None;
        let board = BOARD;
        Envelope::new(
            person(1),
            Command::RenameBoard {
                board,
                title,
                if_rev,
            },
        )
    };
    let held = |world: &World| {
        let lines = world
            .state
            .read_tx(|tx| tx.keys::<ActivityRow>(&BOARD))
            .unwrap();
        let of_user = world
            .state
            .read_tx(|tx| tx.keys::<ActivityOfUser>(&user(1)))
            .unwrap();
        assert_eq!(lines.len(), of_user.len());
        let counted = world.get::<ActivityHeld>(&BOARD).unwrap();
        assert_eq!(counted.0, lines.len() as u64);
        lines.len()
    };
    let before = held(&world);
    let mut most = 0;
    for batch in 0..11 {
        let envelopes = (0..1_000).map(|n| rename(batch * 1_000 + n)).collect();
        world.later(10);
        let at = world.now;
        world
            .state
            .apply(&[crate::support::batch(at, envelopes)], b"m")
            .unwrap();
        most = most.max(held(&world));
    }
    assert_eq!(before, 1);
    // Whatever the batches were: dropped at 10,500 to 10,000, and on from there.
    assert_eq!(
        held(&world),
        ACTIVITY_MAX + (11_000 + before - ACTIVITY_MAX) % 500
    );
    assert!(most < ACTIVITY_MAX + 500);
    let query = SharingQuery::Activity(ActivityQuery {
        of: ActivityOf::Board(BOARD),
        by: None,
        since: None,
        after: None,
        limit: 1,
    });
    match world.ask_sharing(query) {
        SharingAnswer::Activity(page) => {
            let latest = What::Renamed {
                title: title("10999"),
            };
            assert_eq!(page.lines[0].row.what, latest);
        }
        other => panic!("{other:?}"),
    }
}
