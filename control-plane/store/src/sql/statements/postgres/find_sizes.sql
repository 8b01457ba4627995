-- Which of these sizes blobs of these namespaces have.
SELECT asked.size_bytes
FROM unnest($1::text[], $2::bigint[]) AS asked (namespace, size_bytes)
WHERE EXISTS (
    SELECT 1 FROM artifact_files AS f WHERE f.namespace = asked.namespace AND f.size_bytes = asked.size_bytes
)
