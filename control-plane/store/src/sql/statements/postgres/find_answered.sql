-- What was stated under these parts of these tickets.
SELECT a.ticket_id, a.part, a.fingerprint
FROM unnest($1::bytea[], $2::bigint[]) AS asked (ticket_id, part)
JOIN answered_tickets AS a ON a.ticket_id = asked.ticket_id AND a.part = asked.part
