-- Boards and documents, with what the rules remember about them.
--
-- Times are milliseconds since the Unix epoch. A document goes by its name as the rest of Easel writes it: `brd_` and 26
-- characters for a board's, anything else for a raw room's. Seats and their numbers are unsigned 64-bit numbers kept
-- bit by bit, so those above 2^63 show as negative. References are checked at the commit, so that in which order the rows of
-- one transaction come and go is the rules' own affair.

-- One row: which installation this is.
CREATE TABLE instance (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id uuid NOT NULL,
    created_ms bigint NOT NULL CHECK (created_ms >= 0)
);

-- One row: how many batches were committed, and the time of the latest. Every batch changes it last of all, so the
-- numbers are in the order of the commits and nobody waits for the row longer than a commit takes.
CREATE TABLE progress (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    commits bigint NOT NULL DEFAULT 0 CHECK (commits >= 0),
    clock_ms bigint NOT NULL DEFAULT 0 CHECK (clock_ms >= 0)
);
INSERT INTO progress DEFAULT VALUES;

CREATE TABLE boards (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    created_ms bigint NOT NULL CHECK (created_ms >= 0),
    changed_ms bigint NOT NULL CHECK (changed_ms >= created_ms),
    trashed_ms bigint CHECK (trashed_ms >= created_ms),
    rev bigint NOT NULL CHECK (rev >= 1)
);

-- Where a document stands. The numbers of its updates are taken from head_seq under this row's lock, never from a
-- sequence: a sequence gives numbers in another order than transactions commit, and a reader of the tail would miss some.
CREATE TABLE docs (
    name text COLLATE "C" PRIMARY KEY,
    board uuid UNIQUE REFERENCES boards (id) DEFERRABLE INITIALLY DEFERRED,
    head_seq bigint NOT NULL CHECK (head_seq >= 0),
    body_seq bigint NOT NULL CHECK (body_seq BETWEEN 0 AND head_seq),
    updated_ms bigint NOT NULL CHECK (updated_ms >= 0),
    CHECK (starts_with(name, 'brd_') = (board IS NOT NULL))
);

-- The updates up to the document's body_seq, folded into one.
CREATE TABLE bodies (
    doc text COLLATE "C" PRIMARY KEY REFERENCES docs (name) DEFERRABLE INITIALLY DEFERRED,
    content bytea NOT NULL,
    state_vector bytea NOT NULL
);

-- Every update there ever was. Compaction changes nothing here.
CREATE TABLE updates (
    doc text COLLATE "C" NOT NULL REFERENCES docs (name) DEFERRABLE INITIALLY DEFERRED,
    seq bigint NOT NULL CHECK (seq >= 1),
    at_ms bigint NOT NULL CHECK (at_ms >= 0),
    author text NOT NULL,
    seat bigint,
    number bigint,
    payload bytea,
    blob_hash bytea CHECK (octet_length(blob_hash) = 32),
    blob_bytes bigint CHECK (blob_bytes >= 0),
    PRIMARY KEY (doc, seq),
    CHECK ((seat IS NULL) = (number IS NULL)),
    CHECK ((payload IS NULL) = (blob_hash IS NOT NULL)),
    CHECK ((blob_hash IS NULL) = (blob_bytes IS NULL))
);

-- The numbers heard through a seat: the nth range is heard_first[n] to heard_last[n], both included.
CREATE TABLE seats (
    doc text COLLATE "C" NOT NULL REFERENCES docs (name) DEFERRABLE INITIALLY DEFERRED,
    seat bigint NOT NULL,
    at_ms bigint NOT NULL CHECK (at_ms >= 0),
    heard_first bigint[] NOT NULL,
    heard_last bigint[] NOT NULL CHECK (cardinality(heard_last) = cardinality(heard_first)),
    PRIMARY KEY (doc, seat)
);

-- The answer each command with an id got, in Easel's own encoding, which names its version.
CREATE TABLE outcomes (
    id uuid PRIMARY KEY,
    at_ms bigint NOT NULL CHECK (at_ms >= 0),
    reply bytea NOT NULL
);

-- What to look at again when, and to forget if it is due. An entry may outlive what it names: no foreign keys.
CREATE TABLE expiring (
    due_ms bigint NOT NULL CHECK (due_ms >= 0),
    outcome uuid,
    doc text COLLATE "C",
    seat bigint,
    UNIQUE NULLS NOT DISTINCT (due_ms, outcome, doc, seat),
    CHECK ((outcome IS NULL) = (doc IS NOT NULL)),
    CHECK ((doc IS NULL) = (seat IS NULL))
);
