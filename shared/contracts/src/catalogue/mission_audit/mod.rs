//! The audit of a mission: requested, started, perhaps waiting for decisions, completed or failed.
//!
//! Fingerprint and origin of a report are the dossier's value objects, so that both families speak of artifacts alike.

mod payloads;
mod reducer;
mod state;
mod streams;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use payloads::{
    AuditArtifactRef, MissionAuditCompletedPayload, MissionAuditDecisionRequestedPayload, MissionAuditFailedPayload,
    MissionAuditRequestedPayload, MissionAuditStartedPayload,
};
pub use reducer::{MissionAuditReducer, reduce_mission_audit_events};
pub use state::{MissionAuditAnomaly, PendingDecision, ReducedMissionAuditState};
pub use vocabulary::{
    AuditSeverity, AuditStatus, AuditVerdict, EnforcementMode, TERMINAL_AUDIT_STATUSES, TriggerMode,
};

use super::{EventSelection, Family, ModelEntry, embedded};

/// The version of the contract library that this family follows. Envelopes carry a version of their own.
pub const AUDIT_SCHEMA_VERSION: &str = "2.5.0";

/// An audit was asked for.
pub const MISSION_AUDIT_REQUESTED: &str = "MissionAuditRequested";
/// An audit began.
pub const MISSION_AUDIT_STARTED: &str = "MissionAuditStarted";
/// An audit needs someone to decide.
pub const MISSION_AUDIT_DECISION_REQUESTED: &str = "MissionAuditDecisionRequested";
/// An audit came to a verdict.
pub const MISSION_AUDIT_COMPLETED: &str = "MissionAuditCompleted";
/// An audit broke off.
pub const MISSION_AUDIT_FAILED: &str = "MissionAuditFailed";

/// Every event type of the family.
pub const MISSION_AUDIT_EVENT_TYPES: &[&str] = &[
    MISSION_AUDIT_REQUESTED,
    MISSION_AUDIT_STARTED,
    MISSION_AUDIT_DECISION_REQUESTED,
    MISSION_AUDIT_COMPLETED,
    MISSION_AUDIT_FAILED,
];

/// The family's entry in the catalogue.
pub static FAMILY: Family = Family {
    name: "mission-audit",
    category: "mission_audit",
    payloads: &[
        (MISSION_AUDIT_REQUESTED, ModelEntry::of::<MissionAuditRequestedPayload>()),
        (MISSION_AUDIT_STARTED, ModelEntry::of::<MissionAuditStartedPayload>()),
        (MISSION_AUDIT_DECISION_REQUESTED, ModelEntry::of::<MissionAuditDecisionRequestedPayload>()),
        (MISSION_AUDIT_COMPLETED, ModelEntry::of::<MissionAuditCompletedPayload>()),
        (MISSION_AUDIT_FAILED, ModelEntry::of::<MissionAuditFailedPayload>()),
    ],
    values: &[],
    schemas: embedded!["schemas":
        "mission_audit_completed_payload.schema.json",
        "mission_audit_decision_requested_payload.schema.json",
        "mission_audit_failed_payload.schema.json",
        "mission_audit_requested_payload.schema.json",
        "mission_audit_started_payload.schema.json",
    ],
    fixtures: embedded!["fixtures":
        "manifest.json",
        "mission_audit/valid/mission_audit_requested_manual.json",
        "mission_audit/valid/mission_audit_requested_post_merge.json",
        "mission_audit/valid/mission_audit_started_valid.json",
        "mission_audit/valid/mission_audit_decision_requested_valid.json",
        "mission_audit/valid/mission_audit_completed_pass.json",
        "mission_audit/valid/mission_audit_completed_fail.json",
        "mission_audit/valid/mission_audit_failed_valid.json",
        "mission_audit/invalid/mission_audit_completed_missing_verdict.json",
        "mission_audit/invalid/mission_audit_completed_missing_artifact_ref.json",
        "mission_audit/invalid/mission_audit_requested_bad_trigger.json",
        "mission_audit/invalid/mission_audit_decision_missing_id.json",
        "mission_audit/replay/mission_audit_replay_pass.jsonl",
        "mission_audit/replay/mission_audit_replay_fail.jsonl",
        "mission_audit/replay/mission_audit_replay_decision_checkpoint.jsonl",
        "mission_audit/replay/mission_audit_replay_pass_output.json",
        "mission_audit/replay/mission_audit_replay_fail_output.json",
        "mission_audit/replay/mission_audit_replay_decision_checkpoint_output.json",
    ],
    selection: EventSelection::CountsEveryEvent,
    stream: streams::stream_of,
    fold: || Box::<MissionAuditReducer>::default(),
    resume: |folded| Ok(Box::new(MissionAuditReducer::resume(folded)?)),
    references: streams::references,
};
