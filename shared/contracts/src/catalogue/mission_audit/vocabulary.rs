//! The words of an audit.

use crate::model::closed_set;

closed_set! {
    /// What an audit concluded.
    pub enum AuditVerdict as enumeration {
        /// Nothing stands in the way.
        Pass = "pass",
        /// Nothing stands in the way, but something was noted.
        PassWithWarnings = "pass_with_warnings",
        /// Something stands in the way.
        Fail = "fail",
        /// Someone has to decide first.
        BlockedDecisionRequired = "blocked_decision_required",
    }
}

closed_set! {
    /// How grave a finding is.
    pub enum AuditSeverity as enumeration {
        /// Worth knowing.
        Info = "info",
        /// Worth a look.
        Warning = "warning",
        /// Wrong.
        Error = "error",
        /// Wrong and dangerous.
        Critical = "critical",
    }
}

closed_set! {
    /// Where an audit stands.
    #[derive(Default)]
    pub enum AuditStatus as enumeration {
        /// Nothing has happened yet, or it was only requested.
        #[default]
        Pending = "pending",
        /// It was started.
        Running = "running",
        /// It waits for someone to decide.
        AwaitingDecision = "awaiting_decision",
        /// It came to a verdict.
        Completed = "completed",
        /// It broke off.
        Failed = "failed",
    }
}

/// The statuses that nothing follows.
pub const TERMINAL_AUDIT_STATUSES: &[AuditStatus] = &[AuditStatus::Completed, AuditStatus::Failed];

impl AuditStatus {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        TERMINAL_AUDIT_STATUSES.contains(&self)
    }
}

closed_set! {
    /// What set an audit off.
    pub enum TriggerMode as literal {
        /// Someone asked for it.
        Manual = "manual",
        /// A merge did.
        PostMerge = "post_merge",
    }
}

closed_set! {
    /// What a failed audit means.
    pub enum EnforcementMode as literal {
        /// It is advice.
        Advisory = "advisory",
        /// It stops the mission.
        Blocking = "blocking",
    }
}
