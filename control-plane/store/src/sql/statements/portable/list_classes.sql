-- The retention classes, by name.
SELECT name, description, duration_seconds FROM retention_classes ORDER BY name
