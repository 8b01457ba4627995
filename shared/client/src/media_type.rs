//! The media type of a file, guessed from its name: what IANA registers for the extension, as `mime_guess` lists it.
//! Contents are never looked at, so the same name always gives the same type, on every machine.

use artifactstore_types::{MediaType, RelativePath};

/// The media type the extension of `path` stands for; `application/octet-stream` where it stands for none.
pub fn guess(path: &RelativePath) -> MediaType {
    mime_guess::from_path(path.as_str()).first_raw().and_then(|text| MediaType::new(text).ok()).unwrap_or_default()
}
