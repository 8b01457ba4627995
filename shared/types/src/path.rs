//! Relative paths: where a file stands in its package. A path is manifest data only; it never reaches a file system
//! except where a client writes a package back out, and then under these rules.

use std::{fmt, str::FromStr};

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// A file's place in its package: UTF-8 in Normalization Form C, parts separated by `/`, at most 1,024 bytes in all
/// and 255 a part; no empty, `.` or `..` part, so no leading `/`; no control characters, no backslash.
/// Ordered by bytes, as the manifest lists files.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelativePath(String);

/// Why a text is not a [`RelativePath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathRefused {
    /// There is nothing.
    #[error("path is empty")]
    Empty,
    /// The path starts at a root.
    #[error("path is absolute; it must be relative to the package")]
    Absolute,
    /// More than 1,024 bytes in all, or 255 in a part.
    #[error("path is too long: 1,024 bytes in all and 255 a part are the limit")]
    TooLong,
    /// A part is empty, as in `a//b` or `a/`.
    #[error("path has an empty part")]
    EmptyPart,
    /// A part is `.` or `..`.
    #[error("path climbs: a part is `.` or `..`")]
    Climbs,
    /// A character is a control character or a backslash.
    #[error("path has a control character or a backslash")]
    BadCharacter,
    /// The text is not in Normalization Form C; [`RelativePath::normalized`] makes it so.
    #[error("path is not in Unicode Normalization Form C")]
    NotNormalized,
}

impl RelativePath {
    /// The longest path, in bytes.
    pub const MAX_BYTES: usize = 1024;
    /// The longest part of a path, in bytes.
    pub const MAX_PART_BYTES: usize = 255;

    /// Checks and keeps a path.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, PathRefused> {
        let text = text.into();
        check(&text)?;
        Ok(Self(text))
    }

    /// Brings a text into Normalization Form C first, as file names of some systems need.
    ///
    /// # Errors
    /// The first rule the normalized text breaks.
    pub fn normalized(text: &str) -> Result<Self, PathRefused> {
        Self::new(text.nfc().collect::<String>())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

fn check(text: &str) -> Result<(), PathRefused> {
    if text.is_empty() {
        return Err(PathRefused::Empty);
    }
    if text.starts_with('/') {
        return Err(PathRefused::Absolute);
    }
    if text.len() > RelativePath::MAX_BYTES {
        return Err(PathRefused::TooLong);
    }
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return Err(PathRefused::BadCharacter);
    }
    for part in text.split('/') {
        match part {
            "" => return Err(PathRefused::EmptyPart),
            "." | ".." => return Err(PathRefused::Climbs),
            long if long.len() > RelativePath::MAX_PART_BYTES => return Err(PathRefused::TooLong),
            _ => {}
        }
    }
    if is_nfc(text) { Ok(()) } else { Err(PathRefused::NotNormalized) }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for RelativePath {
    type Err = PathRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}
