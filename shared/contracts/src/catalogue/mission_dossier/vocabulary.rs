//! The words of a dossier. They are compared exactly: upper case is refused.

use crate::model::closed_set;

closed_set! {
    /// What an artifact is for.
    pub enum ArtifactClass as literal {
        /// The mission starts from it.
        Input = "input",
        /// The mission works by it.
        Workflow = "workflow",
        /// The mission makes it.
        Output = "output",
        /// It proves something.
        Evidence = "evidence",
        /// It rules something.
        Policy = "policy",
        /// It exists while the mission runs.
        Runtime = "runtime",
    }
}

closed_set! {
    /// How two fingerprints came to differ.
    pub enum DriftKind as literal {
        /// An artifact is new.
        ArtifactAdded = "artifact_added",
        /// An artifact is gone.
        ArtifactRemoved = "artifact_removed",
        /// An artifact has other content.
        ArtifactMutated = "artifact_mutated",
        /// Something is missing that was not.
        AnomalyIntroduced = "anomaly_introduced",
        /// Something is no longer missing.
        AnomalyResolved = "anomaly_resolved",
        /// The manifest is another one.
        ManifestVersionChanged = "manifest_version_changed",
    }
}

closed_set! {
    /// How a fingerprint was computed. The contract knows these three and no other, BLAKE3 included.
    #[derive(Default)]
    pub enum HashAlgorithm as literal {
        /// SHA-256.
        #[default]
        Sha256 = "sha256",
        /// SHA-512.
        Sha512 = "sha512",
        /// MD5.
        Md5 = "md5",
    }
}

closed_set! {
    /// What kind of actor touched an artifact.
    pub enum ActorKind as literal {
        /// A person.
        Human = "human",
        /// A language model.
        Llm = "llm",
        /// A program.
        System = "system",
    }
}

closed_set! {
    /// Whether two places agree on the dossier.
    #[derive(Default)]
    pub enum ParityStatus as literal {
        /// A snapshot exists and no drift was ever seen.
        Clean = "clean",
        /// A drift was seen.
        Drifted = "drifted",
        /// Neither.
        #[default]
        Unknown = "unknown",
    }
}
