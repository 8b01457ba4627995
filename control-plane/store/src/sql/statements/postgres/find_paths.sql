-- Which of these paths are files, and which of those that are to become files have something below ('/' to '0' is all
-- that begins with the path and a slash): a row without a file is such a directory.
SELECT
    asked.package_id, asked.relative_path, f.file_id, f.media_type, f.executable, f.size_bytes, f.digest_primary
FROM unnest($1::bytea[], $2::text[], $3::boolean[]) AS asked (package_id, relative_path, to_be_file)
LEFT JOIN artifact_files AS f ON f.package_id = asked.package_id AND f.relative_path = asked.relative_path
WHERE f.file_id IS NOT NULL OR (asked.to_be_file AND EXISTS (
    SELECT 1
    FROM artifact_files AS below
    WHERE below.package_id = asked.package_id
        AND below.relative_path > asked.relative_path || '/' COLLATE "C"
        AND below.relative_path < asked.relative_path || '0' COLLATE "C"
))
