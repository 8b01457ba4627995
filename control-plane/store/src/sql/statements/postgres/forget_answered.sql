-- Forgets the statements that were committed before a time.
DELETE FROM answered_tickets AS a USING unnest($1::bigint[]) AS asked (oldest) WHERE a.recorded_at < asked.oldest
