-- What was stated under these parts of these tickets.
WITH asked (ticket_id, part) AS (VALUES {(?, ?)})
SELECT a.ticket_id, a.part, a.fingerprint
FROM asked
CROSS JOIN answered_tickets AS a ON a.ticket_id = asked.ticket_id AND a.part = asked.part
