-- The sequence of the last event.
SELECT sequence FROM event_log_head WHERE singleton = 1
