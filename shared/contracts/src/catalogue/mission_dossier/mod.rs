//! The dossier of a mission: which artifacts it has, which it lacks, and whether two places agree on that.
//!
//! What an artifact is stands only in [`ArtifactIdentity`], and the version of the manifest only in
//! [`LocalNamespaceTuple`]; no payload repeats either.

mod artifacts;
mod namespace;
mod payloads;
mod reducer;
mod state;
mod streams;
mod values;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use artifacts::Artifacts;
pub use namespace::{LocalNamespaceTuple, NamespaceMixedStreamError};
pub use payloads::{
    MissionDossierArtifactIndexedPayload, MissionDossierArtifactMissingPayload,
    MissionDossierParityDriftDetectedPayload, MissionDossierSnapshotComputedPayload,
};
pub use reducer::{MissionDossierReducer, reduce_mission_dossier};
pub use state::{AnomalyEntry, ArtifactEntry, DriftRecord, MissionDossierState, SnapshotSummary};
pub use values::{ArtifactIdentity, ContentHashRef, ProvenanceRef};
pub use vocabulary::{ActorKind, ArtifactClass, DriftKind, HashAlgorithm, ParityStatus};

use super::{EventSelection, Family, ModelEntry, embedded};

/// An artifact was found and entered.
pub const MISSION_DOSSIER_ARTIFACT_INDEXED: &str = "MissionDossierArtifactIndexed";
/// An artifact that should be there is not.
pub const MISSION_DOSSIER_ARTIFACT_MISSING: &str = "MissionDossierArtifactMissing";
/// The dossier as a whole was fingerprinted.
pub const MISSION_DOSSIER_SNAPSHOT_COMPUTED: &str = "MissionDossierSnapshotComputed";
/// Two fingerprints of the dossier differ.
pub const MISSION_DOSSIER_PARITY_DRIFT_DETECTED: &str = "MissionDossierParityDriftDetected";

/// Every event type of the family.
pub const DOSSIER_EVENT_TYPES: &[&str] = &[
    MISSION_DOSSIER_ARTIFACT_INDEXED,
    MISSION_DOSSIER_ARTIFACT_MISSING,
    MISSION_DOSSIER_SNAPSHOT_COMPUTED,
    MISSION_DOSSIER_PARITY_DRIFT_DETECTED,
];

/// The family's entry in the catalogue.
pub static FAMILY: Family = Family {
    name: "mission-dossier",
    category: "dossier",
    payloads: &[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, ModelEntry::of::<MissionDossierArtifactIndexedPayload>()),
        (MISSION_DOSSIER_ARTIFACT_MISSING, ModelEntry::of::<MissionDossierArtifactMissingPayload>()),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, ModelEntry::of::<MissionDossierSnapshotComputedPayload>()),
        (MISSION_DOSSIER_PARITY_DRIFT_DETECTED, ModelEntry::of::<MissionDossierParityDriftDetectedPayload>()),
    ],
    values: &[
        ModelEntry::of::<LocalNamespaceTuple>(),
        ModelEntry::of::<ArtifactIdentity>(),
        ModelEntry::of::<ContentHashRef>(),
        ModelEntry::of::<ProvenanceRef>(),
    ],
    schemas: embedded!["schemas":
        "artifact_identity.schema.json",
        "content_hash_ref.schema.json",
        "local_namespace_tuple.schema.json",
        "mission_dossier_artifact_indexed_payload.schema.json",
        "mission_dossier_artifact_missing_payload.schema.json",
        "mission_dossier_parity_drift_detected_payload.schema.json",
        "mission_dossier_snapshot_computed_payload.schema.json",
        "provenance_ref.schema.json",
    ],
    fixtures: embedded!["fixtures":
        "manifest.json",
        "dossier/valid/dossier_artifact_indexed_valid.json",
        "dossier/valid/dossier_artifact_indexed_supersedes.json",
        "dossier/valid/dossier_artifact_indexed_with_provenance.json",
        "dossier/valid/dossier_artifact_missing_required_always.json",
        "dossier/valid/dossier_artifact_missing_required_by_step.json",
        "dossier/valid/dossier_snapshot_computed_clean.json",
        "dossier/valid/dossier_snapshot_computed_with_anomalies.json",
        "dossier/valid/dossier_parity_drift_artifact_added.json",
        "dossier/valid/dossier_parity_drift_artifact_mutated.json",
        "dossier/valid/dossier_namespace_collision_coverage.json",
        "dossier/invalid/dossier_parity_drift_namespace_mismatch.json",
        "dossier/invalid/dossier_artifact_indexed_missing_path.json",
        "dossier/invalid/dossier_artifact_indexed_invalid_class.json",
        "dossier/replay/dossier_happy_path.jsonl",
        "dossier/replay/dossier_drift_scenario.jsonl",
    ],
    selection: EventSelection::CountsItsOwn,
    stream: streams::stream_of,
    fold: || Box::<MissionDossierReducer>::default(),
    resume: |folded| Ok(Box::new(MissionDossierReducer::resume(folded)?)),
    references: streams::references,
};
