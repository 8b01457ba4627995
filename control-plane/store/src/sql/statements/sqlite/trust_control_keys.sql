-- Trusts keys of control planes, or those that are trusted already for longer.
INSERT INTO control_plane_keys (public_key, not_before, not_after)
VALUES {(?, ?, ?)}
ON CONFLICT (public_key) DO UPDATE SET not_after = excluded.not_after
WHERE excluded.not_after > control_plane_keys.not_after
