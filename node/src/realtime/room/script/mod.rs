//! Scripts of events and the effects they must have.
//!
//! Clients are real Yjs documents; the store is a list that commits when the script says so. `world` runs them.

mod world;

use world::check;

/// A room that is open and where `a` and `b` are up to date.
const OPEN: &str = "load; build; join a; a asks; join b; b asks";
const OPENED: &str =
    "build 0; ; a <- hello, a <- step1; a <- step2; b <- hello, b <- step1; b <- step2";

fn check_open(script: &str, expected: &str) {
    check(
        &format!("{OPEN}; {script}"),
        &format!("{OPENED}; {expected}"),
    );
}

#[test]
fn a_stroke_is_shown_at_once_and_saved_when_it_is_stored() {
    check_open(
        "a sets x=1; stored; b has x=1",
        "b <- update, append 1; a <- saved 1; ",
    );
}

#[test]
fn an_edit_during_a_save_is_acknowledged_by_the_next_save() {
    check_open(
        "a sets x=1; a sets x=2; b sets y=1; stored; after 40; stored; after 160",
        "b <- update, append 1; b <- update; a <- update; a <- saved 1, wake in 40; append 2; wake in 160; a <- saved 2, b <- saved 1",
    );
}

#[test]
fn where_little_comes_in_nothing_waits() {
    check(
        &format!(
            "calmly; {OPEN}; a sets x=1; a sets x=2; b sets y=1; stored; stored; a sets x=3; stored"
        ),
        &format!(
            "; {OPENED}; b <- update, append 1; b <- update; a <- update; a <- saved 1, append 2; a <- saved 2, b <- saved 1; \
             b <- update, append 1; a <- saved 3"
        ),
    );
}

#[test]
fn a_crowd_is_noticed_and_forgotten() {
    let strokes = "a sets x=1; stored; ".repeat(12);
    let more = "a sets x=2; ".repeat(8);
    let saved = |no: u32| format!("b <- update, append 1; a <- saved {no}; ");
    let shown: String = (1..=12).map(saved).collect();
    let gathered = "b <- update; ".repeat(7);
    check(
        &format!("calmly; {OPEN}; {strokes}{more}after 40; stored; after 160; a sets x=3; stored"),
        &format!(
            "; {OPENED}; {shown}b <- update, wake in 40; {gathered}append 8; wake in 160; a <- saved 20; \
             b <- update, append 1; a <- saved 21"
        ),
    );
}

#[test]
fn who_knows_nothing_is_sent_everything_without_a_document() {
    check(
        "load; build; join a; a sets x=1; stored; a sets y=2; join c; c asks; c has x=1; c has y=2",
        "build 0; ; a <- hello, a <- step1; append 1; a <- saved 1; wake in 40; c <- hello, c <- step1; \
         c <- update, c <- update, c <- step2; ; ",
    );
}

#[test]
fn who_knows_most_is_sent_a_diff() {
    check_open(
        "a sets x=1; a sets y=2; a sets z=3; b sets w=4; a asks; b has x=1",
        "b <- update, append 1; b <- update; b <- update; a <- update; a <- step2; ",
    );
}

#[test]
fn messages_before_the_document_stands_wait_for_it() {
    check(
        "join a; a asks; a sets x=1; load; build; stored",
        "a <- hello; ; ; build 0, a <- step1, a <- step2; append 1; a <- saved 1",
    );
}

#[test]
fn a_document_is_built_once_somebody_draws_and_not_for_those_who_look() {
    check(
        "lazily; join a; a asks; load; a says 0,1,2,0,0; a sets x=1; a sets y=2; build; after 200; stored; join b; b asks; b has x=1",
        "; a <- hello; ; a <- step1, a <- step2; a <- saved 1; build 0; ; append 2; ; a <- saved 3; \
         b <- hello, b <- step1; b <- update, b <- update, b <- step2; ",
    );
}

#[test]
fn what_is_saved_is_told_with_the_next_stroke_or_when_it_is_time() {
    check_open(
        "a sets x=1; stored; after 40; a sets x=2; stored; after 40; b sets y=1; stored; after 200",
        "b <- update, append 1; a <- saved 1; ; b <- update, append 1; wake in 160; wake in 120; \
         a <- update, a <- saved 2, append 1; wake in 200; b <- saved 1",
    );
}

#[test]
fn what_is_saved_is_told_before_the_room_closes_somebody() {
    check_open(
        "a sets x=1; stored; after 40; a sets x=2; stored; gone",
        "b <- update, append 1; a <- saved 1; ; b <- update, append 1; wake in 160; \
         a <- saved 2, close a 4410, close b 4410, finish",
    );
}

#[test]
fn an_empty_answer_is_saved_as_soon_as_what_came_before_is() {
    check_open(
        "a says 0,1,2,0,0; a sets x=1; a says 0,1,2,0,0; after 200; stored",
        "a <- saved 1; b <- update, append 1; wake in 200; ; a <- saved 3",
    );
}

#[test]
fn what_is_known_already_is_neither_shown_nor_stored_again() {
    check_open(
        "a sets x=1; stored; a answers; b answers; after 200",
        "b <- update, append 1; a <- saved 1; wake in 200; ; a <- saved 2, b <- saved 1",
    );
}

