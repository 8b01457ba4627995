-- Events whose subject has not had as many as they say: a hundred at most.
SELECT sequence
FROM (
    SELECT
        sequence,
        subject_revision,
        ROW_NUMBER() OVER (PARTITION BY subject_kind, subject_id ORDER BY sequence) AS expected
    FROM events
) AS numbered
WHERE subject_revision <> expected
ORDER BY sequence
LIMIT 100
