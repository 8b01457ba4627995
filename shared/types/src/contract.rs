//! Streams of contract events: events of families that others rely on, and the states they amount to. What an event of a
//! family may say is the families' own; here are only the words that travel between planes.

use std::{fmt, str::FromStr};

use crate::{
    digest::Digest,
    event::Sequence,
    name::{Actor, FamilyName, NameRefused, Namespace, StreamKey},
};

/// One stream of a family within a namespace: one audit, one dossier. As a text, `namespace/family/key`, it is the
/// subject id of the stream's events, and unique in the whole log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContractStream {
    /// The namespace it is seen in.
    pub namespace: Namespace,
    /// The family its events are of, such as `mission-dossier`.
    pub family: FamilyName,
    /// Which stream of the family.
    pub key: StreamKey,
}

impl fmt::Display for ContractStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, family, key } = self;
        write!(f, "{namespace}/{family}/{key}")
    }
}

impl FromStr for ContractStream {
    type Err = NameRefused;

    fn from_str(text: &str) -> Result<Self, NameRefused> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        Ok(Self { namespace: part().parse()?, family: part().parse()?, key: part().parse()? })
    }
}

/// On whose behalf contract events are appended, and where they are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractOrigin {
    /// The namespace.
    pub namespace: Namespace,
    /// Who appends.
    pub actor: Actor,
}

/// A contract event that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendedContractEvent {
    /// Its identifier, in normal form.
    pub event_id: String,
    /// The stream it belongs to.
    pub stream: ContractStream,
    /// Its place in the log.
    pub sequence: Sequence,
    /// Whether it was there already, byte for byte, so that nothing was appended.
    pub repeated: bool,
}

/// What a stream amounts to after an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractState {
    /// The stream.
    pub stream: ContractStream,
    /// The place in the log of the last event it includes.
    pub sequence: Sequence,
    /// How many events it includes.
    pub event_count: u64,
    /// The state, or `{"error": …, "message": …}` for a stream without one; JSON, fields in the order of the contract.
    pub json: String,
    /// Whether the stream has no state: `json` says why.
    pub failed: bool,
}

/// How a file that a state speaks of, or a file that it should speak of, stands to the stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parity {
    /// The stored bytes are what the state says.
    Same,
    /// The package has no file of that path.
    Missing,
    /// The package has other bytes at that path.
    Mutated,
    /// The package has a file that the state does not speak of.
    Unknown,
    /// The bytes registered are what the state says, but those stored are no longer.
    Damaged,
    /// The state gives no SHA-256 to compare.
    NotComparable,
    /// Another file has taken its place; nothing is compared.
    Superseded,
}

impl Parity {
    /// Every verdict.
    pub const ALL: [Self; 7] =
        [Self::Same, Self::Missing, Self::Mutated, Self::Unknown, Self::Damaged, Self::NotComparable, Self::Superseded];

    /// The word in reports and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Missing => "missing",
            Self::Mutated => "mutated",
            Self::Unknown => "unknown",
            Self::Damaged => "damaged",
            Self::NotComparable => "not-comparable",
            Self::Superseded => "superseded",
        }
    }

    /// The verdict of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|parity| parity.name() == name)
    }

    /// Whether state and stored bytes disagree. What could not be compared does not.
    pub const fn is_drift(self) -> bool {
        matches!(self, Self::Missing | Self::Mutated | Self::Unknown | Self::Damaged)
    }
}

/// One path of a state or of a package, and how the two compare there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathParity {
    /// The path, as whoever named it writes it.
    pub path: String,
    /// How they compare.
    pub parity: Parity,
    /// The fingerprint that the state gives, `algorithm:text`; none where it does not speak of the path.
    pub expected: Option<String>,
    /// The SHA-256 that is registered for the package's file of that path, where there is one.
    pub actual: Option<Digest>,
}
