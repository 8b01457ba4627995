//! What dossier events carry. Every payload names its namespace first.

use std::collections::BTreeMap;

use super::namespace::LocalNamespaceTuple;
use super::values::{ArtifactIdentity, ContentHashRef, ProvenanceRef};
use super::vocabulary::{DriftKind, HashAlgorithm};
use crate::model::{Count, NonEmptyString, record};

record! {
    /// An artifact was found and entered.
    pub struct MissionDossierArtifactIndexedPayload as "mission_dossier_artifact_indexed_payload" {
        /// Dossier the artifact belongs to.
        pub namespace: LocalNamespaceTuple,
        /// What the artifact is.
        pub artifact_id: ArtifactIdentity,
        /// What its content is.
        pub content_ref: ContentHashRef,
        /// When it was entered, ISO 8601, not parsed.
        pub indexed_at: String,
        /// Where it comes from.
        pub provenance: Option<ProvenanceRef> = default,
        /// Step that made it.
        pub step_id: Option<String> = default,
        /// Artifact that it takes the place of.
        pub supersedes: Option<ArtifactIdentity> = default,
        /// Remarks for people.
        pub context_diagnostics: Option<BTreeMap<String, String>> = default,
    }
}

record! {
    /// An artifact that should be there is not.
    pub struct MissionDossierArtifactMissingPayload as "mission_dossier_artifact_missing_payload" {
        /// Dossier the artifact is missing from.
        pub namespace: LocalNamespaceTuple,
        /// What should be there.
        pub expected_identity: ArtifactIdentity,
        /// Who requires it: required_always, or a step.
        pub manifest_step: NonEmptyString,
        /// When it was looked for, ISO 8601, not parsed.
        pub checked_at: String,
        /// Where it was last seen.
        pub last_known_ref: Option<ProvenanceRef> = default,
        /// How to get it back.
        pub remediation_hint: Option<String> = default,
        /// Remarks for people.
        pub context_diagnostics: Option<BTreeMap<String, String>> = default,
    }
}

record! {
    /// The dossier as a whole was fingerprinted.
    pub struct MissionDossierSnapshotComputedPayload as "mission_dossier_snapshot_computed_payload" {
        /// Dossier that was fingerprinted.
        pub namespace: LocalNamespaceTuple,
        /// The fingerprint.
        pub snapshot_hash: NonEmptyString,
        /// How many artifacts it covers.
        pub artifact_count: Count,
        /// How many artifacts were missing.
        pub anomaly_count: Count,
        /// When it was computed, ISO 8601, not parsed.
        pub computed_at: String,
        /// How it was computed.
        pub algorithm: Option<HashAlgorithm> = default,
        /// Remarks for people.
        pub context_diagnostics: Option<BTreeMap<String, String>> = default,
    }
}

record! {
    /// Two fingerprints of the dossier differ.
    pub struct MissionDossierParityDriftDetectedPayload as "mission_dossier_parity_drift_detected_payload" {
        /// Dossier that drifted.
        pub namespace: LocalNamespaceTuple,
        /// The fingerprint it should have.
        pub expected_hash: NonEmptyString,
        /// The fingerprint it has.
        pub actual_hash: NonEmptyString,
        /// How they came to differ.
        pub drift_kind: DriftKind,
        /// When it was noticed, ISO 8601, not parsed.
        pub detected_at: String,
        /// Artifacts that changed.
        pub artifact_ids_changed: Option<Vec<ArtifactIdentity>> = default,
        /// How to bring both together again.
        pub rebuild_hint: Option<String> = default,
        /// Remarks for people.
        pub context_diagnostics: Option<BTreeMap<String, String>> = default,
    }
}
