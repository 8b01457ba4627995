-- The log ends at $1 now.
UPDATE event_log_head SET sequence = $1 WHERE singleton = 1
