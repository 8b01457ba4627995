-- Forgets the keys of control planes that were over before a time.
DELETE FROM control_plane_keys AS k USING unnest($1::bigint[]) AS asked (oldest) WHERE k.not_after < asked.oldest
