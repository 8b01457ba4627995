-- The log ends here now.
UPDATE OR ROLLBACK event_log_head SET sequence = (SELECT MAX(column1) FROM (VALUES {(?)})) WHERE singleton = 1
