-- Forgets the statements that were committed before a time.
DELETE FROM answered_tickets WHERE recorded_at < (SELECT MAX(column1) FROM (VALUES {(?)}))
