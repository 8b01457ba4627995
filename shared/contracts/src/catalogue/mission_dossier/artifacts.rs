//! The artifacts of a dossier by path, in the order in which their paths were first entered.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::state::ArtifactEntry;

/// Artifacts by path. Entering a path again replaces its entry and keeps its position.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    entries: Vec<(String, ArtifactEntry)>,
    positions: HashMap<String, usize>,
}

impl Artifacts {
    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The artifact at this path.
    pub fn find(&self, path: &str) -> Option<&ArtifactEntry> {
        let position = *self.positions.get(path)?;
        self.entries.get(position).map(|(_, entry)| entry)
    }

    /// Every path with its artifact, in the order of first entry.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ArtifactEntry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    pub(super) fn find_mut(&mut self, path: &str) -> Option<&mut ArtifactEntry> {
        let position = *self.positions.get(path)?;
        self.entries.get_mut(position).map(|(_, entry)| entry)
    }

    pub(super) fn enter(&mut self, path: &str, entry: ArtifactEntry) {
        if let Some(present) = self.find_mut(path) {
            *present = entry;
        } else {
            self.positions.insert(path.to_owned(), self.entries.len());
            self.entries.push((path.to_owned(), entry));
        }
    }
}

/// Order is how the artifacts were entered, not what they are.
impl PartialEq for Artifacts {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(path, entry)| other.find(path) == Some(entry))
    }
}

impl Serialize for Artifacts {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Artifacts {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> de::Visitor<'de> for Entries {
            type Value = Artifacts;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("artifacts by path")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<Artifacts, A::Error> {
                let mut artifacts = Artifacts::default();
                while let Some((path, entry)) = members.next_entry::<String, ArtifactEntry>()? {
                    artifacts.enter(&path, entry);
                }
                Ok(artifacts)
            }
        }

        input.deserialize_map(Entries)
    }
}
