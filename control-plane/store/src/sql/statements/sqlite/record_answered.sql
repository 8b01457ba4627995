-- Records what was stated under tickets.
INSERT INTO answered_tickets (ticket_id, part, fingerprint, recorded_at)
VALUES {(?, ?, ?, ?)}
