//! Which figures of each scenario are shown, and what they are called.

/// One scenario's table.
pub(super) struct Table {
    pub(super) scenario: &'static str,
    pub(super) title: &'static str,
    pub(super) columns: &'static [Column],
}

pub(super) struct Column {
    pub(super) figure: &'static str,
    pub(super) heading: &'static str,
    /// What a figure is divided by before it is shown.
    pub(super) unit: f64,
    pub(super) decimals: usize,
}

const fn column(figure: &'static str, heading: &'static str, decimals: usize) -> Column {
    Column {
        figure,
        heading,
        unit: 1.0,
        decimals,
    }
}

/// What is set against the relay's of the same run.
pub(super) const PER_CPU_SECOND: Column = Column {
    figure: "deliveries_per_cpu_s",
    heading: "thousand deliveries a CPU-second",
    unit: 1e3,
    decimals: 1,
};

const DELIVERIES: &[Column] = &[
    PER_CPU_SECOND,
    column("p50_ms", "p50 ms", 1),
    column("p99_ms", "p99 ms", 1),
    column("delivered_percent", "delivered %", 0),
    column("deliveries_per_s", "deliveries/s", 0),
    column("server_cpu_percent", "server's core %", 0),
    column("generator_cpu_percent", "generator's core %", 0),
    column("rss_mib", "RSS MiB", 0),
];

const IDLE: &[Column] = &[
    column("rss_kib_each", "RSS KiB a connection", 1),
    column("pss_kib_each", "PSS KiB a connection", 1),
    column("rss_mib_at_0", "RSS MiB at 0", 1),
    column("rss_mib", "RSS MiB with all", 1),
];

const fn table(scenario: &'static str, title: &'static str, columns: &'static [Column]) -> Table {
    Table {
        scenario,
        title,
        columns,
    }
}

pub(super) const TABLES: &[Table] = &[
    table(
        "fanout-steady",
        "Fan-out: one room of 100, 10 of them redraw a stroke 20 times a second",
        DELIVERIES,
    ),
    table(
        "fanout-saturated",
        "Fan-out, saturated: the same room, each of the 10 keeps 4 edits under way",
        DELIVERIES,
    ),
    table(
        "awareness",
        "Awareness: one room of 50, each moves the pointer 20 times a second",
        DELIVERIES,
    ),
    table(
        "rooms",
        "Rooms: 200 rooms of 2, each redraws a stroke 5 times a second",
        DELIVERIES,
    ),
    table(
        "strokes",
        "A stroke on a board of 10,000 elements against one on an empty board: 4 draw 50 new strokes a second each, one looks on",
        &[
            column("empty_us", "CPU µs a stroke, empty", 0),
            column("large_us", "CPU µs a stroke, 10,000", 0),
            column("ratio", "ratio", 2),
            column("empty_p99_ms", "p99 ms, empty", 1),
            column("large_p99_ms", "p99 ms, 10,000", 1),
        ],
    ),
    table(
        "join",
        "Joining a board of 10,000 elements in memory: 20 one by one, then 30 at once",
        &[
            column("cpu_ms_each", "server CPU ms, one by one", 2),
            column("wall_ms_each", "until complete ms", 1),
            column("at_once_wall_ms", "30 at once: all complete ms", 0),
            column("at_once_cpu_ms_each", "server CPU ms each", 2),
            column("received_kib", "received KiB", 0),
        ],
    ),
    table(
        "cold-open",
        "Cold open: the same board, first to come after a restart",
        &[
            column("wall_ms", "until complete ms", 1),
            column("cpu_ms", "server CPU ms", 1),
            column("start_cpu_ms", "CPU ms of the start itself", 0),
        ],
    ),
    table("idle-shared", "Idle connections, all in one room", IDLE),
    table(
        "idle-own",
        "Idle connections, each in a room of its own",
        IDLE,
    ),
    table(
        "kill",
        "kill -9 while 5 draw 20 new strokes a second each; what is there after a restart, before any of them is back",
        &[
            column("written", "written", 0),
            column("seen", "seen by another", 0),
            column("lost_seen", "of these lost", 0),
            column("saved", "said to be saved", 0),
            column("lost_saved", "of these lost", 0),
        ],
    ),
    table(
        "slow",
        "A client that does not read while 10 redraw a stroke of 2 KB 100 times a second each (once, not thrice)",
        &[
            column("unread_mib", "not read MiB", 0),
            column("control_peak_mib", "peak RSS MiB, all reading", 1),
            column("peak_mib", "with it MiB", 1),
            column("cost_mib", "it costs MiB", 1),
            column("hung_up", "cut off meanwhile", 0),
            column("has_everything", "has everything after", 0),
            column("answers_after", "by so many diffs", 0),
            column("received_kib_after", "received after KiB", 0),
        ],
    ),
    table(
        "group-strokes",
        "Three nodes, 50 people on 10 boards spread over all of them, each draws 3 new strokes a second: from the stroke to the word that it is saved",
        &[
            column("p50_ms", "p50 ms", 1),
            column("p50_of_bar", "of the 10 asked for", 2),
            column("p95_ms", "p95 ms", 1),
            column("p99_ms", "p99 ms", 1),
            column("p99_of_bar", "of the 40 asked for", 2),
            column("max_ms", "max ms", 0),
            column("strokes_per_s", "strokes/s", 0),
            column("nodes_cpu_percent", "three nodes, % of a core", 0),
            column("errors", "errors", 0),
            column("lost", "lost", 0),
        ],
    ),
    table(
        "group-arrival",
        "An empty third node comes in while the same 50 people draw",
        &[
            column("state_mib", "state MiB", 0),
            column("caught_up_s", "caught up after s", 2),
            column("joined_s", "votes after s", 2),
            column("mib_per_s", "MiB/s until it votes", 0),
            column("rate_of_bar", "of the 100 asked for", 2),
            column("p99_before_ms", "stroke to saved, p99 ms before", 1),
            column("p99_ms", "meanwhile", 1),
            column("p99_times", "times (2 asked for)", 2),
            column("max_ms", "max ms meanwhile", 0),
            column("errors", "errors", 0),
            column("lost", "lost", 0),
        ],
    ),
    table(
        "group-rolling",
        "Every one of three nodes is stopped and started in turn, again and again, while the same 50 people draw and 3 programs ask over REST",
        &[
            column("restarts", "restarts", 0),
            column(
                "gap_p50_ms",
                "longest gap between saved strokes of a person, p50 ms",
                0,
            ),
            column("gap_p95_ms", "p95 ms", 0),
            column("gap_of_bar", "of the 1,000 asked for", 2),
            column("gap_max_ms", "max ms", 0),
            column("undisturbed_p95_ms", "p95 ms without a restart", 0),
            column("stop_ms", "a node stops in ms", 0),
            column("return_ms", "and has caught up after ms", 0),
            column("sent_away", "sent to another node", 0),
            column("asked", "REST requests", 0),
            column("errors", "errors", 0),
            column("lost", "lost", 0),
        ],
    ),
];
