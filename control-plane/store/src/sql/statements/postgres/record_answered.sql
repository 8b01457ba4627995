-- Records what was stated under tickets, one array a column.
INSERT INTO answered_tickets (ticket_id, part, fingerprint, recorded_at)
SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bigint[])
