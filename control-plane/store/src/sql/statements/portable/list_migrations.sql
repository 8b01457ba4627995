-- The migrations this database has had.
SELECT version, success FROM _sqlx_migrations ORDER BY version
