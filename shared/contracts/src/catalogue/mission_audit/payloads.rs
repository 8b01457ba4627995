//! What audit events carry. Every payload names its mission, run, feature and actor first.

use super::vocabulary::{AuditSeverity, AuditVerdict, EnforcementMode, TriggerMode};
use crate::catalogue::mission_dossier::{ContentHashRef, ProvenanceRef};
use crate::model::{AtLeastOne, Count, NonEmptyString, record};

record! {
    /// Where an audit report lies, with its fingerprint and its origin.
    pub struct AuditArtifactRef as "audit_artifact_ref" {
        /// Path of the report.
        pub report_path: NonEmptyString,
        /// Fingerprint of the report.
        pub content_hash: ContentHashRef,
        /// Origin of the report.
        pub provenance: ProvenanceRef,
    }
}

record! {
    /// An audit was asked for.
    pub struct MissionAuditRequestedPayload as "mission_audit_requested_payload" {
        /// Mission under audit.
        pub mission_id: NonEmptyString,
        /// Run of the audit.
        pub run_id: NonEmptyString,
        /// Feature under audit.
        pub feature_slug: NonEmptyString,
        /// Who emitted the event.
        pub actor: NonEmptyString,
        /// What set the audit off.
        pub trigger_mode: TriggerMode,
        /// What is to be audited.
        pub audit_scope: AtLeastOne<String>,
        /// What a failed audit means.
        pub enforcement_mode: EnforcementMode,
    }
}

record! {
    /// An audit began.
    pub struct MissionAuditStartedPayload as "mission_audit_started_payload" {
        /// Mission under audit.
        pub mission_id: NonEmptyString,
        /// Run of the audit.
        pub run_id: NonEmptyString,
        /// Feature under audit.
        pub feature_slug: NonEmptyString,
        /// Who emitted the event.
        pub actor: NonEmptyString,
        /// Fingerprint of what is audited.
        pub audit_scope_hash: NonEmptyString,
    }
}

record! {
    /// An audit needs someone to decide.
    pub struct MissionAuditDecisionRequestedPayload as "mission_audit_decision_requested_payload" {
        /// Mission under audit.
        pub mission_id: NonEmptyString,
        /// Run of the audit.
        pub run_id: NonEmptyString,
        /// Feature under audit.
        pub feature_slug: NonEmptyString,
        /// Who emitted the event.
        pub actor: NonEmptyString,
        /// Identifier of the decision.
        pub decision_id: NonEmptyString,
        /// What is asked.
        pub question: String,
        /// What one must know to answer.
        pub context_summary: String,
        /// How grave the matter is.
        pub severity: AuditSeverity,
    }
}

record! {
    /// An audit came to a verdict. It always has a report; without one it failed.
    pub struct MissionAuditCompletedPayload as "mission_audit_completed_payload" {
        /// Mission under audit.
        pub mission_id: NonEmptyString,
        /// Run of the audit.
        pub run_id: NonEmptyString,
        /// Feature under audit.
        pub feature_slug: NonEmptyString,
        /// Who emitted the event.
        pub actor: NonEmptyString,
        /// What the audit concluded.
        pub verdict: AuditVerdict,
        /// How grave the gravest finding is.
        pub severity: AuditSeverity,
        /// How many findings there are.
        pub findings_count: Count,
        /// The report.
        pub artifact_ref: AuditArtifactRef,
        /// The conclusion in words.
        pub summary: String,
    }
}

record! {
    /// An audit broke off.
    pub struct MissionAuditFailedPayload as "mission_audit_failed_payload" {
        /// Mission under audit.
        pub mission_id: NonEmptyString,
        /// Run of the audit.
        pub run_id: NonEmptyString,
        /// Feature under audit.
        pub feature_slug: NonEmptyString,
        /// Who emitted the event.
        pub actor: NonEmptyString,
        /// What went wrong, for machines.
        pub error_code: NonEmptyString,
        /// What went wrong, for people.
        pub error_message: String,
        /// What there is of a report.
        pub partial_artifact_ref: Option<AuditArtifactRef> = default,
    }
}
