-- The classes every store starts with, under the names and durations that `DEFAULT_CLASSES` of the registry has.
INSERT INTO retention_classes (name, description, duration_seconds) VALUES
    ('transient', 'intermediate results that nobody will ask for after the week', 7 * 86400),
    ('raw-evidence', 'raw output of checks and crawls, until it has been summarized', 90 * 86400),
    ('summary-evidence', 'summaries and reports, beyond a yearly audit', 400 * 86400),
    ('release-evidence', 'evidence behind a release, for ten years', 3653 * 86400),
    ('permanent-record', 'records that are never deleted', NULL);
