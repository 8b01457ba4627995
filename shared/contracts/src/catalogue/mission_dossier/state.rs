//! What a dossier amounts to. Fields stand in the order in which the contract serialises them.

use serde::{Deserialize, Serialize};

use super::artifacts::Artifacts;
use super::namespace::LocalNamespaceTuple;
use super::values::{ArtifactIdentity, ContentHashRef, ProvenanceRef};
use super::vocabulary::{DriftKind, HashAlgorithm, ParityStatus};
use crate::model::{Count, NonEmptyString};

/// The state of one dossier, folded from its events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MissionDossierState {
    /// Which dossier; null if no event said so readably.
    pub namespace: Option<LocalNamespaceTuple>,
    /// What it has.
    pub artifacts: Artifacts,
    /// What it lacks, in the order of the checks; an entry stays when the artifact turns up.
    pub anomalies: Vec<AnomalyEntry>,
    /// Its last fingerprint.
    pub latest_snapshot: Option<SnapshotSummary>,
    /// Every drift that was noticed.
    pub drift_history: Vec<DriftRecord>,
    /// Whether two places agree on it.
    pub parity_status: ParityStatus,
    /// How many distinct dossier events the stream held, malformed ones included.
    pub event_count: u64,
}

/// An artifact that the dossier has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactEntry {
    /// What it is.
    pub identity: ArtifactIdentity,
    /// What its content is.
    pub content_ref: ContentHashRef,
    /// When it was entered.
    pub indexed_at: String,
    /// Where it comes from.
    pub provenance: Option<ProvenanceRef>,
    /// Whether another artifact took its place.
    pub superseded: bool,
    /// Step that made it.
    pub step_id: Option<String>,
}

/// An artifact that the dossier lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnomalyEntry {
    /// Always [`AnomalyEntry::MISSING_ARTIFACT`].
    pub anomaly_type: String,
    /// What should be there.
    pub expected_identity: ArtifactIdentity,
    /// Who requires it.
    pub manifest_step: NonEmptyString,
    /// When it was looked for.
    pub checked_at: String,
    /// How to get it back.
    pub remediation_hint: Option<String>,
}

impl AnomalyEntry {
    /// The only kind of anomaly a dossier knows.
    pub const MISSING_ARTIFACT: &str = "missing_artifact";
}

/// The last fingerprint of a dossier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotSummary {
    /// The fingerprint.
    pub snapshot_hash: NonEmptyString,
    /// How many artifacts it covers.
    pub artifact_count: Count,
    /// How many artifacts were missing.
    pub anomaly_count: Count,
    /// When it was computed.
    pub computed_at: String,
    /// How it was computed; SHA-256 if the event did not say.
    pub algorithm: HashAlgorithm,
}

/// A drift that was noticed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftRecord {
    /// The fingerprint the dossier should have had.
    pub expected_hash: NonEmptyString,
    /// The fingerprint it had.
    pub actual_hash: NonEmptyString,
    /// How they came to differ.
    pub drift_kind: DriftKind,
    /// When it was noticed.
    pub detected_at: String,
}
