-- The manifest of the package $1, whose subject id is $2. Finalization is among the last events a package has, so the
-- newest are looked at first, and none of an open package.
SELECT e.payload
FROM artifact_packages AS p
JOIN events AS e ON e.subject_kind = 'package' AND e.subject_id = $2
WHERE p.package_id = $1 AND p.manifest_digest IS NOT NULL AND e.event_type = 'v1.package.finalized'
ORDER BY e.subject_revision DESC
LIMIT 1
