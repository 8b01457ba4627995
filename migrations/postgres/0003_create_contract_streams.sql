-- Streams of contract events: which are in the log, and what each stream amounts to. Both are views, folded from the log
-- like the others.

-- View: contract events. The key is what makes an event known when it comes again.
CREATE TABLE contract_events (
    namespace  TEXT COLLATE "C" NOT NULL,
    event_id   TEXT COLLATE "C" NOT NULL,
    -- The stream it belongs to: namespace, family and key.
    subject_id TEXT COLLATE "C" NOT NULL,
    -- Where in the stream it stands; these bytes order as the stream does.
    sort_key   BYTEA NOT NULL,
    -- BLAKE3 of the envelope as it was written.
    digest     BYTEA NOT NULL,
    sequence   BIGINT NOT NULL,
    PRIMARY KEY (namespace, event_id)
);

-- A stream, in its order: what it is folded along.
CREATE UNIQUE INDEX contract_events_by_place ON contract_events (subject_id, sort_key);

-- View: the state of each stream, and what the next event needs to go on from there.
CREATE TABLE contract_states (
    subject_id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    event_count         BIGINT NOT NULL,
    -- The bytes of all its envelopes.
    size_bytes          BIGINT NOT NULL,
    -- The sort key of the event that stands last, and the sequence of the one that came last.
    last_key            BYTEA NOT NULL,
    last_event_sequence BIGINT NOT NULL,
    -- Whether the stream has no state; then the state says why.
    failed              BOOLEAN NOT NULL,
    -- JSON: the state, as the contract orders its fields.
    state               TEXT COLLATE "C" NOT NULL,
    -- JSON: what the reducer knows beyond the state.
    memory              TEXT COLLATE "C" NOT NULL
);

-- Written with every event of its stream, and read whole: compressing it each time would cost more than it saves.
ALTER TABLE contract_states ALTER COLUMN state SET STORAGE EXTERNAL;
