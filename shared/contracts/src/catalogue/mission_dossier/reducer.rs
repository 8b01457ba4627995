//! From dossier events to the state of the dossier.
//!
//! The order is filter, sort, deduplicate, check namespaces, fold, derive parity: foreign events are gone before one of
//! them could hide a dossier event of the same identifier. A malformed payload counts and is skipped without a word; a
//! foreign namespace, readable even in a malformed payload, fails the whole reduction. The namespaces are checked in
//! the same pass as the fold, which is the same as checking them before: nothing else fails, and a failure leaves no
//! state.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::namespace::{LocalNamespaceTuple, NamespaceMixedStreamError};
use super::payloads::{
    MissionDossierArtifactIndexedPayload, MissionDossierArtifactMissingPayload,
    MissionDossierParityDriftDetectedPayload, MissionDossierSnapshotComputedPayload,
};
use super::state::{AnomalyEntry, ArtifactEntry, DriftRecord, MissionDossierState, SnapshotSummary};
use super::vocabulary::ParityStatus;
use super::{
    DOSSIER_EVENT_TYPES, MISSION_DOSSIER_ARTIFACT_INDEXED, MISSION_DOSSIER_ARTIFACT_MISSING,
    MISSION_DOSSIER_PARITY_DRIFT_DETECTED, MISSION_DOSSIER_SNAPSHOT_COMPUTED,
};
use crate::catalogue::{FoldError, Folded, Occurrence, StreamFold};
use crate::envelope::Event;
use crate::model::Model;
use crate::order;

/// Reduces events, in any order and with repetitions, to the state of the dossier. Foreign events are ignored.
///
/// # Errors
/// Events of two dossiers in one stream.
pub fn reduce_mission_dossier<'a>(
    events: impl IntoIterator<Item = &'a Event>,
) -> Result<MissionDossierState, NamespaceMixedStreamError> {
    let own = events.into_iter().filter(|event| DOSSIER_EVENT_TYPES.contains(&event.event_type.as_str()));
    let mut reducer = MissionDossierReducer::default();
    for event in order::history(own) {
        reducer.fold(event.into())?;
    }
    Ok(reducer.finish())
}

/// The reducer as a machine that takes one event after the other. Events must come in order, each identifier once.
#[derive(Debug, Default)]
pub struct MissionDossierReducer {
    state: MissionDossierState,
    steps: Steps,
    /// The step that the first namespace named. The state drops it once another one is named.
    step_id: Option<String>,
}

/// Which steps the namespaces named.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Steps {
    #[default]
    None,
    One(String),
    Several,
}

impl MissionDossierReducer {
    /// Folds one more event; a foreign one is ignored.
    ///
    /// # Errors
    /// An event of another dossier. Nothing may be folded after that.
    pub fn fold(&mut self, event: Occurrence<'_>) -> Result<(), NamespaceMixedStreamError> {
        match event.event_type {
            MISSION_DOSSIER_ARTIFACT_INDEXED => self.apply(event, Self::indexed),
            MISSION_DOSSIER_ARTIFACT_MISSING => self.apply(event, Self::missing),
            MISSION_DOSSIER_SNAPSHOT_COMPUTED => self.apply(event, Self::snapshot_computed),
            MISSION_DOSSIER_PARITY_DRIFT_DETECTED => self.apply(event, Self::drift_detected),
            _ => Ok(()),
        }
    }

    /// The state after everything folded so far.
    pub fn finish(self) -> MissionDossierState {
        self.state
    }

    fn apply<P: Dossier>(
        &mut self,
        event: Occurrence<'_>,
        change: fn(&mut Self, P),
    ) -> Result<(), NamespaceMixedStreamError> {
        self.state.event_count += 1;
        if let Ok(payload) = event.payload.read::<P>() {
            self.enter_namespace(payload.namespace())?;
            change(self, payload);
        } else if let Some(namespace) = event.payload.find("namespace") {
            self.enter_namespace(&namespace)?;
        }
        Ok(())
    }

