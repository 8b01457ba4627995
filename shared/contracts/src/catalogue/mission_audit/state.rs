//! What an audit amounts to. Fields stand in the order in which the contract serialises them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::payloads::AuditArtifactRef;
use super::vocabulary::{AuditSeverity, AuditStatus, AuditVerdict, EnforcementMode, TriggerMode};
use crate::model::{Count, NonEmptyString};

/// The state of one audit, folded from its events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReducedMissionAuditState {
    /// Where the audit stands.
    pub audit_status: AuditStatus,
    /// What it concluded.
    pub verdict: Option<AuditVerdict>,
    /// How grave the gravest finding is.
    pub severity: Option<AuditSeverity>,
    /// How many findings there are.
    pub findings_count: Option<Count>,
    /// The report of a completed audit.
    pub artifact_ref: Option<AuditArtifactRef>,
    /// What a failed audit left of a report.
    pub partial_artifact_ref: Option<AuditArtifactRef>,
    /// The conclusion in words.
    pub summary: Option<String>,
    /// Why it failed, for machines.
    pub error_code: Option<NonEmptyString>,
    /// Why it failed, for people.
    pub error_message: Option<String>,
    /// What someone still has to decide.
    pub pending_decisions: Vec<PendingDecision>,
    /// Mission under audit.
    pub mission_id: Option<NonEmptyString>,
    /// Run of the audit.
    pub run_id: Option<NonEmptyString>,
    /// Feature under audit.
    pub feature_slug: Option<NonEmptyString>,
    /// What set it off.
    pub trigger_mode: Option<TriggerMode>,
    /// What a failure means.
    pub enforcement_mode: Option<EnforcementMode>,
    /// What is audited.
    pub audit_scope: Option<Vec<String>>,
    /// Fingerprint of what is audited.
    pub audit_scope_hash: Option<NonEmptyString>,
    /// What was odd about the stream, in the order it was met.
    pub anomalies: Vec<MissionAuditAnomaly>,
    /// How many distinct events the stream held, foreign ones included.
    pub event_count: u64,
}

/// A decision that an audit waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingDecision {
    /// Identifier of the decision.
    pub decision_id: NonEmptyString,
    /// What is asked.
    pub question: String,
    /// What one must know to answer.
    pub context_summary: String,
    /// How grave the matter is.
    pub severity: AuditSeverity,
}

/// Something odd about a stream that does not stop its reduction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissionAuditAnomaly {
    /// What kind of oddity.
    pub kind: Cow<'static, str>,
    /// The event it was met at.
    pub event_id: String,
    /// What is odd, for people.
    pub message: String,
}
