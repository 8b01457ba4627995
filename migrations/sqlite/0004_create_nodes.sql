-- Nodes: which there are, what was heard of them, whose tickets they take, and which tickets were answered.

-- View: nodes, each a data-plane process. Rows of removed ones stay, so that their ids are not taken again.
CREATE TABLE nodes (
    node_id             TEXT NOT NULL PRIMARY KEY,
    status              TEXT NOT NULL
        CHECK (status IN ('registered', 'active', 'suspect', 'draining', 'removed')),
    -- Ed25519: the one this id was first announced with.
    public_key          BLOB NOT NULL CHECK (length(public_key) = 32),
    endpoint            TEXT NOT NULL,
    zone                TEXT,
    weight              INTEGER NOT NULL CHECK (weight >= 0),
    version             TEXT NOT NULL,
    -- JSON: id, kind and whether it is shared, of each backend in configured order.
    backends            TEXT NOT NULL,
    registered_at       INTEGER NOT NULL,
    -- How many events it has had, and the sequence of the last of them.
    revision            INTEGER NOT NULL CHECK (revision > 0),
    last_event_sequence INTEGER NOT NULL CHECK (last_event_sequence > 0)
) STRICT, WITHOUT ROWID;

-- What was heard of each node last. No view: it changes every few seconds and is worth nothing later.
CREATE TABLE node_heartbeats (
    node_id   TEXT NOT NULL PRIMARY KEY,
    heard_at  INTEGER NOT NULL,
    -- JSON: load, and how each backend is.
    heartbeat TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The public keys that control planes sign tickets with. Whoever holds one extends it for as long as it lives, so that
-- one which nobody uses any more ends by itself.
CREATE TABLE control_plane_keys (
    public_key BLOB NOT NULL PRIMARY KEY CHECK (length(public_key) = 32),
    not_before INTEGER NOT NULL,
    not_after  INTEGER NOT NULL CHECK (not_after > not_before)
) STRICT, WITHOUT ROWID;

-- The statements that were committed, by the ticket they answer, so that none is answered otherwise later. Kept for as
-- long as a statement is taken.
CREATE TABLE answered_tickets (
    ticket_id   BLOB NOT NULL CHECK (length(ticket_id) = 16),
    -- Which of the statements under the ticket.
    part        INTEGER NOT NULL CHECK (part >= 0),
    -- BLAKE3 of what the statement says, but for when.
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (ticket_id, part)
) STRICT, WITHOUT ROWID;

CREATE INDEX answered_tickets_by_age ON answered_tickets (recorded_at);
