-- Forgets the keys of control planes that were over before a time.
DELETE FROM control_plane_keys WHERE not_after < (SELECT MAX(column1) FROM (VALUES {(?)}))
