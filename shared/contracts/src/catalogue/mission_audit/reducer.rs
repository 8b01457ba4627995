//! From audit events to the state of the audit.
//!
//! The order is sort, deduplicate, count, filter, fold: foreign events count, then drop out. A malformed payload fails
//! the whole reduction, unless the audit had already ended: after the end nothing is read any more.

use std::borrow::Cow;
use std::collections::HashSet;

use super::payloads::{
    MissionAuditCompletedPayload, MissionAuditDecisionRequestedPayload, MissionAuditFailedPayload,
    MissionAuditRequestedPayload, MissionAuditStartedPayload,
};
use super::state::{MissionAuditAnomaly, PendingDecision, ReducedMissionAuditState};
use super::vocabulary::AuditStatus;
use super::{
    MISSION_AUDIT_COMPLETED, MISSION_AUDIT_DECISION_REQUESTED, MISSION_AUDIT_FAILED, MISSION_AUDIT_REQUESTED,
    MISSION_AUDIT_STARTED,
};
use crate::catalogue::{FoldError, Folded, Occurrence, StreamFold};
use crate::envelope::Event;
use crate::model::{NonEmptyString, Repr, ValidationError};
use crate::order;

/// Reduces events, in any order and with repetitions, to the state of the audit.
///
/// # Errors
/// The first payload, in the order of the history, that its model refuses before the audit has ended.
pub fn reduce_mission_audit_events<'a>(
    events: impl IntoIterator<Item = &'a Event>,
) -> Result<ReducedMissionAuditState, ValidationError> {
    let mut reducer = MissionAuditReducer::default();
    for event in order::history(events) {
        reducer.fold(event.into())?;
    }
    Ok(reducer.finish())
}

/// The reducer as a machine that takes one event after the other. Events must come in order, each identifier once.
#[derive(Debug, Default)]
pub struct MissionAuditReducer {
    state: ReducedMissionAuditState,
    requested: bool,
    pending: HashSet<NonEmptyString>,
}

impl MissionAuditReducer {
    /// Folds one more event; a foreign one is counted.
    ///
    /// # Errors
    /// A malformed payload of an audit that has not ended. Nothing may be folded after that.
    pub fn fold(&mut self, event: Occurrence<'_>) -> Result<(), ValidationError> {
        self.state.event_count += 1;
        let apply = match event.event_type {
            MISSION_AUDIT_REQUESTED => Self::requested,
            MISSION_AUDIT_STARTED => Self::started,
            MISSION_AUDIT_DECISION_REQUESTED => Self::decision_requested,
            MISSION_AUDIT_COMPLETED => Self::completed,
            MISSION_AUDIT_FAILED => Self::failed,
            _ => return Ok(()),
        };
        let event_type = Repr(event.event_type);
        if self.state.audit_status.is_terminal() {
            let message = format!("Event {event_type} arrived after terminal state");
            self.note("event_after_terminal", event, message);
            return Ok(());
        }
        if !self.requested && event.event_type != MISSION_AUDIT_REQUESTED {
            let message = format!("Event {event_type} arrived before MissionAuditRequested");
            self.note("event_before_requested", event, message);
        }
        apply(self, event).map_err(|error| error.at(format!("event {}", event.event_id)))
    }

    /// The state after everything folded so far.
    pub fn finish(self) -> ReducedMissionAuditState {
        self.state
    }

    /// The status stays: a request that comes late does not set a running audit back.
    fn requested(&mut self, event: Occurrence<'_>) -> Result<(), ValidationError> {
        let payload: MissionAuditRequestedPayload = event.payload.read()?;
        self.requested = true;
        self.state.mission_id = Some(payload.mission_id);
        self.state.run_id = Some(payload.run_id);
        self.state.feature_slug = Some(payload.feature_slug);
        self.state.trigger_mode = Some(payload.trigger_mode);
        self.state.enforcement_mode = Some(payload.enforcement_mode);
        self.state.audit_scope = Some(payload.audit_scope.into());
        Ok(())
    }

    fn started(&mut self, event: Occurrence<'_>) -> Result<(), ValidationError> {
        let payload: MissionAuditStartedPayload = event.payload.read()?;
        self.state.audit_scope_hash = Some(payload.audit_scope_hash);
        if self.state.mission_id.is_none() {
            self.state.mission_id = Some(payload.mission_id);
            self.state.run_id = Some(payload.run_id);
            self.state.feature_slug = Some(payload.feature_slug);
        }
        self.state.audit_status = AuditStatus::Running;
        Ok(())
    }

    fn decision_requested(&mut self, event: Occurrence<'_>) -> Result<(), ValidationError> {
        let payload: MissionAuditDecisionRequestedPayload = event.payload.read()?;
        self.state.audit_status = AuditStatus::AwaitingDecision;
        if self.pending.insert(payload.decision_id.clone()) {
            self.state.pending_decisions.push(PendingDecision {
                decision_id: payload.decision_id,
                question: payload.question,
                context_summary: payload.context_summary,
                severity: payload.severity,
            });
        } else {
            let message = format!("Duplicate decision_id: {}", Repr(payload.decision_id.as_str()));
            self.note("duplicate_decision_id", event, message);
        }
        Ok(())
    }

    fn completed(&mut self, event: Occurrence<'_>) -> Result<(), ValidationError> {
        let payload: MissionAuditCompletedPayload = event.payload.read()?;
        self.state.verdict = Some(payload.verdict);
        self.state.severity = Some(payload.severity);
        self.state.findings_count = Some(payload.findings_count);
        self.state.artifact_ref = Some(payload.artifact_ref);
        self.state.summary = Some(payload.summary);
        self.end(AuditStatus::Completed);
        Ok(())
    }

    fn failed(&mut self, event: Occurrence<'_>) -> Result<(), ValidationError> {
        let payload: MissionAuditFailedPayload = event.payload.read()?;
        self.state.error_code = Some(payload.error_code);
        self.state.error_message = Some(payload.error_message);
        self.state.partial_artifact_ref = payload.partial_artifact_ref;
        self.end(AuditStatus::Failed);
        Ok(())
    }

    fn end(&mut self, status: AuditStatus) {
        self.state.pending_decisions.clear();
        self.pending.clear();
        self.state.audit_status = status;
    }

    fn note(&mut self, kind: &'static str, event: Occurrence<'_>, message: String) {
        let event_id = event.event_id.to_owned();
        self.state.anomalies.push(MissionAuditAnomaly { kind: Cow::Borrowed(kind), event_id, message });
    }
}

impl MissionAuditReducer {
    /// The reducer that had come so far. Whether a request was seen and what is pending shows in the state.
    pub(super) fn resume(folded: &Folded) -> serde_json::Result<Self> {
        let state: ReducedMissionAuditState = serde_json::from_str(folded.state.get())?;
        let pending = state.pending_decisions.iter().map(|decision| decision.decision_id.clone()).collect();
        Ok(Self { requested: state.trigger_mode.is_some(), pending, state })
    }
}

impl StreamFold for MissionAuditReducer {
    fn fold(&mut self, event: Occurrence<'_>) -> Result<(), FoldError> {
        Ok(Self::fold(self, event)?)
    }

    fn folded(&self) -> serde_json::Result<Folded> {
        Folded::of(&self.state, &())
    }
}
