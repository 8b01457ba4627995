-- Where the head says that the log ends, and where it does.
SELECT sequence, (SELECT COALESCE(MAX(sequence), 0) FROM events) FROM event_log_head WHERE singleton = 1
