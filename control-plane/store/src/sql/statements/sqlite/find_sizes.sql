-- Which of these sizes blobs of these namespaces have.
WITH asked (namespace, size_bytes) AS (VALUES {(?, ?)})
SELECT asked.size_bytes
FROM asked
WHERE EXISTS (
    SELECT 1 FROM artifact_files AS f WHERE f.namespace = asked.namespace AND f.size_bytes = asked.size_bytes
)
