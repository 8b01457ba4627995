-- The public keys of control planes that are not over at $1.
SELECT public_key, not_before, not_after FROM control_plane_keys WHERE not_after > $1 ORDER BY public_key
