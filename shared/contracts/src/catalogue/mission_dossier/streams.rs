//! Which dossier an event belongs to, and which files the dossier speaks of.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::namespace::LocalNamespaceTuple;
use super::state::{ArtifactEntry, MissionDossierState};
use crate::catalogue::{FileReference, References, StreamKey};
use crate::model::{Count, NonEmptyString};

/// A dossier is what its namespace names; steps of one dossier share it.
pub(super) fn stream_of(envelope: &Value) -> Option<StreamKey> {
    let LocalNamespaceTuple { project_uuid, feature_slug, target_branch, mission_key, manifest_version, .. } =
        LocalNamespaceTuple::deserialize(envelope.get("payload")?.get("namespace")?).ok()?;
    let parts = [&project_uuid, &feature_slug, &target_branch, &mission_key, &manifest_version];
    Some(StreamKey::of(parts.map(NonEmptyString::as_str)))
}

/// Every artifact. A dossier lists what there is, so a file that it does not name is one it does not know.
pub(super) fn references(state: &RawValue) -> serde_json::Result<References> {
    let state: MissionDossierState = serde_json::from_str(state.get())?;
    Ok(References { files: state.artifacts.iter().map(reference).collect(), exhaustive: true })
}

fn reference((path, entry): (&str, &ArtifactEntry)) -> FileReference {
    FileReference {
        path: path.to_owned(),
        hash: entry.content_ref.hash.as_str().to_owned(),
        algorithm: entry.content_ref.algorithm.as_str(),
        size_bytes: entry.content_ref.size_bytes.map(Count::value),
        superseded: entry.superseded,
    }
}
