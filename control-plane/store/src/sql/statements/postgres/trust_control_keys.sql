-- Trusts keys of control planes, or those that are trusted already for longer, one array a column.
INSERT INTO control_plane_keys (public_key, not_before, not_after)
SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[])
ON CONFLICT (public_key) DO UPDATE SET not_after = excluded.not_after
WHERE excluded.not_after > control_plane_keys.not_after
