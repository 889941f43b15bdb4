-- What is looked at now and then: accounts, sessions, sharing, activity. The numbers of the kinds and the forms of keys and
-- values are Easel's own, each value naming its version. Whoever changes or relies on a row holds one lock over all of
-- them until the commit: these changes are few, and what is not there could not be locked row by row.
CREATE TABLE rows (
    kind smallint NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (kind, key)
);
