//! Which audit an event belongs to, and which report the audit speaks of.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::payloads::AuditArtifactRef;
use super::state::ReducedMissionAuditState;
use crate::catalogue::{FileReference, References, StreamKey};
use crate::envelope::ProjectUuid;
use crate::model::Count;

/// An audit is a run for a mission of a project.
pub(super) fn stream_of(envelope: &Value) -> Option<StreamKey> {
    let project = ProjectUuid::deserialize(envelope.get("project_uuid")?).ok()?.to_string();
    let said = |member: &str| envelope.get("payload")?.get(member)?.as_str();
    Some(StreamKey::of([&project, said("mission_id")?, said("run_id")?]))
}

/// The report, whole or partial. What else lies beside it is not the audit's to say.
pub(super) fn references(state: &RawValue) -> serde_json::Result<References> {
    let state: ReducedMissionAuditState = serde_json::from_str(state.get())?;
    let reports = [state.artifact_ref, state.partial_artifact_ref];
    Ok(References { files: reports.into_iter().flatten().map(reference).collect(), exhaustive: false })
}

fn reference(report: AuditArtifactRef) -> FileReference {
    FileReference {
        path: report.report_path.into(),
        hash: report.content_hash.hash.into(),
        algorithm: report.content_hash.algorithm.as_str(),
        size_bytes: report.content_hash.size_bytes.map(Count::value),
        superseded: false,
    }
}
