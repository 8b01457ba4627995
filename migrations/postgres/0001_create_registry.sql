-- The registry: the event log, and the views folded from it.
--
-- Both engines have the same migrations under the same numbers and names, and the same tables, columns and indexes in
-- them; types differ where the engines do. A migration that has been released is never changed: the next one changes
-- the schema.
--
--   times         BIGINT, microseconds since 1970-01-01T00:00:00Z
--   ids           BYTEA, the 16 bytes of a UUID; a digest is its 32 bytes
--   text          compared by bytes (COLLATE "C"), as manifests order paths and as keyset pages need
--   JSON          text, written once and never looked into by a statement
--
-- Views have no foreign keys. Their rows come from events alone, one reducer writes them, and `replay --check` proves
-- them; a key checked on each of a million rows would slow a replay and could refuse nothing the fold lets through.
-- Indexes are few for the same reason: each is there for a question the store is asked. Nor do the tables that are written
-- all the time check their columns: PostgreSQL reads such a rule anew for every statement that writes, which costs as much
-- as a row, while whoever reads a value here holds it to the rules of its type.

-- The source of truth: never updated, never deleted from. Sequences are gapless and start at 1.
CREATE TABLE events (
    sequence         BIGINT NOT NULL PRIMARY KEY,
    event_id         BYTEA NOT NULL UNIQUE,
    namespace        TEXT COLLATE "C" NOT NULL,
    event_type       TEXT COLLATE "C" NOT NULL,
    subject_kind     TEXT COLLATE "C" NOT NULL,
    subject_id       TEXT COLLATE "C" NOT NULL,
    -- How many events the subject has had, this one included.
    subject_revision BIGINT NOT NULL,
    actor            TEXT COLLATE "C" NOT NULL,
    recorded_at      BIGINT NOT NULL,
    -- Canonical CBOR.
    payload          BYTEA NOT NULL,
    -- BLAKE3 of the payload.
    payload_digest   BYTEA NOT NULL,
    -- SHA-256 leaf over every column but the payload and itself.
    leaf_hash        BYTEA NOT NULL,
    -- Two decisions cannot follow the same state; a subject's history is read along it.
    UNIQUE (subject_kind, subject_id, subject_revision)
);

-- Where the rarer events are. Nearly every event is a file's: an index would not find those faster than the log does.
CREATE INDEX events_by_type ON events (event_type, sequence) WHERE event_type <> 'v1.file.ingested';

CREATE OR REPLACE FUNCTION refuse_to_change_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed';
END
$$;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_events();

-- The sequence of the last event. Locked and advanced in the transaction that appends: what makes sequences gapless,
-- and visible in order. The id tells a log from one that was made in its place.
CREATE TABLE event_log_head (
    singleton BIGINT NOT NULL PRIMARY KEY CHECK (singleton = 1),
    sequence  BIGINT NOT NULL CHECK (sequence >= 0),
    log_id    BIGINT NOT NULL
);

INSERT INTO event_log_head (singleton, sequence, log_id) VALUES (1, 0, hashtextextended(gen_random_uuid()::text, 0));

-- View: packages.
CREATE TABLE artifact_packages (
    package_id          BYTEA NOT NULL PRIMARY KEY,
    namespace           TEXT COLLATE "C" NOT NULL,
    name                TEXT COLLATE "C" NOT NULL,
    producer            TEXT COLLATE "C" NOT NULL,
    subject             TEXT COLLATE "C" NOT NULL,
    kind                TEXT COLLATE "C",
    retention_class     TEXT COLLATE "C" NOT NULL,
    -- JSON: what the producer wants kept with it.
    metadata            TEXT COLLATE "C" NOT NULL,
    -- JSON: source references, producer version, and more.
    provenance          TEXT COLLATE "C" NOT NULL,
    -- Who created it.
    actor               TEXT COLLATE "C" NOT NULL,
    status              TEXT COLLATE "C" NOT NULL,
    created_at          BIGINT NOT NULL,
    finalized_at        BIGINT,
    -- BLAKE3 of the manifest's canonical CBOR.
    manifest_digest     BYTEA,
    failure_reason      TEXT COLLATE "C",
    file_count          BIGINT NOT NULL,
    size_bytes          BIGINT NOT NULL,
    -- How many events it has had, and the sequence of the last of them.
    revision            BIGINT NOT NULL,
    last_event_sequence BIGINT NOT NULL
);