#[test]
fn an_update_that_lacks_its_ground_waits_and_counts_in_order() {
    check_open(
        "a keeps x=1; a sets y=2; a sends; stored; b has y=2",
        "; a <- step1; b <- update, b <- update, append 2; a <- saved 2; ",
    );
}

#[test]
fn an_update_whose_ground_never_comes_ends_its_seat() {
    check_open(
        "a keeps x=1; a sets y=2; tick 4; tick 1",
        "; a <- step1; ; close a 1013",
    );
}

#[test]
fn garbage_ends_the_seat_and_only_it() {
    check_open(
        "a says 0,2,3,255,255,255; b sets x=1; stored",
        "a <- set_aside, close a 4422; append 1; b <- saved 1",
    );
    check_open("a says 77", "a <- set_aside, close a 4422");
}

#[test]
fn a_stock_client_is_told_nothing_it_does_not_know() {
    check(
        "load; build; join a yjs; a asks; a sets x=1; stored; a says 77",
        "build 0; ; a <- step1; a <- step2; append 1; ; close a 4422",
    );
}

#[test]
fn a_client_that_fell_behind_gets_one_diff() {
    check_open(
        "a sets x=1; behind b; a sets y=2; drained b; b has y=2; drained b",
        "b <- update, append 1; ; b <- update; b <- step2; ; ",
    );
}

#[test]
fn a_client_that_asks_while_it_is_behind_is_answered_when_it_has_read() {
    check_open(
        "a sets x=1; behind b; b asks; a sets y=2; drained b; b has y=2",
        "b <- update, append 1; ; ; b <- update; b <- step2; ",
    );
}

#[test]
fn what_was_saved_while_a_client_was_behind_it_is_told_afterwards() {
    check_open(
        "a sets x=1; behind a; stored; drained a",
        "b <- update, append 1; ; ; a <- step2, a <- saved 1",
    );
    // The frame that was dropped may be the one that said so.
    check_open(
        "a sets x=1; stored; behind a; drained a; after 200",
        "b <- update, append 1; a <- saved 1; ; a <- step2, wake in 200; a <- saved 1",
    );
}

#[test]
fn who_asks_again_and_again_is_answered_as_fast_as_it_reads() {
    check_open(
        "a sets x=1; b stops; b asks; b asks; b asks; b reads",
        "b <- update, append 1; ; b <- step2; ; ; b <- step2",
    );
    check_open(
        "a sets x=1; b stops; b asks; b asks; behind b; drained b; b reads",
        "b <- update, append 1; ; b <- step2; ; ; b <- step2; ",
    );
}

#[test]
fn a_room_that_was_folded_elsewhere_folds_over_that() {
    check_open(
        "a sets x=1; stored; leave a; leave b; tick 11; folded elsewhere 1; join c; c asks; c sets y=2; stored; leave c; \
         tick 70; folded; tick 1",
        "b <- update, append 1; a <- saved 1; ; ; fold 1 upto 1; ; c <- hello, c <- step1; c <- update, c <- step2; append 1; \
         c <- saved 1; ; fold 2 upto 2 over 1; ; finish",
    );
}

#[test]
fn a_document_that_has_gone_lets_nobody_in() {
    check("join a; load gone", "a <- hello; close a 4410, finish");
}

#[test]
fn a_full_disk_sends_everybody_away_and_ends_the_room() {
    check_open(
        "a sets x=1; fails full",
        "b <- update, append 1; poisoned, close a 1013, close b 1013, finish",
    );
}

#[test]
fn a_board_that_is_gone_closes_for_good_once_its_append_has_ended() {
    check_open(
        "a sets x=1; gone; stored",
        "b <- update, append 1; close a 4410, close b 4410; finish",
    );
    check_open(
        "a sets x=1; fails gone",
        "b <- update, append 1; close a 4410, close b 4410, finish",
    );
}

#[test]
fn draining_saves_what_was_taken_and_takes_no_more() {
    check_open(
        "a sets x=1; drain; a sets y=2; stored",
        "b <- update, append 1; ; ; a <- saved 1, a <- draining, b <- draining, close a 1012, close b 1012, finish",
    );
}

#[test]
fn a_silent_seat_hears_from_us() {
    check_open(
        "tick 14; tick 1; tick 1; tick 15",
        "; a <- awareness, b <- awareness; ; a <- awareness, b <- awareness",
    );
}

#[test]
fn awareness_is_relayed_and_taken_back() {
    check_open(
        "a says 1,6,1,9,1,2,123,125; leave a",
        "b <- awareness; b <- awareness",
    );
}

#[test]
fn an_empty_room_folds_its_tail_and_ends() {
    check_open(
        "a sets x=1; stored; leave a; leave b; tick 9; tick 10; folded; tick 1",
        "b <- update, append 1; a <- saved 1; ; ; ; fold 1 upto 1; ; finish",
    );
}

