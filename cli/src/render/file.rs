//! Files of a package.

use artifactstore_types::{ContentAddress, Digest, FileId, FileRecord, MediaType, RelativePath, Timestamp};
use serde::Serialize;

use super::text;

/// A file as JSON.
#[derive(Serialize)]
pub struct FileJson<'a> {
    file_id: FileId,
    relative_path: &'a RelativePath,
    media_type: &'a MediaType,
    executable: bool,
    size_bytes: u64,
    content_address: ContentAddress,
    sha256: Digest,
    created_at: Timestamp,
}

/// A file as JSON.
pub fn json(file: &FileRecord) -> FileJson<'_> {
    FileJson {
        file_id: file.file_id,
        relative_path: &file.relative_path,
        media_type: &file.media_type,
        executable: file.executable,
        size_bytes: file.size_bytes,
        content_address: file.content_address,
        sha256: file.sha256,
        created_at: file.created_at,
    }
}

/// Files in a table.
pub fn table(files: &[FileRecord]) -> String {
    let row = |file: &FileRecord| {
        vec![
            file.content_address.to_string(),
            text::size(file.size_bytes),
            file.media_type.to_string(),
            format!("{}{}", file.relative_path, if file.executable { " *" } else { "" }),
        ]
    };
    text::table(&["ADDRESS", "SIZE", "TYPE", "PATH (* EXECUTABLE)"], files.iter().map(row))
}
