-- One append as a program without group commit makes it: a transaction that advances the head row and inserts one event
-- with a payload like a file's. The views, which the committer writes as well, are left out.
BEGIN;
UPDATE event_log_head SET sequence = sequence + 1 WHERE singleton = 1 RETURNING sequence \gset
INSERT INTO events VALUES (
    :sequence, decode(md5(:client_id || '-' || :sequence), 'hex'), 'default', 'v1.file.ingested', 'package',
    'pgbench-' || :client_id, :sequence, 'pgbench', 0, decode(repeat('00', 480), 'hex'),
    decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
);
COMMIT;
