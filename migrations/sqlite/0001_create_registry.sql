-- The registry: the event log, and the views folded from it.
--
-- Both engines have the same migrations under the same numbers and names, and the same tables, columns and indexes in
-- them; types differ where the engines do. A migration that has been released is never changed: the next one changes
-- the schema.
--
--   times         INTEGER, microseconds since 1970-01-01T00:00:00Z
--   ids           BLOB, the 16 bytes of a UUID; a digest is its 32 bytes
--   text          compared by bytes (the default), as manifests order paths and as keyset pages need
--   booleans      INTEGER, 0 or 1: STRICT tables know no other type for them
--   JSON          text, written once and never looked into by a statement
--
-- Tables of small rows with one key are WITHOUT ROWID: the key is the table. Where rows are wide or have more indexes,
-- the row id keeps those indexes narrow.
--
-- Views have no foreign keys. Their rows come from events alone, one reducer writes them, and `replay --check` proves
-- them; a key checked on each of a million rows would slow a replay and could refuse nothing the fold lets through.
-- Indexes are few for the same reason: each is there for a question the store is asked. Nor do the tables that are written
-- all the time check their columns: PostgreSQL reads such a rule anew for every statement that writes, which costs as much
-- as a row, while whoever reads a value here holds it to the rules of its type.

-- The source of truth: never updated, never deleted from. Sequences are gapless and start at 1.
CREATE TABLE events (
    sequence         INTEGER NOT NULL PRIMARY KEY,
    event_id         BLOB NOT NULL UNIQUE,
    namespace        TEXT NOT NULL,
    event_type       TEXT NOT NULL,
    subject_kind     TEXT NOT NULL,
    subject_id       TEXT NOT NULL,
    -- How many events the subject has had, this one included.
    subject_revision INTEGER NOT NULL,
    actor            TEXT NOT NULL,
    recorded_at      INTEGER NOT NULL,
    -- Canonical CBOR.
    payload          BLOB NOT NULL,
    -- BLAKE3 of the payload.
    payload_digest   BLOB NOT NULL,
    -- SHA-256 leaf over every column but the payload and itself.
    leaf_hash        BLOB NOT NULL,
    -- Two decisions cannot follow the same state; a subject's history is read along it.
    UNIQUE (subject_kind, subject_id, subject_revision)
) STRICT;

-- Where the rarer events are. Nearly every event is a file's: an index would not find those faster than the log does.
CREATE INDEX events_by_type ON events (event_type, sequence) WHERE event_type <> 'v1.file.ingested';

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

-- The sequence of the last event. Locked and advanced in the transaction that appends: what makes sequences gapless,
-- and visible in order. The id tells a log from one that was made in its place.
CREATE TABLE event_log_head (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    sequence  INTEGER NOT NULL CHECK (sequence >= 0),
    log_id    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO event_log_head (singleton, sequence, log_id) VALUES (1, 0, random());

-- View: packages.
CREATE TABLE artifact_packages (
    package_id          BLOB NOT NULL PRIMARY KEY,
    namespace           TEXT NOT NULL,
    name                TEXT NOT NULL,
    producer            TEXT NOT NULL,
    subject             TEXT NOT NULL,
    kind                TEXT,
    retention_class     TEXT NOT NULL,
    -- JSON: what the producer wants kept with it.
    metadata            TEXT NOT NULL,
    -- JSON: source references, producer version, and more.
    provenance          TEXT NOT NULL,
    -- Who created it.
    actor               TEXT NOT NULL,
    status              TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    finalized_at        INTEGER,
    -- BLAKE3 of the manifest's canonical CBOR.
    manifest_digest     BLOB,
    failure_reason      TEXT,
    file_count          INTEGER NOT NULL,
    size_bytes          INTEGER NOT NULL,
    -- How many events it has had, and the sequence of the last of them.
    revision            INTEGER NOT NULL,
    last_event_sequence INTEGER NOT NULL
) STRICT;

-- A namespace's packages, the newest first.
CREATE INDEX artifact_packages_by_age ON artifact_packages (namespace, created_at DESC, package_id DESC);

-- View: files, each a relative path in a package, bound to a blob.
CREATE TABLE artifact_files (
    file_id          BLOB NOT NULL PRIMARY KEY,
    package_id       BLOB NOT NULL,
    -- Its package's, kept here because blobs are looked for within one namespace.
    namespace        TEXT NOT NULL,
    relative_path    TEXT NOT NULL,
    media_type       TEXT NOT NULL,
    executable       INTEGER NOT NULL,
    size_bytes       INTEGER NOT NULL,
    -- Which algorithm made digest_primary. SHA-256 is always there beside it.
    digest_algorithm TEXT NOT NULL,
    digest_primary   BLOB NOT NULL,
    digest_sha256    BLOB NOT NULL,
    -- digest_algorithm, a colon, and digest_primary in lower-case hexadecimal digits.
    content_address  TEXT NOT NULL,
    -- The first 8 bytes of BLAKE3 over address and namespace: what a blob is looked for by.
    blob_key         INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    UNIQUE (package_id, relative_path)
) STRICT;

-- Whether this blob, or any of this size, is here already. Addresses are digests, so every row lands in another place of
-- an index of them, and what a commit costs is how many pages it touches: a short key makes fewer.
CREATE INDEX artifact_files_by_blob ON artifact_files (blob_key);
CREATE INDEX artifact_files_by_size ON artifact_files (namespace, size_bytes);

-- View: where blobs lie, each a run of bytes in one stored object of one backend.
CREATE TABLE storage_locations (
    -- The first 8 bytes of the blob's digest, so that its locations are found by it, and the first 8 of BLAKE3 over the
    -- address and the columns that say where: the same place is the same row, whoever reports it.
    storage_location_id BLOB NOT NULL PRIMARY KEY,
    content_address     TEXT NOT NULL,
    backend_id          TEXT NOT NULL,
    storage_key         TEXT NOT NULL,
    byte_offset         INTEGER NOT NULL,
    byte_length         INTEGER NOT NULL,
    node_id             TEXT NOT NULL,
    stored_at           INTEGER NOT NULL,
    -- How soon the bytes can be read, and how far a restore from a slower tier has come.
    retrieval_tier      TEXT NOT NULL DEFAULT 'hot',
    restore_status      TEXT
) STRICT;

-- View: what retention says of each package.
CREATE TABLE retention_state (
    package_id            BLOB NOT NULL PRIMARY KEY,
    retention_class       TEXT NOT NULL,
    -- Nothing means never.
    current_expires_at    INTEGER,
    active_hold_id        BLOB,
    eligible_for_deletion INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Settings, not views: how long packages of each class are kept by default.
CREATE TABLE retention_classes (
    name             TEXT NOT NULL PRIMARY KEY,
    description      TEXT NOT NULL,
    -- Nothing means for ever.
    duration_seconds INTEGER CHECK (duration_seconds > 0)
) STRICT, WITHOUT ROWID;

-- Settings, not views: the schemas that metadata of packages can be held to.
CREATE TABLE metadata_schemas (
    slug        TEXT NOT NULL PRIMARY KEY,
    json_schema TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