#[test]
fn a_long_tail_is_folded_while_people_draw_and_what_came_meanwhile_stays() {
    let long = "x".repeat(300 << 10);
    check(
        &format!(
            "load; build; join a; a asks; a sets x={long}; stored; a sets y=2; folded; after 40; after 160; stored; join c; c asks; c has y=2; c has x={long}"
        ),
        "build 0; ; a <- hello, a <- step1; a <- step2; append 1; fold 1 upto 1, a <- saved 1; wake in 40; ; append 1; ; a <- saved 2; \
         c <- hello, c <- step1; c <- update, c <- update, c <- step2; ; ",
    );
}

#[test]
fn who_has_the_stored_body_is_sent_what_came_after_and_needs_no_document() {
    let long = "x".repeat(300 << 10);
    let drawn = format!(
        "load; build; join a; a asks; a sets x={long}; stored; folded; after 200; a sets y=2; stored"
    );
    let seen = "build 0; ; a <- hello, a <- step1; a <- step2; append 1; fold 1 upto 1, a <- saved 1; ; ; \
                append 1; a <- saved 2";
    check(
        &format!("{drawn}; join c; c fetches; c asks; c has y=2; c has x={long}; c asks"),
        &format!("{seen}; c <- hello, c <- step1; ; c <- update, c <- step2; ; ; c <- step2"),
    );
    // A body that has been replaced since, or that never was.
    check(
        &format!("{drawn}; join c; c claims 7; c asks; c has y=2; c has x={long}"),
        &format!("{seen}; c <- hello, c <- step1; ; c <- update, c <- update, c <- step2; ; "),
    );
}

#[test]
fn what_others_stored_is_read_and_shown() {
    check_open(
        "elsewhere z=9; a sets x=1; stored; read; a has z=9; b has z=9; after 200; a sets y=2; stored",
        "; b <- update, append 1; read after 0, a <- saved 1; a <- update, b <- update; ; ; ; b <- update, append 1; a <- saved 2",
    );
}

#[test]
fn nothing_is_folded_before_all_that_is_stored_is_known() {
    let long = "x".repeat(300 << 10);
    check_open(
        &format!(
            "elsewhere z=9; a sets x={long}; stored; read; folded; join c; c asks; c has z=9; c has x={long}"
        ),
        "; b <- update, append 1; read after 0, a <- saved 1; a <- update, b <- update, fold 2 upto 2; ; \
         c <- hello, c <- step1; c <- update, c <- step2; ; ",
    );
}

#[test]
fn a_room_that_opened_alone_shares_when_others_come() {
    check_open(
        "a sets x=1; stored; company; read; after 40; b sets y=1; stored; after 160",
        "b <- update, append 1; a <- saved 1; publish 1, read after 1; ; ; a <- update, publish 2, append 1; publish 3, wake in 160; b <- saved 1",
    );
    check(
        "lazily; join a; a asks; load; company; build",
        "; a <- hello; ; a <- step1, a <- step2; build 0; publish 1, read after 0",
    );
}

#[test]
fn what_was_folded_before_others_came_and_after_is_one_order() {
    check_open(
        "a sets x=1; stored; company; read; elsewhere x=2; heard 2; read; a has x=2; leave a; leave b; tick 11; tick 11; folded",
        "b <- update, append 1; a <- saved 1; publish 1, read after 1; ; ; missed some, read after 1; a <- update, b <- update; ; ; ; read after 2, fold 2 upto 2; ; ",
    );
}

#[test]
fn what_is_said_out_of_touch_waits_and_is_looked_at_under_the_role_of_then() {
    check_open(
        "out of touch; a sets x=1; b sets y=1; b is viewer; in touch; stored; a has x=1",
        "a <- out_of_touch, b <- out_of_touch, wake in 2000; ; ; b <- role; \
         b <- update, b <- set_aside, close b 4422, a <- in_touch, append 1; a <- saved 1; ",
    );
}

#[test]
fn out_of_touch_a_room_shows_nothing_and_sends_its_people_away_after_a_while() {
    check_open(
        "company; read; out of touch; elsewhere x=1; heard 2; tick 1; after 1000; in touch; read",
        "publish 1, read after 0; ; a <- out_of_touch, b <- out_of_touch, wake in 2000; ; ; read after 0; \
         a <- draining, close a 1012, b <- draining, close b 1012; ; read after 1",
    );
}

#[test]
fn who_looks_for_another_node_by_themselves_stays_until_they_have_one() {
    check_open(
        "out of touch; a says 100,13,123,34,116,34,58,34,115,116,97,121,115,34,125; a sets x=1; after 2000; in touch; stored; \
         out of touch; after 2000",
        "a <- out_of_touch, b <- out_of_touch, wake in 2000; ; ; b <- draining, close b 1012; a <- in_touch, append 1; \
         a <- saved 1; a <- out_of_touch, wake in 2000; a <- draining, close a 1012",
    );
}

#[test]
fn what_was_taken_before_the_touch_was_lost_is_saved() {
    check_open(
        "a sets x=1; out of touch; stored; a sets x=2; tick 6; in touch",
        "b <- update, append 1; a <- out_of_touch, b <- out_of_touch, wake in 2000; a <- saved 1; ; \
         a <- draining, close a 1012, b <- draining, close b 1012; ",
    );
}
