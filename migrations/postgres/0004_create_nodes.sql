-- Nodes: which there are, what was heard of them, whose tickets they take, and which tickets were answered.

-- View: nodes, each a data-plane process. Rows of removed ones stay, so that their ids are not taken again.
CREATE TABLE nodes (
    node_id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    status              TEXT COLLATE "C" NOT NULL
        CHECK (status IN ('registered', 'active', 'suspect', 'draining', 'removed')),
    -- Ed25519: the one this id was first announced with.
    public_key          BYTEA NOT NULL CHECK (length(public_key) = 32),
    endpoint            TEXT COLLATE "C" NOT NULL,
    zone                TEXT COLLATE "C",
    weight              BIGINT NOT NULL CHECK (weight >= 0),
    version             TEXT COLLATE "C" NOT NULL,
    -- JSON: id, kind and whether it is shared, of each backend in configured order.
    backends            TEXT COLLATE "C" NOT NULL,
    registered_at       BIGINT NOT NULL,
    -- How many events it has had, and the sequence of the last of them.
    revision            BIGINT NOT NULL CHECK (revision > 0),
    last_event_sequence BIGINT NOT NULL CHECK (last_event_sequence > 0)
);

-- What was heard of each node last. No view: it changes every few seconds and is worth nothing later.
CREATE TABLE node_heartbeats (
    node_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    heard_at  BIGINT NOT NULL,
    -- JSON: load, and how each backend is.
    heartbeat TEXT COLLATE "C" NOT NULL
);

-- The public keys that control planes sign tickets with. Whoever holds one extends it for as long as it lives, so that
-- one which nobody uses any more ends by itself.
CREATE TABLE control_plane_keys (
    public_key BYTEA NOT NULL PRIMARY KEY CHECK (length(public_key) = 32),
    not_before BIGINT NOT NULL,
    not_after  BIGINT NOT NULL CHECK (not_after > not_before)
);

-- The statements that were committed, by the ticket they answer, so that none is answered otherwise later. Kept for as
-- long as a statement is taken.
CREATE TABLE answered_tickets (
    ticket_id   BYTEA NOT NULL CHECK (length(ticket_id) = 16),
    -- Which of the statements under the ticket.
    part        BIGINT NOT NULL CHECK (part >= 0),
    -- BLAKE3 of what the statement says, but for when.
    fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, part)
);

CREATE INDEX answered_tickets_by_age ON answered_tickets (recorded_at);
