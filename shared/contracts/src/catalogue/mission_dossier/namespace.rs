//! Which dossier an event belongs to. Events of two dossiers in one stream are a mistake that nothing may hide.

use std::fmt;

use crate::model::{NonEmptyString, Repr, record};

record! {
    /// The least that keeps the dossiers of two places apart. The only place that names the version of the manifest.
    pub struct LocalNamespaceTuple as "local_namespace_tuple" {
        /// Project, as text.
        pub project_uuid: NonEmptyString,
        /// Feature.
        pub feature_slug: NonEmptyString,
        /// Branch the feature is meant for.
        pub target_branch: NonEmptyString,
        /// Kind of mission.
        pub mission_key: NonEmptyString,
        /// Version of the manifest.
        pub manifest_version: NonEmptyString,
        /// Step of the mission. Not part of the identity.
        pub step_id: Option<String> = default,
    }
}

impl LocalNamespaceTuple {
    /// Whether both name the same dossier; steps of one dossier do.
    pub fn is_same_dossier(&self, other: &Self) -> bool {
        self.project_uuid == other.project_uuid
            && self.feature_slug == other.feature_slug
            && self.target_branch == other.target_branch
            && self.mission_key == other.mission_key
            && self.manifest_version == other.manifest_version
    }
}

/// The form in which consumers find namespaces in messages.
impl fmt::Display for LocalNamespaceTuple {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_uuid, feature_slug, target_branch, mission_key, manifest_version, step_id } = self;
        let step_id = step_id.as_deref().map_or_else(|| "None".to_owned(), |step_id| Repr(step_id).to_string());
        write!(
            out,
            "LocalNamespaceTuple(project_uuid={}, feature_slug={}, target_branch={}, mission_key={}, \
             manifest_version={}, step_id={step_id})",
            Repr(project_uuid.as_str()),
            Repr(feature_slug.as_str()),
            Repr(target_branch.as_str()),
            Repr(mission_key.as_str()),
            Repr(manifest_version.as_str()),
        )
    }
}

/// Events of two dossiers stood in one stream.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("Namespace mismatch in dossier event stream. Expected: {expected}. Got: {got}.")]
pub struct NamespaceMixedStreamError {
    /// The namespace of the first event that has a readable one.
    pub expected: Box<LocalNamespaceTuple>,
    /// The first namespace that differs.
    pub got: Box<LocalNamespaceTuple>,
}
