//! What an artifact is, what its content is, and where it comes from.

use super::vocabulary::{ActorKind, ArtifactClass, HashAlgorithm};
use crate::model::{Count, NonEmptyString, record};

record! {
    /// Identity of one artifact. The only place that says which class it is of.
    pub struct ArtifactIdentity as "artifact_identity" {
        /// Kind of mission the artifact belongs to.
        pub mission_key: NonEmptyString,
        /// Path relative to the repository.
        pub path: NonEmptyString,
        /// What the artifact is for.
        pub artifact_class: ArtifactClass,
        /// Run that made it.
        pub run_id: Option<String> = default,
        /// Work package that made it.
        pub wp_id: Option<String> = default,
    }
}

record! {
    /// Fingerprint of some content.
    pub struct ContentHashRef as "content_hash_ref" {
        /// The fingerprint, as the emitter writes it.
        pub hash: NonEmptyString,
        /// How it was computed.
        pub algorithm: HashAlgorithm,
        /// Size of the content in bytes.
        pub size_bytes: Option<Count> = default,
        /// Character encoding of the content.
        pub encoding: Option<String> = default,
    }
}

record! {
    /// Where an artifact comes from. All of it may be unknown.
    pub struct ProvenanceRef as "provenance_ref" {
        /// Events that led to the artifact.
        pub source_event_ids: Option<Vec<String>> = default,
        /// Commit that holds it.
        pub git_sha: Option<String> = default,
        /// Ref that led to the commit.
        pub git_ref: Option<String> = default,
        /// Who made it.
        pub actor_id: Option<String> = default,
        /// What kind of actor that was.
        pub actor_kind: Option<ActorKind> = default,
        /// When it was last changed, ISO 8601, not parsed.
        pub revised_at: Option<String> = default,
    }
}
