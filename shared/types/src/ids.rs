//! Identifiers: UUIDs, each of its own type so that one cannot stand in for another.

use std::{fmt, str::FromStr};

use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier with this value.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The identifier with these bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The value.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdRefused;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Only the hyphenated lower-case form: one id, one text.
                let uuid = Uuid::try_parse(text).map_err(|_| IdRefused)?;
                if uuid.as_hyphenated().to_string() == text { Ok(Self(uuid)) } else { Err(IdRefused) }
            }
        }
    };
}

/// A text that is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is a UUID in its hyphenated lower-case form")]
pub struct IdRefused;

uuid_id! {
    /// Names a package.
    PackageId
}
uuid_id! {
    /// Names a file: one relative path in one package.
    FileId
}
uuid_id! {
    /// Names one wish of a caller, who chooses it: the same wish under the same key is granted once.
    IdempotencyKey
}
uuid_id! {
    /// Names an event. Sequences order events; this identifies one across copies of a log.
    EventId
}