-- A namespace's packages, the newest first.
CREATE INDEX artifact_packages_by_age ON artifact_packages (namespace, created_at DESC, package_id DESC);

-- View: files, each a relative path in a package, bound to a blob.
CREATE TABLE artifact_files (
    file_id          BYTEA NOT NULL PRIMARY KEY,
    package_id       BYTEA NOT NULL,
    -- Its package's, kept here because blobs are looked for within one namespace.
    namespace        TEXT COLLATE "C" NOT NULL,
    relative_path    TEXT COLLATE "C" NOT NULL,
    media_type       TEXT COLLATE "C" NOT NULL,
    executable       BOOLEAN NOT NULL,
    size_bytes       BIGINT NOT NULL,
    -- Which algorithm made digest_primary. SHA-256 is always there beside it.
    digest_algorithm TEXT COLLATE "C" NOT NULL,
    digest_primary   BYTEA NOT NULL,
    digest_sha256    BYTEA NOT NULL,
    -- digest_algorithm, a colon, and digest_primary in lower-case hexadecimal digits.
    content_address  TEXT COLLATE "C" NOT NULL,
    -- The first 8 bytes of BLAKE3 over address and namespace: what a blob is looked for by.
    blob_key         BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    UNIQUE (package_id, relative_path)
);

-- Whether this blob, or any of this size, is here already. Addresses are digests, so every row lands in another place of
-- an index of them, and what a commit costs is how many pages it touches: a short key makes fewer.
CREATE INDEX artifact_files_by_blob ON artifact_files (blob_key);
CREATE INDEX artifact_files_by_size ON artifact_files (namespace, size_bytes);

-- View: where blobs lie, each a run of bytes in one stored object of one backend.
CREATE TABLE storage_locations (
    -- The first 8 bytes of the blob's digest, so that its locations are found by it, and the first 8 of BLAKE3 over the
    -- address and the columns that say where: the same place is the same row, whoever reports it.
    storage_location_id BYTEA NOT NULL PRIMARY KEY,
    content_address     TEXT COLLATE "C" NOT NULL,
    backend_id          TEXT COLLATE "C" NOT NULL,
    storage_key         TEXT COLLATE "C" NOT NULL,
    byte_offset         BIGINT NOT NULL,
    byte_length         BIGINT NOT NULL,
    node_id             TEXT COLLATE "C" NOT NULL,
    stored_at           BIGINT NOT NULL,
    -- How soon the bytes can be read, and how far a restore from a slower tier has come.
    retrieval_tier      TEXT COLLATE "C" NOT NULL DEFAULT 'hot',
    restore_status      TEXT COLLATE "C"
);

-- View: what retention says of each package.
CREATE TABLE retention_state (
    package_id            BYTEA NOT NULL PRIMARY KEY,
    retention_class       TEXT COLLATE "C" NOT NULL,
    -- Nothing means never.
    current_expires_at    BIGINT,
    active_hold_id        BYTEA,
    eligible_for_deletion BOOLEAN NOT NULL DEFAULT FALSE
);

-- Settings, not views: how long packages of each class are kept by default.
CREATE TABLE retention_classes (
    name             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    description      TEXT COLLATE "C" NOT NULL,
    -- Nothing means for ever.
    duration_seconds BIGINT CHECK (duration_seconds > 0)
);

-- Settings, not views: the schemas that metadata of packages can be held to.
CREATE TABLE metadata_schemas (
    slug        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    json_schema TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL
);
