//! The tables. Steps are only ever added.

pub(super) const STEPS: &[&str] = &[
    "
CREATE TABLE message (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: a late ack must not hit another message
    stream       INTEGER NOT NULL,
    lane         INTEGER NOT NULL,
    subject      TEXT NOT NULL,
    only_subject TEXT,                               -- the subject, where the stream keeps one message of it
    id           TEXT NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    body         BLOB NOT NULL
) STRICT;
CREATE INDEX message_by_stream ON message (stream);
CREATE UNIQUE INDEX message_by_subject ON message (stream, only_subject) WHERE only_subject IS NOT NULL;

CREATE TABLE delivery (
    sequence   INTEGER PRIMARY KEY,
    consumer   INTEGER NOT NULL,
    connection TEXT NOT NULL,
    due_ms     INTEGER NOT NULL,                     -- 0: ready
    leased     INTEGER NOT NULL,                     -- 1: a worker has it until due_ms
    deliveries INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_by_due ON delivery (consumer, due_ms, connection, sequence);

CREATE TABLE seen (
    number  INTEGER PRIMARY KEY,                     -- in order of time, so that the oldest are found at the front
    stream  INTEGER NOT NULL,
    id      TEXT NOT NULL,
    seen_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX seen_by_id ON seen (stream, id);

CREATE TABLE health (filler BLOB NOT NULL) STRICT;
",
    "
-- The mapper has a consumer per lane, and subjects of events name it.
UPDATE delivery SET consumer = 4
    WHERE consumer = 1 AND sequence IN (SELECT sequence FROM message WHERE stream = 1 AND lane = 1);
",
    "
-- What happened to one record: its lines in the journal.
CREATE INDEX journal_by_subject ON message (subject, sequence) WHERE stream = 6;
",
];
