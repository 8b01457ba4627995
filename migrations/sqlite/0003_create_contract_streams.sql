-- Streams of contract events: which are in the log, and what each stream amounts to. Both are views, folded from the log
-- like the others.

-- View: contract events. The key is what makes an event known when it comes again.
CREATE TABLE contract_events (
    namespace  TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    -- The stream it belongs to: namespace, family and key.
    subject_id TEXT NOT NULL,
    -- Where in the stream it stands; these bytes order as the stream does.
    sort_key   BLOB NOT NULL,
    -- BLAKE3 of the envelope as it was written.
    digest     BLOB NOT NULL,
    sequence   INTEGER NOT NULL,
    PRIMARY KEY (namespace, event_id)
) STRICT;

-- A stream, in its order: what it is folded along.
CREATE UNIQUE INDEX contract_events_by_place ON contract_events (subject_id, sort_key);

-- View: the state of each stream, and what the next event needs to go on from there.
CREATE TABLE contract_states (
    subject_id          TEXT NOT NULL PRIMARY KEY,
    event_count         INTEGER NOT NULL,
    -- The bytes of all its envelopes.
    size_bytes          INTEGER NOT NULL,
    -- The sort key of the event that stands last, and the sequence of the one that came last.
    last_key            BLOB NOT NULL,
    last_event_sequence INTEGER NOT NULL,
    -- Whether the stream has no state; then the state says why.
    failed              INTEGER NOT NULL,
    -- JSON: the state, as the contract orders its fields.
    state               TEXT NOT NULL,
    -- JSON: what the reducer knows beyond the state.
    memory              TEXT NOT NULL
) STRICT;
