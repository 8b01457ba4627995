//! Names people and systems give to things. Each kind is a type of its own with its own form; what has been
//! constructed satisfies it. Nothing here ever becomes part of a file-system path.

use std::{fmt, str::FromStr};

/// Why a text is not a name of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {rule}")]
pub struct NameRefused {
    /// What the text was to name, as people say it: `package name`.
    pub kind: &'static str,
    /// The rule it breaks: `must have 1 to 200 characters`.
    pub rule: &'static str,
}

fn check_text(kind: &'static str, text: &str) -> Result<(), NameRefused> {
    if text.is_empty() || text.len() > 512 {
        return Err(NameRefused { kind, rule: "must have 1 to 512 bytes" });
    }
    if text.chars().any(char::is_control) {
        return Err(NameRefused { kind, rule: "must not contain control characters" });
    }
    if text.trim() != text {
        return Err(NameRefused { kind, rule: "must not begin or end with white space" });
    }
    Ok(())
}

fn check_slug(kind: &'static str, text: &str) -> Result<(), NameRefused> {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    let goes_on = bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'));
    if starts && goes_on && text.len() <= 64 {
        Ok(())
    } else {
        Err(NameRefused { kind, rule: "must match [a-z0-9][a-z0-9._-]* and have at most 64 characters" })
    }
}

fn check_event_type(kind: &'static str, text: &str) -> Result<(), NameRefused> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(good) {
        Ok(())
    } else {
        Err(NameRefused { kind, rule: "must match [A-Za-z0-9._-]+ and have at most 128 characters" })
    }
}

fn check_stream_key(kind: &'static str, text: &str) -> Result<(), NameRefused> {
    if text.is_empty() || text.len() > 1_024 || text.chars().any(char::is_control) {
        return Err(NameRefused { kind, rule: "must have 1 to 1,024 bytes and no control characters" });
    }
    Ok(())
}

fn check_media_type(kind: &'static str, text: &str) -> Result<(), NameRefused> {
    // RFC 6838 §4.2: a restricted name begins with a letter or digit.
    let restricted = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    // Printable ASCII throughout: this text becomes an HTTP header.
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let essence = text.split_once(';').map_or(text, |(essence, _)| essence.trim_end_matches(' '));
    let named = essence.split_once('/').is_some_and(|(kind, subtype)| restricted(kind) && restricted(subtype));
    if named && printable && text.len() <= 255 {
        Ok(())
    } else {
        Err(NameRefused { kind, rule: "must be type/subtype as in RFC 6838, at most 255 characters" })
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Checks and keeps a text.
            ///
            /// # Errors
            /// A text that breaks the rule of this kind of name.
            pub fn new(text: impl Into<String>) -> Result<Self, NameRefused> {
                let text = text.into();
                $check($kind, &text)?;
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NameRefused;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }
    };
}

name! {
    /// The name of a package, chosen by its producer; not unique. 1 to 512 bytes without control characters.
    Name, "package name", check_text
}
name! {
    /// The system that made a package, such as `guide-board`.
    Producer, "producer", check_text
}
name! {
    /// What a package is evidence about, such as `open-cmis-tck` or a commit.
    Subject, "subject", check_text
}
name! {
    /// Who asked for a change.
    Actor, "actor", check_text
}
name! {
    /// A tenant: packages, and the answer to "is this blob here", are seen within one namespace only.
    Namespace, "namespace", check_slug
}
name! {
    /// A configured store of bytes, such as `local` or `rgw-a`.
    BackendId, "backend id", check_slug
}
name! {
    /// A data-plane process.
    NodeId, "node id", check_slug
}
name! {
    /// A retention class, such as `raw-evidence`.
    ClassName, "retention class", check_slug
}
name! {
    /// A family of contract events, such as `mission-dossier`.
    FamilyName, "contract family", check_slug
}
name! {
    /// Which stream of a contract family: its names, separated by `/`, what would be taken for something else in one
    /// written as `%` and two hexadecimal digits a byte.
    StreamKey, "stream key", check_stream_key
}
name! {
    /// The type of an event, such as `v1.package.created`.
    EventType, "event type", check_event_type
}
name! {
    /// A media type (RFC 6838).
    MediaType, "media type", check_media_type
}

impl Default for Namespace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl Default for MediaType {
    fn default() -> Self {
        Self("application/octet-stream".to_owned())
    }
}