    fn enter_namespace(&mut self, namespace: &LocalNamespaceTuple) -> Result<(), NamespaceMixedStreamError> {
        let canonical = self.state.namespace.get_or_insert_with(|| {
            self.step_id.clone_from(&namespace.step_id);
            namespace.clone()
        });
        if !canonical.is_same_dossier(namespace) {
            let expected = LocalNamespaceTuple { step_id: self.step_id.clone(), ..canonical.clone() };
            return Err(NamespaceMixedStreamError { expected: Box::new(expected), got: Box::new(namespace.clone()) });
        }
        if let Some(step) = &namespace.step_id {
            match &self.steps {
                Steps::None => self.steps = Steps::One(step.clone()),
                Steps::One(known) if known != step => {
                    self.steps = Steps::Several;
                    canonical.step_id = None;
                }
                Steps::One(_) | Steps::Several => {}
            }
        }
        Ok(())
    }

    fn indexed(&mut self, payload: MissionDossierArtifactIndexedPayload) {
        let superseded = payload.supersedes.and_then(|identity| self.state.artifacts.find_mut(identity.path.as_str()));
        if let Some(entry) = superseded {
            entry.superseded = true;
        }
        let path = payload.artifact_id.path.clone();
        let entry = ArtifactEntry {
            identity: payload.artifact_id,
            content_ref: payload.content_ref,
            indexed_at: payload.indexed_at,
            provenance: payload.provenance,
            superseded: false,
            step_id: payload.step_id,
        };
        self.state.artifacts.enter(path.as_str(), entry);
    }

    fn missing(&mut self, payload: MissionDossierArtifactMissingPayload) {
        self.state.anomalies.push(AnomalyEntry {
            anomaly_type: AnomalyEntry::MISSING_ARTIFACT.to_owned(),
            expected_identity: payload.expected_identity,
            manifest_step: payload.manifest_step,
            checked_at: payload.checked_at,
            remediation_hint: payload.remediation_hint,
        });
    }

    fn snapshot_computed(&mut self, payload: MissionDossierSnapshotComputedPayload) {
        self.state.latest_snapshot = Some(SnapshotSummary {
            snapshot_hash: payload.snapshot_hash,
            artifact_count: payload.artifact_count,
            anomaly_count: payload.anomaly_count,
            computed_at: payload.computed_at,
            algorithm: payload.algorithm.unwrap_or_default(),
        });
        if self.state.drift_history.is_empty() {
            self.state.parity_status = ParityStatus::Clean;
        }
    }

    /// A drift marks the dossier for good: no later snapshot clears it.
    fn drift_detected(&mut self, payload: MissionDossierParityDriftDetectedPayload) {
        self.state.parity_status = ParityStatus::Drifted;
        self.state.drift_history.push(DriftRecord {
            expected_hash: payload.expected_hash,
            actual_hash: payload.actual_hash,
            drift_kind: payload.drift_kind,
            detected_at: payload.detected_at,
        });
    }
}

/// A payload that names its dossier.
trait Dossier: Model {
    fn namespace(&self) -> &LocalNamespaceTuple;
}

macro_rules! names_its_dossier {
    ($($payload:ty),+ $(,)?) => {
        $( impl Dossier for $payload {
            fn namespace(&self) -> &LocalNamespaceTuple {
                &self.namespace
            }
        } )+
    };
}

names_its_dossier! {
    MissionDossierArtifactIndexedPayload,
    MissionDossierArtifactMissingPayload,
    MissionDossierSnapshotComputedPayload,
    MissionDossierParityDriftDetectedPayload,
}

/// What the state does not show.
#[derive(Serialize, Deserialize)]
struct Memory<'a> {
    steps: Cow<'a, Steps>,
    step_id: Cow<'a, Option<String>>,
}

impl MissionDossierReducer {
    /// The reducer that had come so far.
    pub(super) fn resume(folded: &Folded) -> serde_json::Result<Self> {
        let state = serde_json::from_str(folded.state.get())?;
        let Memory { steps, step_id } = serde_json::from_str(folded.memory.get())?;
        Ok(Self { state, steps: steps.into_owned(), step_id: step_id.into_owned() })
    }
}

impl StreamFold for MissionDossierReducer {
    fn fold(&mut self, event: Occurrence<'_>) -> Result<(), FoldError> {
        Self::fold(self, event).map_err(|error| FoldError::new("NamespaceMixedStreamError", error))
    }

    fn folded(&self) -> serde_json::Result<Folded> {
        let memory = Memory { steps: Cow::Borrowed(&self.steps), step_id: Cow::Borrowed(&self.step_id) };
        Folded::of(&self.state, &memory)
    }
}
